"""Steps of a grant's renewal, for tests: what is played, and what is to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp import (
    ConnectFailed,
    ConnectionLost,
    CredentialRejected,
    DeadlineExceeded,
    MiniAppError,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
)
from tests.support.granting import APP, KS_APP, Office, opened
from tests.support.scripted import answer, gateway_no, page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.scripted import Step

HOUR = 3600.0
REFRESHED = ["save app refresh", "send refresh_grant", "save app pair"]
RECOVERED = ["send recover_code", "send exchange_code", "save app pair"]
ASKED_FIRST = ["send get_component_token", "save component"]


def lost() -> ConnectionLost:
    return ConnectionLost("cut", may_have_happened=True)


def late() -> DeadlineExceeded:
    return DeadlineExceeded("late", may_have_happened=True)


def word(said: str) -> Any:  # noqa: ANN401 - a step
    return answer({"error": said, "error_description": "no"}, 400)


def apart_from_the_component(notes: list[str]) -> list[str]:
    return [note for note in notes if note not in ASKED_FIRST]


async def moved_in(name: str = "baidu", *, left: float = 0.0, **more: Any) -> Office:  # noqa: ANN401 - arguments of `office`
    """Open an office with a component token and one app, whose access token ends in some seconds."""
    one = await opened(name, **more)
    await one.component_token.get()
    await one.move_in(app_of(one), left=left)
    one.notes.clear()
    return one


def app_of(one: Office) -> str:
    return APP if one.provider.name == "baidu" else KS_APP


def held(one: Office, app: str = APP) -> str:
    """Give the access token that the provider takes now."""
    return one.provider.tokens[app]


SPENT_NOTHING: dict[str, tuple[list[Step], type[MiniAppError]]] = {
    "down": ([ConnectFailed("down")], ConnectFailed),
    "rate": ([gateway_no(18)], RateLimited),
    "429": ([page(429)], RateLimited),
    "quota": ([gateway_no(17)], QuotaExhausted),
    "ip": ([gateway_no(5)], PermissionDenied),
    "token": ([gateway_no(110)] * 3, CredentialRejected),
    "client": ([word("invalid_client")] * 3, CredentialRejected),
}
NOTHING = pytest.mark.parametrize(("steps", "kind"), SPENT_NOTHING.values(), ids=SPENT_NOTHING)


async def each_of(found: AsyncIterator[str]) -> list[str]:
    """Collect."""
    return [one async for one in found]
