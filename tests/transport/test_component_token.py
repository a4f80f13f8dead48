"""The component's token: from the newest ticket, renewed before its end, asked for by one at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from miniapp_tp import (
    ConnectFailed,
    ConnectionLost,
    InvalidRequest,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
    Secret,
    StoreError,
    TicketMissing,
)
from miniapp_tp.stores.records import TicketRecord, TokenRecord
from miniapp_tp.transport.windows import AGAIN
from tests.support.granting import Office, office, opened, told
from tests.support.scripted import baidu_no, gateway_no, page

if TYPE_CHECKING:
    from miniapp_tp.stores import Key, Lease

MONTH = 2_592_000.0
ASK = "get_component_token"
BOTH = pytest.mark.parametrize("name", ["baidu", "kuaishou"])


async def ticket_of(one: Office) -> TicketRecord | None:
    return (await one.keeping.load(one.keeping.key("ticket"), TicketRecord)).record


def tickets_sent(one: Office) -> list[str]:
    fields = [told(request) for request in one.transport.requests]
    return [said[name] for said in fields for name in ("ticket", "component_verify_ticket") if name in said]


# --- tickets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arrivals", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (3, 1, 2)])
async def test_the_newest_ticket_by_its_own_time_wins(arrivals: tuple[int, ...]) -> None:
    one = office()
    for at in arrivals:
        await one.component_token.save_ticket(Secret(f"ticket {at}"), float(at))
    assert await ticket_of(one) == TicketRecord(ticket=Secret("ticket 3"), at=3.0)


async def test_a_ticket_that_comes_twice_is_kept_once() -> None:
    one = office()
    for _ in range(2):
        await one.component_token.save_ticket(Secret("ticket"), 1.0)
    assert one.notes == ["save ticket"]


async def test_two_processes_that_save_tickets_at_once() -> None:
    one = office()
    two = one.another()
    saves = [
        (one if at % 2 else two).component_token.save_ticket(Secret(f"ticket {at}"), float(at)) for at in range(20)
    ]
    await asyncio.gather(*saves)
    assert await ticket_of(one) == TicketRecord(ticket=Secret("ticket 19"), at=19.0)


async def test_a_ticket_that_cant_be_kept() -> None:
    one = office()
    one.store.fails["save ticket"] = 1
    with pytest.raises(StoreError):
        await one.component_token.save_ticket(Secret("ticket"), 1.0)


async def test_without_a_ticket() -> None:
    one = office()
    with pytest.raises(TicketMissing, match="no ticket was pushed yet") as caught:
        await one.component_token.get()
    assert caught.value.last_seen is None
    assert one.transport.requests == []


@BOTH
async def test_an_old_ticket_is_used_until_the_provider_refuses_it(name: str) -> None:
    one = await opened(name)
    one.now.at += 10 * MONTH
    assert (await one.component_token.get()).reveal()
    one.provider.revoke_tickets()
    one.now.at += MONTH
    with pytest.raises(TicketMissing, match="refuses the newest ticket") as caught:
        await one.component_token.get()
    assert caught.value.last_seen == one.now() - 11 * MONTH
    assert one.transport.count(ASK) == 2


@BOTH
async def test_a_newer_ticket_that_came_meanwhile_is_tried(name: str) -> None:
    one = await opened(name)
    old = one.provider.issue_ticket()
    one.provider.revoke_tickets()
    gate = one.transport.gate(ASK)
    waiting = asyncio.create_task(one.component_token.get())
    await gate.came.wait()
    new = one.provider.issue_ticket()
    await one.component_token.save_ticket(Secret(new), one.now() + 600)
    gate.opened.set()
    token = await waiting
    assert one.provider.component_tokens.standing(token.reveal()).value == "valid"
    assert tickets_sent(one)[-1] == new
    assert old not in tickets_sent(one)
    assert one.transport.count(ASK) == 2


async def test_after_a_refusal_the_next_ticket_mends_it() -> None:
    one = await opened()
    one.provider.revoke_tickets()
    with pytest.raises(TicketMissing):
        await one.component_token.get()
    await one.component_token.save_ticket(Secret(one.provider.issue_ticket()), one.now() + 600)
    assert (await one.component_token.get()).reveal()


@BOTH
async def test_a_refused_ticket_rests(name: str) -> None:
    one = await opened(name)
    one.provider.revoke_tickets()
    for _ in range(3):
        with pytest.raises(TicketMissing, match="refuses the newest ticket"):
            await one.component_token.get()
    assert one.transport.count(ASK) == 1
    one.now.at += AGAIN
    with pytest.raises(TicketMissing):
        await one.component_token.get()
    assert one.transport.count(ASK) == 2


# --- the token --------------------------------------------------------------------------------------------------


@BOTH
async def test_all_share_one_token(name: str) -> None:
    one = await opened(name)
    tokens = await asyncio.gather(*(one.component_token.get(f"app {number}") for number in range(200)))
    assert len({token.reveal() for token in tokens}) == 1
    assert one.notes == [f"send {ASK}", "save component"]


async def test_a_process_takes_what_another_has_got() -> None:
    one = await opened()
    token = await one.component_token.get()
    assert await one.another().component_token.get() == token
    assert one.provider.requests == 1


async def test_two_processes_at_once_ask_once() -> None:
    one = await opened()
    two = one.another()
    first, second = await asyncio.gather(one.component_token.get(), two.component_token.get())
    assert first == second
    assert one.provider.requests == 1


@BOTH
async def test_a_rejected_token_is_replaced_once(name: str) -> None:
    one = await opened(name)
    old = await one.component_token.get()
    for _ in range(5):
        await one.component_token.reject("", old)
    new = await one.component_token.get()
    assert new != old
    await one.component_token.reject("", old)  # said late, of a token that isn't the present one any more
    one.store.fails["load component"] = 1000
    assert await one.component_token.get() == new
    assert one.transport.count(ASK) == 2


async def test_a_rejected_token_that_another_process_has_replaced_already() -> None:
    one = await opened()
    two = one.another()
    old = await one.component_token.get()
    assert await two.component_token.get() == old
    await one.component_token.reject("", old)
    new = await one.component_token.get()
    await two.component_token.reject("", old)
    assert await two.component_token.get() == new
    assert one.provider.requests == 2


async def test_near_its_end_one_renews_it_and_the_others_go_on() -> None:
    one = await opened()
    old = await one.component_token.get()
    one.now.at += MONTH - 301
    assert await one.component_token.get() == old
    assert one.transport.count(ASK) == 1
    one.now.at += 2
    gate = one.transport.gate(ASK)
    assert [await one.component_token.get() for _ in range(50)] == [old] * 50
    await gate.came.wait()
    assert await one.component_token.get() == old
    gate.opened.set()
    await one.component_token.land()
    assert await one.component_token.get() != old
    assert one.transport.count(ASK) == 2


async def test_past_it_all_wait() -> None:
    one = await opened()
    old = await one.component_token.get()
    one.now.at += MONTH - 29
    tokens = await asyncio.gather(*(one.component_token.get() for _ in range(50)))
    assert old not in tokens
    assert len({token.reveal() for token in tokens}) == 1
    assert one.transport.count(ASK) == 2


async def test_a_failure_near_its_end_is_told_to_hooks_alone_and_tried_again_later() -> None:
    one = await opened(attempts=1)
    old = await one.component_token.get()
    one.now.at += MONTH - 299
    one.transport.play(ASK, page(503), page(503))
    assert await one.component_token.get() == old
    await one.component_token.land()
    assert [attempt.error for attempt in one.attempts] == [None, "ProviderUnavailable"]
    one.now.at += AGAIN - 1
    assert await one.component_token.get() == old
    await one.component_token.land()
    assert one.transport.count(ASK) == 2  # not yet
    for asked in (3, 4):
        one.now.at += AGAIN
        assert await one.component_token.get() == old
        await one.component_token.land()
        assert one.transport.count(ASK) == asked
    assert await one.component_token.get() != old


async def test_a_failure_past_its_end_is_everyones() -> None:
    one = await opened(attempts=1)
    await one.component_token.get()
    one.now.at += MONTH
    one.transport.play(ASK, page(503))
    found = await asyncio.gather(*(one.component_token.get() for _ in range(20)), return_exceptions=True)
    assert {type(error) for error in found} == {ProviderUnavailable}
    assert (await one.component_token.get()).reveal()  # a failure is never kept
    assert one.transport.count(ASK) == 3


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (gateway_no(18), RateLimited),
        (gateway_no(5), PermissionDenied),
        (baidu_no(50002), InvalidRequest),
        (ConnectFailed("down"), ConnectFailed),
        (ConnectionLost("cut", may_have_happened=True), ConnectionLost),
    ],
    ids=["rate", "ip", "client", "down", "lost"],
)
async def test_what_is_no_matter_of_tickets_comes_through(step: object, kind: type[Exception]) -> None:
    one = await opened(attempts=1)
    one.transport.play(ASK, step)  # type: ignore[arg-type]
    with pytest.raises(kind):
        await one.component_token.get()
    assert one.notes == [f"send {ASK}"]


async def test_what_passes_is_asked_again() -> None:
    one = await opened()
    one.transport.play(ASK, ConnectionLost("cut", may_have_happened=True), page(502))
    assert (await one.component_token.get()).reveal()
    assert one.transport.count(ASK) == 3


async def test_a_token_that_cant_be_kept_is_used_by_nobody() -> None:
    one = await opened()
    one.store.fails["save component"] = 1
    with pytest.raises(StoreError):
        await one.component_token.get()
    assert (await one.component_token.get()).reveal()
    assert one.transport.count(ASK) == 2


async def test_a_token_whose_lease_was_lost_gives_way_to_the_newer_one() -> None:
    one = await opened()
    two = one.another()
    gate = one.transport.gate(ASK, after=True)
    waiting = asyncio.create_task(one.component_token.get())
    await gate.came.wait()
    key = one.keeping.key("component")
    lease = await one.store.acquire(key, "another", 5.0)
    assert lease is None  # it is held
    one.store.lend_anew(key)
    newer = await two.component_token.get()
    gate.opened.set()
    assert await waiting == newer
    found = await one.keeping.load(key, TokenRecord)
    assert found.record is not None
    assert found.record.token == newer


async def test_a_token_that_another_got_while_one_waited_for_the_lease_is_taken() -> None:
    one = await opened()
    two = one.another()
    acquire, given = one.store.acquire, list[Secret]()

    async def acquire_late(key: Key, owner: str, seconds: float) -> Lease | None:
        if not given:
            one.store.acquire = acquire  # type: ignore[method-assign]
            given.append(await two.component_token.get())
        return await acquire(key, owner, seconds)

    one.store.acquire = acquire_late  # type: ignore[method-assign]
    assert [await one.component_token.get()] == given
    assert one.transport.requests == []


async def test_its_life_is_what_the_provider_says() -> None:
    one = await opened()
    await one.component_token.get()
    found = await one.keeping.load(one.keeping.key("component"), TokenRecord)
    assert found.record is not None
    assert (found.record.obtained_at, found.record.expires_at) == (one.now(), one.now() + MONTH)
