"""Quotas that are used up: what the provider refuses until they reset isn't asked again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from attrs import define, field

from miniapp_tp.errors import QuotaExhausted, Scope

_DAILY: Final = frozenset({17})
"""Codes of quotas that are known to reset with the day (wire/baidu.md § 6.1)."""
_BEIJING: Final = timezone(timedelta(hours=8))
_UNKNOWN_RESET: Final = 60.0
"""Seconds until it is tried again where nobody says when a quota resets."""
_MOST: Final = 100_000


def resets_at(error: QuotaExhausted, now: float) -> float:
    """Tell when a quota may be tried again, in epoch seconds."""
    if error.code not in _DAILY:
        return now + _UNKNOWN_RESET
    today = datetime.fromtimestamp(now, UTC).astimezone(_BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1)).timestamp()


@define
class Spent:
    """Which operations have no quota left, for which app, or for all.

    Attributes:
        clock: The wall clock, in epoch seconds.
    """

    clock: Callable[[], float]
    _until: dict[tuple[str, str], tuple[float, QuotaExhausted]] = field(
        factory=dict[tuple[str, str], tuple[float, QuotaExhausted]], repr=False
    )

    def check(self, operation: str, app: str) -> None:
        """Refuse what the provider would refuse.

        Raises:
            QuotaExhausted: The quota is used up, as the provider said before; nothing was sent.
        """
        if not self._until:
            return
        for key in ((operation, app), (operation, "")):
            found = self._until.get(key)
            if found is None:
                continue
            until, error = found
            if self.clock() < until:
                raise _again(error, until)
            del self._until[key]

    def learn(self, operation: str, app: str, error: QuotaExhausted) -> None:
        """Take in that a quota is used up: the app's, or everybody's."""
        if len(self._until) >= _MOST:
            self._until.clear()
        key = (operation, app if error.scope is Scope.APP else "")
        self._until[key] = (resets_at(error, self.clock()), error)


def _again(error: QuotaExhausted, until: float) -> QuotaExhausted:
    when = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return QuotaExhausted(
        f"{error.message} (said before; nothing was sent, and won't be before {when})",
        code=error.code,
        status=error.status,
        request_id=error.request_id,
        actor=error.actor,
        scope=error.scope,
    )
