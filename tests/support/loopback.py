"""Servers on loopback whose every byte, stall and cut is chosen by the test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

import anyio
from attrs import define, field

if TYPE_CHECKING:
    import ssl


@define
class Exchange:
    """One request on a connection, and the way to answer it.

    Attributes:
        head: The request's line and headers, as they came.
        body: The request's body.
        reader: Where bytes come from.
        writer: Where bytes go.
    """

    head: str
    body: bytes
    reader: asyncio.StreamReader = field(repr=False)
    writer: asyncio.StreamWriter = field(repr=False)

    @property
    def target(self) -> str:
        """What is asked for."""
        return self.head.split(" ", 2)[1]

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    def cut(self) -> None:
        """Reset the connection."""
        self.writer.transport.abort()


_STEPS = 10
"""Steps of the event loop within which a connection that was accepted has reached its task."""
Answer: TypeAlias = Callable[[Exchange], Awaitable[object]]


def reply(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Write a reply whose length is true."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answering(data: bytes) -> Answer:
    """Answer every request with the same bytes."""
    return lambda exchange: exchange.send(data)


async def stall(exchange: Exchange) -> None:
    """Answer nothing more until the client goes away."""
    await exchange.reader.read()


async def cut(exchange: Exchange) -> None:
    """Reset the connection."""
    exchange.cut()


async def close(exchange: Exchange) -> None:
    """Close the connection."""
    exchange.writer.close()


def then(data: bytes, end: Answer) -> Answer:
    """Send some bytes, and then do something else."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send(data)
        await end(exchange)

    return answer


@define
class Server:
    """A server on loopback.

    Attributes:
        answer: What it does with a request.
        port: Where it listens.
        open: How many connections are open.
        requests: What came.
        writers: All connections that were made to it.
    """

    answer: Answer
    port: int = 0
    open: int = 0
    requests: list[Exchange] = field(factory=list[Exchange])
    writers: list[asyncio.StreamWriter] = field(factory=list[asyncio.StreamWriter])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections were made to it."""
        return len(self.writers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes it."""
        self.open += 1
        self.writers.append(writer)
        try:
            while exchange := await _read(reader, writer):
                self.requests.append(exchange)
                await self.answer(exchange)
        except OSError:
            pass  # the client went away
        finally:
            self.open -= 1
            writer.close()

    def close_idle(self) -> None:
        """Close all connections, as a server does with idle ones."""
        for writer in self.writers:
            writer.close()

    async def cut_all(self) -> None:
        """Cut all connections, and wait until they are."""
        for writer in self.writers:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    lengths = [line.split(":")[1] for line in head.lower().splitlines() if line.startswith("content-length:")]
    return Exchange(head, await reader.readexactly(int(lengths[0]) if lengths else 0), reader, writer)


@asynccontextmanager
async def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Server]:
    """Run a server; at the end all its connections are cut and its tasks over."""
    server = Server(answer)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        with suppress(asyncio.CancelledError):  # asyncio's streams would log it
            await server.serve(reader, writer)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for _ in range(_STEPS):
            await asyncio.sleep(0)
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.cut_all()


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something is so, and fail if it doesn't become so."""
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for isn't ours
            await anyio.sleep(0.001)


def unused_port() -> int:
    """Find a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def proxying(port: int, *, allowed: bool = True) -> Answer:
    """Act as a proxy: connect every tunnel to one port of loopback, and answer other requests itself."""

    async def answer(exchange: Exchange) -> None:
        if not exchange.head.startswith("CONNECT"):
            await exchange.send(reply(b'{"errno": 0, "data": "by the proxy"}'))
        elif not allowed:
            await exchange.send(reply(b"who are you?", status="407 Proxy Authentication Required"))
        else:
            await exchange.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _tunnel(exchange, port)

    return answer


async def _tunnel(exchange: Exchange, port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.TaskGroup() as group:
        group.create_task(_pump(exchange.reader, writer))
        group.create_task(_pump(reader, exchange.writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # one side went away
    finally:
        writer.close()
