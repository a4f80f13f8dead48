"""A database file of ours: making it, opening it, and saying what is wrong with it."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import frozen

from miniapp_tp.errors import Actor, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

T = TypeVar("T")

SCHEMA_VERSION: Final = 1
"""What `PRAGMA user_version` says of a file that this module understands."""

APPLICATION_ID: Final = 0x6D617470
"""What `PRAGMA application_id` says of token databases: "matp"."""

# Two tables, as a deleted value leaves its version behind, and a lease needs no value.
_SCHEMA: Final = (
    """CREATE TABLE entries (
        component TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
        version INTEGER NOT NULL, value BLOB, forgotten REAL,
        PRIMARY KEY (component, kind, name))""",
    # What is deleted may outnumber what is there a thousandfold.
    "CREATE INDEX present ON entries (component, kind, name) WHERE value IS NOT NULL",
    "CREATE INDEX forgotten ON entries (forgotten) WHERE forgotten IS NOT NULL",
    """CREATE TABLE leases (
        component TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
        fence INTEGER NOT NULL, owner TEXT NOT NULL, until REAL NOT NULL,
        PRIMARY KEY (component, kind, name))""",
)


@frozen
class Layout:
    """What a file of ours holds.

    Attributes:
        name: What to call it in messages.
        mark: What `PRAGMA application_id` says of it.
        version: What `PRAGMA user_version` says of it.
        statements: What makes its tables.
    """

    name: str
    mark: int
    version: int
    statements: tuple[str, ...]


TOKENS: Final = Layout("token database", APPLICATION_ID, SCHEMA_VERSION, _SCHEMA)
"""The file of a `SqliteStore`."""

_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_PAUSE: Final = 0.01
# Closing any descriptor of a file drops all of a process's locks on it. So nothing of ours opens the file beside
# SQLite itself but to create it, and no other store of this process may come in between.
_opening: Final = threading.Lock()

_ADVICE: Final = {
    sqlite3.SQLITE_ERROR: "its tables aren't those of this package: name another file, or restore a backup",
    sqlite3.SQLITE_FULL: "the disk (or the quota) is full: make room, nothing has to be repaired",
    sqlite3.SQLITE_READONLY: "it is read-only: make the file and its folder writable",
    sqlite3.SQLITE_PERM: "it may not be used: check who owns the file and its folder",
    sqlite3.SQLITE_AUTH: "it may not be used: check who owns the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened: check the path, and who may write the file and its folder",
    sqlite3.SQLITE_NOTADB: "this isn't an SQLite database: name another file, or move this one away",
    sqlite3.SQLITE_CORRUPT: "the database is damaged: stop all processes that use it and restore a backup",
    sqlite3.SQLITE_IOERR: "the disk failed: look into the system's log",
    sqlite3.SQLITE_TOOBIG: "the value is longer than SQLite can keep",
    sqlite3.SQLITE_NOMEM: "memory ran out",
}
_SYSTEM_ADVICE: Final = {
    sqlite3.SQLITE_ERROR: "its tables aren't those of this package: name another file, or restore a backup",
    errno.ENOENT: "its folder doesn't exist: create it first",
    errno.ENOTDIR: "its folder isn't a folder: check the path",
    errno.EACCES: "it may not be created there: check who owns the folder",
    errno.EPERM: "it may not be created there: check who owns the folder",
    errno.EROFS: "its folder is read-only: make it writable, or use another",
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the quota is used up: make room",
}


_LONGEST: Final = 2**31 - 1


class Unusable(Exception):
    """A file that isn't ours to use; the message says why and what to do."""


class Database:
    """The blocking half of what keeps something in an SQLite file, for one thread.

    Args:
        path: The file, absolute.
        patience: Seconds that a job waits at most, from the moment it was handed in, for others' locks.
        layout: What the file holds.
    """

    def __init__(self, path: Path, patience: float, layout: Layout = TOKENS) -> None:
        self._path = path
        self._patience = patience
        self._layout = layout
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._settings: dict[str, object] = {}
        self._in_vain: float | None = None

    def attempt(self, job: Callable[[sqlite3.Connection], T], *, durable: bool, since: float) -> T | StoreError:
        """Do a job, and give its result or what went wrong: no frame of a driver gets into a traceback.

        Args:
            job: What to do; it opens a transaction if it changes anything.
            durable: Whether its changes must survive a power cut.
            since: When it was handed in, by `time.monotonic`.
        """
        try:
            result = job(self._ready(durable=durable, allowance=self._allowance(since)))
        except (sqlite3.Error, OSError, Unusable) as problem:
            failure, busy = _told(self._name, problem, self._patience), is_busy(problem)
        else:
            self._in_vain = None
            return result
        if busy:
            self._in_vain = time.monotonic()
        else:
            self.close()  # the next job starts afresh
        return failure

    @property
    def _name(self) -> str:
        return f"the {self._layout.name} {self._path}"

    def close(self) -> None:
        """Close the file; the next job would open it again."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _allowance(self, since: float) -> float:
        """Give the seconds that a job may wait; one that queued behind others' vain waiting has had its share."""
        if self._in_vain is None or since > self._in_vain:
            return self._patience
        return max(since + self._patience - time.monotonic(), 0.0)

    def _ready(self, *, durable: bool, allowance: float) -> sqlite3.Connection:
        if self._connection is None:
            # Where a link leads to: O_EXCL doesn't follow one that leads to nothing yet.
            path = Path(os.path.realpath(self._path))
            self._connection = _connect(path, self._layout, create=self._identity is None, patience=allowance)
            self._identity = _identity(self._path)
            self._settings.clear()
        elif _identity(self._path) != self._identity:
            # What is written from now on would vanish with the last process that has the old file open.
            raise Unusable("it was removed or replaced while in use: stop all processes that use it before doing so")
        self._set("busy_timeout", min(round(allowance * 1000), _LONGEST))
        self._set("synchronous", "FULL" if durable else "NORMAL")
        return self._connection

    def _set(self, name: str, value: object) -> None:
        if self._connection is not None and self._settings.get(name) != value:
            self._connection.execute(f"PRAGMA {name} = {value}")
            self._settings[name] = value


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def is_busy(problem: Exception) -> bool:
    """Whether it only says that somebody else has the database for now."""
    return _code(problem) in _BUSY


def _told(name: str, problem: Exception, patience: float) -> StoreError:
    """Say in our words what went wrong: a driver's own may echo rows."""
    if is_busy(problem):
        why = f"another process kept it locked for {patience:g} s: find out which (fuser shows it), or wait longer"
        error = StoreError(f"{name} is busy: {why}", actor=Actor.TIME)
    else:
        error = StoreError(f"{name} can't be used: {_reason(problem)}")
        error.retryable = False
    return error


def _reason(problem: Exception) -> str:
    if isinstance(problem, Unusable):
        return str(problem)
    if isinstance(problem, OSError):
        return _SYSTEM_ADVICE.get(problem.errno or 0) or problem.strerror or type(problem).__name__
    name = getattr(problem, "sqlite_errorname", type(problem).__name__)
    return f"{_ADVICE.get(_code(problem), 'SQLite refused')} ({name})"


def _code(problem: Exception) -> int:
    """SQLite's primary code: its extended ones say more in the bits above."""
    return int(getattr(problem, "sqlite_errorcode", 0)) & 0xFF


def _connect(path: Path, layout: Layout, *, create: bool, patience: float) -> sqlite3.Connection:
    """Open a database of ours, or make one; blocks for up to `patience` seconds while others have it locked."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return _connect_now(path, layout, create=create, timeout=max(deadline - time.monotonic(), 0.0))
        except sqlite3.OperationalError as problem:
            # The change to WAL doesn't wait for locks by itself, whatever the busy time-out.
            if not is_busy(problem) or time.monotonic() >= deadline:
                raise
        time.sleep(_PAUSE)


def _connect_now(path: Path, layout: Layout, *, create: bool, timeout: float) -> sqlite3.Connection:
    with _opening:
        if create:
            _create(path)
        _check_access(path)
        # mode=rw: SQLite itself would create a file that others can read.
        connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=timeout, isolation_level=None)
    try:
        _prepare(connection, layout)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """Make an empty file, if there is none; SQLite gives its mode to `-wal` and `-shm` as well."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    with suppress(PermissionError):  # a folder that can't be read (nor can any on Windows)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # SQLite does this for its journals, not for the database
        finally:
            os.close(folder)


def _check_access(path: Path) -> None:
    """Find out beforehand what SQLite would only report, in various ways, with the first change."""
    if path.is_dir():
        raise Unusable("it is a folder: name a file in it")
    if not path.exists():
        raise Unusable("it is gone: stop all processes that use it, put it back and start again")
    for place in (path, path.parent):
        if not os.access(place, os.W_OK):
            raise Unusable(f"{place} is read-only: both the file and its folder have to be writable")


def _prepare(connection: sqlite3.Connection, layout: Layout) -> None:
    if not _is_ours(connection, layout):
        with transaction(connection):  # what is read in it, nobody changes meanwhile
            if _is_new(connection, layout):  # nobody else was quicker
                for statement in layout.statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {layout.mark}")
                connection.execute(f"PRAGMA user_version = {layout.version}")
    if _pragma(connection, "journal_mode = WAL") != "wal":
        raise Unusable("its file system can't share memory between processes (a network drive?): use a local disk")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: its plain fsync doesn't reach the disk


def _is_ours(connection: sqlite3.Connection, layout: Layout) -> bool:
    marks = (_pragma(connection, "application_id"), _pragma(connection, "user_version"))
    return marks == (layout.mark, layout.version)


def _is_new(connection: sqlite3.Connection, layout: Layout) -> bool:
    mark, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    if mark == layout.mark and version == layout.version:
        return False
    if mark == layout.mark:
        raise Unusable(f"its schema has version {version}, this miniapp_tp knows {layout.version}: update miniapp_tp")
    if mark or version or _pragma(connection, "schema_version"):
        raise Unusable("it is the database of another application: name another file")
    return True


def _pragma(connection: sqlite3.Connection, text: str) -> object:
    return connection.execute(f"PRAGMA {text}").fetchone()[0]


def settings(connection: sqlite3.Connection) -> dict[str, str]:
    """Tell how a database that was made ready for durable work reaches the disk."""
    sync = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
    return {
        "schema_version": str(_pragma(connection, "user_version")),
        "journal_mode": str(_pragma(connection, "journal_mode")),
        "synchronous": sync[int(str(_pragma(connection, "synchronous")))],
    }


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    """Change several things at once or none, with nobody else writing meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
