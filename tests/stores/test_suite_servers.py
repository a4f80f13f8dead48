"""The conformance suite, over every store that has a server, and over what may stand in between."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import RedisCluster

from miniapp_tp.stores import TokenStore
from miniapp_tp.stores.postgres import PostgresStore
from miniapp_tp.stores.redis import RedisStore
from miniapp_tp.stores.sealed import SealedStore
from miniapp_tp.stores.sqlite import SqliteStore
from miniapp_tp.testing import TokenStoreSuite
from tests.support.proxies import pooler
from tests.support.servers import (
    POSTGRES,
    REDIS,
    asyncpg,
    need,
    postgres_schema,
    redis_client,
    redis_cluster,
    redis_prefix,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from tests.support.servers import RedisServer

Advance = Callable[[float], Awaitable[None]]
Maker = Callable[[], TokenStore]
KEY = secrets.token_bytes(32)


class OnServer(TokenStoreSuite):
    """Two stores in one place; time goes by for leases by moving their ends."""

    seconds: ClassVar[float] = 600.0

    @pytest.fixture
    def make(self) -> Maker:
        raise NotImplementedError

    @pytest.fixture
    async def store(self, make: Maker) -> AsyncIterator[TokenStore]:
        store = make()
        yield store
        await store.aclose()

    @pytest.fixture
    async def another(self, make: Maker) -> AsyncIterator[TokenStore]:
        store = make()
        yield store
        await store.aclose()


class Sealing:
    """Seals what another class's stores keep."""

    @pytest.fixture
    async def store(self, make: Maker) -> AsyncIterator[TokenStore]:
        store = SealedStore(make(), KEY)
        yield store
        await store.aclose()

    another = store


# --- Redis ------------------------------------------------------------------------------------------------------------


class OnRedis(OnServer):
    @pytest.fixture
    async def client(self) -> AsyncIterator[Any]:
        async with redis_client(need(REDIS)) as client:
            yield client

    @pytest.fixture
    async def prefix(self, client: Any) -> AsyncIterator[str]:  # noqa: ANN401 - one or the other client
        async with redis_prefix(client) as prefix:
            yield prefix

    @pytest.fixture
    def make(self, client: Any, prefix: str) -> Maker:  # noqa: ANN401 - see above
        return lambda: RedisStore(client, prefix=prefix)

    @pytest.fixture
    def advance(self, client: Any, prefix: str) -> Advance:  # noqa: ANN401 - see above
        async def advance(seconds: float) -> None:
            await age(client, prefix, seconds)

        return advance


async def age(client: Any, prefix: str, seconds: float) -> None:  # noqa: ANN401 - of either kind
    """Let time go by for the leases of a prefix, and for what is to be forgotten."""
    milliseconds = round(seconds * 1000)
    async for name in client.scan_iter(f"{prefix}:*}}:of:*"):
        if await client.hexists(name, "until"):
            await client.hincrby(name, "until", -milliseconds)
        left = await client.pttl(name)
        if 0 <= left <= milliseconds:
            await client.delete(name)
        elif left > 0:
            await client.pexpire(name, left - milliseconds)


class TestRedisStore(OnRedis):
    pass


class TestRedisStoreThatIsSealed(Sealing, OnRedis):
    pass


class TestRedisStoreOnAClientThatDecodes(OnRedis):
    @pytest.fixture
    async def client(self) -> AsyncIterator[Any]:
        async with redis_client(need(REDIS), decode_responses=True, protocol=2, encoding="latin-1") as client:
            yield client

    @pytest.fixture
    async def prefix(self) -> AsyncIterator[str]:
        async with redis_client(need(REDIS)) as client, redis_prefix(client) as prefix:
            yield prefix

    @pytest.fixture
    async def advance(self, prefix: str) -> AsyncIterator[Advance]:
        async with redis_client(need(REDIS)) as client:

            async def advance(seconds: float) -> None:
                await age(client, prefix, seconds)

            yield advance


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RedisServer]]:
    with redis_cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


class TestRedisStoreInACluster(OnRedis):
    @pytest.fixture
    async def client(self, cluster: list[RedisServer]) -> AsyncIterator[Any]:
        async with cast("Any", RedisCluster).from_url(cluster[0].url) as client:
            yield client


class TestRedisStoreInAClusterThatIsSealed(Sealing, TestRedisStoreInACluster):
    pass


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def psycopg_pool(url: str, **kwargs: Any) -> AsyncGenerator[Any]:  # noqa: ANN401 - whatever a pool may be set to
    async with AsyncConnectionPool(url, min_size=1, max_size=4, kwargs=kwargs, open=False) as pool:
        yield pool


class OnPostgres(OnServer):
    @pytest.fixture
    def url(self) -> str:
        return need(POSTGRES)

    @pytest.fixture
    async def schema(self, url: str) -> AsyncIterator[str]:
        async with postgres_schema() as schema:
            yield schema

    @pytest.fixture
    async def pool(self, url: str) -> AsyncIterator[Any]:
        async with psycopg_pool(url) as pool:
            yield pool

    @pytest.fixture
    def make(self, pool: Any, schema: str) -> Maker:  # noqa: ANN401 - one or the other pool
        return lambda: PostgresStore(pool, schema=schema)

    @pytest.fixture
    def advance(self, schema: str) -> Advance:
        async def advance(seconds: float) -> None:
            async with await psycopg.AsyncConnection.connect(POSTGRES, autocommit=True) as connection:
                statement = f"""UPDATE "{schema}".entries
                    SET until = until - make_interval(secs => %(s)s),
                        forgotten = forgotten - make_interval(secs => %(s)s)"""  # noqa: S608
                await connection.execute(statement.encode(), {"s": seconds})

        return advance


class TestPostgresStoreOnPsycopg(OnPostgres):
    pass


class TestPostgresStoreOnPsycopgThatIsSealed(Sealing, OnPostgres):
    pass


class OnAsyncpg(OnPostgres):
    @pytest.fixture
    async def pool(self, url: str) -> AsyncIterator[Any]:
        async with asyncpg.create_pool(url, min_size=1, max_size=4) as pool:
            yield pool


class TestPostgresStoreOnAsyncpg(OnAsyncpg):
    pass


class TestPostgresStoreOnAsyncpgThatIsSealed(Sealing, OnAsyncpg):
    pass


class BehindAPooler(OnPostgres):
    @pytest.fixture
    async def url(self) -> AsyncIterator[str]:
        async with pooler(need(POSTGRES)) as (_pooler, url):
            yield url


class TestPostgresStoreOnPsycopgBehindAPooler(BehindAPooler):
    pass


class TestPostgresStoreOnAsyncpgBehindAPooler(BehindAPooler, OnAsyncpg):
    pass


# --- a file -----------------------------------------------------------------------------------------------------------


class TestSqliteStoreThatIsSealed(TokenStoreSuite):
    """Leases run on a clock of ours."""

    @pytest.fixture
    def times(self) -> list[float]:
        return [1_700_000_000.0]

    @pytest.fixture
    def advance(self, times: list[float]) -> Advance:
        async def advance(seconds: float) -> None:
            times[0] += seconds

        return advance

    @pytest.fixture
    async def store(self, tmp_path: Path, times: list[float]) -> AsyncIterator[TokenStore]:
        store = SealedStore(SqliteStore(tmp_path / "tokens.db", clock=lambda: times[0]), KEY)
        yield store
        await store.aclose()

    another = store
