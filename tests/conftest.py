"""What all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# No example has a deadline of its own: the machine may be busy, and pytest's faulthandler ends what hangs.
settings.register_profile("miniapp_tp", deadline=None)
settings.load_profile("miniapp_tp")


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio alone: the only event loop that the package promises to work on."""
    return "asyncio"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the proxies of the machine that runs the tests: everything here talks to loopback."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
