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

_DROP: Final = 0.04
"""How far below the accepted rate it falls."""
_BACK: Final = 10.0
"""Seconds until it is back there."""
_PACE: Final = _BACK / _DROP ** (1 / 3)
_LOWEST: Final = 0.5
_FIRST_LOWEST: Final = 20.0
_FORGOTTEN: Final = 20.0
"""How many times the accepted rate is no limit any more."""
_WINDOW: Final = 1.0
_DEEPEST: Final = 0.3
_FEW: Final = 20
"""Fewer answers than this say nothing yet of a rate, unless many of them are busy ones."""
_MANY: Final = 5
"""So many busy answers say how much is too much; of fewer, each counts as one among 50."""
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
        if self._accepted is None:
            self._yeses.append(now)
            while self._yeses[0] < now - _WINDOW:
                self._yeses.popleft()
        elif now - self._since < _WINDOW:
            return  # it tells of the rate before the last change
        self._answers.append(False)

    def busy(self) -> bool:
        """Take in a busy answer; tells whether the rate was lowered."""
        now, rate = self.clock(), self.rate
        if self._is_settling(now):
            return False
        self._answers.append(True)
        if not self._is_enough(rate is None):
            return False
        self._accepted = self._accepted_at(now) if rate is None else max(rate * self._share_accepted, _LOWEST)
        self._since = now
        self._answers.clear()
        self._yeses.clear()
        return True

    def _is_enough(self, at_first: bool) -> bool:  # noqa: FBT001 - asked in one place
        """Whether the busy answers are more than chance."""
        busy = sum(self._answers)
        if at_first:
            return busy >= _ENOUGH_AT_FIRST
        return busy >= _MANY or (busy >= _ENOUGH and len(self._answers) >= _FEW)

    def _is_settling(self, now: float) -> bool:
        """Whether answers still tell of the rate before the last change."""
        return self._accepted is not None and now - self._since < _WINDOW

    def _accepted_at(self, now: float) -> float:
        """Count what was accepted lately, while nothing was known yet."""
        return max(sum(1 for moment in self._yeses if moment >= now - _WINDOW) / _WINDOW, _FIRST_LOWEST)

    @property
    def _share_accepted(self) -> float:
        """The share of calls that were accepted at this rate.

        It says more than a count per second: where a machine stalls, calls come in bursts, and few in some seconds.
        """
        busy, all_of_them = sum(self._answers), len(self._answers)
        share = busy / (all_of_them if busy >= _MANY else _LOOK_BACK)
        return max(1 - share, _DEEPEST)
