"""What the tests of grants' methods share: a sandbox, and clients that have a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp.sandbox import Sandbox
from tests.support.merchants import Case, with_ticket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from miniapp_tp.client.component import ComponentClient


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a sandbox without apps: each is made when its merchant authorizes."""
    with Sandbox(apps=0) as running:
        yield running


@pytest.fixture
async def opened(sandbox: Sandbox) -> AsyncIterator[Callable[..., Awaitable[ComponentClient]]]:
    """Make clients that have a ticket, and close them at the end."""
    clients: list[ComponentClient] = []

    async def make(case: Case, **more: Any) -> ComponentClient:  # noqa: ANN401 - whatever a caller may give
        client = case.make(sandbox, **more)
        clients.append(client)
        await with_ticket(client, case, sandbox)
        return client

    yield make
    for client in clients:
        await client.aclose()
