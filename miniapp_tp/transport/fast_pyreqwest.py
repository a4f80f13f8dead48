"""Requests over pyreqwest, which drives Rust's reqwest: the only module that imports it.

What has to be known of it, besides its interface (pyreqwest 0.15):

- its `ConnectError` and `ConnectTimeoutError` also stand for lines that were cut, and time that ran out, after the
  request had been sent: only the causes tell, and only one of them says that nothing was sent;
- its errors hold the whole address, tokens included, so nothing of them is passed on but the name of their class;
- cancelled, it raises a `CancelledError` of its own, which anyio's scopes take for somebody else's; and where a reply
  comes at the same moment it raises none at all, so that a task would go on which was told to end;
- what it is sending when it is cancelled it goes on sending: such a connection lasts until its attempt's time is over.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio.lowlevel
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import BuilderError, DetailedPyreqwestError, PyreqwestError
from pyreqwest.proxy import ProxyBuilder

from miniapp_tp.errors import InvalidArgument, NoAnswer
from miniapp_tp.transport.lanes import IDLE
from miniapp_tp.transport.telling import broken_off, never_sent, too_late
from miniapp_tp.transport.ways import Verify, checked_verify, chosen_proxies, no_certificates
from miniapp_tp.wire.messages import MAX_BODY, USER_AGENT, Reply, Request

if TYPE_CHECKING:
    from pyreqwest.client import Client
    from pyreqwest.response import Response

_NOT_CONNECTED: Final = "client error (Connect)"
_CHUNK: Final = 64 * 1024
_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class PyreqwestTransport:
    """Requests over pyreqwest.

    Certificates are the system's; those of `verify="…"` are trusted besides.

    Args:
        proxy: The address of a proxy; `None` for the environment's, `NO_PROXY` honoured.
        verify: Whose TLS certificates are trusted, as in `Options`; it can't take an `ssl.SSLContext`.
        trust_env: Whether the environment's proxies are used at all.
        connect_timeout: Seconds for making a connection.

    Raises:
        InvalidArgument: A proxy or certificates that can't be used.
    """

    def __init__(
        self,
        *,
        proxy: str | None = None,
        verify: Verify = True,
        trust_env: bool = True,
        connect_timeout: float = 5.0,
    ) -> None:
        made = chosen_proxies(proxy, trust_env=trust_env)
        # Rebound: an error tracker would show the address, password included, as a local of this frame.
        proxy = None
        if isinstance(made, InvalidArgument):
            raise made
        made.refuse_socks("pyreqwest speaks no SOCKS: leave transport out, which does")
        self._proxies = made
        self._trusted = _trusted(checked_verify(verify))
        self._connect_timeout = timedelta(seconds=connect_timeout)
        self._clients: dict[str | None, Client] = {}
        self._by_origin: dict[str, Client] = {}
        try:
            _ = self._client_by(None)
        except PyreqwestError:
            raise no_certificates(str(verify), "one in it is broken") from None

    async def send(self, request: Request, *, timeout: float) -> Reply:
        """Send one request, and read its reply to the end: see `Transport`."""
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        try:
            outcome = await self._outcome(request, timeout)
        except asyncio.CancelledError:
            outcome = None
        if outcome is None or (task and task.cancelling() != before):
            await anyio.lowlevel.checkpoint_if_cancelled()  # where anyio's scope raises its own
            raise asyncio.CancelledError
        if isinstance(outcome, Reply):
            return outcome
        raise outcome

    async def aclose(self) -> None:
        """Close all connections."""
        self._by_origin.clear()
        while self._clients:  # its idle connections are closed with the last reference to a client
            await self._clients.popitem()[1].close()

    async def _outcome(self, request: Request, seconds: float) -> Reply | NoAnswer:
        """Give what came instead of raising: pyreqwest's errors hold the address with its token."""
        client = self._client_for(request.origin)
        try:
            built = client.request(request.method, request.url).timeout(timedelta(seconds=seconds))
            if request.body:
                built = built.body_bytes(request.body)
            if request.headers:
                built = built.headers(request.headers)
            async with built.streamed_read_buffer_limit(_CHUNK).build_streamed() as response:
                return await _reply(response)
        except PyreqwestError as problem:
            return _told(problem)
        except ValueError as problem:
            return never_sent(type(problem).__name__)

    def _client_for(self, origin: str) -> Client:
        client = self._by_origin.get(origin)
        if client is None:
            client = self._by_origin[origin] = self._client_by(self._proxies.address_for(origin))
        return client

    def _client_by(self, proxy: str | None) -> Client:
        client = self._clients.get(proxy)
        if client is None:
            client = self._clients[proxy] = self._client(proxy)
        return client

    def _client(self, proxy: str | None) -> Client:
        builder = (
            ClientBuilder()
            .http1_only()
            .user_agent(USER_AGENT)
            .follow_redirects(enable=False)
            .referer(enable=False)
            .no_proxy()
            .connect_timeout(self._connect_timeout)
            .pool_idle_timeout(timedelta(seconds=IDLE))
        )
        if self._trusted is None:
            builder = builder.danger_accept_invalid_certs(enable=True)
        for certificate in self._trusted or ():
            builder = builder.add_root_certificate_pem(certificate)
        if proxy is not None:
            builder = builder.proxy(ProxyBuilder.all(proxy))
        return builder.build()

    def __repr__(self) -> str:
        """Say which library it is."""
        return "<PyreqwestTransport>"


def _trusted(verify: Verify) -> tuple[bytes, ...] | None:
    """Give the certificates to trust besides the system's; `None` to trust everybody."""
    if isinstance(verify, bool):
        return () if verify else None
    if not isinstance(verify, str):
        message = "pyreqwest takes verify as the path of a file or folder of certificates, not as an ssl.SSLContext"
        raise InvalidArgument(message)
    try:
        path = Path(verify)
        files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
        found = tuple(text for file in files for text in _CERTIFICATE.findall(file.read_bytes()))
    except OSError as problem:
        raise no_certificates(verify, problem.strerror or problem) from None
    if not found and not path.is_dir():
        raise no_certificates(verify, "none is in it")
    return found


async def _reply(response: Response) -> Reply:
    """Read a reply up to the bound of its body."""
    body = bytearray()
    reader = response.body_reader
    while part := await reader.read(_CHUNK):
        body += part
        if len(body) > MAX_BODY:
            break
    return Reply(response.status, response.headers, bytes(body[:MAX_BODY]), len(body) <= MAX_BODY)


def _told(problem: PyreqwestError) -> NoAnswer:
    kind = type(problem).__name__
    if isinstance(problem, BuilderError) or _NOT_CONNECTED in _causes(problem):
        return never_sent(kind)
    return too_late(kind) if isinstance(problem, TimeoutError) else broken_off(kind)


def _causes(problem: PyreqwestError) -> list[str]:
    details = problem.details if isinstance(problem, DetailedPyreqwestError) else None
    return [cause["message"] for cause in (details and details["causes"]) or ()]
