"""Baidu's side of the life of a grant: everything in the query but the id of an app to recover (wire/baidu.md § 1).

Its answers have two shapes: `errno`, `msg` and `data`, or, from `oauth/token`, flat; and its errors have three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Final

from miniapp_tp.sandbox import baidu_missed
from miniapp_tp.sandbox.baidu_replies import business, gateway, oauth, traced, with_id
from miniapp_tp.sandbox.exchange import Call, Refused, Reply, Route
from miniapp_tp.sandbox.faults import OF_TOKENS, PAIRS, Fault
from miniapp_tp.sandbox.grants import Kind, Pair, Terms
from miniapp_tp.sandbox.provider import Provider
from miniapp_tp.sandbox.register import Standing

if TYPE_CHECKING:
    from miniapp_tp.sandbox.state import App

TERMS: Final = Terms(
    ticket=Kind("sandbox-ticket-", None),
    component_token=Kind("42.sandbox-", 2_592_000),
    pre_auth_code=Kind("sandbox-pre-auth-code-", 1_200),
    code=Kind("sandbox-code-", 18_000),
    refresh_token=Kind("46.sandbox-", 315_360_000),
    access_life=3_600,
)
_GRANT_TYPES: Final = {
    "app_to_tp_authorization_code": "exchange_code",
    "app_to_tp_refresh_token": "refresh_grant",
}
_FIELDS: Final[Mapping[str, AbstractSet[str]]] = {
    "get_component_token": {"client_id", "ticket"},
    "get_pre_auth_code": set[str](),
    "exchange_code": {"grant_type", "code"},
    "refresh_grant": {"grant_type", "refresh_token"},
    "recover_code": {"app_id"},
    "missed_events": baidu_missed.FIELDS,
}
_OPTIONAL: Final = {"missed_events": baidu_missed.FIELDS}
_ABOUT: Final = {"exchange_code": "code", "refresh_grant": "refresh_token", "recover_code": "app_id"}

Handler = Callable[[Provider, Mapping[str, str]], Mapping[str, Any]]
"""Serves an operation: what is answered."""


def operation(route: Route, params: Mapping[str, str]) -> str | None:
    """Name the operation on tokens that is asked for, if it is one: exchange and refresh share a path."""
    if OF_TOKENS.isdisjoint(route.names):
        return None
    return _GRANT_TYPES.get(params.get("grant_type", ""), route.names[0])


def subject(provider: Provider, call: Call) -> App | None:
    """Find the app that a call is about."""
    return provider.subject(call.operation, call.params.get(_ABOUT.get(call.operation, "")))


def respond(provider: Provider, call: Call, fault: Fault | None) -> Reply:
    """Answer a call, if need be with the no that a fault stands for."""
    flat = call.operation in PAIRS
    try:
        if no := fault and refusal(fault, call.operation):
            raise no
        body, status = _serve(provider, call), 200
    except Refused as error:
        return with_id(provider, error.body, error.status)
    if fault is Fault.ODD_TEXT:
        body = {**body, **gateway(2).body}
    return with_id(provider, body, status) if flat else traced(provider, {"errno": 0, "msg": "success", "data": body})


def refusal(fault: Fault, operation: str) -> Refused | None:
    """Say the no that a fault stands for, if it is one."""
    pairs = operation in PAIRS
    match fault:
        case Fault.RATE_LIMITED:
            return gateway(18)
        case Fault.EXPIRED_TOKEN:
            return business(50003) if operation == "get_component_token" else _expired(operation)
        case Fault.REVOKED:
            return oauth("invalid_grant", "The authorization was revoked") if pairs else business(50032)
        case Fault.IP_NOT_LISTED:
            return gateway(5) if pairs else business(40008)
        case _:
            return None


def _serve(provider: Provider, call: Call) -> Mapping[str, Any]:
    if call.operation != "get_component_token":
        check_token(provider, call)
    if call.problem:
        raise _problem(call.operation, call.problem.body["msg"])
    _check_fields(call)
    return HANDLERS[call.operation](provider, call.params)


def check_token(provider: Provider, call: Call) -> None:
    """Refuse a bad platform token: by the gateway, but in OAuth's words for a pre-auth code (wire/baidu.md § 1.3)."""
    if call.token is None:
        raise gateway(100)
    match provider.component_tokens.standing(call.token):
        case Standing.VALID:
            return
        case Standing.EXPIRED:
            raise _expired(call.operation)
        case _:
            unknown = oauth("invalid_client", "Access token invalid or no longer valid")
            raise unknown if call.operation == "get_pre_auth_code" else gateway(110)


def _expired(operation: str) -> Refused:
    return oauth("expired_token", "Access token expired") if operation == "get_pre_auth_code" else gateway(111)


def _check_fields(call: Call) -> None:
    given, wanted = call.params.keys(), _FIELDS[call.operation]
    if call.operation in PAIRS and call.params.get("grant_type") not in _GRANT_TYPES:
        raise oauth("unsupported_grant_type", "The grant type is not supported")
    optional = _OPTIONAL.get(call.operation, frozenset[str]())
    if wrong := sorted((given | optional) ^ wanted):
        missing = wrong[0] in wanted
        raise _problem(call.operation, f"{wrong[0]} is {'missing' if missing else 'no parameter'}")
    if empty := sorted(name for name, value in call.params.items() if not value):
        raise _problem(call.operation, f"{empty[0]} is empty")


def _problem(operation: str, text: str) -> Refused:
    return oauth("invalid_request", text) if operation in PAIRS else business(40001, text)


def get_component_token(provider: Provider, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give the platform's token for a ticket. An older token goes on working."""
    if params["client_id"] != provider.component:
        raise business(50002)
    if provider.ticket_standing(params["ticket"]) is not Standing.VALID:
        raise business(50003)
    token = provider.component_tokens.issue(TERMS.component_token.life)
    scope = "smartapp_tp_smtapp_common public"
    return {"access_token": token, "expires_in": TERMS.component_token.life, "scope": scope}


def get_pre_auth_code(provider: Provider, _params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give a pre-auth code."""
    code = provider.pre_auth_codes.issue(TERMS.pre_auth_code.life)
    return {"pre_auth_code": code, "expires_in": TERMS.pre_auth_code.life}


def exchange_code(provider: Provider, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give a pair for an authorization code."""
    answer = provider.exchange(params["code"])
    if isinstance(answer, Standing):
        raise oauth("invalid_grant", f"Invalid authorization code: {params['code']}")
    return _flat(answer)


def refresh_grant(provider: Provider, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give a new pair for a refresh token."""
    match provider.refresh(params["refresh_token"]):
        case Pair() as pair:
            return _flat(pair)
        case Standing.UNKNOWN:
            raise oauth("invalid_grant", "Invalid refresh token")
        case Standing.EXPIRED:
            raise oauth("expired_token", "Refresh token expired")
        case _:
            raise _spent(provider, params)


def recover_code(provider: Provider, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give a code for a grant that exists."""
    answer = provider.recover(params["app_id"])
    if isinstance(answer, Standing):
        raise business(50032)
    return {"authorization_code": answer, "expires_in": TERMS.code.life}


def _flat(pair: Pair) -> Mapping[str, Any]:
    """Echo nothing of the app: Baidu doesn't say whose the pair is (wire/baidu.md § 1.5)."""
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "expires_in": TERMS.access_life,
    }


def _spent(provider: Provider, params: Mapping[str, str]) -> Refused:
    """Refuse a refresh token that was used, superseded or revoked, in one word after the other."""
    app = provider.subject("refresh_grant", params["refresh_token"])
    times = provider.spent[app.id].refused if app else 0
    words = provider.rules.spent_words
    return oauth(words[times % len(words) - 1], "Invalid refresh token")


HANDLERS: Final[Mapping[str, Handler]] = {
    "get_component_token": get_component_token,
    "get_pre_auth_code": get_pre_auth_code,
    "exchange_code": exchange_code,
    "refresh_grant": refresh_grant,
    "recover_code": recover_code,
    "missed_events": baidu_missed.missed_events,
}
