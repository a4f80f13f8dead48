"""Sending what the imitated providers have to push, and repeating what isn't acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import anyio
from attrs import define, field

from miniapp_tp.errors import NoAnswer
from miniapp_tp.sandbox.outbox import Outbox, Pushed
from miniapp_tp.transport.http import HttpxTransport
from miniapp_tp.wire.messages import Request

_AT_ONCE: Final = 32


@define
class Pusher:
    """Sends messages until it is cancelled; to be run in one event loop.

    Attributes:
        outbox: What is to be sent.
        ticket: Pushes the tickets that are due by the clock.
    """

    outbox: Outbox
    ticket: Callable[[], object]
    _transport: HttpxTransport = field(factory=lambda: HttpxTransport(trust_env=False), repr=False)
    _turns: anyio.CapacityLimiter = field(factory=lambda: anyio.CapacityLimiter(_AT_ONCE), repr=False)

    async def run(self) -> None:
        """Send."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self.outbox.wake = lambda: loop.call_soon_threadsafe(woken.set)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._push_tickets)
                while True:
                    woken.clear()
                    while (pushed := self.outbox.take()) is not None:
                        group.start_soon(self._send, pushed)
                    with anyio.move_on_after(self.outbox.due_in()):
                        await woken.wait()
        finally:
            self.outbox.wake = lambda: None
            with anyio.CancelScope(shield=True):
                await self._transport.aclose()

    async def _send(self, pushed: Pushed) -> None:
        async with self._turns:
            letter = pushed.letter()
            request = Request(
                method="POST",
                address=self.outbox.address(pushed.provider),
                headers=letter.headers,
                body=letter.body,
            )
            try:
                reply = await self._transport.send(request, timeout=self.outbox.rules.patience)
                self.outbox.answered(pushed, reply.status, reply.body)
            except NoAnswer:
                self.outbox.answered(pushed, 0, b"")

    async def _push_tickets(self) -> None:
        """Push one at once and then one after each pause, as long as the rules say so."""
        while True:
            pause = self.outbox.rules.tickets
            if pause is not None:
                self.ticket()
            await anyio.sleep(pause or _LOOK)


_LOOK: Final = 0.1
"""Seconds after which the rules are looked at again."""
