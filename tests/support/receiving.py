"""A service that is pushed to, without a socket: clients of a `World`, a handler that notes, and a way to deliver."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

import anyio
import httpx
from attrs import define, field

from miniapp_tp import BaiduClient, Event, KuaishouClient, PushApp
from miniapp_tp.client.component import ComponentClient
from miniapp_tp.push.journal import Journal
from miniapp_tp.sandbox.world import World
from miniapp_tp.stores import TokenStore
from miniapp_tp.stores.memory import MemoryStore
from tests.support.granting import Worldly

if TYPE_CHECKING:
    from miniapp_tp.sandbox import Pushed

Handler = Callable[[Event], Awaitable[None]]
PATIENCE = 10.0


def world_of(apps: int = 3) -> World:
    """Make a world whose pushes go nowhere by themselves."""
    return World(apps=apps, push_to="http://push.example")


def clients_of(world: World, store: TokenStore, **more: Any) -> list[ComponentClient]:  # noqa: ANN401 - a client's arguments
    """Make a client of each component."""
    baidu, kuaishou = world.baidu, world.kuaishou
    shared: dict[str, Any] = {"store": store, "transport": Worldly(world), "base_url": "http://127.0.0.1", **more}
    return [
        BaiduClient(baidu.component, push_token=baidu.push_token, push_key=baidu.push_key, **shared),
        KuaishouClient(
            kuaishou.component,
            kuaishou.secret,
            push_token=kuaishou.push_token,
            push_key=kuaishou.push_key,
            refresh_path=kuaishou.rules.refresh_path,
            **shared,
        ),
    ]


@define
class Handled:
    """A handler that notes what it is given.

    Attributes:
        events: All of it.
        fails: How often it still raises.
    """

    events: list[Event] = field(factory=list[Event])
    fails: int = 0

    async def __call__(self, event: Event) -> None:
        self.events.append(event)
        if self.fails > 0:
            self.fails -= 1
            message = "the handler failed"
            raise RuntimeError(message)

    async def wait(self, times: int = 1) -> list[Event]:
        """Wait until so many were given."""
        await until(lambda: len(self.events) >= times)
        return self.events


@define
class Service:
    """A `PushApp` and all around it."""

    world: World
    store: TokenStore
    clients: list[ComponentClient]
    handled: Handled
    app: PushApp

    async def post(
        self,
        name: str,
        body: bytes = b"",
        headers: Iterable[tuple[str, str]] = (),
        query: str = "",
        *,
        app: Any = None,  # noqa: ANN401 - any ASGI app
    ) -> httpx.Response:
        """Send a request to the app, or to what it is mounted in."""
        transport = httpx.ASGITransport(app or self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.request(
                "POST" if body else "GET", f"/{name}{query}", content=body or None, headers=list(headers)
            )

    async def deliver(self, pushed: Pushed, **more: Any) -> httpx.Response:  # noqa: ANN401 - of `post`
        """Deliver what a provider pushes."""
        letter = pushed.letter()
        return await self.post(pushed.provider, letter.body, letter.headers, **more)

    def journal(self, name: str = "baidu") -> Journal:
        """Look into the journal."""
        client = next(client for client in self.clients if client.provider == name)
        return Journal(self.store, f"{name}:{client.component}")

    async def waiting(self, name: str = "baidu") -> list[str]:
        """Give the ids of what isn't handled."""
        return [one.noted.id async for one in self.journal(name).listed()]


def service(store: TokenStore | None = None, *, world: World | None = None, **more: Any) -> Service:  # noqa: ANN401 - of `PushApp`
    """Make a service."""
    world, store, handled = world or world_of(), store or MemoryStore(), Handled()
    clients = clients_of(world, store)
    app = PushApp(clients, more.pop("handler", handled), poll=more.pop("poll", 0.02), **more)
    return Service(world, store, clients, handled, app)


async def until(done: Callable[[], bool]) -> None:
    """Wait for something to be so."""
    with anyio.fail_after(PATIENCE):
        while not done():  # noqa: ASYNC110 - it isn't ours to tell
            await anyio.sleep(0.005)


async def until_true(done: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something to be so that has to be asked for."""
    with anyio.fail_after(PATIENCE):
        while not await done():  # noqa: ASYNC110 - it isn't ours to tell
            await anyio.sleep(0.005)
