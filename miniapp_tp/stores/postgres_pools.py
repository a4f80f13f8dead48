"""The two drivers of PostgreSQL that a `PostgresStore` takes, each behind the same few methods.

Between a pool and the server there may be a pooler that gives every transaction another server connection. So nothing
here outlives a transaction: no settings, no locks, no prepared statements with a name, whatever the pool is set to.
"""

from __future__ import annotations

import asyncio
import importlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

from attrs import field, frozen

from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

Row = tuple[Any, ...]


class AsyncpgPool(Protocol):
    """What is needed of an `asyncpg.Pool`."""

    async def expire_connections(self) -> None:
        """Have every connection replaced before it is lent again."""
        ...


class Pool(Protocol):
    """Connections, and how to use them."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What the driver raises."""
        ...

    async def open(self) -> None:
        """Make it ready."""
        ...

    async def run(self, statement: str, arguments: Sequence[object], patience: float) -> list[Row]:
        """Have one statement carried out, in a transaction of its own, and give its rows."""
        ...

    async def freshen(self) -> None:
        """Find the connections that were cut, so that the next statement gets another."""
        ...

    async def close(self) -> None:
        """Close it, if it is the store's own."""
        ...


@frozen
class PsycopgPool:
    """A pool of psycopg 3.

    Attributes:
        pool: The pool.
        address: How to connect, if the pool is the store's own; what a failed connection says is told only then, and
            a pool only says that there is none.
    """

    pool: "AsyncConnectionPool[Any]"
    address: str | None = field(default=None, repr=False)

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """See `Pool.errors`."""
        import psycopg  # noqa: PLC0415 - an extra

        return (psycopg.Error, OSError)

    async def open(self) -> None:
        """Find out what is wrong with the address, if anything, and start to connect."""
        import psycopg  # noqa: PLC0415 - an extra

        if self.address is not None:
            async with await psycopg.AsyncConnection.connect(self.address, autocommit=True):
                pass
            await self.pool.open()

    async def run(self, statement: str, arguments: Sequence[object], patience: float) -> list[Row]:
        """See `Pool.run`."""
        from psycopg import AsyncRawCursor  # noqa: PLC0415 - an extra
        from psycopg.rows import tuple_row  # noqa: PLC0415 - an extra

        async with self.pool.connection(timeout=patience) as some:
            connection = cast("AsyncConnection[Any]", some)
            cursor = AsyncRawCursor(connection, row_factory=tuple_row)
            # As bytes: a pooler, or another part of the program, may have left other ideas of text behind.
            await cursor.execute(statement.encode(), arguments, prepare=False, binary=True)
            return await cursor.fetchall() if cursor.description else []

    async def freshen(self) -> None:
        """See `Pool.freshen`."""
        await self.pool.check()

    async def close(self) -> None:
        """See `Pool.close`."""
        if self.address is not None:
            await self.pool.close()


@frozen
class AsyncpgAdapter:
    """A pool of asyncpg.

    Attributes:
        pool: The pool.
    """

    pool: Any

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """See `Pool.errors`."""
        asyncpg: Any = importlib.import_module("asyncpg")  # it comes without types
        # The last one is what it says when a connection is cut within a transaction.
        return (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, asyncpg.InternalClientError)

    async def open(self) -> None:
        """Do nothing: it is the caller's."""

    async def run(self, statement: str, arguments: Sequence[object], patience: float) -> list[Row]:
        """See `Pool.run`."""
        async with self._connection(patience) as connection, connection.transaction():
            # Without a name it replaces the last one, and the transaction keeps it on one server connection.
            prepared = await connection.prepare(statement, name="")
            return [tuple(row) for row in await prepared.fetch(*arguments)]

    async def freshen(self) -> None:
        """See `Pool.freshen`: the pool replaces all its connections as they are lent."""
        await self.pool.expire_connections()

    async def close(self) -> None:
        """Do nothing: it is the caller's."""

    @asynccontextmanager
    async def _connection(self, patience: float) -> AsyncGenerator[Any]:
        """Lend a connection; one that was given up in the middle of an answer isn't waited for, but cut."""
        connection = await self.pool.acquire(timeout=patience)
        try:
            yield connection
        except asyncio.CancelledError:
            connection.terminate()
            raise
        finally:
            await self.pool.release(connection)


def adapted(pool: object) -> Pool:
    """Tell which driver a pool is of.

    Raises:
        InvalidArgument: Neither.
    """
    families = {kind.__module__.partition(".")[0] for kind in type(pool).__mro__}
    if "psycopg_pool" in families:
        return PsycopgPool(cast("AsyncConnectionPool[Any]", pool))
    if "asyncpg" in families:
        return AsyncpgAdapter(pool)
    raise InvalidArgument(
        f"a store takes a psycopg_pool.AsyncConnectionPool or an asyncpg.Pool, not {type(pool).__name__}"
    )
