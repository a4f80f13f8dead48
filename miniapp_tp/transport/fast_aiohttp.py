"""Requests over aiohttp: the only module that imports it.

Two of its habits don't suit us: it sends a GET a second time by itself when a kept connection broke, and some of ours
spend single-use tokens; and its errors hold addresses, so nothing of them is passed on but the name of their class.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import aiohttp
from yarl import URL

from miniapp_tp.errors import InvalidArgument, NoAnswer
from miniapp_tp.transport.lanes import IDLE
from miniapp_tp.transport.telling import broken_off, never_sent, too_late
from miniapp_tp.transport.ways import Verify, checked_verify, chosen_proxies, own_authorities
from miniapp_tp.wire.messages import MAX_BODY, USER_AGENT, Reply, Request

if TYPE_CHECKING:
    import ssl

    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

# A connect phase that takes all the time there is must be told from a reply that doesn't come.
_CONNECT_SHARE: Final = 0.9
_NEVER_SENT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)


class _BrokenOffError(aiohttp.ClientError):
    """A connection that broke, as an error that aiohttp doesn't answer by sending again."""


async def _once(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    """Send a request once, whatever becomes of it."""
    try:
        return await send(request)
    except _NEVER_SENT:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as problem:
        raise _BrokenOffError(type(problem).__name__) from None


class AiohttpTransport:
    """Requests over aiohttp.

    Args:
        proxy: The address of a proxy; `None` for the environment's, `NO_PROXY` honoured.
        verify: Whose TLS certificates are trusted, as in `Options`.
        trust_env: Whether the environment's proxies are used at all.

    Raises:
        InvalidArgument: A proxy or certificates that can't be used.
    """

    def __init__(self, *, proxy: str | None = None, verify: Verify = True, trust_env: bool = True) -> None:
        made = chosen_proxies(proxy, trust_env=trust_env)
        # Rebound: an error tracker would show the address, password included, as a local of this frame.
        proxy = None
        if isinstance(made, InvalidArgument):
            raise made
        made.refuse_socks("aiohttp speaks no SOCKS: leave transport out, which does")
        self._proxies = made
        self._proxied: dict[str, str | None] = {}
        self._ssl = _tls(checked_verify(verify))
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request, *, timeout: float) -> Reply:
        """Send one request, and read its reply to the end: see `Transport`."""
        outcome = await self._outcome(request, timeout)
        if isinstance(outcome, Reply):
            return outcome
        raise outcome

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _outcome(self, request: Request, seconds: float) -> Reply | NoAnswer:
        """Give what came instead of raising: aiohttp's frames hold the address with its token."""
        try:
            async with self._opened().request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body or None,
                proxy=self._proxy_for(request.origin),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds, connect=seconds * _CONNECT_SHARE, ceil_threshold=math.inf),
            ) as response:
                return await _reply(response)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            return _told(problem)

    def _opened(self) -> aiohttp.ClientSession:
        """Give the session, which can only be made where an event loop runs."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=self._ssl, keepalive_timeout=IDLE),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"user-agent": USER_AGENT, "accept": "*/*"},
                middlewares=(_once,),
            )
        return self._session

    def _proxy_for(self, origin: str) -> str | None:
        if origin not in self._proxied:
            self._proxied[origin] = self._proxies.address_for(origin)
        return self._proxied[origin]

    def __repr__(self) -> str:
        """Say which library it is."""
        return "<AiohttpTransport>"


def _tls(verify: Verify) -> ssl.SSLContext | bool:
    return own_authorities(verify) if isinstance(verify, str) else verify


async def _reply(response: ClientResponse) -> Reply:
    """Read a reply up to the bound of its body."""
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > MAX_BODY:
            response.close()  # else what is left would be read, to use the connection again
            break
    return Reply(response.status, response.headers, bytes(body[:MAX_BODY]), len(body) <= MAX_BODY)


def _told(problem: Exception) -> NoAnswer:
    kind = type(problem).__name__
    if isinstance(problem, _NEVER_SENT) or type(problem) is ValueError:
        return never_sent(kind)
    if isinstance(problem, TimeoutError):
        return too_late(kind)
    return broken_off(str(problem) if isinstance(problem, _BrokenOffError) else kind)
