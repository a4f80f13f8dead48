"""`each`: one function over many apps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from weakref import WeakSet

import anyio
import pytest

from miniapp_tp import AppInfo, Done, Failed, Fleet, InvalidArgument, NotFound, Outcome, RateLimited, each
from tests.support.apps import AsyncSource, Source, Work
from tests.support.scripted import script
from tests.support.sides import BAIDU


async def shout(app: str) -> str:
    return app.upper()


BOTH = pytest.mark.parametrize("kind", [Source, AsyncSource])


@BOTH
async def test_every_app_has_one_outcome(kind: type[Source]) -> None:
    work = Work()
    async with each(work.quick, kind(50), concurrency=7) as outcomes:
        got = [outcome async for outcome in outcomes]
    assert sorted(got, key=lambda outcome: int(outcome.app)) == [
        Done(str(number), str(number) * 2) for number in range(1, 51)
    ]


async def test_as_many_are_in_hand_as_asked_for() -> None:
    work, go = Work(), anyio.Event()

    async def waits(app: str) -> str:
        work.running += 1
        work.peak = max(work.peak, work.running)
        await go.wait()
        work.running -= 1
        return app

    async with each(waits, Source(50), concurrency=7) as outcomes:
        await anyio.wait_all_tasks_blocked()
        assert work.running == 7
        go.set()
        assert len([outcome async for outcome in outcomes]) == 50
    assert work.peak == 7


@BOTH
async def test_no_apps_no_outcomes(kind: type[Source]) -> None:
    async with each(shout, kind(0)) as outcomes:
        assert [outcome async for outcome in outcomes] == []


@pytest.mark.parametrize("apps", [["a", "b"], ("a", "b"), {"a": 1, "b": 2}, iter(["a", "b"]), (one for one in "ab")])
async def test_any_iterable_will_do(apps: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    async with each(shout, apps) as outcomes:
        assert {outcome.app async for outcome in outcomes} == {"a", "b"}


async def test_outcomes_come_as_they_are_ready() -> None:
    go = anyio.Event()

    async def first_waits(app: str) -> str:
        if app == "1":
            await go.wait()
        return app

    order: list[str] = []
    async with each(first_waits, Source(3), concurrency=2) as outcomes:
        async for outcome in outcomes:
            order.append(outcome.app)
            if len(order) == 2:
                go.set()
    assert order == ["2", "3", "1"]


async def test_one_apps_failure_stops_no_other() -> None:
    errors = {"2": RateLimited("too fast"), "3": LookupError("a bug")}

    async def some_fail(app: str) -> str:
        if app in errors:
            raise errors[app]
        return app

    async with each(some_fail, Source(4)) as outcomes:
        got = {outcome.app: outcome async for outcome in outcomes}
    assert got == {
        "1": Done("1", "1"),
        "2": Failed("2", errors["2"]),
        "3": Failed("3", errors["3"]),
        "4": Done("4", "4"),
    }


@pytest.mark.parametrize("catch", [RateLimited, (RateLimited, NotFound)], ids=["one", "several"])
async def test_catch_names_what_is_one_apps_failure(catch: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    async def fails(app: str) -> str:
        raise RateLimited(app)

    async with each(fails, Source(3), catch=catch) as outcomes:
        assert all([isinstance(outcome, Failed) async for outcome in outcomes])


# --- laziness ---------------------------------------------------------------------------------------------------


@BOTH
async def test_nothing_is_read_ahead_of_who_takes_the_outcomes(kind: type[Source]) -> None:
    source, work = kind(10_000), Work()
    async with each(work.quick, source, concurrency=5) as outcomes:
        await anyio.wait_all_tasks_blocked()
        assert source.read == 5
        for taken in range(1, 6):
            await anext(outcomes)
            await anyio.wait_all_tasks_blocked()
            assert source.read <= taken + 5
        assert isinstance(outcomes, AsyncIterator)
    assert source.read <= 10


class Item(str):
    """An app of which one can tell whether anybody still holds it."""

    __slots__ = ("__weakref__",)


async def test_of_twenty_thousand_apps_no_more_are_held_than_are_in_hand() -> None:
    held: WeakSet[Item] = WeakSet()
    most = done = 0

    def source() -> Iterator[str]:
        for number in range(20_000):
            item = Item(number)
            held.add(item)
            yield item

    async with each(shout, source(), concurrency=50) as outcomes:
        async for _ in outcomes:
            done += 1
            most = max(most, len(held))
    assert done == 20_000
    assert most <= 53  # those in hand, the outcome just taken, and what source and worker pass on


# --- leaving early ----------------------------------------------------------------------------------------------


@BOTH
async def test_leaving_early_cancels_the_rest(kind: type[Source]) -> None:
    work = Work()

    async def function(app: str) -> str:
        return app if app == "1" else await work.forever(app)

    source = kind(1000)
    with anyio.fail_after(5):
        async with each(function, source, concurrency=4) as outcomes:
            async for outcome in outcomes:
                assert outcome == Done("1", "1")
                break
    assert sorted(work.cancelled) == sorted(work.started)
    assert source.read <= 5


async def test_leaving_without_taking_anything() -> None:
    work = Work()
    async with each(work.forever, Source(3)):
        await anyio.wait_all_tasks_blocked()
    assert sorted(work.cancelled) == ["1", "2", "3"]


async def test_leaving_at_once_starts_nothing_more() -> None:
    source = Source(10)
    async with each(shout, source, concurrency=3):
        pass
    assert source.read <= 3


class Stop(Exception):
    """What a test raises."""


async def test_what_the_block_raises_comes_out_as_it_is() -> None:
    work, raised = Work(), Stop()
    with pytest.raises(Stop) as caught:  # noqa: PT012 - what is tested is the whole block
        async with each(work.forever, Source(3)):
            await anyio.wait_all_tasks_blocked()
            raise raised
    assert caught.value is raised
    assert sorted(work.cancelled) == ["1", "2", "3"]


async def test_an_exit_of_the_process_comes_out_as_it_is() -> None:
    work = Work()
    with pytest.raises(SystemExit) as caught:  # noqa: PT012 - what is tested is the whole block
        async with each(work.forever, Source(3)):
            await anyio.wait_all_tasks_blocked()
            raise SystemExit(3)
    assert caught.value.code == 3
    assert sorted(work.cancelled) == ["1", "2", "3"]


async def test_cancellation_from_outside() -> None:
    work = Work()
    async with anyio.create_task_group() as group:
        group.start_soon(_cancel_later, group.cancel_scope)
        async with each(work.forever, Source(3)) as outcomes:
            async for _ in outcomes:
                raise AssertionError
    assert group.cancel_scope.cancelled_caught
    assert sorted(work.cancelled) == ["1", "2", "3"]


async def _cancel_later(scope: anyio.CancelScope) -> None:
    await anyio.wait_all_tasks_blocked()
    scope.cancel()


async def test_cancellation_of_the_task_alone() -> None:
    work = Work()

    async def whole() -> None:
        async with each(work.quick, Source(5)):
            await anyio.sleep_forever()  # all workers wait for their outcome to be taken

    task = asyncio.create_task(whole())
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.started == ["1", "2", "3", "4", "5"]


async def test_a_block_within_a_block() -> None:
    pairs: set[str] = set()
    async with each(shout, ["a", "b"], concurrency=1) as outer:
        async for one in outer:
            async with each(shout, ["c", "d"], concurrency=1) as inner:
                pairs |= {one.app + other.app async for other in inner}
    assert pairs == {"ac", "ad", "bc", "bd"}


# --- what ends the whole ----------------------------------------------------------------------------------------


async def test_what_isnt_caught_is_raised_as_it_is() -> None:
    raised = Stop()

    async def fails(app: str) -> str:
        if app == "3":
            raise raised
        return app

    seen: list[Outcome[str]] = []
    with pytest.raises(Stop) as caught:  # noqa: PT012 - what is tested is the whole block
        async with each(fails, Source(1000), concurrency=1, catch=RateLimited) as outcomes:
            async for outcome in outcomes:
                seen.append(outcome)  # noqa: PERF401 - what was seen before the error counts
    assert caught.value is raised
    assert seen == [Done("1", "1"), Done("2", "2")]


async def test_what_isnt_caught_doesnt_wait_for_the_others() -> None:
    work = Work()

    async def function(app: str) -> str:
        if app == "3":
            await anyio.wait_all_tasks_blocked()  # the others hang by now, and so does who waits for outcomes
            raise Stop
        return await work.forever(app)

    with anyio.fail_after(5), pytest.raises(Stop):  # noqa: PT012 - what is tested is the whole block
        async with each(function, Source(1000), concurrency=3, catch=RateLimited) as outcomes:
            async for _ in outcomes:
                raise AssertionError
    assert sorted(work.cancelled) == ["1", "2"]


async def test_what_isnt_caught_is_raised_also_where_nobody_iterates() -> None:
    async def fails(_app: str) -> str:
        raise Stop

    with pytest.raises(Stop):
        async with each(fails, Source(3), catch=()):
            await anyio.wait_all_tasks_blocked()


async def test_what_isnt_caught_and_was_raised_meanwhile_comes_before_the_next_outcome() -> None:
    async def fails(app: str) -> str:
        if app == "2":
            raise Stop
        return app

    async with each(fails, Source(3), catch=()) as outcomes:
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(Stop):
            await anext(outcomes)


async def test_what_isnt_caught_is_raised_once() -> None:
    async def fails(_app: str) -> str:
        raise Stop

    async with each(fails, Source(1), catch=()) as outcomes:
        with pytest.raises(Stop):
            await anext(outcomes)


@BOTH
async def test_an_error_of_the_source_is_raised_after_the_outcomes_of_what_was_running(kind: type[Source]) -> None:
    go = anyio.Event()

    async def waits(app: str) -> str:
        await go.wait()
        return app

    seen: list[str] = []
    raised = Stop()
    with pytest.raises(Stop) as caught:  # noqa: PT012 - what is tested is the whole block
        async with each(waits, kind(5, error=raised), concurrency=10) as outcomes:
            await anyio.wait_all_tasks_blocked()
            go.set()
            async for outcome in outcomes:
                seen.append(outcome.app)  # noqa: PERF401 - what was seen before the error counts
    assert caught.value is raised
    assert sorted(seen) == ["1", "2", "3", "4", "5"]


@BOTH
async def test_an_error_of_the_source_is_raised_also_if_the_block_leaves_early(kind: type[Source]) -> None:
    with pytest.raises(Stop):  # noqa: PT012 - what is tested is the whole block
        async with each(shout, kind(1, error=Stop()), concurrency=3) as outcomes:
            await anyio.wait_all_tasks_blocked()
            async for _ in outcomes:
                break


async def test_the_blocks_own_error_outranks_the_sources() -> None:
    with pytest.raises(LookupError):  # noqa: PT012 - what is tested is the whole block
        async with each(shout, Source(1, error=Stop())):
            await anyio.wait_all_tasks_blocked()
            raise LookupError


# --- arguments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("apps", ["15263713", b"15263713", 15263713, None, shout], ids=lambda it: type(it).__name__)
async def test_apps_are_several(apps: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match="apps is an iterable"):
        async with each(shout, apps):
            raise AssertionError


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, "5", None, True], ids=repr)
async def test_concurrency_is_a_number(concurrency: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match="concurrency is a whole number"):
        async with each(shout, ["a"], concurrency=concurrency):
            raise AssertionError


async def test_with_a_client() -> None:
    client = BAIDU.client(script(BAIDU.info, BAIDU.revoked), tokens={"1": "a-token-of-one", "2": "a-token-of-two"})
    async with each(Fleet([client]).get_info, ["baidu:1", "baidu:2"], concurrency=1) as outcomes:
        got = [outcome async for outcome in outcomes]
    match got:
        case [Done("baidu:1", AppInfo(name="a name")), Failed("baidu:2", error)]:
            assert str(error).startswith("baidu get_info baidu:2: ")
        case _:
            pytest.fail(f"{got}")
