"""Whether to ask again, by what is known: pure, and tested as a table.

Refused before anything was done (too fast, never sent): always, within bounds. No answer, or a provider that broke:
only what may be done twice. A no on the merits: never. (A rejected token is a matter of its own: `Session` asks for
another one once.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from miniapp_tp.errors import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    MiniAppError,
    NoAnswer,
    ProviderUnavailable,
    RateLimited,
)
from miniapp_tp.wire.endpoint import Endpoint

if TYPE_CHECKING:
    from miniapp_tp.transport.options import Options

_ALWAYS: Final = (RateLimited, ConnectFailed)
_IF_IDEMPOTENT: Final = (ProviderUnavailable, ConnectionLost, DeadlineExceeded)


def delay(error: MiniAppError, *, idempotent: bool, number: int, options: Options, chance: float) -> float | None:
    """Tell how long to wait before asking again.

    Args:
        error: What the attempt came to.
        idempotent: Whether the endpoint may be called twice.
        number: How many attempts were made.
        options: The caller's bounds.
        chance: A number from 0 to 1, drawn anew for each attempt, so that many callers don't come back in step.

    Returns:
        Seconds, at least those that the provider asked for; `None` if there is to be no other attempt.
    """
    wanted = isinstance(error, _ALWAYS) or (idempotent and isinstance(error, _IF_IDEMPOTENT))
    if not wanted or number >= options.attempts:
        return None
    # Past a doubling of that many times every pause is the longest one.
    pause = min(options.backoff * 2.0 ** min(number - 1, 60), options.backoff_max)
    jittered = pause * (0.5 + chance / 2)
    asked = error.retry_after if isinstance(error, RateLimited | ProviderUnavailable) else None
    return max(jittered, asked or 0.0)


@define
class Tries:
    """What the attempts of one call have shown.

    Attributes:
        endpoint: What is called.
        sent: How many attempts were made.
        unanswered: Whether one of them was sent and may have been acted upon without an answer.
        in_flight: Whether one is under way.
        told: The most telling error so far.
    """

    endpoint: Endpoint[Any, Any]
    sent: int = 0
    unanswered: bool = False
    in_flight: bool = False
    told: MiniAppError | None = field(default=None, repr=False)

    def note(self, error: MiniAppError) -> None:
        """Take in what an attempt came to: a later error replaces an earlier one unless that told more."""
        unsure = error.may_have_happened if isinstance(error, NoAnswer | ProviderUnavailable) else False
        self.unanswered = self.unanswered or (unsure and self.endpoint.changes)
        if self.told is None or _rank(error) >= _rank(self.told):
            self.told = error

    def final(self, late: DeadlineExceeded | None = None) -> MiniAppError:
        """Choose what the caller gets: the last real answer, and only without one that time ran out."""
        if self.in_flight and self.endpoint.changes:
            self.unanswered = True
        if late is not None:
            self.note(late)
        error = self.told or DeadlineExceeded("no attempt was made", may_have_happened=False)
        error.may_have_happened = self.endpoint.changes and (error.may_have_happened or self.unanswered)
        error.retryable = error.retryable and (self.endpoint.idempotent or not error.may_have_happened)
        return error


def _rank(error: MiniAppError) -> int:
    """Order errors by what they tell: an answer most, that nothing could be sent least."""
    for rank, kind in enumerate((ConnectFailed, DeadlineExceeded, ConnectionLost)):
        if isinstance(error, kind):
            return rank
    return len((ConnectFailed, DeadlineExceeded, ConnectionLost))
