"""Who is compared: code as somebody writes it who has no SDK, and the SDK on each of its transports.

A contender is an asynchronous context manager that takes the server's address and gives its two calls.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlencode

from attrs import frozen

from benchmarks.work import APP, DOMAIN_PATH, FIELDS, INFO_PATH, NAME, TOKEN, check
from miniapp_tp import BaiduClient, HttpxTransport, Options, ServerDomains

if TYPE_CHECKING:
    from miniapp_tp import Transport

Call: TypeAlias = Callable[[], Awaitable[None]]
_PATIENCE: Final = 300.0
_QUERY: Final = {"access_token": TOKEN}


@frozen
class Calls:
    """What a contender can do.

    Attributes:
        get_info: Read an app's basic information.
        set_server_domain: Replace its domains.
    """

    get_info: Call
    set_server_domain: Call


Contender: TypeAlias = Callable[[str], AbstractAsyncContextManager[Calls]]


@asynccontextmanager
async def _naive(library: Any, url: str) -> AsyncGenerator[Calls]:  # noqa: ANN401 - httpx, or httpx2
    async with library.AsyncClient(base_url=url, timeout=_PATIENCE) as client:

        async def get_info() -> None:
            got = await client.get(INFO_PATH, params=_QUERY)
            check(got.status_code, got.content, NAME)

        async def set_server_domain() -> None:
            got = await client.post(DOMAIN_PATH, params=_QUERY, data=FIELDS)
            check(got.status_code, got.content, None)

        yield Calls(get_info, set_server_domain)


def naive_httpx(url: str) -> AbstractAsyncContextManager[Calls]:
    """Share one `httpx.AsyncClient`."""
    import httpx  # noqa: PLC0415 - each contender loads its own library only

    return _naive(httpx, url)


def naive_httpx2(url: str) -> AbstractAsyncContextManager[Calls]:
    """Share one `httpx2.AsyncClient`."""
    import httpx2  # noqa: PLC0415

    return _naive(httpx2, url)


@asynccontextmanager
async def aiohttp_by_hand(url: str) -> AsyncGenerator[Calls]:
    """Share one `aiohttp.ClientSession`, its pool unbounded."""
    import aiohttp  # noqa: PLC0415

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, connector=connector) as session:

        async def get_info() -> None:
            async with session.get(INFO_PATH, params=_QUERY) as got:
                check(got.status, await got.read(), NAME)

        async def set_server_domain() -> None:
            async with session.post(DOMAIN_PATH, params=_QUERY, data=FIELDS) as got:
                check(got.status, await got.read(), None)

        yield Calls(get_info, set_server_domain)


@asynccontextmanager
async def pyreqwest_by_hand(url: str) -> AsyncGenerator[Calls]:
    """Share one `pyreqwest` client."""
    from pyreqwest.client import ClientBuilder  # noqa: PLC0415

    info = f"{url}{INFO_PATH}?{urlencode(_QUERY)}"
    domain = f"{url}{DOMAIN_PATH}?{urlencode(_QUERY)}"
    async with ClientBuilder().no_proxy().timeout(timedelta(seconds=_PATIENCE)).build() as client:

        async def get_info() -> None:
            got = await client.get(info).build().send()
            check(got.status, bytes(await got.bytes()), NAME)

        async def set_server_domain() -> None:
            got = await client.post(domain).form(FIELDS).build().send()
            check(got.status, bytes(await got.bytes()), None)

        yield Calls(get_info, set_server_domain)


@asynccontextmanager
async def pyreqwest_and_sdk(url: str) -> AsyncGenerator[Calls]:
    """Call by hand, then the SDK where nothing is sent: what its part costs between real calls."""
    from benchmarks.own_cost import NullTransport  # noqa: PLC0415

    async with pyreqwest_by_hand(url) as by_hand, _sdk(NullTransport(), url) as sdk:

        async def get_info() -> None:
            await by_hand.get_info()
            await sdk.get_info()

        async def set_server_domain() -> None:
            await by_hand.set_server_domain()
            await sdk.set_server_domain()

        yield Calls(get_info, set_server_domain)


@asynccontextmanager
async def _sdk(transport: Transport, url: str) -> AsyncGenerator[Calls]:
    domains = ServerDomains(request=["api.example.com"], socket=["ws.example.com"])
    options = Options(concurrency=1024, timeout=_PATIENCE, attempt_timeout=_PATIENCE)
    client = BaiduClient("a-client-id", tokens={APP: TOKEN}, base_url=url, transport=transport, options=options)

    async def get_info() -> None:
        assert (await client.get_info(APP)).name == NAME

    async def set_server_domain() -> None:
        await client.set_server_domain(APP, domains)

    yield Calls(get_info, set_server_domain)
    await transport.aclose()


def sdk_default(url: str) -> AbstractAsyncContextManager[Calls]:
    """Use the SDK as it comes."""
    return _sdk(HttpxTransport(), url)


def sdk_aiohttp(url: str) -> AbstractAsyncContextManager[Calls]:
    """Use the SDK over aiohttp."""
    from miniapp_tp.transport.fast_aiohttp import AiohttpTransport  # noqa: PLC0415

    return _sdk(AiohttpTransport(), url)


def sdk_fast(url: str) -> AbstractAsyncContextManager[Calls]:
    """Use the SDK with `fast_transport()`."""
    from miniapp_tp import fast_transport  # noqa: PLC0415

    return _sdk(fast_transport(), url)


CONTENDERS: Final[dict[str, Contender]] = {
    "naive httpx": naive_httpx,
    "naive httpx2": naive_httpx2,
    "aiohttp by hand": aiohttp_by_hand,
    "pyreqwest by hand": pyreqwest_by_hand,
    "pyreqwest by hand + SDK on nothing": pyreqwest_and_sdk,
    "SDK default": sdk_default,
    "SDK aiohttp": sdk_aiohttp,
    "SDK fast": sdk_fast,
}
