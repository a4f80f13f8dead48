"""When a token is to be renewed: pure, the clock and the chance are arguments.

Two windows before its end. In the first one caller renews it and the others go on with it; in the second nobody
uses it any more. The first one's beginning is drawn by chance for each app, so that thousands of apps which were
authorized together aren't renewed together for ever.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

AGAIN: Final = 30.0
"""Seconds until a renewal that failed is tried again, while the token is still good."""

_SOON: Final = 600.0
_SOON_SHARE: Final = 0.25
_NOW: Final = 30.0
_NOW_SHARE: Final = 0.05


_DAY: Final = 86_400.0
_AHEAD: Final = 10 * _DAY
_AHEAD_SHARE: Final = 1 / 3


@frozen
class Windows:
    """When a token is to be renewed, in epoch seconds.

    Attributes:
        due: From then on one caller renews it.
        over: From then on it isn't used any more.
    """

    due: float
    over: float


def windows(obtained_at: float, expires_at: float, chance: float) -> Windows:
    """Choose the windows of a token.

    Args:
        obtained_at: When it was given out.
        expires_at: When it ends.
        chance: A number from 0 to 1.
    """
    life = max(0.0, expires_at - obtained_at)
    soon = min(_SOON, life * _SOON_SHARE)
    over = expires_at - min(_NOW, life * _NOW_SHARE)
    return Windows(min(over, expires_at - soon * (0.5 + chance / 2)), over)


def renewal_of_refresh(obtained_at: float, ends_at: float | None, place: float) -> float:
    """Choose when a grant is to be renewed so that its refresh token doesn't end: days before, if it lives for long.

    Args:
        obtained_at: When it was given out, or taken over from elsewhere.
        ends_at: When it ends. Where nobody knows, it may be of any age: it is renewed within a day.
        place: A number from 0 to 1, the same for an app at all times, so that those which end together are spread over
            half of the time that is left.
    """
    if ends_at is None:
        return obtained_at + place * _DAY
    ahead = min(_AHEAD, max(0.0, ends_at - obtained_at) * _AHEAD_SHARE)
    return ends_at - ahead * (1 - place / 2)
