"""However many find a dead token, in one process or in eight, it is renewed once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp.stores.memory import MemoryStore
from tests.grants.conftest import assert_newest, client_on, order_for, prepare, say
from tests.grants.worker import store_for

if TYPE_CHECKING:
    from pathlib import Path

    from miniapp_tp.sandbox import Sandbox
    from miniapp_tp.sandbox.provider import Provider
    from tests.grants.conftest import Workshop
    from tests.grants.worker import Order

TASKS = 1000
PROCESSES = 8
WAYS = ["baidu", "kuaishou", "kuaishou without refresh"]


def order_of(sandbox: Sandbox, way: str, **rest: Any) -> tuple[Provider, Order, str]:  # noqa: ANN401
    """Make the order, and name what renews a grant."""
    provider = way.partition(" ")[0]
    side = sandbox.provider(provider)
    (app,) = side.apps
    path = side.rules.refresh_path if way == provider else None
    order = order_for(sandbox, provider, app=app, refresh_path=path, **rest)
    return side, order, "refresh_grant" if way == provider else "recover_code"


@pytest.mark.parametrize("way", [WAYS[0], pytest.param(WAYS[1], marks=pytest.mark.soak), WAYS[2]])
async def test_a_thousand_tasks(sandbox: Sandbox, way: str) -> None:
    side, order, renewal = order_of(sandbox, way, store="", flow="info")
    app = order.app
    async with client_on(order, MemoryStore()) as client:
        await prepare(client, side, app)
        await client.get_info(app)
        side.expire_tokens(app)
        started = time.monotonic()
        infos = await asyncio.gather(*(client.get_info(app) for _ in range(TASKS)))
        seconds = time.monotonic() - started
    assert [info.app for info in infos] == [app] * TASKS
    counts = {name: sandbox.count(operation=name, app=app) for name in ("refresh_grant", "recover_code")}
    exchanges = sandbox.count(operation="exchange_code", app=app)
    assert counts == {"refresh_grant": 0, "recover_code": 0, renewal: 1}
    assert exchanges == (renewal == "recover_code")
    say(f"{TASKS} tasks, one dead token, {way}: {counts}, exchanges {exchanges}, all succeed, {seconds:.1f} s")


async def eight_processes(sandbox: Sandbox, workshop: Workshop, address: str, way: str) -> None:
    side, order, renewal = order_of(sandbox, way, store=address, flow="many", tasks=200, term=30.0)
    app = order.app
    # Nobody dies here: a long term keeps what is starved of its processor from being taken for dead.
    async with contextlib.aclosing(store_for(order)) as store, client_on(order, store) as client:
        await prepare(client, side, app)
    workers = [workshop.begin(order) for _ in range(PROCESSES)]
    for worker in workers:
        await worker.said("ready")
    side.expire_tokens(app)
    started = time.monotonic()
    for worker in workers:
        worker.go()
    got = [await worker.ended() for worker in workers]
    seconds = time.monotonic() - started
    assert [one["value"] for one in got] == [{"ok": 200}] * PROCESSES
    counts = {name: sandbox.count(operation=name, app=app) for name in ("refresh_grant", "recover_code")}
    assert counts == {"refresh_grant": 0, "recover_code": 0, renewal: 1}
    async with contextlib.aclosing(store_for(order)) as store:
        await assert_newest(order, side, store)
    successes = sum(one["value"]["ok"] for one in got)
    kind = address.partition("://")[0] if "://" in address else "sqlite"
    say(f"{PROCESSES} processes x 200 tasks on {kind}, {way}: {counts}, {successes} successes, {seconds:.1f} s")


async def test_eight_processes(sandbox: Sandbox, workshop: Workshop, tmp_path: Path) -> None:
    await eight_processes(sandbox, workshop, str(tmp_path / "tokens.db"), "baidu")


@pytest.mark.soak
@pytest.mark.parametrize("way", WAYS)
async def test_eight_processes_of_each(sandbox: Sandbox, workshop: Workshop, tmp_path: Path, way: str) -> None:
    await eight_processes(sandbox, workshop, str(tmp_path / "tokens.db"), way)
