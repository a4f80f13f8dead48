"""What passes between the sandbox's HTTP side and its providers: a request, a call read from it, an answer."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from typing import Any, Final, Protocol

from attrs import field, frozen

SET: Final = "set_"
"""What the names of the operations that change something begin with."""


@frozen
class Request:
    """An HTTP request as it came in.

    Attributes:
        method: The verb, in capitals.
        path: The path, decoded.
        query: The pairs of the query, decoded, in order, doubles included.
        content_type: What the header of that name says; `""` if there is none.
        body: The body.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # it holds the token
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)

    @property
    def media_type(self) -> str:
        """The media type without parameters, lower case."""
        return self.content_type.partition(";")[0].strip().lower()


@frozen
class Reply:
    """An HTTP reply to be sent.

    Attributes:
        status: The HTTP status.
        headers: Names in lower case; `content-length` is added on sending.
        body: The body.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Delivery(Enum):
    """How an answer reaches the client."""

    WHOLE = "whole"
    CUT = "cut"
    TRUNCATED = "truncated"


@frozen
class Answer:
    """What becomes of a request.

    Attributes:
        reply: What is sent; nothing of it with `Delivery.CUT`.
        delivery: How it is sent.
        delay: Seconds to wait before it is sent. What was asked for has been done by then.
    """

    reply: Reply
    delivery: Delivery = Delivery.WHOLE
    delay: float = 0.0


class Refused(Exception):
    """A provider's no.

    Attributes:
        body: The object that it answers with.
        status: The HTTP status that it answers with.
    """

    def __init__(self, body: Mapping[str, Any], status: int = 200) -> None:
        super().__init__(str(body))
        self.body = body
        self.status = status


@frozen
class Call:
    """A request as a provider understands it.

    Attributes:
        operation: The name of the operation.
        token: The token, if there is one.
        params: The parameters beside the token: texts (Baidu), JSON values (Kuaishou).
        problem: Why the request can't be served whoever sent it, if so.
        for_component: Whether it is about tokens, so that the token is the component's.
        for_developer: Whether it is about a mini app's own services, so that the token is what its own keys give.
    """

    operation: str
    token: str | None = field(repr=False)
    params: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)  # codes and refresh tokens are among them
    problem: Refused | None = None
    for_component: bool = False
    for_developer: bool = False


class Described(Protocol):
    """What the sandbox uses of the SDK's descriptors: nothing but where an operation is and what it is called."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def method(self) -> str: ...  # noqa: D102

    @property
    def path(self) -> str: ...  # noqa: D102


@frozen
class Route:
    """A path, and the operations that share it."""

    method: str
    names: tuple[str, ...]

    def takes(self, method: str) -> bool:
        """Tell whether a verb is documented for it."""
        return method == self.method

    def name(self, action: object) -> str:
        """Name the operation that a value of `action` asks for: both providers read and write on one path."""
        reads = action == "get" or len(self.names) == 1
        return next((name for name in self.names if name.startswith(SET) is not reads), self.names[0])


def routes(endpoints: Iterable[Described], imitated: Collection[str]) -> dict[str, Route]:
    """Find the paths of the operations that the sandbox imitates."""
    found: dict[str, Route] = {}
    for endpoint in endpoints:
        if endpoint.name in imitated:
            names = found[endpoint.path].names if endpoint.path in found else ()
            found[endpoint.path] = Route(endpoint.method, (*names, endpoint.name))
    return found


_JSON: Final = (b"content-type", b"application/json;charset=UTF-8")
_HTML: Final = (b"content-type", b"text/html;charset=UTF-8")


def json_reply(body: Mapping[str, Any], *headers: tuple[bytes, bytes], status: int = 200) -> Reply:
    """Write a JSON reply."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Reply(status, (_JSON, *headers), text.encode())


def html_reply(status: int, title: str, *headers: tuple[bytes, bytes]) -> Reply:
    """Write what a proxy in front of a provider answers."""
    head, page = f"<head><title>{status} {title}</title></head>", f"<body><h1>{status} {title}</h1></body>"
    text = f"<html>\r\n{head}\r\n{page}\r\n</html>"
    return Reply(status, (_HTML, *headers), text.encode())
