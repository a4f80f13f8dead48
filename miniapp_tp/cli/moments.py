"""Moments and spans of time as operators read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_UNITS: Final = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))


def moment(seconds: float | None) -> str | None:
    """Write epoch seconds as a date and time in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def span(seconds: float) -> str:
    """Write a number of seconds in the largest unit of which it is at least two."""
    for size, unit in _UNITS:
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
