"""What a provider's codes mean: code → class of error, and who must act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from attrs import frozen

from miniapp_tp.errors import Actor, InvalidArgument, ProviderError, Scope

Code: TypeAlias = int | str
"""A provider's number, or an OAuth word."""


@frozen
class Meaning:
    """What a code means.

    Attributes:
        error: The class that is raised.
        actor: Who must act, if not whom the class names.
        scope: How much is affected, if not what the class names.
    """

    error: type[ProviderError]
    actor: Actor | None = None
    scope: Scope | None = None

    def for_codes(self, *codes: Code) -> dict[Code, Meaning]:
        """Give the rows of a table in which all these codes mean this."""
        return dict.fromkeys(codes, self)


Codes: TypeAlias = Mapping[Code, Meaning | Callable[[str], Meaning]]
"""Code → meaning, or what tells the meaning from the provider's text, in lower case."""

UNKNOWN = Meaning(ProviderError)
"""What a code means that stands in no table."""


def meaning_of(code: Code | None, text: str, *tables: Codes) -> Meaning:
    """Look a code up, in the first table that knows it."""
    if code is None:
        return UNKNOWN
    found = next((table[code] for table in tables if code in table), UNKNOWN)
    return found if isinstance(found, Meaning) else found(text.lower())


def own_meanings(error_codes: Mapping[Code, type[ProviderError]] | None) -> Codes:
    """Check the user's additions to a provider's table.

    Raises:
        InvalidArgument: A code that is neither number nor word, or a class that is no `ProviderError`.
    """
    kind: object
    for code, kind in cast("Mapping[Any, Any]", error_codes or {}).items():
        if isinstance(code, bool) or not isinstance(code, int | str):
            message = f"error_codes maps a provider's codes (numbers or words) to error classes; {code!r} is neither"
            raise InvalidArgument(message)
        if not (isinstance(kind, type) and issubclass(kind, ProviderError)):
            message = f"error_codes[{code!r}] must be a subclass of ProviderError, not {kind!r}"
            raise InvalidArgument(message)
    return {code: Meaning(kind) for code, kind in (error_codes or {}).items()}
