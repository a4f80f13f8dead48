"""Where a run's workers pass before each app: open, closed for a while, or closed until somebody opens it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import anyio
from attrs import define, field

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 60.0


@define
class Gate:
    """Lets workers through, or not.

    After trouble that time heals it is closed for a while, then lets one through; when that one gets along it is open,
    else it is closed for twice as long.

    Attributes:
        clock: Tells the time in seconds.
        why: What the trouble was, or `""`.
        over: Whether nobody is to pass any more.
        paused: Whether nobody is to pass for now.
    """

    clock: Callable[[], float]
    why: str = ""
    over: bool = False
    paused: bool = False
    _waits: int = 0
    _since: float = 0.0
    _until: float = 0.0
    _probe: asyncio.Task[object] | None = None
    _changed: asyncio.Event = field(factory=asyncio.Event)

    @property
    def closed_for(self) -> float:
        """For how many seconds there has been trouble."""
        return self.clock() - self._since if self._waits else 0.0

    async def passed(self) -> bool:
        """Wait until one may go on; `False` if it is all over."""
        while not self.over:
            if not self.paused and self._lets_through():
                return True
            await self._until_changed()
        return False

    def _lets_through(self) -> bool:
        if not self._waits:
            return True
        if self._probe is not None or self.clock() < self._until:
            return False
        self._probe = asyncio.current_task()
        return True

    async def _until_changed(self) -> None:
        self._changed.clear()
        waits = bool(self._waits) and self._probe is None and not self.paused
        with anyio.move_on_after(max(self._until - self.clock(), 0.0) if waits else None):
            await self._changed.wait()

    def trouble(self, why: str) -> None:
        """Close it for a while. What was under way when it closed doesn't close it for longer."""
        if self._waits and self._probe is None:
            return
        if not self._waits:
            self._since = self.clock()
        self.why = why
        self._until = self.clock() + min(FIRST_WAIT * 2.0**self._waits, LONGEST_WAIT)
        self._waits += 1
        self._probe = None
        self._wake()

    def passed_on(self) -> None:
        """Let another one find out, if the caller was to and came upon nothing to find out with."""
        if self._probe is not None and self._probe is asyncio.current_task():
            self._probe = None
            self._wake()

    def success(self) -> None:
        """Open it: something works."""
        if self._waits:
            self._waits, self._probe, self.why = 0, None, ""
            self._wake()

    def pause(self, *, paused: bool) -> None:
        """Close it until somebody opens it, or open it."""
        if self.paused is not paused:
            self.paused = paused
            self._wake()

    def end(self) -> None:
        """Let nobody through any more."""
        self.over = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
