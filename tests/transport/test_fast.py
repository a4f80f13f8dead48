"""Choosing the quickest transport that is installed."""

from __future__ import annotations

import logging
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from miniapp_tp import InvalidArgument, Transport, fast_transport

if TYPE_CHECKING:
    from miniapp_tp.transport.ways import Verify

# httpx itself loads click and rich, where they are installed.
CORE_ALONE = """
import sys
import miniapp_tp
extras = {"pyreqwest", "aiohttp", "yarl", "httpx2", "uvloop", "cryptography", "uvicorn", "redis", "asyncpg"}
assert not extras & set(sys.modules), extras & set(sys.modules)
"""


async def made(**options: object) -> str:
    transport = fast_transport(**options)  # type: ignore[arg-type]
    assert isinstance(transport, Transport)
    await transport.aclose()
    return repr(transport)


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    def find(name: str) -> object:
        return None if name in names else name

    monkeypatch.setattr("miniapp_tp.transport.fast.find_spec", find)


async def test_pyreqwest_is_taken_first_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "miniapp_tp"):
        assert await made() == "<PyreqwestTransport>"
    assert caplog.messages == ["requests are made over <PyreqwestTransport>"]


async def test_aiohttp_is_taken_next(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "pyreqwest")
    assert await made() == "<AiohttpTransport>"


async def test_a_context_of_ones_own_is_aiohttps_business() -> None:
    assert await made(verify=ssl.create_default_context()) == "<AiohttpTransport>"


@pytest.mark.parametrize(
    ("verify", "extra"), [(True, "fast"), (ssl.create_default_context(), "aiohttp")], ids=["usual", "context"]
)
def test_without_either_it_says_what_to_install(verify: Verify, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "pyreqwest", "aiohttp")
    with pytest.raises(InvalidArgument, match=rf"pip install 'miniapp_tp\[{extra}\]'"):
        fast_transport(verify=verify, proxy="http://user:pass-word@proxy.example")


def test_the_package_loads_nothing_that_it_can_do_without() -> None:
    subprocess.run([sys.executable, "-I", "-c", CORE_ALONE], check=True)
