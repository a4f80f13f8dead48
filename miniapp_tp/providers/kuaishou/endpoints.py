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
from miniapp_tp.wire.endpoint import Caller, Endpoint, Procedure, ReadBack, absent, no_result

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

_BY_MERCHANT: Final = absent(
    "Kuaishou publishes no call that changes it: the merchant does, in Kuaishou's console; get_info shows the review",
    "快手未公开修改接口；由商家在快手后台修改，审核情况见 get_info",
)
_NOT_READ: Final = absent(
    "Kuaishou's documents speak of it, but the path of its call isn't published", "快手文档提到此能力，但接口路径未公开"
)
_NO_CALL: Final = absent("Kuaishou publishes no call for it", "快手未公开此接口")

CONTRACT: Final = Contract(
    get_info=GET_INFO,
    get_server_domain=GET_SERVER_DOMAIN,
    set_server_domain=Procedure(endpoint=SET_SERVER_DOMAIN, run=_set_server_domain),
    get_webview_domain=GET_WEBVIEW_DOMAIN,
    set_webview_domain=SET_WEBVIEW_DOMAIN,
    set_name=_BY_MERCHANT,
    set_icon=_BY_MERCHANT,
    set_description=_BY_MERCHANT,
    set_categories=_BY_MERCHANT,
    list_categories=_NO_CALL,
    pause=_NO_CALL,
    resume=_NO_CALL,
    get_qrcode=_NOT_READ,
    check_name=_NO_CALL,
    set_name_with_qualifications=_BY_MERCHANT,
    check_name_with_qualifications=_NO_CALL,
    get_support_version=_NO_CALL,
    set_support_version=_NO_CALL,
    apply_recovery=_NO_CALL,
    update_offline=_BY_MERCHANT,
    apply_mobile_auth=_NOT_READ,
    cancel_mobile_auth=_NOT_READ,
    get_mobile_auth_status=_NOT_READ,
    upload_image=_NO_CALL,
    control_flow=_NO_CALL,
    get_violations=_NO_CALL,
    submit_material=_NO_CALL,
    delete_material=_NO_CALL,
    submit_sitemap=_NO_CALL,
    delete_sitemap=_NO_CALL,
)
"""Kuaishou's part of the contract."""
