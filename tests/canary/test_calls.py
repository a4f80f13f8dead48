"""No token, secret or password gets out: planted ones are looked for wherever a failing call leaves a trace."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import anyio
import pytest

from miniapp_tp import (
    Attempt,
    BaiduClient,
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    DomainAction,
    InvalidArgument,
    KuaishouClient,
    MiniAppError,
    NoAnswer,
    Options,
    Reply,
    Request,
    ServerDomains,
)
from miniapp_tp.client.component import ComponentClient
from tests.support.canaries import PASSWORD, SECRET, TOKEN, Listening, frames_of, sings, texts_of
from tests.support.loopback import Exchange, answering, proxying, reply, serving, unused_port
from tests.support.scripted import Step, answer, page, script
from tests.support.sides import BAIDU, KUAISHOU, SIDES, Side

Call = Callable[[ComponentClient, str], Awaitable[object]]

METHODS: dict[str, Call] = {
    "get_info": lambda client, app: client.get_info(app),
    "get_server_domain": lambda client, app: client.get_server_domain(app),
    "set_server_domain": lambda client, app: client.set_server_domain(
        app, ServerDomains(request=["a.example.com"]), action=DomainAction.ADD
    ),
    "set of some kinds": lambda client, app: client.set_server_domain(
        app, ServerDomains(request=["a.example.com"], socket=())
    ),
    "delete of several": lambda client, app: client.set_webview_domain(
        app, ["a.example.com", "b.example.com"], action=DomainAction.DELETE
    ),
    "get_webview_domain": lambda client, app: client.get_webview_domain(app),
    "set_webview_domain": lambda client, app: client.set_webview_domain(app, ["a.example.com"]),
}
SPELLINGS = {
    "plain": TOKEN,
    "percent": quote(TOKEN, safe=""),
    "twice": quote(quote(TOKEN, safe=""), safe=""),
    "every letter": "".join(f"%{ord(letter):02x}" for letter in TOKEN),
    "json": "".join(f"\\u{ord(letter):04x}" for letter in TOKEN),
    "html": "".join(f"&#{ord(letter)};" for letter in TOKEN),
    "cut": TOKEN[:20],
    "upper": TOKEN.upper(),
}

BOTH = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
EACH_METHOD = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Have asyncio write down all it can."""
    return "asyncio", {"debug": True}


def client_of(side: Side, transport: Any = None, **more: Any) -> ComponentClient:  # noqa: ANN401 - whatever a caller may give
    secret = (SECRET,) if side is KUAISHOU else ()
    chosen: dict[str, Any] = {"attempts": 2, "backoff": 0.0, "timeout": 5.0, **more.pop("options", {})}
    tokens = more.pop("tokens", {side.app: TOKEN})
    return side.kind(side.component, *secret, tokens=tokens, transport=transport, options=Options(**chosen), **more)


async def failure_of(call: Awaitable[object]) -> Exception | None:
    try:
        await call
    except Exception as error:  # noqa: BLE001 - that is what is wanted
        return error
    return None


def assert_silent(error: BaseException | None) -> None:
    assert error is not None, "the call went well"
    assert [(kind, text) for kind, text in texts_of(error) if sings(text)] == []


# --- the search itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
async def test_the_search_finds_every_spelling(spelling: str) -> None:
    assert sings(f"before {spelling} after")
    assert not sings("before *** after")


async def test_the_search_looks_everywhere() -> None:
    def kinds(error: Exception) -> set[str]:
        return {kind for kind, text in texts_of(error) if sings(text)}

    assert {"str", "repr", "args", "pickle"} <= kinds(ValueError(TOKEN))
    error = InvalidArgument("harmless")
    error.within(app=TOKEN)
    assert {"attributes", "str"} <= kinds(error)
    chained = ValueError("harmless")
    chained.__context__ = KeyError(TOKEN)
    assert kinds(chained)
    with pytest.raises(ValueError, match="Extra data") as caught:
        json.loads(TOKEN)
    assert "frame" in kinds(caught.value)


# --- what a provider echoes -------------------------------------------------------------------------------------


def echoes(side: Side, spelled: str) -> dict[str, Reply]:
    """Give all the ways in which a reply can say no, each of them showing the token."""
    text = f"bad token '{spelled}' given"
    headers = {"location": f"https://elsewhere.example/?next={spelled}", "x-b3-traceid": spelled, "x-echo": text}
    if side is BAIDU:
        noes = {"token": 110, "refused": 470016, "rate": 18, "busy": 500, "not there": 470017, "unknown": 987654}
        bodies = {name: {"errno": code, "msg": text, "request_id": spelled} for name, code in noes.items()}
        bodies["word"] = {"error": spelled, "error_description": text}
        junk: dict[str, Any] = {"errno": 0, "data": [{"junk": spelled}]}
    else:
        noes = {"token": 100200108, "refused": 100200100, "rate": 100200410, "not there": 403106, "unknown": 987654}
        bodies = {name: {"result": code, "error_msg": text, "request_id": spelled} for name, code in noes.items()}
        junk = {"result": spelled, "app_name": text}
    found = {name: answer(body, headers=headers) for name, body in bodies.items()}
    whole = json.dumps(bodies["refused"]).encode()
    return {
        **found,
        "junk": answer(junk, headers=headers),
        "page": page(200, headers, f"<html><!-- {text} -->"),
        "redirect": page(302, headers, ""),
        "502": page(502, headers, f"<a href='?access_token={spelled}'>"),
        "429": page(429, {**headers, "retry-after": "0"}, text),
        "404": page(404, headers, text),
        "truncated": Reply(200, headers, whole[:-4]),
        "endless": Reply(200, headers, whole, complete=False),
        "content type": Reply(200, {**headers, "content-type": text}, text.encode()),
    }


@BOTH
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
async def test_replies_that_echo_the_token_in_every_spelling(side: Side, spelling: str) -> None:
    await assert_that_echoes_are_silent(side, METHODS["get_info"], echoes(side, spelling))


@BOTH
@EACH_METHOD
async def test_replies_that_echo_the_token_to_every_method(side: Side, method: Call) -> None:
    found = echoes(side, SPELLINGS["percent"])
    chosen = {name: found[name] for name in ("token", "refused", "not there", "junk", "redirect", "502", "truncated")}
    await assert_that_echoes_are_silent(side, method, chosen)


async def assert_that_echoes_are_silent(side: Side, method: Call, replies: Mapping[str, Reply]) -> None:
    for name, echo in replies.items():
        attempts: list[Attempt] = []
        transport = script(*[echo] * 4)
        client = client_of(side, transport, hooks=[attempts.append])
        error = await failure_of(method(client, side.app))
        if error is None:
            assert name == "junk", f"{name} went well"  # a list of domains may hold anything
        else:
            assert frames_of(error), name
            assert_silent(error)
        assert attempts
        assert not any(sings(repr(one)) for one in (*attempts, *transport.requests, echo, client, vars(client)))


def lost() -> ConnectionLost:
    return ConnectionLost("cut", may_have_happened=True)


@BOTH
@EACH_METHOD
@pytest.mark.parametrize(
    "steps",
    [
        [lost(), lost()],
        [ConnectFailed("down"), ConnectFailed("down")],
        [DeadlineExceeded("late", may_have_happened=True)] * 2,
        [lost(), page(502, text=TOKEN)],
    ],
    ids=["lost", "down", "late", "mixed"],
)
async def test_no_answer(side: Side, method: Call, steps: list[Step]) -> None:
    error = await failure_of(method(client_of(side, script(*steps)), side.app))
    assert_silent(error)


@BOTH
@EACH_METHOD
async def test_time_that_runs_out(side: Side, method: Call) -> None:
    async def never(_request: Request) -> Reply:
        await anyio.sleep_forever()
        raise AssertionError

    attempts: list[Attempt] = []
    client = client_of(side, script(never), options={"timeout": 0.02}, hooks=[attempts.append])
    error = await failure_of(method(client, side.app))
    assert isinstance(error, DeadlineExceeded)
    assert attempts
    assert not any(sings(repr(one)) for one in attempts)
    assert_silent(error)


@BOTH
async def test_tokens_that_cant_be_used_and_callables_that_fail(side: Side) -> None:
    tokens = iter([TOKEN])

    async def fails_later(_app: str) -> str:
        return next(tokens, "")

    async def bytes_instead(_app: str) -> Any:  # noqa: ANN401 - whatever a caller may give
        return TOKEN.encode()

    class Rejecting:
        async def get(self, _app: str) -> str:
            return TOKEN

        async def reject(self, _app: str, token: str) -> None:
            raise LookupError

    for source in (fails_later, bytes_instead, Rejecting()):
        client = client_of(side, script(side.rejected), tokens=source)
        assert_silent(await failure_of(client.get_info(side.app)))


@BOTH
async def test_a_hook_that_raises(side: Side) -> None:
    def broken(_attempt: Attempt) -> None:
        raise LookupError

    error = await failure_of(client_of(side, script(side.refused), hooks=[broken]).get_info(side.app))
    assert_silent(error)


@BOTH
async def test_arguments_that_are_refused(side: Side) -> None:
    client = client_of(side, script())
    for call in (
        client.get_info(""),
        client.get_info("another app"),
        client.set_webview_domain(side.app, "a.example.com"),
        client.set_server_domain(side.app, ServerDomains()),
    ):
        assert_silent(await failure_of(call))
    await client.aclose()
    assert_silent(await failure_of(client.get_info(side.app)))


# --- real sockets -----------------------------------------------------------------------------------------------


def shows(status: str, *, cut: int = 0) -> Callable[[Exchange], Awaitable[object]]:
    """Answer with what was asked for, as it came, in headers and body."""

    async def show(exchange: Exchange) -> None:
        body = f'{{"errno": 470016, "result": 100200100, "msg": "{exchange.target}"}}'.encode()
        sent = reply(body, f"location: {exchange.target}", f"x-b3-traceid: {exchange.target}", status=status)
        await exchange.send(sent[: len(sent) - cut])
        if cut:
            exchange.writer.close()

    return show


async def hang(exchange: Exchange) -> None:
    await exchange.reader.read()


async def cut(exchange: Exchange) -> None:
    exchange.cut()


SERVERS = {
    "no": shows("200 OK"),
    "302": shows("302 Found"),
    "502": shows("502 Bad Gateway"),
    "429": shows("429 Too Many Requests"),
    "truncated": shows("200 OK", cut=10),
    "cut": cut,
    "garbage": answering(b"\x00\x01 no HTTP\r\n\r\n"),
    "broken gzip": answering(reply(b"no gzip", "content-encoding: gzip")),
}


@BOTH
@EACH_METHOD
@pytest.mark.parametrize("serve", SERVERS.values(), ids=SERVERS)
async def test_on_a_real_socket(side: Side, method: Call, serve: Callable[[Exchange], Awaitable[object]]) -> None:
    attempts: list[Attempt] = []
    async with serving(serve) as server:
        options: dict[str, Any] = {}
        async with client_of(side, base_url=server.url, options=options, hooks=[attempts.append]) as client:
            error = await failure_of(method(client, side.app))
        assert sings(server.requests[0].target)  # it was really sent
    assert isinstance(error, MiniAppError)
    assert not any(sings(repr(one)) for one in (*attempts, client, vars(client)))
    assert_silent(error)


@BOTH
@pytest.mark.parametrize("method", [METHODS["get_info"], METHODS["set of some kinds"]], ids=["read", "change"])
async def test_a_server_that_never_answers(side: Side, method: Call) -> None:
    async with serving(hang) as server:
        options = {"timeout": 0.5}
        async with client_of(side, base_url=server.url, options=options) as client:
            error = await failure_of(method(client, side.app))
    assert isinstance(error, DeadlineExceeded)
    assert_silent(error)


@BOTH
async def test_with_each_step_of_the_event_loop_written_down(side: Side, logs: Listening) -> None:
    asyncio.get_running_loop().slow_callback_duration = 0.0
    options: dict[str, Any] = {}
    async with (
        serving(shows("200 OK")) as server,
        client_of(side, base_url=server.url, options=options) as client,
    ):
        for method in METHODS.values():
            assert_silent(await failure_of(method(client, side.app)))
    assert any("Executing" in text for text in logs.texts)


@BOTH
@EACH_METHOD
async def test_nobody_listens_and_nobody_is_found(side: Side, method: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_arguments: object, **_more: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    options: dict[str, Any] = {}
    async with client_of(side, base_url=f"http://127.0.0.1:{unused_port()}", options=options) as client:
        assert_silent(await failure_of(method(client, side.app)))
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    async with client_of(side, base_url="https://openapi.example", options=options) as client:
        assert_silent(await failure_of(method(client, side.app)))


@BOTH
@pytest.mark.parametrize("allowed", [True, False])
async def test_through_a_proxy_with_a_password(side: Side, allowed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    async with serving(proxying(unused_port(), allowed=allowed)) as proxy:
        address = proxy.url.replace("http://", f"http://user:{PASSWORD}@")
        options: dict[str, Any] = {"proxy": address}
        async with client_of(side, base_url="https://openapi.example", options=options) as client:
            error = await failure_of(client.get_info(side.app))
        assert "proxy-authorization" in proxy.requests[0].head.lower()
    assert isinstance(error, NoAnswer)
    assert not any(sings(repr(one)) for one in (client, vars(client), Options(**options)))
    assert_silent(error)


# --- constructors -----------------------------------------------------------------------------------------------

WRONG: dict[str, dict[str, Any]] = {
    "tokens": {"tokens": [TOKEN]},
    "a token alone": {"tokens": TOKEN},
    "base_url": {"base_url": "http://openapi.example"},
    "error_codes": {"error_codes": {1: ValueError}},
    "hooks": {"hooks": [None]},
    "proxy": {"options": Options(proxy=f"ftp://user:{PASSWORD}@proxy.example")},
    "proxy port": {"options": Options(proxy=f"http://user:{PASSWORD}@proxy.example:port")},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_constructors_that_refuse(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"tokens": {"app": TOKEN}, **wrong}
    for make in (partial(BaiduClient, "a-client-id"), partial(KuaishouClient, "ks1", SECRET)):
        with pytest.raises(InvalidArgument) as caught:
            make(**given)
        assert frames_of(caught.value)
        assert_silent(caught.value)


async def test_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@proxy.example:port")
    with pytest.raises(InvalidArgument) as caught:
        client_of(BAIDU)
    assert_silent(caught.value)
