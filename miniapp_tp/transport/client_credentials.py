"""Tokens that an app's own key and secret give: kept in memory alone, since asking again spends nothing.

One request for all who wait; renewed in the background before the end, and at once after a rejection.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar, Generic, TypeVar

import anyio
from attrs import define, evolve, field, frozen

from miniapp_tp.contract import Issued
from miniapp_tp.errors import DeadlineExceeded
from miniapp_tp.transport.flights import Flights
from miniapp_tp.transport.session import Session
from miniapp_tp.transport.windows import AGAIN, Windows, windows
from miniapp_tp.wire.endpoint import Endpoint
from miniapp_tp.wire.messages import Secret

P = TypeVar("P")


@frozen
class _Held:
    """A token in memory."""

    token: Secret
    windows: Windows


@define
class ClientCredentials(Generic[P]):
    """The tokens of apps; a source of them for calls that carry them.

    Attributes:
        ask: Gives what an app's token is asked for with. It is called for each request, so it may change.
        endpoint: What gives the token.
        session: Makes the calls, which need no token themselves.
        clock: Tells the time in epoch seconds.
    """

    renewals: ClassVar[int] = 1
    ask: Callable[[str], Awaitable[P]] = field(repr=False)
    endpoint: Endpoint[P, Issued]
    session: Session = field(repr=False)
    clock: Callable[[], float] = time.time
    _flights: Flights[_Held] = field(factory=Flights[_Held], repr=False)
    _held: dict[str, _Held] = field(factory=dict[str, _Held], repr=False)

    async def get(self, app: str) -> Secret:
        """Give an app's token: at once while it is good, else after the one request that all wait for.

        Raises:
            MiniAppError: Why it can't be had. What the caller's own code raises comes through as it is.
        """
        held = self._held.get(app)
        now = self.clock()
        if held is None or now >= held.windows.over:
            return (await self._flights.join(app, partial(self._renew, app))).token
        if now >= held.windows.due:
            self._held[app] = evolve(held, windows=Windows(now + AGAIN, held.windows.over))
            self._flights.begin(app, partial(self._renew, app))
        return held.token

    async def reject(self, app: str, token: Secret) -> None:
        """Learn that the provider rejected a token; if another has taken its place already, nothing happens."""
        held = self._held.get(app)
        if held is not None and held.token == token:
            del self._held[app]

    async def land(self) -> None:
        """Wait for what is under way."""
        await self._flights.land()

    async def _renew(self, app: str) -> _Held:
        asked = await self._asked(app)
        issued = await self.session.call(self.endpoint, app, asked)
        now = self.clock()
        held = _Held(issued.secret, windows(now, now + issued.seconds, self.session.chance()))
        self._held[app] = held
        return held

    async def _asked(self, app: str) -> P:
        """Ask for an app's credentials, for as long as a call may take: nobody else watches over this task."""
        seconds = self.session.options.timeout
        with anyio.move_on_after(seconds):
            return await self.ask(app)
        raise DeadlineExceeded(f"the app's credentials didn't come within {seconds:.3g} s", may_have_happened=False)
