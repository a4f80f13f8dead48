"""The default transport on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc
from typing import Any

import anyio
import httpcore
import httpx
import httpx2
import pytest
import respx

from miniapp_tp import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    HttpxTransport,
    InvalidArgument,
    NoAnswer,
    Reply,
    ReplyNotUnderstood,
    Request,
)
from miniapp_tp.wire.messages import MAX_BODY
from tests.support.loopback import Exchange, Server, answering, reply, serving, until
from tests.support.sides import BAIDU

YES = b'{"errno": 0, "data": {"app_name": "a name"}}'


def to(server: Server | str, **more: object) -> Request:
    address = server if isinstance(server, str) else f"{server.url}/read"
    return Request(**{"method": "GET", "address": address, "query": (("access_token", "a b/c"),), **more})  # type: ignore[arg-type]


async def test_a_body_without_end_is_left_at_its_bound() -> None:
    chunk = b"x" * 65536

    async def endless(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
        while True:
            await exchange.send(chunk)

    async with serving(endless) as server:
        client = BAIDU.client(None, base_url=server.url)
        tracemalloc.start()
        with pytest.raises(ReplyNotUnderstood, match="not read to its end") as caught:
            await client.get_info(BAIDU.app)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        await until(lambda: server.open == 0)
        await client.aclose()
    assert caught.value.reply is not None
    assert len(caught.value.reply.body) < 100_000  # evidence, not the whole
    assert peak < 4 * MAX_BODY


async def test_lanes_that_stay_idle_are_closed_without_another_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniapp_tp.transport.lanes.IDLE", 0.05)
    async with serving(answering(reply(YES))) as server:
        transport = HttpxTransport()
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(lambda: transport.send(to(server), timeout=5))
        await until(lambda: server.open == 0)
        assert server.connections == 5
        await transport.send(to(server), timeout=5)  # and once more, after there were none
        await until(lambda: server.open == 0)
        await transport.aclose()


async def test_a_packed_body_that_ends_early_is_a_lost_connection() -> None:
    async with serving(answering(reply(gzip.compress(YES)[:-9], "content-encoding: gzip"))) as server:
        transport = HttpxTransport()
        with pytest.raises(ConnectionLost):
            await transport.send(to(server), timeout=5)
        await until(lambda: server.open == 0)
        await transport.aclose()


async def test_what_is_left_of_a_reply_can_be_seen_through_a_proxy_too() -> None:
    more = reply(YES) + reply(b"of nobody's question")
    async with serving(answering(more)) as proxy:
        transport = HttpxTransport(proxy=proxy.url)
        for _ in range(3):
            assert (await transport.send(to("http://openapi.example/read"), timeout=5)).body == YES
        assert proxy.connections == 3
        await transport.aclose()


@pytest.mark.parametrize(
    ("more", "line"), [({"method": "POST"}, "content-length: 0"), ({"method": "GET"}, None)], ids=["post", "get"]
)
async def test_a_request_without_a_body(more: dict[str, str], line: str | None) -> None:
    async with serving(answering(reply(YES))) as server:
        transport = HttpxTransport()
        await transport.send(to(server, **more), timeout=5)
        await transport.aclose()
    lines = server.requests[0].head.lower().splitlines()
    assert [one for one in lines if one.startswith("content-length")] == ([line] if line else [])
    assert f"host: 127.0.0.1:{server.port}" in lines


async def test_what_an_address_cant_hold_is_quoted() -> None:
    async with serving(answering(reply(YES))) as server:
        transport = HttpxTransport()
        await transport.send(to(f"{server.url}/网关/a%20b/(c)"), timeout=5)
        await transport.aclose()
    assert server.requests[0].target == "/%E7%BD%91%E5%85%B3/a%20b/(c)?access_token=a%20b%2Fc"


async def test_what_traces_httpx_sees_no_address_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tools that make spans hook into its transports and its client, and write whole addresses down."""
    seen = list[object]()

    async def spy(*given: object, **_more: object) -> httpx.Response:
        seen.append(given)
        return httpx.Response(200)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", spy)
    monkeypatch.setattr(httpx.AsyncClient, "send", spy)
    async with serving(answering(reply(YES))) as server:
        transport = HttpxTransport()
        assert (await transport.send(to(server), timeout=5)).body == YES
        await transport.aclose()
    assert not seen


async def test_a_name_that_isnt_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_arguments: object, **_more: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    transport = HttpxTransport()
    with pytest.raises(ConnectFailed):
        await transport.send(to("https://openapi.example/read"), timeout=5)
    await transport.aclose()


async def test_an_address_that_cant_be_read() -> None:
    transport = HttpxTransport(httpx.MockTransport(lambda _request: httpx.Response(200)))
    with pytest.raises(ConnectFailed):
        await transport.send(to("https://openapi.example/\x01"), timeout=5)


async def test_a_connect_that_takes_too_long_was_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_arguments: object, **_more: object) -> object:
        return await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", slow)
    monkeypatch.setattr("miniapp_tp.transport.http._CONNECT_SHARE", 0.05)
    transport = HttpxTransport()
    with pytest.raises(ConnectFailed):
        await transport.send(to("http://openapi.example/read"), timeout=2)
    await transport.aclose()


async def test_closing_ends_every_connection_also_those_in_use() -> None:
    go = asyncio.Event()

    async def held(exchange: Exchange) -> None:
        await go.wait()
        await exchange.send(reply(YES))

    async with serving(held) as server:
        transport = HttpxTransport()
        got: list[Reply] = []

        async def one() -> None:
            got.append(await transport.send(to(server), timeout=5))

        async with anyio.create_task_group() as group:
            group.start_soon(one)
            await until(lambda: len(server.requests) == 1)
            await transport.aclose()
            go.set()
        assert got[0].body == YES
        await until(lambda: server.open == 0)
        await transport.aclose()  # a second time does nothing


async def test_a_lane_that_broke_off_is_closed_and_not_lent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []

    async def fail(_lane: httpcore.AsyncHTTPConnection, _request: httpcore.Request) -> httpcore.Response:
        raise httpcore.ReadError("cut")

    async def close(lane: httpcore.AsyncHTTPConnection) -> None:
        closed.append(lane)

    monkeypatch.setattr(httpcore.AsyncHTTPConnection, "handle_async_request", fail)
    monkeypatch.setattr(httpcore.AsyncHTTPConnection, "aclose", close)
    transport = HttpxTransport(verify=False)
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            await transport.send(to("https://openapi.example/read"), timeout=5)
    assert len(set(map(id, closed))) == 2
    await transport.aclose()
    assert len(closed) == 2


@respx.mock
async def test_respx_works_with_the_default_transport() -> None:
    route = respx.get("https://openapi.baidu.com/rest/2.0/smartapp/app/info").respond(
        json={"errno": 0, "data": {"app_name": "a name"}}
    )
    async with BAIDU.client(None) as client:
        assert (await client.get_info(BAIDU.app)).name == "a name"
    assert route.call_count == 1


class Closing(httpx.MockTransport):
    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


async def test_any_httpx_transport_can_be_driven() -> None:
    inner = Closing(lambda request: httpx.Response(200, json={"errno": 0, "data": str(request.url)}))
    transport = HttpxTransport(inner)
    got = await transport.send(to("https://openapi.example/read"), timeout=5)
    assert b"access_token=a%20b%2Fc" in got.body
    await transport.aclose()
    assert inner.closed == 1


async def test_a_transport_of_httpx2_can_be_driven() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"errno": 0, "data": str(request.url)})

    got = await HttpxTransport(httpx2.MockTransport(answer)).send(to("https://openapi.example/read"), timeout=5)
    assert b"access_token=a%20b%2Fc" in got.body


async def test_what_goes_wrong_in_httpx2_is_told_as_well() -> None:
    def fail(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("x")

    with pytest.raises(ConnectFailed):
        await HttpxTransport(httpx2.MockTransport(fail)).send(to("https://openapi.example/read"), timeout=5)


async def test_a_driven_transports_body_has_its_bound_too() -> None:
    inner = httpx.MockTransport(lambda _request: httpx.Response(200, content=b"x" * (MAX_BODY + 1)))
    got = await HttpxTransport(inner).send(to("https://openapi.example/read"), timeout=5)
    assert (len(got.body), got.complete) == (MAX_BODY, False)


@pytest.mark.parametrize("more", [{"proxy": "http://proxy.example:3128"}, {"verify": False}])
def test_a_driven_transport_has_its_own_proxy_and_certificates(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="belong to the transport that is driven"):
        HttpxTransport(httpx.MockTransport(lambda _request: httpx.Response(200)), **more)


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (httpx.ConnectError("x"), ConnectFailed),
        (httpx.ConnectTimeout("x"), ConnectFailed),
        (httpx.PoolTimeout("x"), ConnectFailed),
        (httpx.ProxyError("x"), ConnectFailed),
        (httpx.UnsupportedProtocol("x"), ConnectFailed),
        (httpx.LocalProtocolError("x"), ConnectFailed),
        (httpx.ReadTimeout("x"), DeadlineExceeded),
        (httpx.WriteTimeout("x"), DeadlineExceeded),
        (httpx.ReadError("x"), ConnectionLost),
        (httpx.WriteError("x"), ConnectionLost),
        (httpx.CloseError("x"), ConnectionLost),
        (httpx.RemoteProtocolError("x"), ConnectionLost),
        (httpx.DecodingError("x"), ConnectionLost),
        (OSError("x"), ConnectionLost),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_what_goes_wrong_in_our_words(problem: Exception, kind: type[NoAnswer]) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise problem

    with pytest.raises(kind) as caught:
        await HttpxTransport(httpx.MockTransport(fail)).send(to("https://openapi.example/read"), timeout=5)
    assert type(caught.value) is kind
    assert "access_token" not in str(caught.value)
