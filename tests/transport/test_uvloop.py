"""The whole way on uvloop, on every transport."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import anyio
import pytest

from miniapp_tp import DeadlineExceeded
from tests.support.loopback import answering, reply, serving, stall, until
from tests.support.sides import BAIDU

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tests.transport.conftest import Kind

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop for Windows")


def run(work: Coroutine[object, object, None]) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def test_calls_at_once(kind: Kind) -> None:
    async def work() -> None:
        async with serving(answering(reply(BAIDU.info.body))) as server:
            transport = kind.make()
            client = BAIDU.client(transport, base_url=server.url)
            async with anyio.create_task_group() as group:
                for _ in range(50):
                    group.start_soon(client.get_info, BAIDU.app)
            await transport.aclose()
            await until(lambda: server.open == 0)

    run(work())


def test_a_deadline(kind: Kind) -> None:
    async def work() -> None:
        async with serving(stall) as server:
            transport = kind.make()
            client = BAIDU.client(transport, base_url=server.url, timeout=0.2, attempts=1)
            with pytest.raises(DeadlineExceeded):
                await client.get_info(BAIDU.app)
            await until(lambda: server.open == 0)
            await transport.aclose()

    run(work())
