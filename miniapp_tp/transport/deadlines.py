"""The deadlines of calls: one timer for all of them.

A timer and an `asyncio.timeout` for each call would cost more than writing and signing it. But calls with the same
time-out end in the order in which they began, so it is enough to watch the oldest.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from math import inf
from typing import Any

from attrs import define, field

END: ContextVar[float] = ContextVar("END", default=inf)
"""When the present call's time is over, on the event loop's clock: for those who want to say why before it is."""


@define(eq=False)
class Bound:
    """A part of a task that ends in time: what `asyncio.timeout` does, but for the timer.

    Attributes:
        task: The task.
        end: When its time is over, on the event loop's clock.
        cancelled_before: How often the task had been told to end when the part began.
        over: Whether its time is over, and the task was told so by cancelling it.
    """

    task: asyncio.Task[Any] = field(repr=False)
    end: float
    cancelled_before: int
    over: bool = False

    @property
    def explains_cancelling(self) -> bool:
        """Whether the task was cancelled for this alone: somebody else's wish to end it goes first."""
        return self.over and self.task.cancelling() <= self.cancelled_before + 1


@define(eq=False)
class Deadlines:
    """Calls under way, in the order in which they began: all have the same time-out."""

    _bounds: dict[Bound, None] = field(factory=dict[Bound, None], repr=False)
    _timer: asyncio.TimerHandle | None = field(default=None, repr=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)

    def begin(self, end: float) -> Bound:
        """Let the present task go on until a moment: then it is cancelled.

        Args:
            end: The moment, on the event loop's clock.

        Returns:
            What `finish` has to be called with.
        """
        task = asyncio.current_task()
        if task is None:
            message = "calls are awaited in a task: asyncio.run makes one"
            raise RuntimeError(message)
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # a client that outlived the loop of an `asyncio.run`
            self._bounds, self._timer, self._loop = {}, None, loop
        bound = Bound(task, end, task.cancelling())
        self._bounds[bound] = None
        if self._timer is None:
            self._timer = loop.call_at(end, self._look, loop)
        return bound

    def finish(self, bound: Bound) -> None:
        """Watch a call no longer: it has ended, and so has its wish to end the task."""
        if bound.over:
            bound.task.uncancel()
        else:
            self._bounds.pop(bound, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is overdue, and come back when the next one will be."""
        now = loop.time()
        for bound in [bound for bound in self._bounds if bound.end <= now]:
            del self._bounds[bound]
            bound.over = True
            bound.task.cancel()
        oldest = next(iter(self._bounds), None)
        self._timer = None if oldest is None else loop.call_at(oldest.end, self._look, loop)
