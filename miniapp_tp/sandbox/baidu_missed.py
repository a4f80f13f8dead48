"""Baidu's list of what it pushed, of the last month (wire/baidu.md § 2.5)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from miniapp_tp.sandbox.baidu_replies import business
from miniapp_tp.sandbox.outbox import Fate, Manner, Pushed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from miniapp_tp.sandbox.provider import Provider

FIELDS: Final = frozenset({"start", "end", "push_type", "offset", "count"})
"""What may be asked with; all of it may be left out."""

_DAY: Final = 86_400
_WEEK: Final = 7 * _DAY
_MONTH: Final = 30 * _DAY
_LARGEST: Final = 100
_FAILED: Final = 2
_STATUSES: Final = {Fate.WAITING: 0, Fate.ACKNOWLEDGED: 1, Fate.GIVEN_UP: _FAILED}


def missed_events(provider: Provider, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give a page of what was pushed: all (`push_type` 1), or what wasn't acknowledged (2)."""
    now = int(provider.clock())
    asked = {"start": now - _DAY, "end": now, "push_type": 1, "offset": 0, "count": _LARGEST, **_numbers(params)}
    start, end, count = asked["start"], asked["end"], asked["count"]
    if not (0 <= end - start <= _WEEK and start >= now - _MONTH and 0 < count <= _LARGEST and asked["offset"] >= 0):
        raise business(40001, "at most a week, of the last month, and 100 messages at once")
    found = [one for one in _pushed(provider, start, end) if asked["push_type"] == 1 or one.fate is Fate.GIVEN_UP]
    page = found[asked["offset"] :][:count]
    return {
        "count": len(found),
        "list": [_told(place, one) for place, one in enumerate(page, asked["offset"] + 1)],
        "page": asked["offset"] // count + 1,
        "pageSize": count,
    }


def _numbers(params: Mapping[str, str]) -> dict[str, int]:
    try:
        return {name: int(value) for name, value in params.items()}
    except ValueError:
        raise business(40001, "a parameter is no number") from None


def _pushed(provider: Provider, start: int, end: int) -> list[Pushed]:
    mine = [one for one in provider.outbox.pushed if one.provider == provider.name]
    return [one for one in mine if start <= one.at < end + 1 and one.sending.manner is Manner.TRUE]


def _told(place: int, pushed: Pushed) -> Mapping[str, Any]:
    content = json.loads(pushed.letter().body)["Encrypt"]
    return {"id": place, "content": content, "status": _STATUSES[pushed.fate]}
