"""What the tests of `SqliteStore` run in processes of their own: `python processes.py COMMAND PATH ARGUMENT`.

Importing the package takes longer than anything that is done here. So it is imported only where it's needed, and
processes that do the same are forked.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from miniapp_tp.stores.sqlite import SqliteStore

NO_MOUNT = 77
DEADLINE = 60.0


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def hold(path: str, seconds: str) -> None:
    """Lock the database for some seconds, or until the input ends if that comes first."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=DEADLINE)
    connection.execute("BEGIN EXCLUSIVE")
    say("locked")
    if float(seconds):
        time.sleep(float(seconds))
    else:
        sys.stdin.read()
    connection.execute("ROLLBACK")
    connection.close()


def count(path: str, argument: str) -> None:
    """Have some processes count up under one key at the same time: `PROCESSES,TIMES`."""
    importlib.import_module("miniapp_tp.stores.sqlite")  # once, before forking

    processes, times = map(int, argument.split(","))
    children = [_forked(lambda: asyncio.run(_count(path, times))) for _ in range(processes)]
    for child in children:
        os.waitpid(child, 0)


async def _count(path: str, times: int) -> None:
    from miniapp_tp.stores import Key
    from miniapp_tp.stores.sqlite import SqliteStore

    key = Key("baidu:component", "app", "15000001")
    store = SqliteStore(path, patience=DEADLINE)
    done = 0
    while done < times:
        entry = await store.load(key)
        done += await store.save(key, b"%d" % (int(entry.value or b"0") + 1), version=entry.version) is not None
    await store.aclose()
    say(done)


def write(path: str, _argument: str) -> None:
    """For each line of input, have a process write until it is killed; then say so."""
    importlib.import_module("miniapp_tp.stores.sqlite")  # once, before forking

    for _ in sys.stdin:
        os.waitpid(_forked(lambda: asyncio.run(_write(path))), 0)
        say("gone")


async def _write(path: str) -> None:
    """Write under leases, and say each version once it is saved."""
    from miniapp_tp.stores import Key
    from miniapp_tp.stores.sqlite import SqliteStore

    say(os.getpid())
    key = Key("baidu:component", "app", "15000001")
    store = SqliteStore(path, patience=DEADLINE)
    while True:
        lease = await store.acquire(key, "writer", 5.0)
        entry = await store.load(key)
        say(await store.save(key, b"%d" % (entry.version + 1), version=entry.version, lease=lease))


def _forked(job: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        job()
        os._exit(0)
    return child


async def see(path: str, _argument: str) -> None:
    """Say what is there."""
    from miniapp_tp.stores import Key
    from miniapp_tp.stores.sqlite import SqliteStore

    store = SqliteStore(path)
    entry = await store.load(Key("baidu:component", "app", "15000001"))
    await store.aclose()
    say(entry.version)


async def fill(path: str, _argument: str) -> None:
    """Run out of room on a small disk of our own, and go on once there is room; then find it read-only."""
    from miniapp_tp.stores import Entry, Key
    from miniapp_tp.stores.sqlite import SqliteStore

    folder = Path(path)
    _mount("-t", "tmpfs", "-o", "size=1m", "none", path)
    ballast = folder / "ballast"
    ballast.write_bytes(b"." * 400_000)
    store = SqliteStore(folder / "tokens.db")
    saved, full = await _fill(store)
    kept = [n for n in range(saved) if await store.load(Key("c", "app", str(n))) == Entry(b"." * 4000, 1)]
    ballast.unlink()
    again = await store.save(Key("c", "app", str(saved)), b".", version=0)
    await store.aclose()
    _mount("-o", "remount,ro", path)
    said = {name: await _error(SqliteStore(folder / name)) for name in ("tokens.db", "new.db")}
    say(json.dumps({"saved": saved, "kept": len(kept), "full": full, "again": again, **said}))


async def _fill(store: SqliteStore) -> tuple[int, str]:
    from miniapp_tp.errors import StoreError
    from miniapp_tp.stores import Key

    saved = 0
    try:
        while True:
            await store.save(Key("c", "app", str(saved)), b"." * 4000, version=0)
            saved += 1
    except StoreError as error:
        return saved, str(error)


async def _error(store: SqliteStore) -> str:
    from miniapp_tp.errors import StoreError
    from miniapp_tp.stores import Key

    try:
        await store.load(Key("c", "app", "0"))
    except StoreError as error:
        await store.aclose()
        return str(error)
    return "nothing was wrong"


def _mount(*arguments: str) -> None:
    if subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode:
        sys.exit(NO_MOUNT)


def main() -> None:
    command, path, argument = sys.argv[1:]
    if command in {"see", "fill"}:
        asyncio.run({"see": see, "fill": fill}[command](path, argument))
    else:
        {"hold": hold, "count": count, "write": write}[command](path, argument)


if __name__ == "__main__":
    main()
