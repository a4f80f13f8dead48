"""One suite over both providers and every way to reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.platforms import Platform, platform_over

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(params=["socket", "respx", "mock"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["baidu", "kuaishou"])
async def platform(request: pytest.FixtureRequest, way: str) -> AsyncIterator[Platform]:
    with platform_over(way, str(request.param)) as platform:
        yield platform
        for client in platform.clients:
            await client.aclose()
