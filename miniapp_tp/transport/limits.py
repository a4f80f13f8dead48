"""How much of a client's happens at once."""

from __future__ import annotations

import time
from typing import Final
from weakref import WeakValueDictionary

import anyio

from miniapp_tp.transport.lane import Lane, Pace


class Limits:
    """The turns that calls take; clients which share connections share these too.

    Args:
        concurrency: How many requests are made at once.

    Attributes:
        lane: The queue in front of sending.
    """

    def __init__(self, concurrency: int) -> None:
        self.lane: Final = Lane(Pace(at_once=concurrency, reserve=0.0), time.monotonic)
        self._alone: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    def alone(self, app: str) -> anyio.Lock:
        """Let only one procedure at a time read an app's state and write it back."""
        lock = self._alone.get(app)
        if lock is None:
            lock = self._alone[app] = anyio.Lock()
        return lock
