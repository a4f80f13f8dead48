"""How a run is getting on: counts, rate, the time that is left, and what went wrong, by cause."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final

from attrs import astuple, define, field, frozen

from miniapp_tp.bulk.states import ENDS, Counts, Entry, Record, State, Status

_WINDOW: Final = 10.0
_STEP: Final = 0.25


@define
class Progress:
    """A run's progress, as its own process sees it; read it at any time.

    Attributes:
        causes: How many apps failed, or can't be known, by cause.
        clock: Tells the time in seconds.
    """

    causes: Counter[str]
    clock: Callable[[], float]
    _apps: dict[State, int] = field(factory=dict[State, int])
    _marks: deque[tuple[float, int]] = field(factory=deque[tuple[float, int]])
    _ended: int = 0

    @property
    def counts(self) -> Counts:
        """The apps by state."""
        return Counts(*(self._apps[state] for state in State))

    @counts.setter
    def counts(self, counts: Counts) -> None:
        self._apps = dict(zip(State, astuple(counts), strict=True))

    @property
    def left(self) -> int:
        """How many apps are not over."""
        return self.counts.left

    def note(self, before: Entry, after: Entry) -> None:
        """Take in what became of an app."""
        self._apps[before.state] -= 1
        self._apps[after.state] += 1
        if after.state in ENDS:
            self._ended += 1
            self._mark()
        if after.state in {State.FAILED, State.UNKNOWN} and after.trouble is not None:
            self.causes[after.trouble.cause] += 1

    def _mark(self) -> None:
        now = self.clock()
        if not self._marks or now - self._marks[-1][0] >= _STEP:
            self._marks.append((now, self._ended))
        while self._marks[0][0] < now - _WINDOW:
            self._marks.popleft()

    @property
    def rate(self) -> float:
        """Apps per second that were finished lately."""
        if len(self._marks) < 2:  # noqa: PLR2004 - a rate takes two moments
            return 0.0
        since, then = self._marks[0]
        elapsed = self.clock() - since
        return (self._ended - then) / elapsed if elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this rate; `None` if nothing is known of it."""
        return self.left / self.rate if self.rate > 0 else None


@frozen
class Report:
    """What a run came to, or has come to so far.

    Attributes:
        record: What the journal holds of it.
        causes: What went wrong and with how many apps, the most frequent first.
    """

    record: Record
    causes: tuple[tuple[str, int], ...]

    @property
    def status(self) -> Status:
        """How far it has come."""
        return self.record.status

    @property
    def counts(self) -> Counts:
        """Its apps by state."""
        return self.record.counts

    @property
    def reason(self) -> str:
        """Why it is paused or stopped."""
        return self.record.reason

    @property
    def is_complete(self) -> bool:
        """Whether every app is done."""
        return self.status is Status.FINISHED and self.counts.done == self.counts.total

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        causes = [{"cause": cause, "apps": apps} for cause, apps in self.causes]
        return {**self.record.as_dict(), "complete": self.is_complete, "causes": causes}
