"""The rows of wire/baidu.md § 8 on seed 000, one test each, named by row: what becomes of the seed's slips.

Rows on pushed events (1 to 5, 21, 24) stand with the tests of events.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import pytest

from miniapp_tp.errors import ProviderError, ReplyNotUnderstood
from miniapp_tp.models import (
    CategoryChange,
    CategoryChoice,
    CategoryKind,
    DomainAction,
    MobileAuthReason,
    MobileAuthRequest,
    MobileAuthScene,
    NameChange,
    NameCheckResult,
    OfflineUpdate,
    QrCode,
    Qualification,
    ServerDomainChange,
    ServerDomains,
    WebviewDomainChange,
)
from miniapp_tp.providers.baidu import endpoints as baidu
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.providers.baidu.tokens import EXCHANGE
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.exchange import build, sign
from miniapp_tp.wire.messages import Request, Secret
from tests.providers.reading import Reader

if TYPE_CHECKING:
    from miniapp_tp.wire.endpoint import Endpoint

BAIDU: Final = Reader(DIALECT)
IMAGE: Final = "https://b.example.com/one.png"
GOLDEN: Final = Path(__file__).parents[2] / "golden" / "baidu"
MOBILE: Final = MobileAuthRequest(
    reason=MobileAuthReason.DELIVERY_CONTACT,
    scene=MobileAuthScene.TICKET_BOOKING,
    description="描述",
    demo_url=IMAGE,
)
PARAMS: Final[dict[str, Any]] = {
    "set_server_domain": ServerDomainChange(DomainAction.ADD, ServerDomains(request=["a.example.com"])),
    "set_webview_domain": WebviewDomainChange(DomainAction.ADD, ["a.example.com"]),
    "set_name": NameChange("名称"),
    "set_icon": IMAGE,
    "set_description": "介绍",
    "set_categories": CategoryChange([CategoryChoice(197, [Qualification(1, IMAGE)]), 6]),
    "list_categories": CategoryKind.ENTERPRISE,
    "get_qrcode": QrCode(),
    "check_name": "名称",
    "set_support_version": "1.0.0",
    "apply_recovery": "审核描述信息",
    "update_offline": OfflineUpdate(name="聊聊聊测试"),
    "apply_mobile_auth": MOBILE,
    "control_flow": True,
}


def yes(**data: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON of any kind
    return {"errno": 0, "msg": "success", **data}


def request_of(endpoint: Endpoint[Any, Any], params: object = None) -> Request:
    request = build(DIALECT, endpoint, params, "https://openapi.baidu.com")
    return sign(DIALECT, endpoint.credential or Credential.APP, request, Secret("45.a-token"))


def form_of(endpoint: Endpoint[Any, Any], params: object = None) -> dict[str, str]:
    return dict(parse_qsl(request_of(endpoint, params).body.decode(), strict_parsing=True))


def requests_of_all() -> dict[str, Request]:
    plain = [one for one in baidu.ENDPOINTS if "qualifications" not in one.name and one.name != "upload_image"]
    return {endpoint.name: request_of(endpoint, PARAMS.get(endpoint.name)) for endpoint in plain}


def test_every_row_has_a_test() -> None:
    own = Path(__file__)
    written = "".join(path.read_text("utf-8") for path in (own, own.with_name("test_event_inconsistencies.py")))
    rows = {int(number) for number in re.findall(r"^def test_row_(\d+)_", written, re.MULTILINE)}
    assert rows == set(range(1, 25))


def test_row_06_categories_are_sent_under_the_plural_that_the_server_knows() -> None:
    form = form_of(baidu.SET_CATEGORIES, PARAMS["set_categories"])
    assert set(form) == {"categorys"}


def test_row_07_the_name_of_an_app_that_is_offline_is_sent_as_app_name() -> None:
    form = form_of(baidu.UPDATE_OFFLINE, PARAMS["update_offline"])
    assert form == {"app_name": "聊聊聊测试"}
    assert request_of(baidu.UPDATE_OFFLINE, PARAMS["update_offline"]).query == (("access_token", "45.a-token"),)


def test_row_08_mobileauth_is_spelt_right_over_https_with_numbers_for_words() -> None:
    sent = {one.name: one for one in (baidu.APPLY_MOBILE_AUTH, baidu.CANCEL_MOBILE_AUTH, baidu.GET_MOBILE_AUTH_STATUS)}
    for name, endpoint in sent.items():
        request = request_of(endpoint, PARAMS.get(name))
        assert request.address.startswith("https://")
        assert "/mobileauth" in request.address
        assert "moblie" not in request.url
    form = form_of(baidu.APPLY_MOBILE_AUTH, MOBILE)
    assert (form["reason"], form["used_scene"]) == ("1", "2")
    assert baidu.GET_MOBILE_AUTH_STATUS.path.endswith("/get/mobileauthstatus")


def test_row_09_every_address_is_that_of_the_endpoints_line() -> None:
    for request in requests_of_all().values():
        assert re.fullmatch(r"https://openapi\.baidu\.com/rest/2\.0/smartapp/(app|appflow)/[A-Za-z/]+", request.address)


def test_row_10_every_call_carries_the_token_once() -> None:
    for request in requests_of_all().values():
        assert [value for name, value in request.query if name == "access_token"] == ["45.a-token"]
        assert b"access_token" not in request.body


@pytest.mark.parametrize("quali", ["text", "object", "empty"])
def test_row_11_ids_flags_and_qualifications_of_categories_come_in_several_shapes(quali: str) -> None:
    rule = {"desc": "请上传", "list": [[{"id": "1", "must": 1}, {"id": 2, "must": "0"}], {"id": 3, "must": 1}]}
    given = {"text": json.dumps(rule), "object": rule, "empty": ""}[quali]
    item = {"id": "2", "category_name": 7, "category_type": "2", "need_quali": "0", "category_quali": given}
    data = [{"id": 1, "category_name": "父", "category_type": 1, "sub_items": {"2": item}}]
    (group,) = BAIDU.value(baidu.LIST_CATEGORIES, yes(data=data))
    (found,) = group.items
    assert (group.id, group.kind, found.id, found.name) == ("1", CategoryKind.PERSONAL, "2", "7")
    assert (found.kind, found.needs_qualification) == (CategoryKind.ENTERPRISE, False)
    if quali == "empty":
        assert found.qualification is None
    else:
        assert found.qualification is not None
        shown = [[(paper.id, paper.required) for paper in papers] for papers in found.qualification.items]
        assert shown == [[("1", True), ("2", False)], [("3", True)]]


def test_row_12_the_address_of_a_qualification_is_a_text() -> None:
    sent = json.loads(form_of(baidu.SET_CATEGORIES, PARAMS["set_categories"])["categorys"])
    assert sent == [{"sub_category_id": 197, "qualis": [{"id": 1, "addr": IMAGE}]}, {"sub_category_id": 6}]


def test_row_13_our_own_samples_are_well_formed() -> None:
    samples = list(GOLDEN.glob("*.json"))
    assert len(samples) > 40
    assert all(isinstance(json.loads(sample.read_text("utf-8")), dict) for sample in samples)


@pytest.mark.parametrize(
    "more", [{}, {"data": {}}, {"data": ""}, {"data": None}, {"data": []}, {"data": "ok"}], ids=str
)
@pytest.mark.parametrize("endpoint", [one for one in baidu.ENDPOINTS if one.changes], ids=lambda one: str(one.name))
def test_row_14_writes_may_answer_with_nothing_or_anything(endpoint: Endpoint[Any, Any], more: dict[str, Any]) -> None:
    if endpoint is not baidu.UPLOAD_IMAGE:
        assert BAIDU.value(endpoint, yes(**more)) is None


@pytest.mark.parametrize(
    "items",
    [[{"version": "1.10.15"}, {"version": "1.10.17"}], {"version": "1.10.15"}, ["1.10.15", {"percentage": 1}, None]],
    ids=["array", "object", "odd"],
)
def test_row_15_the_versions_are_an_array_whatever_their_type_says(items: object) -> None:
    found = BAIDU.value(baidu.GET_SUPPORT_VERSION, yes(data={"now_version": "2.5.15", "items": items}))
    assert found.current == "2.5.15"
    assert found.available[0] == "1.10.15"


@pytest.mark.parametrize(
    "words", [[["百度", "网盘"]], ["百度", "网盘"], [[["百度"]], "网盘"], {"a": ["百度", "网盘"]}], ids=str
)
def test_row_16_the_words_of_a_check_are_nested_as_they_please(words: object) -> None:
    found = BAIDU.value(baidu.CHECK_NAME, yes(data={"checkResult": 4, "checkWords": words}))
    assert (found.result, found.words) == (NameCheckResult.HAS_BRAND, ("百度", "网盘"))
    assert BAIDU.value(baidu.CHECK_NAME, yes(data={"checkResult": 0})).words == ()


@pytest.mark.parametrize("code", [470011, 470012, 470013, 470014, 470015, 470016, 470017])
def test_row_17_the_codes_under_a_wrong_heading_are_codes(code: int) -> None:
    for endpoint in (baidu.SET_SERVER_DOMAIN, baidu.SET_WEBVIEW_DOMAIN):
        assert type(BAIDU.error(endpoint, {"errno": code, "msg": "no"})) is not ProviderError


@pytest.mark.parametrize("scheme", ["http", "https", "wss"])
def test_row_18_schemes_are_not_validated(scheme: str) -> None:
    change = ServerDomainChange(DomainAction.ADD, ServerDomains(request=[f"{scheme}://a.example.com"]))
    assert form_of(baidu.SET_SERVER_DOMAIN, change)["request_domain"] == f"{scheme}://a.example.com"


def test_row_19_wss_under_download_and_upload_is_read() -> None:
    data = {"download_domain": "wss://a.example.com", "upload_domain": "wss://b.example.com"}
    found = BAIDU.value(baidu.GET_SERVER_DOMAIN, yes(data=data))
    assert (found.download, found.upload) == (("wss://a.example.com",), ("wss://b.example.com",))


@pytest.mark.parametrize("number", [123, "123", 123.0, 2**53 + 1], ids=repr)
def test_row_20_ids_are_numbers_of_64_bits_or_their_digits(number: object) -> None:
    assert BAIDU.value(baidu.UPDATE_OFFLINE, yes(data={"examine_id": number})) == int(str(number).removesuffix(".0"))
    assert BAIDU.value(baidu.GET_INFO, yes(data={"app_id": number, "app_name": "a"})).raw["app_id"] == number


def test_row_22_the_action_is_always_sent() -> None:
    for name, request in requests_of_all().items():
        if name.endswith("_domain"):
            assert b"action=" in request.body


def test_row_23_the_answer_tells_how_long_a_token_lives_not_its_text() -> None:
    body = {"access_token": "45.x.2592000.1568538447.y", "refresh_token": "46.z", "expires_in": 3600}
    assert BAIDU.value(EXCHANGE, body).seconds == 3600


# --- what else may come ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [{"examine_id": 7}, [{"examine_id": "7"}], '{"examine_id": 7}', {"examineId": 7}], ids=str
)
def test_the_id_of_a_review_is_found_wherever_it_is(data: object) -> None:
    for endpoint in (baidu.SET_NAME, baidu.SET_NAME_WITH_QUALIFICATIONS, baidu.SET_ICON, baidu.SET_CATEGORIES):
        assert BAIDU.value(endpoint, yes(data=data)) == 7


@pytest.mark.parametrize(
    "endpoint",
    [
        baidu.CHECK_NAME,
        baidu.GET_SUPPORT_VERSION,
        baidu.GET_MOBILE_AUTH_STATUS,
        baidu.GET_VIOLATIONS,
        baidu.LIST_CATEGORIES,
        baidu.UPLOAD_IMAGE,
        baidu.GET_QRCODE,
    ],
    ids=lambda endpoint: str(endpoint.name),
)
@pytest.mark.parametrize("more", [{}, {"data": None}, {"data": ""}, {"data": True}], ids=str)
def test_a_read_that_answers_nothing_is_not_understood(endpoint: Endpoint[Any, Any], more: dict[str, Any]) -> None:
    assert isinstance(BAIDU.read(endpoint, yes(**more)), ReplyNotUnderstood)


def test_no_categories_and_no_violations_are_no_mistake() -> None:
    assert BAIDU.value(baidu.LIST_CATEGORIES, yes(data=[])) == ()
    assert BAIDU.value(baidu.GET_VIOLATIONS, yes(data={"appId": 1})) == ()


def test_categories_may_be_keyed_by_their_ids() -> None:
    found = BAIDU.value(baidu.LIST_CATEGORIES, yes(data={"1": {"category_name": "父"}}))
    assert [(group.id, group.name, group.items) for group in found] == [("1", "父", ())]


@pytest.mark.parametrize(
    ("quali", "said"), [("请上传许可证", "请上传许可证"), ({"desc": "d"}, "d"), ("{}", None), (None, None)]
)
def test_what_a_category_asks_for_may_be_words_alone(quali: object, said: str | None) -> None:
    data = [{"id": 1, "sub_items": json.dumps({"2": {"id": 2, "category_quali": quali, "need_quali": 2}})}]
    (group,) = BAIDU.value(baidu.LIST_CATEGORIES, yes(data=data))
    rule = group.items[0].qualification
    assert (rule.description if rule else None) == said
    assert group.items[0].needs_qualification is None


@pytest.mark.parametrize("name", ["reason", "reson"])
def test_a_refusal_of_phone_numbers_has_its_reason_under_either_spelling(name: str) -> None:
    found = BAIDU.value(baidu.GET_MOBILE_AUTH_STATUS, yes(data={"status": "2", name: "描述不清"}))
    assert found.reason == "描述不清"


def test_taking_traffic_down_may_fail_inside_a_yes() -> None:
    assert BAIDU.value(baidu.CONTROL_FLOW, yes(data={"errno": 0})) is None
    refused = BAIDU.read(baidu.CONTROL_FLOW, yes(data={"errno": 110002, "msg": "no"}))
    assert isinstance(refused, ReplyNotUnderstood)
    assert refused.may_have_happened


def test_images_of_violations_are_lists_in_a_text_or_not() -> None:
    item = {"taskId": "9", "status": "2", "screenShot": '["a", {"url": "b"}]', "auditShot": ["c"], "auditReason": "r"}
    (found,) = BAIDU.value(baidu.GET_VIOLATIONS, yes(data={"problemDetails": json.dumps([item])}))
    assert (found.id, found.status, found.screenshots, found.audit_screenshots) == ("9", 2, ("a", "b"), ("c",))
    assert (found.audit_reason, found.raw) == ("r", item)
