"""A keeper whose process is killed at any of its calls: another one finishes what it began, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from miniapp_tp import Secret
from miniapp_tp.sandbox import Sandbox
from miniapp_tp.stores import Key
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.records import AppRecord, to_bytes
from miniapp_tp.stores.sqlite import SqliteStore
from tests.grants.conftest import client_on, kept, order_for, say
from tests.grants.test_every_point import watched
from tests.grants.worker import Order, Points, flow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from miniapp_tp.stores import TokenStore
    from tests.grants.conftest import Workshop

APPS = 6
DAY = 86_400.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(apps={"baidu": 1500}) as running:
        yield running


async def let_age(sandbox: Sandbox, order: Order, store: TokenStore, apps: Sequence[str]) -> None:
    """Keep the pairs of some apps, whose refresh tokens end within a day."""
    side = sandbox.provider(order.provider)
    async with client_on(order, store) as client:
        await client.save_ticket(side.issue_ticket())
    for app in apps:
        pair = side.newest_pair(app)
        assert pair is not None
        record = AppRecord(
            access=Secret(pair.access_token),
            refresh=Secret(pair.refresh_token),
            obtained_at=time.time() - 29 * DAY,
            expires_at=time.time() + 3600.0,
            refresh_expires_at=time.time() + DAY,
        )
        key = Key(f"{order.provider}:{order.component}", "app", app)
        assert await store.save(key, to_bytes(record), version=0) is not None


async def calls_of_a_round(sandbox: Sandbox, order: Order, apps: Sequence[str]) -> list[str]:
    """Name the calls of a keeper that nobody disturbs."""
    points = Points(0, False, lambda: None)  # noqa: FBT003
    async with contextlib.aclosing(MemoryStore()) as store:
        await let_age(sandbox, order, store, apps)
        async with watched(order, store, points) as client:
            assert await flow(client, order) == APPS
    return points.calls


async def kill(sandbox: Sandbox, workshop: Workshop, order: Order, apps: Sequence[str]) -> int:
    """Kill a keeper at a point, have another take over, and count what was spent in vain."""
    side = sandbox.provider(order.provider)
    async with contextlib.aclosing(SqliteStore(order.store)) as store:
        await let_age(sandbox, order, store, apps)
        first = workshop.begin(order)
        ended = await first.ended()
        assert ended.get("exit") == -9, ended
        second = await workshop.run(order, act="", point=0)
        assert "value" in second, second
        for app in apps:
            record, newest = await kept(store, evolve(order, app=app)), side.newest_pair(app)
            assert record is not None
            assert newest is not None
            assert record.intent is None
            assert record.refresh == Secret(newest.refresh_token)
        assert [side.spent[app].pairs for app in apps].count(0) == 0
        return sum(side.spent[app].pairs for app in apps) - APPS


async def kill_at(sandbox: Sandbox, workshop: Workshop, folder: Path, every: int) -> None:
    everybody = iter(sandbox.baidu.apps)
    order = order_for(sandbox, "baidu", store="", flow="keep", app="", act="kill", term=0.6)
    calls = await calls_of_a_round(sandbox, order, [next(everybody) for _ in range(APPS)])
    cases = [(point, after) for point in range(1, len(calls) + 1) for after in (False, True)]
    # Past the saving of the round's result there is nothing left for another to do.
    cases = [case for case in cases if case < (calls.index("save keeper") + 1, True)][::every]
    limit = asyncio.Semaphore(4)

    async def one(point: int, after: bool) -> int:  # noqa: FBT001
        mine = evolve(order, store=str(folder / f"{point}-{after}.db"), point=point, after=after)
        apps = [next(everybody) for _ in range(APPS)]
        async with limit:
            return await kill(sandbox, workshop, mine, apps)

    more = await asyncio.gather(*(one(point, after) for point, after in cases))
    assert set(more) <= {0, 1}  # what the dead one had spent is had once more, and no other
    say(f"keepers killed at {len(cases)} points of a round of {APPS} grants: 0 lost, {sum(more)} had once more")


async def test_killed_at_some_points(sandbox: Sandbox, workshop: Workshop, tmp_path: Path) -> None:
    await kill_at(sandbox, workshop, tmp_path, 11)


@pytest.mark.soak
async def test_killed_at_every_point(sandbox: Sandbox, workshop: Workshop, tmp_path: Path) -> None:
    await kill_at(sandbox, workshop, tmp_path, 1)
