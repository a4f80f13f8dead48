"""Reading values as providers really write them: numbers as text, one thing for a list of one, empty for absent.

`converter()` gives a cattrs converter with these habits; a provider's codec adds its own names to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeGuard, TypeVar, cast

from cattrs import Converter

from miniapp_tp.models import Unknown

V = TypeVar("V")

_CENTURY: Final = 3_155_760_000


def text(value: object, _kind: object = None) -> str | None:
    """Read a text: numbers too; empty is absent. Its second parameter makes it a hook of cattrs."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None or isinstance(value, bool | Mapping | list):
        return None
    return str(value).strip() or None


def integer(value: object, _kind: object = None) -> int | None:
    """Read a whole number: `1`, `1.0` or `"1"`; anything else is absent. Its second parameter is as `text`'s."""
    if type(value) is int or value is None:  # nearly always; a bool is of another type
        return value
    if isinstance(value, str):
        return _integer_of(value.strip())
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _integer_of(value: str) -> int | None:
    digits = value.removeprefix("-")
    return int(value) if digits.isascii() and digits.isdigit() and len(digits) < len("1" * 20) else None


def lifetime(value: object) -> int | None:
    """Read for how many seconds something lives; none, less, or more than a century is absent."""
    seconds = integer(value)
    return seconds if seconds is not None and 0 < seconds <= _CENTURY else None


def listed(value: object) -> list[Any]:
    """Read a list: absent is empty, and one thing alone is a list of one."""
    if _is_list(value):
        return value
    return [] if value is None or value in ("", {}) else [value]


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def mapping(value: object) -> Mapping[str, Any]:
    """Read an object, also one that is written as JSON in a text; anything else is empty."""
    if _is_object(value):  # nearly always, and told much sooner than whether it is a `Mapping`
        return value
    found = from_json(value)
    return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}


def from_json(value: object) -> object:
    """Read what is written as JSON in a text; what isn't comes back as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def word(vocabulary: Mapping[int, V], value: object) -> V | Unknown:
    """Look a code up in a vocabulary that the provider may have added to."""
    code = integer(value)
    if code is None:
        return Unknown(text(value))
    known = vocabulary.get(code)
    return Unknown(code) if known is None else known


def converter() -> Converter:
    """Make a converter that reads as tolerantly as the functions of this module.

    It doesn't keep account of where it stumbled: that costs every reply something, and holds values of one that didn't
    fit, which no error may show.
    """
    made = Converter(detailed_validation=False)
    made.register_structure_hook_func(lambda kind: kind == str | None, text)
    made.register_structure_hook_func(lambda kind: kind == int | None, integer)
    return made
