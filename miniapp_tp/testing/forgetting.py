"""The part of a `TokenStore`'s promise that is about deleting, as tests."""
# ruff: noqa: S101 - pytest's assert

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import pytest

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.stores.base import Entry, Key, TokenStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Advance = Callable[[float], Awaitable[None]]

_KEY: Final = Key("baidu:component", "event", "1")


def _other(name: str) -> Key:
    return Key(_KEY.component, _KEY.kind, name)


async def _put(store: TokenStore, key: Key, value: bytes | None) -> int:
    version = await store.save(key, value, version=(await store.load(key)).version)
    assert version is not None
    return version


class Forgetting:
    """Tests of deletions, and of those that are for good; `TokenStoreSuite` has them."""

    seconds: ClassVar[float]

    async def test_versions_grow_over_deletions(self, store: TokenStore, another: TokenStore) -> None:
        """Who read before a deletion can't write after it, not even once there is a value again."""
        first = await _put(store, _KEY, b"one")
        deleted = await _put(store, _KEY, None)
        assert deleted == first + 1
        assert await another.load(_KEY) == Entry(None, deleted)
        for version in (0, first):
            assert await another.save(_KEY, b"lost", version=version) is None
        again = await _put(another, _KEY, b"two")
        assert again > deleted
        assert await store.save(_KEY, b"lost", version=deleted) is None
        assert await store.load(_KEY) == Entry(b"two", again)

    async def test_forgets_what_is_to_be_forgotten(
        self, store: TokenStore, another: TokenStore, advance: Advance
    ) -> None:
        """A key deleted for good is remembered for its time, and then like one that never was."""
        version = await _put(store, _KEY, b"one")
        lease = await store.acquire(_KEY, "one", self.seconds)
        deleted = await store.save(_KEY, None, version=version, lease=lease, forget_after=self.seconds)
        assert deleted is not None
        assert await another.load(_KEY) == Entry(None, deleted)
        assert await another.save(_KEY, b"lost", version=0) is None
        await advance(self.seconds * 1.5)
        # Whoever deletes another one gives the store an occasion.
        assert await store.save(_other("2"), None, version=await _put(store, _other("2"), b"one"), forget_after=60)
        assert await another.load(_KEY) == Entry(None, 0)
        assert await another.save(_KEY, b"new", version=0)

    async def test_forgets_nothing_else(self, store: TokenStore, another: TokenStore, advance: Advance) -> None:
        """What was merely deleted keeps its version, and what has a value again is there to stay."""
        await _put(store, _KEY, b"one")
        deleted = await _put(store, _KEY, None)
        back = await store.save(
            _other("back"), None, version=await _put(store, _other("back"), b"one"), forget_after=self.seconds
        )
        assert back is not None
        assert await another.save(_other("back"), b"two", version=back) is not None
        await advance(self.seconds * 1.5)
        assert await store.save(_other("2"), None, version=await _put(store, _other("2"), b"one"), forget_after=60)
        assert await store.load(_KEY) == Entry(None, deleted)
        assert (await store.load(_other("back"))).value == b"two"

    async def test_forgets_no_value(self, store: TokenStore) -> None:
        """Only a deletion can be forgotten, after a time that is one."""
        with pytest.raises(InvalidArgument):
            await store.save(_KEY, b"one", version=0, forget_after=self.seconds)
        for seconds in (0, -1, float("inf"), float("nan")):
            with pytest.raises(InvalidArgument):
                await store.save(_KEY, None, version=0, forget_after=seconds)
        assert await store.load(_KEY) == Entry(None, 0)
