"""A sandbox in a process of its own, and what it tells about itself over HTTP."""

from __future__ import annotations

import json
import sys
from contextlib import asynccontextmanager, suppress
from subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream
from attrs import frozen

from miniapp_tp.cli.language import say
from miniapp_tp.transport.http import HttpxTransport
from miniapp_tp.wire.messages import Request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_PATIENCE = 20.0
_LONGEST_LINE = 1000


class SandboxDidNotStart(RuntimeError):
    """The sandbox's process ended, or said nothing, before it was ready."""


@frozen
class SandboxProcess:
    """A running sandbox.

    Attributes:
        url: Its address.
        transport: The way there, past any proxy.
    """

    url: str
    transport: HttpxTransport

    async def ask(self, path: str, **query: str) -> dict[str, Any]:
        """Ask for what `miniapp_tp.sandbox.control` tells."""
        text = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        request = Request(method="GET", address=f"{self.url}/_sandbox/{path}?{text}")
        reply = await self.transport.send(request, timeout=_PATIENCE)
        found: dict[str, Any] = json.loads(reply.body)
        return found


@asynccontextmanager
async def sandbox_process(*arguments: str) -> AsyncGenerator[SandboxProcess]:
    """Run `miniapp-tp sandbox` on a free port while the block lasts.

    Args:
        arguments: Further options of the command.

    Raises:
        SandboxDidNotStart: It ended before it was ready; what it said went to our standard error.
    """
    command = [sys.executable, "-m", "miniapp_tp.cli", "sandbox", "--port", "0", *arguments]
    async with await anyio.open_process(command, stdin=DEVNULL, stdout=PIPE, stderr=None) as process:
        transport = HttpxTransport(trust_env=False)
        try:
            yield SandboxProcess(await _address(process), transport)
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            with anyio.CancelScope(shield=True):
                await transport.aclose()


async def _address(process: anyio.abc.Process) -> str:
    if process.stdout is None:
        message = "the sandbox's output isn't read"
        raise RuntimeError(message)
    try:
        with anyio.fail_after(_PATIENCE):
            line = await BufferedByteReceiveStream(process.stdout).receive_until(b"\n", _LONGEST_LINE)
    except (anyio.IncompleteRead, TimeoutError):
        message = say("the sandbox didn't start; what it said stands above", "沙箱未能启动, 原因见上")
        raise SandboxDidNotStart(message) from None
    return next(word for word in line.decode().split() if word.startswith("http"))
