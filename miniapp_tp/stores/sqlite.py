"""A store in one SQLite file: for any number of processes on one machine."""

from __future__ import annotations

import math
import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from miniapp_tp.errors import InvalidArgument, StoreError
from miniapp_tp.stores.arguments import check_entry, check_forgetting, check_lease, check_seconds
from miniapp_tp.stores.base import Entry, Key, Lease
from miniapp_tp.stores.sqlite_file import Database, settings, transaction
from miniapp_tp.stores.worker import Worker

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncGenerator, Callable

T = TypeVar("T")

_PAGE: Final = 500
_LOAD: Final = "SELECT value, version FROM entries WHERE component = ? AND kind = ? AND name = ?"
_VERSION: Final = "SELECT version FROM entries WHERE component = ? AND kind = ? AND name = ?"
_SAVE: Final = """INSERT INTO entries (component, kind, name, version, value, forgotten) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET version = excluded.version, value = excluded.value, forgotten = excluded.forgotten"""
_FORGET: Final = (
    """DELETE FROM leases WHERE (component, kind, name) IN
        (SELECT component, kind, name FROM entries WHERE forgotten <= ?)""",
    "DELETE FROM entries WHERE forgotten <= ?",
)
_LENT: Final = "SELECT fence, owner, until FROM leases WHERE component = ? AND kind = ? AND name = ?"
_LEND: Final = """INSERT INTO leases (component, kind, name, fence, owner, until) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET fence = excluded.fence, owner = excluded.owner, until = excluded.until"""
_NAMES: Final = """SELECT name FROM entries INDEXED BY present
    WHERE component = ? AND kind = ? AND name >= ? AND value IS NOT NULL ORDER BY name LIMIT ?"""


class SqliteStore:
    """Values and leases in one SQLite file, for all processes of one machine; `TokenStore` says what its methods do.

    The file is opened (and made, mode 0600) at the first use, and all work is done in one thread of its own, so the
    event loop never waits for a disk. Values are on the disk before `save` returns; leases, which matter to running
    processes only, may be forgotten in a power cut. A caller that is cancelled stops waiting; what it asked for is
    done all the same. One store may be used from several event loops, one after the other, but not be taken along
    over a fork once it has been used.

    Args:
        path: The file; a relative one is relative to the folder that is current now. Its folder must exist, on a
            local disk.
        patience: Seconds to wait at most while another process keeps the file locked.
        clock: What leases are timed with, in seconds: the same for all processes, so the wall clock.

    Raises:
        InvalidArgument: A path or a patience that can't be meant. Methods raise it once the store is closed.
        StoreError: From every method: the file is locked for too long, read-only, damaged, somebody else's, from a
            newer version; the disk is full; the folder is missing. `retryable` if it was merely locked.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, patience: float = 5.0, clock: Callable[[], float] = time.time
    ) -> None:
        if not (math.isfinite(patience) and patience >= 0):
            raise InvalidArgument(f"patience is a number of seconds, 0 or more, not {patience}")
        self._path = _checked(path)
        self._clock = clock
        self._database = Database(self._path, patience)
        self._worker = Worker("miniapp_tp-sqlite")
        self._process: int | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"SqliteStore({str(self._path)!r})"

    async def load(self, key: Key) -> Entry:
        """See `TokenStore.load`."""
        return await self._do(lambda connection: _load(connection, key))

    async def save(
        self,
        key: Key,
        value: bytes | None,
        *,
        version: int,
        lease: Lease | None = None,
        forget_after: float | None = None,
    ) -> int | None:
        """See `TokenStore.save`."""
        entry = Entry(value, version)
        del value  # or else a traceback's locals would show it
        check_entry(entry)
        check_forgetting(entry, forget_after)
        check_lease(key, lease)
        if forget_after is None:
            return await self._do(lambda connection: _save(connection, key, entry, lease), durable=True)
        now = self._clock()
        return await self._do(
            lambda connection: _save(connection, key, entry, lease, (now, now + forget_after)), durable=True
        )

    async def acquire(self, key: Key, owner: str, seconds: float) -> Lease | None:
        """See `TokenStore.acquire`."""
        check_seconds(seconds)
        return await self._do(lambda connection: _acquire(connection, Lease(key, owner, 0), seconds, self._clock))

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """See `TokenStore.renew`."""
        check_seconds(seconds)
        return await self._do(lambda connection: _prolong(connection, lease, lambda: self._clock() + seconds))

    async def release(self, lease: Lease) -> None:
        """See `TokenStore.release`."""
        await self._do(lambda connection: _prolong(connection, lease, lambda: -math.inf))

    async def names(self, component: str, kind: str) -> AsyncGenerator[str]:
        """See `TokenStore.names`; in order, each once. They are read in pages, so nothing stays locked meanwhile."""
        first = ""
        while page := await self._do(partial(_names, component=component, kind=kind, first=first)):
            for name in page:
                yield name
            first = page[-1] + "\0"  # the very next text there could be

    async def describe(self) -> dict[str, str]:
        """See `Described.describe`."""
        found = await self._do(settings, durable=True)
        return {"store": "sqlite", "file": str(self._path), **found}

    async def aclose(self) -> None:
        """Wait for what is under way, close the file and end the thread; closing twice does nothing more."""
        self._closed = True
        if self._process == os.getpid():
            await self._worker.close(self._database.close)

    async def _do(self, job: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        self._check_usable()
        since = time.monotonic()
        outcome = await self._worker.run(lambda: self._database.attempt(job, durable=durable, since=since))
        if isinstance(outcome, StoreError):
            raise outcome
        return outcome

    def _check_usable(self) -> None:
        if self._closed:
            raise InvalidArgument("the store is closed: make a new one")
        if self._process not in {None, os.getpid()}:
            raise InvalidArgument("the store was used before this process was forked: make one in each process")
        self._process = os.getpid()


def _checked(path: str | os.PathLike[str]) -> Path:
    text = os.fspath(path)
    if text in {"", ":memory:"}:
        raise InvalidArgument(f"name the file of the store instead of {text!r}; memory:// is a store without one")
    if not isinstance(text, str) or "\0" in text:
        raise InvalidArgument(f"the path of the store is text without NUL characters, not {text!r}")
    return Path(text).absolute()


def _load(connection: sqlite3.Connection, key: Key) -> Entry:
    value, version = connection.execute(_LOAD, _columns(key)).fetchone() or (None, 0)
    return Entry(value, version)


def _save(
    connection: sqlite3.Connection,
    key: Key,
    entry: Entry,
    lease: Lease | None,
    forgetting: tuple[float, float | None] = (-math.inf, None),
) -> int | None:
    """Save what `entry` holds over the version that it names.

    Args:
        connection: The database.
        key: Where.
        entry: The value, and the version that it replaces.
        lease: The writer's, if it has one.
        forgetting: The time now, up to which others are to be forgotten, and the time when this one is.
    """
    now, until = forgetting
    with transaction(connection):
        for statement in () if until is None else _FORGET:
            connection.execute(statement, (now,))
        (version,) = connection.execute(_VERSION, _columns(key)).fetchone() or (0,)
        if version != entry.version or (lease is not None and _overtaken(connection, lease)):
            return None
        connection.execute(_SAVE, (*_columns(key), entry.version + 1, entry.value, until))
    return entry.version + 1


def _acquire(connection: sqlite3.Connection, wanted: Lease, seconds: float, clock: Callable[[], float]) -> Lease | None:
    if _lendable(connection, wanted, clock) is None:
        return None  # found out without a lock: many wait for one, and ask often
    with transaction(connection):
        lease = _lendable(connection, wanted, clock)
        if lease is not None:
            _lend(connection, lease, clock() + seconds)
    return lease


def _lendable(connection: sqlite3.Connection, wanted: Lease, clock: Callable[[], float]) -> Lease | None:
    """Give the lease that could be lent, or `None` if somebody else has one."""
    fence, holder, until = _lent(connection, wanted.key)
    if holder != wanted.owner and until > clock():
        return None
    return Lease(wanted.key, wanted.owner, fence + 1)


def _prolong(connection: sqlite3.Connection, lease: Lease, until: Callable[[], float]) -> bool:
    with transaction(connection):
        if _overtaken(connection, lease):
            return False
        _lend(connection, lease, until())
    return True


def _overtaken(connection: sqlite3.Connection, lease: Lease) -> bool:
    fence, holder, _ = _lent(connection, lease.key)
    return fence > lease.fence or (fence == lease.fence and holder != lease.owner)


def _lent(connection: sqlite3.Connection, key: Key) -> tuple[int, str, float]:
    return connection.execute(_LENT, _columns(key)).fetchone() or (0, "", -math.inf)


def _lend(connection: sqlite3.Connection, lease: Lease, until: float) -> None:
    connection.execute(_LEND, (*_columns(lease.key), lease.fence, lease.owner, until))


def _names(connection: sqlite3.Connection, component: str, kind: str, first: str) -> list[str]:
    return [name for (name,) in connection.execute(_NAMES, (component, kind, first, _PAGE))]


def _columns(key: Key) -> tuple[str, str, str]:
    return key.component, key.kind, key.name
