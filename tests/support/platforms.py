"""Both imitated providers, and the ways to reach them."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import respx
from attrs import define, field

from miniapp_tp import BaiduClient, HttpxTransport, KuaishouClient, Options, Transport
from miniapp_tp.client.component import ComponentClient
from miniapp_tp.sandbox import Fault, Sandbox
from miniapp_tp.sandbox.exchange import Delivery, Request
from miniapp_tp.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Generator

    from miniapp_tp.transport.tokens import OwnTokens

KINDS: dict[str, type[BaiduClient | KuaishouClient]] = {"baidu": BaiduClient, "kuaishou": KuaishouClient}


@define
class Platform:
    """An imitated provider, whichever it is and however it is reached.

    Attributes:
        name: The provider's name.
        world: What imitates it.
        base_url: Where it is.
        transport: How it is reached; `None` for the client's own connections.
        clients: The clients that were made.
    """

    name: str
    world: World
    base_url: str
    transport: Transport | None = None
    clients: list[ComponentClient] = field(factory=list[ComponentClient])

    @property
    def app(self) -> str:
        """An app's id."""
        return next(iter(self.world.provider(self.name).apps))

    @property
    def has_udp(self) -> bool:
        """Whether the provider has udp domains."""
        return self.name == "kuaishou"

    def client(self, *, tokens: OwnTokens | None = None, **options: Any) -> ComponentClient:  # noqa: ANN401 - whatever a caller may give
        """Make a client, with the provider's present tokens unless others are given."""
        provider = self.world.provider(self.name)

        async def present(app: str) -> str:
            return provider.tokens[app]

        chosen: dict[str, Any] = {"backoff": 0.0, **options}
        given = tokens if tokens is not None else present
        client = KINDS[self.name](
            provider.component,
            tokens=given,
            base_url=self.base_url,
            transport=self.transport,
            options=Options(**chosen),
        )
        self.clients.append(client)
        return client

    def inject(self, fault: Fault, operation: str | None = None, **more: Any) -> None:  # noqa: ANN401 - whatever a caller may give
        """Order a fault here."""
        self.world.inject(fault, provider=self.name, operation=operation, **more)

    def calls(self, operation: str) -> int:
        """Count the requests for an operation."""
        return self.world.count(provider=self.name, operation=operation)


def answer(world: World, request: httpx.Request) -> httpx.Response:
    """Let a world without a network answer."""
    given = world.answer(
        Request(
            method=request.method,
            path=request.url.path,
            query=tuple(request.url.params.multi_items()),
            content_type=request.headers.get("content-type", ""),
            body=request.content,
        )
    )
    if given.delivery is Delivery.CUT:
        message = "cut"
        raise httpx.ReadError(message)
    if given.delivery is Delivery.TRUNCATED:
        message = "truncated"
        raise httpx.RemoteProtocolError(message)
    return httpx.Response(given.reply.status, headers=list(given.reply.headers), content=given.reply.body)


@contextlib.contextmanager
def platform_over(way: str, name: str) -> Generator[Platform]:
    """Give a platform that is reached over a socket, respx, or a mocked httpx transport."""
    world = World(apps=2)
    match way:
        case "socket":
            with Sandbox(apps=2) as sandbox:
                yield Platform(name, sandbox, sandbox.url)
        case "respx":
            with respx.mock(base_url="https://openapi.example", assert_all_called=False) as mocked:
                mocked.route().mock(side_effect=partial(answer, world))
                yield Platform(name, world, "https://openapi.example")
        case _:
            inner = httpx.MockTransport(partial(answer, world))
            yield Platform(name, world, "https://openapi.example", HttpxTransport(inner))
