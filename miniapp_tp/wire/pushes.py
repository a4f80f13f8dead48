"""What is pushed, before a provider's rules are applied to it: bounded, with names in any case, and errors as values.

Opening a message handles keys, tickets and codes. So whatever is wrong is given back as a `Rejection`, and nothing is
raised in a frame that error trackers could read them from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, TypeAlias, TypeVar, cast

from attrs import field, frozen

from miniapp_tp.errors import PushStep
from miniapp_tp.models import AppAuthorizationUpdated, AppAuthorized, AppUnauthorized, Event
from miniapp_tp.wire.messages import Secret
from miniapp_tp.wire.tolerance import integer

E = TypeVar("E", bound=Event)

MAX_BODY: Final = 1024 * 1024
"""Bytes above which a body isn't looked at."""
MAX_QUERY: Final = 16 * 1024

BEIJING: Final = timezone(timedelta(hours=8))
"""The zone of times that are pushed without one (wire/baidu.md § 2.7)."""

Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]
"""What frameworks have for headers: a mapping, or pairs of text or bytes; names in any case."""

Answer: TypeAlias = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS: Final = 100_000_000_000
_YEAR_10000: Final = 253_402_300_800


@frozen
class Rejection:
    """Why a pushed message is turned away, in words that hold nothing of it.

    Attributes:
        step: Where it failed.
        why: What is wrong.
    """

    step: PushStep
    why: str


@frozen(kw_only=True)
class PushKeys:
    """What a component opens pushed messages with.

    Attributes:
        token: Goes into the signature.
        key: Decrypts: 16, 24 or 32 bytes.
        recipients: Whom a message may be for; nobody's name is looked at if there are none.
    """

    token: Secret
    key: bytes = field(repr=False)
    recipients: frozenset[str] = frozenset()


@frozen
class Window:
    """The time in which a message counts.

    Attributes:
        now: Epoch seconds.
        tolerance: Seconds by which a message's stamp may differ.
    """

    now: float
    tolerance: float

    def __contains__(self, stamp: float) -> bool:
        """Tell whether a stamp in epoch seconds lies in it."""
        return abs(self.now - stamp) <= self.tolerance


STALE: Final = Rejection("age", "its stamp is further from now than Options.push_tolerance allows")


@frozen(repr=False)
class Pushed:
    """A request that claims to be a provider's.

    Attributes:
        headers: Pairs of its headers, in text or bytes.
        body: Its raw body.
        query: Its query, without the question mark.
    """

    headers: Headers
    body: bytes
    query: str

    def too_long(self) -> Rejection | None:
        """Turn away what is longer than any message."""
        if len(self.body) > MAX_BODY or len(self.query) > MAX_QUERY:
            return Rejection("size", f"a body has at most {MAX_BODY} bytes, a query {MAX_QUERY} characters")
        return None

    def header(self, name: str) -> str | None:
        """Give the one header of a name; `None` if there is none, or several that differ."""
        given = self.headers
        pairs = cast("Mapping[str, str]", given).items() if isinstance(given, Mapping) else given
        found = {_plain(value) for key, value in pairs if _plain(key).lower() == name}
        return found.pop() if len(found) == 1 else None


def _plain(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


@frozen
class Span:
    """Which pushes to ask for that the provider couldn't deliver.

    Attributes:
        start: Epoch seconds.
        end: Epoch seconds.
        offset: How many of them are known already.
    """

    start: int
    end: int
    offset: int = 0


@frozen
class MissedPage:
    """Some of the pushes of a span.

    Attributes:
        total: How many there are in all, where the provider tells.
        messages: The encrypted messages.
    """

    total: int | None
    messages: tuple[str, ...]


def json_of(data: bytes) -> object:
    """Read JSON in UTF-8; an ellipsis, which JSON doesn't have, stands for what isn't."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return ...


def message_of(data: bytes) -> Mapping[str, Any] | None:
    r"""Read a decrypted message, also with the documents' `\_`, which JSON doesn't know; `None` if it is no object."""
    found = json_of(data)
    return object_of(json_of(data.replace(rb"\_", b"_")) if found is ... else found)


def object_of(value: object) -> Mapping[str, Any] | None:
    """Give a JSON object; `None` if it is anything else."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else None


class Found:
    """The fields of a message, by names in any case and with or without underscores.

    Args:
        fields: The message.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._values: dict[str, Any] = {}
        for name, value in fields.items():
            self._values.setdefault(name.strip().replace("_", "").lower(), value)

    def text(self, *names: str) -> str | None:
        """Give the first of some fields (by names in lower case) that holds a text or a whole number, as text."""
        for name in names:
            if found := identifier(self._values.get(name)):
                return found
        return None

    def time(self, *names: str) -> datetime | None:
        """Give the first of some fields that holds a time."""
        return next((found for found in (moment(self._values.get(name)) for name in names) if found), None)

    def name(self, *names: str) -> str:
        """Give the event's name without stray spaces and backslashes; empty if it has none."""
        return re.sub(r"[\s\\]", "", self.text(*names) or "")


def identifier(value: object) -> str | None:
    """Read an id that is pushed as a number here and as a text there."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float):
        value = integer(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def moment(value: object) -> datetime | None:
    """Read a time: epoch seconds or milliseconds, or a date and time, in Beijing's zone if it states none."""
    number = integer(value)
    if number is not None:
        milliseconds = number if number >= _MILLISECONDS else number * 1000
        known = 0 < milliseconds < _YEAR_10000 * 1000
        return _EPOCH + timedelta(milliseconds=milliseconds) if known else None
    try:
        found = datetime.fromisoformat(value.strip().replace("/", "-")) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=BEIJING) if found and found.tzinfo is None else found


def as_kind(kind: type[E], common: Event, **more: Any) -> E:  # noqa: ANN401 - the fields of that class
    """Make of an event one of a class that tells more."""
    known = (common.name, common.app, common.component, common.time, common.id, common.attempt)
    return kind(*known, fields=common.fields, raw=common.raw, **more)


def authorization(common: Event, found: Found) -> Event:
    """Make of an event the one that tells of a merchant's grant, if it is one (wire/baidu.md § 1.7).

    Without the code that it should bring, it stays as it is.
    """
    code = found.text("authorizationcode")
    match common.name.upper():
        case "UNAUTHORIZED":
            return as_kind(AppUnauthorized, common)
        case "AUTHORIZED" if code:
            return as_kind(AppAuthorized, common, authorization_code=code)
        case "UPDATE_AUTHORIZED" if code:
            return as_kind(AppAuthorizationUpdated, common, authorization_code=code)
        case _:
            return common
