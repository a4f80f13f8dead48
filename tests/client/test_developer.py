"""The developer's client: what it refuses, what it sends, and how it goes about its tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from miniapp_tp import (
    Attempt,
    BaiduClient,
    BaiduDeveloperClient,
    Conflict,
    ConnectionLost,
    CredentialRejected,
    Endpoint,
    FeedCard,
    FeedTemplate,
    HttpxTransport,
    InvalidArgument,
    KuaishouClient,
    Material,
    Message,
    NotSupported,
    Options,
    PermissionDenied,
    QuotaExhausted,
    Reply,
    Secret,
    SitemapSubmission,
)
from miniapp_tp.providers.baidu.developer import SERVICES
from tests.support.scripted import Scripted, Step, answer, baidu_no, baidu_yes, gateway_no, script, sent
from tests.support.sides import BAIDU, KUAISHOU, TOKEN

Call = Callable[[Any], Awaitable[object]]

APP: Final = "15263713"
KEYS: Final = ("an-app-key", "an-app-secret")
URLS: Final = {name: f"https://invited.example/{name}" for name in SERVICES[:3]}
MESSAGE: Final = Message("标题", "正文", "/pages/a/a", "开头")
CARDS: Final = [FeedCard("卡片", "https://img.example.com/1.jpg", "/pages/a/a", "摘要")] * 5
MATERIAL: Final = Material(
    title="标题", body="正文", path="/p", images=["https://img.example.com/1.png"], type=1000, sub_type=1001
)
SITEMAP: Final = SitemapSubmission("https://files.example.com/sitemap.json", "示例")

CALLS: Final[dict[str, Call]] = {
    "push_message": lambda client: client.push_message(APP, ["USER1", "USER2"], MESSAGE),
    "broadcast_message": lambda client: client.broadcast_message(APP, MESSAGE),
    "submit_feed_cards": lambda client: client.submit_feed_cards(
        APP, "推荐", CARDS, template=FeedTemplate.WITH_SUMMARY
    ),
    "submit_material": lambda client: client.submit_material(APP, MATERIAL),
    "delete_material": lambda client: client.delete_material(APP, "/p"),
    "submit_sitemap": lambda client: client.submit_sitemap(APP, SITEMAP),
    "delete_sitemap": lambda client: client.delete_sitemap(APP, SITEMAP.url),
}
EACH: Final = pytest.mark.parametrize("name", CALLS)
MATERIALS: Final = pytest.mark.parametrize("name", list(CALLS)[3:])


def given(token: str = "24.one") -> Reply:
    return answer({"access_token": token, "expires_in": 86400})


def client_of(transport: Scripted, credentials: Any = None, **more: Any) -> BaiduDeveloperClient:  # noqa: ANN401 - whatever a caller may give
    given: dict[str, Any] = {"urls": URLS, "options": Options(backoff=0.0), **more}
    keys: Any = {APP: KEYS} if credentials is None else credentials
    return BaiduDeveloperClient(keys, transport=transport, **given)


def paths(transport: Scripted) -> list[str]:
    return [urlsplit(request.address).path.rsplit("/", 1)[-1] for request in transport.requests]


# --- making -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credentials", ["a secret", 5, None, [("a", "secret")]], ids=repr)
def test_credentials_of_another_form_are_refused_without_being_shown(credentials: Any) -> None:  # noqa: ANN401 - as above
    with pytest.raises(InvalidArgument, match="credentials is a mapping from app id") as caught:
        BaiduDeveloperClient(credentials)
    assert "secret" not in str(caught.value).replace("AppSecret", "")
    assert caught.value.provider == "baidu"


@pytest.mark.parametrize(
    ("urls", "why"),
    [
        ({"push": "https://invited.example/x"}, "none of the services push_message, "),
        ({"push_message": "http://invited.example/x"}, "it must start with https://"),
        ({"push_message": "/x"}, "it names no host"),
        ({"push_message": "https://invited.example/x?access_token=1"}, "no user, query or fragment"),
    ],
)
def test_addresses_are_checked_at_once(urls: dict[str, str], why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        BaiduDeveloperClient({}, urls=urls)


def test_loopback_needs_no_tls() -> None:
    client = BaiduDeveloperClient({}, urls={"push_message": "http://127.0.0.1:1/x"}, base_url="http://localhost:1")
    assert client.supports("push_message")


@pytest.mark.parametrize("more", [{"base_url": "http://openapi.example"}, {"error_codes": {1: ValueError}}], ids=repr)
def test_other_values_are_checked_as_for_every_client(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        BaiduDeveloperClient({}, **more)


def test_its_repr_shows_no_key() -> None:
    assert repr(client_of(script())) == "<BaiduDeveloperClient https://openapi.baidu.com>"


# --- what is refused before anything is sent --------------------------------------------------------------------


def test_what_has_no_address_isnt_supported() -> None:
    client = client_of(script(), urls=None)
    assert [name for name in CALLS if client.supports(name)] == list(CALLS)[3:]
    assert not client.supports("get_info")
    assert all(map(client_of(script()).supports, CALLS))


@pytest.mark.parametrize("name", list(CALLS)[:3])
async def test_without_an_address_nothing_is_sent_and_no_key_asked_for(name: str) -> None:
    async def never(_app: str) -> tuple[str, str]:
        raise AssertionError

    transport = script()
    with pytest.raises(NotSupported, match=r"pass urls=\{'" + name) as caught:
        await CALLS[name](client_of(transport, never, urls={}))
    assert (caught.value.provider, caught.value.operation, caught.value.app) == ("baidu", name, APP)
    assert transport.requests == []


REFUSED: Final[dict[str, Call]] = {
    "no users": lambda client: client.push_message(APP, [], MESSAGE),
    "101 users": lambda client: client.push_message(APP, ["a"] * 101, MESSAGE),
    "no message": lambda client: client.broadcast_message(APP, "text"),
    "4 cards": lambda client: client.submit_feed_cards(APP, "推荐", CARDS[:4], template=FeedTemplate.WITH_SUMMARY),
    "no material": lambda client: client.submit_material(APP, {"title": "标题"}),
    "no path": lambda client: client.delete_material(APP, ""),
    "no sitemap": lambda client: client.submit_sitemap(APP, SITEMAP.url),
    "no address": lambda client: client.delete_sitemap(APP, "sitemap.json"),
    "no app": lambda client: client.submit_material("", MATERIAL),
    "a number": lambda client: client.submit_material(15263713, MATERIAL),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
async def test_what_is_wrong_is_refused_before_anything_is_sent(call: Call) -> None:
    transport = script()
    with pytest.raises(InvalidArgument) as caught:
        await call(client_of(transport))
    assert caught.value.provider == "baidu"
    assert caught.value.operation in CALLS
    assert transport.requests == []


# --- credentials ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pair",
    [
        None,
        (),
        ("one",),
        ("one", "two", "three"),
        ("one", ""),
        ("one", 5),
        "onetwo",
        {"key": 1, "secret": 2},
        ("钥", "匙"),
    ],
    ids=repr,
)
async def test_an_app_has_a_key_and_a_secret(pair: Any) -> None:  # noqa: ANN401 - as above
    transport = script()
    with pytest.raises(InvalidArgument, match=r"\(?AppKey|AppSecret") as caught:
        await CALLS["submit_material"](client_of(transport, {APP: pair}))
    assert (caught.value.operation, caught.value.app) == ("submit_material", APP)
    assert transport.requests == []


@pytest.mark.parametrize("pair", [KEYS, list(KEYS), tuple(map(Secret, KEYS))], ids=repr)
async def test_keys_may_be_texts_or_secrets_and_go_into_the_body_alone(pair: Any) -> None:  # noqa: ANN401 - as above
    transport = script(given(), baidu_yes(""))
    await CALLS["submit_material"](client_of(transport, {APP: pair}))
    asked = transport.requests[0]
    assert (asked.method, asked.url) == ("POST", "https://openapi.baidu.com/oauth/2.0/token")
    assert sent(asked) == {
        "grant_type": "client_credentials",
        "scope": "smartapp_snsapi_base",
        "client_id": KEYS[0],
        "client_secret": KEYS[1],
    }


async def test_a_callable_is_asked_for_each_token_and_what_it_raises_comes_through() -> None:
    asked: list[str] = []

    async def keys(app: str) -> tuple[str, str]:
        asked.append(app)
        if len(asked) > 1:
            raise LookupError(app)
        return KEYS

    transport = script(given(), baidu_yes(""), baidu_yes(""), gateway_no(111))
    client = client_of(transport, keys)
    await CALLS["submit_material"](client)
    await CALLS["delete_material"](client)
    assert asked == [APP]
    with pytest.raises(LookupError, match=APP):
        await CALLS["delete_material"](client)


# --- calls ------------------------------------------------------------------------------------------------------


@EACH
async def test_each_call_carries_the_apps_own_token_and_is_told_to_hooks(name: str) -> None:
    attempts: list[Attempt] = []
    transport = script(given(), baidu_yes({"msg_key": 7}))
    found = await CALLS[name](client_of(transport, hooks=[attempts.append]))
    assert found == (7 if "message" in name else None)
    assert transport.tokens == ["24.one"]
    assert sent(transport.requests[1])["app_id"] == APP
    assert [(attempt.operation, attempt.app) for attempt in attempts] == [("get_developer_token", APP), (name, APP)]
    if name in URLS:
        assert transport.requests[1].address == URLS[name]


@EACH
async def test_a_rejected_token_is_replaced_once(name: str) -> None:
    transport = script(given(), gateway_no(111), given("24.two"), baidu_yes(""))
    await CALLS[name](client_of(transport))
    assert transport.tokens == ["24.one", "24.two"]
    transport = script(given(), gateway_no(110), given("24.two"), gateway_no(110))
    with pytest.raises(CredentialRejected):
        await CALLS[name](client_of(transport))


@EACH
async def test_a_lost_answer_is_asked_for_again_only_where_nothing_can_happen_twice(name: str) -> None:
    lost = ConnectionLost("cut", may_have_happened=True)
    transport = script(given(), lost, baidu_yes(""))
    client = client_of(transport)
    if name.startswith("delete_"):
        await CALLS[name](client)
        assert len(transport.requests) == 3
    else:
        with pytest.raises(ConnectionLost) as caught:
            await CALLS[name](client)
        assert (caught.value.may_have_happened, caught.value.retryable) == (True, False)
        assert len(transport.requests) == 2


async def test_a_lost_token_is_asked_for_again() -> None:
    transport = script(ConnectionLost("cut", may_have_happened=True), given(), baidu_yes(""))
    await CALLS["push_message"](client_of(transport))
    assert len(transport.requests) == 3


async def test_refused_keys_are_the_callers_to_put_right() -> None:
    no = answer({"error": "invalid_client", "error_description": "Client authentication failed"}, 400)
    with pytest.raises(CredentialRejected) as caught:
        await CALLS["push_message"](client_of(script(no)))
    error = caught.value
    assert (error.operation, error.app, error.code, error.reply) == ("push_message", APP, "invalid_client", None)
    assert not error.may_have_happened


@pytest.mark.parametrize(("code", "kind"), [(6001, PermissionDenied), (116001, QuotaExhausted), (987654, Conflict)])
async def test_a_no_has_its_class_and_ones_own_codes_go_first(code: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await CALLS["push_message"](client_of(script(given(), baidu_no(code)), error_codes={987654: Conflict}))


async def test_many_calls_at_once_ask_for_one_token_and_dont_lock_each_other_out() -> None:
    transport = script(given(), *[baidu_yes("")] * 50)
    client = client_of(transport, options=Options(concurrency=1))
    await asyncio.gather(*[CALLS["delete_material"](client) for _ in range(50)])
    assert paths(transport).count("token") == 1


async def test_any_endpoint_can_be_called() -> None:
    transport = script(given(), baidu_yes("found"))
    query = Endpoint[None, object](name="query", path="/rest/2.0/mine", decode=lambda _app, data: data)
    assert await client_of(transport).call(query, APP, None) == "found"
    assert transport.tokens == ["24.one"]


# --- sharing and closing ----------------------------------------------------------------------------------------


async def test_a_client_with_other_options_shares_the_tokens() -> None:
    transport = script(given(), baidu_yes(""), baidu_yes(""))
    client = client_of(transport)
    await CALLS["delete_material"](client)
    quick = client.with_options(timeout=1.0)
    await CALLS["delete_material"](quick)
    assert paths(transport).count("token") == 1
    assert transport.timeouts[2] <= 1.0 < transport.timeouts[1]
    with pytest.raises(InvalidArgument):
        client.with_options(proxy="http://proxy.example")
    await quick.aclose()
    transport.steps.append(baidu_yes(""))
    await CALLS["delete_material"](client)


async def test_a_closed_client_sends_nothing_and_leaves_a_given_transport_open() -> None:
    transport = script()
    async with client_of(transport) as client:
        pass
    await client.aclose()
    for one in (client, client.with_options(timeout=1.0)):
        with pytest.raises(InvalidArgument, match="this client is closed"):
            await CALLS["delete_material"](one)
    assert (transport.requests, transport.closed) == ([], 0)


async def test_its_own_connections_are_closed_with_it() -> None:
    client = BaiduDeveloperClient({})
    await client.aclose()
    transport: HttpxTransport = vars(client)["_session"].transport
    assert "closed=True" in repr(vars(transport)["_lanes"])


# --- the same for a component -----------------------------------------------------------------------------------


@MATERIALS
async def test_a_component_hands_in_by_its_own_path_with_the_token_of_the_app(name: str) -> None:
    steps: list[Step] = [baidu_yes("")]
    transport = script(*steps)
    client = BaiduClient(BAIDU.component, tokens={APP: TOKEN}, transport=transport)
    assert await CALLS[name](client) is None
    act, what = name.split("_")
    what = "resource" if what == "material" else what
    assert transport.requests[0].address.endswith(f"/rest/2.0/smartapp/access/{what}/{act}")
    assert transport.tokens == [TOKEN]
    assert sent(transport.requests[0])["app_id"] == APP


@MATERIALS
async def test_a_component_refuses_the_same_before_anything_is_sent(name: str) -> None:
    transport = script()
    client = BaiduClient(BAIDU.component, tokens={APP: TOKEN}, transport=transport)
    method: Any = getattr(client, name)
    for app, value in ((APP, None), ("", "/p")):
        with pytest.raises(InvalidArgument) as caught:
            await method(app, value)
        assert caught.value.operation == name
    assert transport.requests == []


@MATERIALS
def test_baidu_supports_them_and_kuaishou_doesnt(name: str) -> None:
    assert BaiduClient(BAIDU.component, tokens={}).supports(name)
    assert not KuaishouClient(KUAISHOU.component, tokens={}).supports(name)
    assert not BaiduClient(BAIDU.component, tokens={}).supports("push_message")
