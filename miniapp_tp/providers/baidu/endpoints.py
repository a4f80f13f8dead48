"""Baidu's operations as data (seed 000; wire/baidu.md § 3 and § 4)."""

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
from miniapp_tp.providers.baidu import codec
from miniapp_tp.wire.endpoint import Caller, Endpoint, Procedure, ReadBack, no_result

_SERVER_DOMAIN: Final = "/rest/2.0/smartapp/app/modifydomain"
_WEBVIEW_DOMAIN: Final = "/rest/2.0/smartapp/app/modifywebviewdomain"

GET_INFO: Final = Endpoint[None, AppInfo](
    name="get_info",
    path="/rest/2.0/smartapp/app/info",
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
    """Send the kinds given. Baidu refuses an empty one (470015), so a kind is emptied by naming what is in it."""
    codec.refuse_udp(change)
    given = change.domains.given()
    filled = {kind: Received(hosts) for kind, hosts in given.items() if hosts}
    if filled:
        await call(SET_SERVER_DOMAIN, app, ServerDomainChange(change.action, ServerDomains(**filled)))
    if len(filled) < len(given):
        stored = (await call(_STORED_SERVER_DOMAIN, app, None)).given()
        surplus = {kind: Received(stored[kind]) for kind in given.keys() - filled if stored[kind]}
        if surplus:
            await call(SET_SERVER_DOMAIN, app, ServerDomainChange(DomainAction.DELETE, ServerDomains(**surplus)))


ENDPOINTS: Final = (GET_INFO, GET_SERVER_DOMAIN, SET_SERVER_DOMAIN, GET_WEBVIEW_DOMAIN, SET_WEBVIEW_DOMAIN)
"""Every call that is made to Baidu."""

CONTRACT: Final = Contract(
    get_info=GET_INFO,
    get_server_domain=GET_SERVER_DOMAIN,
    set_server_domain=Procedure(endpoint=SET_SERVER_DOMAIN, run=_set_server_domain),
    get_webview_domain=GET_WEBVIEW_DOMAIN,
    set_webview_domain=SET_WEBVIEW_DOMAIN,
)
"""Baidu's part of the contract."""
