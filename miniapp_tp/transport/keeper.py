"""The keeper: renews grants whose refresh token nears its end, so that one that nobody calls for weeks doesn't die.

Once an hour one of all replicas looks after a component's grants: it alone holds the lease, another takes over when it
dies, and what it found is kept, so that nobody looks again too soon. It keeps no access token warm.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import anyio
from attrs import define, field

from miniapp_tp.errors import Actor, MiniAppError, RateLimited, Scope, StoreError
from miniapp_tp.stores.records import AppRecord, KeeperRecord, to_bytes
from miniapp_tp.stores.tenure import tenure
from miniapp_tp.transport.grants import Grants
from miniapp_tp.transport.windows import renewal_of_refresh
from miniapp_tp.wire.endpoint import Absent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from miniapp_tp.stores.tenure import Tenure
    from miniapp_tp.transport.keeping import Keeping

EVERY: Final = 3600.0
"""Seconds from one round to the next."""
PACE: Final = 1.0
"""Seconds from one renewal to the next, on average."""

_AGAIN: Final = 600.0
_REST: Final = 86_400.0
_IN_A_ROW: Final = 5
_log = logging.getLogger("miniapp_tp")


@define
class _Round:
    """What a round has come to so far.

    Attributes:
        apps: How many grants were looked at.
        renewed: How many were renewed.
        failed: How many couldn't be.
        in_a_row: How many failed one after the other, of what another try may mend.
        pause: Seconds until the next round, if this one makes no sense any more.
    """

    apps: int = 0
    renewed: int = 0
    failed: int = 0
    in_a_row: int = 0
    pause: float | None = None


@define
class Keeper:
    """Looks after the grants of a component.

    Attributes:
        grants: The grants.
        last: What came of the last whole round that this keeper made; `None` before.
        is_over: Tells whether nothing is to be begun any more.
        every: Seconds from one round to the next.
        pace: Seconds from one renewal to the next, on average.
    """

    grants: Grants = field(repr=False)
    is_over: Callable[[], bool] = field(default=lambda: False, repr=False)
    every: float = EVERY
    pace: float = PACE
    last: KeeperRecord | None = field(default=None, init=False)
    _owner: str = field(factory=lambda: uuid.uuid4().hex, init=False, repr=False)
    _rests: dict[str, float] = field(factory=dict[str, float], init=False, repr=False)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Keeper]:
        """Look after the grants while the block lasts; what is being spent at its end is waited for."""
        task = asyncio.create_task(self.keep(), name=f"miniapp_tp keeper of {self._keeping.component}")
        try:
            yield self
        finally:
            task.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([task])
                await self.grants.land_kept()

    async def keep(self) -> None:
        """Make rounds until it's over, whatever goes wrong with one of them."""
        while not self.is_over():
            try:
                pause = await self._turn()
            except StoreError as error:
                _log.warning("the keeper of %s can't work: %s", self._keeping.component, error)
                pause = _AGAIN
            except Exception as error:  # noqa: BLE001 - a keeper that ended in silence would be missed weeks later
                # Not its text, nor its frames: nobody knows what they hold.
                _log.error("the keeper of %s stumbled over %s", self._keeping.component, type(error).__name__)
                pause = _AGAIN
            await self._keeping.sleep(pause * (1 + self._keeping.chance() / 10))

    @property
    def _keeping(self) -> Keeping:
        return self.grants.keeping

    async def _turn(self) -> float:
        """Make a round, if one is due and nobody else makes it; tell the seconds until it's time to look again."""
        key = self._keeping.key("keeper")
        async with tenure(self._keeping.store, key, self._owner, self._keeping.term, self._keeping.sleep) as held:
            if held is None:
                return self._keeping.term
            found = await self._keeping.load(key, KeeperRecord)
            left = self._left(found.record)
            if left > 0:
                return left
            made = await self._round(held)
            if made.pause is not None:
                return made.pause
            self.last = KeeperRecord(at=self._keeping.clock(), apps=made.apps, renewed=made.renewed, failed=made.failed)
            await held.save(to_bytes(self.last), found.version)
        self._say(self.last)
        return self.every

    def _left(self, last: KeeperRecord | None) -> float:
        """Tell the seconds until a round is due; a clock that was put back doesn't defer it for longer than usual."""
        left = 0.0 if last is None else last.at + self.every - self._keeping.clock()
        return left if left <= self.every else 0.0

    async def _round(self, held: Tenure) -> _Round:
        made = _Round()
        if isinstance(self.grants.contract.refresh, Absent):
            return made  # a grant that is recovered each time has no refresh token that matters
        async for app in self.grants.apps():
            made.apps += 1
            if await self._is_due(app, made):
                if self.is_over() or not await held.lasts():
                    made.pause = self._keeping.term
                else:
                    await self._renew(app, made)
                    await self._keeping.sleep(self.pace * (0.5 + self._keeping.chance()))
            if made.pause is not None:
                break
        return made

    async def _is_due(self, app: str, made: _Round) -> bool:
        if self._rests.get(app, 0.0) > self._keeping.clock():
            made.failed += 1
            return False
        try:
            record = (await self._keeping.load(self._keeping.key("app", app), AppRecord)).record
        except StoreError as error:
            self._failed(app, error, made)
            return False
        return record is not None and self._nears_its_end(app, record)

    def _nears_its_end(self, app: str, record: AppRecord) -> bool:
        if record.refresh is None:
            return False
        ends_at = record.refresh_end(self.grants.contract.refresh_life)
        place = int.from_bytes(sha256(f"{self._keeping.component} {app}".encode()).digest()[:4]) / 2**32
        return self._keeping.clock() >= renewal_of_refresh(record.obtained_at, ends_at, place)

    async def _renew(self, app: str, made: _Round) -> None:
        try:
            await self.grants.keep(app, lambda record: self._nears_its_end(app, record))
        except MiniAppError as error:
            self._failed(app, error, made)
        else:
            self._rests.pop(app, None)
            made.renewed += 1
            made.in_a_row = 0

    def _failed(self, app: str, error: MiniAppError, made: _Round) -> None:
        """Note a failure: it stops no other app's renewal, unless it would be theirs as well."""
        made.failed += 1
        _log.warning("the grant of %s %s couldn't be renewed: %s", self._keeping.component, app, error)
        if error.scope is Scope.APP and error.actor in {Actor.MERCHANT, Actor.YOU}:
            self._rests[app] = self._keeping.clock() + _REST
        made.in_a_row = made.in_a_row + 1 if error.retryable else 0
        is_everybodys = error.scope is not Scope.APP and not isinstance(error, StoreError)
        if is_everybodys or made.in_a_row >= _IN_A_ROW:
            asked = error.retry_after if isinstance(error, RateLimited) else None
            made.pause = max(_AGAIN, asked or 0.0)

    def _say(self, last: KeeperRecord) -> None:
        _log.info(
            "the keeper of %s looked after %d grants: %d renewed, %d failed",
            self._keeping.component,
            last.apps,
            last.renewed,
            last.failed,
        )
