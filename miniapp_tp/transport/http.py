"""Requests over httpx's engine, or over any transport of httpx that a caller brings.

httpx's client isn't used: it logs whole addresses, tokens included, and its pool's work grows with every request
that waits. Here each request takes a lane, one connection, so nothing ever waits inside a pool: there are as many lanes
as requests at once, which `Options.concurrency` bounds.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
import zlib
from contextlib import aclosing
from contextvars import ContextVar
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import anyio
import httpx

from miniapp_tp.errors import DeadlineExceeded, InvalidArgument, NoAnswer
from miniapp_tp.transport.lanes import Lanes
from miniapp_tp.transport.telling import broken_off, never_sent, too_late
from miniapp_tp.transport.ways import Proxies, Verify, checked_verify, chosen_proxies, own_authorities
from miniapp_tp.wire.messages import MAX_BODY, USER_AGENT, Reply, Request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from types import ModuleType

    from miniapp_tp.transport.connections import Connection

_HEADERS: Final = (("user-agent", USER_AGENT), ("accept", "*/*"), ("accept-encoding", "gzip"))
# Where making a connection takes all the time there is, it has to end before that: nothing was sent then. The rest has
# the whole time and no timers of its own.
_CONNECT_SHARE: Final = 0.9
_NEVER_SENT: Final = {
    "ConnectError",
    "ConnectTimeout",
    "ConnectionNotAvailable",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedProtocol",
    "LocalProtocolError",
    "InvalidURL",
}
_GZIP: Final = zlib.MAX_WBITS | 16
_quiet: ContextVar[bool] = ContextVar("miniapp_tp_quiet", default=False)


def _not_ours(_record: logging.LogRecord) -> bool:
    """Keep httpcore from writing down, at DEBUG level, the headers of our replies: a redirect may echo a token."""
    return not _quiet.get()


for _core in ("httpcore", "httpcore2"):
    for _name in ("http11", "http2", "proxy", "socks"):
        logging.getLogger(f"{_core}.{_name}").addFilter(_not_ours)


class Driven(Protocol):
    """What can be driven: an asynchronous transport of httpx or httpx2, which have their own classes of everything."""

    async def handle_async_request(self, request: Any) -> Any:  # noqa: ANN401
        """Send a request."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class HttpxTransport:
    """Requests over httpx.

    Args:
        inner: Any asynchronous transport of httpx (a `MockTransport`, an `ASGITransport`) or of httpx2, which is then
            used for everything; it is closed with this one. `None` for connections of our own.
        proxy: The address of a proxy; `None` for the environment's, `NO_PROXY` honoured.
        verify: Whose TLS certificates are trusted, as in `Options`.
        trust_env: Whether the environment's proxies are used at all.

    Raises:
        InvalidArgument: A proxy or certificates that can't be used; or either of them beside `inner`, whose business
            they are.
    """

    def __init__(
        self,
        inner: Driven | None = None,
        *,
        proxy: str | None = None,
        verify: Verify = True,
        trust_env: bool = True,
    ) -> None:
        made = chosen_proxies(proxy, trust_env=trust_env and inner is None)
        # Rebound: an error tracker would show the address, password included, as a local of this frame.
        own, proxy = proxy is not None, None
        if isinstance(made, InvalidArgument):
            raise made
        if inner is not None and (own or verify is not True):
            message = "proxy and verify belong to the transport that is driven: give them to it"
            raise InvalidArgument(message)
        if find_spec("socksio") is None:
            made.refuse_socks("SOCKS needs the package socksio: pip install 'httpx[socks]'")
        self._inner = inner
        self._library = _library_of(inner)
        self._errors = _errors_of(self._library, own=inner is None)
        self._proxies: Proxies = made
        self._context = _tls(checked_verify(verify)) if inner is None else None
        self._lanes = Lanes(self._make_lane)

    async def send(self, request: Request, *, timeout: float) -> Reply:
        """Send one request, and read its reply to the end: see `Transport`."""
        outcome = await self._outcome(request, timeout)
        if isinstance(outcome, Reply):
            return outcome
        raise outcome

    async def aclose(self) -> None:
        """Close all connections."""
        if self._inner is not None:
            await self._inner.aclose()
        await self._lanes.aclose()

    async def _outcome(self, request: Request, seconds: float) -> Reply | NoAnswer:
        """Give what came instead of raising: httpx's frames hold the address with its token."""
        token = _quiet.set(True)
        try:
            async with asyncio.timeout(seconds):
                if self._inner is not None:
                    return await _driven(self._library, self._inner, request, seconds)
                return await self._on_a_lane(request, seconds)
        except TimeoutError:
            return DeadlineExceeded(f"no answer within {seconds:.3g} s", may_have_happened=True)
        except self._errors as problem:
            return _told(problem)
        finally:
            _quiet.reset(token)

    async def _on_a_lane(self, request: Request, seconds: float) -> Reply:
        """Take a lane that nobody else uses; one whose exchange was broken off isn't used again."""
        lane = await self._open_lane(request.origin)
        try:
            reply = await _exchanged(lane, request, seconds)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await lane.aclose()
            raise
        if self._lanes.closed or lane.has_left_over():
            await lane.aclose()
        else:
            self._lanes.put_back(request.origin, lane)
        return reply

    async def _open_lane(self, origin: str) -> Connection:
        while (lane := self._lanes.take(origin)).is_over:
            await lane.aclose()
        return lane

    def _make_lane(self, origin: str) -> Connection:
        from miniapp_tp.transport.connections import Place, Via, connection  # noqa: PLC0415 - see `_errors_of`

        url, address = httpx.URL(origin), self._proxies.address_for(origin)
        if url.scheme not in {"http", "https"}:
            raise httpx.UnsupportedProtocol(url.scheme)
        place = Place(url.raw_scheme, url.raw_host, url.port, url.netloc)
        proxy = None if address is None else httpx.Proxy(address)
        via = None if proxy is None else Via(str(proxy.url), proxy.raw_auth)
        return connection(place, via, self._context)


def _library_of(inner: object) -> ModuleType:
    """Tell whose transport it is; httpx2 is httpx's API by another name, and imported only by who uses it."""
    successor = sys.modules.get("httpx2")
    return httpx if successor is None or not isinstance(inner, successor.AsyncBaseTransport) else successor


def _errors_of(library: ModuleType, *, own: bool) -> tuple[type[Exception], ...]:
    known = (library.HTTPError, library.InvalidURL, library.StreamError, OSError, zlib.error)
    if not own:
        return known
    # Imported by who needs it, as httpx does: it brings a lot with it.
    from miniapp_tp.transport.connections import ERRORS  # noqa: PLC0415

    return (*known, *ERRORS)


def _tls(verify: Verify) -> ssl.SSLContext:
    if isinstance(verify, ssl.SSLContext):
        return verify
    return own_authorities(verify) if isinstance(verify, str) else _usual_authorities(verify=verify)


@cache
def _usual_authorities(*, verify: bool) -> ssl.SSLContext:
    """Read the usual authorities, once: it takes as long as a hundred calls."""
    return httpx.create_ssl_context(verify=verify, trust_env=False)


async def _exchanged(lane: Connection, request: Request, seconds: float) -> Reply:
    response = await lane.send(request, _HEADERS, seconds * _CONNECT_SHARE)
    headers = httpx.Headers(response.headers)
    stream = cast("AsyncIterator[bytes]", response.stream)
    try:
        body, complete = await _body(headers, stream, lambda: _unpacked(headers, stream))
    finally:
        await response.aclose()
    return Reply(response.status, headers, body, complete)


async def _driven(library: ModuleType, inner: Driven, request: Request, seconds: float) -> Reply:
    soon = seconds * _CONNECT_SHARE
    response: httpx.Response = await inner.handle_async_request(
        library.Request(
            request.method,
            request.url,
            headers=[*_HEADERS, *request.headers],
            content=request.body,
            extensions={"timeout": {"connect": soon, "pool": soon}},
        )
    )
    try:
        if response.is_stream_consumed:  # a transport of a test, which had it all at once
            body, complete = response.content[:MAX_BODY], len(response.content) <= MAX_BODY
        else:
            stream = cast("AsyncIterator[bytes]", response.stream)
            body, complete = await _body(response.headers, stream, response.aiter_bytes)
    finally:
        await response.aclose()
    return Reply(response.status_code, response.headers, body, complete)


async def _body(
    headers: httpx.Headers, stream: AsyncIterator[bytes], unpacked: Callable[[], AsyncIterator[bytes]]
) -> tuple[bytes, bool]:
    """Read a body up to its bound: a small one that grows without end when it is unpacked, too."""
    packing = headers.get("content-encoding", "").lower()
    unpacking = zlib.decompressobj(_GZIP) if packing == "gzip" else None
    # They are asynchronous generators, whatever the annotations say: one that isn't closed is left to the collector.
    parts = cast("AsyncGenerator[bytes]", aiter(stream) if packing in {"", "gzip"} else unpacked())
    body = bytearray()
    async with aclosing(parts) as received:
        async for part in received:
            body += unpacking.decompress(part, MAX_BODY + 1 - len(body)) if unpacking else part
            if len(body) > MAX_BODY:
                return bytes(body[:MAX_BODY]), False
    if unpacking and body and not unpacking.eof:
        raise zlib.error("the packed body ends early")
    return bytes(body), True


class _Parts(httpx.AsyncByteStream):
    """A body that comes from httpcore."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part


def _unpacked(headers: httpx.Headers, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Unpack a body that is packed in another way than the one that was asked for, as httpx does it."""
    return httpx.Response(httpx.codes.OK, headers=headers, stream=_Parts(stream)).aiter_bytes()


def _told(problem: Exception) -> NoAnswer:
    kind = type(problem).__name__
    # All three libraries have the same names for what goes wrong.
    names = {base.__name__ for base in type(problem).__mro__}
    if names & _NEVER_SENT:
        return never_sent(kind)
    if "TimeoutException" in names:
        return too_late(kind)
    return broken_off(kind)
