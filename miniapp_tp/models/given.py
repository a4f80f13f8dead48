"""Checks of what callers give, with messages that say what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import urlsplit

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models.vocabulary import Unknown

if TYPE_CHECKING:
    from attrs import Attribute

E = TypeVar("E", bound=Enum)
T = TypeVar("T")

_LONGEST_ID: Final = 10


def given_text(name: str, value: object, limit: int | None = None) -> str:
    """Check a text that must be there.

    Raises:
        InvalidArgument: It is no text, empty, can't be written as UTF-8, or is longer than the limit.
    """
    if not isinstance(value, str) or not value.strip():
        found = "an empty one" if isinstance(value, str) else type(value).__name__
        raise InvalidArgument(f"{name} is text that isn't empty; what came was {found}")
    if not _can_be_written(value):
        raise InvalidArgument(f"{name} holds half a character (a lone surrogate), which no encoding can carry")
    if limit is not None and len(value) > limit:
        raise InvalidArgument(f"{name} has {len(value)} characters; at most {limit} are allowed, so shorten it")
    return value


def _can_be_written(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def given_address(name: str, value: object, limit: int | None = None) -> str:
    """Check an address that the provider is to fetch: a whole one, http or https.

    Raises:
        InvalidArgument: It is no such address, or longer than the limit.
    """
    whole = given_text(name, value, limit)
    try:
        parts = urlsplit(whole)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"https", "http"} or not parts.netloc or len(whole.split()) > 1:
        raise InvalidArgument(f"{name} is a whole address like 'https://img.example.com/1.jpg', unlike {whole!r}")
    return whole


def given_images(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Check addresses of images that may have to share one text, with commas between them.

    Raises:
        InvalidArgument: Something that is no address, or one with a comma.
    """
    addresses = tuple(given_address(name, value) for value in several(name, values, str))
    if odd := [one for one in addresses if "," in one]:
        raise InvalidArgument(f"{name} are sent with commas between them, so an address can't have one: {odd[0]!r}")
    return addresses


def given_id(name: str, value: object) -> str:
    """Check an id: text that isn't empty, or a number.

    Raises:
        InvalidArgument: It is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return given_text(name, value).strip()


def given_flag(name: str, value: object) -> bool:
    """Check a yes or no.

    Raises:
        InvalidArgument: It is neither.
    """
    if not isinstance(value, bool):
        raise InvalidArgument(f"{name} is True or False, not {value!r}")
    return value


def several(name: str, values: Iterable[T], kind: type[T], most: int | None = None) -> tuple[T, ...]:
    """Take things one by one, and at most one more than are allowed.

    Raises:
        InvalidArgument: A bare text, nothing that can be iterated, or something of another kind among them.
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        given = type(cast("object", values)).__name__
        raise InvalidArgument(f"{name} are given as a list of {kind.__name__}, not as {given}")
    taken = tuple(values) if most is None else tuple(islice(values, most + 1))
    if wrong := [one for one in taken if not isinstance(one, kind)]:
        raise InvalidArgument(f"{name} are {kind.__name__} each, and one of them is {type(wrong[0]).__name__}")
    return taken


def text(limit: int | None = None) -> Any:  # noqa: ANN401 - an attrs validator
    """Make a validator of texts that must be there."""

    def check(model: object, attribute: Attribute[str], value: object) -> None:
        given_text(f"{type(model).__name__}.{attribute.name}", value, limit)

    return check


def text_or_none(limit: int | None = None) -> Any:  # noqa: ANN401 - the same
    """Make a validator of texts that may be left out, but not be empty."""

    def check(model: object, attribute: Attribute[str | None], value: object) -> None:
        if value is not None:
            given_text(f"{type(model).__name__}.{attribute.name}", value, limit)

    return check


def address(limit: int | None = None) -> Any:  # noqa: ANN401 - the same
    """Make a validator of whole addresses."""

    def check(model: object, attribute: Attribute[str], value: object) -> None:
        given_address(f"{type(model).__name__}.{attribute.name}", value, limit)

    return check


def _member(kind: type[E], value: object) -> E | None:
    """Find a member by itself or by its id, a number or its digits."""
    if isinstance(value, kind):
        return value
    digits = value if isinstance(value, str) and value.isascii() and value.isdigit() else None
    code = int(digits) if digits is not None and len(digits) <= _LONGEST_ID else value
    known = not isinstance(code, bool) and isinstance(code, int) and code in {member.value for member in kind}
    return kind(code) if known else None


def chosen(kind: type[E], value: object) -> E:
    """Find a member of a closed vocabulary, by itself or by its id.

    Raises:
        InvalidArgument: There is none.
    """
    found = _member(kind, value)
    if found is None:
        names = ", ".join(f"{kind.__name__}.{member.name}" for member in kind)
        raise InvalidArgument(f"{value!r} is none of {names}")
    return found


def chosen_or_unknown(kind: type[E], value: object) -> E | Unknown:
    """Find a member of an open vocabulary, or keep an id that it doesn't have (yet).

    Raises:
        InvalidArgument: It is neither a member nor an id.
    """
    code = value.code if isinstance(value, Unknown) else value
    found = _member(kind, code)
    if found is not None:
        return found
    if isinstance(code, bool) or not (isinstance(code, int) or (isinstance(code, str) and code.strip())):
        raise InvalidArgument(f"{value!r} is no {kind.__name__}; write {kind.__name__}.{next(iter(kind)).name}, say")
    return Unknown(code)
