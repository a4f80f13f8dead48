"""Baidu's token calls (wire/baidu.md § 1): what is asked, in whose fields, and what each answer comes to."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp import (
    Actor,
    AuthorizationLost,
    CredentialRejected,
    InvalidRequest,
    MiniAppError,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    ReplyNotUnderstood,
    Scope,
    Secret,
)
from miniapp_tp.contract import Identity, Issued, Pair
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.providers.baidu.tokens import ENDPOINTS, token_contract
from miniapp_tp.wire.endpoint import Absent
from tests.providers.reading import JSON
from tests.providers.tokens import BASE, COMPONENT_TOKEN, Desk, assert_hidden, flat, said

CLIENT, APP = "made-up-client-id", "15263713"
TICKET = Secret("made-up-ticket/1+2==")
CODE = Secret("made-up-code/1+2==")
REFRESH = Secret("46.made-up-refresh-token/1+2==")
CONTRACT = token_contract(CLIENT)
assert not isinstance(CONTRACT.refresh, Absent)
assert not isinstance(CONTRACT.app_of, Absent)
REFRESHING, APP_OF = CONTRACT.refresh, CONTRACT.app_of
BAIDU = Desk(DIALECT)

TOKEN_YES: dict[str, Any] = {
    "errno": 0,
    "msg": "success",
    "data": {"access_token": "42.made-up", "expires_in": 2592000, "scope": "smartapp_tp_smtapp_common public"},
}
PRE_AUTH_YES: dict[str, Any] = {"errno": 0, "msg": "success", "data": {"pre_auth_code": "made-up", "expires_in": 1200}}
PAIR_YES: dict[str, Any] = {"access_token": "45.made-up", "refresh_token": "46.made-up", "expires_in": 3600}
RECOVER_YES: dict[str, Any] = {
    "errno": 0,
    "msg": "success",
    "data": {"authorization_code": "made-up", "expires_in": 18000},
}
PAIR = Pair(access=Secret("45.made-up"), refresh=Secret("46.made-up"), seconds=3600, refresh_seconds=315_360_000)
ASKED: dict[str, tuple[Any, Any]] = {
    "component": (CONTRACT.component_token, TICKET),
    "pre-auth": (CONTRACT.pre_auth_code, None),
    "exchange": (CONTRACT.exchange, CODE),
    "refresh": (REFRESHING, REFRESH),
    "recover": (CONTRACT.recover, APP),
}
EACH = pytest.mark.parametrize("call", ASKED.values(), ids=ASKED)
WITH_TOKEN = pytest.mark.parametrize("call", list(ASKED.values())[1:], ids=list(ASKED)[1:])
Call = tuple[Any, Any]


# --- what is asked ----------------------------------------------------------------------------------------------


def test_a_component_token_is_asked_for_with_a_ticket_and_no_token() -> None:
    request = BAIDU.request(CONTRACT.component_token, TICKET)
    assert (request.method, request.address, request.body) == (
        "GET",
        f"{BASE}/public/2.0/smartapp/auth/tp/token",
        b"",
    )
    assert said(request) == {"client_id": CLIENT, "ticket": TICKET.reveal()}
    assert_hidden(request, TICKET.reveal())


def test_a_pre_auth_code() -> None:
    request = BAIDU.request(CONTRACT.pre_auth_code, None)
    assert (request.method, request.address) == ("GET", f"{BASE}/rest/2.0/smartapp/tp/createpreauthcode")
    assert said(request) == {"access_token": COMPONENT_TOKEN.reveal()}


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        (ASKED["exchange"], {"grant_type": "app_to_tp_authorization_code", "code": CODE.reveal()}),
        (ASKED["refresh"], {"grant_type": "app_to_tp_refresh_token", "refresh_token": REFRESH.reveal()}),
    ],
    ids=["exchange", "refresh"],
)
def test_an_exchange_and_a_refresh_share_a_path(call: Call, fields: dict[str, str]) -> None:
    request = BAIDU.request(*call)
    assert (request.method, request.address, request.body) == ("GET", f"{BASE}/rest/2.0/oauth/token", b"")
    assert said(request) == {**fields, "access_token": COMPONENT_TOKEN.reveal()}
    assert_hidden(request, call[1].reveal(), COMPONENT_TOKEN.reveal())
    endpoint = call[0]
    assert (endpoint.changes, endpoint.idempotent) == (True, False)  # it spends what works once


def test_a_recovery_is_a_form() -> None:
    request = BAIDU.request(CONTRACT.recover, APP)
    path = "/rest/2.0/smartapp/auth/retrieve/authorizationcode"
    assert (request.method, request.address) == ("POST", BASE + path)
    assert request.query == (("access_token", COMPONENT_TOKEN.reveal()),)
    assert request.headers == (("content-type", "application/x-www-form-urlencoded"),)
    assert request.body == f"app_id={APP}".encode()
    assert CONTRACT.recover.idempotent


def test_which_app_a_token_is_for() -> None:
    token = Secret("45.made-up-token-of-the-app")
    assert APP_OF.path == "/rest/2.0/smartapp/app/info"
    body = {"app_id": 15263713, "auth_info": [{"scope_name": "a"}, {"scope_name": ""}, {"x": 1}, {"scope_name": "b"}]}
    assert BAIDU.value(APP_OF, None, {"errno": 0, "data": body}) == Identity(APP, ("a", "b"))
    assert BAIDU.value(APP_OF, None, {"errno": 0, "data": {"app_id": "15263713"}}) == Identity(APP, ())
    assert token.reveal() not in repr(APP_OF)
    odds: list[dict[str, Any]] = [{"app_id": None}, {"app_id": []}, {}]
    for odd in odds:
        found = BAIDU.read(APP_OF, None, {"errno": 0, "data": odd})
        assert isinstance(found, ReplyNotUnderstood)


def test_the_page_where_a_merchant_authorizes() -> None:
    assert not isinstance(CONTRACT.page, Absent)
    parts = urlsplit(CONTRACT.page(Secret("a code/+"), "https://example.com/back?x=1&y=二"))
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        "https://smartprogram.baidu.com/mappconsole/tp/authorization"
    )
    assert parse_qs(parts.query) == {
        "client_id": [CLIENT],
        "redirect_uri": ["https://example.com/back?x=1&y=二"],
        "pre_auth_code": ["a code/+"],
    }


def test_nobody_asks_baidu_for_pushes() -> None:
    assert isinstance(CONTRACT.start_push, Absent)
    assert "by itself" in CONTRACT.start_push.why


@EACH
def test_nothing_of_a_reply_is_kept(call: Call) -> None:
    assert call[0].secret
    assert call[0].name in {endpoint.name for endpoint in ENDPOINTS}
    assert len(ENDPOINTS) == len(ASKED)


# --- yes --------------------------------------------------------------------------------------------------------


def test_what_is_issued() -> None:
    assert BAIDU.value(CONTRACT.component_token, TICKET, TOKEN_YES) == Issued(Secret("42.made-up"), 2592000)
    assert BAIDU.value(CONTRACT.pre_auth_code, None, PRE_AUTH_YES) == Issued(Secret("made-up"), 1200)
    assert BAIDU.value(CONTRACT.recover, APP, RECOVER_YES) == Issued(Secret("made-up"), 18000)


@pytest.mark.parametrize("call", [ASKED["exchange"], ASKED["refresh"]], ids=["exchange", "refresh"])
@pytest.mark.parametrize(
    "body",
    [
        PAIR_YES,
        {"errno": 0, "msg": "success", "data": PAIR_YES},
        {**PAIR_YES, "scope": "public", "session_key": ""},
        {**PAIR_YES, "error": "success"},
        {**PAIR_YES, "expires_in": "3600"},
    ],
    ids=["flat", "wrapped", "more", "success", "text"],
)
def test_a_pair(call: Call, body: object) -> None:
    assert BAIDU.value(*call, body) == PAIR
    assert "made-up" not in repr(BAIDU.value(*call, body))


@pytest.mark.parametrize("call", [ASKED["exchange"], ASKED["refresh"]], ids=["exchange", "refresh"])
@pytest.mark.parametrize(
    "odd",
    [
        {"error_code": 2, "error_msg": "Service temporarily unavailable"},
        {"errno": 500, "msg": "busy"},
        {"error": "invalid_grant", "error_description": "no"},
        {"error_code": 18},
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [200, 400, 429, 500, 502])
def test_a_readable_pair_is_a_pair_whatever_else_is_odd(call: Call, odd: dict[str, Any], status: int) -> None:
    assert BAIDU.value(*call, {**PAIR_YES, **odd}, status) == PAIR


def test_a_pair_without_a_refresh_token_is_still_one() -> None:
    for nothing in (None, "", {"x": 1}):
        found = BAIDU.value(REFRESHING, REFRESH, {**PAIR_YES, "refresh_token": nothing})
        assert (found.access, found.refresh) == (PAIR.access, None)


@pytest.mark.parametrize("odd", [None, "", 0, -1, "soon", True, 3600.5, [3600], 10**30, "9" * 5000], ids=repr)
def test_what_no_life_can_be_is_the_usual_one(odd: Any) -> None:  # noqa: ANN401 - JSON of any kind
    assert BAIDU.value(REFRESHING, REFRESH, flat(PAIR_YES, expires_in=odd)).seconds == 3600
    for call, name, usual in (
        (ASKED["component"], "access_token", 2592000),
        (ASKED["pre-auth"], "pre_auth_code", 1200),
        (ASKED["recover"], "authorization_code", 18000),
    ):
        body = {"errno": 0, "data": flat({name: "made-up"}, expires_in=odd)}
        assert BAIDU.value(call[0], call[1], body) == Issued(Secret("made-up"), usual)


@EACH
@pytest.mark.parametrize(
    "body",
    [
        {"errno": 0, "msg": "success"},
        {"errno": 0, "data": {}},
        {"errno": 0, "data": []},
        {"errno": 0, "data": {"access_token": "", "authorization_code": " ", "pre_auth_code": None}},
        {"errno": 0, "data": {"access_token": True, "authorization_code": [], "pre_auth_code": {}}},
        {"refresh_token": "46.made-up", "expires_in": 3600},
        {},
        [],
        b"<html>",
        b'{"access_token": "45.ma',
        b"",
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_yes_without_what_was_asked_for_is_not_understood(call: Call, body: object) -> None:
    error = BAIDU.error(*call, body)
    assert type(error) is ReplyNotUnderstood
    assert error.may_have_happened is call[0].changes
    assert "made-up" not in str(error)


# --- no ---------------------------------------------------------------------------------------------------------

Expected = tuple[type[MiniAppError], Actor, Scope]
TICKET_REFUSED: Expected = (CredentialRejected, Actor.YOU, Scope.COMPONENT)
TOKEN_REFUSED: Expected = (CredentialRejected, Actor.YOU, Scope.APP)
SPENT: Expected = (AuthorizationLost, Actor.MERCHANT, Scope.APP)
BAD_CODE: Expected = (InvalidRequest, Actor.YOU, Scope.APP)
WRONG_CLIENT: Expected = (InvalidRequest, Actor.YOU, Scope.COMPONENT)
DENIED: Expected = (PermissionDenied, Actor.YOU, Scope.COMPONENT)
TOO_FAST: Expected = (RateLimited, Actor.TIME, Scope.COMPONENT)
USED_UP: Expected = (QuotaExhausted, Actor.TIME, Scope.COMPONENT)
DOWN: Expected = (ProviderUnavailable, Actor.PROVIDER, Scope.PROVIDER)


def gateway(code: int, said: str = "no") -> dict[str, Any]:
    return {"error_code": code, "error_msg": said}


def business(code: int, said: str = "no") -> dict[str, Any]:
    return {"errno": code, "msg": said}


def oauth(word: str, said: str = "no") -> dict[str, Any]:
    return {"error": word, "error_description": said}


OWN: list[tuple[str, dict[str, Any], Expected]] = [
    ("component", business(502, "Client authentication failed"), TICKET_REFUSED),
    ("component", business(50001), TICKET_REFUSED),
    ("component", business(50003), TICKET_REFUSED),
    ("component", business(50002), WRONG_CLIENT),
    ("component", oauth("invalid_client"), WRONG_CLIENT),
    ("pre-auth", oauth("expired_token"), TICKET_REFUSED),
    ("pre-auth", oauth("invalid_grant"), TICKET_REFUSED),
    ("pre-auth", oauth("invalid_token"), TICKET_REFUSED),
    ("pre-auth", oauth("invalid_client"), TICKET_REFUSED),
    ("exchange", oauth("invalid_grant", "Invalid authorization code: x"), BAD_CODE),
    ("exchange", oauth("expired_token"), BAD_CODE),
    ("exchange", oauth("invalid_request"), BAD_CODE),
    ("refresh", oauth("invalid_grant"), SPENT),
    ("refresh", oauth("expired_token", "refresh token has been used"), SPENT),
    ("refresh", oauth("invalid_request", "invalid refresh token"), SPENT),
    ("refresh", oauth("invalid_client"), TICKET_REFUSED),
    ("refresh", oauth("unauthorized_client"), TICKET_REFUSED),
    ("refresh", business(50032), SPENT),
    ("recover", business(50032), SPENT),
    ("recover", business(40008), DENIED),
]


@pytest.mark.parametrize(
    ("name", "body", "expected"), OWN, ids=[f"{name}-{next(iter(body.values()))}" for name, body, _ in OWN]
)
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_each_calls_own_no(name: str, body: dict[str, Any], expected: Expected, status: int) -> None:
    error = BAIDU.error(*ASKED[name], body, status)
    assert (type(error), error.actor, error.scope) == expected
    assert isinstance(error, ProviderError)
    assert error.status == status


GATEWAY: list[tuple[dict[str, Any], Expected]] = [
    (gateway(110, "Access token invalid or no longer valid"), TOKEN_REFUSED),
    (gateway(111, "Access token expired"), TOKEN_REFUSED),
    (gateway(100, "Invalid parameter: access_token"), TOKEN_REFUSED),
    (gateway(13), TICKET_REFUSED),
    (gateway(14), TICKET_REFUSED),
    (gateway(101), TICKET_REFUSED),
    (business(44000), TOKEN_REFUSED),
    (gateway(5), DENIED),
    (gateway(4), TOO_FAST),
    (gateway(18), TOO_FAST),
    (gateway(17), USED_UP),
    (gateway(19), USED_UP),
    (gateway(2), DOWN),
]


@WITH_TOKEN
@pytest.mark.parametrize(("body", "expected"), GATEWAY, ids=[f"{next(iter(body.values()))}" for body, _ in GATEWAY])
def test_the_gateways_no_is_the_same_everywhere(call: Call, body: dict[str, Any], expected: Expected) -> None:
    error = BAIDU.error(*call, body)
    assert (type(error), error.actor, error.scope) == expected
    assert error.may_have_happened is (call[0].changes and isinstance(error, ProviderUnavailable))


@EACH
@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, RateLimited), (500, ProviderUnavailable), (502, ProviderUnavailable), (302, ReplyNotUnderstood)],
)
def test_without_a_verdict_the_status_decides(call: Call, status: int, kind: type[MiniAppError]) -> None:
    error = BAIDU.error(*call, b"<html>", status)
    assert type(error) is kind
    assert error.may_have_happened is (call[0].changes and kind is not RateLimited)


@EACH
def test_an_unknown_code_is_a_plain_error(call: Call) -> None:
    assert type(BAIDU.error(*call, business(987654))) is ProviderError
    assert type(BAIDU.error(*call, oauth("a_new_word"))) is ProviderError


@EACH
def test_echoed_secrets_are_masked(call: Call) -> None:
    secrets = [secret.reveal() for secret in BAIDU.request(*call).secrets]
    for secret in secrets:
        for body in (gateway(110, f"bad {secret}"), business(50032, f"{secret} is bad"), oauth(secret, secret)):
            error = BAIDU.error(*call, body)
            assert secret not in str(error)
            assert secret not in repr(vars(error))


@given(JSON, st.sampled_from(list(ASKED.values())), st.integers(100, 599))
def test_no_json_breaks_it(body: object, call: Call, status: int) -> None:
    for shape in (
        body,
        {"errno": 0, "data": body},
        {"access_token": "45.made-up", "expires_in": body, "refresh_token": body},
    ):
        found = BAIDU.read(*call, shape, status)
        if isinstance(found, Pair | Issued):
            assert 0 < found.seconds < 10**10
        else:
            assert isinstance(found, MiniAppError)
