"""Connections over httpcore, the engine that httpx itself runs on: each carries one request at a time.

httpx's transports and httpcore's pool would only cost time around a single connection, and tools that trace requests
hook into httpx, addresses with tokens included. What is taken is a bare connection, directly or through a proxy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpcore
from attrs import define, field, frozen

from miniapp_tp.transport.lanes import IDLE

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from miniapp_tp.wire.messages import Request

ERRORS: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.ConnectionNotAvailable,
)
"""What can go wrong with a connection."""

_WITH_BODIES: Final = ("POST", "PUT", "PATCH")
# What an address may hold as it is; all else is quoted.
_SAFE: Final = "!#$%&'()*+,/:;=?@[]~"


@frozen
class Place:
    """Where a connection leads.

    Attributes:
        scheme: `b"http"` or `b"https"`.
        host: The host, as it is looked up.
        port: The port, if the address names one.
        shown: Host and port as requests name them.
    """

    scheme: bytes
    host: bytes
    port: int | None
    shown: bytes

    def url(self, target: str) -> httpcore.URL:
        """Give the address of something there."""
        return httpcore.URL(scheme=self.scheme, host=self.host, port=self.port, target=target)


@frozen
class Via:
    """A proxy.

    Attributes:
        address: Its address.
        auth: Its user and password.
    """

    address: str
    auth: tuple[bytes, bytes] | None = field(repr=False)


@define
class Connection:
    """A connection to a place, made when it is first used.

    Attributes:
        place: The place.
        core: The connection itself.
        opened: The socket, as soon as there is one: httpcore forgets it if it is cancelled, or fails, while TLS or
            a way through a SOCKS proxy is being agreed.
    """

    place: Place
    core: httpcore.AsyncConnectionInterface
    opened: httpcore.AsyncNetworkStream | None = None

    @property
    def is_over(self) -> bool:
        """Whether the other side closed it, or has said more than it was asked: the next request needs another one."""
        return self.core.is_closed() or self.core.has_expired()

    async def send(
        self, request: Request, headers: Iterable[tuple[str, str]], connect_timeout: float
    ) -> httpcore.Response:
        """Send a request, and give its reply, whose body is still to be read.

        Args:
            request: The request.
            headers: What it says besides its own headers.
            connect_timeout: Seconds that making the connection may take.

        Raises:
            Exception: One of `ERRORS`.
        """
        extensions: dict[str, Any] = {"timeout": {"connect": connect_timeout}}
        if self.opened is None:
            extensions["trace"] = self._see
        # Nothing that holds the address has a name here: an error tracker would show it, token included.
        return await self.core.handle_async_request(
            httpcore.Request(
                request.method,
                self.place.url(quote(request.url[len(request.origin) :], safe=_SAFE)),
                headers=self._headers(request, headers),
                content=request.body,
                extensions=extensions,
            )
        )

    def has_left_over(self) -> bool:
        """Tell whether more came than the reply: httpcore would take it for the answer to the next request.

        It can only be seen inside of it, and a test watches that it can.
        """
        inside: Any = self.core
        while (inner := getattr(inside, "_connection", None)) is not None:
            inside = inner
        state = getattr(inside, "_h11_state", None)
        return state is not None and bool(state.trailing_data[0])

    async def aclose(self) -> None:
        """Close it, whatever state it is in."""
        await self.core.aclose()
        if self.opened is not None:
            await self.opened.aclose()

    def _headers(self, request: Request, headers: Iterable[tuple[str, str]]) -> list[tuple[bytes | str, bytes | str]]:
        written: list[tuple[bytes | str, bytes | str]] = [("host", self.place.shown), *headers, *request.headers]
        if request.body or request.method in _WITH_BODIES:
            written.append(("content-length", b"%d" % len(request.body)))
        return written

    async def _see(self, event: str, told: dict[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "socks.connect_tcp.complete"}:
            self.opened = told["return_value"]


def connection(place: Place, via: Via | None, context: ssl.SSLContext | None) -> Connection:
    """Make a connection.

    Args:
        place: Where it leads.
        via: The proxy on the way.
        context: Whose TLS certificates are trusted.
    """
    # A pool that holds nothing: only it knows which kind of connection goes which way.
    return Connection(place, _pool(via, context).create_connection(place.url("/").origin))


def _pool(via: Via | None, context: ssl.SSLContext | None) -> httpcore.AsyncConnectionPool:
    backend = httpcore.AnyIOBackend()
    shared: dict[str, Any] = {"ssl_context": context, "keepalive_expiry": IDLE, "network_backend": backend}
    if via is None:
        return httpcore.AsyncConnectionPool(**shared)
    kind = httpcore.AsyncSOCKSProxy if via.address.startswith("socks") else httpcore.AsyncHTTPProxy
    return kind(proxy_url=via.address, proxy_auth=via.auth, **shared)
