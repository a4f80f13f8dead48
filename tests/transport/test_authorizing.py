"""Authorization codes become grants, once, and under the right app."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from miniapp_tp import (
    Actor,
    AuthorizationLost,
    ConnectFailed,
    Grant,
    InvalidArgument,
    InvalidRequest,
    MiniAppError,
    ReplyNotUnderstood,
    Secret,
)
from tests.support.granting import APP, KS_APP, OTHER, Office, opened, told
from tests.support.scripted import answer, page

if TYPE_CHECKING:
    from miniapp_tp.stores import Entry, Key
    from tests.support.scripted import Step

from tests.support.renewing import HOUR, NOTHING, apart_from_the_component, app_of, held, late, lost, moved_in

# --- authorizing ------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("before", ["nothing", "tokens", "a doubt"])
async def test_a_code_of_another_app_than_was_said(before: str) -> None:
    one = await opened("kuaishou")
    other = "ks600000000000000002"
    if before != "nothing":
        await one.move_in(KS_APP, left=HOUR, intent="refresh" if before == "a doubt" else None)
    known = await one.record(KS_APP)
    code = Secret(one.provider.authorize(other))
    with pytest.raises(InvalidArgument, match=f"this code is for the app {other}.* and not for {KS_APP}"):
        await one.grants.authorize(code, KS_APP)
    assert await one.record(KS_APP) == known
    assert await one.is_safe(other)
    assert (await one.grants.authorize(code, other)).app == other
    assert one.provider.spent[other].pairs == 1
    assert [key.kind for key in one.store.all_keys()].count("unnamed") == 0


async def test_a_pair_of_another_app_is_safe_although_the_store_fails_next() -> None:
    one = await opened("kuaishou")
    other = "ks600000000000000002"
    code = Secret(one.provider.authorize(other))
    one.store.breaks["save unnamed pair"] = 1
    with pytest.raises(InvalidArgument, match="this code is for the app"):
        await one.grants.authorize(code, KS_APP)
    assert await one.is_safe(other)


# --- authorizing without knowing the app ------------------------------------------------------------------------------


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
