"""Developer services: fields and codes, and the token that an app's own keys give (seed 003; wire/baidu.md § 5)."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import given

from miniapp_tp import (
    Actor,
    Conflict,
    CredentialRejected,
    FeedCard,
    InvalidArgument,
    InvalidRequest,
    Material,
    Message,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    ReplyNotUnderstood,
    Scope,
    Secret,
    SitemapSubmission,
    Unknown,
)
from miniapp_tp.contract import Issued
from miniapp_tp.models import Broadcast, FeedSubmission, Of, Push
from miniapp_tp.providers.baidu.developer import (
    COMPONENT_MATERIALS,
    DEVELOPER_TOKEN,
    ENDPOINTS,
    SERVICES,
    Keys,
    developer_contract,
    material_entry,
)
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.wire.endpoint import Absent, Endpoint
from tests.providers.reading import JSON, Reader

BAIDU: Final = Reader(DIALECT)
APP: Final = "1000001"
URLS: Final = {name: f"https://invited.example/{name}" for name in SERVICES[:3]}
OWN: Final = developer_contract(URLS)
CARDS: Final = [FeedCard("卡片", "https://img.example.com/1.jpg", "/pages/home/home/")] * 5
MATERIAL: Final = Material(
    title="标题", body="正文", path="/p", images=["https://img.example.com/1.png"], type=1000, sub_type=Unknown("1099")
)


def endpoint(name: str, contract: Any = OWN) -> Endpoint[Any, Any]:  # noqa: ANN401 - either contract
    found: Endpoint[Any, Any] = getattr(contract, name)
    assert isinstance(found, Endpoint)
    return found


# --- what the contracts say ----------------------------------------------------------------------------------------


def test_the_services_are_the_seeds_in_its_order() -> None:
    assert SERVICES == (
        "push_message",
        "broadcast_message",
        "submit_feed_cards",
        "submit_material",
        "delete_material",
        "submit_sitemap",
        "delete_sitemap",
    )
    assert [endpoint(name).name for name in SERVICES] == list(SERVICES)


def test_what_has_no_address_is_absent_and_says_how_to_supply_one() -> None:
    bare = developer_contract({})
    assert [name for name in SERVICES if not bare.supports(name)] == list(SERVICES[:3])
    found = bare.push_message
    assert isinstance(found, Absent)
    assert found.name == "push_message"
    assert found.why.endswith("pass urls={'push_message': 'https://…'}")
    assert all(OWN.supports(name) for name in SERVICES)
    assert not OWN.supports("supports")


def test_addresses_are_those_given_or_the_published_ones() -> None:
    assert [endpoint(name).path for name in SERVICES[:3]] == list(URLS.values())
    published = "submitresource deleteresource submitsitemap deletesitemap"
    assert [one.path for one in ENDPOINTS] == [f"/rest/2.0/smartapp/access/{name}" for name in published.split()]
    moved = developer_contract({"delete_sitemap": "https://elsewhere.example/x"})
    assert endpoint("delete_sitemap", moved).path == "https://elsewhere.example/x"
    assert endpoint("submit_sitemap", moved) == endpoint("submit_sitemap")


def test_a_component_has_paths_of_its_own() -> None:
    paths = [endpoint(name, COMPONENT_MATERIALS).path for name in SERVICES[3:]]
    own = "resource/submit resource/delete sitemap/submit sitemap/delete"
    assert paths == [f"/rest/2.0/smartapp/access/{name}" for name in own.split()]
    assert not COMPONENT_MATERIALS.supports("push_message")


@pytest.mark.parametrize("contract", [OWN, COMPONENT_MATERIALS], ids=["own", "component"])
def test_only_deletions_may_be_made_twice(contract: Any) -> None:  # noqa: ANN401 - either contract
    for name in (name for name in SERVICES if contract.supports(name)):
        one = endpoint(name, contract)
        assert (one.method, one.changes, one.idempotent) == ("POST", True, name.startswith("delete_"))


# --- fields --------------------------------------------------------------------------------------------------------


def test_a_heading_that_isnt_given_is_the_title() -> None:
    fields = endpoint("broadcast_message").encode(Of(APP, Broadcast(Message("标题", "正文", "/p", "开头"))))
    assert json.loads(fields["content"]) == {"title": "标题", "first": {"value": "开头"}, "keywords": []}
    assert "swan_ids" not in fields


def test_the_misspelt_field_of_a_feed_and_a_card_without_a_summary() -> None:
    fields = endpoint("submit_feed_cards").encode(Of(APP, FeedSubmission("推荐", CARDS, 2)))
    assert fields["templete_type"] == "2"
    assert "template_type" not in fields
    assert json.loads(fields["scard_list"])[0] == {
        "scard_title": "卡片",
        "img_url": "https://img.example.com/1.jpg",
        "path_url": "/pages/home/home/",
    }


def test_a_material_without_what_is_optional_and_with_what_came_later() -> None:
    fields = endpoint("submit_material").encode(Of(APP, MATERIAL))
    assert fields.keys() == {"app_id", "title", "body", "path", "images", "mapp_type", "mapp_sub_type"}
    assert (fields["mapp_type"], fields["mapp_sub_type"]) == ("1000", "1099")
    later = Material(
        title="标题",
        body="正文",
        path="/p",
        images=["https://img.example.com/1.png"],
        type=1000,
        sub_type=1001,
        ext={},
        feed_type="娱乐",
        feed_sub_type="明星八卦",
    )
    fields = endpoint("submit_material").encode(Of(APP, later))
    assert (fields["ext"], fields["feed_type"], fields["feed_sub_type"]) == ("{}", "娱乐", "明星八卦")
    assert (material_entry(APP, later)["ext"], material_entry(APP, later)["images"]) == ({}, list(later.images))


def test_chinese_stays_chinese_in_json_texts() -> None:
    push = Of(APP, Push(["a", "b"], Message("标题", "正文", "/p", "开头")))
    fields = endpoint("push_message").encode(push)
    assert "标题" in fields["content"]
    assert fields["swan_ids"] == "a,b"


# --- replies -------------------------------------------------------------------------------------------------------

NO_KEY: Final[tuple[object, ...]] = ("", "ok", True, None, {}, [], {"msg_key": ""}, "push发送成功")


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"msg_key": 123456789}, 123456789),
        ({"msg_key": "123"}, 123),
        ('{"msg_key": 5}', 5),
        *((data, None) for data in NO_KEY),
    ],
    ids=repr,
)
def test_the_key_of_a_message_is_read_where_there_is_one(data: object, key: int | None) -> None:
    for name in ("push_message", "broadcast_message"):
        assert BAIDU.value(endpoint(name), {"errno": 0, "msg": "success", "data": data}) == key


@given(JSON)
def test_a_yes_is_a_yes_whatever_comes_with_it(data: object) -> None:
    for name in SERVICES[2:]:
        assert BAIDU.value(endpoint(name), {"errno": 0, "data": data}) is None
    found = BAIDU.value(endpoint("push_message"), {"errno": 0, "data": data})
    assert found is None or isinstance(found, int)


YOU, MERCHANT = (Actor.YOU, Scope.APP), (Actor.MERCHANT, Scope.APP)
LISTED: Final[list[tuple[str, int, type[ProviderError], tuple[Actor, Scope]]]] = [
    *(
        (name, code, kind, who)
        for name in ("push_message", "broadcast_message")
        for code, kind, who in [
            (6001, PermissionDenied, YOU),
            (1009, ProviderUnavailable, (Actor.PROVIDER, Scope.APP)),
            (2002, InvalidRequest, YOU),
            (2003, InvalidRequest, YOU),
            (116001, QuotaExhausted, (Actor.TIME, Scope.APP)),
            (30010002, InvalidRequest, YOU),
        ]
    ),
    *((name, 6001, PermissionDenied, YOU) for name in SERVICES),
    *(
        (name, code, kind, who)
        for name in ("submit_sitemap", "delete_sitemap")
        for code, kind, who in [
            (2002, InvalidRequest, YOU),
            (30001, InvalidRequest, YOU),
            (30013, QuotaExhausted, (Actor.TIME, Scope.APP)),
            (47005, ProviderUnavailable, (Actor.PROVIDER, Scope.APP)),
            (60005, Conflict, YOU),
        ]
    ),
]


@pytest.mark.parametrize(("name", "code", "kind", "who"), LISTED)
def test_each_listed_code_has_its_class(
    name: str, code: int, kind: type[ProviderError], who: tuple[Actor, Scope]
) -> None:
    error = BAIDU.error(endpoint(name), {"errno": code, "msg": "no"})
    assert type(error) is kind
    assert (error.actor, error.scope) == who
    assert error.may_have_happened is (kind is ProviderUnavailable)


def test_codes_that_mean_something_else_elsewhere() -> None:
    assert type(BAIDU.error(endpoint("submit_feed_cards"), {"errno": 2003, "msg": "no"})) is ProviderError
    assert type(BAIDU.error(endpoint("submit_material"), {"errno": 47005, "msg": "no"})) is ProviderError
    assert type(BAIDU.error(endpoint("submit_material"), {"errno": 60005, "msg": "no"})) is ProviderError
    for name in SERVICES[3:]:
        denied = BAIDU.error(endpoint(name, COMPONENT_MATERIALS), {"errno": 6001, "msg": "no"})
        assert (type(denied), denied.actor) == (PermissionDenied, Actor.MERCHANT)
    for code, kind in ((47005, ProviderUnavailable), (60005, Conflict)):
        assert type(BAIDU.error(endpoint("submit_sitemap", COMPONENT_MATERIALS), {"errno": code, "msg": ""})) is kind


# --- the token -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(86400, 86400), (2592000, 2592000), ("3600", 3600), (None, 86400), (0, 86400), (-1, 86400), ("a month", 86400)],
    ids=repr,
)
def test_a_token_lives_as_long_as_its_reply_says(expires_in: object, seconds: int) -> None:
    found = BAIDU.value(DEVELOPER_TOKEN, {"access_token": "24.token", "expires_in": expires_in})
    assert found == Issued(Secret("24.token"), seconds)


@pytest.mark.parametrize(
    ("body", "kind", "scope"),
    [
        ({"error": "invalid_client", "error_description": "unknown client id"}, CredentialRejected, Scope.APP),
        ({"error": "unauthorized_client", "error_description": ""}, CredentialRejected, Scope.APP),
        ({"error": "invalid_grant", "error_description": ""}, CredentialRejected, Scope.APP),
        ({"error_code": 101, "error_msg": "bad API key"}, CredentialRejected, Scope.APP),
        ({"error": "invalid_scope", "error_description": ""}, InvalidRequest, Scope.APP),
        ({"error": "unsupported_grant_type", "error_description": ""}, InvalidRequest, Scope.APP),
        ({"error_code": 18, "error_msg": "qps"}, RateLimited, Scope.COMPONENT),
    ],
    ids=str,
)
def test_a_token_that_is_refused(body: object, kind: type[ProviderError], scope: Scope) -> None:
    error = BAIDU.error(DEVELOPER_TOKEN, body, 400)
    assert type(error) is kind
    assert (error.scope, error.reply) == (scope, None)
    assert error.actor in {Actor.YOU, Actor.TIME}


@given(JSON)
def test_a_token_that_isnt_one_is_not_understood(body: object) -> None:
    found = BAIDU.read(DEVELOPER_TOKEN, {"errno": 0, "data": body})
    assert isinstance(found, ReplyNotUnderstood)
    assert found.reply is None


def test_keys_are_in_no_repr() -> None:
    assert repr(Keys(Secret("key"), Secret("secret"))) == "Keys(key=Secret('***'), secret=Secret('***'))"


def test_a_sitemap_is_handed_in_with_its_ids() -> None:
    fields = endpoint("submit_sitemap").encode(Of(APP, SitemapSubmission("https://a.example.com/s.json", "说明")))
    assert (fields["type"], fields["frequency"], fields["desc"]) == ("1", "3", "说明")


def test_wrong_values_never_get_this_far() -> None:
    with pytest.raises(InvalidArgument):
        Push([], Message("标题", "正文", "/p", "开头"))
