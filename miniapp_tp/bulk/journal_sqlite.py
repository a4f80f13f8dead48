"""A journal in one SQLite file: for all processes of one machine.

Changes of many apps are written in one transaction, and each is on the disk before the caller goes on: that is what
makes a run both fast and safe. Only the tenant of a run can write what becomes of its apps.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import astuple

from miniapp_tp.bulk.journal import Tenancy, no_such_run
from miniapp_tp.bulk.states import Counts, Entry, Plan, Record, State, Status, Trouble, Wish
from miniapp_tp.errors import InvalidArgument, StoreError
from miniapp_tp.stores.sqlite_file import Database, Layout, transaction
from miniapp_tp.stores.worker import Worker

if TYPE_CHECKING:
    import os
    import sqlite3
    from collections.abc import Callable, Collection, Sequence

T = TypeVar("T")

_RUNS: Final = """CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    method TEXT NOT NULL, arguments TEXT NOT NULL, target TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
    keep_before INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    made_at REAL NOT NULL, changed_at REAL NOT NULL, filled INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT '', fence INTEGER NOT NULL DEFAULT 0, until REAL NOT NULL DEFAULT 0,
    wish TEXT NOT NULL DEFAULT 'go',
    pending INTEGER NOT NULL DEFAULT 0, intended INTEGER NOT NULL DEFAULT 0, doubtful INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0, unknown INTEGER NOT NULL DEFAULT 0)"""
_APPS: Final = """CREATE TABLE apps (
    run INTEGER NOT NULL, place INTEGER NOT NULL, app TEXT NOT NULL,
    state INTEGER NOT NULL, tries INTEGER NOT NULL, at REAL NOT NULL,
    arguments TEXT, cause TEXT, trouble TEXT, value TEXT, before TEXT,
    PRIMARY KEY (run, place)) WITHOUT ROWID"""
LAYOUT: Final = Layout(
    name="journal of runs",
    mark=0x6D617472,  # "matr"
    version=1,
    statements=(
        _RUNS,
        _APPS,
        "CREATE UNIQUE INDEX apps_by_id ON apps (run, app)",
        "CREATE INDEX apps_open ON apps (run, place) WHERE state < 3",
        "CREATE INDEX apps_by_cause ON apps (run, cause) WHERE cause IS NOT NULL",
    ),
)

_CREATE: Final = """INSERT INTO runs (method, arguments, target, who, why, keep_before, status, made_at, changed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_RECORD: Final = """SELECT id, method, arguments, target, who, why, keep_before, status, reason, made_at, changed_at,
    filled, seconds, owner, until, wish, pending, intended, doubtful, done, failed, unknown FROM runs"""
_TAKE: Final = "UPDATE runs SET owner = ?, fence = fence + 1, until = ?, wish = 'go' WHERE id = ?"
_RELEASE: Final = "UPDATE runs SET until = 0, fence = fence + 1 WHERE id = ? AND fence = ?"
_ADD: Final = """INSERT INTO apps (run, place, app, state, tries, at, arguments)
    VALUES (?, ?, ?, 0, 0, ?, ?) ON CONFLICT (run, app) DO NOTHING"""
_WRITE: Final = """UPDATE apps SET state = ?, tries = ?, at = ?, cause = ?, trouble = ?, value = ?, before = ?
    WHERE run = ? AND place = ?"""
_ENTRY: Final = "SELECT place, app, state, tries, at, arguments, trouble, value, before FROM apps WHERE run = ?"
_ONE: Final = f"{_ENTRY} AND app = ?"
_ANY_PAGE: Final = f"{_ENTRY} AND place > ? AND state IN (SELECT value FROM json_each(?)) ORDER BY place LIMIT ?"  # noqa: S608 - all of it stands here
# Said in the words of the index, or else it wouldn't be used.
_OPEN_PAGE: Final = _ANY_PAGE.replace("AND place", "AND state < 3 AND place")
_COUNT: Final = """UPDATE runs SET pending = pending + ?, intended = intended + ?, doubtful = doubtful + ?,
    done = done + ?, failed = failed + ?, unknown = unknown + ? WHERE id = ?"""
_COUNTED: Final = """SELECT state, count(*) FROM apps
    WHERE run = ? AND state IN (SELECT value FROM json_each(?)) GROUP BY state"""
_AGAIN: Final = """UPDATE apps SET state = 0, tries = 0, cause = NULL, trouble = NULL, at = ?
    WHERE run = ? AND state IN (SELECT value FROM json_each(?))"""
_CAUSES: Final = """SELECT cause, count(*) FROM apps WHERE run = ? AND cause IS NOT NULL AND state >= 4
    GROUP BY cause ORDER BY count(*) DESC, cause"""


class SqliteJournal:
    """Runs in one SQLite file; `Journal` says what its methods do.

    The file is opened (and made, mode 0600) at the first use, and all work is done in one thread of its own, so the
    event loop never waits for a disk.

    Args:
        path: The file; its folder must exist, on a local disk.
        patience: Seconds to wait at most while another process keeps the file locked.
        clock: The wall clock, which leases are timed with.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, patience: float = 10.0, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = Path(path).absolute()
        self._clock = clock
        self._database = Database(self._path, patience, LAYOUT)
        self._worker = Worker("miniapp_tp-journal")
        self._closed = False

    def __repr__(self) -> str:
        return f"SqliteJournal({str(self._path)!r})"

    async def create(self, plan: Plan) -> int:
        """See `Journal.create`."""
        return await self._do(lambda connection: _create(connection, plan, self._clock()), durable=True)

    async def get(self, run: int) -> Record:
        """See `Journal.get`."""
        found = await self._do(lambda connection: _records(connection, " WHERE id = ?", run))
        if not found:
            raise no_such_run(run)
        return found[0].seen_at(self._clock())

    async def runs(self, limit: int = 100) -> list[Record]:
        """See `Journal.runs`."""
        found = await self._do(lambda connection: _records(connection, " ORDER BY id DESC LIMIT ?", limit))
        return [record.seen_at(self._clock()) for record in found]

    async def acquire(self, run: int, owner: str, seconds: float, is_gone: Callable[[str], bool]) -> Tenancy | None:
        """See `Journal.acquire`."""
        job = partial(_acquire, run=run, owner=owner, seconds=seconds, is_gone=is_gone, clock=self._clock)
        return await self._do(job, durable=True)

    async def beat(self, tenancy: Tenancy, seconds: float) -> Wish | None:
        """See `Journal.beat`."""
        return await self._do(lambda connection: _beat(connection, tenancy, self._clock() + seconds))

    async def turn(self, tenancy: Tenancy, status: Status, reason: str = "", *, seconds: float = 0.0) -> bool:
        """See `Journal.turn`."""
        job = partial(_turn, tenancy=tenancy, status=status, reason=reason, seconds=seconds, clock=self._clock)
        return await self._do(job, durable=True)

    async def release(self, tenancy: Tenancy) -> None:
        """See `Journal.release`."""
        await self._do(lambda connection: connection.execute(_RELEASE, (tenancy.run, tenancy.fence)))

    async def add(self, tenancy: Tenancy, entries: Sequence[Entry]) -> int | None:
        """See `Journal.add`."""
        added = await self._do(lambda connection: _add(connection, tenancy, entries, self._clock()), durable=True)
        if isinstance(added, str):
            message = f"{added} stands in the source twice, with different arguments: which ones are meant?"
            raise InvalidArgument(message)
        return added

    async def filled(self, tenancy: Tenancy) -> None:
        """See `Journal.filled`."""
        statement = "UPDATE runs SET filled = 1 WHERE id = ? AND fence = ?"
        await self._do(lambda connection: connection.execute(statement, (tenancy.run, tenancy.fence)), durable=True)

    async def write(self, tenancy: Tenancy, changes: Sequence[tuple[Entry, Entry]]) -> bool:
        """See `Journal.write`."""
        return await self._do(lambda connection: _write(connection, tenancy, changes), durable=True)

    async def page(self, run: int, states: Collection[State], after: int, limit: int) -> list[Entry]:
        """See `Journal.page`."""
        return await self._do(lambda connection: _page(connection, run, states, after, limit))

    async def find(self, run: int, app: str) -> Entry | None:
        """See `Journal.find`."""
        rows = await self._do(lambda connection: connection.execute(_ONE, (run, app)).fetchall())
        return _entry(rows[0]) if rows else None

    async def again(self, tenancy: Tenancy, states: Collection[State]) -> int:
        """See `Journal.again`."""
        return await self._do(lambda connection: _again(connection, tenancy, states, self._clock()), durable=True)

    async def causes(self, run: int) -> list[tuple[str, int]]:
        """See `Journal.causes`."""
        return await self._do(lambda connection: connection.execute(_CAUSES, (run,)).fetchall())

    async def wish(self, run: int, wish: Wish) -> None:
        """See `Journal.wish`."""
        await self._do(
            lambda connection: connection.execute("UPDATE runs SET wish = ? WHERE id = ?", (wish.value, run)),
            durable=True,
        )

    async def aclose(self) -> None:
        """See `Journal.aclose`."""
        self._closed = True
        await self._worker.close(self._database.close)

    async def _do(self, job: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        if self._closed:
            raise InvalidArgument("the journal is closed: make a new one")
        since = time.monotonic()
        outcome = await self._worker.run(lambda: self._database.attempt(job, durable=durable, since=since))
        if isinstance(outcome, StoreError):
            raise outcome
        return outcome


def _create(connection: sqlite3.Connection, plan: Plan, now: float) -> int:
    row = (*astuple(plan), Status.FILLING.value, now, now)
    return int(connection.execute(_CREATE, row).lastrowid or 0)


def _records(connection: sqlite3.Connection, where: str, value: int) -> list[Record]:
    return [_record(row) for row in connection.execute(_RECORD + where, (value,))]


def _record(row: tuple[Any, ...]) -> Record:
    run, method, arguments, target, who, why, keep_before, *rest = row
    status, reason, made_at, changed_at, filled, seconds, owner, until, wish, *counts = rest
    return Record(
        id=run,
        plan=Plan(method=method, arguments=arguments, target=target, who=who, why=why, keep_before=bool(keep_before)),
        status=Status(status),
        reason=reason,
        counts=Counts(*counts),
        made_at=made_at,
        changed_at=changed_at,
        filled=bool(filled),
        seconds=seconds,
        owner=owner,
        until=until,
        wish=Wish(wish),
    )


def _acquire(
    connection: sqlite3.Connection,
    *,
    run: int,
    owner: str,
    seconds: float,
    is_gone: Callable[[str], bool],
    clock: Callable[[], float],
) -> Tenancy | None:
    with transaction(connection):
        row = connection.execute("SELECT owner, fence, until FROM runs WHERE id = ?", (run,)).fetchone()
        if row is None or (row[2] > clock() and not is_gone(row[0])):
            return None
        connection.execute(_TAKE, (owner, clock() + seconds, run))
    return Tenancy(run, owner, row[1] + 1)


def _beat(connection: sqlite3.Connection, tenancy: Tenancy, until: float) -> Wish | None:
    row = connection.execute(
        "UPDATE runs SET until = ? WHERE id = ? AND fence = ? RETURNING wish", (until, tenancy.run, tenancy.fence)
    ).fetchall()
    return Wish(row[0][0]) if row else None


def _turn(
    connection: sqlite3.Connection,
    *,
    tenancy: Tenancy,
    status: Status,
    reason: str,
    seconds: float,
    clock: Callable[[], float],
) -> bool:
    changed = connection.execute(
        "UPDATE runs SET status = ?, reason = ?, changed_at = ?, seconds = seconds + ? WHERE id = ? AND fence = ?",
        (status.value, reason, clock(), seconds, tenancy.run, tenancy.fence),
    )
    return changed.rowcount > 0


def _is_tenant(connection: sqlite3.Connection, tenancy: Tenancy) -> bool:
    (fence,) = connection.execute("SELECT fence FROM runs WHERE id = ?", (tenancy.run,)).fetchone()
    return bool(fence == tenancy.fence)


class _Twice(Exception):
    """An app is there already, with other arguments."""

    def __init__(self, app: str) -> None:
        super().__init__(app)
        self.app = app


def _add(connection: sqlite3.Connection, tenancy: Tenancy, entries: Sequence[Entry], now: float) -> int | str | None:
    try:
        with transaction(connection):
            if not _is_tenant(connection, tenancy):
                return None
            return _added(connection, tenancy.run, entries, now)
    except _Twice as twice:
        return twice.app


def _added(connection: sqlite3.Connection, run: int, entries: Sequence[Entry], now: float) -> int:
    (last,) = connection.execute("SELECT coalesce(max(place), 0) FROM apps WHERE run = ?", (run,)).fetchone()
    rows = [(run, place, entry.app, now, entry.arguments) for place, entry in enumerate(entries, last + 1)]
    added = connection.executemany(_ADD, rows).rowcount
    if added < len(rows):
        _check_same(connection, run, entries)
    connection.execute("UPDATE runs SET pending = pending + ? WHERE id = ?", (added, run))
    return added


def _check_same(connection: sqlite3.Connection, run: int, entries: Sequence[Entry]) -> None:
    for entry in entries:
        statement = "SELECT arguments FROM apps WHERE run = ? AND app = ?"
        if connection.execute(statement, (run, entry.app)).fetchone() != (entry.arguments,):
            raise _Twice(entry.app)


def _write(connection: sqlite3.Connection, tenancy: Tenancy, changes: Sequence[tuple[Entry, Entry]]) -> bool:
    counted = Counter[State]()
    for before, after in changes:
        counted[before.state] -= 1
        counted[after.state] += 1
    with transaction(connection):
        if not _is_tenant(connection, tenancy):
            return False
        connection.executemany(_WRITE, [_row(tenancy.run, after) for _before, after in changes])
        connection.execute(_COUNT, (*(counted[state] for state in State), tenancy.run))
    return True


def _row(run: int, entry: Entry) -> tuple[Any, ...]:
    trouble = entry.trouble
    shown = (None, None) if trouble is None else (trouble.cause, json.dumps(trouble.as_dict(), ensure_ascii=False))
    return (int(entry.state), entry.tries, entry.at, *shown, entry.value, entry.before, run, entry.place)


def _page(connection: sqlite3.Connection, run: int, states: Collection[State], after: int, limit: int) -> list[Entry]:
    statement = _OPEN_PAGE if all(state < State.DONE for state in states) else _ANY_PAGE
    return [_entry(row) for row in connection.execute(statement, (run, after, _list(states), limit))]


def _list(states: Collection[State]) -> str:
    return json.dumps([int(state) for state in states])


def _entry(row: tuple[Any, ...]) -> Entry:
    place, app, state, tries, at, arguments, trouble, value, before = row
    told = None if trouble is None else Trouble(**json.loads(trouble))
    return Entry(place, app, State(state), tries, at, arguments, told, value, before)


def _again(connection: sqlite3.Connection, tenancy: Tenancy, states: Collection[State], now: float) -> int:
    with transaction(connection):
        if not _is_tenant(connection, tenancy):
            return 0
        found = connection.execute(_COUNTED, (tenancy.run, _list(states))).fetchall()
        counted = Counter({State(state): -number for state, number in found})
        counted[State.PENDING] -= sum(counted.values())
        connection.execute(_AGAIN, (now, tenancy.run, _list(states)))
        connection.execute(_COUNT, (*(counted[state] for state in State), tenancy.run))
    return sum(number for _state, number in found)
