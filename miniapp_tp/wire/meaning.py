"""What a provider's codes mean: code → class of error, and who must act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from attrs import evolve, frozen

from miniapp_tp.errors import Actor, InvalidArgument, ProviderError, Scope

Code: TypeAlias = int | str
"""A provider's number, or an OAuth word."""


@frozen
class Words:
    """A sentence in the two languages that users read."""

    english: str
    chinese: str


@frozen
class Meaning:
    """What a code means.

    Attributes:
        error: The class that is raised.
        actor: Who must act, if not whom the class names.
        scope: How much is affected, if not what the class names.
        what: What happened, for those who look the code up.
        then: What to do next.
    """

    error: type[ProviderError]
    actor: Actor | None = None
    scope: Scope | None = None
    what: Words | None = None
    then: Words | None = None

    def for_codes(self, *codes: Code) -> dict[Code, Meaning]:
        """Give the rows of a table in which all these codes mean this."""
        return dict.fromkeys(codes, self)

    def rows(self, what: Mapping[Code, tuple[str, str]]) -> dict[Code, Meaning]:
        """Give the rows of a table in which codes mean this, each with its own sentence in English and Chinese."""
        return {code: evolve(self, what=Words(*said)) for code, said in what.items()}

    def but_then(self, english: str, chinese: str) -> Meaning:
        """Give the same meaning with something else to do next."""
        return evolve(self, then=Words(english, chinese))


@frozen
class ByText:
    """A code whose meaning the provider's text tells.

    Attributes:
        signs: The words, in lower case, one of which must be in the text …
        found: … for this meaning.
        otherwise: What it means without any of them.
    """

    signs: tuple[str, ...]
    found: Meaning
    otherwise: Meaning

    def meaning(self, text: str) -> Meaning:
        """Choose by the provider's text."""
        said = text.lower()
        return self.found if any(sign in said for sign in self.signs) else self.otherwise


Codes: TypeAlias = Mapping[Code, Meaning | ByText]
"""Code → meaning, or what tells the meaning from the provider's text."""

UNKNOWN = Meaning(ProviderError)
"""What a code means that stands in no table."""


def meaning_of(code: Code | None, text: str, *tables: Codes) -> Meaning:
    """Look a code up, in the first table that knows it."""
    if code is None:
        return UNKNOWN
    found = next((table[code] for table in tables if code in table), UNKNOWN)
    return found if isinstance(found, Meaning) else found.meaning(text)


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
