"""Owners, a provider and a store in one event loop whose time passes only when there is nothing left to do."""

from __future__ import annotations

import asyncio
import selectors
from collections import Counter, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar, cast
from unittest.mock import patch
from urllib.parse import urlsplit

from attrs import define, field, frozen

from miniapp_tp.client import setting_up
from miniapp_tp.client.component import ComponentClient
from miniapp_tp.errors import ConnectFailed, ConnectionLost, NoAnswer, StoreError
from miniapp_tp.sandbox.exchange import Request as Asked
from miniapp_tp.sandbox.world import World
from miniapp_tp.stores import TokenStore
from miniapp_tp.wire.messages import Reply
from tests.grants.worker import Order, WatchedStore, WatchedTransport, client_for, with_terms

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from miniapp_tp.wire.messages import Request

T = TypeVar("T")

TERM: Final = 5.0
FREEZE: Final = 12.0
HTML: Final = Reply(502, {"content-type": "text/html"}, b"<html>Bad Gateway</html>")
FAULTS: Final = ("fail", "refuse", "html", "die", "freeze")
"""What goes wrong at a call: an error; for a request also one that says that nothing was sent, or a proxy's page."""


class _Selector(selectors.DefaultSelector):
    """Never waits, but lets the loop's time pass."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits for something that never comes")
        self.passed += timeout or 0.0
        return ready


class InstantLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock is moved by waiting alone."""

    def __init__(self) -> None:
        self.waits = _Selector()
        super().__init__(self.waits)

    def time(self) -> float:
        return self.waits.passed


class Died(BaseException):
    """What is raised in a process that has ended, so that it does nothing more."""


@frozen
class Imitated:
    """The provider as a transport, without a socket."""

    world: World
    spent: Counter[str]

    async def send(self, request: Request, *, timeout: float) -> Reply:
        await asyncio.sleep(0.01)
        content_type = next((value for name, value in request.headers if name.lower() == "content-type"), "")
        path = urlsplit(request.address).path
        asked = Asked(request.method, path, request.query, content_type.partition(";")[0], request.body)
        answer = self.world.answer(asked).reply
        self._count(dict(request.query), answer.body)
        headers = {name.decode(): value.decode() for name, value in answer.headers}
        return Reply(answer.status, headers, answer.body)

    def _count(self, query: dict[str, str], body: bytes) -> None:
        """Count how often each refresh token was taken for a pair."""
        token = query.get("refresh_token") or query.get("authorizer_refresh_token")
        if token and (b"refresh_token" in body or b"authorizerRefreshToken" in body):
            self.spent[token] += 1

    async def aclose(self) -> None:
        """Close nothing."""


@define
class Troubles:
    """What goes wrong with the calls of one owner.

    Attributes:
        coming: After how many calls what goes wrong, and whether the call has been carried out by then.
        dead: Whether the owner has ended.
        until: Until when it is frozen, by the loop's time.
        fired: How much has gone wrong.
        late: Whether a request was sent, or an answer read, after the lease may have gone to another.
    """

    coming: deque[tuple[int, str, bool]] = field(factory=deque[tuple[int, str, bool]])
    dead: bool = False
    until: float = 0.0
    fired: int = 0
    late: bool = False

    async def __call__(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        await self._alive()
        fault, after = self._next()
        if fault is None or fault == "freeze":
            self.late = self.late or (fault is not None and name.startswith("send") and not after)
            return await self._called(call, freeze=fault is not None, after=after)
        self.fired += 1
        if after:
            await call()
            await self._alive()
        if fault == "die":
            self.dead = True
            raise Died
        if not name.startswith("send"):
            raise StoreError("a fault of the test")
        if fault == "html":
            return cast("T", HTML)
        raise _lost(fault, carried_out=after)

    async def _called(self, call: Callable[[], Awaitable[T]], *, freeze: bool, after: bool) -> T:
        """Have the call carried out, frozen before or after it if so."""
        if freeze and not after:
            await self._freeze()
        result = await call()
        if freeze and after:
            await self._freeze()
        await self._alive()
        return result

    async def _freeze(self) -> None:
        self.fired += 1
        self.until = asyncio.get_running_loop().time() + FREEZE
        await self._alive()

    def _next(self) -> tuple[str | None, bool]:
        if not self.coming:
            return None, False
        left, fault, after = self.coming.popleft()
        if left > 0:
            self.coming.appendleft((left - 1, fault, after))
            return None, False
        return fault, after

    async def _alive(self) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < self.until:  # noqa: ASYNC110 - it may be frozen anew meanwhile
            await asyncio.sleep(self.until - loop.time())
        if self.dead:
            raise Died


def _lost(fault: str, *, carried_out: bool) -> NoAnswer:
    if fault == "refuse" and not carried_out:
        return ConnectFailed("a fault of the test")
    return ConnectionLost("a fault of the test", may_have_happened=True)


@define
class Owner:
    """A process that uses the store."""

    client: ComponentClient
    troubles: Troubles


@define
class Setting:
    """Where owners live.

    Attributes:
        world: The provider.
        store: The store.
        order: Which provider, and how it is called.
        clock: The wall clock of all owners.
        spent: How often each refresh token was taken.
    """

    world: World
    store: TokenStore
    order: Order
    clock: Callable[[], float]
    spent: Counter[str] = field(factory=Counter[str])

    def owner(self) -> Owner:
        """Start a process."""
        troubles = Troubles()
        store = WatchedStore(self.store, troubles)
        transport = WatchedTransport(Imitated(self.world, self.spent), troubles)
        with patch.object(setting_up, "Keeping", with_terms(TERM, self.clock)):
            return Owner(client_for(self.order, store, transport), troubles)
