"""What stores tell of themselves to those who operate them."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

import pytest

from miniapp_tp import InvalidArgument, StoreError, open_store
from miniapp_tp.stores.describing import Described, describe_store, risks_of_store
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.sqlite import SqliteStore
from tests.support.servers import place, redis_server

if TYPE_CHECKING:
    from pathlib import Path

KEY = secrets.token_bytes(32)
SETTINGS = {
    "memory": {"store": "memory", "lasts": "until the process ends"},
    "sqlite": {"store": "sqlite", "schema_version": "1", "journal_mode": "wal", "synchronous": "FULL"},
    "redis": {"store": "redis", "schema_version": "1"},
    "postgres": {"store": "postgresql", "schema_version": "1"},
}


@pytest.mark.parametrize("key", [None, KEY], ids=["open", "sealed"])
@pytest.mark.parametrize("kind", SETTINGS)
async def test_each_tells_its_settings(kind: str, key: bytes | None, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        url = "memory://" if kind == "memory" else await stack.enter_async_context(place(kind, tmp_path))
        store = await stack.enter_async_context(contextlib.aclosing(open_store(url, key=key)))
        assert isinstance(store, Described)
        told = await describe_store(store)
        assert SETTINGS[kind].items() <= told.items()
        if key is not None or kind != "memory":
            assert told["sealed"] == ("AES-256-GCM" if key else "no")
        if kind == "postgres":  # what they are is up to the server of whoever runs this
            assert {told[name] for name in ("fsync", "full_page_writes")} <= {"on", "off"}
        assert all(isinstance(value, str) for value in told.values())


@pytest.mark.parametrize(("always", "risks"), [(True, 0), (False, 1)])
async def test_redis_tells_how_it_reaches_the_disk(always: bool, risks: int, tmp_path: Path) -> None:  # noqa: FBT001
    settings = ("--appendonly", "yes", "--appendfsync", "always") if always else ()
    with redis_server(tmp_path, *settings) as server:
        async with contextlib.aclosing(open_store(server.url)) as store:
            told = await describe_store(store)
            assert len(await risks_of_store(store)) == risks
    assert told["prefix"] == "miniapp_tp"
    assert (told["appendonly"], told["appendfsync"]) == (("yes", "always") if always else ("no", "everysec"))
    assert told["maxmemory-policy"] == "noeviction"


async def test_the_file_is_named(tmp_path: Path) -> None:
    async with contextlib.aclosing(SqliteStore(tmp_path / "tokens.db")) as store:
        assert (await store.describe())["file"] == str(tmp_path / "tokens.db")
        assert await risks_of_store(store) == ()
    with pytest.raises(InvalidArgument, match="closed"):
        await store.describe()


async def test_one_that_cant_be_asked(tmp_path: Path) -> None:
    async with contextlib.aclosing(open_store("redis://127.0.0.1:1")) as store:
        with pytest.raises(StoreError):
            await describe_store(store)


async def test_one_that_tells_nothing_is_named_by_its_class() -> None:
    class Plain:
        """A store of the user's own."""

    assert await describe_store(Plain()) == {"store": "Plain"}  # type: ignore[arg-type]
    assert await risks_of_store(MemoryStore()) == ()
