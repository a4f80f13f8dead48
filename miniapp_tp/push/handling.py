"""Handling the events in journals: by some workers, with back-off, until the user's handler is done with them."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import math
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
from anyio.streams.memory import MemoryObjectSendStream
from attrs import define, evolve, field, frozen

from miniapp_tp.errors import InvalidArgument, MiniAppError
from miniapp_tp.models import AppAuthorizationUpdated, AppAuthorized, Event, TicketPushed
from miniapp_tp.push.base import Handler, Receiver
from miniapp_tp.push.journal import Claim, Journal, Noted, name_of
from miniapp_tp.wire.messages import Secret
from miniapp_tp.wire.redaction import redact

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream

_BUFFER: Final = 1000
_FIRST_PAUSE: Final = 1.0
_GROWTH: Final = 4.0
_LONGEST_PAUSE: Final = 3600.0
_LONGEST_REST: Final = 32

log = logging.getLogger("miniapp_tp.push")


@frozen
class Channel:
    """One client's events: where they are received, kept, and how their apps are called.

    Attributes:
        name: The client's name: its path, and what qualifies app ids in a fleet.
        receiver: The client.
        journal: Where its events are kept.
        qualifies: Whether the handler is given qualified app ids.
    """

    name: str
    receiver: Receiver
    journal: Journal
    qualifies: bool = False

    def read(self, noted: Noted) -> Event:
        """Read an event of the journal."""
        event = self.receiver.read_event(noted.raw, id=noted.id, component=noted.component)
        return evolve(event, attempt=noted.attempt)

    def shown(self, event: Event) -> Event:
        """Give an event as the handler knows it."""
        return evolve(event, app=f"{self.name}:{event.app}") if self.qualifies and event.app is not None else event


@frozen(kw_only=True)
class Terms:
    """How events are handled.

    Attributes:
        concurrency: How many at once in this process.
        timeout: Seconds for one attempt.
        attempts: After how many an event is parked.
        poll: Seconds between two looks for events that other processes left behind, or whose time has come.
        grace: Seconds that closing waits for the events in hand.
    """

    concurrency: int = 16
    timeout: float = 60.0
    attempts: int = 8
    poll: float = 1.0
    grace: float = 30.0

    def check(self) -> None:
        """Refuse what can't be meant.

        Raises:
            InvalidArgument: A number that isn't positive.
        """
        given = {"concurrency": self.concurrency, "timeout": self.timeout, "attempts": self.attempts, "poll": self.poll}
        for name, value in given.items():
            if not (math.isfinite(value) and value > 0):
                raise InvalidArgument(f"{name} is a positive number, not {value}")


def pause(begun: int) -> float:
    """Give the seconds after a failed attempt: 1, 4, 16, … up to an hour."""
    return float(min(_FIRST_PAUSE * _GROWTH ** (begun - 1), _LONGEST_PAUSE))


@frozen
class Rest:
    """How long an event is left alone that couldn't be taken in hand: it isn't due, or somebody else has it.

    Attributes:
        until: The number of the look that sees it again.
        looks: For how many it rests.
    """

    until: int
    looks: int


@define
class Handling:
    """The workers of one process; they run in a task of their own from `start` to `close`.

    Attributes:
        channels: Whose events are handled, by name.
        handler: What is done with them.
        terms: How.
    """

    channels: Mapping[str, Channel]
    handler: Handler
    terms: Terms
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _ending: asyncio.Event = field(factory=asyncio.Event, init=False)
    _known: set[tuple[str, str]] = field(factory=set[tuple[str, str]], init=False)
    _resting: dict[tuple[str, str], Rest] = field(factory=dict[tuple[str, str], Rest], init=False)
    _looks: int = field(default=0, init=False)
    _send: MemoryObjectSendStream[tuple[str, str]] | None = field(default=None, init=False)

    @property
    def is_running(self) -> bool:
        """Whether events are being handled."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin, if that hasn't been done. What a request has in its context doesn't get in."""
        if not self.is_running:
            self._ending = asyncio.Event()
            self._known.clear()
            context = contextvars.Context()
            self._task = asyncio.create_task(self._run(), name="miniapp_tp pushed events", context=context)

    async def close(self) -> None:
        """Take nothing more in hand, and wait for what is; what takes longer than the grace is broken off.

        Nothing is lost by that: it stays in the journal.
        """
        self._ending.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=self.terms.grace)
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    def offer(self, channel: Channel, event: Event) -> None:
        """Have an event handled that was noted just now; if there are too many, it is found later."""
        name = name_of(event.id)
        if self._send is not None and (channel.name, name) not in self._known:
            try:
                self._send.send_nowait((channel.name, name))
            except anyio.WouldBlock:
                return
            self._known.add((channel.name, name))

    # --- finding ----------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        send, receive = anyio.create_memory_object_stream[tuple[str, str]](_BUFFER)
        self._send = send
        try:
            async with anyio.create_task_group() as group, send:
                for _ in range(self.terms.concurrency):
                    group.start_soon(self._work, receive.clone())
                receive.close()
                while not self._ending.is_set():
                    await self._look(send)
                    with anyio.move_on_after(self.terms.poll):
                        await self._ending.wait()
        finally:
            self._send = None

    async def _look(self, send: MemoryObjectSendStream[tuple[str, str]]) -> None:
        """Hand out what waits in the journals."""
        self._looks += 1
        seen: set[tuple[str, str]] = set()
        for channel in self.channels.values():
            try:
                async for name in channel.journal.waiting():
                    key = (channel.name, name)
                    seen.add(key)
                    if self._ending.is_set():
                        return
                    if key not in self._known and not self._rests(key):
                        self._known.add(key)
                        await send.send(key)
            except Exception as error:  # noqa: BLE001 - a store may be anybody's, and the others' events go on
                log.warning("the journal of %s can't be read: %s", channel.name, _described(error))
        for gone in self._resting.keys() - seen:
            del self._resting[gone]

    async def _work(self, receive: MemoryObjectReceiveStream[tuple[str, str]]) -> None:
        with receive:
            async for channel, name in receive:
                try:
                    if not self._ending.is_set() and not await self._handle(self.channels[channel], name):
                        self._leave_alone((channel, name))
                finally:
                    self._known.discard((channel, name))

    def _rests(self, key: tuple[str, str]) -> bool:
        rest = self._resting.get(key)
        return rest is not None and self._looks < rest.until

    def _leave_alone(self, key: tuple[str, str]) -> None:
        """Let an event rest, twice as long as the last time: thousands may be waiting for a handler to be mended."""
        before = self._resting.get(key)
        looks = 1 if before is None else min(before.looks * 2, _LONGEST_REST)
        self._resting[key] = Rest(self._looks + looks, looks)

    # --- handling ---------------------------------------------------------------------------------------------------

    async def _handle(self, channel: Channel, name: str) -> bool:
        """Handle an event, if it can be taken in hand; tell whether it could."""
        try:
            async with channel.journal.claim(name) as claim:
                if claim is not None:
                    await self._attempt(channel, claim)
                    return True
        except Exception as error:  # noqa: BLE001 - see above
            # The event is where it was, and is found again, at the latest once the lease has run out.
            log.warning("the journal of %s failed while an event was in hand: %s", channel.name, _described(error))
        return False

    async def _attempt(self, channel: Channel, claim: Claim) -> None:
        if claim.noted.begun > self.terms.attempts:
            await claim.park("the process ended in every attempt to handle it")
            return
        error = await self._failure(channel, claim.noted)
        if error is None:
            await claim.done()
        elif claim.noted.begun >= self.terms.attempts:
            await claim.park(error)
        else:
            await claim.put_off(pause(claim.noted.begun), error)

    async def _failure(self, channel: Channel, noted: Noted) -> str | None:
        """Handle an event, and say what went wrong, if something did."""
        event: Event | None = None
        try:
            with anyio.fail_after(self.terms.timeout):
                event = channel.read(noted)
                await channel.receiver.apply_event(event)
                await self.handler(channel.shown(event))
        except Exception as error:  # noqa: BLE001 - whatever the handler raises
            trace = redact("".join(traceback.format_exception(error)), _secrets(event))
            told = (channel.name, noted.name, noted.app or "-", noted.attempt, trace)
            log.warning("handling %s's event %s of app %s failed (attempt %d)\n%s", *told)
            return _described(error)
        return None


def _secrets(event: Event | None) -> list[Secret]:
    match event:
        case TicketPushed():
            return [Secret(event.ticket)]
        case AppAuthorized() | AppAuthorizationUpdated():
            return [Secret(event.authorization_code)]
        case _:
            return []


def _described(error: Exception) -> str:
    """Say what went wrong in words that hold nothing of the event: only our own errors' texts are known to."""
    if isinstance(error, MiniAppError):
        return f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
