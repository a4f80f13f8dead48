"""What a `SqliteStore` says when its file can't be used, and that it never says what was to be kept."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp.errors import InvalidArgument, MiniAppError, StoreError
from miniapp_tp.stores import Entry, Key, Lease
from miniapp_tp.stores.sqlite import SqliteStore
from miniapp_tp.stores.sqlite_file import APPLICATION_ID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = Key("baidu:component", "app", "15000001")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.db"


def canary() -> bytes:
    return b"canary-%d" % (2 << 40)


def shown(error: BaseException) -> str:
    """All that a reporter of errors could show of one."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def execute(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 12_000)


def move(path: Path, to: Path) -> None:
    path.replace(to)


async def failure(path: Path) -> StoreError:
    """Try to save the canary, and give the error, which doesn't show it."""
    async with contextlib.aclosing(SqliteStore(path, patience=0.1)) as store:
        return await failure_of(store)


async def failure_of(store: SqliteStore) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await store.save(KEY, canary(), version=0)
    assert_silent(caught.value)
    return caught.value


def assert_silent(error: MiniAppError) -> None:
    assert error.__context__ is None
    assert error.__cause__ is None
    assert canary().decode() not in shown(error)


def make_foreign(path: Path) -> None:
    execute(path, "CREATE TABLE theirs (it)")


def make_marked(path: Path) -> None:
    execute(path, "PRAGMA application_id = 7")


def make_newer(path: Path) -> None:
    execute(path, f"PRAGMA application_id = {APPLICATION_ID}", "PRAGMA user_version = 99")


def make_text(path: Path) -> None:
    path.write_text("not a database. " * 100)


def make_folder(path: Path) -> None:
    path.mkdir()


def make_tables_missing(path: Path) -> None:
    execute(path, f"PRAGMA application_id = {APPLICATION_ID}", "PRAGMA user_version = 1", "CREATE TABLE entries (it)")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (make_foreign, "it is the database of another application: name another file"),
        (make_marked, "it is the database of another application: name another file"),
        (make_newer, "its schema has version 99, this miniapp_tp knows 1: update miniapp_tp"),
        (make_text, "this isn't an SQLite database: name another file, or move this one away (SQLITE_NOTADB)"),
        (make_folder, "it is a folder: name a file in it"),
        (make_tables_missing, "its tables aren't those of this package"),
    ],
)
async def test_a_file_that_is_not_ours(path: Path, make: Callable[[Path], None], message: str) -> None:
    make(path)
    before = content(path)
    error = await failure(path)
    assert str(error).startswith(f"the token database {path} can't be used: {message}")
    assert not error.retryable
    if make is not make_tables_missing:
        assert content(path) == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/tokens.db", "its folder doesn't exist: create it first"),
        ("file/tokens.db", "its folder isn't a folder: check the path"),
        ("long" * 100, "File name too long"),
    ],
)
async def test_a_place_that_is_none(tmp_path: Path, name: str, message: str) -> None:
    make_text(tmp_path / "file")
    assert message in str(await failure(tmp_path / name))


async def test_a_place_that_comes_to_be(tmp_path: Path) -> None:
    """A failure isn't remembered."""
    async with contextlib.aclosing(SqliteStore(tmp_path / "later" / "tokens.db")) as store:
        await failure_of(store)
        (tmp_path / "later").mkdir()
        assert await store.save(KEY, b"one", version=0) == 1


async def test_a_damaged_file(path: Path) -> None:
    async with contextlib.aclosing(SqliteStore(path)) as store:
        await store.save(KEY, canary() * 1000, version=0)
    damage(path)
    error = await failure(path)
    assert "the database is damaged: stop all processes that use it and restore a backup (SQLITE_CORRUPT" in str(error)


async def test_a_file_that_is_removed_or_replaced_while_in_use(path: Path) -> None:
    """It would go on being written, and be gone with the last process that has it open."""
    async with contextlib.aclosing(SqliteStore(path)) as store:
        await store.save(KEY, b"one", version=0)
        move(path, path.with_name("away.db"))
        assert "it was removed or replaced while in use" in str(await failure_of(store))
        assert "it is gone: stop all processes that use it, put it back" in str(await failure_of(store))
        move(path.with_name("away.db"), path)
        assert await store.load(KEY) == Entry(b"one", 1)


async def test_a_backup_that_is_put_in_place_while_in_use(path: Path) -> None:
    async with contextlib.aclosing(SqliteStore(path)) as store:
        await store.save(KEY, b"one", version=0)
    backup = path.with_name("backup.db")
    shutil.copy(path, backup)
    async with contextlib.aclosing(SqliteStore(path)) as store:
        await store.save(KEY, b"two", version=1)
        move(backup, path)
        assert "it was removed or replaced while in use" in str(await failure_of(store))
        assert (await store.load(KEY)).version in {1, 2}


async def test_a_file_system_without_shared_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pragma(connection: sqlite3.Connection, text: str) -> object:
        return 0

    monkeypatch.setattr("miniapp_tp.stores.sqlite_file._pragma", pragma)
    assert "a network drive?" in str(await failure(path))


async def test_a_row_that_the_database_itself_refuses(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Drivers' messages echo rows and whatever a trigger says: ours don't."""
    caplog.set_level(logging.DEBUG)
    async with contextlib.aclosing(SqliteStore(path)) as store:
        await store.load(KEY)
        execute(
            path,
            f"""CREATE TRIGGER refuse BEFORE INSERT ON entries
                BEGIN SELECT RAISE(ABORT, 'Failing row contains {canary().decode()}'); END""",
        )
        error = await failure_of(store)
        assert "SQLite refused (SQLITE_CONSTRAINT_TRIGGER)" in str(error)
        execute(path, "DROP TRIGGER refuse")
        assert await store.save(KEY, b"one", version=0) == 1
    assert canary().decode() not in caplog.text


async def test_refused_arguments_are_silent_too(path: Path) -> None:
    """A token that is given as text, and all else that `save` refuses."""
    text: Any = canary().decode
    async with contextlib.aclosing(SqliteStore(path)) as store:
        refused: list[Callable[[], Any]] = [
            lambda: store.save(KEY, text(), version=0),
            lambda: store.save(KEY, canary(), version=-1),
            lambda: store.save(KEY, canary(), version=0, lease=Lease(Key("other", "app"), "one", 1)),
        ]
        for save in refused:
            with pytest.raises(InvalidArgument) as caught:
                await save()
            assert_silent(caught.value)
    with pytest.raises(InvalidArgument) as caught:
        await store.save(KEY, canary(), version=0)
    assert_silent(caught.value)
