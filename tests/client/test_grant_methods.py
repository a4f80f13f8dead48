"""The life of a grant through the clients, on the sandbox's real socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.lowlevel
import pytest
from attrs import frozen

from miniapp_tp import (
    Actor,
    Attempt,
    AuthorizationLost,
    BaiduClient,
    DeadlineExceeded,
    Done,
    Failed,
    InvalidArgument,
    InvalidRequest,
    KuaishouClient,
    MiniAppError,
    NotSupported,
    Options,
    TicketMissing,
    open_store,
)
from miniapp_tp.client import ComponentClient
from miniapp_tp.sandbox import Fault, Sandbox
from miniapp_tp.sandbox.world import World
from miniapp_tp.stores.records import TicketRecord, from_bytes
from tests.support.granting import APP, KS_APP, OTHER, Noting, Worldly, each_of, told
from tests.support.scripted import script

if TYPE_CHECKING:
    from miniapp_tp.sandbox.provider import Provider

BACK = "https://merchant.example/authorized"
PAGE = "https://page.example/authorize"
Make = Callable[..., ComponentClient]


@frozen
class Case:
    """A provider, and how a client of it is made."""

    name: str
    app: str
    make: Make

    def provider(self, world: World) -> Provider:
        return world.provider(self.name)


def baidu(world: World, **more: Any) -> ComponentClient:  # noqa: ANN401 - whatever a caller may give
    return BaiduClient(world.baidu.component, **_given(world, more))


def kuaishou(world: World, **more: Any) -> ComponentClient:  # noqa: ANN401 - whatever a caller may give
    one = world.kuaishou
    extra = {"refresh_path": one.rules.refresh_path, "authorization_page": PAGE}
    return KuaishouClient(one.component, one.secret, **_given(world, {**extra, **more}))


def _given(world: World, more: dict[str, Any]) -> dict[str, Any]:
    url = {"base_url": world.url} if isinstance(world, Sandbox) and "transport" not in more else {}
    return {"store": open_store("memory://"), "options": Options(backoff=0.0), **url, **more}


CASES = (Case("baidu", APP, baidu), Case("kuaishou", KS_APP, kuaishou))
BOTH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a sandbox without apps: each is made when its merchant authorizes."""
    with Sandbox(apps=0) as running:
        yield running


async def with_ticket(client: ComponentClient, case: Case, world: World) -> None:
    await client.save_ticket(case.provider(world).issue_ticket())


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


Opened = Callable[..., Awaitable[ComponentClient]]


# --- authorizing ------------------------------------------------------------------------------------------------


@BOTH
async def test_from_a_ticket_to_a_call(case: Case, sandbox: Sandbox, opened: Opened) -> None:
    client = await opened(case)
    address = urlsplit(await client.get_authorization_url(f"{BACK}?shop=7#top", state="a state/+&="))
    query = parse_qs(address.query)
    back = urlsplit(query["redirect_uri"][0])
    assert f"{back.scheme}://{back.netloc}{back.path}#{back.fragment}" == f"{BACK}#top"
    assert parse_qs(back.query) == {"shop": ["7"], "state": ["a state/+&="]}
    provider = case.provider(sandbox)
    assert provider.pre_auth_codes.standing(query["pre_auth_code"][0]).value == "valid"
    assert provider.component in query[{"baidu": "client_id", "kuaishou": "component_app_id"}[case.name]]

    grant = await client.authorize(provider.authorize(case.app))
    assert grant.app == case.app
    assert grant.permissions
    assert grant.expires_at.tzinfo is UTC
    assert grant.expires_at > datetime.now(UTC)
    assert (await client.get_info(case.app)).app == case.app
    assert await each_of(client.apps()) == [case.app]


async def test_an_address_without_a_state(opened: Opened) -> None:
    client = await opened(CASES[0])
    address = urlsplit(await client.get_authorization_url(BACK))
    assert parse_qs(address.query)["redirect_uri"] == [BACK]


@BOTH
@pytest.mark.parametrize(
    "address", ["merchant.example/x", "ftp://merchant.example", "https://", "", "https://[x", None]
)
async def test_an_address_that_is_none(case: Case, sandbox: Sandbox, opened: Opened, address: Any) -> None:  # noqa: ANN401
    client = await opened(case)
    with pytest.raises(InvalidArgument, match="whole address"):
        await client.get_authorization_url(address, state="a state")
    assert sandbox.count() == 0


async def test_kuaishou_without_its_page(sandbox: Sandbox, opened: Opened) -> None:
    client = await opened(CASES[1], authorization_page=None)
    with pytest.raises(NotSupported, match="authorization_page") as caught:
        await client.get_authorization_url(BACK)
    assert (caught.value.provider, caught.value.operation) == ("kuaishou", "get_authorization_url")
    assert sandbox.count() == 0


@BOTH
async def test_events_know_the_app_and_come_twice(case: Case, sandbox: Sandbox, opened: Opened) -> None:
    client = await opened(case)
    code = case.provider(sandbox).authorize(case.app, code_life=60)
    first = await client.authorize(code, app=case.app)
    assert await client.authorize(code, app=case.app) == first
    assert case.provider(sandbox).spent[case.app].pairs == 1


@BOTH
async def test_a_code_that_is_none(case: Case, opened: Opened) -> None:
    client = await opened(case)
    with pytest.raises(InvalidRequest) as caught:
        await client.authorize("no-such-code")
    assert (caught.value.provider, caught.value.operation, caught.value.app) == (case.name, "authorize", None)
    assert caught.value.reply is None
    with pytest.raises(AuthorizationLost) as lost:
        await client.authorize("no-such-code", app=case.app)
    assert (lost.value.operation, lost.value.app) == ("authorize", case.app)


# --- recovering -------------------------------------------------------------------------------------------------


@BOTH
async def test_a_store_that_was_lost(case: Case, sandbox: Sandbox, opened: Opened) -> None:
    client = await opened(case)
    provider = case.provider(sandbox)
    apps = [f"{case.app}{number}" for number in range(5)]
    for app in apps:
        provider.authorize(app)
    grant = await client.recover(apps[0])
    assert grant.app == apps[0]
    outcomes = await client.recover_all([*apps, "no-such-app"], concurrency=3)
    assert sorted(one.value.app for one in outcomes if isinstance(one, Done)) == apps
    (failed,) = [one for one in outcomes if isinstance(one, Failed)]
    assert failed.app == "no-such-app"
    assert isinstance(failed.error, AuthorizationLost)
    assert (failed.error.operation, failed.error.app) == ("recover", "no-such-app")
    assert sorted(await each_of(client.apps())) == apps


async def test_all_of_a_text_is_a_mistake(opened: Opened) -> None:
    client = await opened(CASES[0])
    with pytest.raises(InvalidArgument):
        await client.recover_all("15000001")


@BOTH
async def test_unknown_apps_are_recovered_only_for_who_asks_for_it(
    case: Case, sandbox: Sandbox, opened: Opened
) -> None:
    client = await opened(case)
    case.provider(sandbox).authorize(case.app)
    with pytest.raises(AuthorizationLost) as caught:
        await client.get_info(case.app)
    assert (caught.value.actor, caught.value.operation, caught.value.app) == (Actor.YOU, "get_info", case.app)
    asking = client.with_options(recover_unknown=True)
    assert (await asking.get_info(case.app)).app == case.app
    assert (await client.get_info(case.app)).app == case.app


@BOTH
async def test_unknown_apps_are_recovered_by_a_client_made_so(case: Case, sandbox: Sandbox, opened: Opened) -> None:
    client = await opened(case, options=Options(recover_unknown=True))
    case.provider(sandbox).authorize(case.app)
    assert (await client.get_info(case.app)).app == case.app
    with pytest.raises(AuthorizationLost):
        await client.with_options(recover_unknown=False).get_info(f"{case.app}9")


@BOTH
async def test_a_dead_token_is_renewed_on_the_way(case: Case, sandbox: Sandbox, opened: Opened) -> None:
    attempts: list[Attempt] = []
    client = await opened(case, hooks=[attempts.append])
    provider = case.provider(sandbox)
    await client.authorize(provider.authorize(case.app), app=case.app)
    provider.expire_tokens(case.app)
    attempts.clear()
    infos = await asyncio.gather(*(client.get_info(case.app) for _ in range(50)))
    assert {info.app for info in infos} == {case.app}
    assert provider.spent[case.app].used == 1
    refreshes = [attempt for attempt in attempts if attempt.operation == "refresh_grant"]
    assert [(one.provider, one.app, one.error) for one in refreshes] == [(case.name, case.app, None)]


@BOTH
@pytest.mark.parametrize(
    "fault", [Fault.CUT_AFTER, Fault.HTML_AFTER, Fault.TRUNCATED, Fault.ODD_STATUS, Fault.ODD_TEXT]
)
async def test_a_refresh_whose_answer_is_spoilt(case: Case, sandbox: Sandbox, opened: Opened, fault: Fault) -> None:
    client = await opened(case)
    provider = case.provider(sandbox)
    await client.authorize(provider.authorize(case.app), app=case.app)
    provider.expire_tokens(case.app)
    sandbox.inject(fault, provider=case.name, app=case.app, operation="refresh_grant")
    assert (await client.get_info(case.app)).app == case.app
    readable = fault in {Fault.ODD_STATUS, Fault.ODD_TEXT}
    assert sandbox.count(operation="recover_code") == (0 if readable else 1)


# --- tickets ----------------------------------------------------------------------------------------------------


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


# --- adopting, forgetting ---------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("access", [True, False])
async def test_moving_in(case: Case, sandbox: Sandbox, opened: Opened, access: bool) -> None:  # noqa: FBT001 - a parameter of the test
    client = await opened(case)
    provider = case.provider(sandbox)
    pair = provider.exchange(provider.authorize(case.app))
    assert not hasattr(pair, "value")
    token, refresh = provider.tokens[case.app], provider.refresh_tokens[case.app]
    end = datetime.now(UTC) + timedelta(hours=1)
    given = {"access_token": token if access else None, "refresh_token": refresh, "expires_at": end}
    assert await client.adopt(case.app, **given)  # type: ignore[arg-type]
    assert not await client.adopt(case.app, **given, replace=False)  # type: ignore[arg-type]
    assert (await client.get_info(case.app)).app == case.app
    assert provider.spent[case.app].used == (0 if access else 1)
    await client.forget(case.app)
    assert await each_of(client.apps()) == []
    with pytest.raises(AuthorizationLost):
        await client.get_info(case.app)


@pytest.mark.parametrize("token", ["", "  ", None, 46, b"46.x"], ids=repr)
async def test_what_is_no_token_ticket_or_code(token: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    store = Noting()
    client = BaiduClient("a-client", store=store, transport=script())
    for call, name in (
        (client.save_ticket(token), "ticket"),
        (client.authorize(token), "authorization code"),
        (client.adopt(APP, access_token="45.x", refresh_token=token, expires_at=0), "refresh token"),
    ):
        with pytest.raises(InvalidArgument, match=f"the {name} is text") as caught:
            await call
        assert caught.value.provider == "baidu"
    assert store.notes == []


@pytest.mark.parametrize("app", ["", "  ", 15000001, b"15000001"], ids=repr)
async def test_what_is_no_app(app: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    client = BaiduClient("a-client", store=Noting(), transport=script())
    for call in (
        client.recover(app),
        client.forget(app),
        client.authorize("a code", app=app),
        client.adopt(app, access_token=None, refresh_token="46.x", expires_at=0),
    ):
        with pytest.raises(InvalidArgument, match="an app's id is text"):
            await call


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
