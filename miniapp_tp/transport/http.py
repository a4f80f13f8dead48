"""Requests over httpx's bare transports: the only module that imports httpx.

httpx's client isn't used: it logs whole addresses, tokens included, and its pool's work grows with every request
that waits. Here each request takes a lane, a transport with one connection, so nothing ever waits inside a pool.
"""

from __future__ import annotations

import logging
import ssl
import time
import urllib.request
from collections import deque
from contextlib import aclosing, asynccontextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import anyio
import httpx
from attrs import frozen

from miniapp_tp.errors import ConnectFailed, ConnectionLost, DeadlineExceeded, InvalidArgument, NoAnswer
from miniapp_tp.wire.messages import Reply, Request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

MAX_BODY: Final = 8 * 1024 * 1024
"""Bytes of a body that are read at most; no documented reply comes near it."""

_IDLE: Final = 30.0
# A connect phase that takes all the time there is must be told from a reply that doesn't come.
_CONNECT_SHARE: Final = 0.9
_USER_AGENT: Final = "miniapp_tp"
_ONE_LANE: Final = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_IDLE)
_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
# The standard library's own reading of NO_PROXY; its type stubs leave it out.
_bypasses = cast("Callable[[str, dict[str, str]], bool]", vars(urllib.request)["proxy_bypass_environment"])
_quiet: ContextVar[bool] = ContextVar("miniapp_tp_quiet", default=False)


def _not_ours(_record: logging.LogRecord) -> bool:
    """Keep httpcore from writing down, at DEBUG level, the headers of our replies: a redirect may echo a token."""
    return not _quiet.get()


for _name in ("httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks"):
    logging.getLogger(_name).addFilter(_not_ours)


@frozen
class _Lane:
    """A transport with one connection, and when it was last used."""

    transport: httpx.AsyncBaseTransport
    used: float


class HttpxTransport:
    """Requests over httpx.

    Args:
        inner: Any asynchronous httpx transport (a `MockTransport`, an `ASGITransport`), which is then used for
            everything; it is closed with this one. `None` for connections of our own.
        proxy: The address of a proxy; `None` for the environment's, `NO_PROXY` honoured.
        verify: Whose TLS certificates are trusted, as in `Options`.
        trust_env: Whether the environment's proxies are used at all.

    Raises:
        InvalidArgument: A proxy or certificates that can't be used.
    """

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport | None = None,
        *,
        proxy: str | None = None,
        verify: bool | str | ssl.SSLContext = True,
        trust_env: bool = True,
    ) -> None:
        self._inner = inner
        environment = urllib.request.getproxies_environment() if trust_env and proxy is None and inner is None else {}
        self._bypass = {"no": environment.get("no", "")}
        made = _proxies({"all": proxy} if proxy else environment)
        # Rebound: an error tracker would show the addresses, passwords included, as locals of this frame.
        proxy, environment = None, {}
        if isinstance(made, str):
            raise InvalidArgument(made)
        self._proxies = made
        self._verify = verify
        self._context: ssl.SSLContext | None = None
        self._idle: dict[str, deque[_Lane]] = {}
        self._closed = False

    async def send(self, request: Request, *, timeout: float) -> Reply:
        """Send one request, and read its reply to the end: see `Transport`."""
        outcome = await self._outcome(request, timeout)
        if isinstance(outcome, Reply):
            return outcome
        raise outcome

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        if self._inner is not None:
            await self._inner.aclose()
        for lanes in self._idle.values():
            while lanes:
                await lanes.pop().transport.aclose()

    async def _outcome(self, request: Request, seconds: float) -> Reply | NoAnswer:
        """Give what came instead of raising: httpx's frames hold the address with its token."""
        token = _quiet.set(True)
        try:
            with anyio.move_on_after(seconds):
                async with self._lane(request.origin) as lane:
                    return await _exchange(lane, request, seconds)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ssl.SSLError) as problem:
            return _told(problem)
        finally:
            _quiet.reset(token)
        return DeadlineExceeded(f"no answer within {seconds:.3g} s", may_have_happened=True)

    @asynccontextmanager
    async def _lane(self, origin: str) -> AsyncGenerator[httpx.AsyncBaseTransport]:
        """Lend a lane that nobody else uses; one whose exchange was broken off isn't used again."""
        if self._inner is not None:
            yield self._inner
            return
        idle = self._idle.setdefault(origin, deque())
        transport = idle.pop().transport if idle else self._open(origin)
        try:
            yield transport
        except BaseException:
            with anyio.CancelScope(shield=True):
                await transport.aclose()
            raise
        await self._put_back(idle, transport)

    async def _put_back(self, idle: deque[_Lane], transport: httpx.AsyncBaseTransport) -> None:
        now = time.monotonic()
        idle.append(_Lane(transport, now))
        while idle and (self._closed or now - idle[0].used > _IDLE):
            await idle.popleft().transport.aclose()

    def _open(self, origin: str) -> httpx.AsyncHTTPTransport:
        if self._context is None:
            self._context = _tls(self._verify)
        return httpx.AsyncHTTPTransport(
            verify=self._context, limits=_ONE_LANE, trust_env=False, proxy=self._proxy_for(origin)
        )

    def _proxy_for(self, origin: str) -> httpx.Proxy | None:
        scheme, _, host = origin.partition("://")
        proxy = self._proxies.get(scheme) or self._proxies.get("all")
        return None if proxy is None or _bypasses(host, self._bypass) else proxy


def _proxies(addresses: Mapping[str, str]) -> dict[str, httpx.Proxy] | str:
    """Read the addresses of proxies, or say what is wrong with one without showing its password."""
    made: dict[str, httpx.Proxy] = {}
    for scheme in ("http", "https", "all"):
        proxy = _proxy(addresses[scheme]) if addresses.get(scheme) else None
        if isinstance(proxy, str):
            return f"the proxy for {scheme} can't be used: {proxy}"
        if proxy is not None:
            made[scheme] = proxy
    return made


def _proxy(address: str) -> httpx.Proxy | str:
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    except (TypeError, ValueError, httpx.InvalidURL):
        proxy = None
    if proxy is None or not proxy.url.host:
        return "write its address like 'http://proxy.example:3128'"
    if proxy.url.scheme.startswith("socks") and find_spec("socksio") is None:
        return "SOCKS needs the package socksio: pip install 'httpx[socks]'"
    return proxy


def _tls(verify: bool | str | ssl.SSLContext) -> ssl.SSLContext:  # noqa: FBT001 - the option's own form
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, bool):
        return httpx.create_ssl_context(verify=verify, trust_env=False)
    try:
        if Path(verify).is_dir():
            return ssl.create_default_context(capath=verify)
        return ssl.create_default_context(cafile=verify)
    except OSError as problem:
        message = f"verify={verify!r} holds no certificates that can be read: {problem.strerror or problem}"
    raise InvalidArgument(message)


async def _exchange(lane: httpx.AsyncBaseTransport, request: Request, seconds: float) -> Reply:
    timeouts = {"connect": seconds * _CONNECT_SHARE, "read": seconds, "write": seconds, "pool": seconds}
    response = await lane.handle_async_request(
        httpx.Request(
            request.method,
            request.url,
            headers=[("user-agent", _USER_AGENT), ("accept", "*/*"), ("accept-encoding", "gzip"), *request.headers],
            content=request.body,
            extensions={"timeout": timeouts},
        )
    )
    try:
        body, complete = await _body(response)
    finally:
        await response.aclose()
    return Reply(response.status_code, dict(response.headers), body, complete)


async def _body(response: httpx.Response) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    # It is an asynchronous generator, whatever its annotation says: one that isn't closed is left to the collector.
    async with aclosing(cast("AsyncGenerator[bytes]", response.aiter_bytes())) as received:
        async for part in received:
            size += len(part)
            if size > MAX_BODY:
                return b"".join(parts), False
            parts.append(part)
    return b"".join(parts), True


def _told(problem: Exception) -> NoAnswer:
    """Say in our words what went wrong: httpx's own may hold the address."""
    kind = type(problem).__name__
    if isinstance(problem, _NEVER_SENT):
        return ConnectFailed(f"no connection could be made ({kind}); is the address right, and the network up?")
    if isinstance(problem, httpx.TimeoutException):
        return DeadlineExceeded(f"no answer in time ({kind})", may_have_happened=True)
    return ConnectionLost(f"the connection broke before the answer was there ({kind})", may_have_happened=True)
