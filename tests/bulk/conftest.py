"""What the tests of runs share: a journal of each kind, and a world to change."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from miniapp_tp import (
    Journal,
    open_journal,
)
from miniapp_tp.sandbox.world import World
from tests.support.servers import place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgres"])
async def journal(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Journal]:
    async with place(request.param, tmp_path) as address, aclosing(open_journal(address)) as made:
        yield made


@pytest.fixture
def world() -> World:
    return World(apps=30)
