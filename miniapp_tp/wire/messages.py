"""What crosses the wire: requests and replies, written so that no repr of them shows a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from attrs import field, frozen

MASK: Final = "***"


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
        return f"{self.address}?{urlencode(self.query, quote_via=quote)}" if self.query else self.address

    @property
    def origin(self) -> str:
        """Scheme, host and port: `"https://openapi.baidu.com"`."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"

    def __repr__(self) -> str:
        """Show where it goes, without query and body."""
        return f"<Request {self.method} {self.address}>"


def _lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@frozen(repr=False)
class Reply:
    """One HTTP reply.

    Attributes:
        status: The HTTP status.
        headers: The headers, names in lower case.
        body: The bytes of the body, decompressed.
        complete: Whether the body is all there; a transport stops reading a body that has no end.
    """

    status: int
    headers: Mapping[str, str] = field(factory=dict[str, str], converter=_lower_names)
    body: bytes = b""
    complete: bool = True

    @property
    def text(self) -> str:
        """The body as text, with whatever isn't UTF-8 replaced."""
        return self.body.decode("utf-8", errors="replace")

    def __repr__(self) -> str:
        """Show status and size, and nothing of what came."""
        return f"<Reply {self.status}, {len(self.body)} bytes>"
