"""What is particular to `RedisStore`: how its server is set up, what that refuses, and answers that are lost."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define
from redis.crc import key_slot
from redis.exceptions import ConnectionError as Cut

from miniapp_tp import InvalidArgument, RedisStore, StoreError, open_store
from miniapp_tp.stores import Entry, Key, Lease
from miniapp_tp.stores.migrating import migrate_store
from tests.support.canaries import CORE, Listening, frames_of, sings, texts_of
from tests.support.proxies import line
from tests.support.servers import DURABLE, REDIS, inside, need, redis_client, redis_prefix, redis_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.servers import RedisServer

KEY = Key("baidu:component", "app", "15000001")
VALUE = f"45.{CORE}".encode()
AT_RISK = "set `appendonly yes` and `appendfsync always`: a power cut can lose tokens that were just saved"


@pytest.fixture
async def client() -> AsyncIterator[Any]:
    async with redis_client(need(REDIS)) as client:
        yield client


@pytest.fixture
async def prefix(client: Any) -> AsyncIterator[str]:  # noqa: ANN401 - see `redis_client`
    async with redis_prefix(client) as prefix:
        yield prefix


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server that may be set up as a test likes; each sets what it needs."""
    with redis_server(tmp_path_factory.mktemp("redis"), *DURABLE) as server:
        yield server


async def asked(server: RedisServer, *command: str) -> object:
    client: Any
    async with redis_client(server.url) as client:
        answer: object = await client.execute_command(*command)
        return answer


def assert_silent(error: BaseException) -> None:
    assert frames_of(error)
    assert [found for found in texts_of(error) if sings(found[1])] == []


# --- how the server is set up -----------------------------------------------------------------------------------------


async def warned(url: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Use a store twice, and give what was logged."""
    caplog.clear()
    async with aclosing(open_store(url)) as store:
        for _ in range(2):
            await store.load(KEY)
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("settings", "risks"),
    [
        ({}, []),
        ({"appendfsync": "everysec"}, [AT_RISK]),
        ({"appendonly": "no"}, [AT_RISK]),
        ({"maxmemory-policy": "allkeys-lru"}, ["set `maxmemory-policy noeviction`: a full server throws tokens away"]),
        ({"maxmemory-policy": "volatile-lru"}, []),
    ],
    ids=str,
)
async def test_settings_that_may_lose_tokens_are_warned_of_once(
    server: RedisServer, settings: dict[str, str], risks: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    usual = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
    for name, value in {**usual, **settings}.items():
        await asked(server, "CONFIG", "SET", name, value)
    begin = "the token store in Redis (prefix miniapp_tp): "
    assert await warned(server.url, caplog) == [begin + risk for risk in risks]
    async with aclosing(open_store(server.url)) as store:
        assert await inside(store, "_store").risks() == tuple(risks)


async def test_settings_that_nobody_may_read(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    password = f"{CORE}-password"
    await asked(server, "ACL", "SETUSER", "app", "on", f">{password}", "~*", "+@all", "-config")
    (said,) = await warned(server.url.replace("//", f"//app:{password}@"), caplog)
    assert "CONFIG GET isn't allowed" in said


async def test_no_log_holds_a_password_or_a_value(server: RedisServer) -> None:
    password, heard, root = f"{CORE}-password", Listening(), logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    await asked(server, "ACL", "SETUSER", "app", "on", f">{password}", "~*", "+@all", "-config")
    asyncio.get_running_loop().set_debug(True)
    async with aclosing(open_store(server.url.replace("//", f"//app:{password}@"))) as store:
        await store.save(KEY, VALUE, version=(await store.load(KEY)).version)
        assert not sings(repr(store))
        assert not sings(repr(inside(store, "_store", "_calls")))
    root.setLevel(level)
    root.removeHandler(heard)
    assert heard.texts
    assert [text for text in heard.texts if sings(text)] == []


# --- what the server refuses ------------------------------------------------------------------------------------------


async def failed(url: str, *, retryable: bool = False) -> str:
    """Save, and give what is said instead; it says nothing secret."""
    async with aclosing(open_store(url)) as store:
        with pytest.raises(StoreError) as caught:
            await store.save(Key("baidu:component", "app", "new"), VALUE, version=0)
    assert_silent(caught.value)
    assert caught.value.retryable is retryable
    return str(caught.value)


async def test_a_wrong_password(server: RedisServer) -> None:
    said = await failed(server.url.replace("//", f"//app:{CORE}-wrong@"))
    assert "it refused the user name or the password (AuthenticationError)" in said


async def test_a_user_who_may_not_do_what_is_needed(server: RedisServer) -> None:
    await asked(server, "ACL", "SETUSER", "reader", "on", f">{CORE}", "~*", "+@read")
    assert "its access list forbids this user" in await failed(server.url.replace("//", f"//reader:{CORE}@"))


async def test_a_server_that_is_full(server: RedisServer) -> None:
    async with aclosing(open_store(server.url)) as store:
        await store.load(KEY)
    await asked(server, "CONFIG", "SET", "maxmemory", "1")
    try:
        assert "is full (maxmemory): make room" in await failed(server.url)
    finally:
        await asked(server, "CONFIG", "SET", "maxmemory", "0")


async def test_a_server_that_is_away() -> None:
    said = await failed("redis://127.0.0.1:1", retryable=True)
    assert "there is none to be had: is it running? (ConnectionError)" in said


@pytest.mark.parametrize("what", ["is dead", "is slow"])
async def test_a_server_that_never_answers(what: str, prefix: str) -> None:
    """Whoever asks is told in time, and the store closes in time too."""
    started = time.monotonic()
    async with line(REDIS, 3600.0 if what == "is slow" else 0.0) as (made, url), redis_client(url) as client:
        made.is_dead = what == "is dead"
        async with aclosing(RedisStore(client, prefix=prefix, patience=0.3)) as store:
            with pytest.raises(StoreError, match=r"gave no answer (within 0.3 s|in time)") as caught:
                await store.load(KEY)
    assert_silent(caught.value)
    assert caught.value.retryable
    assert time.monotonic() - started < 10


# --- the layout -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ("2", "its layout has version 2, this miniapp_tp knows 1: update miniapp_tp"),
        ("0", "run `miniapp-tp store migrate`: its layout has version 0, this miniapp_tp needs 1"),
        ("hello", "its keys are another application's: choose another prefix"),
        ("-1", "its keys are another application's: choose another prefix"),
    ],
)
async def test_a_layout_of_another_version(
    client: Any,  # noqa: ANN401 - see `redis_client`
    prefix: str,
    there: str,
    says: str,
) -> None:
    await client.set(f"{prefix}:schema", there)
    assert says in await failed(f"{REDIS}?prefix={prefix}")
    async with aclosing(open_store(f"{REDIS}?prefix={prefix}")) as store:
        if there == "0":
            assert await migrate_store(store) == (0, 1)
            assert await store.save(KEY, VALUE, version=0) == 1
        else:
            with pytest.raises(StoreError, match=r"update miniapp_tp|another application's"):
                await migrate_store(store)
            assert await client.get(f"{prefix}:schema") == there.encode()


async def test_migrating_what_is_new(
    client: Any,  # noqa: ANN401 - see `redis_client`
    prefix: str,
) -> None:
    async with aclosing(RedisStore(client, prefix=prefix)) as store:
        assert [await migrate_store(store) for _ in range(2)] == [(0, 1), (1, 1)]
        assert await client.get(f"{prefix}:schema") == b"1"


@pytest.mark.parametrize("prefix", ["", "a{b", "a}b"])
def test_a_prefix_that_is_none(prefix: str) -> None:
    client: Any = None
    with pytest.raises(InvalidArgument, match="a prefix is some text"):
        RedisStore(client, prefix=prefix)


@pytest.mark.parametrize("patience", [0.0, -1.0, float("nan"), float("inf")])
def test_patience_that_is_none(patience: float) -> None:
    client: Any = None
    with pytest.raises(InvalidArgument, match="patience is a positive number"):
        RedisStore(client, patience=patience)


async def test_all_keys_of_a_kind_share_a_slot_whatever_is_in_them(
    client: Any,  # noqa: ANN401 - see `redis_client`
    prefix: str,
) -> None:
    slots: dict[str, set[int]] = {}
    async with aclosing(RedisStore(client, prefix=prefix)) as store:
        for component in ("baidu:one", "baidu:two", "a}b", "{a}b", "{", "}", ""):
            for name in ("1", "{2}", "}{3"):
                await store.save(Key(component, "k}{", name), b"one", version=0)
            known = {slot for found in slots.values() for slot in found}
            now = {key_slot(key) async for key in client.scan_iter(f"{prefix}:{{*") if key_slot(key) not in known}
            slots[component] = now
    assert [len(found) for found in slots.values()] == [1] * len(slots)


# --- answers that are lost --------------------------------------------------------------------------------------------


@define
class Losing:
    """A client that loses the answers to some scripts, after they have been carried out.

    Attributes:
        client: The real one.
        losses: How many answers it still loses.
        sent: How many scripts it has sent.
    """

    client: Any
    losses: int = 0
    sent: int = 0

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - the driver's own
        answer = await self.client.execute_command(*args, **options)
        self.sent += 1
        if self.losses:
            self.losses -= 1
            raise Cut
        return answer

    async def aclose(self) -> None:
        raise AssertionError("a client that was given isn't closed")


async def test_a_lost_answer_is_asked_for_again(
    client: Any,  # noqa: ANN401 - see `redis_client`
    prefix: str,
) -> None:
    """The writer is told what came of it, as if nothing had been lost; nothing is done twice."""
    losing = Losing(client)
    async with aclosing(RedisStore(losing, prefix=prefix)) as store:
        await store.load(KEY)
        losing.sent = 0
        losing.losses = 1
        assert await store.save(KEY, b"one", version=0) == 1
        losing.losses = 1
        lease = await store.acquire(KEY, "one", 600.0)
        assert lease is not None
        losing.losses = 1
        assert await store.save(KEY, b"two", version=1, lease=lease) == 2
        losing.losses = 1
        assert await store.renew(lease, 600.0) is True
        losing.losses = 1
        assert await store.save(KEY, None, version=2) == 3
        losing.losses = 1
        assert await store.load(KEY) == Entry(None, 3)
        assert losing.sent == 12
        assert await store.save(KEY, b"lost", version=2) is None
        losing.losses = 2
        with pytest.raises(StoreError, match="the connection was lost"):
            await store.save(KEY, b"four", version=3)
        assert await store.load(KEY) == Entry(b"four", 4)


async def test_a_server_that_forgot_the_scripts(
    client: Any,  # noqa: ANN401 - see `redis_client`
    prefix: str,
    server: RedisServer,
) -> None:
    async with redis_client(server.url) as own, aclosing(RedisStore(own, prefix=prefix)) as store:
        assert await store.save(KEY, b"one", version=0) == 1
        await own.script_flush()
        assert await store.save(KEY, b"two", version=1) == 2


# --- callers ----------------------------------------------------------------------------------------------------------


async def test_a_cancelled_caller_stops_waiting_and_the_work_is_done(prefix: str) -> None:
    async with line(REDIS) as (made, url), aclosing(open_store(f"{url}?prefix={prefix}")) as store:
        await store.load(KEY)
        made.delay = 0.2
        save = asyncio.create_task(store.save(KEY, b"one", version=0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        save.cancel()
        assert [type(end) for end in await asyncio.gather(save, return_exceptions=True)] == [asyncio.CancelledError]
        made.delay = 0.0
        assert await store.load(KEY) in {Entry(b"one", 1), Entry(None, 0)}
        await inside(store, "_store", "_calls").land()
        assert await store.load(KEY) == Entry(b"one", 1)


async def test_leases_run_on_the_servers_clock(
    client: Any,  # noqa: ANN401 - see `redis_client`
    prefix: str,
) -> None:
    async with aclosing(RedisStore(client, prefix=prefix)) as store:
        lease = await store.acquire(KEY, "one", 0.3)
        until = await client.hget(f"{prefix}:{{baidu:component/app}}:of:15000001", "until")
        seconds, micros = await client.time()
        assert until is not None
        assert 0 < float(until) / 1000 - (seconds + micros / 1e6) <= 0.301
        deadline = time.monotonic() + 60
        while await store.acquire(KEY, "two", 5.0) is None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        assert lease is not None
        assert await store.renew(lease, 5.0) is False


async def test_a_lease_for_ever(
    client: Any,  # noqa: ANN401 - see `redis_client`
    prefix: str,
) -> None:
    async with aclosing(RedisStore(client, prefix=prefix)) as store:
        assert await store.acquire(KEY, "one", 1e300) == Lease(KEY, "one", 1)
        assert await store.acquire(KEY, "two", 1.0) is None


async def test_an_error_of_ours_reaches_the_caller(
    client: Any,  # noqa: ANN401 - see `redis_client`
    prefix: str,
) -> None:
    """It isn't disguised as a `StoreError`."""

    class Broken:
        async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - the driver's own
            raise ZeroDivisionError

        async def aclose(self) -> None:
            """Close nothing."""

    async with aclosing(RedisStore(Broken(), prefix=prefix)) as store:
        with pytest.raises(ZeroDivisionError):
            await store.load(KEY)
