"""What every transport has to do, on real sockets: one exchange, from its first byte to its last, or to its end."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any, cast

import anyio
import brotli  # type: ignore[import-untyped]
import pytest

from miniapp_tp import ConnectFailed, ConnectionLost, DeadlineExceeded, NoAnswer, Request, Transport
from miniapp_tp.wire.messages import MAX_BODY
from tests.support.loopback import (
    Answer,
    Exchange,
    Server,
    answering,
    close,
    cut,
    reply,
    serving,
    stall,
    then,
    until,
    unused_port,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.transport.conftest import Kind, Open

YES = b'{"errno": 0, "data": {"app_name": "a name"}}'
BROTLIED: bytes = cast("Any", brotli).compress(YES)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n"


def to(server: Server | str, **more: object) -> Request:
    address = server if isinstance(server, str) else f"{server.url}/read"
    return Request(**{"method": "GET", "address": address, "query": (("access_token", "a b/c"),), **more})  # type: ignore[arg-type]


async def trickle(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while not exchange.reader.at_eof():
        await exchange.send(b" ")
        await anyio.sleep(0.01)


def silent(error: NoAnswer) -> bool:
    """Tell whether an error holds nothing of the request, wherever one may look for it."""
    seen = f"{error!r} {error} {error.__dict__} {error.__cause__!r} {error.__context__!r}"
    return not any(spelled in seen for spelled in ("access_token", "a b/c", "a%20b", "127.0.0.1"))


async def test_a_request_and_its_reply_as_they_cross_the_wire(opened: Open) -> None:
    async with serving(answering(reply(YES, "X-B3-TraceId: a trace", "x-two: 1", "x-two: 2"))) as server:
        transport = opened()
        assert isinstance(transport, Transport)
        given = to(server, method="POST", headers=(("content-type", "text/x"),), body=b"a=b")
        got = await transport.send(given, timeout=5)
    (exchange,) = server.requests
    lines = exchange.head.lower().splitlines()
    assert exchange.head.startswith("POST /read?access_token=a%20b%2Fc HTTP/1.1\r\n")
    assert {"content-type: text/x", "content-length: 3", "accept: */*", "user-agent: miniapp_tp"} < {*lines}
    assert any(line.startswith("accept-encoding: ") and "gzip" in line for line in lines)
    assert not any(line.startswith(("cookie", "referer", "authorization")) for line in lines)
    assert exchange.body == b"a=b"
    assert (got.status, got.body, got.complete) == (200, YES, True)
    assert (got.headers["x-b3-traceid"], got.headers["x-two"]) == ("a trace", "1, 2")


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (reply(gzip.compress(YES), "content-encoding: gzip"), YES),
        (reply(BROTLIED, "content-encoding: br"), YES),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.0 200 OK\r\n\r\n" + YES, YES),
        (reply(b"", "location: https://elsewhere.example/?access_token=x", status="302 Found"), b""),
        (reply(b"", "set-cookie: a=b", "content-encoding: gzip"), b""),
        (reply(b"<html>", status="502 Bad Gateway"), b"<html>"),
    ],
    ids=["gzip", "brotli", "chunked", "until closed", "redirect", "empty", "502"],
)
async def test_replies_of_all_kinds_are_read_to_their_end(data: bytes, body: bytes, opened: Open) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(data)
        if data.startswith(b"HTTP/1.0"):
            exchange.writer.close()

    async with serving(answer) as server:
        got = await opened().send(to(server), timeout=5)
    assert (got.status, got.body, got.complete) == (int(data[9:12]), body, True)
    assert len(server.requests) == 1


BROKEN: dict[str, Answer] = {
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
async def test_a_reply_that_breaks_off_is_a_lost_connection(answer: Answer, opened: Open) -> None:
    async with serving(answer) as server:
        with pytest.raises(ConnectionLost) as caught:
            await opened().send(to(server), timeout=5)
        assert caught.value.may_have_happened is True
        assert silent(caught.value)
        assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("end", [cut, close], ids=["cut", "closed"])
async def test_what_broke_on_a_kept_connection_is_never_sent_again(method: str, end: Answer, opened: Open) -> None:
    async def answer(exchange: Exchange) -> None:
        await (exchange.send(reply(YES)) if len(server.requests) == 1 else end(exchange))

    async with serving(answer) as server:
        transport = opened()
        await transport.send(to(server), timeout=5)
        with pytest.raises(ConnectionLost) as caught:
            await transport.send(to(server, method=method, body=b"" if method == "GET" else b"a=b"), timeout=5)
        assert caught.value.may_have_happened is True
        assert len(server.requests) == 2
        assert server.connections == 1


SECOND = {
    "more than was announced": f"HTTP/1.1 200 OK\r\ncontent-length: {len(YES) - 5}\r\n\r\n".encode() + YES,
    "a whole second reply": reply(YES[:-5]) + reply(b"of nobody's question"),
}


@pytest.mark.parametrize("data", SECOND.values(), ids=SECOND)
async def test_what_comes_unasked_is_never_taken_for_the_next_answer(data: bytes, ours: Open) -> None:
    async with serving(answering(data)) as server:
        transport = ours()
        for _ in range(4):
            try:
                assert (await transport.send(to(server), timeout=5)).body == YES[:-5]
            except ConnectionLost:  # noticed as the connection was taken again
                continue
        assert server.connections > 1


SLOW: dict[str, Answer] = {
    "never answers": stall,
    "stalls in the headers": then(HEAD, stall),
    "stalls in the body": then(HEAD + b"\r\n{", stall),
    "trickles": trickle,  # each byte in time, all of them never
}


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
async def test_a_server_that_takes_too_long(answer: Answer, opened: Open) -> None:
    async with serving(answer) as server:
        with anyio.fail_after(5), pytest.raises(DeadlineExceeded) as caught:
            await opened().send(to(server), timeout=0.3)
        assert caught.value.may_have_happened is True
        assert silent(caught.value)
        await until(lambda: server.open == 0)


async def test_a_hello_that_nobody_answers_means_that_nothing_was_sent(opened: Open) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(mute, "127.0.0.1", 0) as listener:
        port: int = listener.sockets[0].getsockname()[1]
        with pytest.raises(ConnectFailed) as caught:
            await opened(verify=False).send(to(f"https://127.0.0.1:{port}/"), timeout=2.0)
    assert silent(caught.value)


# --- bodies without bound ---------------------------------------------------------------------------------------


async def endless(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
    while True:
        await exchange.send(b"x" * 65536)


async def test_a_body_without_end_is_left_at_its_bound(opened: Open) -> None:
    async with serving(endless) as server:
        got = await opened().send(to(server), timeout=10)
        assert (len(got.body), got.complete) == (MAX_BODY, False)
        await until(lambda: server.open == 0)


def packed(size: int) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return b"".join([*(packing.compress(bytes(1024 * 1024)) for _ in range(size)), packing.flush()])


async def test_a_small_body_that_grows_without_end_is_left_at_its_bound(opened: Open) -> None:
    bomb = reply(packed(512), "content-encoding: gzip")
    async with serving(answering(bomb)) as server:
        transport = opened()
        tracemalloc.start()
        got = await transport.send(to(server), timeout=10)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (len(got.body), got.complete) == (MAX_BODY, False)
    assert peak < 4 * MAX_BODY


async def test_a_body_just_within_the_bound_is_read(opened: Open) -> None:
    async with serving(answering(reply(b"x" * MAX_BODY))) as server:
        got = await opened().send(to(server), timeout=30)
    assert (len(got.body), got.complete) == (MAX_BODY, True)


# --- connections ------------------------------------------------------------------------------------------------


async def test_connections_are_used_again(opened: Open) -> None:
    async with serving(answering(reply(YES))) as server:
        transport = opened()
        for _ in range(5):
            await transport.send(to(server), timeout=5)
        assert (server.connections, len(server.requests)) == (1, 5)
        await transport.aclose()
        await until(lambda: server.open == 0)


async def test_a_connection_that_was_closed_while_idle_is_replaced(opened: Open) -> None:
    async with serving(answering(reply(YES))) as server:
        transport = opened()
        await transport.send(to(server), timeout=5)
        server.close_idle()
        await until(lambda: server.open == 0)
        assert (await transport.send(to(server, method="POST", body=b"a=b"), timeout=5)).body == YES
        assert server.connections == 2


async def test_many_at_once_each_get_their_own_answer(kind: Kind, opened: Open) -> None:
    async def echo(exchange: Exchange) -> None:
        await exchange.send(reply(exchange.target.encode()))

    async with serving(echo) as server:
        transport = opened()
        bodies: dict[int, bytes] = {}

        async def one(number: int) -> None:
            bodies[number] = (await transport.send(to(f"{server.url}/{number}"), timeout=10)).body

        for _ in range(2):
            async with anyio.create_task_group() as group:
                for number in range(100):
                    group.start_soon(one, number)
        assert bodies == {number: f"/{number}?access_token=a%20b%2Fc".encode() for number in range(100)}
        assert server.connections <= (100 if kind.name != "httpx2" else 200)
        await transport.aclose()
        await until(lambda: server.open == 0)


# --- nothing was sent -------------------------------------------------------------------------------------------


async def test_nobody_listens(opened: Open) -> None:
    with pytest.raises(ConnectFailed, match="no connection could be made") as caught:
        await opened().send(to(f"http://127.0.0.1:{unused_port()}/read"), timeout=5)
    assert caught.value.may_have_happened is False
    assert silent(caught.value)


async def test_an_address_that_cant_be_used(opened: Open) -> None:
    with pytest.raises(ConnectFailed) as caught:
        await opened().send(to("ftp://127.0.0.1/"), timeout=5)
    assert silent(caught.value)


async def test_no_tls_at_the_other_end(opened: Open) -> None:
    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"speak plainly", status="400 Bad Request"))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listener:
        port: int = listener.sockets[0].getsockname()[1]
        with pytest.raises(ConnectFailed):
            await opened(verify=False).send(to(f"https://127.0.0.1:{port}"), timeout=5)


# --- cancellation -----------------------------------------------------------------------------------------------


async def by_a_scope(work: Callable[[], Any], ready: Callable[[], bool]) -> None:
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(work)
        await until(ready)
        group.cancel_scope.cancel()


async def by_its_task(work: Callable[[], Any], ready: Callable[[], bool]) -> None:
    tasks = [asyncio.create_task(work()) for _ in range(5)]
    await until(ready)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)


async def by_a_deadline(work: Callable[[], Any], ready: Callable[[], bool]) -> None:
    async def one() -> None:
        with anyio.move_on_after(0.3) as scope:
            await work()
        assert scope.cancelled_caught

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(one)
    assert ready()


@pytest.mark.parametrize("cancel", [by_a_scope, by_its_task, by_a_deadline])
@pytest.mark.parametrize("answer", [stall, then(HEAD + b"\r\n{", stall)], ids=["before the reply", "in the body"])
async def test_cancellation_leaves_no_connection_behind(
    cancel: Callable[[Callable[[], Any], Callable[[], bool]], Any], answer: Answer, kind: Kind, opened: Open
) -> None:
    async with serving(answer) as server:
        transport = opened()

        async def work() -> None:
            await transport.send(to(server), timeout=0.8 if kind.keeps_on else 60)

        await cancel(work, lambda: len(server.requests) == 5)
        await until(lambda: server.open == 0)


async def test_no_cancellation_is_lost_to_a_reply_that_comes_at_the_same_moment(opened: Open) -> None:
    async with serving(answering(reply(YES))) as server:
        transport = opened()

        async def on_and_on() -> None:
            while True:
                await transport.send(to(server), timeout=5)

        for number in range(60):
            task = asyncio.create_task(on_and_on())
            await asyncio.sleep(number * 0.0001)
            task.cancel()
            await asyncio.wait([task], timeout=2)
            assert task.cancelled()


async def test_a_cancelled_hello_leaves_no_connection_behind(ours: Open) -> None:
    begun: list[asyncio.StreamWriter] = []

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.append(writer)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(mute, "127.0.0.1", 0) as listener:
        port: int = listener.sockets[0].getsockname()[1]
        transport = ours(verify=False)
        task = asyncio.create_task(transport.send(to(f"https://127.0.0.1:{port}/"), timeout=0.8))
        await until(lambda: bool(begun))
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await until(begun[0].is_closing)
