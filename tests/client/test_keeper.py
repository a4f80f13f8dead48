"""`client.keeper()`: on the sandbox's real socket, and for whom it is not."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from miniapp_tp import BaiduClient, InvalidArgument, KuaishouClient, Options
from miniapp_tp.sandbox import Sandbox
from miniapp_tp.stores.address import open_store
from miniapp_tp.stores.memory import MemoryStore
from tests.support.granting import APP, Noting
from tests.support.loopback import until
from tests.support.scripted import script


async def test_it_looks_after_the_grants_of_its_client() -> None:
    async with Sandbox(apps=2) as sandbox:
        side, seen = sandbox.baidu, list[str]()
        client = BaiduClient(
            side.component,
            store=open_store("memory://"),
            base_url=sandbox.url,
            options=Options(verify=False),
            hooks=[lambda attempt: seen.append(f"{attempt.operation} {attempt.app}")],
        )
        async with client:
            await client.save_ticket(side.issue_ticket())
            for app in side.apps:
                # Nobody knows when they were given out: they are renewed within a day.
                await client.adopt(app, access_token=None, refresh_token=side.refresh_tokens[app], expires_at=0)
            async with client.keeper() as keeper:
                await until(lambda: keeper.last is not None)
    assert keeper.last is not None
    assert keeper.last.apps == 2
    assert keeper.last.failed == 0


def of(name: str, **given: Any) -> Any:  # noqa: ANN401 - whatever a caller may give
    kind = {"baidu": BaiduClient, "kuaishou": KuaishouClient}[name]
    return kind("a-component", transport=script(), **given)


@pytest.mark.parametrize("name", ["baidu", "kuaishou"])
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"tokens": {APP: "made-up"}}, "keeps no grants"),
        ({"store": MemoryStore(), "options": Options(follow=True)}, "this client follows"),
    ],
    ids=["tokens", "follow"],
)
def test_who_has_no_keeper(name: str, given: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidArgument, match=why) as caught:
        of(name, **given).keeper()
    assert caught.value.operation == "keeper"


async def test_a_client_that_is_closed_begins_nothing_more() -> None:
    store = Noting()
    client = of("baidu", store=store)
    async with client.keeper() as keeper:
        await client.aclose()
        await anyio.sleep(0.05)
    assert keeper.last is None
    assert store.notes == []
    with pytest.raises(InvalidArgument, match="closed"):
        client.keeper()
