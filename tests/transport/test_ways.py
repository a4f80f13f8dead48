"""The ways to a provider: TLS, proxies, and what is written down on the way."""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import asynccontextmanager, closing, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from miniapp_tp import ConnectFailed, HttpxTransport, InvalidArgument, Options, Reply, Request, Transport
from miniapp_tp.transport.fast_aiohttp import AiohttpTransport
from miniapp_tp.transport.fast_pyreqwest import PyreqwestTransport
from tests.support.loopback import Server, answering, proxying, reply, serving
from tests.support.sides import BAIDU

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

    import trustme

    from tests.transport.conftest import Open

YES = reply(b'{"errno": 0, "data": "by the server"}')


def request(address: str) -> Request:
    return Request(method="GET", address=f"{address}/read", query=(("access_token", "a-token"),))


async def fetch(transport: Transport, address: str) -> Reply:
    return await transport.send(request(address), timeout=5)


def server_side(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    return context


@pytest.fixture
async def secure(authority: trustme.CA) -> AsyncIterator[Server]:
    async with serving(answering(YES), server_side(authority, "localhost")) as server:
        yield server


def address_of(server: Server) -> str:
    return f"https://localhost:{server.port}"


async def test_an_authority_of_ones_own_as_a_file(secure: Server, authority_file: Path, opened: Open) -> None:
    got = await fetch(opened(verify=str(authority_file)), address_of(secure))
    assert got.status == 200


async def test_a_folder_that_lacks_the_authority_is_read_and_refuses(
    secure: Server, tmp_path: Path, opened: Open
) -> None:
    with pytest.raises(ConnectFailed):
        await fetch(opened(verify=str(tmp_path)), address_of(secure))
    assert secure.requests == []


async def test_an_authority_of_ones_own_as_a_context(secure: Server, authority: trustme.CA) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)  # pyright: ignore[reportUnknownMemberType]
    async with BAIDU.client(None, base_url=address_of(secure), verify=context) as client:
        assert await client.get_webview_domain(BAIDU.app) == ("by the server",)
    transport = AiohttpTransport(verify=context)
    assert (await fetch(transport, address_of(secure))).status == 200
    await transport.aclose()


def test_what_pyreqwest_cant_take_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="a file or folder of certificates"):
        PyreqwestTransport(verify=ssl.create_default_context())


async def test_a_folder_with_the_authority(secure: Server, authority_file: Path) -> None:
    transport = PyreqwestTransport(verify=str(authority_file.parent))
    assert (await fetch(transport, address_of(secure))).status == 200
    await transport.aclose()


async def test_an_authority_that_isnt_known_is_refused(secure: Server, opened: Open) -> None:
    with pytest.raises(ConnectFailed):
        await fetch(opened(), address_of(secure))
    assert secure.requests == []


async def test_another_host_is_refused(authority: trustme.CA, authority_file: Path, opened: Open) -> None:
    async with serving(answering(YES), server_side(authority, "another.example")) as server:
        with pytest.raises(ConnectFailed):
            await fetch(opened(verify=str(authority_file)), address_of(server))
        assert server.requests == []


async def test_trusting_everybody(secure: Server, opened: Open) -> None:
    assert (await fetch(opened(verify=False), address_of(secure))).status == 200


@pytest.mark.parametrize("content", [None, "this is no certificate"], ids=["missing", "garbage"])
async def test_certificates_that_cant_be_read(content: str | None, tmp_path: Path, ours: Open) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidArgument, match="holds no certificates"):
        ours(verify=str(path))
    with pytest.raises(InvalidArgument, match="holds no certificates"):
        BAIDU.client(None, verify=str(path))


async def test_a_certificate_that_is_none_inside(tmp_path: Path, ours: Open) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n")
    with pytest.raises(InvalidArgument, match="holds no certificates"):
        ours(verify=str(path))


@pytest.mark.parametrize("verify", [5, None, b"ca.pem"])
async def test_certificates_of_another_form(verify: Any, ours: Open) -> None:  # noqa: ANN401
    with pytest.raises(InvalidArgument, match="verify is True, False, the path"):
        ours(verify=verify)


# --- proxies ----------------------------------------------------------------------------------------------------


async def test_plain_http_goes_through_a_proxy(opened: Open) -> None:
    async with serving(proxying(0)) as proxy:
        got = await fetch(opened(proxy=proxy.url), "http://openapi.example")
    assert b"by the proxy" in got.body
    assert proxy.requests[0].target == "http://openapi.example/read?access_token=a-token"


async def test_tls_goes_through_a_tunnel_and_the_proxy_sees_no_token(secure: Server, authority_file: Path) -> None:
    async with serving(proxying(secure.port)) as proxy:
        address = proxy.url.replace("http://", "http://user:pass-word@")
        async with BAIDU.client(
            None, base_url="https://localhost", proxy=address, verify=str(authority_file)
        ) as client:
            assert await client.get_webview_domain(BAIDU.app) == ("by the server",)
    (tunnel,) = proxy.requests
    assert tunnel.target == "localhost:443"
    assert "proxy-authorization: basic " in tunnel.head.lower()
    assert "a-token" not in tunnel.head
    assert "proxy-authorization" not in secure.requests[0].head.lower()


async def test_a_proxy_that_refuses_means_that_nothing_was_sent(opened: Open) -> None:
    async with serving(proxying(0, allowed=False)) as proxy:
        with pytest.raises(ConnectFailed):
            await fetch(opened(proxy=proxy.url), "https://openapi.example")


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_the_environments_proxy(name: str, monkeypatch: pytest.MonkeyPatch, ours: Open) -> None:
    async with serving(proxying(0)) as proxy:
        monkeypatch.setenv(name, proxy.url)
        got = await fetch(ours(), "http://openapi.example")
    assert b"by the proxy" in got.body


async def test_the_environments_proxy_for_tls(
    secure: Server, authority_file: Path, monkeypatch: pytest.MonkeyPatch, ours: Open
) -> None:
    async with serving(proxying(secure.port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
        got = await fetch(ours(verify=str(authority_file)), "https://localhost")
    assert b"by the server" in got.body
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("exception", ["127.0.0.1", "example.com,127.0.0.1", "*"])
async def test_hosts_that_the_environment_excepts(exception: str, monkeypatch: pytest.MonkeyPatch, ours: Open) -> None:
    async with serving(answering(YES)) as server, serving(proxying(0)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", exception)
        got = await fetch(ours(), server.url)
    assert b"by the server" in got.body
    assert proxy.requests == []


async def test_an_explicit_proxy_outranks_the_environments_exceptions(
    monkeypatch: pytest.MonkeyPatch, ours: Open
) -> None:
    async with serving(proxying(0)) as proxy:
        monkeypatch.setenv("NO_PROXY", "*")
        got = await fetch(ours(proxy=proxy.url), "http://openapi.example")
    assert b"by the proxy" in got.body


async def test_the_environment_may_be_ignored(monkeypatch: pytest.MonkeyPatch, ours: Open) -> None:
    async with serving(answering(YES)) as server, serving(proxying(0)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        await fetch(ours(trust_env=False), server.url)
    assert proxy.requests == []


BAD = ["ftp://user:pass-word@proxy.example", "http://user:pass-word@proxy.example:port", "http://:3128", 3128]


@pytest.mark.parametrize("proxy", BAD, ids=["scheme", "port", "no host", "no text"])
def test_a_proxy_that_cant_be_used(proxy: str) -> None:
    with pytest.raises(InvalidArgument, match=r"write its address like 'http://proxy\.example:3128'") as caught:
        BAIDU.client(None, proxy=proxy)
    assert "pass-word" not in str(caught.value)
    assert "pass-word" not in repr(Options(proxy=proxy))


async def test_a_proxy_of_the_environment_that_cant_be_used(monkeypatch: pytest.MonkeyPatch, ours: Open) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pass-word@proxy.example:port")
    with pytest.raises(InvalidArgument, match="the proxy for https") as caught:
        ours()
    assert "pass-word" not in str(caught.value)


def missing(_name: str) -> None:
    """Find no package."""


def test_socks_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniapp_tp.transport.http.find_spec", missing)
    with pytest.raises(InvalidArgument, match=r"httpx\[socks\]"):
        HttpxTransport(proxy="socks5://127.0.0.1:1080")


@asynccontextmanager
async def socks(*, allowed: bool = True) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """Serve as a SOCKS5 proxy that asks for a user, and answers itself for whom it was asked to connect to."""
    heard = list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readexactly(3))
        writer.write(b"\x05\x02")
        for field in range(2):  # user and password
            length = (await reader.readexactly(1 if field else 2))[-1]
            heard.append(await reader.readexactly(length))
        writer.write(b"\x01\x00")
        length = (await reader.readexactly(5))[-1]
        heard.append(await reader.readexactly(length))
        port = await reader.readexactly(2)
        heard.append(port)
        writer.write((b"\x05\x00" if allowed else b"\x05\x05") + b"\x00\x01\x00\x00\x00\x00\x00\x00")
        while allowed and (head := await reader.readuntil(b"\r\n\r\n")):
            heard.append(head)
            writer.write(YES)

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(EOFError):
            await serve(reader, writer)
            await reader.read()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    async with server:
        yield f"socks5://user:pass-word@127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


async def test_socks_is_spoken_with_it() -> None:
    async with socks() as (address, heard):
        transport = HttpxTransport(proxy=address)
        for _ in range(2):
            got = await fetch(transport, "http://openapi.example:8080")
            assert b"by the server" in got.body
        await transport.aclose()
    assert heard[:5] == [b"\x05\x01\x02", b"user", b"pass-word", b"openapi.example", (8080).to_bytes(2)]
    assert [head.split(b" ", 2)[1] for head in heard[5:]] == [b"/read?access_token=a-token"] * 2


async def test_a_socks_proxy_that_refuses_means_that_nothing_was_sent() -> None:
    async with socks(allowed=False) as (address, _heard):
        transport = HttpxTransport(proxy=address)
        with pytest.raises(ConnectFailed) as caught:
            await fetch(transport, "http://openapi.example")
        assert "pass-word" not in str(caught.value)
        await transport.aclose()


@pytest.mark.parametrize("kind", [PyreqwestTransport, AiohttpTransport])
def test_socks_isnt_spoken_by_the_fast_ones(kind: type[PyreqwestTransport | AiohttpTransport]) -> None:
    with pytest.raises(InvalidArgument, match="speaks no SOCKS"):
        kind(proxy="socks5://user:pass-word@127.0.0.1:1080")


# --- logs -------------------------------------------------------------------------------------------------------


async def test_logs_hold_no_headers_of_ours_and_those_of_others(caplog: pytest.LogCaptureFixture) -> None:
    echo = reply(b"{}", "location: https://elsewhere.example/?access_token=a-token", status="302 Found")
    async with serving(answering(echo)) as server:
        transport = HttpxTransport()
        with caplog.at_level(logging.DEBUG):
            await fetch(transport, server.url)
            await transport.aclose()
            assert "a-token" not in caplog.text
            assert "receive_response_headers" not in caplog.text
            async with httpx.AsyncClient(trust_env=False, verify=False) as other:  # noqa: S501 - no TLS is spoken
                await other.get(server.url)
            assert "receive_response_headers" in caplog.text
