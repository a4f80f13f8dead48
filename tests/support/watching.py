"""Clients whose grants are had, renewed and lost while all that they show is looked through."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import anyio
import pytest
from attrs import define, evolve, field, frozen

from miniapp_tp import (
    Attempt,
    BaiduClient,
    KuaishouClient,
    MiniAppError,
    Options,
)
from miniapp_tp.client.component import ComponentClient
from miniapp_tp.sandbox.world import World
from tests.support.canaries import CORE, SECRET, frames_of, sings, texts_of
from tests.support.granting import APP, KS_APP, Now

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from miniapp_tp.sandbox.provider import Provider

OPERATIONS: Final = (
    "start_ticket_push",
    "get_component_token",
    "get_pre_auth_code",
    "exchange_code",
    "refresh_grant",
    "recover_code",
    "get_info",
)
BACK: Final = "https://merchant.example/authorized"
LONG_AGO: Final = 1_000_000_000.0


@frozen
class Case:
    """A provider, and how a client of it is made."""

    name: str
    app: str

    def client(self, world: World, **more: Any) -> ComponentClient:  # noqa: ANN401 - whatever a caller may give
        given: dict[str, Any] = {"options": Options(attempts=2, backoff=0.0, timeout=5.0), **more}
        if self.name == "baidu":
            return BaiduClient(world.baidu.component, **given)
        one = world.kuaishou
        paths: dict[str, Any] = {
            "refresh_path": one.rules.refresh_path,
            "authorization_page": "https://page.example/authorize",
        }
        return KuaishouClient(one.component, SECRET, **paths, **given)


CASES = (Case("baidu", APP), Case("kuaishou", KS_APP))
BOTH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@define
class Watch:
    """What a client shows while everything about grants is tried.

    Attributes:
        case: The provider.
        world: Both providers.
        client: The client.
        attempts: What hooks were told.
        follower: One that follows it.
        errors: What was raised.
    """

    case: Case
    world: World
    client: ComponentClient
    attempts: list[Attempt]
    follower: ComponentClient
    errors: list[BaseException] = field(factory=list[BaseException])

    @property
    def provider(self) -> Provider:
        return self.world.provider(self.case.name)

    def hurry(self, now: Now) -> None:
        """Have nothing wait for the store in earnest."""
        desk = vars(self.client)["_desk"]
        desk.grants.keeping = evolve(desk.grants.keeping, clock=now, sleep=now.sleep)
        vars(desk.component_token)["_keeping"] = desk.grants.keeping

    async def begin(self) -> None:
        """Have a ticket and a grant that must be refreshed."""
        await self.client.save_ticket(self.provider.issue_ticket(), at=LONG_AGO)
        self.provider.exchange(self.provider.authorize(self.case.app))
        await self.lapse()

    async def lapse(self) -> None:
        """Keep a refresh token whose access token is over."""
        tokens = self.provider.refresh_tokens
        if self.case.app in tokens:
            await self._try(
                self.client.adopt(
                    self.case.app, access_token=None, refresh_token=tokens[self.case.app], expires_at=LONG_AGO
                )
            )

    async def everything(self) -> None:
        """Try all there is."""
        app, client = self.case.app, self.client
        await self._try(client.get_info(app))
        await self.lapse()
        await self._try(client.get_info(app))
        for code in (self.provider.authorize(app), f"{CORE}-no-code"):
            await self._try(client.authorize(code))
            await self._try(client.authorize(code, app=app))
        await self._try(client.recover(app))
        await self._try(client.get_authorization_url(BACK, state="a state"), shows_a_code=True)
        await self._try(client.start_ticket_push())
        await self._try(client.save_ticket(self.provider.issue_ticket()))
        await self._try(client.forget(app))
        await self._try(client.get_info(app))
        await self._try(client.with_options(recover_unknown=True).get_info(app))
        await self.elsewhere()

    async def elsewhere(self) -> None:
        """Have a keeper renew what is long over, and a follower read it and wait for more."""
        await self.lapse()
        async with self.client.keeper() as keeper:
            keeper.pace = 0.0
            await anyio.sleep(0.01)
        await self._try(self.follower.get_info(self.case.app))
        self.provider.expire_tokens()
        await self._try(self.follower.get_info(self.case.app))

    async def _try(self, call: Awaitable[object], *, shows_a_code: bool = False) -> None:
        try:
            result = await call
        except Exception as error:  # noqa: BLE001 - that is what is looked at
            self.errors.append(error)
        else:
            assert shows_a_code or not sings(repr(result))

    def assert_silent(self) -> None:
        """Look through everything."""
        for error in self.errors:
            assert isinstance(error, MiniAppError), repr(error)
            assert frames_of(error)
            assert [found for found in texts_of(error) if sings(found[1])] == []
        desk = vars(self.client)["_desk"]
        objects = [
            *self.attempts,
            self.client,
            vars(self.client),
            self.follower,
            vars(self.follower)["_desk"].followed,
            desk,
            desk.grants,
            desk.component_token,
        ]
        objects += [vars(desk.component_token), desk.grants.keeping, asyncio.all_tasks()]
        assert not [one for one in objects if sings(repr(one))]


def watch(case: Case, world: World, *, patience: float = 0.02, **more: Any) -> Watch:  # noqa: ANN401 - whatever a caller may give
    """Make it; its follower waits as long as its patience."""
    attempts: list[Attempt] = []
    hooks = [attempts.append]
    following = Options(follow=True, attempts=1, timeout=patience)
    client = case.client(world, hooks=hooks, **more)
    shared = {"transport": vars(client)["_session"].transport, "hooks": hooks, "options": following}
    return Watch(case, world, client, attempts, case.client(world, **{**more, **shared}))
