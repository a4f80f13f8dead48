"""Kuaishou's names and odd encodings ↔ domain values (seed 001; wire/kuaishou.md § 3.1, § 5, § 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cattrs.gen import make_dict_structure_fn, override

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models import (
    SCHEMES,
    AppInfo,
    AppStatus,
    Audit,
    AuditStatus,
    Category,
    DomainAction,
    EditsLeft,
    Received,
    ServerDomainChange,
    ServerDomains,
    Subject,
    SubjectType,
    WebviewDomainChange,
    received_hosts,
)
from miniapp_tp.wire.tolerance import converter, integer, listed, mapping, text, word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOMAIN_FIELDS: Final = {
    "request": "request",
    "socket": "socket",
    "upload": "upload_file",
    "download": "download_file",
    "udp": "udp",
}
"""Kind of server domain → its wire name."""

_STATUS: Final = {1: AppStatus.INCOMPLETE, 2: AppStatus.ONLINE, 3: AppStatus.NOT_ONLINE}
_AUDIT_STATUS: Final = {0: AuditStatus.AUDITING, 1: AuditStatus.PASSED, 2: AuditStatus.REJECTED}
_SUBJECT_TYPE: Final = {1: SubjectType.ENTERPRISE}
_PROPOSED: Final = ("new_name", "new_avatar", "new_icon", "new_intro")


def server_domain_fields(change: ServerDomainChange) -> dict[str, Any]:
    """Write a change of server domains: always all five arrays.

    Raises:
        InvalidArgument: A `SET` that leaves kinds out, which would empty them.
    """
    given = change.domains.given()
    if change.action is DomainAction.SET and len(given) < len(DOMAIN_FIELDS):
        message = "Kuaishou's set replaces all five kinds at once: give them all, or use client.set_server_domain"
        raise InvalidArgument(message)
    arrays = {field: list(given.get(kind, ())) for kind, field in DOMAIN_FIELDS.items()}
    return {"action": change.action.value, **arrays}


def webview_domain_fields(change: WebviewDomainChange) -> dict[str, Any]:
    """Write a change of webview domains."""
    return {"action": change.action.value, "webview": list(change.domains)}


def server_domains(_app: str, body: Mapping[str, Any]) -> ServerDomains:
    """Read server domains: an array may be missing, null, or one text."""
    found = _where(body, *DOMAIN_FIELDS.values())
    kinds = {kind: _texts(found.get(field)) for kind, field in DOMAIN_FIELDS.items()}
    return ServerDomains(**{kind: Received(received_hosts(kinds[kind], scheme=SCHEMES[kind])) for kind in kinds})


def server_domains_as_stored(_app: str, body: Mapping[str, Any]) -> ServerDomains:
    """Read server domains letter by letter, to send them back unchanged.

    An answer with none of the arrays is refused: to send that back would empty the app's lists.
    """
    found = _where(body, *DOMAIN_FIELDS.values())
    if found.keys().isdisjoint(DOMAIN_FIELDS.values()):
        raise KeyError
    return ServerDomains(**{kind: Received(_texts(found.get(field))) for kind, field in DOMAIN_FIELDS.items()})


def webview_domains(_app: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Read webview domains: the array may be missing, null, or one text."""
    return received_hosts(_texts(_where(body, "webview").get("webview")))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in map(text, listed(value)) if item)


def _where(body: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Find the object that holds the names: the body itself, or its `data` as elsewhere at Kuaishou."""
    nested = mapping(body.get("data"))
    return nested if nested and body.keys().isdisjoint(names) else body


def app_info(app: str, body: Mapping[str, Any]) -> AppInfo:
    """Read an app's basic information; the answer itself doesn't say which app it is."""
    found = _where(body, "app_name", "status")
    if found.keys().isdisjoint({"app_name", "status"}):
        raise KeyError
    return _CONVERTER.structure({**found, _APP: app, _RAW: body, _LEFT: found}, AppInfo)


def _subject(value: object) -> Subject | None:
    found = mapping(value)
    return Subject(text(found.get("name")), word(_SUBJECT_TYPE, found.get("type"))) if found else None


def _categories(value: object) -> tuple[Category, ...]:
    return tuple(_CONVERTER.structure(item, Category) for item in map(mapping, listed(value)) if item)


def _audit(value: object, _kind: object) -> Audit | None:
    """Read an audit. Status 0 is «pending», so only a proposed value shows that there is one."""
    found = mapping(value)
    proposed = _proposed(found)
    return Audit(proposed, word(_AUDIT_STATUS, found.get("status")), text(found.get("reason"))) if proposed else None


def _proposed(found: Mapping[str, Any]) -> str | None:
    return next((value for value in map(text, map(found.get, _PROPOSED)) if value), None)


def _edits_left(body: Mapping[str, Any]) -> EditsLeft:
    audits = (mapping(body.get(name)) for name in ("name_audit", "avatar_audit", "intro_audit"))
    return EditsLeft(*map(_left, audits))


def _left(audit: Mapping[str, Any]) -> int | None:
    """Read how many edits remain; the 0 of an object that is empty all over says nothing."""
    left = integer(audit.get("remaining_times"))
    return None if left == 0 and _proposed(audit) is None else left


def _status_of(vocabulary: Mapping[int, Any]) -> Callable[[object, Any], Any]:
    return lambda value, _kind: word(vocabulary, value)


# A provider's key never starts with a space, so these can't be mistaken for one.
_APP: Final = " app"
_RAW: Final = " raw"
_LEFT: Final = " left"
_CONVERTER: Final = converter()
_CONVERTER.register_structure_hook(
    Category,
    make_dict_structure_fn(
        Category,
        _CONVERTER,
        id=override(rename="category_id"),
        name=override(rename="category_name"),
        status=override(struct_hook=_status_of(_AUDIT_STATUS)),
    ),
)
_CONVERTER.register_structure_hook(
    AppInfo,
    make_dict_structure_fn(
        AppInfo,
        _CONVERTER,
        app=override(rename=_APP),
        name=override(rename="app_name"),
        icon_url=override(rename="app_avatar"),
        description=override(rename="app_intro"),
        status=override(struct_hook=_status_of(_STATUS)),
        subject=override(struct_hook=lambda value, _: _subject(value)),
        categories=override(rename="app_category", struct_hook=lambda value, _: _categories(value)),
        name_audit=override(struct_hook=_audit),
        icon_audit=override(rename="avatar_audit", struct_hook=_audit),
        description_audit=override(rename="intro_audit", struct_hook=_audit),
        edits_left=override(rename=_LEFT, struct_hook=lambda value, _: _edits_left(value)),
        raw=override(rename=_RAW, struct_hook=lambda value, _: value),
    ),
)
