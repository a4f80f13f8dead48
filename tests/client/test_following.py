"""Clients that follow: they read what the owner of the grants keeps, wait for it, and spend nothing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from attrs import evolve

from miniapp_tp import (
    Actor,
    AuthorizationLost,
    CredentialRejected,
    DeadlineExceeded,
    InvalidArgument,
    MiniAppError,
    Options,
    Secret,
    StoreError,
)
from miniapp_tp.client.component import BaiduClient, KuaishouClient
from miniapp_tp.sandbox.world import World
from miniapp_tp.stores.records import AppRecord, from_bytes, to_bytes
from miniapp_tp.transport import following
from miniapp_tp.transport.following import FollowedComponent, FollowedGrants, Watch
from tests.support.granting import APP, KS_APP, Noting, Worldly, opened, operations
from tests.support.renewing import each_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from miniapp_tp.client.component import ComponentClient

BOTH = pytest.mark.parametrize("name", ["baidu", "kuaishou"])
RENEWING = {"get_component_token", "refresh_grant", "recover_code", "exchange_code", "get_pre_auth_code"}


class Office:
    """An owner and a follower on one store, each with a way of its own to one provider."""

    def __init__(self, name: str, **options: Any) -> None:  # noqa: ANN401 - the fields of Options
        self.name = name
        self.world = World(apps=3)
        self.side = self.world.provider(name)
        self.app = APP if name == "baidu" else KS_APP
        self.store = Noting()
        self.ways = {"owner": Worldly(self.world), "follower": Worldly(self.world)}
        self.owner = self.client("owner")
        self.follower = self.client("follower", follow=True, **options)

    def client(self, role: str, **options: Any) -> ComponentClient:  # noqa: ANN401 - the fields of Options
        chosen: dict[str, Any] = {"backoff": 0.0, **options}
        given: dict[str, Any] = {"store": self.store, "transport": self.ways[role], "options": Options(**chosen)}
        if self.name == "baidu":
            return BaiduClient(self.side.component, **given)
        path = self.side.rules.refresh_path
        return KuaishouClient(self.side.component, self.side.secret, refresh_path=path, **given)

    async def move_in(self) -> None:
        await self.owner.save_ticket(self.side.issue_ticket())
        pair = self.side.newest_pair(self.app)
        assert pair is not None
        await self.owner.adopt(
            self.app,
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_at=time.time() + 3600.0,
        )
        self.store.notes.clear()

    async def record(self) -> AppRecord:
        found = (await self.store.load(self.key())).value
        assert found is not None
        return from_bytes(AppRecord, found)

    def key(self, kind: str = "app") -> Any:  # noqa: ANN401 - a key of the store
        name = self.app if kind == "app" else ""
        return next(one for one in self.store.all_keys() if (one.kind, one.name) == (kind, name))

    def spent(self) -> set[str]:
        """Name what the follower asked for that isn't its business."""
        return RENEWING & set(operations(self.ways["follower"]))


async def moved_in(name: str = "baidu", **options: Any) -> Office:  # noqa: ANN401 - the fields of Options
    one = Office(name, **options)
    await one.move_in()
    return one


# --- reading ----------------------------------------------------------------------------------------------------------


@BOTH
async def test_it_calls_with_what_the_owner_keeps(name: str) -> None:
    one = await moved_in(name)
    assert (await one.follower.get_info(one.app)).app == one.app
    assert operations(one.ways["follower"]) == ["get_info"]
    assert await each_of(one.follower.apps()) == [one.app]
    assert one.store.notes == []


@BOTH
async def test_it_waits_for_the_owners_renewal(name: str) -> None:
    one = await moved_in(name)
    await one.follower.get_info(one.app)
    one.side.expire_tokens(one.app)
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(one.follower.get_info, one.app)
        while one.side.spent[one.app].pairs == 0:
            await anyio.sleep(0.01)
            if operations(one.ways["follower"]).count("get_info") > 1:
                await one.owner.get_info(one.app)
    assert one.spent() == set()
    assert one.side.spent[one.app].pairs == 1
    assert (await one.record()).access == Secret(one.side.tokens[one.app])


async def test_hundreds_that_wait_ask_the_store_as_one() -> None:
    one = await moved_in(timeout=1.0)
    await one.owner.forget(one.app)
    loads = 0
    load = one.store.load

    async def counted(key: Any) -> Any:  # noqa: ANN401 - as the store's
        nonlocal loads
        loads += key.kind == "app"
        return await load(key)

    one.store.load = counted  # type: ignore[method-assign]
    await one.owner.adopt(one.app, access_token=None, refresh_token="46.made-up", expires_at=0)
    loads = 0
    calls = (one.follower.get_info(one.app) for _ in range(300))
    got = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(error) for error in got} == {DeadlineExceeded}
    assert loads < 20  # a look for each would be 300


async def test_as_they_give_up_one_by_one_none_looks_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_FIRST", 60.0)
    one, watch, looks = await opened(), Watch(), 0
    keeping = evolve(one.keeping, sleep=anyio.sleep)
    scopes = [anyio.CancelScope() for _ in range(20)]

    async def look() -> None:
        nonlocal looks
        looks += 1

    async def wait(scope: anyio.CancelScope) -> None:
        with scope:
            await watch.wait(keeping, look)

    async with anyio.create_task_group() as group:
        for scope in scopes:
            group.start_soon(wait, scope)
        for scope in scopes:
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert looks == 1
    with anyio.move_on_after(0.01):
        await watch.wait(keeping, look)
    assert looks == 2  # after all of them, one begins anew


async def test_an_owner_that_renews_early_is_noticed() -> None:
    one = await opened()
    old = (await one.move_in(left=3600.0)).access
    followed = FollowedGrants(one.keeping)
    assert await followed.get(APP) == old
    await one.grants.recover(APP)
    assert await followed.get(APP) == old
    one.now.at += 3600.0 - 100.0
    assert await followed.get(APP) == old  # the one that it held, while the newer one is read
    record = await one.record()
    assert record is not None
    assert await followed.get(APP) == record.access != old


# --- an owner that doesn't renew --------------------------------------------------------------------------------------


@BOTH
async def test_an_owner_that_is_gone(name: str) -> None:
    one = await moved_in(name, timeout=0.5)
    one.side.expire_tokens(one.app)
    began = anyio.current_time()
    with pytest.raises(DeadlineExceeded, match="no owner has renewed the token of") as caught:
        await one.follower.get_info(one.app)
    assert 0.4 <= anyio.current_time() - began < 0.5 + 0.3
    error = caught.value
    assert "without follow=True" in str(error)
    assert (error.app, error.operation, error.actor) == (one.app, "get_info", Actor.TIME)
    assert error.retryable
    assert not error.may_have_happened
    assert one.spent() == set()


async def test_a_caller_without_a_deadline_of_its_own_is_bound_by_its_clients() -> None:
    one = await moved_in(timeout=0.2)
    one.side.expire_tokens(one.app)
    with anyio.fail_after(5.0), pytest.raises(DeadlineExceeded):
        await one.follower.get_info(one.app)


async def test_a_caller_with_less_time_gets_its_own_end() -> None:
    one = await moved_in(timeout=30.0)
    one.side.expire_tokens(one.app)
    with anyio.move_on_after(0.3) as scope, pytest.raises(DeadlineExceeded, match="no owner"):
        await one.follower.get_info(one.app)
    assert not scope.cancelled_caught


async def test_an_app_without_a_record_isnt_waited_for() -> None:
    one = await moved_in()
    with anyio.fail_after(2.0), pytest.raises(AuthorizationLost, match="this client follows") as caught:
        await one.follower.get_info("15009999")
    assert caught.value.actor is Actor.YOU


async def test_a_store_that_fails() -> None:
    one = await moved_in()
    one.store.fails["load app"] = 1
    with pytest.raises(StoreError, match="the disk is full"):
        await one.follower.get_info(one.app)
    await one.follower.get_info(one.app)


async def test_tokens_that_are_rejected_again_and_again_end_in_that() -> None:
    one = await moved_in()
    one.side.expire_tokens(one.app)

    async def keep_renewing() -> None:
        number = 0
        while True:
            number += 1
            record = to_bytes(AppRecord(access=Secret(f"45.{number}"), obtained_at=0.0, expires_at=time.time() + 3600))
            entry = await one.store.load(one.key())
            await one.store.save(one.key(), record, version=entry.version)
            await anyio.sleep(0.01)

    async with anyio.create_task_group() as group:
        group.start_soon(keep_renewing)
        with pytest.raises(CredentialRejected):
            await one.follower.get_info(one.app)
        group.cancel_scope.cancel()
    assert operations(one.ways["follower"]) == ["get_info"] * 3


# --- the component's token --------------------------------------------------------------------------------------------


async def test_the_components_token_is_read_and_waited_for() -> None:
    one = await opened()
    follower = one.another()
    followed = FollowedComponent(follower.keeping, follower.component_token)
    with pytest.raises(DeadlineExceeded, match="the component's token"), anyio.move_on_after(0.3):
        await followed.get("")
    kept = await one.component_token.get()
    assert await followed.get("") == kept
    assert await followed.get("") == kept
    await followed.reject("", kept)
    with pytest.raises(DeadlineExceeded), anyio.move_on_after(0.3):
        await followed.get("")
    await one.component_token.reject("", kept)
    newer = await one.component_token.get()
    assert await followed.get("") == newer != kept
    assert one.transport.count("get_component_token") == 2


# --- what is the owner's ----------------------------------------------------------------------------------------------

SPENDING: dict[str, Callable[[ComponentClient], Awaitable[object]]] = {
    "authorize": lambda client: client.authorize("a-code", app=APP),
    "recover": lambda client: client.recover(APP),
    "adopt": lambda client: client.adopt(APP, access_token=None, refresh_token="46.made-up", expires_at=0),
    "forget": lambda client: client.forget(APP),
    "start_ticket_push": lambda client: client.start_ticket_push(),
    "get_authorization_url": lambda client: client.get_authorization_url("https://merchant.example/back"),
}


@BOTH
@pytest.mark.parametrize("operation", SPENDING)
async def test_methods_of_the_owner(name: str, operation: str) -> None:
    one = await moved_in(name)
    with pytest.raises(InvalidArgument, match="this client follows") as caught:
        await SPENDING[operation](one.follower)
    assert caught.value.operation == operation
    (failed,) = await one.follower.recover_all([one.app])
    assert isinstance(failed.error, InvalidArgument)  # type: ignore[union-attr]
    assert one.ways["follower"].requests == []
    assert one.store.notes == []


async def test_a_ticket_may_arrive_at_any_replica() -> None:
    one = await moved_in()
    await one.follower.save_ticket(one.side.issue_ticket(), at=time.time() + 1)
    assert one.store.notes == ["save ticket"]
    one.side.expire_tokens(one.app)
    await one.owner.get_info(one.app)


# --- how it is asked for ----------------------------------------------------------------------------------------------


def test_who_follows_doesnt_recover() -> None:
    with pytest.raises(InvalidArgument, match="choose one"):
        Options(follow=True, recover_unknown=True)


async def test_a_client_doesnt_change_its_side() -> None:
    one = await moved_in()
    for client, follow in ((one.owner, True), (one.follower, False)):
        with pytest.raises(InvalidArgument, match="make a new client"):
            client.with_options(follow=follow)
    other = one.follower.with_options(timeout=5.0, follow=True)
    assert (await other.get_info(one.app)).app == one.app
    with pytest.raises(InvalidArgument, match="choose one"):
        one.follower.with_options(recover_unknown=True)
    with pytest.raises(InvalidArgument, match="this client follows"):
        await other.recover(one.app)


def test_tokens_of_ones_own_have_no_owner_to_follow() -> None:
    with pytest.raises(InvalidArgument, match="a client with a store") as caught:
        BaiduClient("a-client-id", tokens={}, options=Options(follow=True))
    assert caught.value.provider == "baidu"


async def test_closing_waits_for_nothing() -> None:
    one = await moved_in(timeout=30.0)
    one.side.expire_tokens(one.app)
    async with anyio.create_task_group() as group:
        group.start_soon(one.follower.get_info, one.app)
        await anyio.sleep(0.05)
        with anyio.fail_after(1.0):
            await one.follower.aclose()
        group.cancel_scope.cancel()
    with pytest.raises(MiniAppError, match="closed"):
        await one.follower.get_info(one.app)
