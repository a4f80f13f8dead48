"""PostgreSQL for the tests of its store: pools of both drivers, stores on them, and a look behind their backs."""

from __future__ import annotations

import contextlib
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from miniapp_tp import PostgresStore
from tests.support.canaries import frames_of, sings, texts_of
from tests.support.servers import POSTGRES, asyncpg

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


async def asked(statement: str, *arguments: object) -> list[tuple[Any, ...]]:
    """Ask the database about what the store did."""
    async with await psycopg.AsyncConnection.connect(POSTGRES, autocommit=True) as connection:
        await connection.execute("SET client_min_messages = error")
        cursor = await connection.execute(statement.encode(), arguments)
        return await cursor.fetchall() if cursor.description else []


@contextlib.asynccontextmanager
async def pool_of(driver: str, url: str = POSTGRES) -> AsyncGenerator[Any]:
    if driver == "psycopg":
        async with AsyncConnectionPool(url, min_size=1, max_size=3, open=False) as pool:
            yield pool
    else:
        # Without TLS: asyncpg forgets the future of an upgrade whose connection is cut while its caller gives up, and
        # the event loop complains of an exception that nobody retrieved.
        async with asyncpg.create_pool(url, min_size=1, max_size=3, ssl=False) as pool:
            yield pool


@contextlib.asynccontextmanager
async def store_on(driver: str, schema: str, url: str = POSTGRES, patience: float = 10.0) -> AsyncGenerator[Any]:
    async with pool_of(driver, url) as pool, aclosing(PostgresStore(pool, schema=schema, patience=patience)) as store:
        yield store


def url_of(schema: str, **changes: str) -> str:
    """Write the address of a store with a pool of its own."""
    options = "".join(f"&{name}={value}" for name, value in {"application_name": schema, **changes}.items())
    return f"{POSTGRES}?schema={schema}{options}"


def assert_silent(error: BaseException) -> None:
    assert frames_of(error)
    assert [found for found in texts_of(error) if sings(found[1])] == []
