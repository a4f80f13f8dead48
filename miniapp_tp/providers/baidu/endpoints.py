"""Baidu's operations as data (seed 000; wire/baidu.md § 3, § 4 and § 7.1).

The path's last word names an operation's row in wire/baidu.md § 4. Everything but the image upload carries an app's
token.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from miniapp_tp.contract import Contract
from miniapp_tp.models import (
    AppInfo,
    CategoryChange,
    CategoryGroup,
    CategoryKind,
    DomainAction,
    Image,
    MobileAuth,
    MobileAuthRequest,
    NameChange,
    NameCheck,
    OfflineUpdate,
    QrCode,
    QualifiedName,
    Received,
    ServerDomainChange,
    ServerDomains,
    SupportVersions,
    Violation,
    WebviewDomainChange,
)
from miniapp_tp.providers.baidu import codec, settings_codec
from miniapp_tp.providers.baidu.developer import COMPONENT_MATERIALS
from miniapp_tp.providers.baidu.errors import overlays
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Caller, Endpoint, Procedure, ReadBack, no_result

_APP: Final = "/rest/2.0/smartapp/app"
_SERVER_DOMAIN: Final = f"{_APP}/modifydomain"
_WEBVIEW_DOMAIN: Final = f"{_APP}/modifywebviewdomain"

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


# --- what is reviewed: the answer may hold the id of the review -------------------------------------------------------

SET_NAME: Final = Endpoint[NameChange, int | None](
    name="set_name",
    method="POST",
    path=f"{_APP}/setnickname",
    encode=settings_codec.name_fields,
    decode=settings_codec.review,
    changes=True,
    idempotent=False,
)
SET_NAME_WITH_QUALIFICATIONS: Final = Endpoint[QualifiedName, int | None](
    name="set_name_with_qualifications",
    method="POST",
    path=f"{_APP}/setnicknamewithqual",
    encode=settings_codec.qualified_name_fields,
    decode=settings_codec.review,
    changes=True,
    idempotent=False,
)
SET_ICON: Final = Endpoint[str, int | None](
    name="set_icon",
    method="POST",
    path=f"{_APP}/modifyheadimage",
    encode=lambda address: {"image_url": address},
    decode=settings_codec.review,
    changes=True,
    idempotent=False,
    codes=overlays.ICON,
)
SET_DESCRIPTION: Final = Endpoint[str, int | None](
    name="set_description",
    method="POST",
    path=f"{_APP}/modifysignature",
    encode=lambda text: {"signature": text},
    decode=settings_codec.review,
    changes=True,
    idempotent=False,
)
SET_CATEGORIES: Final = Endpoint[CategoryChange, int | None](
    name="set_categories",
    method="POST",
    path=f"{_APP}/category/update",
    encode=settings_codec.category_fields,
    decode=settings_codec.review,
    changes=True,
    idempotent=False,
    codes=overlays.CATEGORIES,
)
UPDATE_OFFLINE: Final = Endpoint[OfflineUpdate, int | None](
    name="update_offline",
    method="POST",
    path=f"{_APP}/offline/update",
    encode=settings_codec.offline_fields,
    decode=settings_codec.review,
    changes=True,
    idempotent=False,
    codes=overlays.ICON,
)

# --- names, categories, images ----------------------------------------------------------------------------------------

CHECK_NAME: Final = Endpoint[str, NameCheck](
    name="check_name",
    path=f"{_APP}/checkname",
    encode=lambda name: {"app_name": name},
    decode=settings_codec.name_check,
)
CHECK_NAME_WITH_QUALIFICATIONS: Final = Endpoint[QualifiedName, NameCheck](
    name="check_name_with_qualifications",
    path=f"{_APP}/checknamewithqual",
    encode=settings_codec.qualified_check_fields,
    decode=settings_codec.name_check,
)
LIST_CATEGORIES: Final = Endpoint[CategoryKind, tuple[CategoryGroup, ...]](
    name="list_categories",
    path=f"{_APP}/category/list",
    encode=settings_codec.category_kind_fields,
    decode=settings_codec.categories,
)
UPLOAD_IMAGE: Final = Endpoint[Image, str](
    name="upload_image",
    method="POST",
    path="/file/2.0/smartapp/upload/image",
    encode=settings_codec.image_fields,
    decode=settings_codec.image_address,
    changes=True,
    idempotent=False,
    credential=Credential.COMPONENT,
)
GET_QRCODE: Final = Endpoint[QrCode, bytes](
    name="get_qrcode",
    path=f"{_APP}/qrcode",
    encode=settings_codec.qr_code_fields,
    decode=settings_codec.picture_bytes,
    media=settings_codec.picture,
)

# --- in service or not ------------------------------------------------------------------------------------------------

PAUSE: Final = Endpoint[None, None](name="pause", method="POST", path=f"{_APP}/pause", decode=no_result, changes=True)
RESUME: Final = Endpoint[None, None](
    name="resume", method="POST", path=f"{_APP}/resume", decode=no_result, changes=True
)
APPLY_RECOVERY: Final = Endpoint[str, None](
    name="apply_recovery",
    method="POST",
    path="/rest/2.0/smartapp/appflow/applyRecovery",
    encode=lambda description: {"audit_desc": description},
    decode=no_result,
    changes=True,
    idempotent=False,
)
CONTROL_FLOW: Final = Endpoint[bool, None](
    name="control_flow",
    method="POST",
    path="/rest/2.0/smartapp/appflow/control",
    encode=lambda opened: {"type": 1 if opened else 2},
    decode=settings_codec.nothing_or_failure,
    changes=True,
    idempotent=False,
)
GET_VIOLATIONS: Final = Endpoint[None, tuple[Violation, ...]](
    name="get_violations", path=f"{_APP}/violation", decode=settings_codec.violations
)

# --- versions of the base library, phone numbers ----------------------------------------------------------------------

GET_SUPPORT_VERSION: Final = Endpoint[None, SupportVersions](
    name="get_support_version", path=f"{_APP}/getsupportversion", decode=settings_codec.support_versions
)
SET_SUPPORT_VERSION: Final = Endpoint[str, None](
    name="set_support_version",
    method="POST",
    path=f"{_APP}/setsupportversion",
    encode=lambda version: {"version": version},
    decode=no_result,
    changes=True,
)
APPLY_MOBILE_AUTH: Final = Endpoint[MobileAuthRequest, None](
    name="apply_mobile_auth",
    method="POST",
    path=f"{_APP}/apply/mobileauth",
    encode=settings_codec.mobile_auth_fields,
    decode=no_result,
    changes=True,
    idempotent=False,
)
CANCEL_MOBILE_AUTH: Final = Endpoint[None, None](
    name="cancel_mobile_auth", method="POST", path=f"{_APP}/cancel/mobileauth", decode=no_result, changes=True
)
GET_MOBILE_AUTH_STATUS: Final = Endpoint[None, MobileAuth](
    name="get_mobile_auth_status", path=f"{_APP}/get/mobileauthstatus", decode=settings_codec.mobile_auth
)

ENDPOINTS: Final = (
    GET_INFO,
    GET_SERVER_DOMAIN,
    SET_SERVER_DOMAIN,
    GET_WEBVIEW_DOMAIN,
    SET_WEBVIEW_DOMAIN,
    SET_NAME,
    SET_ICON,
    SET_DESCRIPTION,
    SET_CATEGORIES,
    LIST_CATEGORIES,
    PAUSE,
    RESUME,
    GET_QRCODE,
    CHECK_NAME,
    SET_NAME_WITH_QUALIFICATIONS,
    CHECK_NAME_WITH_QUALIFICATIONS,
    GET_SUPPORT_VERSION,
    SET_SUPPORT_VERSION,
    APPLY_RECOVERY,
    UPDATE_OFFLINE,
    APPLY_MOBILE_AUTH,
    CANCEL_MOBILE_AUTH,
    GET_MOBILE_AUTH_STATUS,
    UPLOAD_IMAGE,
    CONTROL_FLOW,
    GET_VIOLATIONS,
)
"""Every call that is made to Baidu."""

CONTRACT: Final = Contract(
    get_info=GET_INFO,
    get_server_domain=GET_SERVER_DOMAIN,
    set_server_domain=Procedure(endpoint=SET_SERVER_DOMAIN, run=_set_server_domain),
    get_webview_domain=GET_WEBVIEW_DOMAIN,
    set_webview_domain=SET_WEBVIEW_DOMAIN,
    set_name=SET_NAME,
    set_icon=SET_ICON,
    set_description=SET_DESCRIPTION,
    set_categories=SET_CATEGORIES,
    list_categories=LIST_CATEGORIES,
    pause=PAUSE,
    resume=RESUME,
    get_qrcode=GET_QRCODE,
    check_name=CHECK_NAME,
    set_name_with_qualifications=SET_NAME_WITH_QUALIFICATIONS,
    check_name_with_qualifications=CHECK_NAME_WITH_QUALIFICATIONS,
    get_support_version=GET_SUPPORT_VERSION,
    set_support_version=SET_SUPPORT_VERSION,
    apply_recovery=APPLY_RECOVERY,
    update_offline=UPDATE_OFFLINE,
    apply_mobile_auth=APPLY_MOBILE_AUTH,
    cancel_mobile_auth=CANCEL_MOBILE_AUTH,
    get_mobile_auth_status=GET_MOBILE_AUTH_STATUS,
    upload_image=UPLOAD_IMAGE,
    control_flow=CONTROL_FLOW,
    get_violations=GET_VIOLATIONS,
    submit_material=COMPONENT_MATERIALS.submit_material,
    delete_material=COMPONENT_MATERIALS.delete_material,
    submit_sitemap=COMPONENT_MATERIALS.submit_sitemap,
    delete_sitemap=COMPONENT_MATERIALS.delete_sitemap,
)
"""Baidu's part of the contract."""
