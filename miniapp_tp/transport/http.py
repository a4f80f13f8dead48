"""Requests over httpx's bare transports: the only module that imports httpx.

httpx's client isn't used: it logs whole addresses, tokens included, and its pool's work grows with every request
that waits. Here each request takes a lane, a transport with one connection, so nothing ever waits inside a pool:
there are as many lanes as requests at once, which `Options.concurrency` bounds.
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
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import anyio
import httpx
from attrs import define, field

from miniapp_tp.errors import DeadlineExceeded, InvalidArgument, NoAnswer
from miniapp_tp.transport.lanes import IDLE, Lanes
from miniapp_tp.transport.telling import broken_off, never_sent, too_late
from miniapp_tp.transport.ways import Proxies, Verify, checked_verify, chosen_proxies, own_authorities
from miniapp_tp.wire.messages import MAX_BODY, USER_AGENT, Reply, Request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from types import ModuleType

# Where making a connection takes all the time there is, it has to end before that: nothing was sent then. The rest has
# the whole time and no timers of its own.
_CONNECT_SHARE: Final = 0.9
_ONE_LANE: Final = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE)
_HEADERS: Final = (("user-agent", USER_AGENT), ("accept", "*/*"), ("accept-encoding", "gzip"))
_GZIP: Final = zlib.MAX_WBITS | 16
_NEVER_SENT: Final = (
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedProtocol",
    "LocalProtocolError",
    "InvalidURL",
)
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


@define
class _Lane:
    """A transport with one connection.

    Attributes:
        transport: The transport.
        extensions: What its next request carries: the first one lets us see the socket as soon as there is one, since
            httpcore forgets it if it is cancelled, or fails, while TLS is being agreed.
        opened: What can be closed besides.
    """

    transport: httpx.AsyncHTTPTransport
    extensions: dict[str, Any] = field(factory=dict[str, Any])
    opened: Any = None

    def __attrs_post_init__(self) -> None:
        self.extensions = {"trace": self._see}

    async def _see(self, event: str, told: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self.opened = told["return_value"]

    async def aclose(self) -> None:
        """Close it, whatever state it is in."""
        await self.transport.aclose()
        if self.opened is not None:
            await self.opened.aclose()


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
        self._proxies: Proxies = made
        self._context = _tls(checked_verify(verify)) if inner is None else None
        self._lanes = Lanes(self._open)

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
        library = self._library
        token = _quiet.set(True)
        try:
            async with asyncio.timeout(seconds):
                if self._inner is not None:
                    return await _exchange(library, self._inner, request, seconds)
                return await self._on_a_lane(request, seconds)
        except TimeoutError:
            return DeadlineExceeded(f"no answer within {seconds:.3g} s", may_have_happened=True)
        except (library.HTTPError, library.InvalidURL, library.StreamError, OSError, zlib.error) as problem:
            return _told(library, problem)
        finally:
            _quiet.reset(token)

    async def _on_a_lane(self, request: Request, seconds: float) -> Reply:
        """Take a lane that nobody else uses; one whose exchange was broken off isn't used again."""
        lane = self._lanes.take(request.origin)
        try:
            reply = await _exchange(self._library, lane.transport, request, seconds, lane.extensions)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await lane.aclose()
            raise
        if self._lanes.closed or _left_over(lane.transport):
            await lane.aclose()
        else:
            lane.extensions = {}
            self._lanes.put_back(request.origin, lane)
        return reply

    def _open(self, origin: str) -> _Lane:
        address = self._proxies.address_for(origin)
        return _Lane(
            httpx.AsyncHTTPTransport(
                verify=self._context or False,
                limits=_ONE_LANE,
                trust_env=False,
                proxy=None if address is None else httpx.Proxy(address),
            )
        )


def _library_of(inner: object) -> ModuleType:
    """Tell whose transport it is; httpx2 is httpx's API by another name, and imported only by who uses it."""
    successor = sys.modules.get("httpx2")
    return httpx if successor is None or not isinstance(inner, successor.AsyncBaseTransport) else successor


def _tls(verify: Verify) -> ssl.SSLContext:
    if isinstance(verify, ssl.SSLContext):
        return verify
    return own_authorities(verify) if isinstance(verify, str) else _usual_authorities(verify=verify)


@cache
def _usual_authorities(*, verify: bool) -> ssl.SSLContext:
    """Read the usual authorities, once: it takes as long as a hundred calls."""
    return httpx.create_ssl_context(verify=verify, trust_env=False)


def _left_over(lane: httpx.AsyncHTTPTransport) -> bool:
    """Tell whether more came than the reply: httpcore would take it for the answer to the next request.

    It can only be seen inside of it, and a test watches that it can.
    """
    connections: list[Any] = lane._pool.connections  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    for connection in connections:
        inside = connection
        while (inner := getattr(inside, "_connection", None)) is not None:
            inside = inner
        state = getattr(inside, "_h11_state", None)
        if state is not None and state.trailing_data[0]:
            return True
    return False


async def _exchange(
    library: ModuleType,
    lane: Driven,
    request: Request,
    seconds: float,
    extensions: Mapping[str, Any] = MappingProxyType({}),
) -> Reply:
    soon = seconds * _CONNECT_SHARE
    response: httpx.Response = await lane.handle_async_request(
        library.Request(
            request.method,
            request.url,
            headers=[*_HEADERS, *request.headers],
            content=request.body,
            extensions={"timeout": {"connect": soon, "pool": soon}, **extensions},
        )
    )
    try:
        body, complete = await _body(response)
    finally:
        await response.aclose()
    return Reply(response.status_code, response.headers, body, complete)


async def _body(response: httpx.Response) -> tuple[bytes, bool]:
    """Read a body up to its bound: a small one that grows without end when it is unpacked, too."""
    if response.is_stream_consumed:  # a transport of a test, which had it all at once
        return response.content[:MAX_BODY], len(response.content) <= MAX_BODY
    packing = response.headers.get("content-encoding", "").lower()
    unpacking = zlib.decompressobj(_GZIP) if packing == "gzip" else None
    # They are asynchronous generators, whatever the annotations say: one that isn't closed is left to the collector.
    raw = aiter(cast("httpx.AsyncByteStream", response.stream)) if packing in {"", "gzip"} else response.aiter_bytes()
    parts = cast("AsyncGenerator[bytes]", raw)
    body = bytearray()
    async with aclosing(parts) as received:
        async for part in received:
            body += unpacking.decompress(part, MAX_BODY + 1 - len(body)) if unpacking else part
            if len(body) > MAX_BODY:
                return bytes(body[:MAX_BODY]), False
    if unpacking and body and not unpacking.eof:
        raise zlib.error("the packed body ends early")
    return bytes(body), True


def _told(library: ModuleType, problem: Exception) -> NoAnswer:
    kind = type(problem).__name__
    if isinstance(problem, tuple(getattr(library, name) for name in _NEVER_SENT)):
        return never_sent(kind)
    if isinstance(problem, library.TimeoutException):
        return too_late(kind)
    return broken_off(kind)
