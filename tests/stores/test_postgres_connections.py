"""Connections to PostgreSQL that are cut, dead or mixed up by a pooler, on both drivers."""
# ruff: noqa: S608 - the names of schemas are made up by the tests

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import psycopg
import pytest

from miniapp_tp import PostgresStore, StoreError
from miniapp_tp.stores import Entry, Key, Lease
from tests.support.databases import asked, assert_silent, store_on
from tests.support.proxies import line, pooler, through
from tests.support.servers import POSTGRES, asyncpg, free_port, inside, need, postgres_schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

KEY = Key("baidu:component", "app", "15000001")
DRIVERS = pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])


@pytest.fixture
async def schema() -> AsyncIterator[str]:
    need(POSTGRES)
    async with postgres_schema() as schema:
        yield schema


def say(line: str) -> None:
    """Show figures; `pytest -s` lets them through."""
    sys.stdout.write(f"\n[stores] {line}\n")


# --- connections ------------------------------------------------------------------------------------------------------


async def cut_all(name: str) -> int:
    """Have the server end the connections of one application."""
    statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
    return len(await asked(statement, name))


@DRIVERS
async def test_idle_connections_that_were_cut(driver: str, schema: str) -> None:
    """The next call gets another one, and its caller notices nothing."""
    async with store_on(driver, schema, f"{POSTGRES}?application_name={schema}") as store:
        assert await asyncio.gather(*(store.load(KEY) for _ in range(20))) == [Entry(None, 0)] * 20
        for number in range(3):
            assert await cut_all(schema) > 0
            assert await store.save(KEY, b"one", version=number) == number + 1


@DRIVERS
async def test_connections_that_are_cut_in_the_middle_of_a_call(driver: str, schema: str) -> None:
    """Each save that succeeded is there, each that didn't says so, and versions never go astray."""
    async with store_on(driver, schema, f"{POSTGRES}?application_name={schema}") as store:
        await store.load(KEY)
        done = asyncio.Event()
        cuts, failures = 0, list[StoreError]()

        async def cut() -> None:
            nonlocal cuts
            while not done.is_set():
                cuts += await cut_all(schema)
                await asyncio.sleep(0.02)  # or else nothing would be in the middle of anything

        async def write(name: str) -> None:
            key, version = Key("c", "app", name), 0
            while version < 15:
                try:
                    assert await store.save(key, b"%d" % version, version=version) == version + 1
                except StoreError as error:
                    failures.append(error)
                entry = await _loaded(store, key)
                assert entry.version in {version, version + 1}
                version = entry.version
                assert entry.value == (b"%d" % (version - 1) if version else None)

        cutting = asyncio.create_task(cut())
        await asyncio.gather(*(write(f"{number}") for number in range(4)))
        done.set()
        await cutting
    assert cuts > 0
    assert all(error.retryable for error in failures)
    for error in failures:
        assert_silent(error)
    say(f"{driver}: {cuts} connections cut under 60 saves, {len(failures)} StoreErrors, none lost, none twice")


async def _loaded(store: PostgresStore, key: Key) -> Entry:
    for _ in range(100):
        with contextlib.suppress(StoreError):
            return await store.load(key)
    raise AssertionError("a hundred attempts failed")


@DRIVERS
async def test_an_answer_that_is_lost(driver: str, schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement was carried out; sent again, it gives the same answer."""
    async with store_on(driver, schema) as store:
        await store.load(KEY)
        kind: Any = cast("Any", type)(inside(store, "_pool"))
        losses = [1]
        run: Any = kind.run

        async def losing(self: Any, *arguments: Any) -> Any:  # noqa: ANN401 - the pool's own
            rows: object = await run(self, *arguments)
            if losses:
                losses.pop()
                raise ConnectionResetError
            return rows

        monkeypatch.setattr(kind, "run", losing)
        assert await store.save(KEY, b"one", version=0) == 1
        losses.append(1)
        lease = await store.acquire(KEY, "one", 600.0)
        losses.append(1)
        assert await store.save(KEY, b"two", version=1, lease=lease) == 2
        losses.append(1)
        assert await store.save(KEY, None, version=2) == 3
        losses.append(1)
        assert lease is not None
        assert await store.renew(lease, 600.0) is True
        assert await store.save(KEY, b"lost", version=2) is None
        assert await store.load(KEY) == Entry(None, 3)


@DRIVERS
async def test_a_server_that_never_answers(driver: str, schema: str) -> None:
    async with AsyncExitStack() as cut:
        made, url = await cut.enter_async_context(line(POSTGRES))
        store = await cut.enter_async_context(store_on(driver, schema, url, 0.3))
        cut.push_async_callback(made.cut)
        await store.load(KEY)
        made.is_dead = True
        started = time.monotonic()
        with pytest.raises(StoreError) as caught:
            await store.load(KEY)
        assert time.monotonic() - started < 5
        assert caught.value.retryable
        assert_silent(caught.value)


@DRIVERS
async def test_a_cancelled_caller_stops_waiting_and_the_work_is_done(driver: str, schema: str) -> None:
    async with line(POSTGRES) as (made, url), store_on(driver, schema, url) as store:
        await store.load(KEY)
        made.delay = 0.1
        save = asyncio.create_task(store.save(KEY, b"one", version=0))
        for _ in range(3):
            await asyncio.sleep(0)
        save.cancel()
        assert [type(end) for end in await asyncio.gather(save, return_exceptions=True)] == [asyncio.CancelledError]
        made.delay = 0.0
        await inside(store, "_calls").land()
        assert await store.load(KEY) == Entry(b"one", 1)


async def test_leases_run_on_the_servers_clock(schema: str) -> None:
    async with store_on("psycopg", schema) as store:
        lease = await store.acquire(KEY, "one", 0.3)
        left = await asked(f'SELECT extract(epoch FROM until - clock_timestamp()) FROM "{schema}".entries')
        assert float(left[0][0]) <= 0.3
        deadline = time.monotonic() + 60
        while await store.acquire(KEY, "two", 5.0) is None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        assert lease is not None
        assert await store.renew(lease, 5.0) is False
        assert await store.acquire(Key("c", "k"), "one", 1e300) == Lease(Key("c", "k"), "one", 1)


async def test_asking_for_a_lease_that_another_has_locks_nothing(schema: str) -> None:
    """Many wait for one, and ask often."""
    async with store_on("psycopg", schema) as store:
        await store.acquire(KEY, "one", 600.0)
        async with await psycopg.AsyncConnection.connect(POSTGRES) as connection:
            await connection.execute(f'SELECT FROM "{schema}".entries FOR UPDATE'.encode())
            assert await store.acquire(KEY, "two", 600.0) is None


# --- poolers ----------------------------------------------------------------------------------------------------------


async def used_through(driver: str, schema: str, url: str) -> None:
    """Everything that a store does, from three pools' worth of connections at once."""
    async with store_on(driver, schema, url) as store:

        async def live(number: int) -> None:
            key = Key("c", "app", f"{number}")
            for version in range(5):
                lease = await store.acquire(key, "one", 60.0)
                assert lease is not None
                assert await store.save(key, b"%d" % version, version=version, lease=lease) == version + 1
                assert await store.renew(lease, 60.0)
                assert await store.load(key) == Entry(b"%d" % version, version + 1)
                await store.release(lease)

        await asyncio.gather(*(live(number) for number in range(6)))
        assert sorted([name async for name in store.names("c", "app")]) == list("012345")


@DRIVERS
async def test_behind_a_pooler_that_mixes_connections(driver: str, schema: str) -> None:
    async with pooler(need(POSTGRES)) as (made, url):
        await used_through(driver, schema, url)
        assert made.transactions > 100


async def test_that_pooler_breaks_what_relies_on_a_session(schema: str) -> None:
    """Or else the test before would prove nothing: asyncpg's usual calls fail there."""
    async with pooler(need(POSTGRES)) as (_, url), asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
        await pool.fetch("SELECT $1::int", 1)
        with pytest.raises(asyncpg.InvalidSQLStatementNameError):
            await pool.fetch("SELECT $1::int", 1)


PGBOUNCER = shutil.which("pgbouncer")


async def behind_pgbouncer(driver: str, schema: str, tmp_path: Path) -> None:
    parts, port = urlsplit(need(POSTGRES)), free_port()
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host={parts.hostname} port={parts.port} user={parts.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 3\nmin_pool_size = 3\n",
        encoding="utf-8",
    )
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = await asyncio.create_subprocess_exec(str(PGBOUNCER), *user, str(settings), stderr=asyncio.subprocess.PIPE)
    try:
        assert process.stderr is not None
        async with asyncio.timeout(60):
            while b"process up" not in (said := await process.stderr.readline()):
                assert said, "pgbouncer ended at once"
        await used_through(driver, schema, through(POSTGRES, port))
    finally:
        process.terminate()
        await process.communicate()


# Not where it's missing: the pooler above is stricter, and it is always there.
if PGBOUNCER is not None:

    @DRIVERS
    async def test_behind_pgbouncer(driver: str, schema: str, tmp_path: Path) -> None:
        await behind_pgbouncer(driver, schema, tmp_path)
