"""The ASGI app in front of the journal: verify, decrypt, note, acknowledge, and only then handle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, cast

from miniapp_tp.errors import InvalidArgument, NotSupported, PushRejected, StoreError
from miniapp_tp.models import UrlVerification
from miniapp_tp.push.handling import Channel, Handling, Terms, log
from miniapp_tp.push.journal import MEMORY, Journal
from miniapp_tp.wire.pushes import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
    from datetime import datetime
    from types import TracebackType

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from miniapp_tp.models import Event
    from miniapp_tp.push.base import Handler, Receiver, Together
    from miniapp_tp.stores.base import TokenStore
    from miniapp_tp.wire.pushes import Answer

    Message = MutableMapping[str, Any]
    Clients = Iterable[Receiver] | Mapping[str, Receiver] | Together

_NAME: Final = re.compile(r"[A-Za-z0-9._~-]+")
_PLAIN: Final = {"content-type": "text/plain; charset=utf-8"}
# Who isn't the provider learns nothing, not even at which step it failed.
_REJECTED: Final[Answer] = (403, _PLAIN, b"rejected")
_UNAVAILABLE: Final[Answer] = (503, _PLAIN, b"unavailable")


class PushApp:
    """An ASGI app that receives what providers push. It needs the extra `asgi`.

    Mount it in FastAPI, Starlette, Litestar or Django, or serve it by itself. Each client has a path of its own,
    `/baidu` and `/kuaishou`, which is what is entered at the provider. A message is verified, decrypted, kept in the
    journal so that it survives whatever happens to this process, and only then acknowledged. Then it is handled, at
    least once: an event that was in hand when its process died is handled again, and its `attempt` says so. Make what
    the handler does repeatable, or remember `event.id`.

    Before the handler, the client itself does with an event what it can (`apply_event`): it keeps tickets, exchanges
    authorization codes, and forgets grants that were taken back.

    Events are handled from the first request on. With `async with push:` in the lifespan of what it is mounted in
    (by itself it has its own), they are from the start, and the end waits for those in hand.

    Args:
        clients: The clients that are pushed to, named after their providers; a mapping from names to clients; or a
            `Fleet`, whose handler is given qualified app ids, `"baidu:15263713"`.
        handler: Called with every event. Once it returns, the event is done with; if it raises, the event is handled
            again after 1, 4, 16, … seconds, up to an hour, and finally parked.
        journal: Where events are kept; not closed with the app. `None` for each client's own store.
        concurrency: How many events are handled at once in this process.
        timeout: Seconds for one attempt to handle an event, what the client itself does included.
        attempts: After how many an event is parked, for `miniapp-tp events replay`.
        poll: Seconds between two looks for events that other processes left behind.
        grace: Seconds that closing waits for the events in hand; those that take longer are handled again later.

    Raises:
        InvalidArgument: No client, two of one name, one without `push_token` and `push_key` or without a journal, or
            a number that isn't positive.
        NotSupported: The extra isn't installed.
    """

    def __init__(
        self,
        clients: Clients,
        handler: Handler,
        *,
        journal: TokenStore | None = None,
        concurrency: int = 16,
        timeout: float = 60.0,
        attempts: int = 8,
        poll: float = 1.0,
        grace: float = 30.0,
    ) -> None:
        terms = Terms(concurrency=concurrency, timeout=timeout, attempts=attempts, poll=poll, grace=grace)
        terms.check()
        self._channels = {
            name: Channel(name, client, _journal(client, journal), qualifies=hasattr(clients, "members"))
            for name, client in _named(clients)
        }
        self._handling = Handling(self._channels, handler, terms)
        self._closed = False
        self._app = self._routed()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one request, or take part in the server's life."""
        await self._app(scope, receive, send)

    async def __aenter__(self) -> Self:
        """Begin to handle what waits in the journal."""
        self._closed = False
        self._handling.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.aclose()

    async def aclose(self) -> None:
        """Take nothing more on, and wait for the events in hand; the clients stay open."""
        self._closed = True
        await self._handling.close()

    async def catch_up(self, since: float | datetime) -> int:
        """Have handled what a provider couldn't deliver, as after an outage: Baidu only, up to 30 days back.

        What was delivered all the same is recognised as a repeat.

        Args:
            since: When deliveries began to fail: epoch seconds or an aware datetime.

        Returns:
            How many events are new.

        Raises:
            MiniAppError: They couldn't be asked for, opened or kept; those that came before are handled.
        """
        new = 0
        for channel in self._channels.values():
            with suppress(NotSupported):
                async for event in channel.receiver.missed_events(since):
                    new += await self._keep(channel, event)
        return new

    def _routed(self) -> Starlette:
        try:
            from starlette.applications import Starlette  # noqa: PLC0415 - an extra
            from starlette.routing import Route  # noqa: PLC0415
        except ImportError:
            message = "receiving pushes takes a package more: pip install 'miniapp_tp[asgi]'"
            raise NotSupported(message) from None
        routes = [
            Route(f"/{name}{end}", partial(self._endpoint, channel), methods=["GET", "POST"])
            for name, channel in self._channels.items()
            for end in ("", "/")  # Litestar's mounts add a slash
        ]
        app = Starlette(routes=routes, lifespan=self._lifespan)
        app.router.redirect_slashes = False  # a provider that is redirected doesn't send its body again
        return app

    @asynccontextmanager
    async def _lifespan(self, _app: object) -> AsyncGenerator[None]:
        async with self:
            yield

    async def _endpoint(self, channel: Channel, request: Request) -> Response:
        from starlette.requests import ClientDisconnect  # noqa: PLC0415 - an extra
        from starlette.responses import Response  # noqa: PLC0415

        answer = _UNAVAILABLE
        if not self._closed:
            self._handling.start()
            with suppress(ClientDisconnect):  # nobody reads the answer
                answer = await self._answer(channel, request)
        status, headers, body = answer
        return Response(body, status, headers)

    async def _answer(self, channel: Channel, request: Request) -> Answer:
        try:
            body = await _bounded(request)
            event = channel.receiver.open_push(request.headers.raw, body, request.scope["query_string"])
            if not isinstance(event, UrlVerification):
                await self._keep(channel, event)
        except PushRejected as rejected:
            log.warning("a push to /%s was rejected (%s)", channel.name, rejected.step)
            return _REJECTED
        except StoreError as error:
            log.error("a push to /%s wasn't acknowledged, as it couldn't be kept: %s", channel.name, error)
            return _UNAVAILABLE
        return channel.receiver.acknowledge(event)

    async def _keep(self, channel: Channel, event: Event) -> bool:
        is_new = await channel.journal.note(event)
        if is_new:
            self._handling.offer(channel, event)
        return is_new


async def _bounded(request: Request) -> bytes:
    """Read the body, a little further than allowed at most: the client refuses what is too long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            break
    return bytes(body[: MAX_BODY + 1])


def _named(clients: Clients) -> list[tuple[str, Receiver]]:
    members = getattr(clients, "members", clients)
    if isinstance(members, Mapping):
        named = list(cast("Mapping[str, Receiver]", members).items())
    else:
        named = [(client.provider, client) for client in cast("Iterable[Receiver]", members)]
    if not named or len(dict(named)) < len(named):
        raise InvalidArgument("give one client at least, and name those of one provider: {'baidu': one, 'two': other}")
    if wrong := [name for name, _ in named if not _NAME.fullmatch(name)]:
        raise InvalidArgument(f"a client's name is a part of its path, unlike {wrong[0]!r}")
    for _, client in named:
        with suppress(PushRejected):  # what matters is that the client can open pushes at all
            client.open_push({}, b"")
    return named


def _journal(client: Receiver, journal: TokenStore | None) -> Journal:
    store = client.store if journal is None else journal
    if store is None:
        message = "this client has no store of its own: give PushApp journal=open_store('sqlite:///events.db')"
        raise InvalidArgument(message).within(provider=client.provider)
    memory = max(MEMORY, 2 * client.push_tolerance)
    return Journal(store, f"{client.provider}:{client.component}", memory=memory)
