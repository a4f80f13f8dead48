"""Every transport, for the tests that all of them have to pass."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx2
import pytest
import trustme
from attrs import frozen

from miniapp_tp import HttpxTransport, Transport
from miniapp_tp.transport.fast_aiohttp import AiohttpTransport
from miniapp_tp.transport.fast_pyreqwest import PyreqwestTransport
from miniapp_tp.transport.ways import own_authorities

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path


class Open(Protocol):
    """Makes a transport, which is closed at the end of the test."""

    def __call__(
        self, *, proxy: str | None = None, verify: bool | str | ssl.SSLContext = True, trust_env: bool = True
    ) -> Transport:
        """Make one."""
        ...


@frozen
class Kind:
    """One transport.

    Attributes:
        name: Its name.
        make: Makes one.
        is_ours: Whether it chooses proxies and certificates itself.
        keeps_on: Whether what is cancelled is sent all the same, and its connection lasts until its time is over.
    """

    name: str
    make: Callable[..., Transport]
    is_ours: bool = True
    keeps_on: bool = False


def over_httpx2(*, proxy: str | None = None, verify: Any = True, trust_env: bool = True) -> Transport:  # noqa: ANN401
    """Drive a transport of httpx2, with one connection for each request as our own lanes have."""
    context = own_authorities(verify) if isinstance(verify, str) else httpx2.create_ssl_context(verify=verify)
    return HttpxTransport(httpx2.AsyncHTTPTransport(verify=context, proxy=proxy, trust_env=trust_env))


def over_pyreqwest(**options: Any) -> Transport:  # noqa: ANN401
    """Give up connecting soon: the others take a share of the attempt's time for it."""
    return PyreqwestTransport(**options, connect_timeout=0.4)


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("httpx", HttpxTransport),
        Kind("httpx2", over_httpx2, is_ours=False),
        Kind("pyreqwest", over_pyreqwest, keeps_on=True),
        Kind("aiohttp", AiohttpTransport),
    )
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each transport in turn."""
    return KINDS[request.param]


@pytest.fixture(params=[kind.name for kind in KINDS.values() if kind.is_ours])
async def ours(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """Make transports of our own, which choose proxies and certificates themselves."""
    async with opening(KINDS[request.param]) as make:
        yield make


@pytest.fixture
async def opened(kind: Kind) -> AsyncIterator[Open]:
    """Make transports, and close them at the end."""
    async with opening(kind) as make:
        yield make


@asynccontextmanager
async def opening(kind: Kind) -> AsyncGenerator[Open]:
    """Make transports, and close them at the end."""
    made: list[Transport] = []

    def make(**options: Any) -> Transport:  # noqa: ANN401
        made.append(kind.make(**options))
        return made[-1]

    yield make
    for transport in made:
        await transport.aclose()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Give an authority of our own."""
    return trustme.CA()


@pytest.fixture(scope="session")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give its certificate as a file."""
    path: Path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path
