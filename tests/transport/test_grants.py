"""The tokens of apps: given at once while they are good, and renewed by one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio.lowlevel
import pytest

from miniapp_tp import (
    Actor,
    AuthorizationLost,
    ConnectFailed,
    RateLimited,
    Secret,
)
from miniapp_tp.stores.records import AppRecord
from miniapp_tp.transport.windows import AGAIN
from tests.support.granting import APP, KS_APP, OTHER, opened
from tests.support.scripted import gateway_no, kuaishou_no

if TYPE_CHECKING:
    from tests.support.scripted import Step

from tests.support.renewing import HOUR, RECOVERED, REFRESHED, apart_from_the_component, app_of, held, moved_in

# --- getting ----------------------------------------------------------------------------------------------------------


async def test_a_good_token_is_read_once_and_given_at_once() -> None:
    one = await moved_in(left=HOUR)
    for _ in range(3):
        assert (await one.grants.get(APP)).reveal() == held(one)
    one.store.fails["load app"] = 1000
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.notes == []


@pytest.mark.parametrize("name", ["baidu", "kuaishou"])
async def test_a_thousand_who_find_a_dead_token_refresh_it_once(name: str) -> None:
    one = await moved_in(name)
    app = app_of(one)
    tokens = await asyncio.gather(*(one.grants.get(app) for _ in range(1000)))
    assert {token.reveal() for token in tokens} == {held(one, app)}
    assert one.notes == REFRESHED
    assert one.provider.spent[app].used == 1
    assert await one.is_safe(app)


async def test_the_pair_is_saved_before_anyone_gets_the_token() -> None:
    one = await moved_in()
    gate = one.transport.gate("refresh_grant", after=True)
    waiting = asyncio.create_task(one.grants.get(APP))
    await gate.came.wait()
    assert one.notes == ["save app refresh", "send refresh_grant"]
    record = await one.record()
    assert record is not None
    assert record.intent == "refresh"
    waiting.add_done_callback(lambda _: one.notes.append("given"))
    gate.opened.set()
    await waiting
    await anyio.lowlevel.checkpoint()
    assert one.notes == [*REFRESHED, "given"]


async def test_what_is_kept_of_a_refresh() -> None:
    one = await moved_in("kuaishou")
    await one.grants.get(KS_APP)
    record = await one.record(KS_APP)
    pair = one.provider.newest_pair(KS_APP)
    assert record is not None
    assert pair is not None
    assert record == AppRecord(
        access=Secret(pair.access_token),
        refresh=Secret(pair.refresh_token),
        obtained_at=one.now(),
        expires_at=one.now() + 7200,
        refresh_expires_at=one.now() + 2_592_000,
        permissions=record.permissions,
    )
    assert record.permissions == tuple(str(place + 1) for place in range(len(record.permissions)))


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
async def test_near_its_end_one_refreshes_and_the_others_go_on(chance: float) -> None:
    one = await moved_in(left=HOUR, chance=chance)
    due = 300.0 + 300.0 * chance
    old = (await one.grants.get(APP)).reveal()
    one.now.at += HOUR - due - 1
    assert (await one.grants.get(APP)).reveal() == old
    await one.grants.land()
    assert one.notes == []
    one.now.at += 2
    gate = one.transport.gate("refresh_grant")
    assert {(await one.grants.get(APP)).reveal() for _ in range(100)} == {old}
    await gate.came.wait()
    assert (await one.grants.get(APP)).reveal() == old
    gate.opened.set()
    await one.grants.land()
    assert (await one.grants.get(APP)).reveal() == held(one) != old
    assert one.notes == REFRESHED


async def test_early_renewals_step_back_while_many_are_under_way() -> None:
    one = await opened(apps=40)
    await one.component_token.get()
    apps = list(one.provider.apps)
    for app in apps:
        await one.move_in(app, left=HOUR)
        await one.grants.get(app)
    one.now.at += HOUR - 299
    gate = one.transport.gate("refresh_grant")
    for app in apps:
        await one.grants.get(app)
    await gate.came.wait()
    gate.opened.set()
    await one.grants.land()
    assert one.transport.count("refresh_grant") == 32
    for app in apps:
        await one.grants.get(app)
    await one.grants.land()
    assert one.transport.count("refresh_grant") == 40


async def test_past_its_end_all_wait() -> None:
    one = await moved_in(left=HOUR)
    old = (await one.grants.get(APP)).reveal()
    one.now.at += HOUR - 29
    assert {(await one.grants.get(APP)).reveal() for _ in range(10)} == {held(one)}
    assert held(one) != old
    assert one.notes == REFRESHED


async def test_a_failure_near_its_end_is_told_to_hooks_alone_and_tried_again_later() -> None:
    one = await moved_in(left=HOUR, attempts=1)
    old = (await one.grants.get(APP)).reveal()
    one.attempts.clear()
    one.now.at += HOUR - 299
    one.transport.play("refresh_grant", gateway_no(18), gateway_no(18))
    assert (await one.grants.get(APP)).reveal() == old
    await one.grants.land()
    assert [attempt.error for attempt in one.attempts] == ["RateLimited"]
    one.now.at += AGAIN - 1
    assert (await one.grants.get(APP)).reveal() == old
    await one.grants.land()
    assert one.transport.count("refresh_grant") == 1
    one.now.at += 1
    assert (await one.grants.get(APP)).reveal() == old
    await one.grants.land()
    one.now.at += AGAIN
    assert (await one.grants.get(APP)).reveal() == old
    await one.grants.land()
    assert one.transport.count("refresh_grant") == 3
    assert (await one.grants.get(APP)).reveal() == held(one) != old


async def test_a_failure_past_its_end_is_everyones_and_is_never_kept() -> None:
    one = await moved_in(attempts=1)
    one.transport.play("refresh_grant", gateway_no(18))
    found = await asyncio.gather(*(one.grants.get(APP) for _ in range(20)), return_exceptions=True)
    assert {type(error) for error in found} == {RateLimited}
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.transport.count("refresh_grant") == 2


async def test_two_processes_refresh_once() -> None:
    one = await moved_in()
    two = one.another()
    calls = [(one if number % 2 else two).grants.get(APP) for number in range(200)]
    assert {token.reveal() for token in await asyncio.gather(*calls)} == {held(one)}
    assert one.provider.spent[APP].used == 1


async def test_a_process_near_the_end_takes_what_another_has_refreshed() -> None:
    one = await moved_in(left=HOUR)
    two = one.another()
    await one.grants.get(APP)
    old = (await two.grants.get(APP)).reveal()
    one.now.at += HOUR - 200
    await one.grants.get(APP)
    await one.grants.land()
    assert (await two.grants.get(APP)).reveal() == old
    await two.grants.land()
    assert (await two.grants.get(APP)).reveal() == held(one) != old
    assert one.provider.spent[APP].used == 1


async def test_many_apps_without_a_component_token() -> None:
    one = await opened(apps=100)
    for app in one.provider.apps:
        await one.move_in(app)
    tokens = await asyncio.gather(*(one.grants.get(app) for app in one.provider.apps))
    assert [token.reveal() for token in tokens] == list(one.provider.tokens.values())
    assert one.transport.count("get_component_token") == 1
    assert one.transport.count("refresh_grant") == 100


# --- unknown apps -----------------------------------------------------------------------------------------------------


async def test_an_app_without_a_record() -> None:
    one = await opened()
    with pytest.raises(AuthorizationLost, match="authorize or adopt it") as caught:
        await one.grants.get(APP)
    assert caught.value.actor is Actor.YOU
    assert one.notes == []


async def test_an_app_without_a_record_that_may_be_recovered() -> None:
    one = await opened()
    assert (await one.grants.get(APP, recover_unknown=True)).reveal() == held(one)
    assert apart_from_the_component(one.notes) == ["save app recover", *RECOVERED]
    assert await one.is_safe()


async def test_an_app_that_the_provider_doesnt_know_leaves_no_record() -> None:
    one = await opened()
    with pytest.raises(AuthorizationLost) as caught:
        await one.grants.get("no such app", recover_unknown=True)
    assert (caught.value.code, caught.value.actor) == (50032, Actor.MERCHANT)
    assert await one.apps() == []
    with pytest.raises(AuthorizationLost) as caught:
        await one.grants.get("no such app")
    assert caught.value.actor is Actor.YOU


@pytest.mark.parametrize("step", [gateway_no(18), ConnectFailed("down")], ids=["rate", "down"])
async def test_an_unknown_app_whose_recovery_fails_leaves_no_record(step: Step) -> None:
    one = await opened(attempts=1)
    one.transport.play("recover_code", step)
    with pytest.raises((RateLimited, ConnectFailed)):
        await one.grants.get(APP, recover_unknown=True)
    assert await one.apps() == []


async def test_an_exchange_that_is_refused_leaves_no_record_of_an_unknown_app() -> None:
    one = await opened("kuaishou")
    one.transport.play("exchange_code", kuaishou_no(100200109))
    with pytest.raises(AuthorizationLost):
        await one.grants.recover(KS_APP)
    assert await one.apps() == []


# --- rejected tokens --------------------------------------------------------------------------------------------------


async def test_a_rejected_token_is_replaced_once() -> None:
    one = await moved_in(left=HOUR)
    old = await one.grants.get(APP)
    for _ in range(100):
        await one.grants.reject(APP, old)
    new = await one.grants.get(APP)
    assert new.reveal() == held(one) != old.reveal()
    await one.grants.reject(APP, old)  # by one who was slow
    one.store.fails["load app"] = 1000
    assert await one.grants.get(APP) == new
    assert one.notes == REFRESHED


async def test_a_rejected_token_that_another_process_has_replaced_already() -> None:
    one = await moved_in(left=HOUR)
    two = one.another()
    old = await one.grants.get(APP)
    assert await two.grants.get(APP) == old
    await one.grants.reject(APP, old)
    new = await one.grants.get(APP)
    await two.grants.reject(APP, old)
    assert await two.grants.get(APP) == new
    assert one.provider.spent[APP].used == 1


async def test_a_token_that_was_never_given_is_none_of_our_business() -> None:
    one = await moved_in(left=HOUR)
    await one.grants.reject(APP, Secret("another"))
    await one.grants.get(APP)
    await one.grants.reject(APP, Secret("another"))
    await one.grants.reject(OTHER, Secret("another"))
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.notes == []


# --- being broken off -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["refresh_grant", "recover_code", "exchange_code"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_caller_who_is_cancelled_breaks_nothing_off(operation: str, after: bool) -> None:  # noqa: FBT001 - a parameter of the test
    one = await moved_in()
    if operation != "refresh_grant":
        await one.move_in(intent="refresh")
    gate = one.transport.gate(operation, after=after)
    waiting = asyncio.create_task(one.grants.get(APP))
    await gate.came.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    landing = asyncio.create_task(one.grants.land())
    for _ in range(10):
        await anyio.lowlevel.checkpoint()
    assert not landing.done()
    gate.opened.set()
    await landing
    assert await one.is_safe()
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.provider.spent[APP].pairs == 1


async def test_a_renewal_and_a_recovery_of_one_app_dont_break_into_each_other() -> None:
    one = await moved_in()
    gate = one.transport.gate("refresh_grant", after=True)
    getting = asyncio.create_task(one.grants.get(APP))
    await gate.came.wait()
    recovering = asyncio.create_task(one.grants.recover(APP))
    for _ in range(50):
        await anyio.lowlevel.checkpoint()
    gate.opened.set()
    await asyncio.gather(getting, recovering)
    assert not any(note.startswith("not ") for note in one.notes)
    assert await one.is_safe()


async def test_clients_with_another_word_on_unknown_apps_refresh_once() -> None:
    one = await moved_in()
    calls = [one.grants.get(APP, recover_unknown=bool(number % 2)) for number in range(50)]
    await asyncio.gather(*calls)
    assert one.notes == REFRESHED


async def test_reprs_hold_no_token() -> None:
    one = await moved_in(left=HOUR)
    token = (await one.grants.get(APP)).reveal()
    record = await one.record()
    assert record is not None
    assert record.refresh is not None
    for shown in (repr(one.grants), repr(record), repr(await one.grants.get(APP)), repr(vars(one.component_token))):
        assert token not in shown
        assert record.refresh.reveal() not in shown
