"""Baidu's other operations: names, categories, images, service, phone numbers (seed 000; wire/baidu.md § 4 and § 7.1).

It takes what the documents allow and nothing else: addresses of images come from the upload, ids from the catalogue,
versions from the list. Where the documents name no code for a refusal, it is 40001.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from miniapp_tp.sandbox.baidu_catalogue import CATALOGUE, CATEGORIES, VERSIONS
from miniapp_tp.sandbox.baidu_replies import business
from miniapp_tp.sandbox.pictures import blank_png, format_of
from miniapp_tp.sandbox.reviews import BASIC_INFO, ONLINE
from miniapp_tp.sandbox.state import Category

if TYPE_CHECKING:
    from miniapp_tp.sandbox.provider import Provider
    from miniapp_tp.sandbox.state import App

Handler = Callable[["Provider", "App", Mapping[str, str]], Mapping[str, Any]]
"""Serves an operation: what is answered beside `errno` and `msg`."""

QUOTAS: Final = {
    "set_server_domain": 470011,
    "set_webview_domain": 470012,
    "set_name": 47004,
    "set_name_with_qualifications": 47004,
    "set_icon": 47005,
    "set_description": 47006,
    "set_categories": 47007,
}
"""The codes that say that no edit is left, by operation."""
PICTURE: Final = "picture"
"""Where a handler puts an image that is the whole answer."""
_PAUSED, _FORCED_OFFLINE, _FLOW_OFFLINE = 4, 5, 7
_UNDER_REVIEW, _APPROVED = 1, 2
_MOST_CATEGORIES: Final = 5
_WIDTHS: Final = range(200, 1281)
_LONGEST_RECOVERY: Final = 100
_LONGEST_SCENE: Final = 500
_PACKAGES: Final = ("online", "audit", "development")
_QUALIFICATIONS: Final = {"trademark", "authorization", "icpImg", "ultimate", "professional", "others"}
_NAME_RULES: Final = ((3, {"百度"}), (4, {"百度"}), (2, {"赌博"}), (5, {"天气"}))
_IMAGE_SIZES: Final = {"1": 2 << 20, "2": 5 << 20, "3": 5 << 20}


def _only(params: Mapping[str, str], *known: str, needed: Iterable[str] = ()) -> None:
    if unknown := sorted(params.keys() - set(known) - set(needed)):
        raise business(40001, f"unknown parameter {unknown[0]}")
    if missing := [name for name in needed if not params.get(name)]:
        raise business(40001, f"{missing[0]} is missing or empty")


def _from_upload(provider: Provider, addresses: Iterable[str]) -> None:
    if not provider.images.issuperset(addresses):
        raise business(47008)


def _several(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def _use_edit(app: App, operation: str) -> None:
    if not app.use_edit(operation):
        raise business(QUOTAS.get(operation, 40001))


def _reviewed(provider: Provider, app: App, operation: str, about: str, proposed: str) -> Mapping[str, Any]:
    """Count an edit and begin a review of what is proposed."""
    _use_edit(app, operation)
    return {"data": {"examine_id": provider.reviewer.begin(app, about, {about: proposed})}}


def _turn(provider: Provider, app: App, status: int, event: str | None) -> None:
    """Change the status, and push the event of that, if there is one and it goes somewhere."""
    if app.status == status:
        return
    app.status = status
    if event and provider.pushes.go_somewhere:
        provider.pushes.status(app.id, event)


# --- what is reviewed ---------------------------------------------------------------------------------------------


def set_name(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Propose a name (seed 000 修改小程序名称)."""
    _only(params, "app_name_material", needed=["nick_name"])
    _from_upload(provider, _several(params.get("app_name_material", "")))
    return _reviewed(provider, app, "set_name", "name", params["nick_name"])


def set_name_with_qualifications(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Propose a name with papers by kind (wire/baidu.md § 4 row 8)."""
    _only(params, "qual_materials", needed=["nick_name"])
    _from_upload(provider, _qualifications(params.get("qual_materials", "{}")))
    return _reviewed(provider, app, "set_name_with_qualifications", "name", params["nick_name"])


def _qualifications(text: str) -> list[str]:
    given = _json(text, 40001)
    if not isinstance(given, dict) or not given.keys() <= _QUALIFICATIONS:
        raise business(40001, "qual_materials is an object of the kinds that are documented")
    kinds = cast("dict[str, Any]", given)
    if not all(isinstance(addresses, list) for addresses in kinds.values()):
        raise business(40001, "each kind of qual_materials is a list")
    return [address for addresses in kinds.values() for address in addresses]


def set_icon(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Propose an icon (seed 000 修改小程序icon)."""
    _only(params, needed=["image_url"])
    _from_upload(provider, [params["image_url"]])
    return _reviewed(provider, app, "set_icon", "icon", params["image_url"])


def set_description(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Propose a description (seed 000 修改功能介绍)."""
    _only(params, needed=["signature"])
    return _reviewed(provider, app, "set_description", "intro", params["signature"])


def set_categories(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Propose categories in place of all (seed 000 修改小程序类目)."""
    _only(params, needed=["categorys"])
    given = _json(params["categorys"], 50062)
    choices: list[Any] = given if isinstance(given, list) else []  # pyright: ignore[reportUnknownVariableType]
    if not choices:
        raise business(50062)
    if len(choices) > _MOST_CATEGORIES:
        raise business(50060)
    for choice in choices:
        _check_choice(provider, choice)
    _use_edit(app, "set_categories")
    _propose_categories(app, [str(choice["sub_category_id"]) for choice in choices])
    return {"data": {"examine_id": provider.reviewer.begin(app, "category")}}


def _propose_categories(app: App, proposed: list[str]) -> None:
    """Put those under review that aren't approved already, which aren't reviewed again."""
    approved = [one for one in app.categories if one.status == _APPROVED]
    known = {one.id for one in approved}
    fresh = [
        Category(id_, CATEGORIES[id_]["category_name"], _UNDER_REVIEW)
        for id_ in dict.fromkeys(proposed)
        if id_ not in known
    ]
    app.categories, app.proposed_categories = [*approved, *fresh], proposed


def _check_choice(provider: Provider, choice: object) -> None:
    if not isinstance(choice, dict) or not choice.keys() <= {"sub_category_id", "qualis"}:
        raise business(50062)
    one = cast("dict[str, Any]", choice)
    number = one.get("sub_category_id")
    if not isinstance(number, int) or str(number) not in CATEGORIES:
        raise business(50061)
    _check_shown(provider, CATEGORIES[str(number)], one.get("qualis", []))


def _check_shown(provider: Provider, category: Mapping[str, Any], shown: Any) -> None:  # noqa: ANN401 - JSON of any kind
    wanted: set[int] = set()
    if category["category_quali"]:
        wanted = {item["id"] for entry in json.loads(category["category_quali"])["list"] for item in entry}
    if not isinstance(shown, list):
        raise business(50063)
    papers = cast("list[dict[str, Any]]", shown)
    if not all(isinstance(paper, dict) and paper.keys() == {"id", "addr"} for paper in papers):
        raise business(50063)
    if {paper["id"] for paper in papers} != wanted:
        raise business(50063)
    _from_upload(provider, [paper["addr"] for paper in papers])


def update_offline(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Change an app that was forced offline (seed 000 基本信息强制下线后修改基本信息)."""
    _only(params, "app_name", "app_desc", "photo_addr", "app_name_material")
    if not any(params.values()) or app.status != _FORCED_OFFLINE:
        raise business(40001, "there is nothing to change, or the app isn't forced offline")
    icon = [params["photo_addr"]] if "photo_addr" in params else []
    _from_upload(provider, [*icon, *_several(params.get("app_name_material", ""))])
    about = {"name": "app_name", "intro": "app_desc", "icon": "photo_addr"}
    proposed = {name: params[field] for name, field in about.items() if field in params}
    _use_edit(app, "update_offline")
    return {"data": {"examine_id": provider.reviewer.begin(app, BASIC_INFO, proposed)}}


def _json(text: str, code: int) -> object:
    try:
        return json.loads(text)
    except ValueError:
        raise business(code) from None


# --- names, categories, pictures ------------------------------------------------------------------------------------


def check_name(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Check a name (seed 000 小程序名称检测); without a finding there are no words."""
    _only(params, needed=["app_name"])
    code, words = _finding(provider, app, params["app_name"])
    return {"data": {"checkResult": code, "checkWords": [words]} if words else {"checkResult": code}}


def check_name_with_qualifications(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Check a name with papers; its words are one list, and it names the kinds of papers (wire/baidu.md § 4 row 9)."""
    _only(params, "qual_materials", needed=["app_name"])
    _from_upload(provider, _qualifications(params.get("qual_materials", "{}")))
    code, words = _finding(provider, app, params["app_name"])
    fields = {"requiredFields": [1] if code in {3, 4} else [], "optionalFields": [2]}
    return {"data": {"checkResult": code, "checkWords": words, **fields}}


def _finding(provider: Provider, app: App, name: str) -> tuple[int, list[str]]:
    if any(other.name == name for other in provider.apps.values() if other is not app):
        return 1, [name]
    for code, words in _NAME_RULES:
        hit = [word for word in sorted(words) if (name == word if code == 3 else word in name)]  # noqa: PLR2004
        if hit:
            return code, hit
    return 0, []


def list_categories(_provider: Provider, _app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """List the categories (seed 000 获取小程序全类目列表): 2 lists all."""
    _only(params, needed=["category_type"])
    if params["category_type"] not in {"1", "2"}:
        raise business(40001, "category_type is 1 or 2")
    return {"data": [group for group in CATALOGUE if params["category_type"] in {"2", str(group["category_type"])}]}


def get_qrcode(_provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Give a picture (seed 000 二维码); it is blank, but of the right width."""
    _only(params, "path", "package_id", "width")
    width = params.get("width", "200")
    if not width.isascii() or not width.isdigit() or int(width) not in _WIDTHS:
        raise business(470018)
    package = params.get("package_id")
    if package is not None and app.packages.get(package) not in _PACKAGES:
        raise business(470019)
    if package is None and "online" not in app.packages.values():
        raise business(470020)
    return {PICTURE: blank_png(int(width))}


# --- in service or not ----------------------------------------------------------------------------------------------


def pause(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Take an app out of service (seed 000 暂停服务)."""
    _only(params)
    _turn(provider, app, _PAUSED, "APP_SERVER_PAUSE")
    return {}


def resume(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Put an app back into service (seed 000 开启服务)."""
    _only(params)
    if app.status == _PAUSED:
        _turn(provider, app, ONLINE, "APP_SERVER_RESUME")
    return {}


def apply_recovery(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Take an application for recovery (seed 000 申请恢复流量下线)."""
    _only(params, needed=["audit_desc"])
    if len(params["audit_desc"]) > _LONGEST_RECOVERY:
        raise business(40001, "audit_desc is too long")
    if app.status != _FLOW_OFFLINE:
        raise business(40045)
    if not {"online", "audit"} & set(app.packages.values()):
        raise business(40032)
    app.recovery = params["audit_desc"]
    provider.reviewer.begin(app, "recovery")
    return {}


def control_flow(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Open the traffic, of which nothing is pushed, or take it down (wire/baidu.md § 4 row 6)."""
    _only(params, needed=["type"])
    if params["type"] not in {"1", "2"}:
        raise business(40001, "type is 1 or 2")
    _turn(provider, app, *((ONLINE, None) if params["type"] == "1" else (_FLOW_OFFLINE, "FLOW_CLOSE_NOTIFY")))
    return {"data": {"errno": 0, "msg": "success"}}


def get_violations(_provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Tell what the app is reproached with (wire/baidu.md § 4)."""
    _only(params)
    return {"data": {"appId": int(app.id) if app.id.isdecimal() else app.id, "problemDetails": app.violations}}


# --- versions, phone numbers ----------------------------------------------------------------------------------------


def get_support_version(_provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Tell the versions (seed 000 查询当前设置的最低基础库版本及各版本列表)."""
    _only(params)
    return {"data": {"now_version": app.support_version, "items": [{"version": version} for version in VERSIONS]}}


def set_support_version(_provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Set the oldest version (seed 000 设置最低基础库版本)."""
    _only(params, needed=["version"])
    if params["version"] not in VERSIONS:
        raise business(470021)
    app.support_version = params["version"]
    return {}


def apply_mobile_auth(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Take an application for phone numbers (seed 000 申请手机号权限)."""
    _only(params, needed=["reason", "used_scene", "scene_desc", "scene_demo"])
    if params["reason"] not in {*"012"} or params["used_scene"] not in {*"012345"}:
        raise business(40001, "reason or used_scene is none of the documented numbers")
    if len(params["scene_desc"]) > _LONGEST_SCENE:
        raise business(40001, "scene_desc is too long")
    _from_upload(provider, [params["scene_demo"]])
    app.mobile_auth = (1, "")
    provider.reviewer.begin(app, "mobile_auth")
    return {"data": {}}


def cancel_mobile_auth(_provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Drop the permission (seed 000 取消手机号权限)."""
    _only(params)
    app.mobile_auth = (0, "")
    app.reviews.pop("mobile_auth", None)
    return {"data": {}}


def get_mobile_auth_status(_provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Tell how far it is (seed 000 查询手机号权限状态); the reason is there only if it was refused."""
    _only(params)
    status, reason = app.mobile_auth
    return {"data": {"status": status, **({"reason": reason} if reason else {})}}


# --- the component's own --------------------------------------------------------------------------------------------


def upload_image(provider: Provider, params: Mapping[str, Any]) -> str:
    """Keep an image, and give its address (wire/baidu.md § 7.1)."""
    if unknown := sorted(params.keys() - {"multipartFile", "type"}):
        raise business(40001, f"unknown parameter {unknown[0]}")
    image, kind = params.get("multipartFile"), params.get("type", "1")
    if not isinstance(image, bytes):
        raise business(40001, "multipartFile is missing, or no file")
    if kind not in _IMAGE_SIZES:
        raise business(40001, "type is 1, 2 or 3")
    if format_of(image) is None:
        raise business(47000)
    if len(image) > _IMAGE_SIZES[kind]:
        raise business(47003)
    return provider.keep_image(image)


HANDLERS: Final[Mapping[str, Handler]] = {
    handler.__name__: handler
    for handler in (
        set_name,
        set_name_with_qualifications,
        set_icon,
        set_description,
        set_categories,
        update_offline,
        check_name,
        check_name_with_qualifications,
        list_categories,
        get_qrcode,
        pause,
        resume,
        apply_recovery,
        control_flow,
        get_violations,
        get_support_version,
        set_support_version,
        apply_mobile_auth,
        cancel_mobile_auth,
        get_mobile_auth_status,
    )
}
