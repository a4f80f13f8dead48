"""What may stand between a store and its server: a slow line, a line that is dead, a pooler that mixes connections."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from attrs import define, field

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def served(connected: Connected) -> AsyncGenerator[int]:
    """Listen on a port of loopback; every connection is cut at the end."""
    tasks: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await connected(reader, writer)
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def through(url: str, port: int) -> str:
    """Write an address anew, with another port on loopback."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{port}"))


@define
class Line:
    """A line to a server.

    Attributes:
        url: Where the server is.
        delay: Seconds by which every answer comes later.
        is_dead: Whether nothing comes through any more, without the connection being closed.
    """

    url: str
    delay: float = 0.0
    is_dead: bool = False
    _writers: list[asyncio.StreamWriter] = field(factory=list[asyncio.StreamWriter])

    async def cut(self) -> None:
        """Close all connections."""
        for writer in self._writers:
            writer.close()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(self.url)
        theirs = await asyncio.open_connection(parts.hostname, parts.port)
        self._writers.append(writer)
        try:
            forth = asyncio.create_task(self._carry(reader, theirs[1], slow=False))
            back = asyncio.create_task(self._carry(theirs[0], writer, slow=True))
            await asyncio.wait({forth, back}, return_when=asyncio.FIRST_COMPLETED)
            for task in (forth, back):
                task.cancel()
        finally:
            theirs[1].close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, slow: bool) -> None:
        while data := await source.read(65536):
            if slow and self.delay:
                await asyncio.sleep(self.delay)
            if self.is_dead:
                await asyncio.Event().wait()
            target.write(data)
            await target.drain()


@contextlib.asynccontextmanager
async def line(url: str, delay: float = 0.0) -> AsyncGenerator[tuple[Line, str]]:
    """Lay a line to a server, and give its own address."""
    made = Line(url, delay)
    async with served(made.connected) as port:
        yield made, through(url, port)


# --- a pooler of PostgreSQL's connections -----------------------------------------------------------------------------

_REFUSED: Final = {80877103, 80877104}
_STARTUP: Final = 196608
_FLUSH: Final = b"H\0\0\0\x04"
_DESCRIBED: Final = {b"T", b"n", b"E"}
"""What ends the answer to a description that is asked for without ending the transaction."""
_HEADER: Final = struct.Struct("!cI")


@define
class Pooler:
    """A pooler in transaction mode, at its worst: each transaction gets another server connection than the last one.

    Attributes:
        url: Where the server is.
        connections: Its connections, the next one to be used first.
        transactions: How many there were.
    """

    url: str
    connections: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(factory=asyncio.Queue)
    transactions: int = 0
    _greeting: bytes = b""

    async def connect(self, count: int) -> None:
        """Open the connections to the server, which trusts us."""
        parts = urlsplit(self.url)
        for _ in range(count):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            wanted = f"user\0{parts.username}\0database\0{parts.path[1:]}\0\0".encode()
            writer.write(struct.pack("!II", len(wanted) + 8, _STARTUP) + wanted)
            self._greeting = b""
            while not self._greeting.endswith(b"Z\0\0\0\x05I"):
                _, message = await _message(reader)
                self._greeting += message
            self.connections.put_nowait((reader, writer))

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (code := await _started(reader)) in _REFUSED:
            writer.write(b"N")
        if code != _STARTUP:
            return  # a request to cancel something
        writer.write(self._greeting)
        while batch := await _batch(reader):
            await self._transact(batch, reader, writer)

    async def _transact(self, batch: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Have one connection to ourselves until a transaction is over."""
        theirs = await self.connections.get()
        self.transactions += 1
        while True:
            theirs[1].write(batch)
            last = _DESCRIBED if batch.endswith(_FLUSH) else {b"Z"}
            kind, message = b"", b""
            while kind not in last:
                kind, message = await _message(theirs[0])
                writer.write(message)
            if kind == b"Z" and message.endswith(b"I"):
                break
            batch = await _batch(reader)
        self.connections.put_nowait(theirs)

    def close(self) -> None:
        while not self.connections.empty():
            self.connections.get_nowait()[1].close()


@contextlib.asynccontextmanager
async def pooler(url: str, count: int = 3) -> AsyncGenerator[tuple[Pooler, str]]:
    """Put a pooler in front of a server, and give its own address."""
    made = Pooler(url)
    await made.connect(count)
    async with served(made.connected) as port:
        yield made, through(url, port)
    made.close()


async def _started(reader: asyncio.StreamReader) -> int:
    length, code = struct.unpack("!II", await reader.readexactly(8))
    await reader.readexactly(length - 8)
    return int(code)


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    header = await reader.readexactly(5)
    kind, length = _HEADER.unpack(header)
    return kind, header + await reader.readexactly(length - 4)


async def _batch(reader: asyncio.StreamReader) -> bytes:
    """Read up to where an answer is expected; nothing if the client says goodbye."""
    batch = b""
    while True:
        kind, message = await _message(reader)
        if kind == b"X":
            return b""
        batch += message
        if kind in {b"Q", b"S", b"H"}:
            return batch
