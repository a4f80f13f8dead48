"""What is particular to `PostgresStore`: its tables, its two drivers, poolers, and connections that are cut."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from miniapp_tp import InvalidArgument, PostgresStore, StoreError, open_store
from miniapp_tp.stores import Entry, Key, Lease, migrate_store
from miniapp_tp.stores.postgres_schema import STEPS, migration
from tests.support.canaries import CORE, Listening, frames_of, sings, texts_of
from tests.support.proxies import line, pooler, through
from tests.support.servers import POSTGRES, free_port, need, postgres_schema

KEY = Key("baidu:component", "app", "15000001")
VALUE = f"45.{CORE}".encode()
DRIVERS = pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])


@pytest.fixture
async def schema() -> AsyncIterator[str]:
    need(POSTGRES)
    async with postgres_schema() as schema:
        yield schema


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
        async with asyncpg.create_pool(url, min_size=1, max_size=3) as pool:
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


def say(line: str) -> None:
    """Show figures; `pytest -s` lets them through."""
    sys.stdout.write(f"\n[stores] {line}\n")


# --- tables -----------------------------------------------------------------------------------------------------------


async def test_tables_are_made_by_many_at_once(schema: str) -> None:
    async def used() -> Entry:
        async with aclosing(open_store(url_of(schema))) as store:
            return await store.load(KEY)

    assert await asyncio.gather(*(used() for _ in range(8))) == [Entry(None, 0)] * 8
    assert await asked(f'SELECT version FROM "{schema}".about') == [(1,)]


@pytest.mark.parametrize("name", ["odd \"name' %s $1 {steps}", "a" * 63, "百度"])
async def test_a_schema_may_have_any_name(schema: str, name: str) -> None:
    name = f"{name}{schema}"[-63:] if name.isascii() and len(name) < 63 else f"{schema[-20:]}{name}"[:63]
    try:
        async with store_on("psycopg", name) as store:
            assert await store.save(KEY, b"one", version=0) == 1
            assert await store.load(KEY) == Entry(b"one", 1)
    finally:
        await asked('DROP SCHEMA "' + name.replace('"', '""').replace("%", "%%") + '" CASCADE')


@pytest.mark.parametrize("name", ["", "a\0b", "a" * 64, "百" * 22])
async def test_a_schema_that_is_none(name: str) -> None:
    async with pool_of("psycopg") as pool:
        with pytest.raises(InvalidArgument, match="a schema has a name of 1 to 63 bytes"):
            PostgresStore(pool, schema=name)


def test_what_is_no_pool() -> None:
    for other in (None, object(), "postgresql://localhost"):
        pool: Any = other
        with pytest.raises(InvalidArgument, match="not (NoneType|object|str)"):
            PostgresStore(pool)


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (2, "its tables have version 2, this miniapp_tp knows 1: update miniapp_tp"),
        (0, "run `miniapp-tp store migrate`|its schema"),
    ],
)
async def test_tables_of_another_version(schema: str, there: int, says: str) -> None:
    async with aclosing(open_store(url_of(schema))) as store:
        await store.load(KEY)
    await asked(f'UPDATE "{schema}".about SET version = %s', there)
    async with aclosing(open_store(url_of(schema))) as store:
        for job in (store.load(KEY), migrate_store(store)):
            with pytest.raises(StoreError, match=says if there else "can't be used") as caught:
                await job
            assert not caught.value.retryable
    assert await asked(f'SELECT version FROM "{schema}".about') == [(there,)]


async def test_migrating_what_is_new(schema: str) -> None:
    async with aclosing(open_store(url_of(schema))) as store:
        assert [await migrate_store(store) for _ in range(2)] == [(0, 1), (1, 1)]
        assert await store.save(KEY, b"one", version=0) == 1


async def test_a_step_to_a_later_version(schema: str) -> None:
    """All of it or nothing; what was kept stays; and a package that doesn't know the version keeps its hands off."""
    step = "ALTER TABLE {schema}.entries ADD COLUMN more text;"
    async with aclosing(open_store(url_of(schema))) as store:
        assert await store.save(KEY, b"one", version=0) == 1
        with pytest.raises(psycopg.Error):
            await asked(migration(schema, (*STEPS, step + "SELECT nonsense;")).replace("%", "%%"))
        assert await asked(f'SELECT version FROM "{schema}".about') == [(1,)]
        for _ in range(2):
            await asked(migration(schema, (*STEPS, step)).replace("%", "%%"))
        assert await asked(f'SELECT about.version, more FROM "{schema}".about, "{schema}".entries') == [(2, None)]
        assert await store.load(KEY) == Entry(b"one", 1)
    async with aclosing(open_store(url_of(schema))) as store:
        with pytest.raises(StoreError, match="update miniapp_tp"):
            await store.load(KEY)


async def test_an_older_version_asks_for_the_command(schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the next version of this package will find today's tables."""
    async with aclosing(open_store(url_of(schema))) as store:
        assert await store.save(KEY, b"one", version=0) == 1
    monkeypatch.setattr("miniapp_tp.stores.postgres.SCHEMA_VERSION", 2)
    steps = (*STEPS, "ALTER TABLE {schema}.entries ADD COLUMN more text;")
    monkeypatch.setattr("miniapp_tp.stores.postgres_schema.STEPS", steps)
    async with aclosing(open_store(url_of(schema))) as store:
        with pytest.raises(StoreError, match="run `miniapp-tp store migrate`: its tables have version 1, .* needs 2"):
            await store.load(KEY)
        assert await migrate_store(store) == (1, 2)
        assert await store.load(KEY) == Entry(b"one", 1)


async def test_a_user_who_may_not_make_tables(schema: str) -> None:
    """Somebody who may runs the command; then the user needs no more than the rows."""
    role = f"role_{schema[-20:]}"
    await asked(f'CREATE ROLE "{role}" LOGIN')
    url = url_of(schema).replace("//postgres@", f"//{role}@")
    try:
        async with aclosing(open_store(url)) as store:
            with pytest.raises(StoreError, match=r"its user lacks a right: .* \(42501\)") as caught:
                await store.load(KEY)
            assert not caught.value.retryable
            async with aclosing(open_store(url_of(schema))) as other:
                assert await migrate_store(other) == (0, 1)
            await asked(f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"')
            await asked(f'GRANT SELECT ON "{schema}".about TO "{role}"')
            await asked(f'GRANT SELECT, INSERT, UPDATE ON "{schema}".entries TO "{role}"')
            assert await store.save(KEY, b"one", version=0) == 1
    finally:
        await asked(f'DROP OWNED BY "{role}"')
        await asked(f'DROP ROLE "{role}"')


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def heard() -> Iterator[Listening]:
    """Listen to every logger at every level."""
    heard, root = Listening(), logging.getLogger()
    loggers = [root, logging.getLogger("psycopg"), logging.getLogger("asyncpg")]
    levels = [one.level for one in loggers]
    root.addHandler(heard)
    for one in loggers:
        one.setLevel(logging.DEBUG)
    yield heard
    for one, level in zip(loggers, levels, strict=True):
        one.setLevel(level)
    root.removeHandler(heard)
    assert [text for text in heard.texts if sings(text)] == []


@DRIVERS
@pytest.mark.parametrize(
    ("rule", "echo"),
    [
        ("ADD CONSTRAINT one UNIQUE (value)", "already exists"),
        ("ADD CONSTRAINT small CHECK (octet_length(value) < 3)", "Failing row contains"),
    ],
    ids=["duplicate", "check"],
)
async def test_no_row_is_echoed(driver: str, rule: str, echo: str, schema: str, heard: Listening) -> None:
    """Really provoked; and the driver's own error does show the row."""
    async with store_on(driver, schema) as store:
        await store.load(KEY)
        await asked(f'ALTER TABLE "{schema}".entries {rule}')
        if echo == "already exists":
            await store.save(Key("c", "app", "other"), VALUE, version=0)
        with pytest.raises(StoreError, match=r"it refused \(23505\)|it refused \(23514\)") as caught:
            await store.save(KEY, VALUE, version=0)
        assert_silent(caught.value)
        assert VALUE.hex() not in "".join(found for _, found in texts_of(caught.value))
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
    with pytest.raises(psycopg.Error) as raw:
        await asked(f"""INSERT INTO "{schema}".entries VALUES ('c', 'app', 'more', 1, %s)""", VALUE)  # noqa: S608
    assert echo in str(raw.value)
    assert VALUE.hex()[:30] in str(raw.value)


@DRIVERS
async def test_no_log_holds_a_value(driver: str, schema: str, heard: Listening) -> None:
    asyncio.get_running_loop().set_debug(True)
    async with store_on(driver, schema) as store:
        await store.save(KEY, VALUE, version=0)
        assert (await store.load(KEY)).value == VALUE
        with pytest.raises(StoreError):
            await store.save(Key("c", "k", "n"), VALUE, version=2**63 - 1)
    assert heard.texts or driver == "asyncpg"


async def test_no_log_and_no_error_holds_a_password(schema: str, heard: Listening) -> None:
    await asked(f"CREATE ROLE \"{schema}\" LOGIN PASSWORD '{CORE}-password'")
    try:
        for url in (
            url_of(schema).replace("//postgres@", f"//{schema}:{CORE}-password@"),
            url_of(schema).replace("//postgres@", f"//nobody-{schema[-9:]}:{CORE}-password@"),
            f"postgresql://{schema}:{CORE}-password@127.0.0.1:1/db",
        ):
            async with aclosing(open_store(url)) as store:
                assert not sings(repr(store))
                assert not sings(repr(vars(vars(store)["_store"])))
                with pytest.raises(StoreError) as caught:
                    await store.load(KEY)
                assert_silent(caught.value)
    finally:
        await asked(f'DROP ROLE "{schema}"')


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (("/postgres?", "/there-is-none?"), "there is no such database (3D000)"),
        (("//postgres@", "//there-is-none@"), "it refused the user (28000)"),
        ((":5432/", ":1/"), "or the connection was lost: is the address right? (OperationalError)"),
    ],
)
async def test_addresses_that_lead_nowhere(changes: tuple[str, str], says: str, schema: str) -> None:
    """Told at once, not after the patience of a pool."""
    url = url_of(schema).replace(*changes)
    if url == url_of(schema):
        pytest.skip("the server of these tests is at another address")
    started = time.monotonic()
    async with aclosing(open_store(url)) as store:
        with pytest.raises(StoreError) as caught:
            await store.load(KEY)
    assert says in str(caught.value)
    assert time.monotonic() - started < 5


async def test_tables_that_are_dropped_in_use(schema: str) -> None:
    async with aclosing(open_store(url_of(schema))) as store:
        await store.load(KEY)
        await asked(f'DROP SCHEMA "{schema}" CASCADE')
        with pytest.raises(StoreError, match="its tables were removed while in use"):
            await store.load(KEY)


# --- durability -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("default", "then"), [("off", "on"), ("on", "on"), ("local", "local")])
async def test_saving_waits_for_the_disk_whatever_the_default(schema: str, default: str, then: str) -> None:
    """And leases do as the server does. A trigger writes down what was in force."""
    async with aclosing(open_store(url_of(schema, options=f"-csynchronous_commit%3D{default}"))) as store:
        await store.load(KEY)
        await asked(f'CREATE TABLE "{schema}".seen (what text, setting text)')
        await asked(
            f"""CREATE FUNCTION "{schema}".see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO "{schema}".seen VALUES (NEW.owner, current_setting('synchronous_commit'));
            RETURN NEW; END $$"""  # noqa: S608
        )
        await asked(
            f'CREATE TRIGGER see AFTER INSERT OR UPDATE ON "{schema}".entries FOR EACH ROW '
            f'EXECUTE FUNCTION "{schema}".see()'
        )
        for version in range(2):
            assert await store.save(KEY, b"one", version=version) == version + 1
        assert await store.acquire(KEY, "one", 5.0) is not None
    assert await asked(f'SELECT what, setting FROM "{schema}".seen') == [("", then), ("", then), ("one", default)]


async def test_settings_that_may_lose_tokens(
    schema: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This server has its `fsync` on, hopefully; so what it says is made up."""
    async with aclosing(open_store(url_of(schema))) as store:
        await store.load(KEY)
        assert await vars(store)["_store"].risks() == ()
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    async with aclosing(open_store(url_of(schema))) as store:
        inner = vars(store)["_store"]
        monkeypatch.setattr(inner, "_statements", _saying(inner, "SELECT 1, 'off', 'on'"))
        for _ in range(2):
            await store.load(KEY)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == [
        f"the token store in PostgreSQL (schema {schema}): set `fsync` and `full_page_writes` on: a power "
        "cut can lose every token"
    ]


def _saying(store: Any, risks: str) -> Any:  # noqa: ANN401 - the store's own
    from attrs import evolve

    return evolve(vars(store)["_statements"], check=risks)


# --- connections ------------------------------------------------------------------------------------------------------


async def cut_all(name: str) -> int:
    """Have the server end the connections of one application."""
    statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
    return len(await asked(statement, name))


@DRIVERS
async def test_idle_connections_that_were_cut(driver: str, schema: str) -> None:
    """The next call gets another one, and its caller notices nothing."""
    async with store_on(driver, schema, f"{POSTGRES}?application_name={schema}") as store:
        assert await asyncio.gather(*(store.load(KEY) for _ in range(20))) == [Entry(None, 0)] * 20
        for number in range(3):
            assert await cut_all(schema) > 0
            assert await store.save(KEY, b"one", version=number) == number + 1


@DRIVERS
async def test_connections_that_are_cut_in_the_middle_of_a_call(driver: str, schema: str) -> None:
    """Each save that succeeded is there, each that didn't says so, and versions never go astray."""
    async with store_on(driver, schema, f"{POSTGRES}?application_name={schema}") as store:
        await store.load(KEY)
        done = asyncio.Event()
        cuts = 0

        async def cut() -> None:
            nonlocal cuts
            while not done.is_set():
                cuts += await cut_all(schema)
                await asyncio.sleep(0.02)  # or else nothing would be in the middle of anything

        async def write(name: str) -> int:
            key, version, failures = Key("c", "app", name), 0, 0
            while version < 15:
                try:
                    assert await store.save(key, b"%d" % version, version=version) == version + 1
                except StoreError as error:
                    assert error.retryable
                    assert_silent(error)
                    failures += 1
                entry = await _loaded(store, key)
                assert entry.version in {version, version + 1}
                version = entry.version
                assert entry.value == (b"%d" % (version - 1) if version else None)
            return failures

        cutting = asyncio.create_task(cut())
        failures = sum(await asyncio.gather(*(write(f"{number}") for number in range(4))))
        done.set()
        await cutting
    assert cuts > 0
    say(f"{driver}: {cuts} connections cut under 60 saves, {failures} StoreErrors, none lost, none twice")


async def _loaded(store: PostgresStore, key: Key) -> Entry:
    for _ in range(100):
        with contextlib.suppress(StoreError):
            return await store.load(key)
    raise AssertionError("a hundred attempts failed")


@DRIVERS
async def test_an_answer_that_is_lost(driver: str, schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement was carried out; sent again, it gives the same answer."""
    async with store_on(driver, schema) as store:
        await store.load(KEY)
        pool, losses = vars(store)["_pool"], [1]
        run = type(pool).run

        async def losing(self: Any, *arguments: Any) -> Any:  # noqa: ANN401 - the pool's own
            rows = await run(self, *arguments)
            if losses:
                losses.pop()
                raise ConnectionResetError
            return rows

        monkeypatch.setattr(type(pool), "run", losing)
        assert await store.save(KEY, b"one", version=0) == 1
        losses.append(1)
        lease = await store.acquire(KEY, "one", 600.0)
        losses.append(1)
        assert await store.save(KEY, b"two", version=1, lease=lease) == 2
        losses.append(1)
        assert await store.save(KEY, None, version=2) == 3
        losses.append(1)
        assert lease is not None
        assert await store.renew(lease, 600.0) is True
        assert await store.save(KEY, b"lost", version=2) is None
        assert await store.load(KEY) == Entry(None, 3)


@DRIVERS
async def test_a_server_that_never_answers(driver: str, schema: str) -> None:
    async with AsyncExitStack() as cut:
        made, url = await cut.enter_async_context(line(POSTGRES))
        store = await cut.enter_async_context(store_on(driver, schema, url, 0.3))
        cut.push_async_callback(made.cut)
        await store.load(KEY)
        made.is_dead = True
        started = time.monotonic()
        with pytest.raises(StoreError) as caught:
            await store.load(KEY)
        assert time.monotonic() - started < 5
        assert caught.value.retryable
        assert_silent(caught.value)


@DRIVERS
async def test_a_cancelled_caller_stops_waiting_and_the_work_is_done(driver: str, schema: str) -> None:
    async with line(POSTGRES) as (made, url), store_on(driver, schema, url) as store:
        await store.load(KEY)
        made.delay = 0.1
        save = asyncio.create_task(store.save(KEY, b"one", version=0))
        for _ in range(3):
            await asyncio.sleep(0)
        save.cancel()
        assert [type(end) for end in await asyncio.gather(save, return_exceptions=True)] == [asyncio.CancelledError]
        made.delay = 0.0
        await vars(store)["_calls"].land()
        assert await store.load(KEY) == Entry(b"one", 1)


async def test_leases_run_on_the_servers_clock(schema: str) -> None:
    async with store_on("psycopg", schema) as store:
        lease = await store.acquire(KEY, "one", 0.3)
        left = await asked(f'SELECT extract(epoch FROM until - clock_timestamp()) FROM "{schema}".entries')  # noqa: S608
        assert float(left[0][0]) <= 0.3
        deadline = time.monotonic() + 60
        while await store.acquire(KEY, "two", 5.0) is None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        assert lease is not None
        assert await store.renew(lease, 5.0) is False
        assert await store.acquire(Key("c", "k"), "one", 1e300) == Lease(Key("c", "k"), "one", 1)


async def test_asking_for_a_lease_that_another_has_locks_nothing(schema: str) -> None:
    """Many wait for one, and ask often."""
    async with store_on("psycopg", schema) as store:
        await store.acquire(KEY, "one", 600.0)
        async with await psycopg.AsyncConnection.connect(POSTGRES) as connection:
            await connection.execute(f'SELECT FROM "{schema}".entries FOR UPDATE'.encode())  # noqa: S608
            assert await store.acquire(KEY, "two", 600.0) is None


# --- poolers ----------------------------------------------------------------------------------------------------------


async def used_through(driver: str, schema: str, url: str) -> None:
    """Everything that a store does, from three pools' worth of connections at once."""
    async with store_on(driver, schema, url) as store:

        async def live(number: int) -> None:
            key = Key("c", "app", f"{number}")
            for version in range(5):
                lease = await store.acquire(key, "one", 60.0)
                assert lease is not None
                assert await store.save(key, b"%d" % version, version=version, lease=lease) == version + 1
                assert await store.renew(lease, 60.0)
                assert await store.load(key) == Entry(b"%d" % version, version + 1)
                await store.release(lease)

        await asyncio.gather(*(live(number) for number in range(6)))
        assert sorted([name async for name in store.names("c", "app")]) == list("012345")


@DRIVERS
async def test_behind_a_pooler_that_mixes_connections(driver: str, schema: str) -> None:
    async with pooler(need(POSTGRES)) as (made, url):
        await used_through(driver, schema, url)
        assert made.transactions > 100


async def test_that_pooler_breaks_what_relies_on_a_session(schema: str) -> None:
    """Or else the test before would prove nothing: asyncpg's usual calls fail there."""
    async with pooler(need(POSTGRES)) as (_, url), asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
        with pytest.raises(asyncpg.InvalidSQLStatementNameError):
            for _ in range(3):
                await pool.fetch("SELECT $1::int", 1)


PGBOUNCER = shutil.which("pgbouncer")


# Not where it's missing: the pooler above is stricter, and it is always there.
@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"] if PGBOUNCER else [])
async def test_behind_pgbouncer(driver: str, schema: str, tmp_path: Path) -> None:
    parts, port = urlsplit(need(POSTGRES)), free_port()
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host={parts.hostname} port={parts.port} user={parts.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 3\nmin_pool_size = 3\n",
        encoding="utf-8",
    )
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = await asyncio.create_subprocess_exec(str(PGBOUNCER), *user, str(settings), stderr=asyncio.subprocess.PIPE)
    try:
        assert process.stderr is not None
        async with asyncio.timeout(60):
            while b"process up" not in (said := await process.stderr.readline()):
                assert said, "pgbouncer ended at once"
        await used_through(driver, schema, through(POSTGRES, port))
    finally:
        process.terminate()
        await process.communicate()
