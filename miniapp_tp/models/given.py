"""Checks of what callers give, before anything is sent: each returns the value, tidied, or raises `InvalidArgument`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import Enum

T = TypeVar("T")
E = TypeVar("E", bound="Enum")


def given_text(name: str, value: object, *, longest: int | None = None) -> str:
    """Take a text that isn't empty, of so many characters at most."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgument(f"{name} is text that isn't empty, not {value!r}")
    if longest is not None and len(value) > longest:
        raise InvalidArgument(f"{name} has {len(value)} characters, and may have {longest} at most")
    return value


def given_address(name: str, value: object) -> str:
    """Take the address of an image, as `upload_image` returns it."""
    parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
    odd = isinstance(value, str) and any(letter.isspace() or letter == "," for letter in value)
    if not isinstance(value, str) or parts.scheme not in {"https", "http"} or not parts.netloc or odd:
        raise InvalidArgument(f"{name} is the address of an image, as upload_image returns it, not {value!r}")
    return value


def given_addresses(name: str, values: Iterable[object]) -> tuple[str, ...]:
    """Take addresses of images."""
    return tuple(given_address(name, value) for value in given_several(name, values))


def given_several(name: str, values: Iterable[T]) -> tuple[T, ...]:
    """Take several values; a bare text is refused, since its letters would be taken for them."""
    if isinstance(values, str | bytes):
        raise InvalidArgument(f"{name} are several: give a list, not the bare {type(values).__name__} {values!r}")
    try:
        return tuple(values)
    except TypeError:
        raise InvalidArgument(f"{name} are several: give a list, not {values!r}") from None


def given_id(name: str, value: object) -> str:
    """Take an id: text that isn't empty, or a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgument(f"{name} is an id, text or a number, not {value!r}")
    return value.strip()


def given_flag(name: str, value: object) -> bool:
    """Take yes or no."""
    if not isinstance(value, bool):
        raise InvalidArgument(f"{name} is True or False, not {value!r}")
    return value


def given_member(kind: type[E], value: object) -> E:
    """Take a member of a vocabulary."""
    if not isinstance(value, kind):
        names = ", ".join(f"{kind.__name__}.{one.name}" for one in kind)
        raise InvalidArgument(f"{value!r} is none of {names}")
    return value
