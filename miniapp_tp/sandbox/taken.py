"""How many requests a provider takes in a second."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import define, field


@define
class Taken:
    """Counts the requests that were taken in the last second; those that were refused don't count.

    Attributes:
        per_second: How many there may be; any number, if `None`.
        clock: Tells the time in seconds.
    """

    per_second: int | None
    clock: Callable[[], float]
    _moments: deque[float] = field(factory=deque[float])

    def is_too_much(self) -> bool:
        """Tell whether one more is too much; if not, it is taken."""
        if self.per_second is None:
            return False
        now = self.clock()
        while self._moments and self._moments[0] <= now - 1.0:
            self._moments.popleft()
        if len(self._moments) >= self.per_second:
            return True
        self._moments.append(now)
        return False
