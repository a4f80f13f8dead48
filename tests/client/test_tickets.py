"""Tickets through the clients: when they were pushed, and what is asked without one."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp import (
    BaiduClient,
    InvalidArgument,
    InvalidRequest,
    KuaishouClient,
    NotSupported,
    Options,
    TicketMissing,
    open_store,
)
from miniapp_tp.stores.records import TicketRecord, from_bytes
from tests.support.granting import APP, KS_APP, Noting
from tests.support.merchants import BACK, CASES, baidu, kuaishou
from tests.support.scripted import script

if TYPE_CHECKING:
    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.sandbox import Sandbox


async def kept_at(store: Noting, client: ComponentClient) -> float:
    key = next(key for key in store.all_keys() if key.kind == "ticket")
    assert key.component == f"{client.provider}:{client.component}"
    value = (await store.load(key)).value
    assert value is not None
    return from_bytes(TicketRecord, value).at


@pytest.mark.parametrize(
    ("at", "kept"),
    [
        (1_700_000_000, 1_700_000_000.0),
        (1_700_000_000.5, 1_700_000_000.5),
        (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), 1_700_000_000.0),
        (datetime.fromisoformat("2023-11-15T06:13:20+08:00"), 1_700_000_000.0),
        (0, 0.0),
    ],
    ids=str,
)
async def test_when_a_ticket_was_pushed(at: Any, kept: float) -> None:  # noqa: ANN401 - whatever a caller may give
    store = Noting()
    client = BaiduClient("a-client", store=store, transport=script())
    await client.save_ticket("a ticket", at=at)
    assert await kept_at(store, client) == kept


async def test_a_ticket_without_a_time_was_pushed_now() -> None:
    store = Noting()
    client = BaiduClient("a-client", store=store, transport=script())
    before = time.time()
    await client.save_ticket("a ticket")
    assert before <= await kept_at(store, client) <= time.time()


@pytest.mark.parametrize(
    "at",
    [
        datetime(2023, 11, 14, 22, 13, 20),  # noqa: DTZ001 - that is the mistake
        "2023-11-14",
        True,
        -1,
        float("nan"),
        float("inf"),
        1_700_000_000_000,
    ],
    ids=str,
)
async def test_what_is_no_moment(at: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    store = Noting()
    client = BaiduClient("a-client", store=store, transport=script())
    with pytest.raises(InvalidArgument, match=r"moment"):
        await client.save_ticket("a ticket", at=at)
    with pytest.raises(InvalidArgument, match=r"moment"):
        await client.adopt(APP, access_token="45.x", refresh_token="46.x", expires_at=at)
    assert store.notes == []


async def test_without_a_ticket(sandbox: Sandbox) -> None:
    for case in CASES:
        async with case.make(sandbox) as client:
            for call in (client.recover(case.app), client.get_authorization_url(BACK), client.authorize("a-code")):
                with pytest.raises(TicketMissing) as caught:
                    await call
                assert caught.value.provider == case.name
    assert sandbox.count() == 0


async def test_asking_for_pushes(sandbox: Sandbox) -> None:
    assert not sandbox.kuaishou.ticket_push_started
    async with kuaishou(sandbox) as client:
        await client.start_ticket_push()
    assert sandbox.kuaishou.ticket_push_started
    async with baidu(sandbox) as client:
        with pytest.raises(NotSupported, match="by itself") as caught:
            await client.start_ticket_push()
    assert (caught.value.provider, caught.value.operation) == ("baidu", "start_ticket_push")


async def test_a_wrong_secret_and_none_at_all(sandbox: Sandbox) -> None:
    for secret, kind in (("another", InvalidRequest), (None, InvalidArgument)):
        store = open_store("memory://")
        options = Options()
        component = sandbox.kuaishou.component
        async with KuaishouClient(component, secret, store=store, base_url=sandbox.url, options=options) as client:
            with pytest.raises(kind) as caught:
                await client.start_ticket_push()
            assert (caught.value.provider, caught.value.operation) == ("kuaishou", "start_ticket_push")
            await client.save_ticket(sandbox.kuaishou.issue_ticket())
            with pytest.raises(kind):
                await client.recover(KS_APP)
