"""Idle connections, each a lane of its own: the last used is taken first, and those that nobody needs are closed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from attrs import define, field, frozen

IDLE: Final = 30.0
"""Seconds after which a connection that nobody uses is closed."""


class Closable(Protocol):
    """What can be closed."""

    async def aclose(self) -> None:
        """Close it."""
        ...


L = TypeVar("L", bound=Closable)


@frozen
class _Idle(Generic[L]):
    """A lane that nobody uses, and since when, on the event loop's clock."""

    lane: L
    since: float


@define
class Lanes(Generic[L]):
    """The idle lanes, by where they lead. A lane in use is its user's.

    Attributes:
        make: Makes a lane to an origin.
        closed: Whether lanes that come back are closed.
    """

    make: Callable[[str], L]
    closed: bool = False
    _idle: dict[str, deque[_Idle[L]]] = field(factory=dict[str, deque[_Idle[L]]], repr=False)
    _timer: asyncio.TimerHandle | None = field(default=None, repr=False)
    _closing: set[asyncio.Task[None]] = field(factory=set[asyncio.Task[None]], repr=False)

    def take(self, origin: str) -> L:
        """Give a lane that nobody uses."""
        idle = self._idle.get(origin)
        return idle.pop().lane if idle else self.make(origin)

    def put_back(self, origin: str, lane: L) -> None:
        """Take a lane back that is fit to be used again."""
        loop = asyncio.get_running_loop()
        self._idle.setdefault(origin, deque()).append(_Idle(lane, loop.time()))
        if self._timer is None:
            self._timer = loop.call_later(IDLE, self._sweep)

    def _sweep(self) -> None:
        """Close what has been idle for too long, and come back while there is anything."""
        loop = asyncio.get_running_loop()
        for idle in self._idle.values():
            while idle and loop.time() - idle[0].since >= IDLE:
                task = loop.create_task(idle.popleft().lane.aclose())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
        oldest = min((idle[0].since for idle in self._idle.values() if idle), default=None)
        self._timer = None if oldest is None else loop.call_at(oldest + IDLE, self._sweep)

    async def aclose(self) -> None:
        """Close all idle lanes, and wait for those that are being closed; lanes in use are closed as they come back."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for idle in self._idle.values():
            while idle:
                await idle.pop().lane.aclose()
        while self._closing:
            await asyncio.wait(list(self._closing))
