"""What tests of both providers share: replies to read, and a caller that only notes what it is asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from attrs import define, field, frozen
from hypothesis import strategies as st

from miniapp_tp.errors import MiniAppError, ProviderError
from miniapp_tp.wire.dialect import Dialect
from miniapp_tp.wire.exchange import parse
from miniapp_tp.wire.messages import Reply, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from miniapp_tp.wire.endpoint import Endpoint

P = TypeVar("P")
R = TypeVar("R")
APP: Final = "an-app"
TOKEN: Final = Secret("45.token-of-the-app/1+2==")
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)

_NAME: Final = st.text("abcxyz019-", min_size=1, max_size=9)
_HOST: Final = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "http://", "wss://", "ftp://"]),
    st.lists(_NAME, min_size=1, max_size=3).map(".".join),
    st.just("") | st.integers(1, 65535).map(":{}".format),
)
HOSTS: Final = st.lists(_HOST, min_size=1, max_size=4)


def reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Make a reply of bytes, or of what is to be written as JSON."""
    return Reply(status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@frozen
class Reader:
    """Reads replies as one provider's adapter does."""

    dialect: Dialect

    def read(self, endpoint: Endpoint[Any, R], body: object, status: int = 200) -> R | MiniAppError:
        """Read a reply to an endpoint."""
        return parse(self.dialect, endpoint, APP, reply(body, status), (TOKEN,))

    def value(self, endpoint: Endpoint[Any, R], body: object) -> R:
        """Read a reply that says yes."""
        found = self.read(endpoint, body)
        assert not isinstance(found, MiniAppError), found
        return found

    def error(self, endpoint: Endpoint[Any, Any], body: object, status: int = 200) -> ProviderError:
        """Read a reply that says no."""
        found = self.read(endpoint, body, status)
        assert isinstance(found, ProviderError), found
        return found


@define
class NotingCaller:
    """A `Caller` that notes what it is asked and answers from a script."""

    answers: list[Any] = field(factory=list[Any])
    asked: list[tuple[str, str, Any]] = field(factory=list[tuple[str, str, Any]])

    async def __call__(self, endpoint: Endpoint[P, R], app: str, params: P) -> R:
        """Note the call; what reads something gets the next answer."""
        self.asked.append((endpoint.name, app, endpoint.encode(params) or dict(endpoint.fixed)))
        if endpoint.changes:
            return cast("R", None)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return endpoint.decode(app, answer)
