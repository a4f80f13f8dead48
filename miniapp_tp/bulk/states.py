"""What a run and its apps can be in, and what is kept of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, IntEnum
from typing import Any, Final

from attrs import Factory, asdict, evolve, field, frozen

from miniapp_tp.errors import MiniAppError, ProviderError


class State(IntEnum):
    """How far a run has come with one app."""

    PENDING = 0
    """To be done."""
    INTENDED = 1
    """About to be done, or being done: whether it was, is not known. After a crash this is settled by looking."""
    DOUBTFUL = 2
    """No answer came, so it may have been done. It is settled by looking."""
    DONE = 3
    """It worked."""
    FAILED = 4
    """It didn't."""
    UNKNOWN = 5
    """Nothing can tell whether it was done: the operation has nothing that reads it back."""


DOUBTS: Final = (State.INTENDED, State.DOUBTFUL)
"""What is settled by looking."""
ENDS: Final = (State.DONE, State.FAILED, State.UNKNOWN)
"""What is over."""


class Status(Enum):
    """How far a run has come."""

    FILLING = "filling"
    """Its apps are being written down; nothing was done yet."""
    READY = "ready"
    """All its apps are written down; nothing was done yet."""
    RUNNING = "running"
    """A process is at it."""
    PAUSED = "paused"
    """Something stops all of it, or somebody wants it to wait; `reason` says what."""
    STOPPED = "stopped"
    """Somebody ended it before its end. It can be resumed."""
    INTERRUPTED = "interrupted"
    """Its process ended without a word. It can be resumed. (Never kept: it follows from the lease.)"""
    FINISHED = "finished"
    """Every app is done, failed, or can't be known."""


class Wish(Enum):
    """What somebody else wants of a process that is at a run."""

    GO = "go"
    PAUSE = "pause"
    STOP = "stop"


@frozen
class Trouble:
    """What went wrong with an app: what is kept of its error. It holds no secret, as errors don't.

    Attributes:
        error: The name of the error's class.
        text: What the error says.
        actor: Who must act: `"you"`, `"merchant"`, `"provider"`, `"time"`.
        scope: How much is affected: `"app"`, `"component"`, `"provider"`.
        code: The provider's code.
        request_id: What the provider's support asks for.
    """

    error: str
    text: str
    actor: str
    scope: str
    code: int | str | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, error: Exception) -> Trouble:
        """Keep what matters of an error."""
        if not isinstance(error, MiniAppError):
            # Its text is somebody else's: what it holds, nobody knows.
            return cls(type(error).__name__, "not an error of this package: see the log", "you", "app")
        answered = error if isinstance(error, ProviderError) else None
        return cls(
            error=type(error).__name__,
            text=str(error),
            actor=error.actor.value,
            scope=error.scope.value,
            code=answered.code if answered else None,
            request_id=answered.request_id if answered else None,
        )

    @property
    def cause(self) -> str:
        """What it is counted under: the class, the code, and who must act."""
        code = "" if self.code is None else f" {self.code}"
        return f"{self.error}{code} ({self.actor})"

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)


@frozen
class Item:
    """An app of a run's source, with parameters of its own.

    Attributes:
        app: The app's id.
        arguments: What the method is given for this app, besides (and instead of) what all are given.
    """

    app: str
    arguments: Mapping[str, Any] = Factory(dict[str, Any])


@frozen
class Entry:
    """What the journal holds of an app.

    Attributes:
        place: Its place in the source, from 1.
        app: Its id.
        state: How far the run has come with it.
        tries: How often the method was called for it.
        at: When its state last changed, in epoch seconds.
        arguments: Its own arguments, as JSON.
        trouble: What went wrong last.
        value: What the method returned, as JSON.
        before: What was there before a change, as JSON, where the run was asked to keep it.
    """

    place: int
    app: str
    state: State = State.PENDING
    tries: int = 0
    at: float = 0.0
    arguments: str | None = None
    trouble: Trouble | None = None
    value: str | None = field(default=None, repr=False)
    before: str | None = field(default=None, repr=False)

    def became(self, state: State, at: float, trouble: Trouble | None = None, value: str | None = None) -> Entry:
        """Give what it is after something happened."""
        tries = self.tries + (state is State.INTENDED)
        return Entry(self.place, self.app, state, tries, at, self.arguments, trouble, value, self.before)


@frozen
class Counts:
    """How many apps are in which state."""

    pending: int = 0
    intended: int = 0
    doubtful: int = 0
    done: int = 0
    failed: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.left + self.done + self.failed + self.unknown

    @property
    def left(self) -> int:
        """Those that are not over."""
        return self.pending + self.intended + self.doubtful

    def as_dict(self) -> dict[str, int]:
        """Give them by the state's name."""
        return asdict(self)


@frozen(kw_only=True)
class Plan:
    """What a run is to do, and who wants it: written down before anything is done.

    Attributes:
        method: The name of the client's method.
        arguments: What it is given for every app, besides the app, as JSON.
        target: The client, as its repr names it.
        who: Who started it.
        why: Why.
        keep_before: Whether what was there before a change is read and kept.
    """

    method: str
    arguments: str
    target: str
    who: str
    why: str
    keep_before: bool = False


@frozen(kw_only=True)
class Record:
    """What the journal holds of a run.

    Attributes:
        id: Its number.
        plan: What it is to do.
        status: How far it has come.
        reason: Why it is paused or stopped.
        counts: Its apps by state.
        made_at: When it was made, in epoch seconds.
        changed_at: When its status last changed.
        filled: Whether all its apps are written down.
        seconds: How long processes were at it, in all.
        owner: The process that is or was at it.
        until: When that one's lease ends.
        wish: What somebody wants of that one.
    """

    id: int
    plan: Plan
    status: Status
    reason: str
    counts: Counts
    made_at: float
    changed_at: float
    filled: bool
    seconds: float
    owner: str
    until: float
    wish: Wish

    def seen_at(self, now: float) -> Record:
        """Tell a run that is being run from one whose process is gone."""
        orphaned = self.status in {Status.RUNNING, Status.FILLING} and self.until <= now
        return evolve(self, status=Status.INTERRUPTED) if orphaned else self

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "run": self.id,
            "status": self.status.value,
            "reason": self.reason,
            **asdict(self.plan),
            "total": self.counts.total,
            **self.counts.as_dict(),
            "made_at": self.made_at,
            "changed_at": self.changed_at,
            "seconds": round(self.seconds, 3),
        }
