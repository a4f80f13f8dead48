"""Kuaishou's no (wire/kuaishou.md § 1 and § 4)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.errors import (
    Actor,
    AuthorizationLost,
    CredentialRejected,
    InvalidRequest,
    MiniAppError,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ReplyNotUnderstood,
    Scope,
)
from miniapp_tp.providers.kuaishou.dialect import ON_BEHALF, for_component
from miniapp_tp.providers.kuaishou.endpoints import ENDPOINTS, GET_INFO, GET_SERVER_DOMAIN, SET_SERVER_DOMAIN
from miniapp_tp.providers.kuaishou.errors import CODES
from miniapp_tp.wire.meaning import own_meanings
from tests.providers.reading import JSON, Reader

KUAISHOU = Reader(for_component(ON_BEHALF, "ks000000000000000001"))
YOU, MERCHANT, PROVIDER, TIME = Actor.YOU, Actor.MERCHANT, Actor.PROVIDER, Actor.TIME
ONE, ALL = Scope.APP, Scope.COMPONENT

MEANINGS: dict[tuple[type[ProviderError], Actor, Scope], tuple[int, ...]] = {
    (NotFound, YOU, ONE): (403106,),
    (InvalidRequest, YOU, ONE): (*(100200100, 100200103, 100200104, 100200105, 100200107, 100200114, 100400, 400001),),
    (CredentialRejected, YOU, ALL): (100200101,),
    (CredentialRejected, YOU, ONE): (100200102, 100200108, 100200112),
    (PermissionDenied, MERCHANT, ONE): (100200106, 100200115, 400006, 400008, 400013),
    (AuthorizationLost, MERCHANT, ONE): (100200109, 100200110, 100200111, 100200113),
    (PermissionDenied, PROVIDER, ONE): (100200301,),
    (RateLimited, TIME, ALL): (100200410, 400002),
    (ProviderUnavailable, PROVIDER, ONE): (100200500, 400003),
    (ProviderError, YOU, ONE): (
        *(100200130, 100200300, 10000200, 120001, 120002, 120003, 400000, 400005, 400009, 400014),
    ),
}
ROWS = [
    pytest.param(code, meaning, id=f"{code}-{meaning[0].__name__}")
    for meaning, codes in MEANINGS.items()
    for code in codes
]


@pytest.mark.parametrize(("code", "meaning"), ROWS)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_code_means_what_the_tables_say(code: int, meaning: Any, status: int) -> None:  # noqa: ANN401
    error = KUAISHOU.error(GET_INFO, {"result": code, "error_msg": "as they say"}, status)
    assert (type(error), error.actor, error.scope) == meaning
    assert (error.code, error.message, error.status) == (code, "as they say", status)


def test_this_table_is_all_that_is_known() -> None:
    assert sorted(code for codes in MEANINGS.values() for code in codes) == sorted(CODES, key=int)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("invalid access token", CredentialRejected),
        ("access_denied", CredentialRejected),
        ("", CredentialRejected),
        ("refreshToken.discarded", AuthorizationLost),
        ("invalid refresh token", AuthorizationLost),
        ("Token.Discarded", AuthorizationLost),
        ("authorization REVOKED", AuthorizationLost),
    ],
)
def test_code_100200102_means_the_grant_where_its_text_says_so(text: str, kind: type[ProviderError]) -> None:
    error = KUAISHOU.error(GET_INFO, {"result": 100200102, "error": "access_denied", "error_msg": text})
    assert type(error) is kind


@pytest.mark.parametrize("code", [0, -1, 2, 10000006])
def test_a_code_that_stands_in_no_table_is_a_plain_error(code: int) -> None:
    error = KUAISHOU.error(GET_INFO, {"result": code, "error_msg": "as they say"})
    assert (type(error), error.actor, error.scope, error.retryable) == (ProviderError, YOU, ONE, False)
    assert (error.code, error.message) == (code, "as they say")


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"error_msg": "a", "errorMsg": "b", "error": "c", "message": "d"}, "a"),
        ({"errorMsg": "b", "error": "c", "message": "d"}, "b"),
        ({"error": "c", "message": "d"}, "c"),
        ({"message": "d"}, "d"),
        ({"error_msg": "", "errorMsg": None, "error": {"x": 1}, "message": "d"}, "d"),
        ({}, ""),
    ],
    ids=str,
)
def test_the_text_has_four_names(texts: dict[str, Any], told: str) -> None:
    assert KUAISHOU.error(GET_INFO, {"result": 403106, **texts}).message == told


@pytest.mark.parametrize("field", ["request_id", "requestId"])
def test_the_request_id_has_two_names(field: str) -> None:
    assert KUAISHOU.error(GET_INFO, {"result": 403106, field: "r-1"}).request_id == "r-1"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"error_msg": "success"},
        {"result": None},
        {"result": True},
        {"result": "success"},
        {"result": 1.5},
        {"result": [1]},
        {"data": {"result": 1}},
        [{"result": 1}],
        b'{"result": NaN}',
        b'{"result": -Infinity}',
        b'{"result": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: str(body)[:40],
)
def test_without_a_whole_number_as_result_nothing_is_understood(body: Any) -> None:  # noqa: ANN401 - JSON of any kind
    assert type(KUAISHOU.read(GET_INFO, body)) is ReplyNotUnderstood
    assert type(KUAISHOU.read(GET_INFO, body, 429)) is RateLimited
    assert type(KUAISHOU.read(GET_INFO, body, 503)) is ProviderUnavailable


def test_a_users_codes_outrank_the_table() -> None:
    reader = Reader(evolve(ON_BEHALF, own_codes=own_meanings({403106: InvalidRequest, 77: RateLimited})))
    assert type(reader.error(GET_INFO, {"result": 403106})) is InvalidRequest
    assert type(reader.error(GET_INFO, {"result": 77})) is RateLimited
    assert type(reader.error(GET_INFO, {"result": 100200410})) is RateLimited


def test_a_change_may_have_been_made_only_where_the_provider_broke() -> None:
    body = {"result": 100200500, "error_msg": "busy"}
    assert KUAISHOU.error(SET_SERVER_DOMAIN, body).may_have_happened
    assert not KUAISHOU.error(GET_SERVER_DOMAIN, body).may_have_happened
    assert not KUAISHOU.error(SET_SERVER_DOMAIN, {"result": 403106}).may_have_happened


NAMES = st.sampled_from(["result", "error_msg", "data", "request", "webview", "status", "app_name", "name_audit"])


@given(st.one_of(JSON, st.dictionaries(NAMES, JSON)), st.sampled_from(ENDPOINTS), st.integers(100, 599))
def test_no_json_breaks_it(body: object, endpoint: Any, status: int) -> None:  # noqa: ANN401 - of all kinds
    found = KUAISHOU.read(endpoint, body, status)
    if isinstance(found, MiniAppError):
        assert str(found)
