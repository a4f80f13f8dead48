"""How long a reply asks to wait."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After` as seconds: a number, or a date, which counts from the reply's own `Date`."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < len("1000000000"):
        return float(text)
    until, now = _date(text), _date(headers.get("date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else None
