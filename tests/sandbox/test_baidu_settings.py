"""The sandbox takes what the documents allow of Baidu's other operations, and answers the rest with their codes."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from miniapp_tp.sandbox import Fault
from miniapp_tp.sandbox.baidu_settings import QUOTAS
from miniapp_tp.sandbox.exchange import Reply, Request
from miniapp_tp.sandbox.faults import LIMITED, can_hit
from miniapp_tp.sandbox.world import World

APP: Final = "15000001"
OTHER: Final = "15000002"
PNG: Final = b"\x89PNG\r\n\x1a\n an image"
ELSEWHERE: Final = "https://elsewhere.example/one.png"
PATHS: Final = {
    "set_name": "app/setnickname",
    "set_name_with_qualifications": "app/setnicknamewithqual",
    "set_icon": "app/modifyheadimage",
    "set_description": "app/modifysignature",
    "set_categories": "app/category/update",
    "update_offline": "app/offline/update",
    "apply_recovery": "appflow/applyRecovery",
    "control_flow": "appflow/control",
    "set_support_version": "app/setsupportversion",
    "apply_mobile_auth": "app/apply/mobileauth",
    "pause": "app/pause",
    "resume": "app/resume",
    "cancel_mobile_auth": "app/cancel/mobileauth",
}
READS: Final = {
    "check_name": "app/checkname",
    "check_name_with_qualifications": "app/checknamewithqual",
    "list_categories": "app/category/list",
    "get_qrcode": "app/qrcode",
    "get_violations": "app/violation",
    "get_support_version": "app/getsupportversion",
    "get_mobile_auth_status": "app/get/mobileauthstatus",
}
MOBILE: Final = {"reason": "1", "used_scene": "2", "scene_desc": "d"}


@pytest.fixture
def world() -> World:
    return World({"baidu": [APP, OTHER]})


def ask(world: World, operation: str, **fields: str) -> Reply:
    token = ("access_token", world.baidu.tokens[APP])
    if operation in READS:
        query = (token, *fields.items())
        return world.answer(Request("GET", f"/rest/2.0/smartapp/{READS[operation]}", query)).reply
    body = urlencode(fields).encode()
    kind = "application/x-www-form-urlencoded"
    return world.answer(Request("POST", f"/rest/2.0/smartapp/{PATHS[operation]}", (token,), kind, body)).reply


def said(reply: Reply) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(reply.body)
    return body


def errno(world: World, operation: str, **fields: str) -> int:
    found: int = said(ask(world, operation, **fields))["errno"]
    return found


def choice(number: object, *shown: object) -> dict[str, Any]:
    return {"sub_category_id": number, **({"qualis": [*shown]} if shown else {})}


def categories(*choices: object) -> str:
    return json.dumps(choices)


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ("set_name", "nick_name"),
        ("set_name_with_qualifications", "nick_name"),
        ("set_icon", "image_url"),
        ("set_description", "signature"),
        ("set_categories", "categorys"),
        ("apply_recovery", "audit_desc"),
        ("control_flow", "type"),
        ("set_support_version", "version"),
        ("apply_mobile_auth", "reason"),
        ("check_name", "app_name"),
        ("check_name_with_qualifications", "app_name"),
        ("list_categories", "category_type"),
    ],
)
def test_what_is_required_must_be_there(world: World, operation: str, field: str) -> None:
    assert errno(world, operation) == 40001
    assert field in said(ask(world, operation, **{field: ""}))["msg"]


@pytest.mark.parametrize("operation", [*PATHS, *READS])
def test_what_is_not_documented_is_refused(world: World, operation: str) -> None:
    assert errno(world, operation, appName="x") == 40001


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("set_name", {"nick_name": "n", "app_name_material": ELSEWHERE}),
        ("set_name_with_qualifications", {"nick_name": "n", "qual_materials": json.dumps({"others": [ELSEWHERE]})}),
        ("check_name_with_qualifications", {"app_name": "n", "qual_materials": json.dumps({"others": [ELSEWHERE]})}),
        ("set_icon", {"image_url": ELSEWHERE}),
        ("set_categories", {"categorys": categories(choice(2, {"id": 1, "addr": ELSEWHERE}))}),
        ("apply_mobile_auth", {**MOBILE, "scene_demo": ELSEWHERE}),
    ],
)
def test_images_must_have_been_uploaded(world: World, operation: str, fields: dict[str, str]) -> None:
    assert errno(world, operation, **fields) == 47008


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"brand": []}', '{"others": "one"}'])
def test_qualifications_have_the_documented_shape(world: World, text: str) -> None:
    assert errno(world, "set_name_with_qualifications", nick_name="n", qual_materials=text) == 40001


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no JSON", 50062),
        ("{}", 50062),
        ("[]", 50062),
        ('["2"]', 50062),
        (categories({"id": 3}), 50062),
        (categories({}), 50061),
        (categories({"sub_category_id": 3, "name": "x"}), 50062),
        (categories(choice("3")), 50061),
        (categories(choice(1)), 50061),
        (categories(*[choice(3)] * 6), 50060),
        (categories(choice(2)), 50063),
        (categories(choice(3, {"id": 1, "addr": ELSEWHERE})), 50063),
        (categories(choice(2, {"id": 1})), 50063),
        (categories(choice(2, "x")), 50063),
        (categories({"sub_category_id": 3, "qualis": "x"}), 50063),
    ],
)
def test_categories_have_the_documented_shape(world: World, text: str, code: int) -> None:
    assert errno(world, "set_categories", categorys=text) == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"width": "199"}, 470018),
        ({"width": "1281"}, 470018),
        ({"width": "wide"}, 470018),
        ({"package_id": "3"}, 470019),
        ({"package_id": "77"}, 470019),
    ],
)
def test_a_qr_code_is_of_a_package_and_a_width(world: World, fields: dict[str, str], code: int) -> None:
    assert errno(world, "get_qrcode", **fields) == code


def test_a_qr_code_of_an_app_that_isnt_online_needs_its_package(world: World) -> None:
    world.app("baidu", APP).packages = {"2": "audit"}
    assert errno(world, "get_qrcode") == 470020
    assert ask(world, "get_qrcode", package_id="2").body.startswith(b"\x89PNG")


def test_the_picture_is_a_png_of_that_width(world: World) -> None:
    picture = ask(world, "get_qrcode", width="300").body
    assert struct.unpack(">II", picture[16:24]) == (300, 300)
    begin = picture.index(b"IDAT") + 4
    size = struct.unpack(">I", picture[begin - 8 : begin - 4])[0]
    assert len(zlib.decompress(picture[begin : begin + size])) == 300 * (1 + 38)


def test_states_are_what_the_operations_are_for(world: World) -> None:
    world.baidu.reviewer.decide(None)
    app = world.app("baidu", APP)
    assert errno(world, "apply_recovery", audit_desc="d") == 40045
    app.status = 7
    assert errno(world, "apply_recovery", audit_desc="字" * 101) == 40001
    app.packages = {"9": "development"}
    assert errno(world, "apply_recovery", audit_desc="d") == 40032
    app.packages = {"9": "audit"}
    assert errno(world, "apply_recovery", audit_desc="d") == 0
    assert errno(world, "update_offline", app_name="n") == 40001
    app.status = 5
    assert errno(world, "update_offline") == 40001
    assert errno(world, "update_offline", app_desc="d") == 0
    assert errno(world, "resume") == 0
    assert app.status == 5


@pytest.mark.parametrize(
    ("operation", "fields", "code"),
    [
        ("control_flow", {"type": "3"}, 40001),
        ("set_support_version", {"version": "0.0.1"}, 470021),
        ("list_categories", {"category_type": "3"}, 40001),
        ("apply_mobile_auth", {**MOBILE, "reason": "收货联系方式", "scene_demo": "x"}, 40001),
        ("apply_mobile_auth", {**MOBILE, "used_scene": "6", "scene_demo": "x"}, 40001),
        ("apply_mobile_auth", {**MOBILE, "scene_desc": "字" * 501, "scene_demo": "x"}, 40001),
    ],
)
def test_values_are_the_documented_ones(world: World, operation: str, fields: dict[str, str], code: int) -> None:
    assert errno(world, operation, **fields) == code


def test_personal_categories_are_fewer(world: World) -> None:
    personal, every = (said(ask(world, "list_categories", category_type=kind))["data"] for kind in "12")
    assert [group["category_type"] for group in personal] == [1]
    assert len(every) == 2


@pytest.mark.parametrize(("name", "code"), [("百度", 3), ("百度网盘", 4), ("赌博", 2), ("天气通", 5), ("金样", 0)])
def test_names_are_checked(world: World, name: str, code: int) -> None:
    assert said(ask(world, "check_name", app_name=name))["data"]["checkResult"] == code


def test_a_name_that_another_app_has_is_taken(world: World) -> None:
    taken = world.app("baidu", OTHER).name
    assert said(ask(world, "check_name", app_name=taken))["data"] == {"checkResult": 1, "checkWords": [[taken]]}
    own = world.app("baidu", APP).name
    assert said(ask(world, "check_name_with_qualifications", app_name=own))["data"]["checkResult"] == 0


@pytest.mark.parametrize("operation", QUOTAS)
def test_edits_come_to_an_end_and_the_quota_fault_says_the_same(world: World, operation: str) -> None:
    image = world.baidu.keep_image(PNG)
    fields = {
        "set_name": {"nick_name": "n", "app_name_material": image},
        "set_name_with_qualifications": {"nick_name": "n"},
        "set_icon": {"image_url": image},
        "set_description": {"signature": "d"},
        "set_categories": {"categorys": categories(choice(3))},
    }.get(operation)
    if fields is None:
        assert operation.endswith("_domain")
        return
    world.app("baidu", APP).edits_left[operation] = 1
    assert [errno(world, operation, **fields) for _ in range(2)] == [0, QUOTAS[operation]]
    world.app("baidu", APP).edits_left.clear()
    world.inject(Fault.QUOTA, provider="baidu", app=APP)
    assert errno(world, operation, **fields) == QUOTAS[operation]


def test_the_quota_fault_hits_what_has_a_code_for_it() -> None:
    assert set(QUOTAS) == LIMITED
    assert not any(can_hit(Fault.QUOTA, operation) for operation in {*PATHS, *READS} - LIMITED)
    assert not can_hit(Fault.REVOKED, "upload_image")


# --- the upload -----------------------------------------------------------------------------------------------------


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"


def upload(
    world: World, *pieces: bytes, kind: str = "multipart/form-data; boundary=b", token: str | None = None
) -> dict[str, Any]:
    given = token or world.baidu.component_tokens.issue(None)
    body = b"".join(pieces) + b"--b--\r\n"
    query = (("access_token", given),)
    return said(world.answer(Request("POST", "/file/2.0/smartapp/upload/image", query, kind, body)).reply)


def test_an_image_is_kept_and_its_address_is_good_elsewhere(world: World) -> None:
    answer = upload(world, part("multipartFile", PNG, "a.png"), part("type", b"1"))
    assert errno(world, "set_icon", image_url=answer["data"]) == 0
    assert world.count(provider="baidu", operation="upload_image") == 1


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ([part("type", b"1")], 40001),
        ([part("multipartFile", PNG)], 40001),
        ([part("multipartFile", PNG, "a.png"), part("type", b"4")], 40001),
        ([part("multipartFile", PNG, "a.png"), part("size", b"4")], 40001),
        ([part("multipartFile", b"GIF89a", "a.gif")], 47000),
        ([part("multipartFile", PNG.ljust((2 << 20) + 1), "a.png")], 47003),
        ([b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n"], 40001),
        ([b"--other\r\n\r\n"], 40001),
    ],
)
def test_an_image_has_a_form_a_kind_and_a_size(world: World, pieces: list[bytes], code: int) -> None:
    assert upload(world, *pieces)["errno"] == code


def test_a_larger_image_is_good_for_papers(world: World) -> None:
    large = part("multipartFile", PNG.ljust(3 << 20), "a.png")
    assert upload(world, large, part("type", b"2"))["errno"] == 0
    assert upload(world, large)["errno"] == 47003


@pytest.mark.parametrize("kind", ["multipart/form-data", "application/json", "application/x-www-form-urlencoded"])
def test_an_upload_comes_in_parts(world: World, kind: str) -> None:
    assert upload(world, part("multipartFile", PNG, "a.png"), kind=kind)["errno"] == 40001


def test_an_upload_carries_the_components_token(world: World) -> None:
    one = part("multipartFile", PNG, "a.png")
    assert upload(world, one, token=world.baidu.tokens[APP])["error_code"] == 110
    token = world.baidu.component_tokens.issue(None)
    world.baidu.expire_component_tokens()
    assert upload(world, one, token=token)["error_code"] == 111
    world.inject(Fault.RATE_LIMITED, provider="baidu", operation="upload_image")
    assert upload(world, one)["error_code"] == 18
