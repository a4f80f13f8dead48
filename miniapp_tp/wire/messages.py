"""What crosses the wire: requests and replies, written so that no repr of them shows a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urlsplit

from attrs import field, frozen

MASK: Final = "***"

MAX_BODY: Final = 8 * 1024 * 1024
"""Bytes of a reply's body that are read at most, unpacked; no documented reply comes near it."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~-]*")

USER_AGENT: Final = "miniapp_tp"
"""What every transport calls itself."""


@frozen(repr=False)
class Secret:
    """A text that must never be shown: only `reveal` gives it away.

    Attributes:
        text: The secret itself.
    """

    _text: str

    def reveal(self) -> str:
        """Give the text, to put it where it belongs: into a request."""
        return self._text

    def __repr__(self) -> str:
        """Show that there is something, and nothing of it."""
        return f"Secret({MASK!r})"

    __str__ = __repr__


@frozen(kw_only=True)
class File:
    """A file among the fields of a form.

    Attributes:
        name: The name that it is sent under; nobody's own file name.
        content_type: Its media type.
        data: Its bytes.
    """

    name: str
    content_type: str
    data: bytes = field(repr=False)


@lru_cache(maxsize=256)
def _quoted(name: str) -> str:
    """Quote the name of a field; values may be secrets, which no cache keeps."""
    return quote(name, safe="")


def _written(value: str) -> str:
    """Quote a value; a token is nearly always of letters that need no quoting."""
    return value if _PLAIN.fullmatch(value) else quote(value, safe="")


@lru_cache(maxsize=256)
def _origin(address: str) -> str:
    """Read an address: there are as many as endpoints, and each is called again and again."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


@frozen(kw_only=True, repr=False)
class Request:
    """One HTTP request, complete but for its transport.

    Attributes:
        method: The HTTP method.
        address: The address without its query.
        query: Names and values of the query; tokens are among them.
        headers: Names and values of the headers.
        body: The bytes of the body.
        secrets: Everything in the request that must not come back in an error.
    """

    method: str
    address: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    secrets: tuple[Secret, ...] = ()

    @property
    def url(self) -> str:
        """The whole address, tokens included: for the transport alone, never for a log or an error."""
        pairs = [f"{_quoted(name)}={_written(value)}" for name, value in self.query]
        return f"{self.address}?{'&'.join(pairs)}" if pairs else self.address

    @property
    def origin(self) -> str:
        """Scheme, host and port: `"https://openapi.baidu.com"`."""
        return _origin(self.address)

    def __repr__(self) -> str:
        """Show where it goes, without query and body."""
        return f"<Request {self.method} {self.address}>"


def _tidied(headers: Mapping[str, str]) -> dict[str, str]:
    tidied: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        tidied[key] = f"{tidied[key]}, {value}" if key in tidied else value
    return tidied


@frozen(repr=False)
class Reply:
    """One HTTP reply.

    Attributes:
        status: The HTTP status.
        headers: The headers, their names in any case; a mapping of a transport's own may give a name twice.
        body: The bytes of the body, decompressed.
        complete: Whether the body is all there; a transport stops reading a body that has no end.
    """

    status: int
    # Kept as they come: nobody looks at the headers of a yes.
    _headers: Mapping[str, str] = field(factory=dict[str, str], eq=_tidied)
    body: bytes = b""
    complete: bool = True

    @property
    def headers(self) -> dict[str, str]:
        """The headers, names in lower case; what came under one name several times is joined by commas."""
        return _tidied(self._headers)

    @property
    def text(self) -> str:
        """The body as text, with whatever isn't UTF-8 replaced."""
        return self.body.decode("utf-8", errors="replace")

    def __repr__(self) -> str:
        """Show status and size, and nothing of what came."""
        return f"<Reply {self.status}, {len(self.body)} bytes>"
