"""What is particular to `PostgresStore`: its tables, what the server refuses, and what is on the disk."""
# ruff: noqa: S608 - the names of schemas are made up by the tests

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest
from attrs import evolve

from miniapp_tp import InvalidArgument, PostgresStore, StoreError, open_store
from miniapp_tp.stores import Entry, Key
from miniapp_tp.stores.migrating import migrate_store
from miniapp_tp.stores.postgres_schema import STEPS, migration
from tests.support.canaries import CORE, Listening, sings, texts_of
from tests.support.databases import asked, assert_silent, pool_of, store_on, url_of
from tests.support.servers import POSTGRES, inside, need, postgres_schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

KEY = Key("baidu:component", "app", "15000001")
VALUE = f"45.{CORE}".encode()
DRIVERS = pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])


@pytest.fixture
async def schema() -> AsyncIterator[str]:
    need(POSTGRES)
    async with postgres_schema() as schema:
        yield schema


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
        with pytest.raises(InvalidArgument, match=r"not (NoneType|object|str)"):
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
        with pytest.raises(StoreError, match=r"run `miniapp-tp store migrate`: its tables have version 1, .* needs 2"):
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
        await asked(f"""INSERT INTO "{schema}".entries VALUES ('c', 'app', 'more', 1, %s)""", VALUE)
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
                attributes: dict[str, object] = vars(cast("object", inside(store, "_store")))
                assert not sings(repr(attributes))
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
            RETURN NEW; END $$"""
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
        assert await inside(store, "_store").risks() == ()
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    async with aclosing(open_store(url_of(schema))) as store:
        inner = inside(store, "_store")
        monkeypatch.setattr(inner, "_statements", _saying(inner, "SELECT 1, 'off', 'on'"))
        for _ in range(2):
            await store.load(KEY)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    risk = "set `fsync` and `full_page_writes` on: a power cut can lose every token"
    assert said == [f"the token store in PostgreSQL (schema {schema}): {risk}"]


def _saying(store: Any, risks: str) -> Any:  # noqa: ANN401 - the store's own
    return evolve(inside(store, "_statements"), check=risks)
