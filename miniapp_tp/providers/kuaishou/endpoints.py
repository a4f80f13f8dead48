"""Kuaishou's operations as data (seed 001; wire/kuaishou.md § 3.1)."""

from __future__ import annotations

from typing import Final

from attrs import evolve

from miniapp_tp.contract import Contract
from miniapp_tp.models import (
    AppInfo,
    DomainAction,
    Received,
    ServerDomainChange,
    ServerDomains,
    WebviewDomainChange,
)
from miniapp_tp.providers.kuaishou import codec
from miniapp_tp.wire.endpoint import Caller, Endpoint, Procedure, ReadBack, no_result

_SERVER_DOMAIN: Final = "/openapi/mp/auth/app/server_domain"
_WEBVIEW_DOMAIN: Final = "/openapi/mp/auth/app/webview_domain"

GET_INFO: Final = Endpoint[None, AppInfo](
    name="get_info",
    path="/openapi/mp/auth/app/info",
    decode=codec.app_info,
)
GET_SERVER_DOMAIN: Final = Endpoint[None, ServerDomains](
    name="get_server_domain",
    method="POST",
    path=_SERVER_DOMAIN,
    fixed={"action": "get"},
    decode=codec.server_domains,
)
SET_SERVER_DOMAIN: Final = Endpoint[ServerDomainChange, None](
    name="set_server_domain",
    method="POST",
    path=_SERVER_DOMAIN,
    encode=codec.server_domain_fields,
    decode=no_result,
    changes=True,
    read_back=ReadBack(GET_SERVER_DOMAIN, ServerDomainChange.holds_in, ServerDomainChange.deletions),
)
GET_WEBVIEW_DOMAIN: Final = Endpoint[None, tuple[str, ...]](
    name="get_webview_domain",
    method="POST",
    path=_WEBVIEW_DOMAIN,
    fixed={"action": "get"},
    decode=codec.webview_domains,
)
SET_WEBVIEW_DOMAIN: Final = Endpoint[WebviewDomainChange, None](
    name="set_webview_domain",
    method="POST",
    path=_WEBVIEW_DOMAIN,
    encode=codec.webview_domain_fields,
    decode=no_result,
    changes=True,
    read_back=ReadBack(GET_WEBVIEW_DOMAIN, WebviewDomainChange.holds_in, WebviewDomainChange.deletions),
)
_STORED_SERVER_DOMAIN: Final = evolve(GET_SERVER_DOMAIN, decode=codec.server_domains_as_stored)


async def _set_server_domain(call: Caller, app: str, change: ServerDomainChange) -> None:
    """Send all five arrays; under `SET` those that aren't given are read first and sent back unchanged."""
    given = change.domains.given()
    if change.action is DomainAction.SET and len(given) < len(codec.DOMAIN_FIELDS):
        stored = (await call(_STORED_SERVER_DOMAIN, app, None)).given()
        whole = {kind: Received(hosts) for kind, hosts in {**stored, **given}.items()}
        change = ServerDomainChange(change.action, ServerDomains(**whole))
    await call(SET_SERVER_DOMAIN, app, change)


ENDPOINTS: Final = (GET_INFO, GET_SERVER_DOMAIN, SET_SERVER_DOMAIN, GET_WEBVIEW_DOMAIN, SET_WEBVIEW_DOMAIN)
"""Every call that is made to Kuaishou."""

CONTRACT: Final = Contract(
    get_info=GET_INFO,
    get_server_domain=GET_SERVER_DOMAIN,
    set_server_domain=Procedure(endpoint=SET_SERVER_DOMAIN, run=_set_server_domain),
    get_webview_domain=GET_WEBVIEW_DOMAIN,
    set_webview_domain=SET_WEBVIEW_DOMAIN,
)
"""Kuaishou's part of the contract."""
