"""Pushed events that were acknowledged and aren't handled yet, and the memory of those that were.

A journal is a store like that of the tokens, seen by one component: whatever keeps tokens can keep events, with the
same key and the same promise that what was saved survives a power cut. An event is a value under a digest of its id;
once it is handled the value is deleted, and the key, which stays for a while, tells a repeat from a new one. Who
handles an event holds the lease on its key meanwhile.
"""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
from attrs import define, evolve, field, frozen

from miniapp_tp.errors import StoreError
from miniapp_tp.stores.base import Key, TokenStore
from miniapp_tp.stores.records import from_bytes, to_bytes
from miniapp_tp.stores.tenure import Tenure, tenure
from miniapp_tp.wire.messages import Secret

if TYPE_CHECKING:
    from miniapp_tp.models import Event

MEMORY: Final = 40 * 86_400.0
"""Seconds for which a handled event is remembered at least: Baidu tells of missed ones for a month."""

_WAITING: Final = "event"
_PARKED: Final = "parked event"
_TERM: Final = 10.0
_SAVES: Final = 5
_SAVE_PAUSE: Final = 0.2


@frozen(kw_only=True)
class Noted:
    """An event in the journal.

    Attributes:
        name: The provider's name for it.
        app: The app it is about, if it is about one.
        component: The component, as the message names it.
        id: The event's id.
        message: The decrypted message, in base64.
        received_at: When it was acknowledged, in epoch seconds.
        attempt: How often it was begun to be handled.
        begun: How often it was since it was noted or replayed.
        due: When it is to be handled (again).
        error: Why it couldn't be handled last time; nothing of the message is in it.
    """

    name: str
    app: str | None
    component: str | None
    id: str
    message: Secret
    received_at: float
    attempt: int = 0
    begun: int = 0
    due: float = 0.0
    error: str | None = None

    @property
    def raw(self) -> bytes:
        """The decrypted message."""
        return base64.b64decode(self.message.reveal())


@frozen
class Listed:
    """An event as it may be shown.

    Attributes:
        parked: Whether it waits for a replay, or for its time.
        noted: The event.
    """

    parked: bool
    noted: Noted


@define
class Claim:
    """An event in hand.

    Attributes:
        journal: Where it is noted.
        noted: The event; its `attempt` counts this one.
    """

    journal: Journal = field(repr=False)
    noted: Noted
    _tenure: Tenure = field(repr=False)
    _version: int

    async def done(self) -> None:
        """Note that it is handled; if another process took it over meanwhile, that one will."""
        await self._keep(None)

    async def put_off(self, seconds: float, error: str) -> None:
        """Have it handled again after some seconds."""
        await self._keep(to_bytes(evolve(self.noted, due=self.journal.clock() + seconds, error=error)))

    async def park(self, error: str) -> None:
        """Have it handled no more until it is replayed."""
        if await self._tenure.lasts():
            await self.journal.put(_PARKED, evolve(self.noted, error=error))
            await self._keep(None)

    async def _keep(self, value: bytes | None) -> None:
        """Save what became of it, and don't give up at the first failure of the store."""
        forget_after = self.journal.memory if value is None else None
        for left in reversed(range(_SAVES)):
            try:
                await self._tenure.save(value, self._version, forget_after=forget_after)
            except StoreError:
                if not left:
                    raise
                await self.journal.sleep(_SAVE_PAUSE)
            else:
                return


@frozen
class Journal:
    """The events of one component.

    Attributes:
        store: Where they are kept.
        component: Whose they are: provider and component.
        memory: Seconds for which a handled one is remembered.
        term: Seconds after the last sign of life of who handles one at which another may.
        clock: Tells the time in epoch seconds.
        sleep: Waits some seconds.
    """

    store: TokenStore
    component: str
    memory: float = MEMORY
    term: float = _TERM
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep

    async def note(self, event: Event) -> bool:
        """Keep an event, so that it survives whatever happens to this process.

        Returns:
            Whether it is new: a repeat changes nothing.

        Raises:
            StoreError: It may not be kept: it must not be acknowledged.
        """
        noted = Noted(
            name=event.name,
            app=event.app,
            component=event.component,
            id=event.id,
            message=Secret(base64.b64encode(event.raw).decode()),
            received_at=self.clock(),
        )
        return await self.store.save(self._key(_WAITING, name_of(event.id)), to_bytes(noted), version=0) is not None

    def waiting(self) -> AsyncIterator[str]:
        """Give the names of all events that aren't handled, in any order: those in hand and those not due as well."""
        return self.store.names(self.component, _WAITING)

    @asynccontextmanager
    async def claim(self, name: str) -> AsyncGenerator[Claim | None]:
        """Take an event in hand while the block lasts; `None` if it isn't due, is handled, or somebody else has it."""
        key = self._key(_WAITING, name)
        if await self._due(key) is None:
            yield None
            return
        async with tenure(self.store, key, uuid.uuid4().hex, self.term, self.sleep) as held:
            yield None if held is None else await self._begun(key, held)

    async def _begun(self, key: Key, held: Tenure) -> Claim | None:
        """Count the attempt before it is made."""
        found = await self._due(key)
        if found is None:
            return None
        noted = evolve(found[0], attempt=found[0].attempt + 1, begun=found[0].begun + 1)
        version = await held.save(to_bytes(noted), found[1])
        return None if version is None else Claim(self, noted, held, version)

    async def _due(self, key: Key) -> tuple[Noted, int] | None:
        entry = await self.store.load(key)
        noted = None if entry.value is None else from_bytes(Noted, entry.value)
        return None if noted is None or noted.due > self.clock() else (noted, entry.version)

    async def listed(self) -> AsyncIterator[Listed]:
        """Give all events that aren't handled, the parked ones first."""
        for kind in (_PARKED, _WAITING):
            async for name in self.store.names(self.component, kind):
                entry = await self.store.load(self._key(kind, name))
                if entry.value is not None:
                    yield Listed(kind == _PARKED, from_bytes(Noted, entry.value))

    async def replay(self, event_id: str) -> bool:
        """Have a parked event handled again, or now one that was put off; tell whether it is one of these."""
        name = name_of(event_id)
        key = self._key(_PARKED, name)
        parked = await self.store.load(key)
        if parked.value is None:
            return await self._hasten(self._key(_WAITING, name))
        # Handed on before it is taken away: what is stopped in between is only done once more.
        await self.put(_WAITING, evolve(from_bytes(Noted, parked.value), begun=0, due=0.0))
        await self.store.save(key, None, version=parked.version, forget_after=self.memory)
        return True

    async def _hasten(self, key: Key) -> bool:
        entry = await self.store.load(key)
        noted = None if entry.value is None else from_bytes(Noted, entry.value)
        if noted is None or noted.due <= self.clock():
            return False
        value = to_bytes(evolve(noted, begun=0, due=0.0))
        return await self.store.save(key, value, version=entry.version) is not None

    async def put(self, kind: str, noted: Noted) -> None:
        """Write an event over whatever is there."""
        key, saved = self._key(kind, name_of(noted.id)), None
        while saved is None:
            entry = await self.store.load(key)
            saved = await self.store.save(key, to_bytes(noted), version=entry.version)

    def _key(self, kind: str, name: str) -> Key:
        return Key(self.component, kind, name)


def name_of(event_id: str) -> str:
    """Name an event in the store: ids are the providers' own texts, of any length."""
    return hashlib.sha256(event_id.encode("utf-8", "surrogatepass")).hexdigest()
