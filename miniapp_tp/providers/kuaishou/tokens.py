"""How Kuaishou gives out tokens (wire/kuaishou.md § 1).

The paths of the refresh and of the authorization page are published nowhere that could be read: who knows them
gives them, and without a refresh a grant is renewed by recovering and exchanging a code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from attrs import evolve

from miniapp_tp.contract import Issued, Pair, TokenContract
from miniapp_tp.errors import AuthorizationLost, CredentialRejected, InvalidArgument, InvalidRequest, Scope
from miniapp_tp.wire.addresses import checked_address
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Endpoint, absent, no_result
from miniapp_tp.wire.meaning import ByText, Meaning
from miniapp_tp.wire.messages import Secret
from miniapp_tp.wire.tolerance import lifetime, listed, mapping, text

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMPONENT_LIFE: Final = 7_200
_PRE_AUTH_LIFE: Final = 600
_ACCESS_LIFE: Final = 7_200
_REFRESH_LIFE: Final = 2_592_000  # the sample's (wire/kuaishou.md § 1.1 f)
_RECOVERED_LIFE: Final = 3_600
_OWN_SECRET: Final = Meaning(InvalidRequest, scope=Scope.COMPONENT).but_then(
    "Check the component's id and secret.", "请检查第三方应用的 appid 与 secret。"
)
_TICKET: Final = Meaning(CredentialRejected, scope=Scope.COMPONENT).but_then(
    "The ticket or the component's token is stale: a newer ticket is pushed every 10 minutes.",
    "ticket 或第三方 token 已失效：平台每 10 分钟推送新的 ticket。",
)
_SPENT: Final = Meaning(AuthorizationLost).but_then(
    "The SDK recovers the grant by itself; if that fails too, the merchant must authorize again.",
    "SDK 会自动找回授权；若仍失败，需商家重新授权。",
)


_TOKEN_OR_GRANT: Final = ByText(("refresh", "discarded", "revoke"), _SPENT, _TICKET)
"""100200102: the text tells whether the component's token or the grant is meant."""


def _issued(body: Mapping[str, Any], name: str, life: int) -> Issued:
    return Issued(_secret(body[name]), lifetime(body.get("expiresIn")) or life)


def _secret(value: object) -> Secret:
    found = text(value)
    if found is None:
        raise ValueError
    return Secret(found)


def _pair(_app: str, body: Mapping[str, Any]) -> Pair:
    refresh = text(body.get("authorizerRefreshToken"))
    permissions = (text(mapping(item).get("id")) for item in listed(body.get("authorizePermission")))
    return Pair(
        access=_secret(body.get("authorizerAccessToken")),
        refresh=Secret(refresh) if refresh else None,
        seconds=lifetime(body.get("expiresIn")) or _ACCESS_LIFE,
        refresh_seconds=lifetime(body.get("refreshExpiresIn")),
        app=text(body.get("authorizerAppId")),
        permissions=tuple(one for one in permissions if one) if "authorizePermission" in body else None,
    )


def _page(address: str, component_app_id: str, code: Secret, redirect_uri: str) -> str:
    query = {"component_app_id": component_app_id, "pre_auth_code": code.reveal(), "redirect_uri": redirect_uri}
    return f"{address}?{urlencode(query)}"


COMPONENT_TOKEN: Final = Endpoint[Secret, Issued](
    name="get_component_token",
    path="/mp/tp/oauth/access_token",
    decode=lambda _app, body: _issued(body, "componentAccessToken", _COMPONENT_LIFE),
    credential=None,
    secret=True,
    codes={100200101: _OWN_SECRET, 100200102: _TICKET},
)
START_PUSH: Final = Endpoint[None, None](
    name="start_ticket_push",
    path="/mp/tp/oauth/start_push_ticket",
    decode=no_result,
    changes=True,
    credential=None,
    codes={100200101: _OWN_SECRET},
)
PRE_AUTH_CODE: Final = Endpoint[None, Issued](
    name="get_pre_auth_code",
    path="/mp/tp/oauth/pre_auth_code",
    decode=lambda _app, body: _issued(body, "preAuthCode", _PRE_AUTH_LIFE),
    credential=Credential.COMPONENT,
    secret=True,
)
EXCHANGE: Final = Endpoint[Secret, Pair](
    name="exchange_code",
    path="/mp/tp/oauth/authorizer_access_token",
    encode=lambda code: {"authorization_code": code},
    decode=_pair,
    changes=True,
    idempotent=False,
    credential=Credential.COMPONENT,
    secret=True,
    codes={100200102: _TOKEN_OR_GRANT},
)
REFRESH: Final = Endpoint[Secret, Pair](
    name="refresh_grant",
    path="/",
    encode=lambda token: {"authorizer_refresh_token": token},
    decode=_pair,
    changes=True,
    idempotent=False,
    credential=Credential.COMPONENT,
    secret=True,
    codes={100200102: _TOKEN_OR_GRANT},
)
RECOVER: Final = Endpoint[str, Issued](
    name="recover_code",
    path="/mp/tp/oauth/re_authorization_code",
    encode=lambda app: {"authorized_app_id": app},
    decode=lambda _app, body: _issued(body, "authorizationCode", _RECOVERED_LIFE),
    credential=Credential.COMPONENT,
    secret=True,
    codes={100200102: _TOKEN_OR_GRANT},
)

ENDPOINTS: Final = (COMPONENT_TOKEN, START_PUSH, PRE_AUTH_CODE, EXCHANGE, REFRESH, RECOVER)
"""Every call that is made to Kuaishou for tokens; the path of `REFRESH` is the caller's to give."""


def token_contract(
    component_app_id: str, secret: Secret | None, refresh_path: str | None, authorization_page: str | None
) -> TokenContract:
    """Say how Kuaishou gives out the tokens of an application and of its apps.

    Raises:
        InvalidArgument: A path or page that can't be one.
    """
    page = checked_address(authorization_page) if authorization_page else None

    def with_secret(_nothing: None) -> Mapping[str, Any]:
        if secret is None:
            raise InvalidArgument("getting tokens takes component_app_secret: give it to the client")
        return {"component_app_secret": secret}

    def with_ticket(ticket: Secret) -> Mapping[str, Any]:
        return {**with_secret(None), "component_verify_ticket": ticket}

    return TokenContract(
        component_token=evolve(COMPONENT_TOKEN, encode=with_ticket),
        pre_auth_code=PRE_AUTH_CODE,
        exchange=EXCHANGE,
        refresh=evolve(REFRESH, path=refresh_path) if refresh_path else absent("no refresh_path was given"),
        recover=RECOVER,
        start_push=evolve(START_PUSH, encode=with_secret),
        page=(lambda code, redirect_uri: _page(page, component_app_id, code, redirect_uri))
        if page
        else absent("Kuaishou publishes no address of its authorization page: give authorization_page"),
        refresh_life=_REFRESH_LIFE,
        app_of=absent("Kuaishou tells it with the tokens"),
    )
