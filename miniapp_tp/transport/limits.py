"""How much happens at once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import anyio

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager


class Limits:
    """The turns that calls take; clients which share connections share these too.

    Args:
        concurrency: How many requests are made at once.
    """

    def __init__(self, concurrency: int) -> None:
        self._turns = anyio.CapacityLimiter(concurrency)
        self._alone: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    def slot(self) -> AbstractAsyncContextManager[object]:
        """Wait for one's turn to send."""
        return self._turns

    def alone(self, app: str) -> anyio.Lock:
        """Let only one procedure at a time read an app's state and write it back."""
        lock = self._alone.get(app)
        if lock is None:
            lock = self._alone[app] = anyio.Lock()
        return lock
