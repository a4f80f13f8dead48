"""Work that many wait for: begun once, shared, and broken off by nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from miniapp_tp import ConnectFailed, DeadlineExceeded, RateLimited
from miniapp_tp.transport.flights import Flights

if TYPE_CHECKING:
    from collections.abc import Awaitable

LAPS = 20


async def settle() -> None:
    for _ in range(LAPS):
        await anyio.lowlevel.checkpoint()


class Work:
    """Work that a test lets go on."""

    def __init__(self, result: object = "done") -> None:
        self.begun = 0
        self.ended = 0
        self.go = anyio.Event()
        self.result = result

    async def __call__(self) -> str:
        self.begun += 1
        await self.go.wait()
        self.ended += 1
        if isinstance(self.result, BaseException):
            raise self.result
        return f"{self.result} {self.begun}"


async def failures(calls: list[Awaitable[str]]) -> list[BaseException]:
    found = await asyncio.gather(*calls, return_exceptions=True)
    return [one for one in found if isinstance(one, BaseException)]


async def test_all_who_wait_share_one_result() -> None:
    flights, work = Flights[str](), Work()
    tasks = [asyncio.create_task(flights.join("a", work)) for _ in range(1000)]
    await settle()
    work.go.set()
    assert set(await asyncio.gather(*tasks)) == {"done 1"}
    assert work.begun == 1


async def test_keys_dont_wait_for_each_other() -> None:
    flights, slow, quick = Flights[str](), Work(), Work()
    quick.go.set()
    waiting = asyncio.create_task(flights.join("slow", slow))
    assert await flights.join("quick", quick) == "done 1"
    slow.go.set()
    assert await waiting == "done 1"


async def test_nothing_is_kept_of_a_result_or_a_failure() -> None:
    flights, work = Flights[str](), Work(ConnectFailed("down"))
    work.go.set()
    for number in (1, 2):
        with pytest.raises(ConnectFailed):
            await flights.join("a", work)
        assert work.begun == number
    work.result = "done"
    assert await flights.join("a", work) == "done 3"


async def test_each_who_waits_gets_a_failure_of_its_own() -> None:
    error = RateLimited("too fast", code=18, status=200, request_id="r-1")
    error.retry_after = 7.0
    flights, work = Flights[str](), Work(error)
    calls: list[Awaitable[str]] = [asyncio.create_task(flights.join("a", work)) for _ in range(3)]
    await settle()
    work.go.set()
    found = await failures(calls)
    assert len({id(one) for one in [error, *found]}) == 4
    for one in found:
        assert isinstance(one, RateLimited)
        assert vars(one) == vars(error)
        assert str(one) == str(error)
    assert isinstance(found[0], RateLimited)
    found[0].within(app="an app")
    assert isinstance(found[1], RateLimited)
    assert found[1].app is None


async def test_a_copys_traceback_is_its_own() -> None:
    flights, work = Flights[str](), Work(DeadlineExceeded("late", may_have_happened=True))
    work.go.set()
    for _ in range(2):
        with pytest.raises(DeadlineExceeded) as caught:
            await flights.join("a", work)
        assert caught.value.may_have_happened
        names = [frame.name for frame in caught.traceback]
        assert names.count("join") == 1
        assert "_run" not in names


async def test_what_is_no_error_of_ours_comes_through_as_it_is() -> None:
    error = LookupError("a mistake")
    flights, work = Flights[str](), Work(error)
    work.go.set()
    with pytest.raises(LookupError) as caught:
        await flights.join("a", work)
    assert caught.value is error


async def test_work_goes_on_when_all_who_waited_are_gone() -> None:
    flights, work = Flights[str](), Work()
    tasks = [asyncio.create_task(flights.join("a", work)) for _ in range(3)]
    await settle()
    for task in tasks:
        task.cancel()
    assert all(isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*tasks, return_exceptions=True))
    with anyio.move_on_after(0):
        await flights.join("a", work)
    assert (work.begun, work.ended) == (1, 0)
    work.go.set()
    await flights.land()
    assert (work.begun, work.ended) == (1, 1)


async def test_a_caller_who_comes_later_joins_what_is_under_way() -> None:
    flights, work = Flights[str](), Work()
    flights.begin("a", work)
    flights.begin("a", work)
    await settle()
    work.go.set()
    assert await flights.join("a", work) == "done 1"
    assert work.begun == 1


async def test_a_failure_that_nobody_waits_for_is_no_noise() -> None:
    noise: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: noise.append(context))
    flights, work = Flights[str](), Work(ConnectFailed("down"))
    work.go.set()
    flights.begin("a", work)
    await flights.land()
    await settle()
    assert (work.ended, noise) == (1, [])


async def test_landing_waits_for_what_is_begun_meanwhile() -> None:
    flights, first, second = Flights[str](), Work(), Work()

    async def both() -> str:
        await first()
        flights.begin("b", second)
        return "done"

    flights.begin("a", both)
    landing = asyncio.create_task(flights.land())
    await settle()
    first.go.set()
    await settle()
    assert not landing.done()
    second.go.set()
    await landing
    assert second.ended == 1


async def test_landing_with_nothing_under_way() -> None:
    await Flights[str]().land()


async def test_work_that_is_cancelled_itself() -> None:
    flights, work = Flights[str](), Work()
    waiting = asyncio.create_task(flights.join("a", work))
    await settle()
    (task,) = [task for task in asyncio.all_tasks() if task.get_name() == "miniapp_tp tokens of a"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await flights.land()


async def test_work_has_no_deadline_but_its_own() -> None:
    flights, work = Flights[str](), Work()
    deadlines: list[float] = []

    async def watched() -> str:
        deadlines.append(anyio.current_effective_deadline())
        return await work()

    with anyio.move_on_after(0.01):
        await flights.join("a", watched)
    work.go.set()
    await flights.land()
    assert deadlines == [float("inf")]
    assert work.ended == 1
