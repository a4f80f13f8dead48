"""What is particular to `SqliteStore`: its file, its thread, and how it behaves around them."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
import time
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

import pytest

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.stores import Entry, Key, sqlite_file
from miniapp_tp.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

KEY = Key("baidu:component", "app", "15000001")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.db"


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Keep writers waiting."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("miniapp_tp-sqlite")]


@contextmanager
def umask(mode: int) -> Generator[None]:
    before = os.umask(mode)
    try:
        yield
    finally:
        os.umask(before)


def modes(path: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}


def link(path: Path, target: str) -> None:
    path.symlink_to(target)


async def test_nobody_else_may_read_its_files(path: Path) -> None:
    with umask(0):
        async with aclosing(SqliteStore(path)) as store:
            await store.save(KEY, b"one", version=0)
            used = modes(path)
    assert used == {"tokens.db": 0o600, "tokens.db-wal": 0o600, "tokens.db-shm": 0o600}
    assert modes(path) == {"tokens.db": 0o600}


async def test_a_link_is_followed(path: Path) -> None:
    link(path, "real.db")
    with umask(0):
        async with aclosing(SqliteStore(path)) as store:
            await store.save(KEY, b"one", version=0)
    assert modes(path)["real.db"] == 0o600


async def test_nothing_is_opened_before_it_is_used(path: Path) -> None:
    store = SqliteStore(path)
    await store.aclose()
    assert modes(path) == {}
    assert threads() == []


async def test_values_are_synced_and_leases_are_not(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal and how far it is synced, as SQLite itself tells it."""
    async with aclosing(SqliteStore(path)) as store:
        said: list[tuple[object, ...]] = []

        def ask(connection: sqlite3.Connection, *_arguments: object) -> bool:
            names = ("synchronous", "journal_mode", "fullfsync")
            said.append(tuple(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names))
            return False

        for name in ("_save", "_prolong"):
            monkeypatch.setattr(f"miniapp_tp.stores.sqlite.{name}", ask)
        lease = await store.acquire(KEY, "one", 5.0)
        assert lease is not None
        await store.save(KEY, b"one", version=0)
        await store.renew(lease, 5.0)
        assert said == [(2, "wal", 1), (1, "wal", 1)]


def test_serves_one_event_loop_after_the_other(path: Path) -> None:
    store = SqliteStore(path)
    for number in range(3):
        assert asyncio.run(store.save(KEY, b"one", version=number)) == number + 1
    asyncio.run(store.aclose())
    asyncio.run(store.aclose())
    assert threads() == []


async def test_a_cancelled_caller_stops_waiting_and_the_work_is_done(path: Path) -> None:
    """Also the work of one that was still queueing."""
    other = Key("baidu:component", "app", "15000002")
    async with aclosing(SqliteStore(path, patience=60)) as store:
        await store.load(KEY)
        with locked(path):
            saves = [asyncio.create_task(store.save(key, b"one", version=0)) for key in (KEY, other)]
            await asyncio.sleep(0)
            for save in saves:
                save.cancel()
            assert [type(end) for end in await asyncio.gather(*saves, return_exceptions=True)] == [
                asyncio.CancelledError
            ] * 2
        assert [await store.load(key) for key in (KEY, other)] == [Entry(b"one", 1)] * 2


def test_an_event_loop_that_ends_meanwhile(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = SqliteStore(path, patience=60)

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(store.save(KEY, b"one", version=0), 0.01)

    asyncio.run(store.load(KEY))
    with locked(path):
        asyncio.run(leave())
    assert asyncio.run(store.load(KEY)) == Entry(b"one", 1)
    asyncio.run(store.aclose())
    assert [record for record in caplog.records if record.name == "concurrent.futures"] == []


async def test_closing_waits_for_what_is_under_way(path: Path) -> None:
    store = SqliteStore(path, patience=60)
    await store.load(KEY)
    with locked(path):
        save = asyncio.create_task(store.save(KEY, b"one", version=0))
        await asyncio.sleep(0)
        closings = [asyncio.create_task(store.aclose()) for _ in range(2)]
        done, _ = await asyncio.wait([save, *closings], timeout=0.05)
        assert not done
    await asyncio.gather(*closings)
    assert save.done()
    assert await save == 1
    assert threads() == []


async def test_after_a_fork(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's connections don't survive one, nor do threads: what would hang is refused."""
    store = SqliteStore(path)
    await store.load(KEY)
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        with pytest.raises(InvalidArgument, match="forked"):
            await store.load(KEY)
    await store.aclose()


async def test_closing_in_a_forked_child_leaves_the_parent_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(path)
    await store.load(KEY)
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        await store.aclose()
    assert len(threads()) == 1
    await store.aclose()
    assert threads() == []


async def test_what_queues_behind_vain_waiting_has_had_its_share(path: Path) -> None:
    """Fifty that wait at once are all told after their own patience, not after fifty times as long."""
    async with aclosing(SqliteStore(path, patience=0.2)) as store:
        await store.load(KEY)
        with locked(path):
            started = time.monotonic()
            saves = [store.save(Key("c", "app", f"{number}"), b"one", version=0) for number in range(50)]
            ends = await asyncio.gather(*saves, return_exceptions=True)
            assert time.monotonic() - started < 5
        assert all("is busy" in str(end) for end in ends)
        assert await store.save(KEY, b"one", version=0) == 1


async def test_an_error_of_ours_reaches_the_caller(path: Path) -> None:
    """What is wrong with the arguments of a store (here: its clock) isn't disguised as a `StoreError`."""

    def broken() -> float:
        raise ZeroDivisionError

    async with aclosing(SqliteStore(path, clock=broken)) as store:
        with pytest.raises(ZeroDivisionError):
            await store.acquire(KEY, "one", 5.0)
        assert await store.save(KEY, b"one", version=0) == 1


async def test_opening_waits_for_what_sqlite_does_not_wait_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The change to WAL fails at once while another process makes it, whatever the time-out."""
    prepare = sqlite_file._prepare  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    prepared: list[sqlite3.Connection] = []

    def at_once(connection: sqlite3.Connection, layout: sqlite_file.Layout) -> None:
        prepared.append(connection)
        if len(prepared) == 1:
            connection.execute("PRAGMA busy_timeout = 0")
            with locked(path):
                connection.execute("BEGIN IMMEDIATE")
        prepare(connection, layout)

    monkeypatch.setattr(sqlite_file, "_prepare", at_once)
    async with aclosing(SqliteStore(path)) as store:
        assert await store.save(KEY, b"one", version=0) == 1
    assert len(prepared) == 2


async def test_another_process_makes_the_tables_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with aclosing(SqliteStore(path)) as store:
        await store.save(KEY, b"one", version=0)

    def not_yet(connection: sqlite3.Connection, layout: sqlite_file.Layout) -> bool:
        return False

    monkeypatch.setattr(sqlite_file, "_is_ours", not_yet)
    async with aclosing(SqliteStore(path)) as store:
        assert await store.load(KEY) == Entry(b"one", 1)


async def test_another_process_is_lent_the_key_in_between(path: Path) -> None:
    """Between the look without a lock and the one with it."""
    async with aclosing(SqliteStore(path, clock=lambda: 0.0)) as store:
        assert await store.acquire(KEY, "one", 5.0) is not None
    times = iter([6.0, 4.0])
    async with aclosing(SqliteStore(path, clock=lambda: next(times))) as store:
        assert await store.acquire(KEY, "two", 5.0) is None
