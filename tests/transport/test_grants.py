"""The tokens of apps: given at once while they are good, renewed by one, spent once, and never lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio.lowlevel
import pytest
from attrs import evolve

from miniapp_tp import (
    Actor,
    AuthorizationLost,
    ConnectFailed,
    ConnectionLost,
    CredentialRejected,
    DeadlineExceeded,
    Grant,
    InvalidRequest,
    MiniAppError,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    ReplyNotUnderstood,
    Request,
    Secret,
    StoreError,
    TicketMissing,
)
from miniapp_tp.sandbox import Fault
from miniapp_tp.stores.records import AppRecord
from miniapp_tp.transport.windows import AGAIN
from tests.support.granting import APP, KS_APP, OTHER, Office, office, opened, operations, told
from tests.support.scripted import answer, baidu_no, baidu_yes, gateway_no, kuaishou_no, page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from miniapp_tp.stores import Entry, Key
    from tests.support.scripted import Step

HOUR = 3600.0
REFRESHED = ["save app refresh", "send refresh_grant", "save app pair"]
RECOVERED = ["send recover_code", "send exchange_code", "save app pair"]
ASKED_FIRST = ["send get_component_token", "save component"]


def lost() -> ConnectionLost:
    return ConnectionLost("cut", may_have_happened=True)


def late() -> DeadlineExceeded:
    return DeadlineExceeded("late", may_have_happened=True)


def word(said: str) -> Any:  # noqa: ANN401 - a step
    return answer({"error": said, "error_description": "no"}, 400)


def apart_from_the_component(notes: list[str]) -> list[str]:
    return [note for note in notes if note not in ASKED_FIRST]


async def moved_in(name: str = "baidu", *, left: float = 0.0, **more: Any) -> Office:  # noqa: ANN401 - arguments of `office`
    """Open an office with a component token and one app, whose access token ends in some seconds."""
    one = await opened(name, **more)
    await one.component_token.get()
    await one.move_in(app_of(one), left=left)
    one.notes.clear()
    return one


def app_of(one: Office) -> str:
    return APP if one.provider.name == "baidu" else KS_APP


def held(one: Office, app: str = APP) -> str:
    """Give the access token that the provider takes now."""
    return one.provider.tokens[app]


# --- getting ----------------------------------------------------------------------------------------------------


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


# --- unknown apps -----------------------------------------------------------------------------------------------


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


# --- rejected tokens --------------------------------------------------------------------------------------------


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


# --- refusals that spend nothing --------------------------------------------------------------------------------

SPENT_NOTHING: dict[str, tuple[list[Step], type[MiniAppError]]] = {
    "down": ([ConnectFailed("down")], ConnectFailed),
    "rate": ([gateway_no(18)], RateLimited),
    "429": ([page(429)], RateLimited),
    "quota": ([gateway_no(17)], QuotaExhausted),
    "ip": ([gateway_no(5)], PermissionDenied),
    "token": ([gateway_no(110)] * 3, CredentialRejected),
    "client": ([word("invalid_client")] * 3, CredentialRejected),
}
NOTHING = pytest.mark.parametrize(("steps", "kind"), SPENT_NOTHING.values(), ids=SPENT_NOTHING)


@NOTHING
async def test_a_refusal_that_spent_nothing_closes_the_intent(steps: list[Step], kind: type[MiniAppError]) -> None:
    one = await moved_in(attempts=1)
    before = await one.record()
    one.transport.play("refresh_grant", *steps)
    with pytest.raises(kind) as caught:
        await one.grants.get(APP)
    assert not caught.value.may_have_happened
    assert await one.record() == before
    assert (await one.grants.get(APP)).reveal() == held(one)  # by the same refresh token
    assert one.transport.count("recover_code") == 0
    assert one.provider.spent[APP].used == 1


async def test_without_a_ticket_nothing_is_spent() -> None:
    one = office()
    before = await one.move_in()
    with pytest.raises(TicketMissing):
        await one.grants.get(APP)
    assert await one.record() == before
    assert "send refresh_grant" not in one.notes


@pytest.mark.parametrize("note", ["load component", "acquire component", "load ticket", "save component"])
async def test_a_store_that_fails_before_anything_is_sent_spends_nothing(note: str) -> None:
    one = await opened()
    before = await one.move_in()
    one.store.fails[note] = 1
    with pytest.raises(StoreError):
        await one.grants.get(APP)
    assert await one.record() == before
    assert "send refresh_grant" not in one.notes


@pytest.mark.parametrize("note", ["load app", "acquire app", "renew app", "save app refresh"])
async def test_an_intent_that_cant_be_written_sends_nothing(note: str) -> None:
    one = await moved_in()
    one.store.fails[note] = 1
    with pytest.raises(StoreError):
        await one.grants.get(APP)
    assert one.notes == []
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.notes == REFRESHED


async def test_an_intent_that_was_written_although_the_store_failed_is_recovered() -> None:
    one = await moved_in()
    one.store.breaks["save app refresh"] = 1
    with pytest.raises(StoreError):
        await one.grants.get(APP)
    assert one.notes == ["save app refresh"]
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.transport.count("refresh_grant") == 0


async def test_a_rejected_component_token_is_replaced_and_the_refresh_goes_on() -> None:
    for name, app in (("baidu", APP), ("kuaishou", KS_APP)):
        one = await moved_in(name)
        one.provider.expire_component_tokens()
        assert (await one.grants.get(app)).reveal() == held(one, app)
        assert (one.transport.count("refresh_grant"), one.provider.spent[app].used) == (2, 1)
        assert one.transport.count("recover_code") == 0


# --- doubts -----------------------------------------------------------------------------------------------------

DOUBTS: dict[str, Step] = {
    "lost": lost(),
    "late": late(),
    "page": page(200),
    "redirect": page(302),
    "502": page(502),
    "busy": gateway_no(2),
    "half": answer({"refresh_token": "46.half"}),
    "nothing": baidu_yes(),
    "expired_token": word("expired_token"),
    "invalid_grant": word("invalid_grant"),
    "invalid_request": word("invalid_request"),
    "unknown word": word("a_new_word"),
    "unknown code": baidu_no(987654),
}


@pytest.mark.parametrize("step", DOUBTS.values(), ids=DOUBTS)
@pytest.mark.parametrize("reached", [False, True], ids=["unspent", "spent"])
async def test_a_doubt_is_recovered(step: Step, reached: bool) -> None:  # noqa: FBT001 - a parameter of the test
    one = await moved_in()
    old = one.provider.refresh_tokens[APP]

    async def play(_request: Request) -> Any:  # noqa: ANN401 - a reply
        if reached:
            one.provider.refresh(old)
        if isinstance(step, Exception):
            raise step
        return step

    one.transport.play("refresh_grant", play)
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.notes == ["save app refresh", "send refresh_grant", "save app refresh", *RECOVERED]
    assert await one.is_safe()
    record = await one.record()
    assert record is not None
    assert record.intent is None


@pytest.mark.parametrize(
    "fault",
    [Fault.CUT_AFTER, Fault.TRUNCATED, Fault.HTML_AFTER, Fault.CUT_BEFORE, Fault.HTML_5XX],
    ids=lambda it: it.value,
)
@pytest.mark.parametrize("name", ["baidu", "kuaishou"])
async def test_answers_that_dont_arrive(name: str, fault: Fault) -> None:
    one = await moved_in(name)
    app = app_of(one)
    one.transport.world.inject(fault, provider=name, app=app, operation="refresh_grant")
    assert (await one.grants.get(app)).reveal() == held(one, app)
    assert (one.transport.count("refresh_grant"), one.transport.count("recover_code")) == (1, 1)
    assert await one.is_safe(app)


@pytest.mark.parametrize("fault", [Fault.ODD_STATUS, Fault.ODD_TEXT], ids=lambda it: it.value)
@pytest.mark.parametrize("name", ["baidu", "kuaishou"])
@pytest.mark.parametrize("operation", ["refresh_grant", "exchange_code"])
async def test_a_readable_pair_is_saved_whatever_else_is_odd(name: str, operation: str, fault: Fault) -> None:
    one = await moved_in(name)
    app = app_of(one)
    one.transport.world.inject(fault, provider=name, app=app, operation=operation)
    if operation == "refresh_grant":
        await one.grants.get(app)
        assert one.transport.count("recover_code") == 0
    else:
        await one.grants.authorize(Secret(one.provider.authorize(app)), app)
        assert one.transport.count("exchange_code") == 1
    assert await one.is_safe(app)


@pytest.mark.parametrize("name", ["baidu", "kuaishou"])
async def test_a_refresh_token_that_somebody_else_has_spent_is_recovered(name: str) -> None:
    one = await moved_in(name)
    app = app_of(one)
    one.provider.refresh(one.provider.refresh_tokens[app])
    assert (await one.grants.get(app)).reveal() == held(one, app)
    assert one.transport.count("recover_code") == 1
    assert await one.is_safe(app)


@pytest.mark.parametrize("name", ["baidu", "kuaishou"])
async def test_a_grant_that_was_taken_back(name: str) -> None:
    one = await moved_in(name)
    app = app_of(one)
    before = await one.record(app)
    assert before is not None
    one.provider.revoke(app)
    with pytest.raises(AuthorizationLost) as caught:
        await one.grants.get(app)
    assert caught.value.actor is Actor.MERCHANT
    assert await one.record(app) == before.with_intent("refresh")
    code = one.provider.authorize(app)
    await one.grants.authorize(Secret(code), app)
    assert (await one.grants.get(app)).reveal() == held(one, app)


@pytest.mark.parametrize("intent", ["refresh", "recover", "exchange"])
async def test_an_intent_that_is_found_is_recovered_and_its_token_never_sent_again(intent: str) -> None:
    one = await moved_in()
    await one.move_in(intent=intent)
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.notes == [f"save app {intent}", *RECOVERED]
    assert await one.is_safe()


async def test_a_token_that_is_good_is_used_although_an_intent_is_open() -> None:
    one = await moved_in()
    await one.move_in(left=HOUR, intent="refresh")
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.notes == []


async def test_an_intent_alone_is_recovered() -> None:
    one = await moved_in()
    await one.put(AppRecord(intent="exchange"))
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert await one.is_safe()


@pytest.mark.parametrize(
    "change",
    [{"refresh": None}, {"refresh_expires_at": 1_700_000_000.0}],
    ids=["no refresh token", "one that is too old"],
)
async def test_without_a_refresh_token_that_is_any_good_it_is_recovered(change: dict[str, Any]) -> None:
    one = await moved_in()
    await one.move_in(**change)
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.notes == ["save app recover", *RECOVERED]


async def test_a_refresh_token_is_used_until_its_end() -> None:
    one = await moved_in()
    await one.move_in(refresh_expires_at=one.now() + 1)
    await one.grants.get(APP)
    assert one.notes == REFRESHED


async def test_kuaishou_without_a_refresh_path_recovers() -> None:
    one = await moved_in("kuaishou", refresh_path=False)
    assert (await one.grants.get(KS_APP)).reveal() == held(one, KS_APP)
    assert one.notes == ["save app recover", *RECOVERED]


# --- recovering -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["baidu", "kuaishou"])
async def test_recovering_whatever_is_kept(name: str) -> None:
    one = await moved_in(name, left=HOUR)
    app = app_of(one)
    grant = await one.grants.recover(app)
    assert (grant.app, grant.expires_at.timestamp()) == (app, one.now() + (HOUR if name == "baidu" else 2 * HOUR))
    assert one.notes == ["save app recover", *RECOVERED]
    assert (await one.grants.get(app)).reveal() == held(one, app)


async def test_recovering_keeps_what_the_merchant_granted() -> None:
    one = await moved_in()
    await one.move_in(permissions=("a", "b"), code="digest")
    assert (await one.grants.recover(APP)).permissions == ("a", "b")
    record = await one.record()
    assert record is not None
    assert record.code == "digest"


@pytest.mark.parametrize("step", [lost(), late(), page(502), page(200)], ids=["lost", "late", "502", "page"])
async def test_an_exchange_whose_answer_is_lost_costs_another_code(step: Step) -> None:
    one = await moved_in()
    one.transport.play("exchange_code", step)
    await one.grants.recover(APP)
    assert (one.transport.count("recover_code"), one.transport.count("exchange_code")) == (2, 2)
    assert await one.is_safe()


async def test_two_exchanges_whose_answers_are_lost_leave_the_intent_open() -> None:
    one = await moved_in()
    one.transport.play("exchange_code", lost(), lost())
    with pytest.raises(ConnectionLost):
        await one.grants.recover(APP)
    record = await one.record()
    assert record is not None
    assert record.intent == "recover"
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.transport.count("refresh_grant") == 0


@pytest.mark.parametrize("known", [True, False])
async def test_a_lost_answer_and_then_no_code_leave_the_intent_open(known: bool) -> None:  # noqa: FBT001 - a parameter of the test
    one = await moved_in(attempts=1)
    if not known:
        await one.put(None)
    one.transport.play("exchange_code", lost())
    one.transport.play("recover_code", (lambda request: _through(one, request)), gateway_no(18))
    with pytest.raises(RateLimited):
        await one.grants.recover(APP)
    record = await one.record()
    assert record is not None
    assert record.intent == "recover"
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.transport.count("refresh_grant") == 0


async def _through(one: Office, request: Request) -> Any:  # noqa: ANN401 - a reply
    code = one.provider.recover(told(request)["app_id"])
    return baidu_yes({"authorization_code": code, "expires_in": 18000})


async def test_an_exchange_that_is_refused_on_the_merits_leaves_what_was_known() -> None:
    one = await moved_in(attempts=1)
    before = await one.record()
    one.transport.play("exchange_code", gateway_no(18))
    with pytest.raises(RateLimited):
        await one.grants.recover(APP)
    assert await one.record() == before
    assert one.transport.count("recover_code") == 1


async def test_a_recovery_that_fails_leaves_a_doubt_open() -> None:
    one = await moved_in(attempts=1)
    one.transport.play("refresh_grant", lost())
    one.transport.play("recover_code", gateway_no(18))
    with pytest.raises(RateLimited):
        await one.grants.get(APP)
    record = await one.record()
    assert record is not None
    assert (record.intent, record.is_kept) == ("refresh", True)
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert one.transport.count("refresh_grant") == 1


# --- the store fails --------------------------------------------------------------------------------------------


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


# --- authorizing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["baidu", "kuaishou"])
async def test_a_code_of_a_known_app(name: str) -> None:
    one = await opened(name)
    app = app_of(one)
    grant = await one.grants.authorize(Secret(one.provider.authorize(app)), app)
    life = HOUR if name == "baidu" else 2 * HOUR
    assert grant == Grant(app, grant.permissions, datetime.fromtimestamp(one.now() + life, UTC))
    assert apart_from_the_component(one.notes) == ["save app exchange", "send exchange_code", "save app pair"]
    assert (await one.grants.get(app)).reveal() == held(one, app)
    assert await one.is_safe(app)


async def test_the_same_code_again_is_the_same_grant() -> None:
    one = await opened()
    code = Secret(one.provider.authorize(APP))
    grant = await one.grants.authorize(code, APP)
    assert await one.grants.authorize(code, APP) == grant
    assert await one.another().grants.authorize(code, APP) == grant
    assert one.provider.spent[APP].pairs == 1


async def test_two_codes_of_an_app_at_once_are_both_exchanged() -> None:
    one = await opened()
    codes = [Secret(one.provider.authorize(APP)) for _ in range(2)]
    await asyncio.gather(*(one.grants.authorize(code, APP) for code in codes))
    assert one.transport.count("exchange_code") == 2
    assert one.transport.count("recover_code") == 0
    assert await one.is_safe()


async def test_a_spent_code_of_a_known_app_is_no_loss() -> None:
    one = await opened()
    code = one.provider.authorize(APP)
    one.provider.exchange(code)
    assert (await one.grants.authorize(Secret(code), APP)).app == APP
    assert one.transport.count("recover_code") == 1
    assert await one.is_safe()


async def test_a_code_that_isnt_one_of_a_grant_that_isnt_one() -> None:
    one = await opened()
    one.provider.revoke(APP)
    with pytest.raises(AuthorizationLost):
        await one.grants.authorize(Secret("no code"), APP)
    assert await one.apps() == []


@NOTHING
@pytest.mark.parametrize("before", ["nothing", "tokens", "a doubt"])
async def test_a_code_that_was_not_spent_can_be_exchanged_later(
    steps: list[Step], kind: type[MiniAppError], before: str
) -> None:
    one = await moved_in(attempts=1)
    if before == "nothing":
        await one.put(None)
    if before == "a doubt":
        await one.move_in(intent="refresh")
    known = await one.record()
    code = Secret(one.provider.authorize(APP))
    one.transport.play("exchange_code", *steps)
    with pytest.raises(kind):
        await one.grants.authorize(code, APP)
    assert await one.record() == known  # and the doubt, if there was one, is open still
    await one.grants.authorize(code, APP)
    assert one.provider.spent[APP].pairs == 1
    assert one.transport.count("recover_code") == 0
    assert await one.is_safe()


@pytest.mark.parametrize("step", [lost(), late(), page(502), page(200)], ids=["lost", "late", "502", "page"])
async def test_an_exchange_of_a_known_app_whose_answer_is_lost_is_recovered(step: Step) -> None:
    one = await opened()
    one.transport.play("exchange_code", step)
    await one.grants.authorize(Secret(one.provider.authorize(APP)), APP)
    assert one.transport.count("recover_code") == 1
    assert await one.is_safe()


async def test_an_exchange_in_doubt_that_cant_be_recovered_now_is_recovered_later() -> None:
    one = await opened(attempts=1)
    one.transport.play("exchange_code", lost())
    one.transport.play("recover_code", ConnectFailed("down"))
    with pytest.raises(ConnectFailed):
        await one.grants.authorize(Secret(one.provider.authorize(APP)), APP)
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert await one.is_safe()


async def test_authorizing_over_an_open_doubt_settles_it() -> None:
    one = await moved_in()
    await one.move_in(intent="refresh")
    await one.grants.authorize(Secret(one.provider.authorize(APP)), APP)
    record = await one.record()
    assert record is not None
    assert record.intent is None
    assert await one.is_safe()


# --- authorizing without knowing the app ------------------------------------------------------------------------


async def test_baidu_is_asked_which_app_it_is_once_the_pair_is_safe() -> None:
    one = await opened()
    grant = await one.grants.authorize(Secret(one.provider.authorize(APP)), None)
    assert (grant.app, grant.permissions) == (APP, one.provider.apps[APP].permissions)
    assert apart_from_the_component(one.notes) == [
        "send exchange_code",
        "save unnamed pair",
        "send get_info",
        "save app pair",
        "drop unnamed",
    ]
    assert told(one.transport.requests[-1])["access_token"] == held(one)
    assert (await one.grants.get(APP)).reveal() == held(one)
    assert await one.is_safe()
    record = await one.record()
    assert record is not None
    assert record.app is None


async def test_kuaishou_tells_the_app() -> None:
    one = await opened("kuaishou")
    grant = await one.grants.authorize(Secret(one.provider.authorize(KS_APP)), None)
    assert grant.app == KS_APP
    assert one.transport.count("get_info") == 0
    assert await one.is_safe(KS_APP)


async def test_kuaishou_that_doesnt_tell_the_app() -> None:
    one = await opened("kuaishou")
    one.transport.play(
        "exchange_code", answer({"result": 1, "authorizerAccessToken": "t", "authorizerRefreshToken": "r"})
    )
    with pytest.raises(ReplyNotUnderstood, match="without saying for which app"):
        await one.grants.authorize(Secret("a code"), None)
    names = [name async for name in one.store.names(one.keeping.component, "unnamed")]
    assert len(names) == 1  # and what it gave is kept


@pytest.mark.parametrize("kind", [InvalidRequest])
async def test_a_spent_code_of_nobody_knows_which_app(kind: type[MiniAppError]) -> None:
    one = await opened()
    code = one.provider.authorize(APP)
    one.provider.exchange(code)
    with pytest.raises(kind):
        await one.grants.authorize(Secret(code), None)
    assert await one.apps() == []
    assert "save unnamed pair" not in one.notes


async def dies_before_naming(one: Office) -> Secret:
    """Exchange a code in a process that dies before it knows for which app."""
    code = Secret(one.provider.authorize(APP))
    one.transport.play("get_info", LookupError("killed"))
    with pytest.raises(LookupError):
        await one.grants.authorize(code, None)
    one.notes.clear()
    return code


async def test_a_process_that_died_before_it_knew_the_app_is_settled_by_the_same_code() -> None:
    one = await opened()
    code = await dies_before_naming(one)
    two = one.another()
    assert (await two.grants.authorize(code, None)).app == APP
    assert one.provider.spent[APP].pairs == 1
    assert await one.is_safe()


async def test_a_process_that_died_before_it_knew_the_app_is_settled_by_asking_for_the_app() -> None:
    one = await opened()
    await dies_before_naming(one)
    two = one.another()
    assert (await two.grants.get(APP)).reveal() == held(one)
    assert one.provider.spent[APP].pairs == 1
    assert await one.is_safe()
    assert [name async for name in one.store.names(one.keeping.component, "unnamed")] == []


async def test_another_apps_unnamed_tokens_are_named_on_the_way() -> None:
    one = await opened()
    await dies_before_naming(one)
    two = one.another()
    with pytest.raises(AuthorizationLost) as caught:
        await two.grants.get(OTHER)
    assert caught.value.actor is Actor.YOU
    assert await one.apps() == [APP]


async def test_another_apps_unnamed_tokens_that_are_dead_spoil_nothing() -> None:
    one = await opened()
    await dies_before_naming(one)
    one.provider.expire_tokens(APP)
    two = one.another()
    with pytest.raises(AuthorizationLost, match="authorize or adopt it"):
        await two.grants.get(OTHER)


async def test_unnamed_tokens_that_another_has_named_meanwhile() -> None:
    one = await opened()
    code = await dies_before_naming(one)
    two, three = one.another(), one.another()
    load, named = one.store.load, list[str]()

    async def load_late(key: Key) -> Entry:
        if key.kind == "unnamed" and not named:
            named.append("by three")
            await three.grants.authorize(code, None)
        return await load(key)

    one.store.load = load_late  # type: ignore[method-assign]
    with pytest.raises(AuthorizationLost):
        await two.grants.get(OTHER)
    assert await one.apps() == [APP]


async def test_tokens_are_named_only_once_by_two_at_once() -> None:
    one = await opened()
    code = await dies_before_naming(one)
    two, three = one.another(), one.another()
    results = await asyncio.gather(two.grants.authorize(code, None), three.grants.get(APP))
    assert results[0].app == APP
    assert results[1].reveal() == held(one)
    assert one.provider.spent[APP].pairs == 1


async def test_newer_tokens_that_came_while_an_app_was_named_stay() -> None:
    one = await opened()
    gate = one.transport.gate("get_info")
    waiting = asyncio.create_task(one.grants.authorize(Secret(one.provider.authorize(APP)), None))
    await gate.came.wait()
    one.provider.rules.old_tokens_survive = True
    one.now.at += 1
    await one.another().grants.recover(APP)
    gate.opened.set()
    await waiting
    assert await one.is_safe()
    assert (await one.grants.get(APP)).reveal() == held(one)


async def test_an_unnamed_pair_that_cant_be_saved_is_tried_again() -> None:
    one = await opened()
    one.store.fails["save unnamed"] = 4
    assert (await one.grants.authorize(Secret(one.provider.authorize(APP)), None)).app == APP
    assert await one.is_safe()


async def test_an_unnamed_pair_whose_save_was_made_although_the_store_failed() -> None:
    one = await opened()
    one.store.breaks["save unnamed"] = 1
    assert (await one.grants.authorize(Secret(one.provider.authorize(APP)), None)).app == APP
    assert one.transport.count("exchange_code") == 1
    assert await one.is_safe()


# --- adopting, forgetting, listing ------------------------------------------------------------------------------


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


# --- being broken off -------------------------------------------------------------------------------------------


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
