"""Kuaishou's token calls (wire/kuaishou.md § 1): all GET, all in the query, answers in camel case."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp import (
    AuthorizationLost,
    CredentialRejected,
    InvalidArgument,
    InvalidRequest,
    MiniAppError,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ReplyNotUnderstood,
    Scope,
    Secret,
)
from miniapp_tp.contract import Issued, Pair
from miniapp_tp.providers.kuaishou.dialect import ON_BEHALF, for_component
from miniapp_tp.providers.kuaishou.tokens import ENDPOINTS, token_contract
from miniapp_tp.wire.endpoint import Absent
from tests.providers.reading import JSON
from tests.providers.tokens import BASE, COMPONENT_TOKEN, Desk, assert_hidden, flat, said

COMPONENT, APP = "ks000000000000000001", "ks600000000000000001"
OWN_SECRET = Secret("made-up-component-secret")
TICKET = Secret("made-up-ticket/1+2==")
CODE = Secret("made-up-code/1+2==")
REFRESH = Secret("made-up-refresh-token/1+2==")
PATH = "/mp/tp/oauth/made_up_refresh"
PAGE = "https://page.example/authorize"
CONTRACT = token_contract(COMPONENT, OWN_SECRET, PATH, PAGE)
BARE = token_contract(COMPONENT, None, None, None)
assert not isinstance(CONTRACT.refresh, Absent)
assert not isinstance(CONTRACT.start_push, Absent)
REFRESHING, START_PUSH = CONTRACT.refresh, CONTRACT.start_push
KUAISHOU = Desk(for_component(ON_BEHALF, COMPONENT))

PAIR_YES: dict[str, Any] = {
    "result": 1,
    "errorMsg": "success",
    "authorizerAccessToken": "made-up-access",
    "expiresIn": 7200,
    "authorizerRefreshToken": "made-up-refresh",
    "refreshExpiresIn": 2592000,
    "authorizerAppId": APP,
    "authorizePermission": [{"id": 1, "category": "开发管理", "description": "…"}, {"id": 2}],
}
PAIR = Pair(
    access=Secret("made-up-access"),
    refresh=Secret("made-up-refresh"),
    seconds=7200,
    refresh_seconds=2592000,
    app=APP,
    permissions=("1", "2"),
)
ASKED: dict[str, tuple[Any, Any]] = {
    "component": (CONTRACT.component_token, TICKET),
    "pre-auth": (CONTRACT.pre_auth_code, None),
    "exchange": (CONTRACT.exchange, CODE),
    "refresh": (REFRESHING, REFRESH),
    "recover": (CONTRACT.recover, APP),
}
PAIRS = pytest.mark.parametrize("call", [ASKED["exchange"], ASKED["refresh"]], ids=["exchange", "refresh"])
EACH = pytest.mark.parametrize("call", ASKED.values(), ids=ASKED)
Call = tuple[Any, Any]


# --- what is asked ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "path", "fields"),
    [
        (
            ASKED["component"],
            "/mp/tp/oauth/access_token",
            {"component_app_secret": OWN_SECRET.reveal(), "component_verify_ticket": TICKET.reveal()},
        ),
        ((START_PUSH, None), "/mp/tp/oauth/start_push_ticket", {"component_app_secret": OWN_SECRET.reveal()}),
        (ASKED["pre-auth"], "/mp/tp/oauth/pre_auth_code", {}),
        (ASKED["exchange"], "/mp/tp/oauth/authorizer_access_token", {"authorization_code": CODE.reveal()}),
        (ASKED["refresh"], PATH, {"authorizer_refresh_token": REFRESH.reveal()}),
        (ASKED["recover"], "/mp/tp/oauth/re_authorization_code", {"authorized_app_id": APP}),
    ],
    ids=["component", "push", "pre-auth", "exchange", "refresh", "recover"],
)
def test_everything_stands_in_the_query(call: Call, path: str, fields: dict[str, str]) -> None:
    request = KUAISHOU.request(*call)
    assert (request.method, request.address, request.headers, request.body) == ("GET", BASE + path, (), b"")
    token = {} if call[0].credential is None else {"component_access_token": COMPONENT_TOKEN.reveal()}
    assert said(request) == {"component_app_id": COMPONENT, **fields, **token}
    assert_hidden(request, *(value for name, value in {**fields, **token}.items() if name != "authorized_app_id"))


def test_what_works_once_is_sent_once() -> None:
    once = {name for name, (endpoint, _) in ASKED.items() if endpoint.changes and not endpoint.idempotent}
    assert once == {"exchange", "refresh"}
    assert START_PUSH.idempotent


@pytest.mark.parametrize("call", [(BARE.component_token, TICKET), (BARE.start_push, None)], ids=["token", "push"])
def test_without_the_secret_nothing_is_asked(call: Call) -> None:
    with pytest.raises(InvalidArgument, match="component_app_secret"):
        KUAISHOU.request(*call)


def test_the_secret_shows_nowhere() -> None:
    assert OWN_SECRET.reveal() not in repr(CONTRACT)


def test_what_kuaishou_doesnt_publish_is_absent_until_it_is_given() -> None:
    assert isinstance(BARE.refresh, Absent)
    assert "refresh_path" in BARE.refresh.why
    assert isinstance(BARE.page, Absent)
    assert "authorization_page" in BARE.page.why
    assert isinstance(CONTRACT.app_of, Absent)


@pytest.mark.parametrize("path", ["mp/no/slash", "ftp://x.example/a"])
def test_a_path_that_can_be_none(path: str) -> None:
    with pytest.raises(InvalidArgument):
        token_contract(COMPONENT, OWN_SECRET, path, None)


@pytest.mark.parametrize("page", ["http://page.example/authorize", "page", "https://page.example/?a=1", "https://"])
def test_a_page_that_can_be_none(page: str) -> None:
    with pytest.raises(InvalidArgument):
        token_contract(COMPONENT, OWN_SECRET, None, page)


def test_the_page_where_a_merchant_authorizes() -> None:
    assert not isinstance(CONTRACT.page, Absent)
    address, _, query = CONTRACT.page(Secret("a code/+"), "https://example.com/back?x=1").partition("?")
    assert address == PAGE
    assert parse_qs(query) == {
        "component_app_id": [COMPONENT],
        "pre_auth_code": ["a code/+"],
        "redirect_uri": ["https://example.com/back?x=1"],
    }
    assert urlsplit(address).scheme == "https"


@EACH
def test_nothing_of_a_reply_is_kept(call: Call) -> None:
    assert call[0].secret
    assert {call[0].name, "start_ticket_push"} <= {endpoint.name for endpoint in ENDPOINTS}
    assert len(ENDPOINTS) == len(ASKED) + 1


# --- yes --------------------------------------------------------------------------------------------------------


def test_what_is_issued() -> None:
    for call, name, life in (
        (ASKED["component"], "componentAccessToken", 7200),
        (ASKED["pre-auth"], "preAuthCode", 600),
        (ASKED["recover"], "authorizationCode", 3600),
    ):
        body = {"result": 1, "errorMsg": "error message", name: "made-up", "expiresIn": life + 1}
        assert KUAISHOU.value(*call, body) == Issued(Secret("made-up"), life + 1)
        for odd in (None, 0, -5, "", "soon", 1.5, [1]):
            assert KUAISHOU.value(*call, flat(body, expiresIn=odd)) == Issued(Secret("made-up"), life)


def test_pushes_that_were_asked_for() -> None:
    assert KUAISHOU.value(START_PUSH, None, {"result": 1, "errorMsg": "success"}) is None


@PAIRS
@pytest.mark.parametrize("status", [200, 400, 429, 500])
@pytest.mark.parametrize(
    "odd", [{}, {"result": 100200500}, {"result": "1"}, {"result": None}, {"result": 100200102}, {"x": 1}], ids=str
)
def test_a_readable_pair_is_a_pair_whatever_else_is_odd(call: Call, odd: dict[str, Any], status: int) -> None:
    found = KUAISHOU.value(*call, {**PAIR_YES, **odd}, status)
    assert found == PAIR
    assert "made-up" not in repr(found)


@PAIRS
@pytest.mark.parametrize(
    ("odd", "differs"),
    [
        ({"expiresIn": None}, {"seconds": 7200}),
        ({"expiresIn": -1}, {"seconds": 7200}),
        ({"expiresIn": "60"}, {"seconds": 60}),
        ({"refreshExpiresIn": None}, {"refresh_seconds": None}),
        ({"refreshExpiresIn": 0}, {"refresh_seconds": None}),
        ({"refreshExpiresIn": "x"}, {"refresh_seconds": None}),
        ({"authorizerRefreshToken": None}, {"refresh": None}),
        ({"authorizerRefreshToken": ""}, {"refresh": None}),
        ({"authorizerAppId": None}, {"app": None}),
        ({"authorizerAppId": 345}, {"app": "345"}),
        ({"authorizePermission": None}, {"permissions": None}),
        ({"authorizePermission": []}, {"permissions": ()}),
        ({"authorizePermission": [{"id": ""}, 5, {"x": 1}, {"id": "7"}]}, {"permissions": ("7",)}),
    ],
    ids=str,
)
def test_a_pair_with_something_odd_or_missing(call: Call, odd: dict[str, Any], differs: dict[str, Any]) -> None:
    assert KUAISHOU.value(*call, flat(PAIR_YES, **odd)) == evolve(PAIR, **differs)


@EACH
@pytest.mark.parametrize(
    "body",
    [
        {"result": 1, "errorMsg": "success"},
        {"result": 1, "componentAccessToken": "", "preAuthCode": " ", "authorizationCode": None},
        {"result": 1, "componentAccessToken": [], "preAuthCode": {}, "authorizationCode": True},
        {"componentAccessToken": "x", "preAuthCode": "x", "authorizationCode": "x"},
        {},
        [],
        b"<html>",
        b"",
    ],
    ids=lambda body: str(body)[:50],
)
def test_a_yes_without_what_was_asked_for_is_not_understood(call: Call, body: object) -> None:
    error = KUAISHOU.error(*call, body)
    assert type(error) is ReplyNotUnderstood
    assert error.may_have_happened is call[0].changes


# --- no ---------------------------------------------------------------------------------------------------------


def no(code: int, said: str = "no", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON of any kind
    return {"result": code, "errorMsg": said, **more}


TICKET_REFUSED = (CredentialRejected, Scope.COMPONENT)
LOST = (AuthorizationLost, Scope.APP)
OWN: list[tuple[str, dict[str, Any], tuple[type[MiniAppError], Scope]]] = [
    ("component", no(100200101), (InvalidRequest, Scope.COMPONENT)),
    ("component", no(100200102, "component ticket invalid"), TICKET_REFUSED),
    ("component", no(100200102, "ticket discarded"), TICKET_REFUSED),
    ("exchange", no(100200105), (InvalidRequest, Scope.APP)),
    ("exchange", no(100200102, "component access token invalid"), TICKET_REFUSED),
    ("exchange", no(100200102, "authorization revoked"), LOST),
    ("refresh", no(100200102, "component access token invalid"), TICKET_REFUSED),
    ("refresh", no(100200102, "access_denied"), TICKET_REFUSED),
    ("refresh", no(100200102, "refreshToken.discarded"), LOST),
    ("refresh", no(100200102, "Invalid Refresh Token"), LOST),
    ("refresh", no(100200102, "authorization REVOKED"), LOST),
    ("refresh", {"result": 100200102, "error": "access_denied", "error_msg": "refreshToken.discarded"}, LOST),
    ("refresh", no(100200113), LOST),
    ("recover", no(100200102, "component access token invalid"), TICKET_REFUSED),
    ("recover", no(100200102, "authorization revoked"), LOST),
    ("pre-auth", no(100200102, "component access token invalid"), (CredentialRejected, Scope.APP)),
]


@pytest.mark.parametrize(
    ("name", "body", "expected"), OWN, ids=[f"{name}-{'-'.join(map(str, body.values()))}" for name, body, _ in OWN]
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_each_calls_own_no(
    name: str, body: dict[str, Any], expected: tuple[type[MiniAppError], Scope], status: int
) -> None:
    error = KUAISHOU.error(*ASKED[name], body, status)
    assert (type(error), error.scope) == expected


@EACH
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (100200108, CredentialRejected),
        (100200112, CredentialRejected),
        (100200109, AuthorizationLost),
        (100200110, AuthorizationLost),
        (100200111, AuthorizationLost),
        (100200106, PermissionDenied),
        (100200100, InvalidRequest),
        (100200410, RateLimited),
        (100200500, ProviderUnavailable),
        (987654, ProviderError),
    ],
)
def test_the_open_platforms_no_is_the_same_everywhere(call: Call, code: int, kind: type[MiniAppError]) -> None:
    error = KUAISHOU.error(*call, no(code))
    assert type(error) is kind
    assert error.may_have_happened is (call[0].changes and kind is ProviderUnavailable)


def test_a_wrong_secret_when_asking_for_pushes() -> None:
    error = KUAISHOU.read(START_PUSH, None, no(100200101, f"bad {OWN_SECRET.reveal()}"))
    assert (type(error), error.scope if isinstance(error, MiniAppError) else None) == (InvalidRequest, Scope.COMPONENT)
    assert OWN_SECRET.reveal() not in str(error)


@EACH
def test_echoed_secrets_are_masked(call: Call) -> None:
    for secret in (secret.reveal() for secret in KUAISHOU.request(*call).secrets):
        error = KUAISHOU.error(*call, no(100200102, f"bad {secret}", error=secret))
        assert secret not in str(error)
        assert secret not in repr(vars(error))


@given(JSON, st.sampled_from(list(ASKED.values())), st.integers(100, 599))
def test_no_json_breaks_it(body: object, call: Call, status: int) -> None:
    odd = {name: body for name in PAIR_YES if name != "authorizerAccessToken"}
    for shape in (body, {**PAIR_YES, **odd}, {"result": 1, "authorizationCode": body, "expiresIn": body}):
        found = KUAISHOU.read(*call, shape, status)
        if isinstance(found, Pair | Issued):
            assert 0 < found.seconds < 10**10
        else:
            assert isinstance(found, MiniAppError)
