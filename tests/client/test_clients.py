"""The clients themselves: how they are made and shared, and what they refuse before anything is sent."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from miniapp_tp import (
    BaiduClient,
    CredentialRejected,
    InvalidArgument,
    InvalidRequest,
    KuaishouClient,
    MiniAppClient,
    NotFound,
    NotSupported,
    Options,
    ProviderError,
    RateLimited,
    Secret,
)
from miniapp_tp.contract import OPERATIONS
from tests.support.scripted import baidu_no, script
from tests.support.sides import BAIDU, KUAISHOU, SIDES, TOKEN, Side

BOTH = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
METHODS = ("get_info", "get_server_domain", "set_server_domain", "get_webview_domain", "set_webview_domain")


# --- making -----------------------------------------------------------------------------------------------------


@BOTH
def test_tokens_are_asked_for(side: Side) -> None:
    with pytest.raises(InvalidArgument, match="give either tokens") as caught:
        side.kind(side.component)
    assert caught.value.provider == side.name
    assert isinstance(caught.value, ValueError)


@BOTH
@pytest.mark.parametrize("tokens", ["a token", 5, ["a token"]], ids=repr)
def test_tokens_of_another_form_are_refused_without_being_shown(side: Side, tokens: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match="an async callable") as caught:
        side.kind(side.component, tokens=tokens)
    assert "a token" not in str(caught.value)


@BOTH
@pytest.mark.parametrize("component", ["", "  ", None, 15263713], ids=repr)
def test_a_component_is_named(side: Side, component: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match="named by its id"):
        side.kind(component, tokens={})


@BOTH
@pytest.mark.parametrize(
    "address",
    [
        "http://openapi.example",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "ftp://openapi.example",
        "openapi.example",
        "https://",
        "https://user:pass-word@openapi.example",
        "https://openapi.example/?access_token=x",
        "https://openapi.example/#x",
        "https://open api.example",
        "",
        None,
    ],
    ids=repr,
)
def test_addresses_that_tokens_may_not_be_sent_to(side: Side, address: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument) as caught:
        side.kind(side.component, tokens={}, base_url=address)
    assert "pass-word" not in str(caught.value)


@BOTH
@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8087",
        "http://127.8.8.8",
        "http://localhost:8087/",
        "http://[::1]:8087",
        "https://gateway.example:8443/baidu/",
    ],
)
async def test_addresses_that_tokens_may_be_sent_to(side: Side, address: str) -> None:
    transport = script(side.info)
    client = side.kind(side.component, tokens={side.app: TOKEN}, base_url=address, transport=transport)
    await client.get_info(side.app)
    assert re.match(re.escape(address.rstrip("/")) + r"/\w", transport.requests[0].address)


@pytest.mark.parametrize(
    ("side", "origin"),
    [(BAIDU, "https://openapi.baidu.com"), (KUAISHOU, "https://open.kuaishou.com")],
    ids=["baidu", "kuaishou"],
)
async def test_the_providers_own_addresses(side: Side, origin: str) -> None:
    transport = script(side.info)
    await side.client(transport).get_info(side.app)
    assert transport.requests[0].origin == origin


@BOTH
@pytest.mark.parametrize(
    "codes",
    [
        {1: ValueError},
        {1: RateLimited("x")},
        {1: NotSupported},
        {1.5: RateLimited},
        {True: RateLimited},
        {None: NotFound},
    ],
    ids=repr,
)
def test_additions_to_the_codes_are_checked(side: Side, codes: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match="error_codes"):
        side.kind(side.component, tokens={}, error_codes=codes)


class OurOwn(ProviderError):
    """What a code means to a user."""


async def test_additions_to_the_codes_outrank_the_table() -> None:
    codes: dict[int | str, type[ProviderError]] = {987654: OurOwn, 470016: NotFound}
    transport = script(baidu_no(987654), baidu_no(470016), baidu_no(50061))
    client = BaiduClient(BAIDU.component, tokens={BAIDU.app: TOKEN}, transport=transport, error_codes=codes)
    for kind in (OurOwn, NotFound, InvalidRequest):
        with pytest.raises(kind):
            await client.get_info(BAIDU.app)


@BOTH
def test_reprs_hold_no_secret(side: Side) -> None:
    client = side.client(None, proxy="http://user:pass-word@proxy.example", tokens={side.app: TOKEN})
    assert repr(client) == f"<{side.kind.__name__} {side.component}>"
    for shown in (repr(client), repr(vars(client))):
        assert TOKEN not in shown
        assert "pass-word" not in shown


@BOTH
@pytest.mark.parametrize("more", [{"proxy": "http://user:pass-word@proxy.example"}, {"verify": False}])
def test_a_transport_of_ones_own_has_its_own_proxy_and_certificates(side: Side, more: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="belong to the connections, and those to the transport") as caught:
        side.client(script(), **more)
    assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize(
    "secret", ["a-component-secret", Secret("a-component-secret"), None], ids=["text", "secret", "none"]
)
def test_the_components_secret_is_kept_as_one(secret: str | Secret | None) -> None:
    client = KuaishouClient(KUAISHOU.component, secret, tokens={})
    assert "a-component-secret" not in repr(vars(client))


def test_a_client_is_made_without_an_event_loop_and_used_within_one() -> None:
    client = BAIDU.client(script(BAIDU.info), concurrency=1)
    assert client.supports("get_info")
    assert asyncio.run(client.get_info(BAIDU.app)).name == "a name"


# --- what it can do ---------------------------------------------------------------------------------------------


@BOTH
def test_both_providers_support_all_of_these(side: Side) -> None:
    client = side.client(script())
    assert all(client.supports(name) for name in METHODS)
    assert OPERATIONS[: len(METHODS)] == METHODS
    assert not any(client.supports(name) for name in ("fly", "", "supports", "call", "aclose", "__init__"))
    assert isinstance(client, MiniAppClient)
    assert client.provider == side.name


GRANTS = ("save_ticket", "authorize", "recover", "recover_all", "adopt", "forget", "apps", "keeper")
PUSHES = ("open_push", "acknowledge", "read_event", "apply_event")


@BOTH
@pytest.mark.parametrize("method", [*GRANTS, *PUSHES])
def test_both_providers_support_the_life_of_a_grant_and_pushes(side: Side, method: str) -> None:
    client = side.client(script())
    assert hasattr(client, method)
    assert client.supports(method)


def test_each_provider_lacks_something_of_the_life_of_a_grant() -> None:
    baidu, kuaishou = BAIDU.client(script()), KUAISHOU.client(script())
    paged = KuaishouClient(KUAISHOU.component, tokens={}, authorization_page="https://page.example/authorize")
    found = {
        name: (baidu.supports(name), kuaishou.supports(name), paged.supports(name))
        for name in ("start_ticket_push", "get_authorization_url", "missed_events")
    }
    assert found == {
        "start_ticket_push": (False, True, True),
        "get_authorization_url": (True, False, True),
        "missed_events": (True, False, False),
    }


@BOTH
@pytest.mark.parametrize("app", [15263713, None, "", " ", b"15263713"], ids=repr)
@pytest.mark.parametrize("method", ["get_info", "get_server_domain", "get_webview_domain"])
async def test_app_ids_are_text(side: Side, method: str, app: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    transport = script()
    with pytest.raises(InvalidArgument, match="15263713") as caught:
        await getattr(side.client(transport), method)(app)
    assert (caught.value.provider, caught.value.operation) == (side.name, method)
    assert transport.requests == []


async def test_errors_say_where_they_occurred() -> None:
    with pytest.raises(CredentialRejected) as caught:
        await BAIDU.client(script(BAIDU.rejected)).set_webview_domain(BAIDU.app, ["a.example.com"])
    error = caught.value
    assert (error.provider, error.operation, error.app) == ("baidu", "set_webview_domain", BAIDU.app)
    assert str(error).startswith(f"baidu set_webview_domain {BAIDU.app}: ")


@BOTH
async def test_arguments_are_refused_with_the_place_and_before_anything(side: Side) -> None:
    transport = script()
    client = side.client(transport)
    for call in (
        client.set_webview_domain(side.app, "a.example.com"),
        client.set_webview_domain(side.app, []),
        client.set_webview_domain(side.app, ["a b"]),
        client.set_webview_domain(side.app, ["a.example.com"], action="set"),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidArgument) as caught:
            await call
        assert (caught.value.operation, caught.value.app) == ("set_webview_domain", side.app)
    with pytest.raises(InvalidArgument):
        await client.set_server_domain(side.app, {"request": ["a.example.com"]})  # type: ignore[arg-type]
    assert transport.requests == []


# --- options ----------------------------------------------------------------------------------------------------


@BOTH
async def test_with_options_shares_everything_but_the_options(side: Side) -> None:
    transport = script(side.info, side.info)
    asked: list[str] = []

    async def ask(app: str) -> str:
        asked.append(app)
        return TOKEN

    client = side.client(transport, tokens=ask, attempt_timeout=9.0)
    other = client.with_options(attempt_timeout=3.0)
    await other.get_info(side.app)
    await client.get_info(side.app)
    assert transport.timeouts == [3.0, 9.0]
    assert asked == [side.app] * 2
    assert type(other) is type(client)


async def test_with_options_can_limit_attempts() -> None:
    transport = script(BAIDU.rate)
    with pytest.raises(RateLimited):
        await BAIDU.client(transport).with_options(attempts=1).get_info(BAIDU.app)
    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"concurrency": 5}, "concurrency belongs to the connections"),
        ({"proxy": None}, "proxy belongs to the connections"),
        ({"verify": False}, "verify belongs to the connections"),
        ({"retries": 5}, "there is no option retries"),
        ({"timeout": 0}, "timeout is a number of at least"),
    ],
    ids=["concurrency", "proxy", "verify", "unknown", "senseless"],
)
def test_options_that_cant_be_changed(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidArgument, match=complaint):
        BAIDU.client(script()).with_options(**change)


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": -1.0},
        {"timeout": "30"},
        {"timeout": None},
        {"timeout": float("nan")},
        {"timeout": True},
        {"attempt_timeout": 0},
        {"attempts": 0},
        {"attempts": 1.5},
        {"backoff": -0.1},
        {"backoff_max": -1},
        {"concurrency": 0},
        {"concurrency": 2.0},
        {"push_tolerance": -1},
    ],
    ids=repr,
)
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(InvalidArgument, match=rf"Options\.{name} is a number of at least"):
        Options(**options)
