"""Tokens that may have been spent are recovered, and those that weren't are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp import (
    Actor,
    AuthorizationLost,
    ConnectionLost,
    MiniAppError,
    RateLimited,
    Request,
    Secret,
    StoreError,
    TicketMissing,
)
from miniapp_tp.sandbox import Fault
from miniapp_tp.stores.records import AppRecord
from tests.support.granting import APP, KS_APP, Office, office, opened, told
from tests.support.scripted import answer, baidu_no, baidu_yes, gateway_no, page

if TYPE_CHECKING:
    from tests.support.scripted import Step

from tests.support.renewing import HOUR, NOTHING, RECOVERED, REFRESHED, app_of, held, late, lost, moved_in, word

# --- refusals that spend nothing --------------------------------------------------------------------------------------


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


# --- doubts -----------------------------------------------------------------------------------------------------------

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


# --- recovering -------------------------------------------------------------------------------------------------------


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


async def test_what_was_recovered_is_given_from_memory() -> None:
    one = await moved_in()
    await one.grants.recover(APP)
    one.store.fails["load app"] = 1
    assert (await one.grants.get(APP)).reveal() == held(one)


async def test_hooks_learn_for_which_app_tokens_are_asked_for() -> None:
    one = await moved_in()
    one.transport.play("refresh_grant", lost())
    await one.grants.get(APP)
    await one.grants.authorize(Secret(one.provider.authorize(APP)), APP)
    asked = [(attempt.operation, attempt.app) for attempt in one.attempts if attempt.operation != "get_component_token"]
    assert asked == [(name, APP) for name in ("refresh_grant", "recover_code", "exchange_code", "exchange_code")]
