"""Keepers of grants, for tests: how long one runs, and what it has noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from miniapp_tp.stores.records import KeeperRecord
from miniapp_tp.transport.keeper import Keeper
from tests.support.granting import APP, OTHER

if TYPE_CHECKING:
    from tests.support.granting import Office

THIRD = "15000003"
ALL = (APP, OTHER, THIRD)


async def kept_for(one: Office, seconds: float) -> Keeper:
    """Let a keeper run for some time."""
    async with Keeper(one.grants).running() as keeper:
        await anyio.sleep(seconds)
    return keeper


async def looked(one: Office) -> KeeperRecord | None:
    return (await one.keeping.load(one.keeping.key("keeper"), KeeperRecord)).record
