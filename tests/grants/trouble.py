"""A file that fails in the middle of a renewal: `python trouble.py KIND`, orders as a line of JSON on the input.

Each order names a file of its own, in a folder of its own. At its point the file is locked by another process, its disk
is full, or it turns read-only; the caller's fate and what is on the disk are noted, the file is mended, and the app is
called again. What came of each order is told in a line of JSON at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from attrs import define

from miniapp_tp.errors import MiniAppError
from miniapp_tp.stores import Key
from miniapp_tp.stores.records import AppRecord, from_bytes
from miniapp_tp.stores.sqlite import SqliteStore
from miniapp_tp.transport.http import HttpxTransport

if TYPE_CHECKING:
    import sqlite3
    from concurrent.futures import Executor

    from miniapp_tp.client.component import ComponentClient

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.grants.worker import NO_CERTIFICATES, Order, Points, WatchedStore, WatchedTransport, client_for

NO_MOUNT = 77
BLOCK = 4096
HOLDER = Path(__file__).parents[1] / "stores" / "processes.py"


@define
class Full:
    """A small disk that runs full."""

    folder: Path
    store: SqliteStore
    seconds: float

    @classmethod
    def prepare(cls, folder: Path) -> None:
        mount("-t", "tmpfs", "-o", "size=1m", "none", str(folder))

    def strike(self) -> None:
        file = os.open(self.folder / "ballast", os.O_CREAT | os.O_WRONLY)
        try:
            while True:
                os.write(file, b"." * BLOCK)
        except OSError as problem:
            if problem.errno != errno.ENOSPC:
                raise
        finally:
            os.close(file)

    async def mend(self) -> None:
        (self.folder / "ballast").unlink()


@define
class ReadOnly:
    """A folder that nobody may write any more, as after a disk's failure."""

    folder: Path
    store: SqliteStore
    seconds: float

    @classmethod
    def prepare(cls, folder: Path) -> None:
        """Do nothing."""

    def strike(self) -> None:
        mount("--bind", str(self.folder), str(self.folder))
        mount("-o", "remount,ro,bind", str(self.folder))
        # What is open already stays writable; the system takes that away from a whole file system alone.
        parts: dict[str, Any] = vars(self.store)
        connection = cast("sqlite3.Connection", vars(parts["_database"])["_connection"])
        executor = cast("Executor", vars(parts["_worker"])["_executor"])
        executor.submit(connection.execute, "PRAGMA query_only = ON").result()

    async def mend(self) -> None:
        process = await asyncio.create_subprocess_exec("umount", "--lazy", self.folder)
        assert await process.wait() == 0


@define
class Locked:
    """A file that another process keeps locked, for some seconds."""

    folder: Path
    store: SqliteStore
    seconds: float
    _holder: subprocess.Popen[str] | None = None

    @classmethod
    def prepare(cls, folder: Path) -> None:
        """Do nothing."""

    def strike(self) -> None:
        command = [sys.executable, str(HOLDER), "hold", str(self.folder / "tokens.db"), f"{self.seconds}"]
        self._holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "locked\n"

    async def mend(self) -> None:
        assert self._holder is not None
        await asyncio.to_thread(self._holder.communicate)


def mount(*arguments: str) -> None:
    if subprocess.run(["mount", *arguments], check=False).returncode:
        sys.exit(NO_MOUNT)


KINDS: dict[str, type[Full | ReadOnly | Locked]] = {"full": Full, "read-only": ReadOnly, "locked": Locked}


async def outcome(client: ComponentClient, app: str) -> dict[str, Any]:
    """Call an app, and tell what came of it, and when."""
    started = time.monotonic()
    said: dict[str, Any] = {}
    try:
        said["value"] = (await client.get_info(app)).app
    except MiniAppError as error:
        said.update(error=type(error).__name__, text=str(error))
    said["seconds"] = time.monotonic() - started
    return said


async def tried(kind: str, order: Order, given: dict[str, Any]) -> dict[str, Any]:
    """Have the file fail at the order's point, and see it through."""
    store = SqliteStore(order.store, patience=order.patience)
    key = Key(f"{order.provider}:{order.component}", "app", order.app)
    trouble = KINDS[kind](Path(order.store).parent, store, given["seconds"])
    points = Points(order.point, order.after, trouble.strike)
    transport = HttpxTransport(verify=NO_CERTIFICATES, trust_env=False)
    async with contextlib.aclosing(store), contextlib.aclosing(transport):
        await prepared(client_for(order, store, transport), order, given)
        async with client_for(order, WatchedStore(store, points), WatchedTransport(transport, points)) as client:
            first = await outcome(client, order.app)
        await trouble.mend()
        entry = await store.load(key)
        first["intent"] = None if entry.value is None else from_bytes(AppRecord, entry.value).intent
        async with client_for(order, store, transport) as fresh:
            return {"app": order.app, "first": first, "again": await outcome(fresh, order.app)}


async def prepared(client: ComponentClient, order: Order, given: dict[str, Any]) -> None:
    await client.save_ticket(given["ticket"])
    access, refresh = given["access"], given["refresh"]
    await client.adopt(order.app, access_token=access, refresh_token=refresh, expires_at=time.time() + 3600)


async def all_tried(kind: str, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    orders = [Order(**one["order"]) for one in given]
    return await asyncio.gather(*(tried(kind, order, one) for order, one in zip(orders, given, strict=True)))


def main() -> None:
    kind, given = sys.argv[1], json.loads(sys.stdin.readline())
    for one in given:
        folder = Path(one["order"]["store"]).parent
        folder.mkdir()
        KINDS[kind].prepare(folder)
    sys.stdout.write(json.dumps(asyncio.run(all_tried(kind, given))))


if __name__ == "__main__":
    main()
