"""Which store an address means, what arguments are refused, and what a key may be."""

from __future__ import annotations

import sys
import traceback
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.stores import Key, Lease, TokenStore
from miniapp_tp.stores.address import open_store
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.sqlite import SqliteStore
from tests.support.servers import place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

KEY = Key("baidu:component", "app", "15000001")


def test_memory() -> None:
    assert isinstance(open_store("memory://"), MemoryStore)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_sqlite_beside_the_current_folder_and_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means the folder that was current when the store was made."""
    monkeypatch.chdir(tmp_path)
    relative = open_store("sqlite:///one 100%.db")
    absolute = open_store(f"sqlite:///{tmp_path}/two.db")
    assert files(tmp_path) == []  # nothing is opened before it is used
    monkeypatch.chdir("/")
    for store in (relative, absolute):
        await store.save(KEY, b"one", version=0)
        await store.aclose()
    assert files(tmp_path) == ["one 100%.db", "two.db"]
    assert repr(absolute) == f"SqliteStore('{tmp_path}/two.db')"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory", "a store's address is one of memory://, sqlite:///relative.db, sqlite:////absolute.db"),
        ("", "a store's address is one of"),
        ("hunter2://", "there is no store hunter2://; there are memory://,"),
        ("mysql://:hunter3@localhost", "there is no store mysql://; there are memory://,"),
        ("redis://:hunter3@localhost:port", "the driver can't read that address of a redis store"),
        ("redis://:hunter3@localhost?max_connections=hunter3", "the driver can't read that address of a redis store"),
        ("redis://:hunter3@localhost?option=hunter3", "the driver can't read that address of a redis store"),
        ("rediss://:hunter3@localhost?prefix={hunter}", "a prefix is some text without braces"),
        ("postgresql://u:hunter3@localhost/db?hunter=3", "the driver can't read that address of a postgresql store"),
        ("postgres://u:hunter3@[localhost/db", "the driver can't read that address of a postgres store"),
        ("postgresql://u:hunter3@localhost/db?schema=", "a schema has a name of 1 to 63 bytes"),
        ("memory://hunter3", "write the address of a memory store like one of"),
        ("sqlite://hunter3.db", "write the address of a sqlite store like one of"),
        ("sqlite://", "write the address of a sqlite store like one of"),
        ("sqlite:///", "write the address of a sqlite store like one of"),
        ("sqlite:///tokens.db?hunter3", "write the address of a sqlite store like one of"),
        ("sqlite:///:memory:", "memory:// is a store without one"),
    ],
)
def test_other_addresses(url: str, message: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        open_store(url)
    assert message in str(caught.value)
    assert "hunter3" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["redis", "postgresql", "mysql", "sqlite"])
def test_a_password_in_an_address_is_not_shown(scheme: str) -> None:
    """Not even by a traceback with locals."""

    def address() -> str:
        return f"{scheme}://user:{'hunter' * 2}@localhost:port/1?option=1"

    with pytest.raises(InvalidArgument) as caught:
        open_store(address())
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "hunter" * 2 not in shown


@pytest.mark.parametrize("part", ["a\0b", "\ud800", 15000001, None])
def test_keys_that_not_every_database_keeps(part: str) -> None:
    for parts in ((part, "app", "1"), ("c", part, "1"), ("c", "app", part)):
        with pytest.raises(InvalidArgument, match="is text without NUL"):
            Key(*parts)


@pytest.mark.parametrize("path", ["", ":memory:", "a\0b", b"tokens.db"])
def test_paths_that_are_none(path: str) -> None:
    with pytest.raises(InvalidArgument):
        SqliteStore(path)


@pytest.mark.parametrize("patience", [-1.0, float("nan"), float("inf")])
def test_patience_that_is_none(patience: float) -> None:
    with pytest.raises(InvalidArgument, match="patience"):
        SqliteStore("tokens.db", patience=patience)


@pytest.mark.parametrize(("scheme", "module"), [("redis", "redis"), ("postgresql", "psycopg"), ("rediss", "redis")])
def test_a_driver_that_is_not_installed(scheme: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in {module, f"{module}_pool"}]:
        monkeypatch.setitem(sys.modules, name, None)
    extra = "redis" if module == "redis" else "postgres"
    with pytest.raises(ModuleNotFoundError, match=rf"pip install 'miniapp_tp\[{extra}\]'") as caught:
        open_store(f"{scheme}://user:hunter3@localhost/0")
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "hunter3" not in "".join(
        line for line in shown.splitlines() if "test_address" not in line and "scheme}" not in line
    )


@pytest.fixture(params=["memory", "sqlite", "redis", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TokenStore]:
    async with AsyncExitStack() as stack:
        kind = request.param
        url = "memory://" if kind == "memory" else await stack.enter_async_context(place(kind, tmp_path))
        store = open_store(url)
        yield store
        await store.aclose()


async def test_values_that_are_none(store: TokenStore) -> None:
    value: Any
    for value in ("text", bytearray(b"bytes"), 1):
        with pytest.raises(InvalidArgument, match="bytes or None, not"):
            await store.save(KEY, value, version=0)
    with pytest.raises(InvalidArgument, match="0 if nothing was there"):
        await store.save(KEY, b"one", version=-1)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
async def test_seconds_that_are_none(store: TokenStore, seconds: float) -> None:
    with pytest.raises(InvalidArgument, match="positive"):
        await store.acquire(KEY, "one", seconds)
    with pytest.raises(InvalidArgument, match="positive"):
        await store.renew(Lease(KEY, "one", 1), seconds)


async def test_a_lease_on_another_key(store: TokenStore) -> None:
    lease = await store.acquire(Key("other", "app"), "one", 5.0)
    with pytest.raises(InvalidArgument, match="the lease is on"):
        await store.save(KEY, b"one", version=0, lease=lease)


async def test_once_closed(store: TokenStore) -> None:
    lease = Lease(KEY, "one", 1)
    await store.load(KEY)
    await store.aclose()
    for job in (
        store.load(KEY),
        store.save(KEY, b"one", version=0),
        store.acquire(KEY, "one", 5.0),
        store.renew(lease, 5.0),
        store.release(lease),
        anext(store.names("c", "app")),
    ):
        with pytest.raises(InvalidArgument, match="closed"):
            await job


async def test_a_lease_that_the_store_does_not_know(store: TokenStore) -> None:
    """It lost its leases, in a power cut or with an older copy of the file: nobody was lent a later one."""
    lease = Lease(KEY, "one", 7)
    assert await store.save(KEY, b"one", version=0, lease=lease) == 1
    assert await store.renew(lease, 5.0) is True
    assert await store.acquire(KEY, "two", 5.0) is None
    assert await store.save(KEY, b"two", version=1, lease=Lease(KEY, "two", 7)) is None
    await store.release(lease)
    assert await store.acquire(KEY, "two", 5.0) == Lease(KEY, "two", 8)
