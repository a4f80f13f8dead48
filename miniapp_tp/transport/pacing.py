"""When a call may be made: limits per provider, component and app, shared by all clients of an event loop."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar
from weakref import WeakKeyDictionary

from attrs import define, evolve, field, frozen

from miniapp_tp.errors import QuotaExhausted, RateLimited
from miniapp_tp.priority import is_bulk
from miniapp_tp.transport.lane import Lane, Pace
from miniapp_tp.transport.spent import Spent

_NONE: Final = Pace()
_MANY: Final = 10_000


@frozen(kw_only=True)
class Pacing:
    """How many calls, how fast: at a provider, of a component, for an app.

    Attributes:
        provider: For all calls to a provider, whichever client of the process makes them.
        component: For all calls of a component.
        app: For the calls for one app.
    """

    provider: Pace = _NONE
    component: Pace = _NONE
    app: Pace = _NONE


Made = TypeVar("Made")


class Around(Protocol):
    """What makes attempts when their turns come."""

    async def around(self, operation: str, app: str, attempt: Callable[[], Awaitable[Made]]) -> Made:
        """Make an attempt when its turn comes; it gives a value, or an error."""
        ...


class AtOnce:
    """Makes attempts at once: calls for tokens, which whoever waits for them holds a turn for already."""

    async def around(self, operation: str, app: str, attempt: Callable[[], Awaitable[Made]]) -> Made:  # noqa: ARG002
        """Make an attempt."""
        return await attempt()


Lanes = dict[tuple[str, ...], Lane]

_LANES: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, Lanes]] = WeakKeyDictionary()
"""All lanes, by event loop: what waits in a loop can only be woken there."""


@define
class Turns:
    """Gives a client's calls their turns.

    Attributes:
        place: The provider and its address, which name the lane that all clients share.
        component: The component's id.
        pacing: The limits.
        spent: The quotas that are used up.
    """

    place: tuple[str, str]
    component: str
    pacing: Pacing = field(factory=Pacing)
    spent: Spent = field(factory=lambda: Spent(time.time))
    _loop: Callable[[], object] = lambda: None
    _shared: tuple[Lane, ...] = ()

    async def around(self, operation: str, app: str, attempt: Callable[[], Awaitable[Made]]) -> Made:
        """Make an attempt when its turn comes, and learn from what it came to.

        Raises:
            QuotaExhausted: The provider said before that there is no quota left; nothing was sent.
        """
        self.spent.check(operation, app)
        bulk, entered = is_bulk(), 0
        lanes = self._lanes(app)
        try:
            for lane in lanes:
                if not lane.entered_at_once(bulk=bulk):
                    await lane.enter(bulk=bulk)
                entered += 1
            made = await attempt()
        finally:
            for lane in lanes[:entered]:
                lane.leave()
        if isinstance(made, RateLimited):
            lanes[-1].slow_down(made.retry_after)
        elif isinstance(made, QuotaExhausted):
            self.spent.learn(operation, app, made)
        else:
            lanes[-1].ceiling.accepted()
        return made

    def _lanes(self, app: str) -> tuple[Lane, ...]:
        """Find the lanes of a call, the narrowest first: who waits for an app keeps nobody else waiting."""
        loop = asyncio.get_running_loop()
        if self._loop() is not loop:
            self._shared = self._lanes_in(_lanes_of(loop))
            self._loop = weakref.ref(loop)
        if self.pacing.app is _NONE:
            return self._shared
        return (_lane(_lanes_of(loop), (*self.place, self.component, app), self.pacing.app), *self._shared)

    def _lanes_in(self, lanes: Lanes) -> tuple[Lane, ...]:
        provider = _lane(lanes, self.place, self.pacing.provider)
        if self.pacing.component is _NONE:
            return (provider,)
        return _lane(lanes, (*self.place, self.component), self.pacing.component), provider


def _lanes_of(loop: asyncio.AbstractEventLoop) -> Lanes:
    return _LANES.setdefault(loop, {})


def _lane(lanes: Lanes, key: tuple[str, ...], pace: Pace) -> Lane:
    lane = lanes.get(key)
    if lane is None:
        if len(lanes) >= _MANY:
            _forget_idle(lanes)
        # Not the loop's own clock: what is kept for a loop must not keep it alive.
        lane = lanes[key] = Lane(pace, time.monotonic)
    elif pace is not lane.pace and pace is not _NONE:
        lane.pace = _strictest(lane.pace, pace)
    return lane


def _forget_idle(lanes: Lanes) -> None:
    for key in [key for key, lane in lanes.items() if lane.is_idle and len(key) > len(("app", "component", "place"))]:
        del lanes[key]


def _strictest(one: Pace, other: Pace) -> Pace:
    """Take the lower of two limits: both clients mean them."""
    rates = [pace.per_second for pace in (one, other) if pace.per_second is not None]
    counts = [pace.at_once for pace in (one, other) if pace.at_once is not None]
    return evolve(
        one,
        per_second=min(rates, default=None),
        at_once=min(counts, default=None),
        reserve=max(one.reserve, other.reserve),
    )
