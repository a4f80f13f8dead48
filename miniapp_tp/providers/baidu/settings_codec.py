"""Names, categories, phone numbers and the rest ↔ domain values (seed 000; wire/baidu.md § 4, § 7.1, § 8)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models import (
    CategoryGroup,
    CategoryKind,
    ImageKind,
    MobileAuth,
    MobileAuthReason,
    MobileAuthScene,
    MobileAuthStatus,
    NameCheck,
    NameCheckResult,
    QualificationItem,
    QualificationRule,
    Subcategory,
    SupportVersions,
    Violation,
)
from miniapp_tp.wire.messages import File
from miniapp_tp.wire.tolerance import from_json, integer, listed, mapping, text, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from miniapp_tp.models import (
        CategoryChange,
        CategoryChoice,
        Image,
        MobileAuthRequest,
        NameChange,
        NameQualifications,
        OfflineUpdate,
        QrCode,
        QualifiedName,
    )
    from miniapp_tp.wire.messages import Reply

_CATEGORY_KIND: Final = {1: CategoryKind.PERSONAL, 2: CategoryKind.ENTERPRISE}
_NAME_CHECK: Final = dict(enumerate(NameCheckResult))
_MOBILE_AUTH: Final = dict(enumerate(MobileAuthStatus))
_REASONS: Final = {reason: number for number, reason in enumerate(MobileAuthReason)}
_SCENES: Final = {scene: number for number, scene in enumerate(MobileAuthScene)}
_IMAGE_TYPES: Final = {kind: number for number, kind in enumerate(ImageKind, 1)}
_QUALIFICATIONS: Final = {"icp": "icpImg"}
_OK: Final = 200
_PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM")


# --- what is sent -----------------------------------------------------------------------------------------------------


def name_fields(change: NameChange) -> dict[str, str | None]:
    """Write a new name; materials are a comma list."""
    return {"nick_name": change.name, "app_name_material": _comma_list(change.materials)}


def qualified_name_fields(change: QualifiedName) -> dict[str, str | None]:
    """Write a new name with its qualifications."""
    return {"nick_name": change.name, "qual_materials": _qualifications(change.qualifications)}


def qualified_check_fields(change: QualifiedName) -> dict[str, str | None]:
    """Write a name to be checked with its qualifications."""
    return {"app_name": change.name, "qual_materials": _qualifications(change.qualifications)}


def _qualifications(given: NameQualifications) -> str | None:
    kinds = {_QUALIFICATIONS.get(kind, kind): addresses for kind, addresses in given.given().items()}
    return _json(kinds) if kinds else None


def category_fields(change: CategoryChange) -> dict[str, str]:
    """Write the categories as JSON in a text, under Baidu's own plural.

    Raises:
        InvalidArgument: An id that is no number.
    """
    return {"categorys": _json([_choice(one) for one in change.choices])}


def _choice(choice: CategoryChoice) -> dict[str, Any]:
    shown = [{"id": _number(one.id), "addr": one.image_url} for one in choice.qualifications]
    return {"sub_category_id": _number(choice.id), **({"qualis": shown} if shown else {})}


def _number(given: str) -> int:
    number = integer(given)
    if number is None:
        raise InvalidArgument(f"Baidu's ids of categories and qualifications are numbers, unlike {given!r}")
    return number


def category_kind_fields(kind: CategoryKind) -> dict[str, str]:
    """Write for whose apps the categories are."""
    return {"category_type": next(str(number) for number, one in _CATEGORY_KIND.items() if one is kind)}


def qr_code_fields(wanted: QrCode) -> dict[str, str | int | None]:
    """Write what the QR code is to open, and how wide it is."""
    return {"path": wanted.path, "package_id": wanted.package_id, "width": wanted.width}


def offline_fields(update: OfflineUpdate) -> dict[str, str | None]:
    """Write what is to be changed of an app that was forced offline."""
    return {
        "app_name": update.name,
        "app_desc": update.description,
        "photo_addr": update.icon_url,
        "app_name_material": _comma_list(update.name_materials),
    }


def mobile_auth_fields(request: MobileAuthRequest) -> dict[str, str | int]:
    """Write an application for phone numbers; reason and scene are numbers."""
    return {
        "reason": _REASONS[request.reason],
        "used_scene": _SCENES[request.scene],
        "scene_desc": request.description,
        "scene_demo": request.demo_url,
    }


def image_fields(image: Image) -> dict[str, Any]:
    """Write an image as a file of a form, under a name that tells nothing."""
    file = File(name=f"image.{image.format}", content_type=f"image/{image.format}", data=image.data)
    return {"multipartFile": file, "type": _IMAGE_TYPES[image.kind]}


def _comma_list(values: Iterable[str]) -> str | None:
    return ",".join(values) or None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --- what comes back --------------------------------------------------------------------------------------------------


def review(_app: str, data: object) -> int | None:
    """Read the id of the review that a change started; it is optional everywhere (wire/baidu.md § 4)."""
    found = (mapping(item) for item in listed(from_json(data)))
    ids = (integer(item.get("examine_id", item.get("examineId"))) for item in found)
    return next((number for number in ids if number is not None), None)


def image_address(_app: str, data: object) -> str:
    """Read the address of an image: a text, although the documents say object (wire/baidu.md § 7.1)."""
    address = text(data)
    if address is None:
        raise TypeError
    return address


def nothing_or_failure(_app: str, data: object) -> None:
    """Return nothing; but the answer may hold an answer of its own, which must not be a no (`appflow/control`)."""
    if integer(mapping(data).get("errno")):
        raise ValueError


def picture(reply: Reply) -> bytes | None:
    """Take a reply for an image if it is one, whatever it calls itself; errors come in JSON, under status 200 too."""
    if reply.status != _OK:
        return None
    called = reply.headers.get("content-type", "").lower().startswith("image/")
    other = reply.body.lstrip()[:1] in {b"", b"{", b"[", b"<"}
    return reply.body if reply.body.startswith(_PICTURES) or (called and not other) else None


def picture_bytes(_app: str, data: object) -> bytes:
    """Give the bytes of an image; a yes without one isn't understood."""
    if not isinstance(data, bytes):
        raise TypeError
    return data


def name_check(_app: str, data: object) -> NameCheck:
    """Read what a check of a name found."""
    found = _object(data)
    return NameCheck(
        result=word(_NAME_CHECK, found.get("checkResult")),
        words=tuple(_texts(found.get("checkWords"))),
        required=tuple(_numbers(found.get("requiredFields"))),
        optional=tuple(_numbers(found.get("optionalFields"))),
        raw=found,
    )


def support_versions(_app: str, data: object) -> SupportVersions:
    """Read the versions of the base library; an item is an object, or the version alone."""
    found = _object(data)
    items = (mapping(item).get("version", item) for item in listed(found.get("items")))
    available = tuple(version for version in map(text, items) if version)
    return SupportVersions(current=text(found.get("now_version")), available=available, raw=found)


def mobile_auth(_app: str, data: object) -> MobileAuth:
    """Read how far the permission to ask for phone numbers is."""
    found = _object(data)
    status = word(_MOBILE_AUTH, found.get("status"))
    return MobileAuth(status=status, reason=text(found.get("reason", found.get("reson"))), raw=found)


def violations(_app: str, data: object) -> tuple[Violation, ...]:
    """Read what an app is reproached with; images are JSON in a text."""
    found = _object(data)
    return tuple(_violation(item) for item in _objects(found.get("problemDetails")))


def _violation(found: Mapping[str, Any]) -> Violation:
    return Violation(
        id=text(found.get("taskId")),
        status=integer(found.get("status")),
        description=text(found.get("problemDesc")),
        path=text(found.get("problemPath")),
        screenshots=tuple(_texts(from_json(found.get("screenShot")))),
        audit_reason=text(found.get("auditReason")),
        audit_screenshots=tuple(_texts(from_json(found.get("auditShot")))),
        raw=found,
    )


def categories(_app: str, data: object) -> tuple[CategoryGroup, ...]:
    """Read all categories: a list, with the subcategories as an object keyed by their ids."""
    found = _objects(data)
    if not found and listed(data) != data:
        raise TypeError
    return tuple(map(_group, found))


def _group(found: Mapping[str, Any]) -> CategoryGroup:
    return CategoryGroup(
        id=text(found.get("id")),
        name=text(found.get("category_name")),
        kind=word(_CATEGORY_KIND, found.get("category_type")),
        items=tuple(_subcategory(item) for item in _objects(found.get("sub_items"))),
        raw=found,
    )


def _subcategory(found: Mapping[str, Any]) -> Subcategory:
    return Subcategory(
        id=text(found.get("id")),
        name=text(found.get("category_name")),
        kind=word(_CATEGORY_KIND, found.get("category_type")),
        needs_qualification=_yes_or_no(found.get("need_quali")),
        qualification=_rule(found.get("category_quali")),
        raw=found,
    )


def _rule(value: object) -> QualificationRule | None:
    """Read what a category asks for: JSON in a text, an object, words alone, or nothing."""
    found = mapping(value)
    if not found:
        said = text(value)
        return QualificationRule(description=said) if said and said != "{}" else None
    items = tuple(tuple(map(_item, _objects(entry))) for entry in listed(from_json(found.get("list"))))
    return QualificationRule(description=text(found.get("desc")), items=tuple(filter(None, items)), raw=found)


def _item(found: Mapping[str, Any]) -> QualificationItem:
    return QualificationItem(
        id=text(found.get("id")),
        required=_yes_or_no(found.get("must")),
        name=text(found.get("name")),
        description=text(found.get("desc")),
        raw=found,
    )


def _yes_or_no(value: object) -> bool | None:
    return {1: True, 0: False}.get(number) if (number := integer(value)) is not None else None


def _object(data: object) -> Mapping[str, Any]:
    found = mapping(data)
    if not found:
        raise TypeError
    return found


def _objects(value: object) -> list[Mapping[str, Any]]:
    """Give the objects of a list, or of an object whose keys are their ids; one alone is a list of one."""
    found = mapping(value)
    if found and all(isinstance(one, dict) for one in found.values()):
        return [{"id": key, **one} for key, one in found.items()]
    return [one for one in map(mapping, listed(from_json(value))) if one]


def _texts(value: object) -> Iterator[str]:
    """Give the texts in lists and objects of any nesting, in order."""
    for inner in _inside(value):
        yield from _texts(inner)
    if found := text(value):
        yield found


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return cast("dict[str, object]", value).values()
    return cast("list[object]", value) if isinstance(value, list) else ()


def _numbers(value: object) -> Iterator[int]:
    return (number for number in map(integer, listed(value)) if number is not None)
