"""Every code that seed 000 lists, at the operation that lists it: its class, who must act, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from miniapp_tp.errors import (
    Actor,
    Conflict,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
)
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.providers.baidu.endpoints import ENDPOINTS
from miniapp_tp.providers.baidu.errors import BUSINESS, CODES, GATEWAY
from miniapp_tp.providers.baidu.tokens import ENDPOINTS as TOKEN_ENDPOINTS
from miniapp_tp.providers.kuaishou.endpoints import ENDPOINTS as KUAISHOU_ENDPOINTS
from miniapp_tp.providers.kuaishou.errors import CODES as KUAISHOU_CODES
from miniapp_tp.wire.meaning import ByText, Meaning
from tests.providers.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from miniapp_tp.wire.endpoint import Endpoint

BAIDU: Final = Reader(DIALECT)
AT: Final[dict[str, Endpoint[Any, Any]]] = {endpoint.name: endpoint for endpoint in ENDPOINTS}
YOU, MERCHANT, PROVIDER, TIME = Actor.YOU, Actor.MERCHANT, Actor.PROVIDER, Actor.TIME
DOMAINS: Final[dict[int, tuple[type[ProviderError], Actor]]] = {
    470013: (InvalidRequest, YOU),
    470014: (InvalidRequest, YOU),
    470015: (InvalidRequest, YOU),
    470016: (InvalidRequest, YOU),
    470017: (NotFound, YOU),
}
DOCUMENTED: Final[dict[str, dict[int, tuple[type[ProviderError], Actor]]]] = {
    "set_categories": {
        50013: (Conflict, PROVIDER),
        50060: (InvalidRequest, YOU),
        50061: (InvalidRequest, YOU),
        50062: (InvalidRequest, YOU),
        50063: (InvalidRequest, YOU),
        47008: (InvalidRequest, YOU),
        47007: (QuotaExhausted, TIME),
    },
    "set_icon": {47005: (QuotaExhausted, TIME), 47008: (InvalidRequest, YOU)},
    "set_description": {47006: (QuotaExhausted, TIME)},
    "apply_recovery": {
        30007: (PermissionDenied, MERCHANT),
        40028: (Conflict, MERCHANT),
        40032: (Conflict, YOU),
        40045: (Conflict, YOU),
    },
    "get_qrcode": {
        470018: (InvalidRequest, YOU),
        470019: (InvalidRequest, YOU),
        470020: (InvalidRequest, YOU),
        40001: (InvalidRequest, YOU),
        47002: (ProviderUnavailable, PROVIDER),
    },
    "set_name": {47004: (QuotaExhausted, TIME), 47008: (InvalidRequest, YOU)},
    "set_support_version": {470021: (InvalidRequest, YOU)},
    "set_server_domain": {470011: (QuotaExhausted, TIME), **DOMAINS},
    "set_webview_domain": {470012: (QuotaExhausted, TIME), **DOMAINS},
    "upload_image": {47000: (InvalidRequest, YOU), 47003: (InvalidRequest, YOU)},
}
"""Seed 000 错误码说明 of each operation; of the image upload wire/baidu.md § 7.1."""
ROWS: Final = [(name, code, *meaning) for name, codes in DOCUMENTED.items() for code, meaning in codes.items()]


@pytest.mark.parametrize(("name", "code", "kind", "actor"), ROWS)
def test_a_listed_code_has_its_class_and_its_actor(name: str, code: int, kind: type, actor: Actor) -> None:
    error = BAIDU.error(AT[name], {"errno": code, "msg": "as they say"})
    assert (type(error), error.actor) == (kind, actor)


def test_47005_means_the_icon_at_changes_of_the_icon_alone() -> None:
    for name, endpoint in AT.items():
        kind = QuotaExhausted if name in {"set_icon", "update_offline"} else ProviderError
        assert type(BAIDU.error(endpoint, {"errno": 47005})) is kind


def meanings(entries: Iterable[Meaning | ByText]) -> list[Meaning]:
    found: list[Meaning] = []
    for entry in entries:
        found += [entry.found, entry.otherwise] if isinstance(entry, ByText) else [entry]
    return found


def test_every_code_in_every_table_says_what_happened_and_what_to_do_in_both_languages() -> None:
    tables = [CODES, KUAISHOU_CODES, *(endpoint.codes for endpoint in ENDPOINTS)]
    for meaning in meanings(entry for table in tables for entry in table.values()):
        for words in (meaning.what, meaning.then):
            assert words is not None
            assert words.english.replace("×", "x").isascii()
            assert words.english.endswith((".", "?"))
            assert any("\u4e00" <= letter <= "\u9fff" for letter in words.chinese)
            assert words.chinese.endswith(("。", "？"))


def test_what_tokens_operations_say_otherwise_says_what_to_do() -> None:
    for endpoint in (*TOKEN_ENDPOINTS, *KUAISHOU_ENDPOINTS):
        assert all(meaning.then for meaning in meanings(endpoint.codes.values()))


def test_every_listed_code_stands_in_a_table() -> None:
    assert {code for codes in DOCUMENTED.values() for code in codes} <= set(BUSINESS)
    assert not set(BUSINESS) & set(GATEWAY)
