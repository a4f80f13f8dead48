"""The sandbox as an ASGI application: bytes in, answers out, connections really cut where a fault says so."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qsl

from attrs import frozen

from miniapp_tp.sandbox.control import PREFIX, control
from miniapp_tp.sandbox.exchange import Answer, Delivery, Reply, Request, html_reply
from miniapp_tp.sandbox.world import World

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CONNECTION: Final = "connection"
"""Where the server puts the transport of the connection in the ASGI state."""

_LARGEST: Final = 6 << 20  # an image of 5 MB, and what it travels in


@frozen
class App:
    """The ASGI application."""

    world: World

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await _body(receive)
        if body is None:
            return
        answer = self._answer(_request(scope, body)) if len(body) <= _LARGEST else _TOO_LARGE
        if answer.delay and await _gone(receive, answer.delay):
            return
        if answer.delivery is Delivery.WHOLE:
            await _send(send, answer.reply)
            return
        if answer.delivery is Delivery.TRUNCATED:
            await _send(send, answer.reply, truncated=True)
            scope["state"][CONNECTION].close()  # what is written so far is sent first
        else:
            scope["state"][CONNECTION].abort()
        await _gone(receive)

    def _answer(self, request: Request) -> Answer:
        if request.path.startswith(PREFIX):
            return Answer(control(self.world, request))
        return self.world.answer(request)


_TOO_LARGE: Final = Answer(html_reply(413, "Payload Too Large", (b"connection", b"close")))


async def _body(receive: Receive) -> bytes | None:
    """Read the body, a little further than allowed at most; `None` if the client went away."""
    body, more = b"", True
    while more and len(body) <= _LARGEST:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        more = message["more_body"]
    return body


async def _gone(receive: Receive, within: float | None = None) -> bool:
    """Wait until the connection is gone, for so many seconds at most; tell whether it is.

    A wait of this kind, unlike a sleep, ends when the sandbox is stopped, and a server that sees the connection
    gone doesn't complain that the answer is missing.
    """
    gone = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while not gone:
                gone = (await receive())["type"] == "http.disconnect"
    return gone


def _request(scope: Message, body: bytes) -> Request:
    content_type = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        content_type=content_type.decode("latin-1"),
        body=body,
    )


async def _send(send: Send, reply: Reply, *, truncated: bool = False) -> None:
    headers = [*reply.headers, (b"content-length", b"%d" % len(reply.body))]
    body = reply.body[: len(reply.body) // 2] if truncated else reply.body
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": truncated})
