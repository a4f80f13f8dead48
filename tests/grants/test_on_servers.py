"""The proofs of one refresh, and of every point, on the stores that many machines share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from miniapp_tp.sandbox import Sandbox
from miniapp_tp.stores.address import open_store
from tests.grants.conftest import EVERY, say
from tests.grants.test_every_point import ALL, SOME, Bench, cancel_all, enumerate_points
from tests.grants.test_one_refresh import WAYS, eight_processes
from tests.support.servers import place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from miniapp_tp.stores import TokenStore
    from tests.grants.conftest import Workshop


@pytest.fixture(params=["redis", "postgres"])
async def address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    async with place(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def bench(tmp_path: Path, address: str) -> Iterator[Bench]:
    with Sandbox(apps=400) as sandbox:
        yield Bench(sandbox, tmp_path, term=1.0, address=address)


def places(address: str) -> Iterator[TokenStore]:
    number = 0
    while True:
        number += 1
        yield open_store(f"{address}_{number}")


# --- one refresh ------------------------------------------------------------------------------------------------------


async def test_eight_processes(sandbox: Sandbox, workshop: Workshop, address: str) -> None:
    await eight_processes(sandbox, workshop, address, "baidu")


@pytest.mark.soak
@pytest.mark.parametrize("way", WAYS)
async def test_eight_processes_of_each(sandbox: Sandbox, workshop: Workshop, address: str, way: str) -> None:
    await eight_processes(sandbox, workshop, address, way)


# --- every point ------------------------------------------------------------------------------------------------------


# Odd, so that calls are hit before and after they are carried out by turns.
@pytest.mark.parametrize(("act", "every"), [("kill", 17), ("freeze", 25)])
async def test_some_points(workshop: Workshop, bench: Bench, act: str, every: int) -> None:
    say(bench.address.partition(":")[0])
    await enumerate_points(workshop, bench, act, SOME, every)


async def test_cancelled_at_some_points(bench: Bench, address: str) -> None:
    await cancel_all(bench, SOME, places(f"{address}_c"), 9)


@pytest.mark.soak
@pytest.mark.parametrize("act", ["kill", "freeze"])
async def test_every_point(workshop: Workshop, bench: Bench, act: str) -> None:
    say(bench.address.partition(":")[0])
    await enumerate_points(workshop, bench, act, ALL, EVERY)


@pytest.mark.soak
async def test_cancelled_at_every_point(bench: Bench, address: str) -> None:
    say(bench.address.partition(":")[0])
    await cancel_all(bench, ALL, places(f"{address}_c"), EVERY)
