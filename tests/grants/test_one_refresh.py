"""However many find a dead token, in one process or in eight, it is renewed once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import pytest

from miniapp_tp.stores import MemoryStore, SqliteStore
from tests.grants.conftest import assert_newest, client_on, order_for, prepare, say

if TYPE_CHECKING:
    from pathlib import Path

    from miniapp_tp.sandbox import Sandbox
    from tests.grants.conftest import Workshop

TASKS = 1000
PROCESSES = 8
WAYS = [("baidu", False, "refresh_grant"), ("kuaishou", True, "refresh_grant"), ("kuaishou", False, "recover_code")]


@pytest.mark.parametrize(("provider", "refreshes", "renewal"), WAYS)
async def test_a_thousand_tasks(sandbox: Sandbox, provider: str, refreshes: bool, renewal: str) -> None:  # noqa: FBT001
    side = sandbox.provider(provider)
    (app,) = side.apps
    path = side.rules.refresh_path if refreshes else None
    order = order_for(sandbox, provider, store="", flow="info", app=app, refresh_path=path)
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
    say(f"{TASKS} tasks, one dead token, {provider}: {counts}, exchanges {exchanges}, all succeed, {seconds:.1f} s")


@pytest.mark.parametrize(("provider", "refreshes", "renewal"), WAYS)
async def test_eight_processes(
    sandbox: Sandbox,
    workshop: Workshop,
    tmp_path: Path,
    provider: str,
    refreshes: bool,  # noqa: FBT001
    renewal: str,
) -> None:
    side = sandbox.provider(provider)
    (app,) = side.apps
    path = side.rules.refresh_path if refreshes else None
    file = str(tmp_path / "tokens.db")
    order = order_for(sandbox, provider, store=file, flow="many", app=app, refresh_path=path, tasks=200)
    async with contextlib.aclosing(SqliteStore(file)) as store, client_on(order, store) as client:
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
    async with contextlib.aclosing(SqliteStore(file)) as store:
        await assert_newest(order, side, store)
    successes = sum(one["value"]["ok"] for one in got)
    say(f"{PROCESSES} processes x 200 tasks, {provider}: {counts}, {successes} successes, {seconds:.1f} s")
