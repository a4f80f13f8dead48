"""The deadlines of calls: one timer for all of them.

A timer for each call would cost more than writing and signing it. But calls with the same time-out end in the order in
which they began, so it is enough to watch the oldest.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from math import inf

from attrs import define, field

END: ContextVar[float] = ContextVar("END", default=inf)
"""When the present call's time is over, on the event loop's clock: for those who want to say why before it is."""


@define(eq=False)
class Deadlines:
    """Blocks under way, in the order in which they began: all have the same time-out."""

    _ends: dict[asyncio.Timeout, float] = field(factory=dict[asyncio.Timeout, float], repr=False)
    _timer: asyncio.TimerHandle | None = field(default=None, repr=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)

    def watch(self, bound: asyncio.Timeout, end: float) -> None:
        """Let a block end in time.

        Args:
            bound: What the block is within; its own timer isn't set.
            end: When its time is over, on the event loop's clock.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # a client that outlived the loop of an `asyncio.run`
            self._ends, self._timer, self._loop = {}, None, loop
        self._ends[bound] = end
        if self._timer is None:
            self._timer = loop.call_at(end, self._look, loop)

    def forget(self, bound: asyncio.Timeout) -> None:
        """Watch a block no longer: it has ended."""
        self._ends.pop(bound, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is overdue, and come back when the next one will be."""
        now = loop.time()
        over = [bound for bound, end in self._ends.items() if end <= now]
        for bound in over:
            del self._ends[bound]
            bound.reschedule(now)
        oldest = next(iter(self._ends.values()), None)
        self._timer = None if oldest is None else loop.call_at(oldest, self._look, loop)
