"""How Baidu gives out tokens (wire/baidu.md § 1)."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from attrs import evolve

from miniapp_tp.contract import Identity, Issued, Pair, TokenContract
from miniapp_tp.errors import AuthorizationLost, InvalidRequest, Scope
from miniapp_tp.providers.baidu.endpoints import GET_INFO
from miniapp_tp.providers.baidu.errors.kinds import COMPONENT
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Endpoint, absent
from miniapp_tp.wire.meaning import Meaning
from miniapp_tp.wire.messages import Secret
from miniapp_tp.wire.tolerance import lifetime, listed, mapping, text

_TOKEN: Final = "/rest/2.0/oauth/token"  # noqa: S105 - a path
_PAGE: Final = "https://smartprogram.baidu.com/mappconsole/tp/authorization"
_COMPONENT_LIFE: Final = 2_592_000
_PRE_AUTH_LIFE: Final = 1_200
_ACCESS_LIFE: Final = 3_600
_REFRESH_LIFE: Final = 315_360_000
_RECOVERED_LIFE: Final = 18_000
_BAD_CODE: Final = Meaning(InvalidRequest).but_then(
    "Authorization codes work once: recover the app, or let the merchant authorize again.",
    "授权码只能使用一次：请找回该小程序的授权，或让商家重新授权。",
)
_COMPONENT: Final = COMPONENT
_OWN_KEY: Final = Meaning(InvalidRequest, scope=Scope.COMPONENT).but_then(
    "Check the component's Key: Baidu doesn't know it.", "请检查第三方平台的 Key：百度不认识它。"
)
_SPENT: Final = Meaning(AuthorizationLost).but_then(
    "The SDK recovers the grant by itself; if that fails too, the merchant must authorize again.",
    "SDK 会自动找回授权；若仍失败，需商家重新授权。",
)


def _issued(data: object, name: str, life: int) -> Issued:
    found = mapping(data)
    return Issued(_secret(found[name]), lifetime(found.get("expires_in")) or life)


def _secret(value: object) -> Secret:
    found = text(value)
    if found is None:
        raise ValueError
    return Secret(found)


def _pair(_app: str, body: object) -> Pair:
    """Read a pair: flat beside nothing else, or wrapped like other answers (wire/baidu.md § 1.5)."""
    found = mapping(body)
    refresh = text(found.get("refresh_token"))
    return Pair(
        access=_secret(found.get("access_token")),
        refresh=Secret(refresh) if refresh else None,
        seconds=lifetime(found.get("expires_in")) or _ACCESS_LIFE,
        refresh_seconds=_REFRESH_LIFE,
    )


def _identity(_app: str, data: object) -> Identity:
    found = mapping(data)
    app = text(found["app_id"])
    if app is None:
        raise ValueError
    scopes = (text(mapping(item).get("scope_name")) for item in listed(found.get("auth_info")))
    return Identity(app, tuple(scope for scope in scopes if scope))


def _page(client_id: str, code: Secret, redirect_uri: str) -> str:
    query = {"client_id": client_id, "redirect_uri": redirect_uri, "pre_auth_code": code.reveal()}
    return f"{_PAGE}?{urlencode(query)}"


def _ticket_field(ticket: Secret) -> dict[str, Any]:
    return {"ticket": ticket}


COMPONENT_TOKEN: Final = Endpoint[Secret, Issued](
    name="get_component_token",
    path="/public/2.0/smartapp/auth/tp/token",
    encode=_ticket_field,
    decode=lambda _app, data: _issued(data, "access_token", _COMPONENT_LIFE),
    credential=None,
    secret=True,
    codes={
        **_COMPONENT.for_codes(502, 50001, 50003),
        **_OWN_KEY.for_codes(50002, "invalid_client"),
    },
)
PRE_AUTH_CODE: Final = Endpoint[None, Issued](
    name="get_pre_auth_code",
    path="/rest/2.0/smartapp/tp/createpreauthcode",
    decode=lambda _app, data: _issued(data, "pre_auth_code", _PRE_AUTH_LIFE),
    credential=Credential.COMPONENT,
    secret=True,
    # It speaks OAuth's words of the component's token (wire/baidu.md § 1.3).
    codes=_COMPONENT.for_codes("expired_token", "invalid_grant", "invalid_client", "invalid_token"),
)
EXCHANGE: Final = Endpoint[Secret, Pair](
    name="exchange_code",
    path=_TOKEN,
    fixed={"grant_type": "app_to_tp_authorization_code"},
    encode=lambda code: {"code": code},
    decode=_pair,
    changes=True,
    idempotent=False,
    credential=Credential.COMPONENT,
    secret=True,
    codes=_BAD_CODE.for_codes("invalid_grant", "expired_token", "invalid_request"),
)
REFRESH: Final = Endpoint[Secret, Pair](
    name="refresh_grant",
    path=_TOKEN,
    fixed={"grant_type": "app_to_tp_refresh_token"},
    encode=lambda token: {"refresh_token": token},
    decode=_pair,
    changes=True,
    idempotent=False,
    credential=Credential.COMPONENT,
    secret=True,
    # Its usual text for a dead refresh token stands under any of the three (wire/baidu.md § 1.9).
    codes=_SPENT.for_codes("invalid_grant", "expired_token", "invalid_request"),
)
RECOVER: Final = Endpoint[str, Issued](
    name="recover_code",
    method="POST",
    path="/rest/2.0/smartapp/auth/retrieve/authorizationcode",
    encode=lambda app: {"app_id": app},
    decode=lambda _app, data: _issued(data, "authorization_code", _RECOVERED_LIFE),
    credential=Credential.COMPONENT,
    secret=True,
)
APP_OF: Final = Endpoint[None, Identity](name="get_info", path=GET_INFO.path, decode=_identity)

ENDPOINTS: Final = (COMPONENT_TOKEN, PRE_AUTH_CODE, EXCHANGE, REFRESH, RECOVER)
"""Every call that is made to Baidu for tokens."""


def token_contract(client_id: str) -> TokenContract:
    """Say how Baidu gives out the tokens of a platform and of its apps."""
    return TokenContract(
        component_token=evolve(COMPONENT_TOKEN, fixed={"client_id": client_id}),
        pre_auth_code=PRE_AUTH_CODE,
        exchange=EXCHANGE,
        refresh=REFRESH,
        recover=RECOVER,
        start_push=absent("Baidu pushes tickets by itself once a platform is approved"),
        page=lambda code, redirect_uri: _page(client_id, code, redirect_uri),
        refresh_life=_REFRESH_LIFE,
        app_of=APP_OF,
    )
