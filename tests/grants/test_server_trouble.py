"""A store's server that is restarted, cut off or slow in the middle of renewals: errors in time, and nothing lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from typing import TYPE_CHECKING

import psycopg
import pytest
from attrs import evolve

from miniapp_tp import (
    AuthorizationLost,
    CredentialRejected,
    DeadlineExceeded,
    Done,
    Failed,
    MiniAppError,
    StoreError,
    TicketMissing,
    each,
)
from miniapp_tp.errors import Actor
from miniapp_tp.sandbox import Sandbox
from miniapp_tp.stores.address import open_store
from tests.grants.conftest import assert_newest, client_on, order_for, prepare, say
from tests.support.proxies import line
from tests.support.servers import DURABLE, FORGETFUL, POSTGRES, place, redis_server

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
    from pathlib import Path

    from miniapp_tp.client.component import ComponentClient
    from tests.grants.worker import Order

APPS = 40


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(apps={"baidu": APPS}) as running:
        yield running


def order_on(sandbox: Sandbox, url: str, timeout: float = 30.0) -> Order:
    return order_for(sandbox, "baidu", store=url, flow="info", app="", timeout=timeout)


@contextlib.asynccontextmanager
async def fresh(order: Order) -> AsyncGenerator[ComponentClient]:
    """Open a client as a process would that has just been started."""
    async with contextlib.aclosing(open_store(order.store)) as store, client_on(order, store) as client:
        yield client


async def all_expired(sandbox: Sandbox, order: Order) -> None:
    """Have every app kept, with a token that died overnight."""
    async with fresh(order) as client:
        await prepare(client, sandbox.baidu, *sandbox.baidu.apps)
    for app in sandbox.baidu.apps:
        sandbox.baidu.expire_tokens(app)


async def called(client: ComponentClient, apps: list[str], after: Callable[[int], Awaitable[None]]) -> Counter[str]:
    """Call every app once, a few at a time, doing something after each; and count what came of it."""
    outcomes: Counter[str] = Counter()
    async with each(client.get_info, apps, concurrency=8, catch=MiniAppError) as results:
        async for result in results:
            outcomes["ok" if isinstance(result, Done) else type(result.error).__name__] += 1
            await after(outcomes.total())
    return outcomes


async def assert_all_kept(sandbox: Sandbox, order: Order) -> None:
    """See that no merchant has to be asked again, no token was spent twice, and the newest pairs are kept."""
    side = sandbox.baidu
    async with contextlib.aclosing(open_store(order.store)) as store, client_on(order, store) as client:
        for app in side.apps:
            assert (await client.get_info(app)).app == app
            await assert_newest(evolve(order, app=app), side, store)
            assert side.spent[app].used <= 1


def told(sandbox: Sandbox) -> str:
    counts = {name: sandbox.count(operation=name) for name in ("refresh_grant", "recover_code")}
    return f"{counts}, grants lost 0"


# --- Redis is restarted -----------------------------------------------------------------------------------------------


async def test_redis_is_killed_and_keeps_everything(sandbox: Sandbox, tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis", *DURABLE) as server:
        order = order_on(sandbox, server.url)
        await all_expired(sandbox, order)

        async def restart(count: int) -> None:
            if count in {5, 15, 25}:
                server.kill()
                await asyncio.to_thread(server.start)

        async with fresh(order) as client:
            outcomes = await called(client, list(sandbox.baidu.apps), restart)
        assert set(outcomes) <= {"ok", "StoreError"}
        await assert_all_kept(sandbox, order)
    say(f"redis with appendfsync always, killed 3 times under {APPS} renewals: {dict(outcomes)}, {told(sandbox)}")


async def test_redis_is_killed_and_keeps_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """The apps that the caller names come back, once the provider has pushed its next ticket."""
    side, apps = sandbox.baidu, list(sandbox.baidu.apps)
    with redis_server(tmp_path / "redis", *FORGETFUL) as server:
        order = order_on(sandbox, server.url)
        await all_expired(sandbox, order)
        async with fresh(order) as client:
            assert (await client.get_info(apps[0])).app == apps[0]
        server.kill()
        server.start()
        async with fresh(order) as client:
            with pytest.raises(AuthorizationLost) as lost:
                await client.get_info(apps[0])
            assert lost.value.actor is Actor.YOU
            assert [app async for app in client.apps()] == []
            missing = await client.recover_all(apps)
            assert all(isinstance(one, Failed) and isinstance(one.error, TicketMissing) for one in missing)
            await client.save_ticket(side.issue_ticket())
            back = await client.recover_all(apps)
            assert sorted(one.app for one in back if isinstance(one, Done)) == sorted(apps)
        await assert_all_kept(sandbox, order)
    say(f"redis without persistence, killed: {len(missing)} TicketMissing, then {len(back)} of {APPS} recovered")


# --- PostgreSQL's connections are cut ---------------------------------------------------------------------------------


async def test_connections_to_postgres_are_cut(sandbox: Sandbox, tmp_path: Path) -> None:
    async with place("postgres", tmp_path) as url:
        order = order_on(sandbox, url)
        await all_expired(sandbox, order)
        cuts = 0

        async def cut(_count: int) -> None:
            nonlocal cuts
            name = url.partition("application_name=")[2].partition("&")[0]
            statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
            async with await psycopg.AsyncConnection.connect(POSTGRES, autocommit=True) as connection:
                cuts += len(await (await connection.execute(statement, [name])).fetchall())

        async with fresh(order) as client:
            outcomes = await called(client, list(sandbox.baidu.apps), cut)
        assert cuts > 0
        assert set(outcomes) <= {"ok", "StoreError"}
        await assert_all_kept(sandbox, order)
    say(f"postgres, {cuts} connections cut under {APPS} renewals: {dict(outcomes)}, {told(sandbox)}")


# --- both are slow, or dead -------------------------------------------------------------------------------------------


async def slow(sandbox: Sandbox, url: str, delay: float, timeout: float) -> None:
    """Every answer comes late: callers are told within their deadlines, and nothing is spent unrecorded."""
    app, side = next(iter(sandbox.baidu.apps)), sandbox.baidu
    order = order_on(sandbox, url)
    await all_expired(sandbox, order)
    async with line(url) as (made, through):
        hurried = order_on(sandbox, through, timeout)
        async with fresh(hurried) as client:
            made.delay = delay
            started = time.monotonic()
            try:
                result = (await client.get_info(app)).app
            except (DeadlineExceeded, StoreError, CredentialRejected) as error:
                # The last one is what the provider said of the token that was to be renewed.
                result = type(error).__name__
            seconds = time.monotonic() - started
            assert seconds < timeout + 1.0
        made.delay = 0.0
    assert side.spent[app].used <= 1
    await assert_all_kept(sandbox, order)
    say(f"{url.partition(':')[0]} slow by {delay:g} s, {timeout:g} s to wait: {result} after {seconds:.1f} s")


@pytest.mark.parametrize("kind", ["redis", "postgres"])
@pytest.mark.parametrize(
    ("delay", "timeout"),
    [
        (0.1, 30.0),
        (0.1, 0.5),
        pytest.param(2.0, 30.0, marks=pytest.mark.soak),
        pytest.param(2.0, 5.0, marks=pytest.mark.soak),
    ],
)
async def test_a_slow_server(sandbox: Sandbox, kind: str, delay: float, timeout: float, tmp_path: Path) -> None:
    async with place(kind, tmp_path) as url:
        await slow(sandbox, url, delay, timeout)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["redis", "postgres"])
async def test_a_server_that_stops_answering(sandbox: Sandbox, kind: str, tmp_path: Path) -> None:
    """It ends as a `StoreError`, long before the caller's deadline."""
    app = next(iter(sandbox.baidu.apps))
    async with place(kind, tmp_path) as url:
        order = order_on(sandbox, url)
        await all_expired(sandbox, order)
        async with line(url) as (made, through), fresh(order_on(sandbox, through, 120.0)) as client:
            await client.get_info(list(sandbox.baidu.apps)[1])
            made.is_dead = True
            started = time.monotonic()
            with pytest.raises(StoreError, match="gave no answer"):
                await client.get_info(app)
            seconds = time.monotonic() - started
            await made.cut()
        assert seconds < 40
        await assert_all_kept(sandbox, order)
        say(f"{kind} stops answering: StoreError after {seconds:.1f} s")
