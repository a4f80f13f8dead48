"""Weeks of two offices' life in a moment: time passes only when there is nothing left to do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from attrs import define

from miniapp_tp import Secret
from miniapp_tp.sandbox.world import World
from tests.grants.model import InstantLoop
from tests.support.granting import Noting, Now, Office, office

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

HOUR = 3600.0
DAY = 24 * HOUR


@define
class Passing(Now):
    """The clock of a loop whose time passes by waiting."""

    def __call__(self) -> float:
        return self.at + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


def instantly(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a test in such a loop."""
    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        return runner.run(work())


async def replicas(name: str = "baidu", count: int = 2, *, apps: int = 3, **more: Any) -> list[Office]:  # noqa: ANN401 - arguments of `office`
    """Open several offices of a component on one store."""
    now = Passing()
    world, store = World(apps=apps, clock=now), Noting(clock=asyncio.get_running_loop().time)
    opened = [office(name, world=world, now=now, store=store, **more) for _ in range(count)]
    await opened[0].component_token.save_ticket(Secret(opened[0].provider.issue_ticket()), now())
    return opened


async def let_age(one: Office, *apps: str, left: float, life: float = 30 * DAY) -> None:
    """Keep apps' newest pairs, whose refresh tokens end in some seconds."""
    for app in apps:
        ends_at = one.now() + left
        await one.move_in(app, obtained_at=ends_at - life, refresh_expires_at=ends_at)
