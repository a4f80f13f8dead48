"""The imitated developer services against seed 003: what they take, what they refuse, and in which words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import pytest
from attrs import define

from miniapp_tp.sandbox import Fault
from miniapp_tp.sandbox.developer import OWN_PATHS
from miniapp_tp.sandbox.exchange import Request
from miniapp_tp.sandbox.world import World
from tests.sandbox.conftest import FORM, told

if TYPE_CHECKING:
    from miniapp_tp.sandbox.exchange import Answer
    from tests.sandbox.conftest import Now

APP: Final = "15000001"
OTHER: Final = "15000002"
ACCESS: Final = "/rest/2.0/smartapp/access"
KEYS: Final = {
    "grant_type": "client_credentials",
    "client_id": f"sandbox-key-{APP}",
    "client_secret": f"sandbox-secret-{APP}",
    "scope": "smartapp_snsapi_base",
}
CONTENT: Final[dict[str, Any]] = {
    "title": "积分变动通知",
    "first": {"value": "亲爱的用户"},
    "keywords": [{"name": "服装类商品", "value": "满1000减100"}],
}
MESSAGE: Final = {
    "app_id": APP,
    "title": "优惠活动",
    "description": "2018最大力度优惠",
    "path_url": "/pages/detail/detail/",
    "type": "21",
    "content": json.dumps(CONTENT),
}
CARD: Final = {
    "scard_title": "金牌投资人",
    "scard_desc": "更新至6集",
    "img_url": "http://img.example.com/1.jpg",
    "path_url": "/pages/home/home/",
}
FEED: Final = {
    "app_id": APP,
    "mcard_title": "精选影视推荐",
    "recommend_type": "3",
    "templete_type": "1",
    "scard_list": json.dumps([CARD] * 5),
}
MATERIAL_FORM: Final = {
    "app_id": APP,
    "title": "百度智能小程序",
    "body": "连接人与服务",
    "path": "/pages/index/index",
    "images": '["https://img.example.com/1.png"]',
    "mapp_type": "1000",
    "mapp_sub_type": "1001",
}
SITEMAP: Final = {"app_id": APP, "url": "https://a.example.com/s.json", "desc": "示例", "type": "1", "frequency": "3"}
FORMS: Final = {
    OWN_PATHS["push_message"]: {**MESSAGE, "swan_ids": "D43857DGDG,JDKFGJ94"},
    OWN_PATHS["broadcast_message"]: MESSAGE,
    OWN_PATHS["submit_feed_cards"]: FEED,
    f"{ACCESS}/submitresource": MATERIAL_FORM,
    f"{ACCESS}/deleteresource": {"app_id": APP, "path": "/pages/index/index"},
    f"{ACCESS}/submitsitemap": SITEMAP,
    f"{ACCESS}/deletesitemap": {"app_id": APP, "url": "https://a.example.com/s.json"},
}
EACH: Final = pytest.mark.parametrize("path", FORMS)


@define
class Developer:
    """Calls to the imitated services, as the documents show them."""

    world: World
    token: str = ""

    def ask(self, method: str = "POST", **params: str) -> Answer:
        path = "/oauth/2.0/token"
        if method == "GET":
            return self.world.answer(Request("GET", path, tuple(params.items())))
        return self.world.answer(Request(method, path, (), FORM, urlencode(params).encode()))

    def begin(self) -> str:
        """Take a token to go on with."""
        self.token = told(self.ask(**KEYS))["access_token"]
        return self.token

    def post(self, path: str, /, **form: str) -> dict[str, Any]:
        query = (("access_token", self.token),) if self.token else ()
        return told(self.world.answer(Request("POST", path, query, FORM, urlencode(form).encode())))

    def errno(self, path: str, /, **changes: str | None) -> int:
        form = {name: value for name, value in {**FORMS[path], **changes}.items() if value is not None}
        found: int = self.post(path, **form)["errno"]
        return found


@pytest.fixture
def developer(world: World) -> Developer:
    made = Developer(world)
    made.begin()
    return made


# --- the token --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_keys_give_a_token_by_both_documented_ways(world: World, method: str) -> None:
    found = told(Developer(world).ask(method, **KEYS))
    assert found == {
        "access_token": f"24.sandbox-{APP}~1",
        "expires_in": 86400,
        "scope": "smartapp_snsapi_base",
        "refresh_token": "sandbox-unused",
        "session_key": "sandbox-unused",
        "session_secret": "sandbox-unused",
    }
    assert world.count(provider="baidu", operation="get_developer_token", app=APP) == 1


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_id": "sandbox-key-"}, "invalid_client"),
        ({"client_id": APP}, "invalid_client"),
        ({"client_secret": f"sandbox-secret-{OTHER}"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"grant_type": "client_credential"}, "unsupported_grant_type"),
        ({"scope": "basic"}, "invalid_scope"),
        ({"more": "1"}, "invalid_request"),
    ],
    ids=str,
)
def test_a_token_is_refused_in_oauths_words_with_status_400(world: World, changes: dict[str, str], word: str) -> None:
    answer = Developer(world).ask(**{**KEYS, **changes})
    assert (answer.reply.status, told(answer)["error"]) == (400, word)


@pytest.mark.parametrize("name", KEYS)
def test_each_parameter_of_a_token_is_needed(world: World, name: str) -> None:
    answer = Developer(world).ask(**{one: value for one, value in KEYS.items() if one != name})
    assert told(answer)["error"] == "invalid_request"


def test_a_token_lives_a_day_and_an_older_one_goes_on(developer: Developer, now: Now) -> None:
    old = developer.token
    developer.begin()
    developer.token = old
    now.at += 86399
    assert developer.errno(f"{ACCESS}/submitresource") == 0
    now.at += 1
    assert developer.post(f"{ACCESS}/submitresource", **MATERIAL_FORM)["error_code"] == 111


def test_other_verbs_arent_there(developer: Developer) -> None:
    for method, path in (("PUT", "/oauth/2.0/token"), ("GET", f"{ACCESS}/submitresource")):
        assert developer.world.answer(Request(method, path)).reply.status == 405


# --- who may call -----------------------------------------------------------------------------------------------


@EACH
def test_what_is_documented_is_taken(developer: Developer, path: str) -> None:
    found = developer.post(path, **FORMS[path])
    assert (found["errno"], found["msg"]) == (0, "success")
    assert found["data"] == ({"msg_key": 123456790} if "title" in FORMS[path] and "type" in FORMS[path] else "")


@EACH
def test_a_token_is_needed_and_must_be_the_apps_own(developer: Developer, path: str) -> None:
    component = developer.world.baidu.tokens[APP]
    for token, code in (("", 100), ("24.guessed", 110), (component, 110)):
        developer.token = token
        assert developer.post(path, **FORMS[path])["error_code"] == code
    developer.begin()
    assert developer.errno(path, app_id=OTHER) == 6001


def test_a_developers_token_opens_nothing_else(developer: Developer) -> None:
    request = Request("GET", "/rest/2.0/smartapp/app/info", (("access_token", developer.token),))
    assert told(developer.world.answer(request))["error_code"] == 110


@EACH
def test_fields_that_are_missing_empty_or_unknown(developer: Developer, path: str) -> None:
    for name in FORMS[path]:
        assert developer.errno(path, **{name: None}) == 2002
        assert developer.errno(path, **{name: ""}) == 2002
    assert developer.errno(path, more="1") == 2002
    found = developer.world.answer(
        Request("POST", path, (("access_token", developer.token),), "application/json", b"{}")
    )
    assert told(found)["errno"] == 2002


# --- what may be said -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [OWN_PATHS["push_message"], OWN_PATHS["broadcast_message"]])
def test_a_message_that_isnt_as_documented(developer: Developer, path: str) -> None:
    assert developer.errno(path, type="22") == 2003
    for wrong in (
        *("", "[]", "{", "5"),
        *(json.dumps({**CONTENT, name: value}) for name in CONTENT for value in ("", 5, None)),
        json.dumps({**CONTENT, "more": "1"}),
        json.dumps({**CONTENT, "first": {"value": ""}}),
        json.dumps({**CONTENT, "keywords": [{"name": "a"}]}),
        json.dumps({**CONTENT, "keywords": ["a"]}),
    ):
        assert developer.errno(path, content=wrong) == (30010002 if wrong else 2002)
    assert developer.world.developer.sent == []


def test_1_to_100_users(developer: Developer) -> None:
    path = OWN_PATHS["push_message"]
    assert developer.errno(path, swan_ids=",".join(["a"] * 100)) == 0
    assert developer.errno(path, swan_ids=",".join(["a"] * 101)) == 2003
    assert developer.errno(path, swan_ids="a,,b") == 2003


def test_messages_may_run_out(developer: Developer) -> None:
    developer.world.developer.messages_left[APP] = 1
    path = OWN_PATHS["broadcast_message"]
    assert [developer.errno(path) for _ in range(2)] == [0, 116001]
    assert [one.operation for one in developer.world.developer.sent] == ["broadcast_message"]


def wrong_card(**changes: str | None) -> dict[str, str]:
    card = {name: value for name, value in {**CARD, **changes}.items() if value is not None}
    return {"scard_list": json.dumps([CARD, CARD, CARD, CARD, card])}


WRONG_FEEDS: Final = {
    "kind": {"recommend_type": "4"},
    "template": {"templete_type": "3"},
    "title": {"mcard_title": "字" * 11},
    "4 cards": {"scard_list": json.dumps([CARD] * 4)},
    "10 cards": {"scard_list": json.dumps([CARD] * 10)},
    "numbers": {"scard_list": "[1, 2, 3, 4, 5]"},
    "no JSON": {"scard_list": "no"},
    "title of a card": wrong_card(scard_title="字" * 9),
    "long summary": wrong_card(scard_desc="字" * 21),
    "no summary": wrong_card(scard_desc=None),
    "picture": wrong_card(img_url="h" * 501),
    "more": wrong_card(more="1"),
}


@pytest.mark.parametrize("changes", WRONG_FEEDS.values(), ids=WRONG_FEEDS)
def test_a_feed_that_isnt_as_documented(developer: Developer, changes: dict[str, str]) -> None:
    assert developer.errno(OWN_PATHS["submit_feed_cards"], **changes) == 2002


def test_the_other_template_has_longer_titles_and_no_need_of_summaries(developer: Developer) -> None:
    path = OWN_PATHS["submit_feed_cards"]
    bare = {name: CARD[name] for name in CARD if name != "scard_desc"} | {"scard_title": "字" * 20}
    assert developer.errno(path, templete_type="2", scard_list=json.dumps([bare] * 9)) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"images": "[]"},
        {"images": "https://img.example.com/1.png"},
        {"images": "[5]"},
        {"mapp_type": "5000"},
        {"mapp_sub_type": "2001"},
        {"ext": "[]"},
        {"ext": "no"},
    ],
    ids=str,
)
def test_a_material_that_isnt_as_documented(developer: Developer, changes: dict[str, str]) -> None:
    assert developer.errno(f"{ACCESS}/submitresource", **changes) == 2002


@pytest.mark.parametrize("changes", [{"type": "2"}, {"frequency": "0"}, {"frequency": "7"}, {"url": "s.json"}], ids=str)
def test_a_sitemap_that_isnt_as_documented(developer: Developer, changes: dict[str, str]) -> None:
    assert developer.errno(f"{ACCESS}/submitsitemap", **changes) == 2002


def test_what_was_handed_in_may_be_looked_at_whoever_handed_it_in(developer: Developer) -> None:
    services = developer.world.developer
    token = (("access_token", developer.world.baidu.tokens[APP]),)
    body = urlencode({**MATERIAL_FORM, "tags": "组件,接口", "ext": "{}", "feed_type": "娱乐"}).encode()
    developer.world.answer(Request("POST", f"{ACCESS}/resource/submit", token, FORM, body))
    assert services.materials[APP]["/pages/index/index"]["feed_type"] == "娱乐"
    assert developer.errno(f"{ACCESS}/submitsitemap") == 0
    assert list(services.sitemaps[APP]) == ["https://a.example.com/s.json"]
    for path in (f"{ACCESS}/deleteresource", f"{ACCESS}/deletesitemap"):
        assert [developer.errno(path) for _ in range(2)] == [0, 0]
    assert (services.materials[APP], services.sitemaps[APP]) == ({}, {})


# --- faults and counts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "name", "code"),
    [
        (Fault.RATE_LIMITED, "error_code", 18),
        (Fault.EXPIRED_TOKEN, "error_code", 111),
        (Fault.FORBIDDEN, "errno", 6001),
        (Fault.REVOKED, "errno", 6001),
        (Fault.IP_NOT_LISTED, "error_code", 5),
        (Fault.LATENCY, "errno", 0),
    ],
)
def test_faults_say_what_a_developer_would_hear(developer: Developer, fault: Fault, name: str, code: int) -> None:
    developer.world.inject(fault, provider="baidu", operation="submit_material")
    assert developer.post(f"{ACCESS}/submitresource", **MATERIAL_FORM)[name] == code


def test_an_expired_token_may_really_end(developer: Developer) -> None:
    developer.world.inject(Fault.EXPIRED_TOKEN, provider="baidu", app=APP, rotate=True)
    assert [developer.post(f"{ACCESS}/submitresource", **MATERIAL_FORM).get("error_code") for _ in range(2)] == [
        111
    ] * 2
    developer.begin()
    assert developer.errno(f"{ACCESS}/submitresource") == 0


def test_asking_for_a_token_knows_neither_grants_nor_older_tokens(developer: Developer) -> None:
    for fault in (Fault.EXPIRED_TOKEN, Fault.FORBIDDEN, Fault.REVOKED):
        developer.world.inject(fault, provider="baidu", app=APP)
    assert developer.begin()
    developer.world.clear()
    developer.world.inject(Fault.RATE_LIMITED, provider="baidu", operation="get_developer_token")
    assert told(developer.ask(**KEYS))["error_code"] == 18


def test_a_new_app_has_keys_too(world: World) -> None:
    world.baidu.authorize("15999999")
    assert world.developer.credentials["15999999"] == ("sandbox-key-15999999", "sandbox-secret-15999999")
    assert world.developer.credentials.keys() == world.baidu.apps.keys()
