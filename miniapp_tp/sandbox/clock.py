"""The sandbox's clock: somebody else's, or the machine's, moved as far as a test wants."""

from __future__ import annotations

import time
from collections.abc import Callable

from attrs import define


@define
class Clock:
    """Tells the time in seconds.

    Attributes:
        base: The clock that it goes by.
        ahead: How far it is ahead of that one.
    """

    base: Callable[[], float] = time.time
    ahead: float = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.base() + self.ahead

    def advance(self, seconds: float) -> None:
        """Move it on; back, if negative."""
        self.ahead += seconds
