"""Clients that keep grants: how they are made and closed, and calls that are cut short."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import pytest

from miniapp_tp import (
    AuthorizationLost,
    BaiduClient,
    DeadlineExceeded,
    Failed,
    InvalidArgument,
    MiniAppError,
    Options,
    TicketMissing,
)
from miniapp_tp.sandbox.world import World
from tests.support.granting import APP, OTHER, Noting, Worldly, told
from tests.support.merchants import BACK, BOTH, CASES, Case, baidu, kuaishou, with_ticket
from tests.support.renewing import each_of
from tests.support.scripted import script

if TYPE_CHECKING:
    from miniapp_tp.client.component import ComponentClient

# --- making and closing -----------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("given", [{"store": None}, {"tokens": {"an app": "a token"}}], ids=["neither", "both"])
async def test_tokens_or_a_store(case: Case, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="either tokens") as caught:
        case.make(World(apps=1), transport=script(), **given)
    assert caught.value.provider == case.name


@BOTH
async def test_a_client_with_tokens_of_its_own_keeps_no_grants(case: Case) -> None:
    client = case.make(World(apps=1), store=None, tokens={case.app: "a token"}, transport=script())
    for operation, call in {
        "save_ticket": client.save_ticket("a ticket"),
        "start_ticket_push": client.start_ticket_push(),
        "get_authorization_url": client.get_authorization_url(BACK),
        "authorize": client.authorize("a code"),
        "recover": client.recover(case.app),
        "adopt": client.adopt(case.app, access_token=None, refresh_token="r", expires_at=0),
        "forget": client.forget(case.app),
        "apps": each_of(client.apps()),
    }.items():
        with pytest.raises(InvalidArgument, match="keeps no grants") as caught:
            await call
        assert caught.value.operation == operation
    (failed,) = await client.recover_all([case.app])
    assert isinstance(failed, Failed)
    await client.aclose()


@BOTH
async def test_what_was_given_isnt_closed(case: Case) -> None:
    world = World(apps=2)
    store, transport = Noting(), Worldly(world)
    async with case.make(world, store=store, transport=transport) as client:
        await with_ticket(client, case, world)
        await client.recover(case.app)
        async with client.with_options(timeout=5.0) as other:
            assert (await other.get_info(case.app)).app == case.app
        assert (await client.get_info(case.app)).app == case.app
    assert (store.closed, transport.closed) == (0, 0)


@BOTH
async def test_a_closed_client_begins_nothing(case: Case) -> None:
    world = World(apps=2)
    store, transport = Noting(), Worldly(world)
    client = case.make(world, store=store, transport=transport)
    other = client.with_options(timeout=5.0)
    await client.aclose()
    for one in (client, other):
        for call in (one.recover(case.app), one.save_ticket("a ticket"), one.get_info(case.app), each_of(one.apps())):
            with pytest.raises(InvalidArgument, match="closed"):
                await call
    assert (store.notes, transport.requests) == ([], [])


async def laps(count: int = 30) -> None:
    for _ in range(count):
        await anyio.lowlevel.checkpoint()


async def working(world: World, **options: Any) -> tuple[ComponentClient, Worldly, Noting]:  # noqa: ANN401 - the fields of Options
    """Make a client whose app's token has to be refreshed."""
    store, transport = Noting(), Worldly(world)
    client = baidu(world, store=store, transport=transport, options=Options(backoff=0.0, **options))
    await with_ticket(client, CASES[0], world)
    await client.adopt(APP, access_token=None, refresh_token=world.baidu.refresh_tokens[APP], expires_at=0)
    return client, transport, store


async def test_closing_waits_for_a_spend_in_flight() -> None:
    world = World(apps=1)
    client, transport, _ = await working(world)
    gate = transport.gate("refresh_grant", after=True)
    calling = asyncio.create_task(client.get_info(APP))
    await gate.came.wait()
    calling.cancel()
    closing = asyncio.create_task(client.aclose())
    await laps()
    assert not closing.done()
    gate.opened.set()
    await closing
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert world.baidu.spent[APP].used == 1


@pytest.mark.parametrize("operation", ["get_component_token", "refresh_grant", "get_info"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_call_that_is_cancelled_loses_nothing(operation: str, after: bool) -> None:  # noqa: FBT001 - a parameter of the test
    world = World(apps=1)
    client, transport, store = await working(world)
    gate = transport.gate(operation, after=after)
    calling = asyncio.create_task(client.get_info(APP))
    await gate.came.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    gate.opened.set()
    assert (await client.get_info(APP)).app == APP
    assert (transport.count("refresh_grant"), transport.count("recover_code")) == (1, 0)
    assert "save app pair" in store.notes


async def test_a_caller_with_less_time_than_a_refresh_takes() -> None:
    world = World(apps=1)
    client, transport, _ = await working(world)
    hurried = client.with_options(timeout=0.02)
    gate = transport.gate("refresh_grant", after=True)
    with pytest.raises(DeadlineExceeded) as caught:
        await hurried.get_info(APP)
    assert (caught.value.operation, caught.value.app) == ("get_info", APP)
    gate.opened.set()
    assert (await client.get_info(APP)).app == APP
    assert (transport.count("refresh_grant"), transport.count("recover_code")) == (1, 0)


async def test_a_client_in_a_hurry_doesnt_hurry_its_refreshes() -> None:
    world = World(apps=1)
    client, transport, _ = await working(world, timeout=0.02, attempt_timeout=0.01)
    gate = transport.gate("refresh_grant", after=True)
    with pytest.raises(DeadlineExceeded):
        await client.get_info(APP)
    gate.opened.set()
    await client.aclose()
    assert (transport.count("refresh_grant"), transport.count("recover_code")) == (1, 0)
    assert transport.timeouts["refresh_grant"] == [10.0]


async def test_more_apps_than_there_are_turns() -> None:
    world = World(apps=100)
    store, transport = Noting(), Worldly(world)
    client = baidu(world, store=store, transport=transport)
    await with_ticket(client, CASES[0], world)
    for app, token in world.baidu.refresh_tokens.items():
        await client.adopt(app, access_token=None, refresh_token=token, expires_at=0)
    infos = await asyncio.gather(*(client.get_info(app) for app in world.baidu.apps))
    assert [info.app for info in infos] == list(world.baidu.apps)
    assert transport.count("refresh_grant") == 100
    assert transport.count("get_component_token") == 1


async def test_two_clients_on_one_store_keep_their_components_apart() -> None:
    world, store = World(apps=3), Noting()
    one = baidu(world, store=store, transport=Worldly(world))
    two = BaiduClient("another-client", store=store, transport=Worldly(world))
    three = kuaishou(world, store=store, transport=Worldly(world))
    await with_ticket(one, CASES[0], world)
    await one.recover(APP)
    for other in (two, three):
        assert await each_of(other.apps()) == []
        with pytest.raises(TicketMissing):
            await other.recover(APP)
    assert await each_of(one.apps()) == [APP]


async def test_errors_say_where_they_occurred() -> None:
    world = World(apps=1)
    client = baidu(world, store=Noting(), transport=Worldly(world))
    with pytest.raises(MiniAppError, match=r"^baidu recover 15000001: no ticket was pushed yet"):
        await client.recover(APP)
    with pytest.raises(AuthorizationLost, match=r"^baidu get_info 15000002: no tokens of this app are kept"):
        await client.get_info(OTHER)


async def test_the_token_of_a_call_is_the_apps_own() -> None:
    world = World(apps=3)
    transport = Worldly(world)
    client = baidu(world, store=Noting(), transport=transport)
    await with_ticket(client, CASES[0], world)
    for app in (APP, OTHER):
        await client.recover(app)
        await client.get_info(app)
        assert told(transport.requests[-1])["access_token"] == world.baidu.tokens[app]
    assert "45." not in repr(vars(client))
