"""The default transport on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest
import respx

from miniapp_tp import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    HttpxTransport,
    NoAnswer,
    Reply,
    ReplyNotUnderstood,
    Request,
    Transport,
)
from miniapp_tp.transport.http import MAX_BODY
from tests.support.loopback import Exchange, Server, answering, reply, serving, until, unused_port
from tests.support.sides import BAIDU

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

YES = b'{"errno": 0, "data": {"app_name": "a name"}}'


def to(server: Server | str, **more: object) -> Request:
    address = server if isinstance(server, str) else f"{server.url}/read"
    return Request(**{"method": "GET", "address": address, "query": (("access_token", "a b/c"),), **more})  # type: ignore[arg-type]


async def stall(exchange: Exchange) -> None:
    await exchange.reader.read()  # until the client goes away


async def cut(exchange: Exchange) -> None:
    exchange.cut()


async def close(exchange: Exchange) -> None:
    exchange.writer.close()


def then(data: bytes, end: Callable[[Exchange], Awaitable[object]]) -> Callable[[Exchange], Awaitable[object]]:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(data)
        await end(exchange)

    return answer


async def trickle(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while not exchange.reader.at_eof():
        await exchange.send(b" ")
        await anyio.sleep(0.01)


async def test_a_request_and_its_reply_as_they_cross_the_wire() -> None:
    async with serving(answering(reply(YES, "X-B3-TraceId: a trace", "x-two: 1", "x-two: 2"))) as server:
        transport = HttpxTransport()
        assert isinstance(transport, Transport)
        given = to(server, method="POST", headers=(("content-type", "text/x"),), body=b"a=b")
        got = await transport.send(given, timeout=5)
        await transport.aclose()
    (exchange,) = server.requests
    lines = exchange.head.lower().splitlines()
    assert exchange.head.startswith("POST /read?access_token=a%20b%2Fc HTTP/1.1\r\n")
    assert {"content-type: text/x", "content-length: 3", "accept-encoding: gzip", "user-agent: miniapp_tp"} < {*lines}
    assert not any(line.startswith("cookie") for line in lines)
    assert exchange.body == b"a=b"
    assert (got.status, got.body, got.complete) == (200, YES, True)
    assert (got.headers["x-b3-traceid"], got.headers["x-two"]) == ("a trace", "1, 2")


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (reply(gzip.compress(YES), "content-encoding: gzip"), YES),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.0 200 OK\r\n\r\n" + YES, YES),
        (reply(b"", "location: https://elsewhere.example/?access_token=x", status="302 Found"), b""),
        (reply(b"<html>", status="502 Bad Gateway"), b"<html>"),
    ],
    ids=["gzip", "chunked", "until closed", "redirect", "502"],
)
async def test_replies_of_all_kinds_are_read_to_their_end(data: bytes, body: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(data)
        if data.startswith(b"HTTP/1.0"):
            exchange.writer.close()

    async with serving(answer) as server:
        transport = HttpxTransport()
        got = await transport.send(to(server), timeout=5)
        await transport.aclose()
    assert (got.status, got.body, got.complete) == (int(data[9:12]), body, True)
    assert len(server.requests) == 1


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n"
BROKEN = {
    "cut before anything": cut,
    "closed before anything": close,
    "cut in the headers": then(HEAD, cut),
    "closed in the headers": then(HEAD, close),
    "cut in the body": then(HEAD + b"\r\n{", cut),
    "closed in the body": then(HEAD + b"\r\n{", close),
    "chunks that end early": then(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", close),
    "no HTTP": then(b"SSH-2.0-x\r\n\r\n", close),
    "broken gzip": answering(reply(b"this is no gzip", "content-encoding: gzip")),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_a_reply_that_breaks_off_is_a_lost_connection(answer: Callable[[Exchange], Awaitable[object]]) -> None:
    async with serving(answer) as server:
        transport = HttpxTransport()
        with pytest.raises(ConnectionLost) as caught:
            await transport.send(to(server), timeout=5)
        assert caught.value.may_have_happened is True
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
        await until(lambda: server.open == 0)  # a connection that was broken off isn't kept
        await transport.aclose()


async def test_more_than_was_announced_isnt_taken_for_the_next_answer() -> None:
    short = f"HTTP/1.1 200 OK\r\ncontent-length: {len(YES) - 5}\r\n\r\n".encode() + YES
    async with serving(answering(short)) as server:
        transport = HttpxTransport()
        assert (await transport.send(to(server), timeout=5)).body == YES[:-5]
        with pytest.raises(ConnectionLost):
            await transport.send(to(server), timeout=5)
        assert (await transport.send(to(server), timeout=5)).body == YES[:-5]
        assert server.connections == 2
        await transport.aclose()


SLOW = {
    "never answers": stall,
    "stalls in the headers": then(HEAD, stall),
    "stalls in the body": then(HEAD + b"\r\n{", stall),
    "trickles": trickle,  # each byte in time, all of them never
}


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
async def test_a_server_that_takes_too_long(answer: Callable[[Exchange], Awaitable[object]]) -> None:
    async with serving(answer) as server:
        transport = HttpxTransport(verify=False)
        with anyio.fail_after(5), pytest.raises(DeadlineExceeded) as caught:
            await transport.send(to(server), timeout=0.3)
        assert caught.value.may_have_happened is True
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
        await until(lambda: server.open == 0)
        await transport.aclose()


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


async def test_a_body_just_within_the_bound_is_read() -> None:
    async with serving(answering(reply(b"x" * MAX_BODY))) as server:
        transport = HttpxTransport()
        got = await transport.send(to(server), timeout=30)
        await transport.aclose()
    assert (len(got.body), got.complete) == (MAX_BODY, True)


async def test_connections_are_used_again() -> None:
    async with serving(answering(reply(YES))) as server:
        transport = HttpxTransport()
        for _ in range(5):
            await transport.send(to(server), timeout=5)
        assert (server.connections, len(server.requests)) == (1, 5)
        await transport.aclose()
        await until(lambda: server.open == 0)


async def test_a_connection_that_was_closed_while_idle_is_replaced() -> None:
    async with serving(answering(reply(YES))) as server:
        transport = HttpxTransport()
        await transport.send(to(server), timeout=5)
        server.close_idle()
        await until(lambda: server.open == 0)
        assert (await transport.send(to(server), timeout=5)).body == YES
        assert server.connections == 2
        await transport.aclose()


async def test_lanes_that_stay_idle_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(answering(reply(YES))) as server:
        transport = HttpxTransport()
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(lambda: transport.send(to(server), timeout=5))
        assert server.open == 5
        monkeypatch.setattr("miniapp_tp.transport.http._IDLE", -1.0)
        await transport.send(to(server), timeout=5)
        await until(lambda: server.open == 0)
        await transport.aclose()


async def test_many_at_once_each_get_their_own_answer() -> None:
    async def echo(exchange: Exchange) -> None:
        await exchange.send(reply(exchange.target.encode()))

    async with serving(echo) as server:
        transport = HttpxTransport()
        bodies: dict[int, bytes] = {}

        async def one(number: int) -> None:
            bodies[number] = (await transport.send(to(f"{server.url}/{number}"), timeout=10)).body

        for _ in range(2):
            async with anyio.create_task_group() as group:
                for number in range(100):
                    group.start_soon(one, number)
        assert bodies == {number: f"/{number}?access_token=a%20b%2Fc".encode() for number in range(100)}
        assert server.connections == 100  # the second hundred used those of the first
        await transport.aclose()
        await until(lambda: server.open == 0)


async def test_nobody_listens() -> None:
    transport = HttpxTransport()
    with pytest.raises(ConnectFailed, match="no connection could be made") as caught:
        await transport.send(to(f"http://127.0.0.1:{unused_port()}/read"), timeout=5)
    assert (caught.value.may_have_happened, caught.value.__cause__, caught.value.__context__) == (False, None, None)
    await transport.aclose()


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
    transport = HttpxTransport(verify=False)  # loading certificates takes time as well
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


async def test_cancellation_leaves_no_connection_behind() -> None:
    async with serving(stall) as server:
        transport = HttpxTransport()
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(lambda: transport.send(to(server), timeout=60))
            await until(lambda: len(server.requests) == 10)
            group.cancel_scope.cancel()
        await until(lambda: server.open == 0)
        await transport.aclose()


async def test_a_lane_that_broke_off_is_closed_and_not_lent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []

    async def fail(_lane: httpx.AsyncHTTPTransport, _request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut")

    async def close(lane: httpx.AsyncHTTPTransport) -> None:
        closed.append(lane)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", fail)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "aclose", close)
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
