"""How much happens at once."""

from __future__ import annotations

from weakref import WeakValueDictionary

import anyio


class Limits:
    """The turns that calls take; clients which share connections share these too.

    Args:
        concurrency: How many requests are made at once.
    """

    def __init__(self, concurrency: int) -> None:
        self._turns = anyio.CapacityLimiter(concurrency)
        self._alone: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    async def take_turn(self, caller: object) -> None:
        """Wait for one's turn to send; it has to be given back. Where there is a free one, nothing waits."""
        try:
            self._turns.acquire_on_behalf_of_nowait(caller)
        except anyio.WouldBlock:
            await self._turns.acquire_on_behalf_of(caller)

    def give_back(self, caller: object) -> None:
        """Give one's turn back, to the one who has waited longest."""
        self._turns.release_on_behalf_of(caller)

    def alone(self, app: str) -> anyio.Lock:
        """Let only one procedure at a time read an app's state and write it back."""
        lock = self._alone.get(app)
        if lock is None:
            lock = self._alone[app] = anyio.Lock()
        return lock
