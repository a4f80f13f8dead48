"""Pace: the ceiling that busy answers teach, the lanes in front of calls, and quotas that are used up."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from attrs import define

from miniapp_tp import (
    BaiduClient,
    DeadlineExceeded,
    InvalidArgument,
    Pace,
    Pacing,
    QuotaExhausted,
    Scope,
)
from miniapp_tp.sandbox.world import World
from miniapp_tp.transport import pacing
from miniapp_tp.transport.ceiling import Ceiling
from miniapp_tp.transport.lane import Lane
from miniapp_tp.transport.pacing import Turns
from miniapp_tp.transport.spent import Spent, resets_at
from tests.support.running import DOMAINS, baidu
from tests.support.scripted import baidu_yes, gateway_no, script

if TYPE_CHECKING:
    from collections.abc import Callable


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


# --- the ceiling ----------------------------------------------------------------------------------------------------


def provider(clock: Time, ceiling: Ceiling, limit: float, seconds: float) -> list[bool]:
    """Call as fast as the ceiling allows (1,000/s without one), against a provider with a limit per second."""
    taken: list[float] = []
    refused: list[bool] = []
    end = clock.now + seconds
    while clock.now < end:
        taken = [moment for moment in taken if moment > clock.now - 1.0]
        busy = len(taken) >= limit
        refused.append(busy)
        if busy:
            ceiling.busy()
        else:
            taken.append(clock.now)
            ceiling.accepted()
        clock.now += 1 / (ceiling.rate or 1000.0)
    return refused


def test_it_settles_at_what_the_provider_takes() -> None:
    clock = Time()
    ceiling = Ceiling(clock)
    assert ceiling.rate is None
    provider(clock, ceiling, 50, 10)
    refused = provider(clock, ceiling, 50, 120)
    assert (len(refused) - sum(refused)) / 120 == pytest.approx(50, rel=0.1)
    assert sum(refused) / len(refused) < 0.02


def test_it_follows_the_provider_down_and_up() -> None:
    clock = Time()
    ceiling = Ceiling(clock)
    provider(clock, ceiling, 100, 20)
    provider(clock, ceiling, 10, 20)
    assert ceiling.rate == pytest.approx(10, rel=0.2)
    provider(clock, ceiling, 100, 60)
    assert ceiling.rate == pytest.approx(100, rel=0.2)


def test_without_busy_answers_nothing_is_left_of_it() -> None:
    clock = Time()
    ceiling = Ceiling(clock)
    provider(clock, ceiling, 50, 5)
    clock.now += 90
    assert ceiling.rate is None


def test_a_single_busy_answer_says_little() -> None:
    clock = Time()
    ceiling = Ceiling(clock)
    for _ in range(10):
        assert not ceiling.busy()
        for _yes in range(49):
            ceiling.accepted()
    assert ceiling.rate is None


# --- lanes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_second": 0},
        {"per_second": True},
        {"per_second": "1"},
        {"at_once": 0},
        {"at_once": 1.5},
        {"reserve": 1},
        {"reserve": "0"},
    ],
)
def test_paces_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match=next(iter(wrong))):
        Pace(**wrong)


def lane(**limits: Any) -> Lane:  # noqa: ANN401 - whatever a Pace takes
    return Lane(Pace(**limits), asyncio.get_running_loop().time)


async def test_a_lane_with_a_rate_is_entered_at_its_pace_only() -> None:
    mine = lane(per_second=1)
    assert [mine.entered_at_once(bulk=True) for _ in range(3)] == [True, False, False]


async def test_a_lane_without_limits_waits_as_long_as_the_provider_asks() -> None:
    mine = lane()
    assert mine.entered_at_once(bulk=False)
    mine.slow_down(60.0)
    assert not mine.entered_at_once(bulk=False)


async def enter(mine: Lane, name: str, entered: list[str], *, bulk: bool = False) -> None:
    await mine.enter(bulk=bulk)
    entered.append(name)


async def test_who_somebody_waits_for_goes_first() -> None:
    mine, entered = lane(at_once=1), list[str]()
    await mine.enter(bulk=True)
    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(partial(enter, mine, f"bulk {number}", entered, bulk=True))
        await anyio.wait_all_tasks_blocked()
        group.start_soon(enter, mine, "a person", entered)
        await anyio.wait_all_tasks_blocked()
        assert not entered
        for _ in range(4):
            mine.leave()
            await anyio.wait_all_tasks_blocked()
    assert entered == ["a person", "bulk 0", "bulk 1", "bulk 2"]
    mine.leave()
    assert mine.is_idle


async def test_bulk_leaves_a_reserve() -> None:
    mine, entered = lane(at_once=10, reserve=0.2), list[str]()
    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(lambda: enter(mine, "bulk", entered, bulk=True))
        await anyio.wait_all_tasks_blocked()
        assert entered == ["bulk"] * 8
        await enter(mine, "a person", entered)
        await enter(mine, "another", entered)
        assert not mine.is_idle
        group.cancel_scope.cancel()


async def test_who_gives_up_waiting_takes_no_turn() -> None:
    mine, entered = lane(at_once=1), list[str]()
    await mine.enter(bulk=False)
    async with anyio.create_task_group() as group:
        group.start_soon(enter, mine, "gives up", entered)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    async with anyio.create_task_group() as group:
        group.start_soon(enter, mine, "stays", entered)
        await anyio.wait_all_tasks_blocked()
        mine.leave()
    assert entered == ["stays"]


async def test_who_is_cancelled_as_the_turn_comes_gives_it_back() -> None:
    mine = lane(at_once=1)
    await mine.enter(bulk=False)
    waiting = asyncio.ensure_future(mine.enter(bulk=False))
    await anyio.wait_all_tasks_blocked()
    mine.leave()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert mine.is_idle


async def test_so_many_per_second() -> None:
    mine, started = lane(per_second=200.0), time.monotonic()
    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(lambda: mine.enter(bulk=True))
    # 20 of them make up for the moment before, and bulk has nine tenths of the rate.
    assert time.monotonic() - started > 80 / 200


async def test_a_provider_that_asks_to_wait_is_waited_for() -> None:
    clock = Time()
    mine = Lane(Pace(), clock)
    mine.slow_down(5.0)
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: mine.enter(bulk=False))
        await anyio.wait_all_tasks_blocked()
        assert mine.is_idle is False
        clock.now = 5.0
        group.start_soon(lambda: mine.enter(bulk=False))


async def test_after_the_first_busy_answers_bulk_waits_and_people_do_not() -> None:
    clock = Time()
    mine, entered = Lane(Pace(), clock), list[str]()
    for _ in range(3):
        mine.slow_down(None)
    assert mine.rate == pytest.approx(20, rel=0.1)
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: enter(mine, "bulk", entered, bulk=True))
        await anyio.wait_all_tasks_blocked()
        await enter(mine, "a person", entered)
        clock.now = 1.0
        mine.leave()
    assert entered == ["a person", "bulk"]


# --- clients --------------------------------------------------------------------------------------------------------


@define
class Attempted:
    result: object = None


async def test_clients_of_a_provider_share_its_lane() -> None:
    under_way, most = 0, 0

    async def attempt() -> Attempted:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return Attempted()

    place = ("baidu", "https://shared.example")
    two = Turns(place, "one", Pacing(provider=Pace(at_once=2)))
    three = Turns(place, "other", Pacing(provider=Pace(at_once=3)))
    async with anyio.create_task_group() as group:
        for turns in (two, three) * 10:
            group.start_soon(turns.around, "get_info", "1", attempt)
    assert most == 2


async def test_one_call_at_a_time_for_an_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_MANY", 4)
    under_way: dict[str, int] = {}

    def attempt(app: str) -> Callable[[], Any]:
        async def one() -> Attempted:
            under_way[app] = under_way.get(app, 0) + 1
            assert under_way[app] == 1
            await asyncio.sleep(0)
            under_way[app] -= 1
            return Attempted()

        return one

    turns = Turns(("baidu", "https://apps.example"), "c", Pacing(app=Pace(at_once=1), component=Pace(at_once=5)))
    async with anyio.create_task_group() as group:
        for number in range(40):
            app = str(number % 8)
            group.start_soon(turns.around, "get_info", app, attempt(app))
    assert len(under_way) == 8


async def test_a_call_waits_no_longer_than_its_time() -> None:
    world = World(apps=2)
    client = baidu(world, timeout=0.05)
    turns = client._session.turns  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    assert isinstance(turns, Turns)
    held = turns._lanes("1")[-1]  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    held.pace = Pace(at_once=1)
    await held.enter(bulk=False)
    with pytest.raises(DeadlineExceeded) as raised:
        await client.get_info("15000001")
    assert raised.value.unsent
    held.leave()
    assert held.is_idle
    await client.get_info("15000001")


# --- quotas ---------------------------------------------------------------------------------------------------------


async def test_a_spent_quota_is_not_asked_again_for_that_app() -> None:
    world = World(apps=2, edit_quota=1)
    client = baidu(world)
    await client.set_server_domain("15000001", **DOMAINS)
    with pytest.raises(QuotaExhausted):
        await client.set_server_domain("15000001", **DOMAINS)
    with pytest.raises(QuotaExhausted, match="nothing was sent") as raised:
        await client.set_server_domain("15000001", **DOMAINS)
    assert (raised.value.code, raised.value.app) == (470011, "15000001")
    assert world.count(provider="baidu", operation="set_server_domain") == 2
    await client.set_server_domain("15000002", **DOMAINS)
    await client.get_server_domain("15000001")


async def test_a_spent_quota_of_the_component_is_everybodys() -> None:
    transport = script(gateway_no(17, "Open api daily request limit reached"), baidu_yes([]))
    client = BaiduClient("c", tokens={"1": "token", "2": "token"}, transport=transport)
    with pytest.raises(QuotaExhausted):
        await client.get_webview_domain("1")
    with pytest.raises(QuotaExhausted, match=r"nothing was sent, and won't be before .* 16:00:00 UTC"):
        await client.get_webview_domain("2")
    assert len(transport.requests) == 1


def test_when_quotas_reset() -> None:
    now = datetime(2026, 11, 25, 15, 30, tzinfo=UTC).timestamp()
    daily = QuotaExhausted("no more today", code=17, scope=Scope.COMPONENT)
    assert datetime.fromtimestamp(resets_at(daily, now), UTC) == datetime(2026, 11, 25, 16, tzinfo=UTC)
    assert resets_at(QuotaExhausted("no more edits", code=470011), now) == now + 60


def test_a_quota_that_has_reset_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniapp_tp.transport.spent._MOST", 2)
    clock = Time()
    spent = Spent(clock)
    spent.check("get_info", "1")
    for app in ("1", "2", "3"):
        spent.learn("get_info", app, QuotaExhausted("no"))
    with pytest.raises(QuotaExhausted):
        spent.check("get_info", "3")
    spent.check("get_info", "1")
    clock.now = 60.0
    spent.check("get_info", "3")
