"""What is sealed opens only where it was sealed for, for those who have the key; a wrong key is noticed at once."""

from __future__ import annotations

import base64
import importlib.util
import secrets
import traceback
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp import InvalidArgument, SealedStore, StoreError, open_store
from miniapp_tp.stores import Entry, Key, TokenStore
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.migrating import migrate_store
from miniapp_tp.stores.records import TicketRecord, from_bytes
from miniapp_tp.stores.sealed import MARK
from miniapp_tp.stores.sealing import MAGIC, SealKey, is_sealed, opened, seal_keys, sealed
from tests.support.canaries import CORE, frames_of, sings, texts_of
from tests.support.servers import inside, place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

OLD, NEW = b"\xfb\xef\xff" * 10 + b"\xff" * 2, bytes(range(32))
OLD_KEY, NEW_KEY = SealKey(OLD), SealKey(NEW)
KEY = Key("baidu:component", "app", "15000001")
OTHER = Key("baidu:component", "app", "15000002")
VALUE = f"45.{CORE}".encode()


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(OLD).decode(),
        base64.urlsafe_b64encode(OLD).decode(),
        base64.b64encode(OLD).decode().rstrip("="),
        f" {base64.b64encode(OLD).decode()}\n",
    ],
)
def test_a_key_as_text(text: str) -> None:
    assert seal_keys(text) == (OLD_KEY,)


def test_several_keys() -> None:
    assert seal_keys([NEW, base64.b64encode(OLD).decode()]) == (NEW_KEY, OLD_KEY)
    assert NEW_KEY.name != OLD_KEY.name
    assert NEW_KEY.name not in NEW


WRONG: list[Any] = [
    b"",
    f"{CORE}-too-short".encode(),
    f"{CORE:>64}".encode(),
    "",
    CORE,
    f"{CORE}ä!",
    base64.b64encode(CORE.encode()).decode(),
    [],
    [OLD, CORE],
    [None],
    5,
    bytearray(OLD),
    {"key": CORE},
]


@pytest.mark.parametrize("key", WRONG, ids=range(len(WRONG)))
def test_what_is_no_key_is_refused_and_not_shown(key: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    jobs: list[Callable[[], object]] = [
        lambda: open_store("memory://", key=key),
        lambda: SealedStore(MemoryStore(), key),
    ]
    for job in jobs:
        with pytest.raises(InvalidArgument, match="32 random bytes, or their Base64") as caught:
            job()
        assert [found for found in texts_of(caught.value) if sings(found[1])] == []
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        mine = [frame for frame in shown.stack if "miniapp_tp/stores" in frame.filename]
        assert mine
        assert not any(CORE in str(frame.locals) for frame in mine)


def test_a_key_is_in_no_repr() -> None:
    key = SealKey(f"{CORE:>32}".encode())
    store = SealedStore(MemoryStore(), f"{CORE:>32}".encode())
    assert not sings(repr(key))
    assert not sings(repr(store))
    assert repr(store).startswith("SealedStore(")


def test_without_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_name: str) -> None:
        """Find nothing."""

    monkeypatch.setattr(importlib.util, "find_spec", none)
    jobs: list[Callable[[], object]] = [
        lambda: SealedStore(MemoryStore(), OLD),
        lambda: open_store("memory://", key=OLD),
    ]
    for make in jobs:
        with pytest.raises(ModuleNotFoundError, match=r"pip install 'miniapp_tp\[sealing\]'"):
            make()


# --- values -----------------------------------------------------------------------------------------------------------

keys = st.builds(Key, st.text('ab:/,"[]\\'), st.text('ab:/,"'), st.text('ab:/,"1'))


@given(st.binary(max_size=100), keys, st.integers(0, 2**63 - 1))
def test_what_is_sealed_opens_again(value: bytes, key: Key, version: int) -> None:
    closed = sealed(value, key, version, OLD_KEY)
    assert is_sealed(closed)
    assert opened(closed, key, version, [NEW_KEY, OLD_KEY]) == value
    assert opened(closed, key, version, [NEW_KEY]) is None
    assert opened(closed, key, version, []) is None
    assert sealed(value, key, version, OLD_KEY) != closed


@given(keys, keys, st.integers(0, 5), st.integers(0, 5))
def test_it_opens_nowhere_else(key: Key, other: Key, version: int, later: int) -> None:
    closed = sealed(VALUE, key, version, OLD_KEY)
    assert (opened(closed, other, later, [OLD_KEY]) == VALUE) == ((key, version) == (other, later))


@given(st.data())
def test_no_bit_may_be_changed(data: st.DataObject) -> None:
    closed = sealed(VALUE, KEY, 1, OLD_KEY)
    place = data.draw(st.integers(0, len(closed) - 1))
    changed = bytes(byte ^ (1 << data.draw(st.integers(0, 7)) if at == place else 0) for at, byte in enumerate(closed))
    assert opened(changed, KEY, 1, [OLD_KEY]) is None


def test_no_length_breaks_it() -> None:
    closed = sealed(VALUE, KEY, 1, OLD_KEY)
    assert [length for length in range(len(closed)) if opened(closed[:length], KEY, 1, [OLD_KEY]) is not None] == []


def test_the_name_of_another_key_doesnt_help() -> None:
    closed = sealed(VALUE, KEY, 1, OLD_KEY)
    renamed = MAGIC + NEW_KEY.name + closed[len(MAGIC) + len(NEW_KEY.name) :]
    assert opened(renamed, KEY, 1, [OLD_KEY, NEW_KEY]) is None


# --- stores -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "redis", "postgres"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    async with place(request.param, tmp_path) as url:
        yield url


async def put(url: str, key: Any, where: Key = KEY, value: bytes | None = VALUE) -> None:  # noqa: ANN401 - or keys
    async with aclosing(open_store(url, key=key)) as store:
        assert await store.save(where, value, version=(await store.load(where)).version) is not None


async def got(url: str, key: Any, where: Key = KEY) -> Entry:  # noqa: ANN401 - or keys
    async with aclosing(open_store(url, key=key)) as store:
        return await store.load(where)


async def raw(url: str, where: Key = KEY) -> Entry:
    """Look at what is really kept."""
    async with aclosing(inner(open_store(url))) as store:
        found: Entry = await store.load(where)
        return found


def inner(store: TokenStore) -> Any:  # noqa: ANN401 - the store within
    return inside(store, "_store")


async def refused(url: str, key: Any, why: str) -> None:  # noqa: ANN401 - or keys
    """Nothing is read, written, lent or listed; and the error shows nothing."""
    async with aclosing(open_store(url, key=key)) as store:
        for job in (
            store.load(KEY),
            store.save(OTHER, VALUE, version=0),
            store.acquire(KEY, "one", 5.0),
            anext(store.names(KEY.component, KEY.kind)),
        ):
            with pytest.raises(StoreError, match=why) as caught:
                await job
            assert not caught.value.retryable
            assert frames_of(caught.value)
            assert [found for found in texts_of(caught.value) if sings(found[1])] == []
    assert await raw(url, OTHER) == Entry(None, 0)


async def test_nothing_that_is_kept_sings(url: str) -> None:
    await put(url, OLD)
    kept = (await raw(url)).value
    assert kept is not None
    assert not sings(kept.decode("latin-1"))
    assert (await got(url, base64.b64encode(OLD).decode())) == Entry(VALUE, 1)


async def test_a_sealed_store_without_a_key(url: str) -> None:
    await put(url, OLD)
    await refused(url, None, "is sealed: open the store with its key")


async def test_a_sealed_store_with_another_key(url: str) -> None:
    await put(url, OLD)
    await refused(url, NEW, "is sealed by another key")
    await refused(url, [NEW, secrets.token_bytes(32)], "is sealed by another key")


async def test_an_unsealed_store_with_a_key(url: str) -> None:
    await put(url, None)
    with pytest.raises(StoreError, match="of app 15000001 isn't sealed: it was written without a key") as caught:
        await got(url, OLD)
    assert [found for found in texts_of(caught.value) if sings(found[1])] == []


async def test_a_process_that_was_there_before_the_store_was_sealed(url: str) -> None:
    async with aclosing(open_store(url)) as early:
        await early.load(KEY)
        await put(url, OLD)
        with pytest.raises(StoreError, match="is sealed: open the store with its key"):
            await early.load(KEY)


async def test_a_store_made_by_hand_that_is_sealed(url: str) -> None:
    """Its records can't be read, and the error says why."""
    await put(url, OLD)
    value = (await raw(url)).value
    assert value is not None
    with pytest.raises(StoreError, match="is sealed: open the store with its key"):
        from_bytes(TicketRecord, value)


async def test_values_that_were_swapped_or_brought_back(url: str) -> None:
    await put(url, OLD)
    await put(url, OLD, OTHER)
    first, other = await raw(url), await raw(url, OTHER)
    await put(url, OLD, value=b"newer")
    async with aclosing(inner(open_store(url))) as store:
        for value in (first.value, other.value):
            version = (await store.load(KEY)).version
            await store.save(KEY, value, version=version)
            with pytest.raises(StoreError, match="of app 15000001 wasn't sealed for there: it was moved, brought back"):
                await got(url, OLD)
    assert await got(url, OLD, OTHER) == Entry(VALUE, 1)


async def test_keys_that_change(url: str) -> None:
    """First both everywhere, the old one first; then the new one first; then the old one isn't needed any more."""
    await put(url, OLD)
    await put(url, [OLD, NEW], OTHER)
    assert await got(url, OLD, OTHER) == Entry(VALUE, 1)
    await put(url, [NEW, OLD], OTHER)
    assert await got(url, [OLD, NEW], OTHER) == Entry(VALUE, 2)
    assert await got(url, [NEW, OLD]) == Entry(VALUE, 1)
    assert await got(url, NEW, OTHER) == Entry(VALUE, 2)
    await refused_key(url)
    async with aclosing(SealedStore(inner(open_store(url)), [NEW, OLD])) as store:
        assert [await store.reseal(KEY.component, KEY.kind) for _ in range(2)] == [1, 0]
    assert await got(url, NEW) == Entry(VALUE, 2)
    await refused_later(url)


async def refused_key(url: str) -> None:
    with pytest.raises(StoreError, match="of app 15000001 was sealed by another key: give that one as well"):
        await got(url, NEW)


async def refused_later(url: str) -> None:
    with pytest.raises(StoreError, match="is sealed by another key"):
        await got(url, OLD)


async def test_two_that_open_a_new_store_at_once(url: str) -> None:
    async with aclosing(open_store(url, key=OLD)) as one, aclosing(open_store(url, key=NEW)) as other:
        found = inner(other)
        load = found.load

        async def late(key: Key) -> Entry:
            entry: Entry = await load(key)
            if key == MARK and entry.value is None:
                await one.load(KEY)
            return entry

        found.load = late
        with pytest.raises(StoreError, match="is sealed by another key"):
            await other.load(KEY)


async def test_a_deletion_is_kept_as_one(url: str) -> None:
    await put(url, OLD)
    await put(url, OLD, value=None)
    assert await got(url, OLD) == Entry(None, 2)


async def test_migrating_looks_at_the_mark_too(url: str) -> None:
    await put(url, OLD)
    async with aclosing(open_store(url, key=OLD)) as store:
        assert await migrate_store(store) == (None if url.startswith("sqlite") else (1, 1))
    async with aclosing(open_store(url)) as store:
        with pytest.raises(StoreError, match="is sealed"):
            await migrate_store(store)


async def test_the_store_within_is_needed_for_nothing_but_bytes() -> None:
    """A memory store can be sealed as well, and has nothing to migrate and no risks to tell."""
    store = SealedStore(MemoryStore(), OLD)
    assert await store.migrate() is None
    assert await store.risks() == ()
    assert await migrate_store(MemoryStore()) is None
