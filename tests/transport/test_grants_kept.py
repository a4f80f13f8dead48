"""What is kept of grants, by a store that fails, and by hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio.lowlevel
import pytest
from attrs import evolve

from miniapp_tp import (
    AuthorizationLost,
    Secret,
    StoreError,
)
from miniapp_tp.stores.records import AppRecord
from tests.support.granting import APP, Office, opened, operations
from tests.support.scripted import gateway_no

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from miniapp_tp.stores import Entry, Key

from tests.support.renewing import HOUR, held, moved_in

# --- the store fails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 4])
@pytest.mark.parametrize("how", ["fails", "breaks"])
async def test_a_pair_that_cant_be_saved_is_tried_again(times: int, how: str) -> None:
    one = await moved_in()
    getattr(one.store, how)["save app pair"] = times if how == "fails" else 1
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert (one.transport.count("refresh_grant"), one.transport.count("recover_code")) == (1, 0)
    assert await one.is_safe()


async def test_a_pair_that_cant_be_saved_at_all_is_given_to_nobody() -> None:
    one = await moved_in()
    one.store.fails["save app pair"] = 5
    found = await asyncio.gather(*(one.grants.get(APP) for _ in range(20)), return_exceptions=True)
    assert {type(error) for error in found} == {StoreError}
    record = await one.record()
    assert record is not None
    assert record.intent == "refresh"
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert (one.transport.count("refresh_grant"), one.transport.count("recover_code")) == (1, 1)
    assert await one.is_safe()


async def test_what_was_known_and_cant_be_put_back_is_a_store_error() -> None:
    one = await moved_in(attempts=1)
    one.transport.play("refresh_grant", gateway_no(18))
    one.store.fails["save app pair"] = 1
    with pytest.raises(StoreError):
        await one.grants.get(APP)
    record = await one.record()
    assert record is not None
    assert record.intent == "refresh"


async def test_an_owner_that_was_frozen_uses_what_its_successor_has_saved() -> None:
    one = await moved_in()
    two = one.another()
    gate = one.transport.gate("refresh_grant", after=True)
    waiting = asyncio.create_task(one.grants.get(APP))
    await gate.came.wait()
    one.store.lend_anew(one.keeping.key("app", APP))
    newer = await two.grants.get(APP)
    gate.opened.set()
    assert await waiting == newer
    assert "not save app pair" in one.notes
    assert newer.reveal() == held(one)
    assert await one.is_safe()


async def test_an_owner_that_was_frozen_before_it_exchanged_a_code_exchanges_none() -> None:
    one = await moved_in()
    two = one.another()
    gate = one.transport.gate("recover_code", after=True)
    await one.move_in(intent="refresh")
    waiting = asyncio.create_task(one.grants.get(APP))
    await gate.came.wait()
    one.store.lend_anew(one.keeping.key("app", APP))
    newer = await two.grants.get(APP)
    gate.opened.set()
    assert await waiting == newer
    assert newer.reveal() == held(one)
    assert one.provider.spent[APP].pairs == 1  # another would have ended it
    assert await one.is_safe()


def losing(one: Office, then: Callable[[], Awaitable[object]]) -> None:
    """Take the lease on the app away just after its record was read under it, once, and let another go on."""
    load, taken = one.store.load, list[str]()

    async def load_and_lose(key: Key) -> Entry:
        entry = await load(key)
        if key.kind == "app" and one.store.is_lent(key) and not taken:
            taken.append("taken")
            one.store.lend_anew(key)
            await then()
        return entry

    one.store.load = load_and_lose  # type: ignore[method-assign]


async def test_a_lease_that_is_lost_before_the_intent_is_written() -> None:
    one = await moved_in()
    two = one.another()
    losing(one, lambda: two.grants.get(APP))
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert operations(one.transport) == ["get_component_token"]
    assert one.provider.spent[APP].used == 1


async def test_a_lease_that_is_lost_before_a_recovery_or_an_exchange_begins() -> None:
    one = await moved_in()
    two = one.another()
    losing(one, lambda: two.grants.recover(APP))
    await one.grants.recover(APP)
    assert operations(one.transport).count("recover_code") == 1  # what was asked for is done, when it is its turn
    assert await one.is_safe()

    one = await moved_in()
    two = one.another()
    code = Secret(one.provider.authorize(APP))
    losing(one, lambda: two.grants.authorize(code, APP))
    await one.grants.authorize(code, APP)
    assert operations(one.transport) == ["get_component_token"]
    assert one.provider.spent[APP].pairs == 1
    assert await one.is_safe()


# --- adopting, forgetting, listing ------------------------------------------------------------------------------------


async def record_of(one: Office, *, access: bool = True, left: float = HOUR) -> AppRecord:
    pair = one.provider.newest_pair(APP)
    assert pair is not None
    return AppRecord(
        access=Secret(pair.access_token) if access else None,
        refresh=Secret(pair.refresh_token),
        obtained_at=one.now(),
        expires_at=one.now() + left,
    )


async def test_adopting() -> None:
    one = await opened()
    record = await record_of(one)
    assert await one.grants.adopt(APP, record)
    assert await one.record() == record
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.notes == ["save app pair"]


async def test_adopting_a_refresh_token_alone() -> None:
    one = await opened()
    assert await one.grants.adopt(APP, await record_of(one, access=False))
    assert (await one.grants.get(APP)).reveal() == held(one) != ""
    assert one.transport.count("refresh_grant") == 1
    assert await one.is_safe()


async def test_adopting_what_is_kept_already() -> None:
    one = await moved_in(left=HOUR)
    kept = await one.record()
    theirs = evolve(await record_of(one), refresh=Secret("46.theirs"))
    assert not await one.grants.adopt(APP, theirs, replace=False)
    assert await one.record() == kept
    assert not await one.grants.adopt(APP, evolve(theirs, obtained_at=one.now() - 2 * HOUR))  # older than what is kept
    assert await one.record() == kept
    assert await one.grants.adopt(APP, theirs)
    assert await one.record() == theirs


async def test_two_adoptions_at_once_are_both_made() -> None:
    one = await opened()
    first = await record_of(one)
    second = evolve(first, refresh=Secret("46.second"))
    assert all(await asyncio.gather(one.grants.adopt(APP, first), one.grants.adopt(APP, second)))
    assert one.notes == ["save app pair", "save app pair"]


async def test_adopting_replaces_what_is_in_memory() -> None:
    one = await moved_in(left=HOUR)
    await one.grants.get(APP)
    await one.grants.adopt(APP, evolve(await record_of(one), access=Secret("45.theirs")))
    assert (await one.grants.get(APP)).reveal() == "45.theirs"
    await one.grants.adopt(APP, await record_of(one, access=False))
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.transport.count("refresh_grant") == 1


async def test_forgetting() -> None:
    one = await moved_in(left=HOUR)
    await one.grants.get(APP)
    await one.grants.forget(APP)
    await one.grants.forget(APP)
    assert one.notes == ["drop app"]
    with pytest.raises(AuthorizationLost):
        await one.grants.get(APP)


async def test_forgetting_waits_for_a_refresh() -> None:
    one = await moved_in()
    gate = one.transport.gate("refresh_grant")
    getting = asyncio.create_task(one.grants.get(APP))
    await gate.came.wait()
    forgetting = asyncio.create_task(one.grants.forget(APP))
    for _ in range(50):
        await anyio.lowlevel.checkpoint()
    assert not forgetting.done()
    gate.opened.set()
    await getting
    await forgetting
    assert one.notes[-2:] == ["save app pair", "drop app"]


async def test_apps_are_read_from_the_store_alone() -> None:
    one = await opened()
    assert await one.apps() == []
    for app in one.provider.apps:
        await one.move_in(app)
    assert sorted(await one.apps()) == sorted(one.provider.apps)
    await one.grants.forget(APP)
    assert APP not in await one.apps()
    assert one.transport.requests == []
