"""Baidu's no, in all its shapes (wire/baidu.md § 1.9 and § 6)."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.errors import (
    Actor,
    AuthorizationLost,
    Conflict,
    CredentialRejected,
    InvalidRequest,
    MiniAppError,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    ReplyNotUnderstood,
    Scope,
)
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.providers.baidu.endpoints import ENDPOINTS, GET_INFO, GET_SERVER_DOMAIN, SET_SERVER_DOMAIN
from miniapp_tp.providers.baidu.errors import BUSINESS, CODES, GATEWAY, OAUTH
from miniapp_tp.wire.meaning import own_meanings
from tests.providers.reading import JSON, Reader

BAIDU = Reader(DIALECT)
YOU, MERCHANT, PROVIDER, TIME = Actor.YOU, Actor.MERCHANT, Actor.PROVIDER, Actor.TIME
ONE, ALL, EVERYONE = Scope.APP, Scope.COMPONENT, Scope.PROVIDER

BY_GATEWAY: dict[tuple[type[ProviderError], Actor, Scope], tuple[int, ...]] = {
    (ProviderUnavailable, PROVIDER, EVERYONE): (1, 2),
    (InvalidRequest, YOU, ONE): (3, 7, 100, 104, 105, 106, 107),
    (RateLimited, TIME, ALL): (4, 18),
    (PermissionDenied, YOU, ALL): (5,),
    (PermissionDenied, MERCHANT, ONE): (6, 210, 211),
    (CredentialRejected, YOU, ALL): (13, 14, 101),
    (QuotaExhausted, TIME, ALL): (17, 19),
    (CredentialRejected, YOU, ONE): (110, 111),
}
BY_SERVICE: dict[tuple[type[ProviderError], Actor, Scope], tuple[int, ...]] = {
    (ProviderUnavailable, PROVIDER, ONE): (*(500, 501, 1000, 1009, 6002, 47002, 50015, 50031, 50050, 470022, 110001),),
    (ProviderUnavailable, PROVIDER, EVERYONE): (5000, 69009, 69011, 69012),
    (InvalidRequest, YOU, ONE): (
        *(2002, 30001, 40001, 40006, 41000, 47000, 47003, 47008, 50061, 50062, 50063, 30010002),
        *(470013, 470014, 470015, 470016, 470018, 470019, 470020, 470021),
    ),
    (CredentialRejected, YOU, ONE): (44000, 44001, 44002, 44003, 44004),
    (CredentialRejected, YOU, ALL): (502, 50001, 50002, 50003),
    (AuthorizationLost, MERCHANT, ONE): (50032,),
    (PermissionDenied, MERCHANT, ONE): (6001, 30007, 40007, 45001, 50053, 61000, 63000),
    (PermissionDenied, YOU, ALL): (40008,),
    (QuotaExhausted, TIME, ONE): (
        *(30013, 47004, 47006, 47007, 470011, 470012, 50045, 50046, 68002, 68003, 69013, 116001),
    ),
    (QuotaExhausted, TIME, ALL): (50029,),
    (Conflict, YOU, ONE): (
        *(45003, 50051, 50052, 64001, 69001, 69002, 69003, 110002, 110003, 110004, 110005, 40032, 40045),
    ),
    (Conflict, MERCHANT, ONE): (40028,),
    (Conflict, PROVIDER, ONE): (50013,),
    (ProviderError, YOU, ONE): (2003, 47005, 50037, 50040, 50060, 60005),
    (NotFound, YOU, ONE): (404, 45000, 69005, 69008, 470017),
}
BY_TOKEN_SERVICE: dict[tuple[type[ProviderError], Actor, Scope], tuple[str, ...]] = {
    (InvalidRequest, YOU, ONE): (
        *("invalid_request", "unsupported_grant_type", "invalid_scope", "redirect_uri_mismatch"),
        "unsupported_response_type",
    ),
    (CredentialRejected, YOU, ALL): ("invalid_client", "unauthorized_client"),
    (AuthorizationLost, MERCHANT, ONE): ("invalid_grant", "expired_token"),
    (RateLimited, TIME, ALL): ("slow_down",),
}


def rows(table: dict[tuple[type[ProviderError], Actor, Scope], Any]) -> list[Any]:
    meanings = [(code, meaning) for meaning, codes in table.items() for code in codes]
    return [pytest.param(code, meaning, id=f"{code}-{meaning[0].__name__}") for code, meaning in meanings]


def told(error: ProviderError) -> tuple[type[ProviderError], Actor, Scope]:
    return type(error), error.actor, error.scope


@pytest.mark.parametrize(("code", "meaning"), rows(BY_GATEWAY))
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_code_of_the_gateway_means_what_its_page_says(code: int, meaning: Any, status: int) -> None:  # noqa: ANN401
    error = BAIDU.error(GET_INFO, {"error_code": code, "error_msg": "as they say"}, status)
    assert told(error) == meaning
    assert (error.code, error.message, error.status) == (code, "as they say", status)


@pytest.mark.parametrize(("code", "meaning"), rows(BY_SERVICE))
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_code_of_the_service_means_what_its_page_says(code: int, meaning: Any, status: int) -> None:  # noqa: ANN401
    error = BAIDU.error(GET_INFO, {"errno": code, "msg": "as they say"}, status)
    assert told(error) == meaning
    assert (error.code, error.message, error.status) == (code, "as they say", status)


@pytest.mark.parametrize(("code", "meaning"), rows(BY_TOKEN_SERVICE))
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_word_of_the_token_service_means_what_its_page_says(code: str, meaning: Any, status: int) -> None:  # noqa: ANN401
    error = BAIDU.error(GET_INFO, {"error": code, "error_description": "as they say"}, status)
    assert told(error) == meaning
    assert (error.code, error.message, error.status) == (code, "as they say", status)


def test_these_tables_are_all_that_is_known_and_no_code_stands_in_two() -> None:
    known = [codes for table in (BY_GATEWAY, BY_SERVICE, BY_TOKEN_SERVICE) for codes in table.values()]
    numbers = [code for codes in known for code in codes]
    assert sorted(map(str, numbers)) == sorted(map(str, CODES))
    assert len(GATEWAY) + len(BUSINESS) + len(OAUTH) == len(CODES)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Invalid parameter: no access_token", CredentialRejected),
        ("ACCESS TOKEN is bad", CredentialRejected),
        ("Invalid parameter", InvalidRequest),
        ("", InvalidRequest),
        (None, InvalidRequest),
    ],
)
def test_code_100_means_the_token_where_its_text_says_so(text: str | None, kind: type[ProviderError]) -> None:
    assert type(BAIDU.error(GET_INFO, {"error_code": 100, "error_msg": text})) is kind


@pytest.mark.parametrize(
    "body",
    [
        {"errno": 99999, "msg": "odd"},
        {"error_code": 99999, "error_msg": "odd"},
        {"error": "a_new_word", "error_description": "odd"},
        {"error": "authorization_pending", "error_description": "odd"},
        {"errno": 2003, "msg": "odd"},
        {"errno": -1, "msg": "odd"},
    ],
    ids=str,
)
def test_a_code_that_is_not_known_is_a_plain_error(body: dict[str, Any]) -> None:
    error = BAIDU.error(GET_INFO, body)
    assert told(error) == (ProviderError, YOU, ONE)
    assert error.message == "odd"
    assert not error.retryable


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"error_code": 110, "errno": 470017, "error": "invalid_grant", "error_msg": "a", "msg": "b"}, 110, "a"),
        ({"error_code": "111", "error_msg": "a"}, 111, "a"),
        ({"error_code": 0, "errno": 470017, "msg": "b"}, 470017, "b"),
        ({"error_code": None, "errno": "470017", "msg": "b"}, 470017, "b"),
        ({"error_code": "odd", "errno": 470017, "msg": "b"}, 470017, "b"),
        ({"errno": 10010100, "error": "parameter is invalid", "error_description": "c"}, 10010100, "c"),
        ({"errno": 10010100, "error": "invalid_grant", "error_description": "c"}, "invalid_grant", "c"),
        ({"errno": 0, "error": "invalid_grant", "error_description": "c"}, "invalid_grant", "c"),
        ({"errno": 0, "error": "something new"}, "something new", "something new"),
        ({"errno": 470017, "error": "success", "msg": "b"}, 470017, "b"),
        ({"errno": 470017, "error": "OK", "errmsg": "d"}, 470017, "d"),
        ({"errno": 470017, "msg": "", "errmsg": "d"}, 470017, "d"),
        ({"errno": 470017}, 470017, ""),
        ({"errno": 470017.0, "msg": ["b"]}, 470017, ""),
        ({"error": 17}, "17", "17"),
        ({"errno": 502, "msg": "Client authentication failed"}, 502, "Client authentication failed"),
    ],
    ids=str,
)
def test_of_mixed_shapes_the_most_telling_code_counts(body: dict[str, Any], code: int | str, text: str) -> None:
    error = BAIDU.error(GET_INFO, body, 400)
    assert (error.code, error.message) == (code, text)


@pytest.mark.parametrize(
    "body",
    [
        {"errno": 0},
        {"errno": "0", "msg": "ok"},
        {"errno": 0.0, "error": "success"},
        {"errno": 0, "error": "OK", "error_code": 0},
        {"errno": 0, "error": "", "error_code": ""},
        {"errno": 0, "msg": "failed"},
    ],
    ids=str,
)
def test_errno_0_without_a_no_is_a_yes_whatever_the_text(body: dict[str, Any]) -> None:
    assert BAIDU.value(SET_SERVER_DOMAIN, body) is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"msg": "success"},
        {"error_code": 0},
        {"error": "success"},
        {"errno": None},
        {"errno": True},
        {"errno": "odd"},
        {"errno": 0.5},
        {"errno": []},
        {"error": {"code": 110}},
        {"data": {}},
        [{"errno": 0}],
        b'{"errno": NaN}',
        b'{"errno": 1e400}',
        b'{"errno": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: str(body)[:40],
)
def test_anything_else_is_not_understood(body: Any) -> None:  # noqa: ANN401 - JSON of any kind
    assert type(BAIDU.read(GET_INFO, body)) is ReplyNotUnderstood
    assert type(BAIDU.read(GET_INFO, body, 429)) is RateLimited
    assert type(BAIDU.read(GET_INFO, body, 503)) is ProviderUnavailable


@pytest.mark.parametrize("number", ["1e300", "9" * 4000])
def test_a_code_may_be_absurdly_large(number: str) -> None:
    error = BAIDU.error(GET_INFO, f'{{"errno": {number}, "msg": "odd"}}'.encode())
    assert type(error) is ProviderError
    assert str(int(float(number)) if "e" in number else number) in str(error)


@pytest.mark.parametrize("field", ["request_id", "requestId", "traceId"])
def test_the_request_id_has_three_names(field: str) -> None:
    assert BAIDU.error(GET_INFO, {"errno": 470017, field: "r-1"}).request_id == "r-1"


def test_a_users_codes_outrank_the_table() -> None:
    reader = Reader(evolve(DIALECT, own_codes=own_meanings({470017: Conflict, "odd": RateLimited, 99999: NotFound})))
    assert type(reader.error(GET_INFO, {"errno": 470017})) is Conflict
    assert type(reader.error(GET_INFO, {"errno": 99999})) is NotFound
    assert type(reader.error(GET_INFO, {"error": "odd"})) is RateLimited
    assert type(reader.error(GET_INFO, {"errno": 40008})) is PermissionDenied


def test_a_change_may_have_been_made_only_where_the_provider_broke() -> None:
    body = {"errno": 500, "msg": "busy"}
    assert BAIDU.error(SET_SERVER_DOMAIN, body).may_have_happened
    assert not BAIDU.error(GET_SERVER_DOMAIN, body).may_have_happened
    assert not BAIDU.error(SET_SERVER_DOMAIN, {"errno": 470011}).may_have_happened


NAMES = st.sampled_from(["errno", "error_code", "error", "msg", "error_msg", "data", "request_id", "errmsg"])


@given(st.one_of(JSON, st.dictionaries(NAMES, JSON)), st.sampled_from(ENDPOINTS), st.integers(100, 599))
def test_no_json_breaks_it(body: object, endpoint: Any, status: int) -> None:  # noqa: ANN401 - of all kinds
    found = BAIDU.read(endpoint, body, status)
    if isinstance(found, MiniAppError):
        assert str(found)
