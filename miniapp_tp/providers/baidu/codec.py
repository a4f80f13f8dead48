"""Baidu's names and odd encodings ↔ domain values (wire/baidu.md § 3, § 4 rows 12 and 13, § 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cattrs.gen import make_dict_structure_fn, override

from miniapp_tp.errors import NotSupported
from miniapp_tp.models import (
    SCHEMES,
    AppInfo,
    AppStatus,
    Audit,
    AuditStatus,
    Category,
    EditsLeft,
    Received,
    ServerDomainChange,
    ServerDomains,
    Subject,
    SubjectType,
    WebviewDomainChange,
    received_hosts,
    with_scheme,
)
from miniapp_tp.wire.tolerance import converter, from_json, integer, listed, mapping, text, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DOMAIN_FIELDS: Final = {
    "request": "request_domain",
    "socket": "socket_domain",
    "upload": "upload_domain",
    "download": "download_domain",
}
"""Kind of server domain → its wire name. Baidu has no `udp`."""

_STATUS: Final = {
    -1: AppStatus.BANNED,
    1: AppStatus.ONLINE,
    2: AppStatus.AUDITING,
    4: AppStatus.PAUSED,
    5: AppStatus.FORCED_OFFLINE,
    6: AppStatus.RECTIFYING,
    7: AppStatus.FLOW_OFFLINE,
}
_SUBJECT_TYPE: Final = {
    1: SubjectType.PERSON,
    2: SubjectType.ENTERPRISE,
    3: SubjectType.GOVERNMENT,
    4: SubjectType.MEDIA,
    5: SubjectType.OTHER,
}
_SUBJECT_STATUS: Final = {1: AuditStatus.PASSED, 2: AuditStatus.AUDITING, 3: AuditStatus.REJECTED}
_CATEGORY_STATUS: Final = {1: AuditStatus.AUDITING, 2: AuditStatus.PASSED, 3: AuditStatus.REJECTED}
_EDITS: Final = [(f"{kind}_modify_quota", f"{kind}_modify_used") for kind in ("name", "image", "signature", "category")]
_AUDIT_STATUS: Final = {1: AuditStatus.AUDITING, 3: AuditStatus.REJECTED}


def refuse_udp(change: ServerDomainChange) -> None:
    """Refuse what Baidu can't carry, rather than drop it.

    Raises:
        NotSupported: `udp` domains are given.
    """
    if change.domains.udp is not None:
        message = "Baidu has no udp domains; leave udp out (None) for its apps"
        raise NotSupported(message)


def server_domain_fields(change: ServerDomainChange) -> dict[str, str]:
    """Write a change of server domains: the kinds given, as comma lists with schemes."""
    refuse_udp(change)
    given = change.domains.given().items()
    lists = {DOMAIN_FIELDS[kind]: _comma_list(hosts, SCHEMES[kind]) for kind, hosts in given}
    return {"action": change.action.value, **lists}


def webview_domain_fields(change: WebviewDomainChange) -> dict[str, str]:
    """Write a change of webview domains."""
    return {"action": change.action.value, "web_view_domain": _comma_list(change.domains, "https")}


def _comma_list(hosts: Iterable[str], scheme: str) -> str:
    return ",".join(with_scheme(host, scheme) for host in hosts)


def server_domains(_app: str, data: object) -> ServerDomains:
    """Read server domains: each kind is comma text or a list."""
    lists = _lists(data)
    return ServerDomains(**{kind: Received(received_hosts(lists[kind], scheme=SCHEMES[kind])) for kind in lists})


def server_domains_as_stored(_app: str, data: object) -> ServerDomains:
    """Read server domains letter by letter, to name them to Baidu as it knows them."""
    return ServerDomains(**{kind: Received(hosts) for kind, hosts in _lists(data).items()})


def _lists(data: object) -> dict[str, tuple[str, ...]]:
    found = mapping(data)
    if not found and listed(data):
        raise TypeError
    return {kind: _texts(found.get(field)) for kind, field in DOMAIN_FIELDS.items()}


def webview_domains(_app: str, data: object) -> tuple[str, ...]:
    """Read webview domains: comma text or a list."""
    if mapping(data):
        raise TypeError
    return received_hosts(_texts(data))


def _texts(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else listed(value)
    return tuple(part for part in map(text, parts) if part)


def app_info(app: str, data: object) -> AppInfo:
    """Read an app's basic information."""
    found = mapping(data)
    if not found:
        raise TypeError
    return _structured_info({**found, _APP: app, _RAW: found}, AppInfo)


def icon_url(value: object) -> str | None:
    """Read the address of an icon: `[{"cover": "…"}]` as JSON in a text, or the bare address."""
    found = from_json(value)
    if isinstance(found, str):
        return text(found)
    for item in listed(found):
        if cover := text(mapping(item).get("cover")):
            return cover
    return None


def _subject(value: object) -> Subject | None:
    found = mapping(value)
    if not found:
        return None
    status = found.get("satus", found.get("status"))
    return Subject(text(found.get("name")), word(_SUBJECT_TYPE, found.get("type")), word(_SUBJECT_STATUS, status))


def _categories(value: object) -> tuple[Category, ...]:
    return tuple([_structured_category(item, Category) for item in map(mapping, listed(value)) if item])


def _audit(name: str, read: Callable[[object], str | None]) -> Callable[[object, Any], Audit | None]:
    status, reason = f"{name}_status", f"{name}_reason"

    def audit(value: object, _kind: object) -> Audit | None:
        found = mapping(value)
        proposed = read(found.get(name))
        if proposed is None:
            return None
        return Audit(proposed, word(_AUDIT_STATUS, found.get(status)), text(found.get(reason)))

    return audit


def _edits_left(value: object) -> EditsLeft:
    found = mapping(value)
    return EditsLeft(*[_left(integer(found.get(quota)), integer(found.get(used))) for quota, used in _EDITS])


def _left(quota: int | None, used: int | None) -> int | None:
    return None if quota is None or used is None else max(0, quota - used)


# A provider's key never starts with a space, so these can't be mistaken for one.
_APP: Final = " app"
_RAW: Final = " raw"
_CONVERTER: Final = converter()
_structured_category: Final = make_dict_structure_fn(
    Category,
    _CONVERTER,
    id=override(rename="category_id"),
    name=override(rename="category_name"),
    status=override(rename="audit_status", struct_hook=lambda value, _: word(_CATEGORY_STATUS, value)),
)
_structured_info: Final = make_dict_structure_fn(
    AppInfo,
    _CONVERTER,
    app=override(rename=_APP),
    name=override(rename="app_name"),
    icon_url=override(rename="photo_addr", struct_hook=lambda value, _: icon_url(value)),
    description=override(rename="app_desc"),
    status=override(struct_hook=lambda value, _: word(_STATUS, value)),
    subject=override(rename="qualification", struct_hook=lambda value, _: _subject(value)),
    categories=override(rename="category", struct_hook=lambda value, _: _categories(value)),
    name_audit=override(rename="audit_info", struct_hook=_audit("audit_app_name", text)),
    icon_audit=override(rename="audit_info", struct_hook=_audit("audit_photo_addr", icon_url)),
    description_audit=override(rename="audit_info", struct_hook=_audit("audit_app_desc", text)),
    edits_left=override(rename="modify_count", struct_hook=lambda value, _: _edits_left(value)),
    raw=override(rename=_RAW, struct_hook=lambda value, _: value),
)
