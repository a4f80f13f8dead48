"""The one function that waits: a call, from its parameters to its value or error.

Reads top to bottom: `call` bounds it in time, `exchange` repeats attempts, `_attempt` makes one. Errors come back as
values until `exchange` raises them, so that a traceback's frames hold no reply and no token.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Generic, Self, TypeVar

import anyio
from attrs import define, evolve, field, frozen

from miniapp_tp.errors import (
    ConnectFailed,
    ConnectionLost,
    CredentialRejected,
    DeadlineExceeded,
    MiniAppError,
    NoAnswer,
    NotFound,
    ProviderError,
)
from miniapp_tp.priority import is_bulk
from miniapp_tp.transport.base import Transport
from miniapp_tp.transport.deadlines import END, Deadlines
from miniapp_tp.transport.hooks import Attempt, Hooks
from miniapp_tp.transport.limits import Limits
from miniapp_tp.transport.options import Options
from miniapp_tp.transport.pacing import Around, AtOnce
from miniapp_tp.transport.retries import Tries, delay
from miniapp_tp.transport.tokens import Tokens
from miniapp_tp.wire.dialect import Credential, Dialect
from miniapp_tp.wire.endpoint import Endpoint, Procedure
from miniapp_tp.wire.exchange import build, parse, sign
from miniapp_tp.wire.messages import Reply, Request, Secret

P = TypeVar("P")
R = TypeVar("R")


@define
class _Course:
    """How far a call has come: what is left to say when its time runs out."""

    clock: Callable[[], float]
    deadline: float
    answered: bool = False
    changed: bool = False
    tries: Tries | None = None

    @property
    def remaining(self) -> float:
        return self.deadline - self.clock()


@define(eq=False)
class _Call(Generic[P, R]):
    """One endpoint being called for one app."""

    endpoint: Endpoint[P, R]
    app: str
    params: P
    request: Request
    tries: Tries
    course: _Course
    token: Secret | None = None
    renewals: int = 0
    elapsed: float = 0.0
    status: int | None = None


@frozen
class _Steps:
    """What a procedure calls endpoints with."""

    session: Session
    course: _Course

    async def __call__(self, endpoint: Endpoint[P, R], app: str, params: P) -> R:
        try:
            result = await self.session.exchange(endpoint, app, params, self.course)
        except ConnectFailed as error:
            if not self.course.answered:
                raise
            # That one says of a whole call that nothing was sent.
            lost = ConnectionLost(f"after a part of it was done, {error.args[0]}", may_have_happened=False)
        else:
            self.course.answered = True
            self.course.changed = self.course.changed or endpoint.changes
            return result
        raise lost


@frozen
class Session:
    """What the calls of a client share.

    Attributes:
        dialect: The provider's main dialect.
        base_url: The address that paths are appended to.
        tokens: Where tokens come from, by whose they are.
        transport: The network.
        limits: How much happens at once.
        hooks: Who watches.
        options: The caller's bounds.
        turns: When calls may be made.
        sleep: Waits some seconds.
        chance: Gives a number from 0 to 1.
    """

    dialect: Dialect
    base_url: str
    tokens: Mapping[Credential, Tokens] = field(repr=False)
    transport: Transport
    limits: Limits
    hooks: Hooks
    options: Options
    turns: Around = field(factory=AtOnce)
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    chance: Callable[[], float] = random.random
    _deadlines: Deadlines = field(init=False, factory=Deadlines, repr=False)

    def with_options(self, options: Options) -> Self:
        """Give a session that shares everything but the options."""
        return evolve(self, options=options)

    async def call(self, operation: Endpoint[P, R] | Procedure[P, R], app: str, params: P) -> R:
        """Make a call, and everything that it takes, within `options.timeout`.

        Raises:
            MiniAppError: What it came to.
        """
        clock = asyncio.get_running_loop().time
        course = _Course(clock, clock() + self.options.timeout)
        bound, outer = self._deadlines.begin(course.deadline), END.set(course.deadline)
        try:
            if isinstance(operation, Endpoint):
                return await self.exchange(operation, app, params, course)
            async with self.limits.alone(app):
                return await operation.run(_Steps(self, course), app, params)
        except MiniAppError as error:
            error.may_have_happened = error.may_have_happened or course.changed
            raise
        except asyncio.CancelledError:
            if not bound.explains_cancelling:
                raise
        finally:
            END.reset(outer)
            self._deadlines.finish(bound)
        raise self._overdue(app, course)

    async def exchange(self, endpoint: Endpoint[P, R], app: str, params: P, course: _Course) -> R:
        """Make attempts until one is answered, or none makes sense any more."""
        course.tries = Tries(endpoint)
        request = build(self.dialect, endpoint, params, self.base_url)
        call = _Call(endpoint, app, params, request, course.tries, course)
        while True:
            result = await self.turns.around(endpoint.name, app, partial(self._attempt, call))
            if not isinstance(result, MiniAppError):
                if self.hooks.watch:
                    self._tell(call, None, None)
                return result
            pause = None
            try:
                pause = await self._pause(call, result)
            finally:  # also where asking for another token fails: what was sent is told
                if self.hooks.watch:
                    self._tell(call, result, pause)
            if pause is None:
                return await self._settle(call, result)
            await self.sleep(pause)

    async def _attempt(self, call: _Call[P, R]) -> R | MiniAppError:
        endpoint, tries, request, clock = call.endpoint, call.tries, call.request, call.course.clock
        bulk, lane = is_bulk(), self.limits.lane
        if not lane.entered_at_once(bulk=bulk):
            await lane.enter(bulk=bulk)
        try:
            if endpoint.credential is not None:
                if call.token is None:
                    call.token = await self.tokens[endpoint.credential].get(call.app)
                request = sign(self.dialect, endpoint.credential, request, call.token)
            tries.sent += 1
            tries.in_flight = True
            begun = clock()
            left = max(0.0, min(self.options.attempt_timeout, call.course.deadline - begun))
            try:
                reply: Reply | NoAnswer = await self.transport.send(request, timeout=left)
            except NoAnswer as error:
                reply = error.with_traceback(None)
            tries.in_flight = False
        finally:
            lane.leave()
        call.elapsed = clock() - begun
        if isinstance(reply, NoAnswer):
            call.status = None
            return reply
        call.status = reply.status
        return parse(self.dialect, endpoint, call.app, reply, request.secrets)

    async def _pause(self, call: _Call[Any, Any], result: MiniAppError) -> float | None:
        """Tell after how many seconds to try again; `None` for not at all."""
        call.tries.note(result)
        if isinstance(result, CredentialRejected):
            return 0.0 if await self._renewed(call) else None
        pause = delay(
            result,
            idempotent=call.endpoint.idempotent,
            number=call.tries.sent - call.renewals,
            options=self.options,
            chance=self.chance(),
        )
        return None if pause is None or pause >= call.course.remaining else pause

    async def _renewed(self, call: _Call[Any, Any]) -> bool:
        """Ask for another token, if the call may; the same one again is no reason for another attempt."""
        credential, rejected = call.endpoint.credential, call.token
        if credential is None or rejected is None:
            return False
        await self.tokens[credential].reject(call.app, rejected)
        if call.renewals >= self.tokens[credential].renewals:
            return False
        call.renewals += 1
        call.token = await self.tokens[credential].get(call.app)
        return call.token != rejected

    async def _settle(self, call: _Call[P, R], error: MiniAppError) -> R:
        """End a call that got no yes: in an error, unless what it was to delete turns out to be gone already."""
        if isinstance(error, NotFound) and call.tries.unanswered and await self._is_gone(call):
            return call.endpoint.decode(call.app, None)
        raise call.tries.final()

    async def _is_gone(self, call: _Call[P, Any]) -> bool:
        """Tell whether a deletion was made by an attempt that got no answer: of several things, by looking."""
        read_back = call.endpoint.read_back
        removed = read_back.removes(call.params) if read_back else 0
        if read_back is None or removed <= 1:
            return removed == 1
        try:
            found = await self.exchange(
                read_back.endpoint, call.app, None, _Course(call.course.clock, call.course.deadline)
            )
        except MiniAppError:
            return False
        return read_back.holds(call.params, found)

    def _overdue(self, app: str, course: _Course) -> MiniAppError:
        """Say what is known of a call whose time ran out."""
        late = DeadlineExceeded(f"no answer within {self.options.timeout:.3g} s", may_have_happened=False)
        tries = course.tries
        late.unsent = tries is None or not tries.sent
        if tries is None:
            return late
        if tries.in_flight and self.hooks.watch:
            self.hooks.tell(
                Attempt(
                    provider=self.dialect.provider,
                    operation=tries.endpoint.name,
                    app=app or None,
                    number=tries.sent,
                    elapsed=self.options.timeout,
                    status=None,
                    error=type(late).__name__,
                    code=None,
                    request_id=None,
                    retry_in=None,
                )
            )
        error = tries.final(late)
        error.may_have_happened = error.may_have_happened or course.changed
        return error

    def _tell(self, call: _Call[Any, Any], error: MiniAppError | None, retry_in: float | None) -> None:
        answered = error if isinstance(error, ProviderError) else None
        self.hooks.tell(
            Attempt(
                provider=self.dialect.provider,
                operation=call.endpoint.name,
                app=call.app or None,
                number=call.tries.sent,
                elapsed=call.elapsed,
                status=call.status,
                error=type(error).__name__ if error else None,
                code=answered.code if answered else None,
                request_id=answered.request_id if answered else None,
                retry_in=retry_in,
            )
        )
