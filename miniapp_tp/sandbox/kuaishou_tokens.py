"""Kuaishou's side of the life of a grant: all GET, all in the query, answers in camel case (wire/kuaishou.md § 1).

Where it refreshes, and in which words, is published nowhere: the path is ours (`Rules.refresh_path`), the fields are
those of its siblings, the answer is that of an exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from miniapp_tp.sandbox.exchange import Call, Refused, Reply, Request, Route, json_reply
from miniapp_tp.sandbox.faults import OF_TOKENS, Fault
from miniapp_tp.sandbox.grants import Kind, Pair, Terms
from miniapp_tp.sandbox.kuaishou_replies import (
    BAD_CODE,
    BAD_COMPONENT,
    BAD_PARAMETER,
    BAD_TOKEN,
    BROKEN,
    DENIED,
    NEVER_GRANTED,
    RATE_LIMITED,
    REFRESH_EXPIRED,
    REVOKED,
    refused_tokens,
)
from miniapp_tp.sandbox.provider import Provider
from miniapp_tp.sandbox.register import Standing

if TYPE_CHECKING:
    from miniapp_tp.sandbox.state import App

TERMS: Final = Terms(
    ticket=Kind("sandbox-ticket-", None),
    component_token=Kind("sandbox-component-token-", 7_200),
    pre_auth_code=Kind("sandbox-pre-auth-code-", 600),
    code=Kind("sandbox-code-", 3_600),
    refresh_token=Kind("sandbox-refresh-token-", 2_592_000),
    access_life=7_200,
)
SECRET: Final = "sandbox-secret"  # noqa: S105 - made up, and meant to be known
REFRESH: Final = Route("GET", ("refresh_grant",))

_ID, _SECRET, _TOKEN = "component_app_id", "component_app_secret", "component_access_token"
_FIELDS: Final = {
    "start_ticket_push": {_SECRET},
    "get_component_token": {_SECRET, "component_verify_ticket"},
    "get_pre_auth_code": {_TOKEN},
    "exchange_code": {_TOKEN, "authorization_code"},
    "refresh_grant": {_TOKEN, "authorizer_refresh_token"},
    "recover_code": {_TOKEN, "authorized_app_id"},
}
_ABOUT: Final = {
    "exchange_code": "authorization_code",
    "refresh_grant": "authorizer_refresh_token",
    "recover_code": "authorized_app_id",
}
_REVOKED_TEXT: Final = "authorization revoked"

Handler = Callable[[Provider, Mapping[str, str]], Mapping[str, Any]]
"""Serves an operation: what is answered beside `result` and `errorMsg`."""


def concerns(route: Route) -> bool:
    """Tell whether a path is about tokens."""
    return not OF_TOKENS.isdisjoint(route.names)


def read(route: Route, request: Request) -> Call:
    """Read a request."""
    params = dict(request.query)
    twice = len(params) != len(request.query)
    problem = refused_tokens(BAD_PARAMETER, "a parameter is given twice") if twice else None
    return Call(route.names[0], params.get(_TOKEN), params, problem, for_component=True)


def subject(provider: Provider, call: Call) -> App | None:
    """Find the app that a call is about."""
    return provider.subject(call.operation, call.params.get(_ABOUT.get(call.operation, "")))


def respond(provider: Provider, call: Call, fault: Fault | None) -> Reply:
    """Answer a call, if need be with the no that a fault stands for."""
    try:
        if no := fault and refusal(fault, call.operation):
            raise no
        # "error message" is what the documents' own examples say beside result 1 (wire/kuaishou.md § 6).
        body = {"result": 1, "errorMsg": "error message", **_serve(provider, call)}
    except Refused as error:
        return json_reply(error.body)
    if fault is Fault.ODD_TEXT:
        body |= refused_tokens(BROKEN, "server error").body
    return json_reply(body)


def refusal(fault: Fault, operation: str) -> Refused | None:
    """Say the no that a fault stands for, if it is one."""
    match fault:
        case Fault.RATE_LIMITED:
            return refused_tokens(RATE_LIMITED, "api rate limited")
        case Fault.EXPIRED_TOKEN:
            return _bad_ticket() if operation == "get_component_token" else _expired()
        case Fault.REVOKED:
            return refused_tokens(REVOKED, _REVOKED_TEXT)
        case _:
            return None


def _serve(provider: Provider, call: Call) -> Mapping[str, Any]:
    if call.problem:
        raise call.problem
    _check_fields(call)
    wanted = {_ID: provider.component, _SECRET: provider.secret}
    if any(call.params[name] != value for name, value in wanted.items() if name in call.params):
        raise refused_tokens(BAD_COMPONENT, "the third-party application or its secret is wrong")
    if call.token is not None:
        _check_token(provider, call.token)
    return HANDLERS[call.operation](provider, call.params)


def _check_fields(call: Call) -> None:
    wanted = {_ID, *_FIELDS[call.operation]}
    if wrong := sorted(call.params.keys() ^ wanted):
        missing = wrong[0] in wanted
        raise refused_tokens(BAD_PARAMETER, f"{wrong[0]} is {'missing' if missing else 'no parameter'}")


def _check_token(provider: Provider, token: str) -> None:
    match provider.component_tokens.standing(token):
        case Standing.VALID:
            return
        case Standing.EXPIRED:
            raise _expired()
        case _:
            raise refused_tokens(DENIED, "component access token invalid")


def _expired() -> Refused:
    return refused_tokens(BAD_TOKEN, "component access token expired")


def _bad_ticket() -> Refused:
    return refused_tokens(DENIED, "component ticket invalid")


def start_ticket_push(provider: Provider, _params: Mapping[str, str]) -> Mapping[str, Any]:
    """Promise to push tickets; the sandbox gives them when asked (`Provider.issue_ticket`)."""
    provider.ticket_push_started = True
    return {}


def get_component_token(provider: Provider, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give the component's token for a ticket. An older token goes on working."""
    if provider.ticket_standing(params["component_verify_ticket"]) is not Standing.VALID:
        raise _bad_ticket()
    token = provider.component_tokens.issue(TERMS.component_token.life)
    return {"componentAccessToken": token, "expiresIn": TERMS.component_token.life}


def get_pre_auth_code(provider: Provider, _params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give a pre-auth code."""
    code = provider.pre_auth_codes.issue(TERMS.pre_auth_code.life)
    return {"preAuthCode": code, "expiresIn": TERMS.pre_auth_code.life}


def exchange_code(provider: Provider, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give a pair for an authorization code."""
    answer = provider.exchange(params["authorization_code"])
    if isinstance(answer, Standing):
        raise refused_tokens(BAD_CODE, "authorization code invalid")
    return _fields(provider, answer)


def refresh_grant(provider: Provider, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give a new pair for a refresh token."""
    match provider.refresh(params["authorizer_refresh_token"]):
        case Pair() as pair:
            return _fields(provider, pair)
        case Standing.REVOKED:
            raise refused_tokens(REVOKED, _REVOKED_TEXT)
        case Standing.EXPIRED:
            raise refused_tokens(REFRESH_EXPIRED, "refresh token expired")
        case Standing.SPENT:
            raise refused_tokens(DENIED, "refreshToken.discarded")
        case _:
            raise refused_tokens(DENIED, "invalid refresh token")


def recover_code(provider: Provider, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give a code for a grant that exists."""
    match provider.recover(params["authorized_app_id"]):
        case str() as code:
            return {"authorizationCode": code, "expiresIn": TERMS.code.life}
        case Standing.REVOKED:
            raise refused_tokens(REVOKED, _REVOKED_TEXT)
        case _:
            raise refused_tokens(NEVER_GRANTED, "authorization was never given")


def _fields(provider: Provider, pair: Pair) -> Mapping[str, Any]:
    granted = enumerate(provider.apps[pair.app].permissions, start=1)
    return {
        "authorizerAccessToken": pair.access_token,
        "expiresIn": TERMS.access_life,
        "authorizerRefreshToken": pair.refresh_token,
        "refreshExpiresIn": TERMS.refresh_token.life,
        "authorizerAppId": pair.app,
        "authorizePermission": [{"id": place, "category": name, "description": name} for place, name in granted],
    }


HANDLERS: Final[Mapping[str, Handler]] = {
    "start_ticket_push": start_ticket_push,
    "get_component_token": get_component_token,
    "get_pre_auth_code": get_pre_auth_code,
    "exchange_code": exchange_code,
    "refresh_grant": refresh_grant,
    "recover_code": recover_code,
}
