"""Records in a store, and work that only one owner does at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from miniapp_tp import Actor, Secret, StoreError
from miniapp_tp.stores import Key
from miniapp_tp.stores.records import TicketRecord, to_bytes
from miniapp_tp.transport.keeping import Found, Keeping
from tests.support.granting import Noting, Now

if TYPE_CHECKING:
    from miniapp_tp.transport.tenure import Tenure

COMPONENT = "baidu:a-client"
TICKET = TicketRecord(ticket=Secret("made-up"), at=1.0)


async def not_yet() -> str | None:
    return None


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def store() -> Noting:
    return Noting()


@pytest.fixture
def keeping(store: Noting, now: Now) -> Keeping:
    return Keeping(store, COMPONENT, clock=now, chance=lambda: 0.5, sleep=now.sleep)


@pytest.fixture
def key(keeping: Keeping) -> Key:
    return keeping.key("ticket")


def test_keys_are_the_components(keeping: Keeping) -> None:
    assert keeping.key("app", "1") == Key(COMPONENT, "app", "1")
    assert keeping.key("ticket") == Key(COMPONENT, "ticket", "")


def test_owners_differ(store: Noting) -> None:
    assert Keeping(store, COMPONENT).owner != Keeping(store, COMPONENT).owner


async def test_what_is_found(keeping: Keeping, store: Noting, key: Key) -> None:
    assert await keeping.load(key, TicketRecord) == Found(None, 0)
    await store.save(key, to_bytes(TICKET), version=0)
    assert await keeping.load(key, TicketRecord) == Found(TICKET, 1)
    await store.save(key, None, version=1)
    assert await keeping.load(key, TicketRecord) == Found(None, 2)


async def test_what_cant_be_read(keeping: Keeping, store: Noting, key: Key) -> None:
    await store.save(key, b"{}", version=0)
    with pytest.raises(StoreError, match="can't be read"):
        await keeping.load(key, TicketRecord)


async def test_what_is_ready_needs_no_lease(keeping: Keeping, store: Noting, key: Key) -> None:
    async def ready() -> str:
        return "ready"

    async def work(_held: Tenure) -> str:
        raise AssertionError

    assert await store.acquire(key, "somebody", 5.0) is not None
    assert await keeping.alone(key, ready, work) == "ready"


async def test_work_is_done_under_a_lease(keeping: Keeping, store: Noting, key: Key) -> None:
    async def work(held: Tenure) -> str:
        assert await store.acquire(key, "somebody", 5.0) is None
        assert held.lease.key == key
        assert await held.lasts()
        return "done"

    assert await keeping.alone(key, not_yet, work) == "done"
    assert await store.acquire(key, "somebody", 5.0) is not None


async def test_two_works_of_one_client_exclude_each_other(keeping: Keeping, key: Key) -> None:
    inside: list[int] = []

    async def work(held: Tenure) -> str:
        inside.append(len(inside))
        assert inside == [0]
        for _ in range(30):
            await anyio.lowlevel.checkpoint()
        assert await held.lasts()
        inside.pop()
        return "done"

    assert await asyncio.gather(*(keeping.alone(key, not_yet, work) for _ in range(3))) == ["done"] * 3


async def test_while_another_has_it_one_looks_again(keeping: Keeping, store: Noting, key: Key, now: Now) -> None:
    began = now()
    lease = await store.acquire(key, "somebody", 5.0)
    assert lease is not None
    looks: list[float] = []

    async def ready() -> str | None:
        looks.append(now() - began)
        return "by somebody" if len(looks) == 4 else None

    async def work(_held: Tenure) -> str:
        raise AssertionError

    assert await keeping.alone(key, ready, work) == "by somebody"
    assert looks == pytest.approx([0.0, 0.1, 0.2, 0.3])


async def test_when_another_gives_it_back_one_does_the_work(keeping: Keeping, store: Noting, key: Key) -> None:
    lease = await store.acquire(key, "somebody", 5.0)
    assert lease is not None
    looks: list[int] = []

    async def ready() -> str | None:
        looks.append(1)
        if len(looks) == 3:
            await store.release(lease)
        return None

    async def work(_held: Tenure) -> str:
        return "done"

    assert await keeping.alone(key, ready, work) == "done"
    assert len(looks) == 3


async def test_a_lease_lost_on_the_way_means_to_look_again(keeping: Keeping, key: Key) -> None:
    works: list[int] = []

    async def work(held: Tenure) -> str | None:
        works.append(held.lease.fence)
        return None if len(works) == 1 else "done"

    assert await keeping.alone(key, not_yet, work) == "done"
    assert len(works) == len(set(works)) == 2


async def test_patience_ends_after_a_minute(keeping: Keeping, store: Noting, now: Now) -> None:
    key = keeping.key("app", "15263713")
    began = now()
    assert await store.acquire(key, "somebody", 1000.0) is not None

    async def work(_held: Tenure) -> str:
        raise AssertionError

    with pytest.raises(StoreError, match="the lease on app 15263713 for 60 s") as caught:
        await keeping.alone(key, not_yet, work)
    assert now() - began == pytest.approx(60.0, abs=0.2)
    assert caught.value.actor is Actor.TIME


async def test_patience_is_for_waiting_alone(keeping: Keeping, key: Key, now: Now) -> None:
    times = 0

    async def work(_held: Tenure) -> str | None:
        nonlocal times
        times += 1
        now.at += 3600.0  # slow, or a clock that was put right
        return "done" if times == 3 else None

    assert await keeping.alone(key, not_yet, work) == "done"


@pytest.mark.parametrize("note", ["load ticket", "acquire ticket"])
async def test_a_store_that_fails_ends_it(keeping: Keeping, store: Noting, key: Key, note: str) -> None:
    async def ready() -> str | None:
        await keeping.load(key, TicketRecord)
        return None

    async def work(_held: Tenure) -> str:
        raise AssertionError

    store.fails[note] = 1
    with pytest.raises(StoreError):
        await keeping.alone(key, ready, work)


async def test_a_lease_that_cant_be_given_back_spoils_nothing(keeping: Keeping, store: Noting, key: Key) -> None:
    async def work(_held: Tenure) -> str:
        return "done"

    store.fails["release ticket"] = 1
    assert await keeping.alone(key, not_yet, work) == "done"


async def test_what_the_work_raises_comes_through_and_the_lease_is_given_back(
    keeping: Keeping, store: Noting, key: Key
) -> None:
    async def work(_held: Tenure) -> str:
        raise LookupError

    with pytest.raises(LookupError):
        await keeping.alone(key, not_yet, work)
    assert await store.acquire(key, "somebody", 5.0) is not None
