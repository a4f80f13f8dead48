"""A queue in front of calls: so many per second, so many at once, and those that somebody waits for go first."""

from __future__ import annotations

import asyncio
from collections import deque
from math import inf
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.transport.ceiling import Ceiling

if TYPE_CHECKING:
    from collections.abc import Callable

    from attrs import Attribute

_CATCH_UP: Final = 0.1
"""Seconds by which a queue may lag behind its rate and still make up for it."""
_AFTER_FIRST_BUSY: Final = 1.0
"""Seconds that bulk waits after the first busy answers: whatever the provider counts in is used up."""


def _positive(_pace: Pace, attribute: Attribute[float | None], value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
        raise InvalidArgument(f"{attribute.name} is a positive number, or None for no limit, not {value!r}")


def _whole(_pace: Pace, attribute: Attribute[int | None], value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise InvalidArgument(f"{attribute.name} is a whole number of at least 1, or None for no limit, not {value!r}")


def _share(_pace: Pace, attribute: Attribute[float], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise InvalidArgument(f"{attribute.name} is a share from 0 to less than 1, not {value!r}")


@frozen(kw_only=True)
class Pace:
    """How many calls, how fast.

    Attributes:
        per_second: Calls per second; `None` for no limit but what the provider's busy answers teach.
        at_once: Calls under way at once; `None` for no limit.
        reserve: The share of both that bulk leaves to calls that somebody waits for.

    Raises:
        InvalidArgument: A value that makes no sense.
    """

    per_second: float | None = field(default=None, validator=_positive)
    at_once: int | None = field(default=None, validator=_whole)
    reserve: float = field(default=0.1, validator=_share)


class Lane:
    """The queue in front of the calls to one provider, of one component, or for one app.

    Args:
        pace: Its limits.
        clock: Tells the time in seconds.
    """

    def __init__(self, pace: Pace, clock: Callable[[], float]) -> None:
        self._called_too_fast = False
        self._under_way = 0
        self.pace = pace
        self.ceiling = Ceiling(clock)
        self._clock = clock
        self._next = 0.0
        self._next_in_bulk = 0.0
        self._bulk_waits_until = 0.0
        self._all_wait_until = 0.0
        self._queues: tuple[deque[asyncio.Future[None]], ...] = (deque(), deque())
        self._timer: asyncio.TimerHandle | None = None

    @property
    def pace(self) -> Pace:
        """Its limits."""
        return self._pace

    @pace.setter
    def pace(self, pace: Pace) -> None:
        self._pace = pace
        self._unasked = self._room_unasked()

    def _room_unasked(self) -> tuple[float, float]:
        """Tell how many calls that somebody waits for, and how many in bulk, may go before a rate has to be asked."""
        if self._called_too_fast or self._pace.per_second is not None:
            return (0, 0)
        return (self._most(bulk=False), self._most(bulk=True))

    def _most(self, *, bulk: bool) -> float:
        """Tell how many calls may be under way."""
        at_once = self._pace.at_once
        if at_once is None:
            return inf
        return max(1, int(at_once * (1 - self._pace.reserve))) if bulk else at_once

    @property
    def is_idle(self) -> bool:
        """Whether nobody is in it or waits for it."""
        return not self._under_way and not any(self._queues)

    @property
    def rate(self) -> float | None:
        """Calls per second at present; `None` for no limit."""
        learned, given = self.ceiling.rate, self.pace.per_second
        return given if learned is None else learned if given is None else min(learned, given)

    def entered_at_once(self, *, bulk: bool) -> bool:
        """Take one's turn, if nobody has to be waited for; it ends with `leave`."""
        if self._under_way < self._unasked[bulk]:  # nobody can be waiting then
            self._under_way += 1
            return True
        if self._queues[0] or (bulk and self._queues[1]) or self._wait(bulk=bulk) != 0:
            return False
        self._take(bulk=bulk)
        return True

    async def enter(self, *, bulk: bool) -> None:
        """Wait for one's turn, which ends with `leave`."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues[bulk].append(turn)
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # it was given in the same moment
            raise

    def leave(self) -> None:
        """End one's turn."""
        self._under_way -= 1
        if any(self._queues):
            self._serve()

    def slow_down(self, retry_after: float | None) -> None:
        """Take in that the provider called us too fast, and for how many seconds it asks to wait, if it does."""
        self._called_too_fast = True
        self._unasked = self._room_unasked()
        unknown = self.ceiling.rate is None
        now = self._clock()
        if self.ceiling.busy() and unknown:
            self._bulk_waits_until = now + _AFTER_FIRST_BUSY
        if retry_after:
            self._all_wait_until = max(self._all_wait_until, now + retry_after)

    def _wait(self, *, bulk: bool) -> float | None:
        """Tell for how many seconds a call has to wait; `None`: until another one ends."""
        if self._under_way >= self._most(bulk=bulk):
            return None
        until = max(self._all_wait_until, self._bulk_waits_until if bulk else 0.0)
        rate = self.rate
        if rate is None and not until:
            return 0.0
        if rate is not None:
            # Whoever somebody waits for may be early: as many of them as the reserve has room for in a second.
            early = 0.0 if bulk else max(1.0, rate * self._pace.reserve) / rate
            until = max(until, self._next - early, self._next_in_bulk if bulk else 0.0)
        return max(until - self._clock(), 0.0)

    def _take(self, *, bulk: bool) -> None:
        self._under_way += 1
        if (rate := self.rate) is not None:
            earliest = self._clock() - _CATCH_UP
            self._next = max(self._next, earliest) + 1 / rate
            if bulk:
                share = rate * (1 - self.pace.reserve) if self.pace.per_second is not None else rate
                self._next_in_bulk = max(self._next_in_bulk, earliest) + 1 / share

    def _serve(self) -> None:
        """Give turns to whoever waits and may go, those first that somebody waits for."""
        for bulk, queue in enumerate(self._queues):
            while queue:
                wait = self._wait(bulk=bool(bulk))
                if wait != 0:
                    self._look_again(wait)
                    return
                turn = queue.popleft()
                if not turn.done():  # it wasn't cancelled
                    self._take(bulk=bool(bulk))
                    turn.set_result(None)

    def _look_again(self, wait: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wait is not None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        self._serve()
