"""Several components in one process and one store, also of the same provider: none sees what is another's."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING

import pytest

from miniapp_tp import BaiduClient, Fleet, KuaishouClient, TicketMissing, open_store
from tests.support.scripted import script
from tests.support.servers import place

if TYPE_CHECKING:
    from pathlib import Path

    from miniapp_tp.client.component import ComponentClient

FUTURE = 4e9
SEALED = {"sealed": bytes(32), "unsealed": None}


@pytest.mark.parametrize("key", SEALED.values(), ids=SEALED)
@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis", "postgres"])
async def test_each_component_has_its_own(kind: str, key: bytes | None, tmp_path: Path) -> None:
    """Three components have authorized the same app's id, one of them after the others; one forgets it."""
    async with AsyncExitStack() as stack:
        url = "memory://" if kind == "memory" else await stack.enter_async_context(place(kind, tmp_path))
        store = await stack.enter_async_context(aclosing(open_store(url, key=key)))
        clients: list[ComponentClient] = [
            await stack.enter_async_context(BaiduClient("one", store=store, transport=script())),
            await stack.enter_async_context(BaiduClient("two", store=store, transport=script())),
            await stack.enter_async_context(KuaishouClient("one", "secret", store=store, transport=script())),
            await stack.enter_async_context(BaiduClient("none", store=store, transport=script())),
        ]
        for number, client in enumerate(clients[:3]):
            for app in ("app", f"only {number}"):
                await client.adopt(app, access_token=f"a{number}", refresh_token=f"r{number}", expires_at=FUTURE)
        again: list[ComponentClient] = [
            await stack.enter_async_context(BaiduClient("one", store=store, transport=script())),
            await stack.enter_async_context(BaiduClient("two", store=store, transport=script())),
            await stack.enter_async_context(KuaishouClient("one", "secret", store=store, transport=script())),
        ]
        for number, client in enumerate(again):
            token = await vars(client)["_desk"].grants.get("app")
            assert token.reveal() == f"a{number}"
            assert sorted([app async for app in client.apps()]) == ["app", f"only {number}"]
        assert [app async for app in clients[3].apps()] == []
        await again[0].forget("app")
        assert [sorted([app async for app in client.apps()]) for client in again] == [
            ["only 0"],
            ["app", "only 1"],
            ["app", "only 2"],
        ]
        await clients[0].save_ticket("a-ticket")
        for client in again[1:]:
            with pytest.raises(TicketMissing):
                await client.recover("app")


def test_a_fleet_of_two_components_of_a_provider() -> None:
    store = open_store("memory://")
    fleet = Fleet({"baidu": BaiduClient("one", store=store), "baidu-2": BaiduClient("two", store=store)})
    assert fleet.supports("get_info")
