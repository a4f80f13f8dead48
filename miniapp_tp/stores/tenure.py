"""Holding a lease: renewed while its holder works, and known to be lost when it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from attrs import define, field

from miniapp_tp.errors import StoreError
from miniapp_tp.stores.base import Key, Lease, TokenStore

_BEATS: Final = 5

Sleep = Callable[[float], Awaitable[None]]


@define
class Tenure:
    """A lease that is held.

    Attributes:
        store: The store that lent it.
        lease: The lease.
        term: Seconds after the last renewal at which another may take over.
    """

    store: TokenStore = field(repr=False)
    lease: Lease
    term: float

    async def lasts(self) -> bool:
        """Make sure that nobody took over; to be asked before anything single-use is spent."""
        return await self.store.renew(self.lease, self.term)

    async def save(self, value: bytes | None, version: int, *, forget_after: float | None = None) -> int | None:
        """Write under the lease's key, as `TokenStore.save` does."""
        return await self.store.save(
            self.lease.key, value, version=version, lease=self.lease, forget_after=forget_after
        )


@asynccontextmanager
async def tenure(store: TokenStore, key: Key, owner: str, term: float, sleep: Sleep) -> AsyncGenerator[Tenure | None]:
    """Hold the lease on a key while the block lasts; `None` while somebody else has it.

    Raises:
        StoreError: It can't be had.
    """
    lease = await store.acquire(key, owner, term)
    if lease is None:
        yield None
        return
    beat = asyncio.create_task(
        _beat(Tenure(store, lease, term), sleep), name=f"miniapp_tp lease of {key.name or key.kind}"
    )
    try:
        yield Tenure(store, lease, term)
    finally:
        beat.cancel()
        await asyncio.wait([beat])
        # Not given back, it runs out by itself.
        with contextlib.suppress(StoreError):
            await store.release(lease)


async def _beat(held: Tenure, sleep: Sleep) -> None:
    lasts = True
    while lasts:
        await sleep(held.term / _BEATS)
        renewal = asyncio.create_task(_renewed(held), name="miniapp_tp lease renewal")
        try:
            await asyncio.wait([renewal])
        finally:
            # Broken off, it may still be on its way, and take back what is released in the next moment.
            await asyncio.wait([renewal])
        lasts = renewal.result()


async def _renewed(held: Tenure) -> bool:
    with contextlib.suppress(StoreError):
        return await held.lasts()
    return True
