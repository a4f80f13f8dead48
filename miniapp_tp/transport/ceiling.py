"""How fast a provider lets us be, learned from its busy answers.

The algorithm is CUBIC, which TCP uses for the same question (RFC 9438): where the provider said that we are too fast,
the rate that it did accept is remembered. The rate falls a little below it, comes back to it, stays near it for a
while, and then looks beyond, slowly at first, in case it has risen. Without busy answers for a minute or two nothing is
left of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from attrs import define, field

_DROP: Final = 0.06
"""How far below the accepted rate it falls."""
_BACK: Final = 10.0
"""Seconds until it is back there."""
_PACE: Final = _BACK / _DROP ** (1 / 3)
_LOWEST: Final = 0.5
_FIRST_LOWEST: Final = 20.0
_FORGOTTEN: Final = 20.0
"""How many times the accepted rate is no limit any more."""
_WINDOW: Final = 1.0
_LOOK_BACK: Final = 50
_ENOUGH: Final = 2
_ENOUGH_AT_FIRST: Final = 3


@define
class Ceiling:
    """The highest rate, in calls per second, that a provider seems to allow.

    A single busy answer says little: some come by chance. Two among the last 50 answers count (three, at first).

    Attributes:
        clock: Tells the time in seconds.
    """

    clock: Callable[[], float]
    _accepted: float | None = None
    _since: float = 0.0
    _answers: deque[bool] = field(factory=lambda: deque[bool](maxlen=_LOOK_BACK))
    _yeses: deque[float] = field(factory=lambda: deque[float](maxlen=100_000))

    @property
    def rate(self) -> float | None:
        """The rate; `None` if nothing is known that limits it."""
        if self._accepted is None:
            return None
        grown = self._accepted * (1 + ((self.clock() - self._since - _BACK) / _PACE) ** 3)
        if grown > self._accepted * _FORGOTTEN:
            self._accepted = None
            return None
        return max(grown, _LOWEST)

    def accepted(self) -> None:
        """Take in an answer that wasn't a busy one."""
        now = self.clock()
        self._answers.append(False)
        self._yeses.append(now)
        while self._yeses[0] < now - _WINDOW:
            self._yeses.popleft()

    def busy(self) -> bool:
        """Take in a busy answer; tells whether the rate was lowered."""
        now, rate = self.clock(), self.rate
        self._answers.append(True)
        enough = _ENOUGH_AT_FIRST if rate is None else _ENOUGH
        if sum(self._answers) < enough or (rate is not None and now - self._since < _WINDOW):
            return False
        lately = sum(1 for moment in self._yeses if moment >= now - _WINDOW) / _WINDOW
        if rate is None:
            self._accepted = max(lately, _FIRST_LOWEST)
        else:
            self._accepted = max(min(lately, rate), rate * 0.7)
        self._since = now
        self._answers.clear()
        return True
