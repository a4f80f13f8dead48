"""What the tests of runs share: clients over an imitated provider, and operations of their own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httpx

from miniapp_tp import (
    BaiduClient,
    Endpoint,
    Fleet,
    HttpxTransport,
    KuaishouClient,
    Options,
    Run,
    RunOptions,
    ServerDomains,
    State,
    Status,
)
from miniapp_tp.wire.endpoint import no_result
from tests.support.platforms import answer

if TYPE_CHECKING:
    from miniapp_tp import Journal, Transport
    from miniapp_tp.sandbox.world import World

DOMAINS: Final[dict[str, Any]] = {"domains": ServerDomains(request=["api.example.com"])}
QUICK: Final = RunOptions(settle_after=0.0, beat=0.01, concurrency=4)

_ONCE: Final = Endpoint[None, None](
    name="once", method="POST", path="/once", decode=no_result, changes=True, idempotent=False
)


class OwnClient(BaiduClient):
    """A client with an operation that nothing reads back."""

    async def once(self, app: str) -> None:
        """Change something."""
        await self.call(_ONCE, app, None)

    async def hand_over(self, app: str, access_token: str) -> None:
        """Take what must not be written down."""

    async def meet(self, other: str) -> None:
        """Act on no app."""


def baidu(world: World, **options: Any) -> OwnClient:  # noqa: ANN401 - whatever a caller may give
    """Make a client of an imitated Baidu, reached without a network."""
    chosen: dict[str, Any] = {"backoff": 0.0, **options}
    return OwnClient(
        world.baidu.component,
        tokens=world.baidu.tokens,
        transport=HttpxTransport(httpx.MockTransport(partial(answer, world))),
        options=Options(**chosen),
    )


def over(transport: Transport, world: World) -> OwnClient:
    """Make a client of an imitated Baidu's apps over some transport, which asks once."""
    tokens = world.baidu.tokens
    return OwnClient(world.baidu.component, tokens=tokens, transport=transport, options=Options(attempts=1))


def fleet(world: World) -> Fleet:
    """Make clients of both imitated providers."""
    transport = HttpxTransport(httpx.MockTransport(partial(answer, world)))
    kuaishou = KuaishouClient(world.kuaishou.component, tokens=world.kuaishou.tokens, transport=transport)
    return Fleet([baidu(world), kuaishou])


async def make_run(
    client: object,
    journal: Journal,
    world: World,
    method: str = "set_server_domain",
    **more: Any,  # noqa: ANN401 - whatever `create` takes
) -> Run:
    """Write a run over all apps of Baidu's down, that is quick to settle doubts."""
    given: dict[str, Any] = {"arguments": DOMAINS, "options": QUICK, "why": "a test", **more}
    apps = given.pop("apps", list(world.baidu.apps))
    return await Run.create(client, method, apps, journal=journal, **given)


def edits(world: World) -> set[int]:
    return {app.edits["set_server_domain"] for app in world.baidu.apps.values()}


async def interrupted(journal: Journal, run: Run) -> None:
    """Leave the run as a process leaves it that is killed between intent and outcome."""
    tenancy = await journal.acquire(run.id, "host 1 2 3 4", 60.0, lambda _owner: True)
    assert tenancy is not None
    entries = [entry async for entry in run.outcomes([State.PENDING])]
    assert await journal.write(tenancy, [(entry, entry.became(State.INTENDED, 0.0)) for entry in entries])
    assert await journal.turn(tenancy, Status.RUNNING)
    await journal.release(tenancy)
