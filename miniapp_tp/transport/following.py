"""Tokens of which another process is the owner: read from the store, waited for, and never renewed here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar
from weakref import WeakValueDictionary

import anyio
from attrs import define, field

from miniapp_tp.errors import Actor, AuthorizationLost, DeadlineExceeded
from miniapp_tp.transport.app_records import AppRecords
from miniapp_tp.transport.component_token import ComponentToken
from miniapp_tp.transport.deadlines import END
from miniapp_tp.transport.keeping import Keeping
from miniapp_tp.transport.tokens import KEPT_RENEWALS
from miniapp_tp.transport.windows import AGAIN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from miniapp_tp.stores.records import AppRecord, TokenRecord
    from miniapp_tp.wire.messages import Secret

T = TypeVar("T")

_FIRST: Final = 0.1
_LONGEST: Final = 2.0
_LAST_WORD: Final = 0.2
_SHARE: Final = 0.1


@define(eq=False)
class Watch:
    """The looks of all who wait for one token: one of them looks for all, ever more rarely.

    Hundreds that wait for one token would ask the store in step; and as they give up one after the other, each would
    look once more.
    """

    _turn: anyio.Lock = field(factory=anyio.Lock, init=False)
    _waiting: int = field(default=0, init=False)
    _due: float = field(default=-math.inf, init=False)
    _pause: float = field(default=_FIRST, init=False)

    async def wait(self, keeping: Keeping, look: Callable[[], Awaitable[T | None]]) -> T:
        """Look until there is something."""
        if not self._waiting:
            self._begin()
        self._waiting += 1
        try:
            async with self._turn:
                return await self._look(keeping, look)
        finally:
            self._waiting -= 1

    def _begin(self) -> None:
        self._due, self._pause = -math.inf, _FIRST

    async def _look(self, keeping: Keeping, look: Callable[[], Awaitable[T | None]]) -> T:
        while True:
            if (left := self._due - anyio.current_time()) > 0:
                await keeping.sleep(left)
            found = await look()
            if found is not None:
                self._begin()  # who waited with it finds it held
                return found
            self._due = anyio.current_time() + self._pause * (0.5 + keeping.chance() / 2)
            self._pause = min(self._pause * 2, _LONGEST)


@define
class FollowedGrants:
    """The apps' tokens, as their owner keeps them.

    Attributes:
        keeping: Where they are kept.
    """

    renewals: ClassVar[int] = KEPT_RENEWALS
    keeping: Keeping
    _records: AppRecords = field(init=False)
    _watches: WeakValueDictionary[str, Watch] = field(factory=WeakValueDictionary[str, Watch], init=False)

    def __attrs_post_init__(self) -> None:
        self._records = AppRecords(self.keeping)

    async def get(self, app: str) -> Secret:
        """Give an app's token: from memory while it is good, else as soon as the owner has kept a good one.

        Raises:
            AuthorizationLost: There is no record of the app.
            DeadlineExceeded: The owner didn't renew it within the caller's time.
        """
        held = self._records.held(app)
        if held is None or self.keeping.clock() >= held.windows.over:
            watch = self._watches.setdefault(app, Watch())
            return await _awaited(watch.wait(self.keeping, lambda: self._look(app)), f"the token of {app}")
        if self.keeping.clock() >= held.windows.due:
            self._records.postpone(app, self.keeping.clock() + AGAIN)
            self._records.usable(app, (await self._records.load(app)).record)
        return held.token

    async def reject(self, app: str, token: Secret) -> None:
        """Learn that the provider rejected a token: the owner's next one is waited for."""
        self._records.reject(app, token)

    async def _look(self, app: str) -> Secret | None:
        held = self._records.held(app)
        if held is not None and self.keeping.clock() < held.windows.over:
            return held.token  # somebody else found it while this one waited for its turn
        found = await self._records.load(app)
        if found.record is None:
            raise _unknown()
        record: AppRecord | None = self._records.usable(app, found.record)
        return None if record is None else record.access


@define
class FollowedComponent:
    """The component's token, as its owner keeps it.

    Attributes:
        keeping: Where it is kept.
        kept: Reads it.
    """

    renewals: ClassVar[int] = KEPT_RENEWALS
    keeping: Keeping
    kept: ComponentToken
    _watch: Watch = field(factory=Watch, init=False)

    async def get(self, app: str) -> Secret:  # noqa: ARG002 - the same for all apps
        """Give the token: from memory while it is good, else as soon as the owner has kept a good one.

        Raises:
            DeadlineExceeded: The owner didn't renew it within the caller's time.
        """
        record = await _awaited(self._watch.wait(self.keeping, self._look), "the component's token")
        return record.token

    async def reject(self, app: str, token: Secret) -> None:
        """Learn that the provider rejected a token: the owner's next one is waited for."""
        await self.kept.reject(app, token)

    async def _look(self) -> TokenRecord | None:
        return self.kept.held() or await self.kept.look()


async def _awaited(found: Awaitable[T], what: str) -> T:
    """Wait for what a watch finds, and give up in time to say why."""
    left = min(anyio.current_effective_deadline(), END.get()) - anyio.current_time()
    with anyio.move_on_after(left - min(_LAST_WORD, max(left, 0.0) * _SHARE)):
        return await found
    raise DeadlineExceeded(
        f"this client follows, and no owner has renewed {what} in time: make the call through a client without "
        "follow=True, which renews it for all, and see that such a client runs",
        may_have_happened=False,
    )


def _unknown() -> AuthorizationLost:
    return AuthorizationLost(
        "no tokens of this app are kept, and this client follows: authorize, adopt or recover it with their owner",
        actor=Actor.YOU,
    )
