"""The rows of wire/baidu.md § 8 on seed 003, one test each, named by row: what becomes of the seed's slips."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest

from miniapp_tp import (
    FeedCard,
    FeedTemplate,
    InvalidArgument,
    Keyword,
    Material,
    MaterialSubType,
    MaterialType,
    Message,
    SitemapFrequency,
    SitemapSubmission,
    Unknown,
    sitemap_parts,
)
from miniapp_tp.models import Broadcast, FeedSubmission, Of, Push
from miniapp_tp.providers.baidu.developer import DEVELOPER_TOKEN, SERVICES, developer_contract
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.providers.baidu.sitemap import SHARD_LIMIT
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Absent, Endpoint
from miniapp_tp.wire.exchange import build, sign
from miniapp_tp.wire.messages import Request, Secret
from tests.providers.reading import Reader

BAIDU: Final = Reader(DIALECT)
APP: Final = "1000001"
DAY: Final = date(2026, 1, 2)
OWN: Final = developer_contract({name: f"https://invited.example/{name}" for name in SERVICES[:3]})
MESSAGE: Final = Message("标题", "正文", "/pages/a/a", "开头", [Keyword("商品", "水杯")])
FEED: Final = FeedSubmission(
    "推荐", [FeedCard("卡片", "https://img.example.com/1.jpg", "/p", "摘要")] * 5, FeedTemplate.WITH_SUMMARY
)
MATERIAL: Final = Material(
    title="标题",
    body="正文",
    path="/p",
    images=["https://img.example.com/1.png"],
    type=MaterialType.CONTENT,
    sub_type=MaterialSubType.ARTICLE,
)
SITEMAP: Final = SitemapSubmission("https://files.example.com/sitemap.json", "示例")
PARAMS: Final[dict[str, Of[Any]]] = {
    "push_message": Of(APP, Push(["A", "B"], MESSAGE)),
    "broadcast_message": Of(APP, Broadcast(MESSAGE)),
    "submit_feed_cards": Of(APP, FEED),
    "submit_material": Of(APP, MATERIAL),
    "delete_material": Of(APP, "/p"),
    "submit_sitemap": Of(APP, SITEMAP),
    "delete_sitemap": Of(APP, SITEMAP.url),
}


def service(name: str) -> Endpoint[Any, Any]:
    found: Endpoint[Any, Any] = getattr(OWN, name)
    assert isinstance(found, Endpoint)
    return found


def request_of(name: str) -> Request:
    request = build(DIALECT, service(name), PARAMS[name], "https://openapi.baidu.com")
    return sign(DIALECT, Credential.APP, request, Secret("24.a-token"))


def form_of(name: str) -> dict[str, str]:
    return dict(parse_qsl(request_of(name).body.decode(), strict_parsing=True))


def test_every_row_has_a_test() -> None:
    own = Path(__file__).read_text("utf-8")
    assert {int(number) for number in re.findall(r"^def test_row_(\d+)_", own, re.MULTILINE)} == set(range(1, 14))


@pytest.mark.parametrize("name", SERVICES)
def test_row_01_the_token_is_in_the_query_and_the_rest_in_a_form(name: str) -> None:
    request = request_of(name)
    assert (request.method, request.query) == ("POST", (("access_token", "24.a-token"),))
    assert dict(request.headers) == {"content-type": "application/x-www-form-urlencoded"}
    assert "app_id" in form_of(name)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Message("", "正文", "/p", "开头"),
        lambda: Message("标题", "正文", "", "开头"),
        lambda: SitemapSubmission("https://files.example.com/s.json", ""),
    ],
    ids=["title", "path", "description"],
)
def test_row_02_what_the_column_calls_not_empty_is_required(wrong: Any) -> None:  # noqa: ANN401 - makes a model
    with pytest.raises(InvalidArgument, match="isn't empty"):
        wrong()


@pytest.mark.parametrize("name", SERVICES)
def test_row_03_the_app_is_named_by_its_text(name: str) -> None:
    assert form_of(name)["app_id"] == APP


@pytest.mark.parametrize("data", ["", "ok", True, None, {}, [], {"msg_key": 123456789}], ids=str)
def test_row_04_what_comes_with_a_yes_is_of_any_type(data: object) -> None:
    for name in SERVICES:
        key = 123456789 if data == {"msg_key": 123456789} and name in SERVICES[:2] else None
        assert BAIDU.value(service(name), {"errno": 0, "msg": "success", "data": data}) == key


def test_row_05_the_texts_in_json_are_well_formed() -> None:
    content = json.loads(form_of("push_message")["content"])
    assert (content["title"], content["first"]) == ("标题", {"value": "开头"})
    assert [sorted(keyword) for keyword in content["keywords"]] == [["name", "value"]]
    assert len(json.loads(form_of("submit_feed_cards")["scard_list"])) == 5


def test_row_06_a_token_lives_as_long_as_its_reply_says() -> None:
    for life in (86_400, 2_592_000):
        assert BAIDU.value(DEVELOPER_TOKEN, {"access_token": "24.x", "expires_in": life}).seconds == life


def test_row_07_templete_type_is_sent_exactly_so() -> None:
    form = form_of("submit_feed_cards")
    assert form["templete_type"] == "1"
    assert "template_type" not in form


def test_row_08_three_services_have_no_address_and_four_have_one() -> None:
    published = developer_contract({})
    assert [name for name in SERVICES if isinstance(getattr(published, name), Absent)] == list(SERVICES[:3])
    assert all(getattr(published, name).path.startswith("/rest/2.0/smartapp/access/") for name in SERVICES[3:])


@pytest.mark.parametrize("frequency", SitemapFrequency)
def test_row_09_every_frequency_is_sent(frequency: SitemapFrequency) -> None:
    submission = SitemapSubmission(SITEMAP.url, "示例", frequency=frequency)
    assert service("submit_sitemap").encode(Of(APP, submission))["frequency"] == str(frequency.value)


@pytest.mark.parametrize("sub_type", [3001, 3004, "3004", Unknown(3005), 3005], ids=repr)
def test_row_10_the_types_of_tools_are_open(sub_type: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    material = Material(
        title="标题", body="正文", path="/p", images=["https://img.example.com/1.png"], type=3000, sub_type=sub_type
    )
    code = sub_type.code if isinstance(sub_type, Unknown) else sub_type
    fields = service("submit_material").encode(Of(APP, material))
    assert (fields["mapp_type"], fields["mapp_sub_type"]) == ("3000", str(code))


def test_row_11_a_shard_of_a_sitemap_stays_below_5_megabytes() -> None:
    assert SHARD_LIMIT <= 5 * 1024 * 1024
    with pytest.raises(InvalidArgument, match="limit"):
        list(sitemap_parts(APP, [MATERIAL], base_url="https://files.example.com", lastmod=DAY, limit=SHARD_LIMIT + 1))


def test_row_12_users_are_joined_with_commas_and_are_1_to_100() -> None:
    assert form_of("push_message")["swan_ids"] == "A,B"
    for ids in ([], ["A"] * 101, ["A,B"]):
        with pytest.raises(InvalidArgument):
            Push(ids, MESSAGE)


def test_row_13_the_services_are_those_under_the_wrong_title() -> None:
    assert tuple(PARAMS) == SERVICES
