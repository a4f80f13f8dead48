"""What a code means: every meaning that the providers' tables and their operations know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from miniapp_tp.providers.baidu.developer import COMPONENT_MATERIALS, DEVELOPER_TOKEN, SERVICES, developer_contract
from miniapp_tp.providers.baidu.endpoints import ENDPOINTS as BAIDU
from miniapp_tp.providers.baidu.errors import CODES as BAIDU_CODES
from miniapp_tp.providers.baidu.tokens import ENDPOINTS as BAIDU_TOKENS
from miniapp_tp.providers.kuaishou.endpoints import ENDPOINTS as KUAISHOU
from miniapp_tp.providers.kuaishou.errors import CODES as KUAISHOU_CODES
from miniapp_tp.providers.kuaishou.tokens import ENDPOINTS as KUAISHOU_TOKENS
from miniapp_tp.wire.endpoint import Endpoint
from miniapp_tp.wire.meaning import ByText, Code, Meaning, Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from miniapp_tp.errors import Actor, Scope
    from miniapp_tp.wire.endpoint import Operation
    from miniapp_tp.wire.meaning import Codes


def _of_developers() -> Iterator[Endpoint[Any, Any]]:
    """Give the developer services: codes hang on operations, so any address will do for those that have none."""
    for contract in (developer_contract(dict.fromkeys(SERVICES, "/")), COMPONENT_MATERIALS):
        for name in SERVICES:
            found: Operation[Any, Any] | None = getattr(contract, name, None)
            if isinstance(found, Endpoint):
                yield found


TABLES: Final[Mapping[str, tuple[Codes, tuple[Endpoint[Any, Any], ...]]]] = {
    "baidu": (BAIDU_CODES, (*BAIDU, *BAIDU_TOKENS, DEVELOPER_TOKEN, *_of_developers())),
    "kuaishou": (KUAISHOU_CODES, (*KUAISHOU, *KUAISHOU_TOKENS)),
}
"""Each provider's codes, and the operations at which some mean something else."""
NOTHING_MORE: Final = Words("Nothing more is published about it.", "未公开更多说明。")


@frozen
class Explanation:
    """One meaning of a code.

    Attributes:
        provider: Whose code it is.
        code: The number or word.
        operations: The operations at which it means this; none for everywhere else.
        signs: The words, one of which is in the provider's text then; none if the text doesn't matter.
        meaning: The class that is raised, and what to say.
        what: What happened.
        then: What to do next.
    """

    provider: str
    code: Code
    operations: tuple[str, ...]
    signs: tuple[str, ...]
    meaning: Meaning
    what: Words
    then: Words

    @property
    def actor(self) -> Actor:
        """Who must act."""
        return self.meaning.actor or self.meaning.error.default_actor

    @property
    def scope(self) -> Scope:
        """How much is affected."""
        return self.meaning.scope or self.meaning.error.default_scope

    def as_dict(self, *, chinese: bool) -> dict[str, Any]:
        """Give it as JSON values, in one of the languages."""
        return {
            "provider": self.provider,
            "code": self.code,
            "operations": list(self.operations),
            "text_has": list(self.signs),
            "class": self.meaning.error.__name__,
            "actor": self.actor.value,
            "scope": self.scope.value,
            "retryable": self.meaning.error.retryable,
            "what": said(self.what, chinese=chinese),
            "then": said(self.then, chinese=chinese),
        }


def said(words: Words, *, chinese: bool) -> str:
    """Choose a language."""
    return words.chinese if chinese else words.english


def explain(asked: str) -> list[Explanation]:
    """Find all meanings of a code: `470011`, `invalid_grant`, or `baidu:470011` of one provider alone."""
    provider, colon, code = asked.rpartition(":")
    wanted = code.strip()
    known: Code = int(wanted) if wanted.lstrip("-").isascii() and wanted.lstrip("-").isdigit() else wanted
    return [found for name in TABLES if not colon or name == provider for found in _of(name, known)]


def _of(provider: str, code: Code) -> Iterator[Explanation]:
    table, endpoints = TABLES[provider]
    general = table.get(code)
    special: dict[Meaning | ByText, list[str]] = {}
    for endpoint in endpoints:
        if code in endpoint.codes and endpoint.codes[code] != general:
            special.setdefault(endpoint.codes[code], []).append(endpoint.name)
    if general is not None:
        special[general] = []
    what = next((found.what for _, found in _meanings(general) if found.what), NOTHING_MORE)
    for entry, operations in special.items():
        for signs, found in _meanings(entry):
            words = found.what or what, found.then or NOTHING_MORE
            yield Explanation(provider, code, tuple(dict.fromkeys(operations)), signs, found, *words)


def _meanings(entry: Meaning | ByText | None) -> list[tuple[tuple[str, ...], Meaning]]:
    if isinstance(entry, ByText):
        return [(entry.signs, entry.found), ((), entry.otherwise)]
    return [] if entry is None else [((), entry)]
