"""What tests of both providers' token calls share: a request made as a session makes it, and its reply read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qsl

from attrs import frozen

from miniapp_tp import MiniAppError, Request, Secret
from miniapp_tp.wire.dialect import Dialect
from miniapp_tp.wire.exchange import build, parse, sign
from tests.providers.reading import reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from miniapp_tp.wire.endpoint import Endpoint

P = TypeVar("P")
R = TypeVar("R")
BASE: Final = "https://provider.example"
COMPONENT_TOKEN: Final = Secret("42.made-up-component-token/1+2==")


@frozen
class Desk:
    """One provider's token calls, as a session makes them."""

    dialect: Dialect

    def request(self, endpoint: Endpoint[P, Any], params: P) -> Request:
        """Write a request, the component's token included where it is carried."""
        request = build(self.dialect, endpoint, params, BASE)
        return (
            request
            if endpoint.credential is None
            else sign(self.dialect, endpoint.credential, request, COMPONENT_TOKEN)
        )

    def read(self, endpoint: Endpoint[P, R], params: P, body: object, status: int = 200) -> R | MiniAppError:
        """Read the reply to a request."""
        request = self.request(endpoint, params)
        return parse(self.dialect, endpoint, "an-app", reply(body, status), request.secrets)

    def value(self, endpoint: Endpoint[P, R], params: P, body: object, status: int = 200) -> R:
        """Read a reply that says yes."""
        found = self.read(endpoint, params, body, status)
        assert not isinstance(found, MiniAppError), found
        return found

    def error(self, endpoint: Endpoint[P, Any], params: P, body: object, status: int = 200) -> MiniAppError:
        """Read a reply that says no, of which nothing may be kept."""
        found = self.read(endpoint, params, body, status)
        assert isinstance(found, MiniAppError), found
        assert vars(found).get("reply") is None
        return found


def said(request: Request) -> dict[str, str]:
    """Give everything that a request says."""
    return {**dict(request.query), **dict(parse_qsl(request.body.decode()))}


def assert_hidden(request: Request, *secrets: str) -> None:
    """See that secrets are sent, are known to be secrets, and show in no repr."""
    known = {secret.reveal() for secret in request.secrets}
    assert set(secrets) <= known
    assert set(secrets) <= set(said(request).values())
    assert not any(secret in repr(one) for secret in secrets for one in (request, request.secrets))


def flat(body: Mapping[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON of any kind
    """Change some fields of a body; those that become `None` are left out."""
    return {name: value for name, value in {**body, **more}.items() if value is not None}
