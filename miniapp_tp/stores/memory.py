"""A store that forgets everything with the process: for tests, and for those who accept to lose every grant."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio.lowlevel
from attrs import evolve, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.stores.arguments import check_entry, check_forgetting, check_lease, check_seconds
from miniapp_tp.stores.base import Entry, Key, Lease

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable


@frozen
class _Lent:
    """The latest lease of a key, and when it runs out."""

    lease: Lease
    until: float


class MemoryStore:
    """Values and leases in this process's memory, for one event loop; see `TokenStore` for what its methods promise.

    Args:
        clock: What leases are timed with, in seconds.

    Every method lets other tasks run before it works, as a real store would: a race shows in tests with this one too.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[Key, Entry] = {}
        self._lent: dict[Key, _Lent] = {}
        self._forgotten: dict[Key, float] = {}
        self._closed = False

    async def load(self, key: Key) -> Entry:
        """See `TokenStore.load`."""
        await self._turn()
        return self._entries.get(key) or Entry(None, 0)

    async def save(
        self,
        key: Key,
        value: bytes | None,
        *,
        version: int,
        lease: Lease | None = None,
        forget_after: float | None = None,
    ) -> int | None:
        """See `TokenStore.save`; nothing here survives a power cut."""
        entry = Entry(value, version)
        del value  # or else a traceback's locals would show it
        check_entry(entry)
        check_forgetting(entry, forget_after)
        check_lease(key, lease)
        await self._turn()
        self._forget()
        there = self._entries.get(key)
        if (there.version if there else 0) != version or (lease is not None and self._overtaken(lease)):
            return None
        self._entries[key] = evolve(entry, version=version + 1)
        self._forgotten.pop(key, None)
        if forget_after is not None:
            self._forgotten[key] = self._clock() + forget_after
        return version + 1

    async def acquire(self, key: Key, owner: str, seconds: float) -> Lease | None:
        """See `TokenStore.acquire`."""
        check_seconds(seconds)
        await self._turn()
        lent = self._lent.get(key)
        if lent and lent.lease.owner != owner and lent.until > self._clock():
            return None
        lease = Lease(key, owner, lent.lease.fence + 1 if lent else 1)
        self._lent[key] = _Lent(lease, self._clock() + seconds)
        return lease

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """See `TokenStore.renew`."""
        check_seconds(seconds)
        await self._turn()
        if self._overtaken(lease):
            return False
        self._lent[lease.key] = _Lent(lease, self._clock() + seconds)
        return True

    async def release(self, lease: Lease) -> None:
        """See `TokenStore.release`."""
        await self._turn()
        if not self._overtaken(lease):
            self._lent[lease.key] = _Lent(lease, self._clock())

    async def names(self, component: str, kind: str) -> AsyncGenerator[str]:
        """See `TokenStore.names`."""
        await self._turn()
        for key, entry in list(self._entries.items()):
            if (key.component, key.kind) == (component, kind) and entry.value is not None:
                yield key.name

    async def describe(self) -> dict[str, str]:
        """See `Described.describe`."""
        await self._turn()
        return {"store": "memory", "lasts": "until the process ends"}

    async def aclose(self) -> None:
        """Forget everything; closing twice does nothing."""
        self._closed = True
        self._entries.clear()
        self._lent.clear()
        self._forgotten.clear()

    def _forget(self) -> None:
        """Drop what may be forgotten, the earliest first; times that differ much may let one wait for another."""
        while self._forgotten and next(iter(self._forgotten.values())) <= self._clock():
            key = next(iter(self._forgotten))
            del self._forgotten[key]
            del self._entries[key]
            self._lent.pop(key, None)

    def _overtaken(self, lease: Lease) -> bool:
        lent = self._lent.get(lease.key)
        return lent is not None and lent.lease != lease and lent.lease.fence >= lease.fence

    async def _turn(self) -> None:
        await anyio.lowlevel.checkpoint()
        if self._closed:
            raise InvalidArgument("the store is closed: make a new one")
