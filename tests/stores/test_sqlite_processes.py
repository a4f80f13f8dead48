"""`SqliteStore` between processes that come, go and are killed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from miniapp_tp.errors import Actor, StoreError
from miniapp_tp.stores import Key
from miniapp_tp.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Generator

SCRIPT = Path(__file__).with_name("processes.py")
KEY = Key("baidu:component", "app", "15000001")
NO_MOUNT = 77
WRITERS = 8
TIMES = 20
KILLS = 10


def start(command: str, path: Path, argument: object = "", *, under: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*under, sys.executable, str(SCRIPT), command, str(path), str(argument)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output


@contextlib.contextmanager
def locked(path: Path, seconds: float = 0) -> Generator[None]:
    """Have another process lock the database: for some seconds, or to the end of the block."""
    process = start("hold", path, seconds)
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    try:
        yield
    finally:
        finish(process)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.db"


async def test_no_increment_of_eight_processes_is_lost(path: Path) -> None:
    """They also make the file together."""
    assert finish(start("count", path, f"{WRITERS},{TIMES}")) == f"{TIMES}\n" * WRITERS
    store = SqliteStore(path)
    entry = await store.load(KEY)
    await store.aclose()
    assert (entry.value, entry.version) == (b"%d" % (WRITERS * TIMES), WRITERS * TIMES)


async def test_what_was_acknowledged_survives_a_kill(path: Path) -> None:
    writers = start("write", path)
    for number in range(KILLS):
        acknowledged = killed_after(writers, 1 + 7 * number)
        assert check(path) == "ok"
        store = SqliteStore(path)
        entry = await store.load(KEY)
        await store.aclose()
        # One more may have been saved when the killed process hadn't said so yet.
        assert acknowledged <= entry.version <= acknowledged + 1
        assert entry.value == b"%d" % entry.version
    finish(writers)


def killed_after(writers: subprocess.Popen[str], lines: int) -> int:
    """Kill a writer after some acknowledgements, and give the last version that it acknowledged."""
    assert writers.stdin is not None
    assert writers.stdout is not None
    writers.stdin.write("start one\n")
    writers.stdin.flush()
    pid = int(writers.stdout.readline())
    acknowledged = 0
    for _ in range(lines):
        acknowledged = int(writers.stdout.readline())
    os.kill(pid, signal.SIGKILL)
    while (said := writers.stdout.readline()) != "gone\n":
        acknowledged = int(said)
    return acknowledged


def check(path: Path) -> object:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        connection.close()


async def test_another_process_opens_it_again(path: Path) -> None:
    store = SqliteStore(path)
    await store.save(KEY, b"one", version=0)
    assert finish(start("see", path)) == "1\n"
    await store.aclose()


async def test_locked_for_too_long(path: Path) -> None:
    """Each of many who wait has waited its own patience, not that of those before it as well."""
    async with contextlib.aclosing(SqliteStore(path, patience=0.3)) as store:
        lease = await store.acquire(KEY, "one", 5.0)
        assert lease is not None
        with locked(path):
            started = time.monotonic()
            errors = [await failure(store) for _ in range(2)]
            assert 0.5 < time.monotonic() - started < 5
            assert (await store.load(KEY)).version == 0  # readers don't wait
            assert await store.acquire(KEY, "two", 5.0) is None
        assert await store.save(KEY, b"one", version=0, lease=lease) == 1
    for error in errors:
        assert str(error) == (
            f"the token database {path} is busy: another process kept it locked for 0.3 s: "
            "find out which (fuser shows it), or wait longer"
        )
        assert error.retryable
        assert error.actor is Actor.TIME


async def failure(store: SqliteStore) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await store.save(KEY, b"one", version=0)
    return caught.value


async def test_locked_for_a_while(path: Path) -> None:
    async with contextlib.aclosing(SqliteStore(path, patience=60)) as store:
        await store.load(KEY)
        started = time.monotonic()
        with locked(path, 0.3):
            assert await store.save(KEY, b"one", version=0) == 1
            assert time.monotonic() - started > 0.2


async def test_locked_while_it_is_opened(path: Path) -> None:
    sqlite3.connect(path).close()
    with locked(path):
        async with contextlib.aclosing(SqliteStore(path, patience=0.2)) as store:
            assert "is busy" in str(await failure(store))
    with locked(path, 0.3):
        async with contextlib.aclosing(SqliteStore(path, patience=60)) as store:
            assert await store.save(KEY, b"one", version=0) == 1


def test_full_and_read_only(path: Path) -> None:
    """On a small disk of its own, which only a process that may mount can have."""
    under = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--mount", "--map-root-user")
    if shutil.which("unshare") is None and "CI" not in os.environ:
        pytest.skip("there is no unshare here")
    path.mkdir()
    process = start("fill", path, under=under)
    output, errors = process.communicate(timeout=60)
    if process.returncode in {1, NO_MOUNT} and "CI" not in os.environ and "Traceback" not in errors:
        pytest.skip("nothing can be mounted here")
    assert process.returncode == 0, errors
    said = json.loads(output)
    assert said["saved"] == said["kept"] > 10
    assert "the disk (or the quota) is full: make room" in said["full"]
    assert said["again"] == 1
    assert "tokens.db is read-only: both the file and its folder have to be writable" in said["tokens.db"]
    assert "its folder is read-only: make it writable, or use another" in said["new.db"]
