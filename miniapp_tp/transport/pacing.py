"""When a call may be made: limits per provider, component and app, shared by all clients of an event loop."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from weakref import WeakKeyDictionary

from attrs import evolve, field, frozen

from miniapp_tp.errors import QuotaExhausted, RateLimited
from miniapp_tp.priority import is_bulk
from miniapp_tp.transport.lane import Lane, Pace
from miniapp_tp.transport.spent import Spent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

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


class Outcome(Protocol):
    """What an attempt came to."""

    @property
    def result(self) -> Any:  # noqa: ANN401, D102 - a value, or an error
        ...


Made = TypeVar("Made", bound=Outcome)


class Around(Protocol):
    """What makes attempts when their turns come."""

    async def around(self, operation: str, app: str, attempt: Callable[[], Awaitable[Made]]) -> Made:
        """Make an attempt when its turn comes."""
        ...


class AtOnce:
    """Makes attempts at once: calls for tokens, which whoever waits for them holds a turn for already."""

    async def around(self, operation: str, app: str, attempt: Callable[[], Awaitable[Made]]) -> Made:  # noqa: ARG002
        """Make an attempt."""
        return await attempt()


Lanes = dict[tuple[str, ...], Lane]

_LANES: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, Lanes]] = WeakKeyDictionary()
"""All lanes, by event loop: what waits in a loop can only be woken there."""


@frozen
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

    async def around(self, operation: str, app: str, attempt: Callable[[], Awaitable[Made]]) -> Made:
        """Make an attempt when its turn comes, and learn from what it came to.

        Raises:
            QuotaExhausted: The provider said before that there is no quota left; nothing was sent.
        """
        self.spent.check(operation, app)
        bulk, entered = is_bulk(), list[Lane]()
        lanes = self._lanes(app)
        try:
            for lane in lanes:
                await lane.enter(bulk=bulk)
                entered.append(lane)
            outcome = await attempt()
        finally:
            for lane in reversed(entered):
                lane.leave()
        self._learn(operation, app, lanes[-1], outcome.result)
        return outcome

    def _learn(self, operation: str, app: str, provider: Lane, result: object) -> None:
        busy = isinstance(result, RateLimited)
        provider.learn(busy=busy, retry_after=result.retry_after if isinstance(result, RateLimited) else None)
        if isinstance(result, QuotaExhausted):
            self.spent.learn(operation, app, result)

    def _lanes(self, app: str) -> list[Lane]:
        """Find the lanes of a call, the narrowest first: who waits for an app keeps nobody else waiting."""
        loop = asyncio.get_running_loop()
        lanes = _LANES.get(loop)
        if lanes is None:
            lanes = _LANES[loop] = {}
        found: list[Lane] = []
        if self.pacing.app is not _NONE:
            found.append(self._lane(loop, lanes, (*self.place, self.component, app), self.pacing.app))
        if self.pacing.component is not _NONE:
            found.append(self._lane(loop, lanes, (*self.place, self.component), self.pacing.component))
        found.append(self._lane(loop, lanes, self.place, self.pacing.provider))
        return found

    @staticmethod
    def _lane(loop: asyncio.AbstractEventLoop, lanes: Lanes, key: tuple[str, ...], pace: Pace) -> Lane:
        lane = lanes.get(key)
        if lane is None:
            if len(lanes) >= _MANY:
                _forget_idle(lanes)
            lane = lanes[key] = Lane(pace, loop.time)
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
