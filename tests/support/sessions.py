"""A session around a scripted transport, whose pauses are kept instead of waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from miniapp_tp import Attempt, Endpoint, Options
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.transport.hooks import Hook, Hooks
from miniapp_tp.transport.limits import Limits
from miniapp_tp.transport.session import Session
from miniapp_tp.transport.tokens import AppTokens, OwnTokens
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import no_result

if TYPE_CHECKING:
    from miniapp_tp.transport.base import Transport

APP: Final = "15263713"
TOKEN: Final = "45.a-token-of-the-app"

READ: Final = Endpoint[None, object](name="read", path="/read", decode=lambda _app, data: data)
CHANGE: Final = Endpoint[None, None](name="change", method="POST", path="/change", decode=no_result, changes=True)
ONCE: Final = Endpoint[None, None](
    name="once", method="POST", path="/once", decode=no_result, changes=True, idempotent=False
)


@define
class Watched:
    """A session, and what it did besides sending.

    Attributes:
        session: The session.
        pauses: The pauses that it made.
        attempts: What its hook was told.
    """

    session: Session
    pauses: list[float]
    attempts: list[Attempt] = field(factory=list[Attempt])


def watched(
    transport: Transport,
    *,
    tokens: OwnTokens | None = None,
    hooks: tuple[Hook, ...] = (),
    chance: float = 1.0,
    **options: Any,  # noqa: ANN401 - whatever a caller may give
) -> Watched:
    """Make a session of Baidu's; by default its pauses are 1, 2, 4, … seconds, and take no time."""
    pauses: list[float] = []
    attempts: list[Attempt] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    chosen: dict[str, Any] = {"backoff": 1.0, "backoff_max": 60.0, "timeout": 1000.0, **options}
    made = Options(**chosen)
    session = Session(
        dialect=DIALECT,
        base_url="https://openapi.example",
        tokens={Credential.APP: AppTokens(tokens if tokens is not None else {APP: TOKEN})},
        transport=transport,
        limits=Limits(made.concurrency),
        hooks=Hooks([attempts.append, *hooks]),
        options=made,
        sleep=sleep,
        chance=lambda: chance,
    )
    return Watched(session, pauses, attempts)
