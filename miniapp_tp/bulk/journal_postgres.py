"""A journal in PostgreSQL: for any number of processes on any number of machines.

Each method is one statement, so that no transaction outlives a call and a pooler may stand in between. What may only be
done by the tenant of a run hangs on an update of the run's row, which nobody else's fence passes. Times of leases are
the server's own.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from miniapp_tp.bulk.journal import Tenancy, no_such_run
from miniapp_tp.bulk.states import Counts, Entry, Plan, Record, State, Status, Trouble, Wish
from miniapp_tp.errors import InvalidArgument, StoreError
from miniapp_tp.stores.calls import PATIENCE, Arguments, Calls, check_patience
from miniapp_tp.stores.opening import Opening
from miniapp_tp.stores.postgres import own_pool
from miniapp_tp.stores.postgres_pools import Pool, Row, adapted
from miniapp_tp.stores.postgres_schema import check_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from psycopg_pool import AsyncConnectionPool

    from miniapp_tp.stores.postgres_pools import AsyncpgPool

_MAKE: Final = """
DO $do$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('miniapp_tp runs', 6872));
    CREATE SCHEMA IF NOT EXISTS {schema};
    CREATE TABLE IF NOT EXISTS {schema}.runs (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        method text NOT NULL, arguments text NOT NULL, target text NOT NULL, who text NOT NULL, why text NOT NULL,
        keep_before boolean NOT NULL, status text NOT NULL DEFAULT 'filling', reason text NOT NULL DEFAULT '',
        made_at timestamptz NOT NULL DEFAULT now(), changed_at timestamptz NOT NULL DEFAULT now(),
        filled boolean NOT NULL DEFAULT false, seconds float8 NOT NULL DEFAULT 0,
        owner text NOT NULL DEFAULT '', fence bigint NOT NULL DEFAULT 0,
        until timestamptz NOT NULL DEFAULT '-infinity', wish text NOT NULL DEFAULT 'go',
        counts bigint[] NOT NULL DEFAULT '{0,0,0,0,0,0}');
    CREATE TABLE IF NOT EXISTS {schema}.run_apps (
        run bigint NOT NULL, place bigint NOT NULL, app text COLLATE "C" NOT NULL,
        state smallint NOT NULL DEFAULT 0, tries integer NOT NULL DEFAULT 0, at float8 NOT NULL DEFAULT 0,
        arguments text, cause text, trouble text, value text, before text,
        PRIMARY KEY (run, place), UNIQUE (run, app));
    CREATE INDEX IF NOT EXISTS run_apps_open ON {schema}.run_apps (run, place) WHERE state < 3;
    CREATE INDEX IF NOT EXISTS run_apps_cause ON {schema}.run_apps (run, cause) WHERE cause IS NOT NULL;
END
$do$
"""
# If the server's default is not to wait for its disk, waiting is asked for, up to the end of the statement.
_DURABLE: Final = """(SELECT set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END,
    true))"""
_CREATE: Final = f"""INSERT INTO {{schema}}.runs (method, arguments, target, who, why, keep_before)
    SELECT $1, $2, $3, $4, $5, $6::boolean FROM {_DURABLE} AS durable RETURNING id"""  # noqa: S608 - all of it stands here
_RECORD: Final = """SELECT id, method, arguments, target, who, why, keep_before, status, reason,
    extract(epoch FROM made_at)::float8, extract(epoch FROM changed_at)::float8, filled, seconds, owner,
    extract(epoch FROM greatest(until, 'epoch'))::float8, extract(epoch FROM clock_timestamp())::float8, wish, counts
    FROM {schema}.runs"""
_OWNER: Final = "SELECT owner, until > clock_timestamp() FROM {schema}.runs WHERE id = $1::bigint"
_TAKE: Final = """UPDATE {schema}.runs SET owner = $2, fence = fence + 1, wish = 'go',
    until = clock_timestamp() + make_interval(secs => $3::float8)
    WHERE id = $1::bigint AND (until <= clock_timestamp() OR owner = $4) RETURNING fence"""
_BEAT: Final = """UPDATE {schema}.runs SET until = clock_timestamp() + make_interval(secs => $3::float8)
    WHERE id = $1::bigint AND fence = $2::bigint RETURNING wish"""
# With its own fence, so that what is still on its way from who had it (cancelled, but sent) changes nothing any more.
_RELEASE: Final = """UPDATE {schema}.runs SET until = '-infinity', fence = fence + 1
    WHERE id = $1::bigint AND fence = $2::bigint RETURNING id"""
_TURN: Final = """UPDATE {schema}.runs SET status = $3, reason = $4, changed_at = now(), seconds = seconds + $5::float8
    WHERE id = $1::bigint AND fence = $2::bigint RETURNING id"""
_FILLED: Final = "UPDATE {schema}.runs SET filled = true WHERE id = $1::bigint AND fence = $2::bigint RETURNING id"
_ADD: Final = f"""
WITH tenant AS (SELECT id FROM {{schema}}.runs, {_DURABLE} AS durable
        WHERE id = $1::bigint AND fence = $2::bigint FOR UPDATE OF runs),
    last AS (SELECT coalesce(max(place), 0) AS place FROM {{schema}}.run_apps WHERE run = $1::bigint),
    given AS (SELECT * FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS given (app, arguments, nth)),
    added AS (
        INSERT INTO {{schema}}.run_apps (run, place, app, arguments)
        SELECT tenant.id, last.place + given.nth, given.app, given.arguments FROM tenant, last, given
        ON CONFLICT (run, app) DO NOTHING RETURNING 1),
    counted AS (
        UPDATE {{schema}}.runs SET counts[1] = counts[1] + (SELECT count(*) FROM added)
        WHERE id IN (SELECT id FROM tenant) RETURNING 1)
SELECT (SELECT count(*) FROM added) FROM counted"""  # noqa: S608 - all of it stands here
_DIFFERING: Final = """SELECT given.app FROM unnest($2::text[], $3::text[]) AS given (app, arguments)
    JOIN {schema}.run_apps AS there ON there.run = $1::bigint AND there.app = given.app
    WHERE there.arguments IS DISTINCT FROM given.arguments LIMIT 1"""
_WRITE: Final = f"""
WITH tenant AS (
        UPDATE {{schema}}.runs SET counts =
            (SELECT array_agg(there + more ORDER BY nth) FROM unnest(counts, $3::bigint[])
                WITH ORDINALITY AS both_of_them (there, more, nth))
        FROM {_DURABLE} AS durable WHERE id = $1::bigint AND fence = $2::bigint RETURNING id),
    given AS (SELECT DISTINCT ON (place) * FROM unnest($4::bigint[], $5::smallint[], $6::integer[], $7::float8[],
            $8::text[], $9::text[], $10::text[], $11::text[]) WITH ORDINALITY
        AS given (place, state, tries, at, cause, trouble, value, before, nth) ORDER BY place, nth DESC),
    changed AS (
        UPDATE {{schema}}.run_apps AS there SET state = given.state, tries = given.tries, at = given.at,
            cause = given.cause, trouble = given.trouble, value = given.value, before = given.before
        FROM tenant, given WHERE there.run = tenant.id AND there.place = given.place RETURNING 1)
SELECT (SELECT count(*) FROM changed) FROM tenant"""  # noqa: S608 - all of it stands here
_ENTRY: Final = """SELECT place, app, state, tries, at, arguments, trouble, value, before
    FROM {schema}.run_apps WHERE run = $1::bigint"""
_ONE: Final = f"{_ENTRY} AND app = $2"
_PAGE: Final = f"{_ENTRY} AND place > $2::bigint AND state = ANY ($3::smallint[]) ORDER BY place LIMIT $4::bigint"
# Said in the words of the index, or else it wouldn't be used.
_OPEN_PAGE: Final = _PAGE.replace("AND place", "AND state < 3 AND place")
_AGAIN: Final = """
WITH tenant AS (SELECT id FROM {schema}.runs WHERE id = $1::bigint AND fence = $2::bigint FOR UPDATE),
    chosen AS (SELECT place, state FROM {schema}.run_apps
        WHERE run IN (SELECT id FROM tenant) AND state = ANY ($3::smallint[])),
    changed AS (
        UPDATE {schema}.run_apps AS there SET state = 0, tries = 0, cause = NULL, trouble = NULL
        FROM chosen WHERE there.run = $1::bigint AND there.place = chosen.place RETURNING 1),
    counted AS (
        UPDATE {schema}.runs SET counts = (
            SELECT array_agg(there + CASE nth WHEN 1 THEN (SELECT count(*) FROM chosen) ELSE 0 END
                - (SELECT count(*) FROM chosen WHERE chosen.state = nth - 1) ORDER BY nth)
            FROM unnest(counts) WITH ORDINALITY AS mine (there, nth))
        WHERE id IN (SELECT id FROM tenant) RETURNING 1)
SELECT (SELECT count(*) FROM changed) FROM counted"""
_CAUSES: Final = """SELECT cause, count(*) FROM {schema}.run_apps WHERE run = $1::bigint AND cause IS NOT NULL
    AND state >= 4 GROUP BY cause ORDER BY count(*) DESC, cause"""
_WISH: Final = "UPDATE {schema}.runs SET wish = $2 WHERE id = $1::bigint"


class PostgresJournal:
    """Runs in PostgreSQL 11 or later; `Journal` says what its methods do.

    Args:
        pool: An open pool of psycopg 3 (`psycopg_pool.AsyncConnectionPool`) or of asyncpg; it stays the caller's to
            close.
        schema: The schema of its tables, which are made at the first use.
        patience: Seconds to wait at most for an answer.

    Raises:
        StoreError: From every method: the server is away, too slow, full, or refuses.
    """

    def __init__(
        self,
        pool: AsyncConnectionPool[Any] | AsyncpgPool,
        *,
        schema: str = "miniapp_tp",
        patience: float = PATIENCE,
    ) -> None:
        self._make(adapted(pool), schema, patience)

    @classmethod
    def from_url(cls, url: str, *, schema: str = "miniapp_tp", patience: float = PATIENCE) -> PostgresJournal:
        """Make a journal that has a pool of its own, of psycopg, which it closes.

        Raises:
            ValueError: The driver can't read the address.
            ModuleNotFoundError: The driver isn't installed.
        """
        journal = cls.__new__(cls)
        journal._make(own_pool(url, patience), schema, patience)
        return journal

    def _make(self, pool: Pool, schema: str, patience: float) -> None:
        check_patience(patience)
        check_schema(schema)
        self._pool = pool
        self._schema = '"' + schema.replace('"', '""') + '"'
        self._calls = Calls(f"the journal of runs in PostgreSQL (schema {schema})", patience)
        self._opening = Opening(self._open)
        self._closed = False

    def __repr__(self) -> str:
        return f"PostgresJournal(schema={self._schema})"

    async def create(self, plan: Plan) -> int:
        """See `Journal.create`."""
        rows = await self._do(_CREATE, plan.method, plan.arguments, plan.target, plan.who, plan.why, plan.keep_before)
        return int(rows[0][0])

    async def get(self, run: int) -> Record:
        """See `Journal.get`."""
        rows = await self._do(f"{_RECORD} WHERE id = $1::bigint", run)
        if not rows:
            raise no_such_run(run)
        return _record(rows[0])

    async def runs(self, limit: int = 100) -> list[Record]:
        """See `Journal.runs`."""
        return [_record(row) for row in await self._do(f"{_RECORD} ORDER BY id DESC LIMIT $1::bigint", limit)]

    async def acquire(self, run: int, owner: str, seconds: float, is_gone: Callable[[str], bool]) -> Tenancy | None:
        """See `Journal.acquire`."""
        rows = await self._do(_OWNER, run)
        if not rows or (rows[0][1] and not is_gone(rows[0][0])):
            return None
        # Only from whom it was seen to have: somebody may be quicker.
        rows = await self._do(_TAKE, run, owner, seconds, rows[0][0])
        return Tenancy(run, owner, int(rows[0][0])) if rows else None

    async def beat(self, tenancy: Tenancy, seconds: float) -> Wish | None:
        """See `Journal.beat`."""
        rows = await self._do(_BEAT, tenancy.run, tenancy.fence, seconds)
        return Wish(rows[0][0]) if rows else None

    async def turn(self, tenancy: Tenancy, status: Status, reason: str = "", *, seconds: float = 0.0) -> bool:
        """See `Journal.turn`."""
        return bool(await self._do(_TURN, tenancy.run, tenancy.fence, status.value, reason, seconds))

    async def release(self, tenancy: Tenancy) -> None:
        """See `Journal.release`."""
        await self._do(_RELEASE, tenancy.run, tenancy.fence)

    async def add(self, tenancy: Tenancy, entries: Sequence[Entry]) -> int | None:
        """See `Journal.add`."""
        apps: dict[str, str | None] = {}
        for entry in entries:
            apps.setdefault(entry.app, entry.arguments)
        twice = next((entry.app for entry in entries if apps[entry.app] != entry.arguments), None)
        given = [list(apps), list(apps.values())]
        found = [] if twice else await self._do(_DIFFERING, tenancy.run, *given)
        if twice or found:
            message = f"{twice or found[0][0]} stands in the source twice, with different arguments: which are meant?"
            raise InvalidArgument(message)
        rows = await self._do(_ADD, tenancy.run, tenancy.fence, *given)
        return int(rows[0][0]) if rows else None

    async def filled(self, tenancy: Tenancy) -> None:
        """See `Journal.filled`."""
        await self._do(_FILLED, tenancy.run, tenancy.fence)

    async def write(self, tenancy: Tenancy, changes: Sequence[tuple[Entry, Entry]]) -> bool:
        """See `Journal.write`."""
        counted = Counter[State]()
        for before, after in changes:
            counted[before.state] -= 1
            counted[after.state] += 1
        columns = zip(*(_row(after) for _before, after in changes), strict=True)
        numbers = [counted[state] for state in State]
        return bool(await self._do(_WRITE, tenancy.run, tenancy.fence, numbers, *map(list, columns)))

    async def page(self, run: int, states: Collection[State], after: int, limit: int) -> list[Entry]:
        """See `Journal.page`."""
        statement = _OPEN_PAGE if all(state < State.DONE for state in states) else _PAGE
        rows = await self._do(statement, run, after, [int(state) for state in states], limit)
        return [_entry(row) for row in rows]

    async def find(self, run: int, app: str) -> Entry | None:
        """See `Journal.find`."""
        rows = await self._do(_ONE, run, app)
        return _entry(rows[0]) if rows else None

    async def again(self, tenancy: Tenancy, states: Collection[State]) -> int:
        """See `Journal.again`."""
        rows = await self._do(_AGAIN, tenancy.run, tenancy.fence, [int(state) for state in states])
        return int(rows[0][0]) if rows else 0

    async def causes(self, run: int) -> list[tuple[str, int]]:
        """See `Journal.causes`."""
        return [(str(cause), int(apps)) for cause, apps in await self._do(_CAUSES, run)]

    async def wish(self, run: int, wish: Wish) -> None:
        """See `Journal.wish`."""
        await self._do(_WISH, run, wish.value)

    async def aclose(self) -> None:
        """See `Journal.aclose`; a pool that isn't its own stays open."""
        if not self._closed:
            self._closed = True
            await self._calls.land()
            await self._pool.close()

    async def _open(self) -> None:
        await self._ask(self._pool.open)
        await self._ask(lambda: self._run(_MAKE, ()))

    async def _do(self, statement: str, *arguments: object) -> list[Row]:
        if self._closed:
            raise InvalidArgument("the journal is closed: make a new one")
        await self._opening.done()
        given = Arguments(arguments)
        rows: list[Row] = await self._ask(lambda: self._run(statement, given.values))
        return rows

    async def _run(self, statement: str, arguments: Sequence[object]) -> list[Row]:
        """Have a statement carried out; one whose connection had been cut is not sent twice: it may have been."""
        return await self._pool.run(statement.replace("{schema}", self._schema), arguments, self._calls.patience)

    async def _ask(self, job: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the job gives
        async def attempt() -> Any:  # noqa: ANN401
            try:
                return await job()
            except self._pool.errors as problem:
                if self._opening.is_done:
                    with suppress(*self._pool.errors):
                        await self._pool.freshen()
                kind = getattr(problem, "sqlstate", None) or type(problem).__name__
                return StoreError(f"{self._calls.store} can't be used ({kind}): is the server there, and ours to use?")

        outcome = await self._calls.run(attempt)
        if isinstance(outcome, StoreError):
            raise outcome
        return outcome


def _record(row: Row) -> Record:
    run, method, arguments, target, who, why, keep_before, status, reason, *rest = row
    made_at, changed_at, filled, seconds, owner, until, now, wish, counts = rest
    record = Record(
        id=run,
        plan=Plan(method=method, arguments=arguments, target=target, who=who, why=why, keep_before=keep_before),
        status=Status(status),
        reason=reason,
        counts=Counts(*counts),
        made_at=made_at,
        changed_at=changed_at,
        filled=filled,
        seconds=seconds,
        owner=owner,
        until=until,
        wish=Wish(wish),
    )
    return record.seen_at(now)


def _row(entry: Entry) -> tuple[Any, ...]:
    trouble = entry.trouble
    shown = (None, None) if trouble is None else (trouble.cause, json.dumps(trouble.as_dict(), ensure_ascii=False))
    return (entry.place, int(entry.state), entry.tries, entry.at, *shown, entry.value, entry.before)


def _entry(row: Row) -> Entry:
    place, app, state, tries, at, arguments, trouble, value, before = row
    told = None if trouble is None else Trouble(**json.loads(trouble))
    return Entry(place, app, State(state), tries, at, arguments, told, value, before)
