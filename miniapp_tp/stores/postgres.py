"""A store in PostgreSQL: for any number of processes on any number of machines."""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from miniapp_tp.errors import Actor, InvalidArgument, StoreError
from miniapp_tp.stores.arguments import check_entry, check_forgetting, check_lease, check_seconds
from miniapp_tp.stores.base import Entry, Key, Lease
from miniapp_tp.stores.calls import NOTHING, PATIENCE, Arguments, Calls, check_patience
from miniapp_tp.stores.opening import Opening
from miniapp_tp.stores.postgres_pools import Pool, PsycopgPool, Row, adapted
from miniapp_tp.stores.postgres_schema import SCHEMA_VERSION, check_schema, statements

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from psycopg_pool import AsyncConnectionPool

    from miniapp_tp.stores.postgres_pools import AsyncpgPool

_PAGE: Final = 500
_LONGEST: Final = 1e9
_AT_RISK: Final = "set `fsync` and `full_page_writes` on: a power cut can lose every token"
_log = logging.getLogger("miniapp_tp")

_NO_TABLES: Final = {"42P01", "3F000"}
_FORBIDDEN: Final = "42501"
_ADVICE: Final = {
    "42501": "its user lacks a right: on the schema, on the tables, or to create them",
    "28000": "it refused the user",
    "28P01": "it refused the user's password",
    "3D000": "there is no such database",
    "25006": "it is read-only: name the primary",
    "42P01": "its tables were removed while in use",
    "3F000": "its schema was removed while in use",
    "53100": "its disk is full: make room, nothing has to be repaired",
    "53200": "it ran out of memory",
    "22021": "its encoding can't hold a name: use a database in UTF8",
    "22P05": "its encoding can't hold a name: use a database in UTF8",
}
# While a connection is made, psycopg gives no SQLSTATE, but the server's text; in English unless it was told otherwise.
_SAID: Final = (
    ("password authentication failed", "28P01"),
    ('database "', "3D000"),
    ('role "', "28000"),
    ("pg_hba.conf", "28000"),
)
# What may pass: connections (08, none at all), limits and locks, being shut down, a clash with another transaction.
_PASSING: Final = {"08", "40", "53300", "55P03", "57"}
# What is worth another attempt at once: the connection had been cut, or another transaction won.
_AGAIN: Final = {"08", "40", "57P01", "57P02"}


class PostgresStore:
    """Values and leases in PostgreSQL 11 or later; `TokenStore` says what its methods promise.

    Whatever the server's default, `save` waits until the value is on the server's disk. Whether it survives the loss of
    that disk is up to `synchronous_standby_names`. Tables are made at the first use if the user may make them; else
    somebody who may runs `miniapp-tp store migrate`.

    Nothing outlives a statement, so a pooler in transaction mode (pgbouncer) may stand in between. A caller that is
    cancelled stops waiting; what it asked for is done all the same.

    Args:
        pool: An open pool of psycopg 3 (`psycopg_pool.AsyncConnectionPool`) or of asyncpg (`asyncpg.create_pool`); it
            stays the caller's to close.
        schema: The schema of the store's tables.
        patience: Seconds to wait at most for an answer.

    Raises:
        InvalidArgument: Another pool, a schema or a patience that can't be meant. Methods raise it once the store is
            closed.
        StoreError: From every method: the server is away, too slow, full, refuses, or holds another version's tables.
            `retryable` if it may pass.
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
    def from_url(cls, url: str, *, schema: str = "miniapp_tp", patience: float = PATIENCE) -> PostgresStore:
        """Make a store that has a pool of its own, of psycopg, which it closes.

        Raises:
            ValueError: The driver can't read the address.
            ModuleNotFoundError: The driver isn't installed.
        """
        store = cls.__new__(cls)
        store._make(own_pool(url, patience), schema, patience)
        return store

    def _make(self, pool: Pool, schema: str, patience: float) -> None:
        check_patience(patience)
        check_schema(schema)
        self._pool = pool
        self._schema = schema
        self._statements = statements(schema)
        self._calls = Calls(f"the token store in PostgreSQL (schema {schema})", patience)
        self._opening = Opening(self._open)
        self._risks: tuple[str, ...] = ()
        self._settings: dict[str, str] = {}
        self._closed = False

    def __repr__(self) -> str:
        return f"PostgresStore(schema={self._schema!r})"

    async def load(self, key: Key) -> Entry:
        """See `TokenStore.load`."""
        rows = await self._do(self._statements.load, key)
        return Entry(*rows[0]) if rows else Entry(None, 0)

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
        holder = (None, None) if lease is None else (lease.fence, lease.owner)
        if forget_after is not None:
            await self._forget()
        rest = Arguments((version, entry.value, uuid.uuid4().hex, *holder, forget_after))
        return _only(await self._do(self._statements.save, key, rest))

    async def acquire(self, key: Key, owner: str, seconds: float) -> Lease | None:
        """See `TokenStore.acquire`."""
        check_seconds(seconds)
        fence = _only(await self._do(self._statements.acquire, key, Arguments((owner, _term(seconds)))))
        return None if fence is None else Lease(key, owner, fence)

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """See `TokenStore.renew`."""
        check_seconds(seconds)
        return await self._prolong(lease, _term(seconds))

    async def release(self, lease: Lease) -> None:
        """See `TokenStore.release`."""
        await self._prolong(lease, 0.0)

    async def names(self, component: str, kind: str) -> AsyncGenerator[str]:
        """See `TokenStore.names`; in order, each once. They are read in pages, so no transaction stays open."""
        last = ""
        rest = Arguments((True, _PAGE))
        while rows := await self._do(self._statements.names, Key(component, kind, last), rest):
            for (name,) in rows:
                yield name
            last, rest = rows[-1][0], Arguments((False, _PAGE))

    async def migrate(self) -> tuple[int, int]:
        """Make or change the tables; gives the version that was there (0: none), and this one's.

        Raises:
            StoreError: It can't be done: the tables are a newer version's, the user lacks a right, the server failed.
        """
        self._check_usable()
        await self._connect()
        before = await self._found()
        if before < SCHEMA_VERSION:
            await self._ask(self._statements.migrate)
        await self._opening.done()
        return before, SCHEMA_VERSION

    async def risks(self) -> tuple[str, ...]:
        """Say which of the server's settings may lose what was saved; never a secret.

        Raises:
            StoreError: The server can't be reached.
        """
        await self._opening.done()
        return self._risks

    async def describe(self) -> dict[str, str]:
        """See `Described.describe`."""
        self._check_usable()
        await self._opening.done()
        about = {"store": "postgresql", "schema": self._schema, "schema_version": str(SCHEMA_VERSION)}
        return {**about, **self._settings}

    async def aclose(self) -> None:
        """Wait for what is under way, and close the pool if it is the store's own; closing twice does nothing."""
        if not self._closed:
            self._closed = True
            await self._calls.land()
            await self._pool.close()

    # --- asking the server ------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        await self._connect()
        found = await self._found()
        if found == 0:
            await self._ask(self._statements.migrate)
            found = await self._found()
        if found != SCHEMA_VERSION:
            todo = f"run `miniapp-tp store migrate`: its tables have version {found}, this miniapp_tp needs"
            raise self._unusable(f"{todo} {SCHEMA_VERSION}")
        for risk in self._risks:
            _log.warning("%s: %s", self._calls.store, risk)

    async def _connect(self) -> None:
        _given(await self._calls.run(self._connected))

    async def _connected(self) -> StoreError | None:
        try:
            await self._pool.open()
        except self._pool.errors as problem:
            return self._told(problem)
        return None

    async def _found(self) -> int:
        """Give the version of the tables; 0 if there are none."""
        rows = await self._ask(self._statements.check, missing=())
        if not rows:
            return 0
        version, *settings = rows[0]
        self._settings = dict(zip(("fsync", "full_page_writes"), map(str, settings), strict=True))
        self._risks = () if settings == ["on", "on"] else (_AT_RISK,)
        if version > SCHEMA_VERSION:
            why = f"its tables have version {version}, this miniapp_tp knows {SCHEMA_VERSION}: update miniapp_tp"
            raise self._unusable(why)
        return int(version)

    async def _prolong(self, lease: Lease, seconds: float) -> bool:
        rest = Arguments((lease.fence, lease.owner, seconds))
        return bool(await self._do(self._statements.prolong, lease.key, rest))

    async def _do(self, statement: str, key: Key, rest: Arguments = NOTHING) -> list[Row]:
        """Have a statement about a key carried out."""
        self._check_usable()
        await self._opening.done()
        return await self._ask(statement, Arguments((key.component, key.kind, key.name, *rest.values)))

    async def _forget(self) -> None:
        """Drop what may be forgotten."""
        self._check_usable()
        await self._opening.done()
        await self._ask(self._statements.forget)

    async def _ask(
        self, statement: str, arguments: Arguments = NOTHING, *, missing: tuple[Row, ...] | None = None
    ) -> list[Row]:
        """Have a statement carried out, once more if that promises more success.

        Args:
            statement: The statement.
            arguments: What is put into it.
            missing: The rows to give if there are no tables.
        """

        async def attempt() -> list[Row] | StoreError:
            try:
                return await self._twice(statement, arguments)
            except self._pool.errors as problem:
                if missing is not None and _state(problem) in _NO_TABLES:
                    return list(missing)
                return self._told(problem)

        rows: list[Row] = _given(await self._calls.run(attempt))
        return rows

    async def _twice(self, statement: str, arguments: Arguments) -> list[Row]:
        patience = self._calls.patience
        try:
            return await self._pool.run(statement, arguments.values, patience)
        except self._pool.errors as problem:
            if not _is_one_of(problem, _AGAIN):
                raise
        with suppress(*self._pool.errors):
            await self._pool.freshen()
        return await self._pool.run(statement, arguments.values, patience)

    def _check_usable(self) -> None:
        if self._closed:
            raise InvalidArgument("the store is closed: make a new one")

    def _unusable(self, why: str) -> StoreError:
        error = StoreError(f"{self._calls.store} can't be used: {why}")
        error.retryable = False
        return error

    def _told(self, problem: Exception) -> StoreError:
        """Say in our words what went wrong: the server's own echo rows, and the driver's the address."""
        state = _state(problem)
        kind = f"({state or type(problem).__name__})"
        if _is_one_of(problem, _PASSING):
            why = "it is away, shutting down or out of connections, or the connection was lost: is the address right?"
            return StoreError(f"{self._calls.store} can't be used: {why} {kind}", actor=Actor.TIME)
        return self._unusable(f"{_ADVICE.get(state, 'it refused')} {kind}")


def own_pool(url: str, patience: float) -> Pool:
    """Make a pool of psycopg that isn't open yet.

    Raises:
        ValueError: The driver can't read the address.
        ModuleNotFoundError: The driver isn't installed.
    """
    import psycopg  # noqa: PLC0415 - an extra
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - an extra
    from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415 - an extra

    try:
        address = make_conninfo(url)
    except psycopg.Error:
        address = None
    del url  # or else a traceback's locals would show a password
    if address is None:
        raise ValueError
    settings = {"autocommit": True, "prepare_threshold": None}
    pool = AsyncConnectionPool(
        address, open=False, kwargs=settings, min_size=1, max_size=4, timeout=patience, name="miniapp_tp"
    )
    return PsycopgPool(pool, address)


def _only(rows: list[Row]) -> int | None:
    return int(rows[0][0]) if rows else None


def _term(seconds: float) -> float:
    return min(seconds, _LONGEST)


def _given(outcome: Any) -> Any:  # noqa: ANN401 - whatever a call gives
    if isinstance(outcome, StoreError):
        raise outcome
    return outcome


def _state(problem: Exception) -> str:
    """SQLSTATE, or nothing if the server didn't answer."""
    said = str(problem)
    return getattr(problem, "sqlstate", None) or next((state for text, state in _SAID if text in said), "")


def _is_one_of(problem: Exception, states: set[str]) -> bool:
    """Whether the server's state, or the class of states it is in, is one of some; a lost connection is of class 08."""
    state = _state(problem) or "08"
    return state in states or state[:2] in states
