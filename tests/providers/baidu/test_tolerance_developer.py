"""Inconsistencies inside seed 003, row by row (wire/baidu.md § 8, S003): what is sent and read all the same."""

from __future__ import annotations

import json
import warnings
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qs

import pytest

from miniapp_tp import (
    FeedCard,
    FeedTemplate,
    InvalidArgument,
    Keyword,
    Material,
    MaterialSubType,
    Message,
    Request,
    Secret,
    SitemapFrequency,
    SitemapSubmission,
    Unknown,
    sitemap_parts,
)
from miniapp_tp.contract import Issued
from miniapp_tp.models import Broadcast, FeedSubmission, Push
from miniapp_tp.providers.baidu.developer import DEVELOPER_TOKEN, SERVICES, Of, developer_contract
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.providers.baidu.sitemap import SHARD_LIMIT, shard_problems
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Absent, Endpoint
from miniapp_tp.wire.exchange import build, sign
from tests.providers.reading import Reader

BAIDU: Final = Reader(DIALECT)
APP: Final = "1000001"
URLS: Final = {name: f"https://invited.example/{name}" for name in SERVICES[:3]}
CONTRACT: Final = developer_contract(URLS)
MESSAGE: Final = Message("积分变动通知", "说明", "/p", "亲爱的用户", [Keyword("服装类商品", "满1000减100")])
CARDS: Final = [FeedCard("金牌投资人", "http://img.example.com/1.jpg", "/pages/home/home/", "更新至6集")] * 5
PARAMS: Final[dict[str, Any]] = {
    "push_message": Push(["D43857DGDG", "JDKFGJ94"], MESSAGE),
    "broadcast_message": Broadcast(MESSAGE),
    "submit_feed_cards": FeedSubmission("精选影视推荐", CARDS, FeedTemplate.WITH_SUMMARY),
    "submit_material": Material(
        title="标题", body="正文", path="/p", images=["https://img.example.com/1.png"], type=1000, sub_type=1001
    ),
    "delete_material": "/p",
    "submit_sitemap": SitemapSubmission("https://files.example.com/s.json", "说明"),
    "delete_sitemap": "https://files.example.com/s.json",
}
REQUIRED: Final = {
    "push_message": "app_id swan_ids title description path_url type content",
    "broadcast_message": "app_id title description path_url type content",
    "submit_feed_cards": "app_id mcard_title recommend_type templete_type scard_list",
    "submit_material": "app_id title body path images mapp_type mapp_sub_type",
    "delete_material": "app_id path",
    "submit_sitemap": "app_id url desc type frequency",
    "delete_sitemap": "app_id url",
}
"""What the tables mark as required: 是否为空 `false` in services 1 to 3, 是否必填 `true` in the others."""


def endpoint(name: str) -> Endpoint[Any, Any]:
    found: Endpoint[Any, Any] = getattr(CONTRACT, name)
    return found


def request(name: str, value: object = None) -> Request:
    built = build(DIALECT, endpoint(name), Of(APP, PARAMS[name] if value is None else value), "https://openapi.example")
    return sign(DIALECT, Credential.APP, built, Secret("24.token"))


def form(name: str, value: object = None) -> dict[str, str]:
    return {field: values[0] for field, values in parse_qs(request(name, value).body.decode()).items()}


@pytest.mark.parametrize("name", SERVICES)
def test_row_1_the_token_is_in_the_query_and_the_rest_in_a_form(name: str) -> None:
    made = request(name)
    assert (made.method, made.query) == ("POST", (("access_token", "24.token"),))
    assert dict(made.headers)["content-type"] == "application/x-www-form-urlencoded"
    assert "access_token" not in form(name)


@pytest.mark.parametrize("name", SERVICES)
def test_row_2_what_may_not_be_empty_is_always_sent(name: str) -> None:
    assert set(form(name)) == set(REQUIRED[name].split())


@pytest.mark.parametrize("name", SERVICES)
def test_row_3_the_apps_id_is_text_also_for_feeds(name: str) -> None:
    assert form(name)["app_id"] == APP
    assert isinstance(endpoint(name).encode(Of(APP, PARAMS[name]))["app_id"], str)


@pytest.mark.parametrize(
    ("data", "key"), [("", None), ("ok", None), (True, None), ({"msg_key": 123456789}, 123456789)], ids=repr
)
def test_row_4_data_may_be_a_text_or_an_object(data: object, key: int | None) -> None:
    body = {"errno": 0, "msg": "success", "data": data}
    found = [BAIDU.value(endpoint(name), body) for name in SERVICES]
    assert found == [key, key, None, None, None, None, None]


def test_row_5_the_texts_that_hold_json_hold_json() -> None:
    assert json.loads(form("push_message")["content"]) == {
        "title": "积分变动通知",
        "first": {"value": "亲爱的用户"},
        "keywords": [{"name": "服装类商品", "value": "满1000减100"}],
    }
    assert len(json.loads(form("submit_feed_cards")["scard_list"])) == 5
    assert json.loads(form("submit_material")["images"]) == ["https://img.example.com/1.png"]


@pytest.mark.parametrize("seconds", [86400, 2592000])
def test_row_6_a_token_lives_as_long_as_the_answer_says(seconds: int) -> None:
    found = BAIDU.value(DEVELOPER_TOKEN, {"access_token": "24.token", "expires_in": seconds})
    assert found == Issued(Secret("24.token"), seconds)


def test_row_7_templete_type_is_sent_exactly_so() -> None:
    assert form("submit_feed_cards")["templete_type"] == "1"


def test_row_8_three_addresses_come_from_the_caller_and_four_are_published() -> None:
    bare = developer_contract({})
    assert [isinstance(getattr(bare, name), Absent) for name in SERVICES] == [True] * 3 + [False] * 4
    assert [request(name).address for name in SERVICES[:3]] == list(URLS.values())
    assert all("/rest/2.0/smartapp/access/" in request(name).address for name in SERVICES[3:])


def test_row_9_every_frequency_is_sent_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = [SitemapSubmission("https://a.example.com/s", "说明", frequency=one) for one in SitemapFrequency]
    assert [form("submit_sitemap", one)["frequency"] for one in made] == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (3004, "3004"),
        ("3004", "3004"),
        (MaterialSubType.ENTERTAINMENT, "3004"),
        (3099, "3099"),
        ("3099", "3099"),
        (Unknown(3099), "3099"),
    ],
    ids=repr,
)
def test_row_10_ids_of_types_are_sent_as_they_are(given: Any, written: str) -> None:  # noqa: ANN401 - whatever a caller may give
    made = Material(
        title="标题", body="正文", path="/p", images=["https://img.example.com/1.png"], type=3000, sub_type=given
    )
    assert form("submit_material", made)["mapp_sub_type"] == written


def test_row_11_shards_stay_below_5_million_bytes() -> None:
    large = Material(
        title="标题", body="x" * 2_000_000, path="/p", images=["https://a.example.com/1.png"], type=1000, sub_type=1001
    )
    sizes: dict[str, int] = {}
    for part in sitemap_parts(APP, [large] * 5, base_url="https://a.example.com", lastmod=date(2018, 7, 17)):
        sizes[part.file] = sizes.get(part.file, 0) + len(part.data)
    assert len(sizes) == 4
    assert max(sizes.values()) < SHARD_LIMIT == 5_000_000
    assert list(shard_problems("s.json", b" " * SHARD_LIMIT))


def test_row_12_users_are_1_to_100_joined_by_commas() -> None:
    assert form("push_message")["swan_ids"] == "D43857DGDG,JDKFGJ94"
    assert form("push_message", Push(["a"] * 100, MESSAGE))["swan_ids"].count(",") == 99
    for ids in ([], ["a"] * 101, ["a,b"]):
        with pytest.raises(InvalidArgument):
            Push(ids, MESSAGE)
