"""Records in a store: loading them, and renewing what is kept with only one owner among all processes."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio
from attrs import field, frozen

from miniapp_tp.errors import Actor, StoreError
from miniapp_tp.stores.base import Key, TokenStore
from miniapp_tp.stores.records import from_bytes
from miniapp_tp.transport.tenure import Tenure, tenure

_POLL = 0.1
_PATIENCE = 60.0


K = TypeVar("K")
T = TypeVar("T")


@frozen
class Found(Generic[K]):
    """What was found under a key.

    Attributes:
        record: The record, if there is one.
        version: What to name when replacing it.
    """

    record: K | None
    version: int


@frozen
class Keeping:
    """A store, as seen by one owner of leases.

    Attributes:
        store: The store.
        component: Whose values are meant: provider and component.
        owner: What the names of this owner's leases begin with; another one in each client.
        term: Seconds after the last renewal of a lease at which another owner may take over.
        clock: Tells the time in epoch seconds.
        chance: Gives a number from 0 to 1.
        sleep: Waits some seconds.
    """

    store: TokenStore
    component: str
    owner: str = field(factory=lambda: uuid.uuid4().hex)
    term: float = 5.0
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep

    def key(self, kind: str, name: str = "") -> Key:
        """Name a value of this component."""
        return Key(self.component, kind, name)

    async def load(self, key: Key, kind: type[K]) -> Found[K]:
        """Read a record."""
        entry = await self.store.load(key)
        return Found(None if entry.value is None else from_bytes(kind, entry.value), entry.version)

    async def alone(
        self,
        key: Key,
        ready: Callable[[], Awaitable[T | None]],
        work: Callable[[Tenure], Awaitable[T | None]],
    ) -> T:
        """Do some work as the only owner, unless somebody else has done it meanwhile.

        Args:
            key: What the work is on.
            ready: Gives the result if it is there already, without a lease.
            work: Does it; `None` if the lease was lost on the way, which means to look again.

        Raises:
            StoreError: The store failed, or others held the lease all the time for a minute (`actor` is `TIME`).
        """
        paused = 0.0
        # Another owner for each piece of work: whoever asks again takes over from itself, so a renewal and a recovery
        # of one app by one client would break into each other.
        owner = f"{self.owner}-{uuid.uuid4().hex}"
        # Pauses are counted, not the clock: it may jump, and work that lasts long isn't waiting.
        while paused < _PATIENCE:
            found = await ready()
            if found is not None:
                return found
            async with tenure(self.store, key, owner, self.term, self.sleep) as held:
                found = await work(held) if held else None
            if found is not None:
                return found
            pause = _POLL * (0.5 + self.chance())
            await self.sleep(pause)
            paused += pause
        message = f"others have held the lease on {key.kind} {key.name} for {_PATIENCE:.0f} s; is a process stuck?"
        raise StoreError(message, actor=Actor.TIME)
