"""One deadline over all that a call takes."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest

from miniapp_tp import Attempt, DeadlineExceeded, Endpoint, Options, RateLimited, Reply, Request
from miniapp_tp.transport.deadlines import Deadlines
from miniapp_tp.wire.endpoint import Caller, Procedure
from tests.support.scripted import baidu_yes, gateway_no, script
from tests.support.sessions import APP, CHANGE, ONCE, READ, TOKEN, watched

SOON = 0.05
"""Long enough to get somewhere, short enough to wait for."""


async def never(_request: Request) -> Reply:
    await anyio.sleep_forever()
    raise AssertionError


@pytest.mark.parametrize(
    ("endpoint", "unsure", "retryable"),
    [(READ, False, True), (CHANGE, True, True), (ONCE, True, False)],
    ids=["read", "change", "once"],
)
async def test_a_transport_that_hangs(endpoint: Endpoint[None, None], unsure: bool, retryable: bool) -> None:  # noqa: FBT001 - a parameter of the test
    attempts: list[Attempt] = []
    made = watched(script(never), timeout=SOON, hooks=(attempts.append,))
    with pytest.raises(DeadlineExceeded, match=r"within 0\.05 s") as caught:
        await made.session.call(endpoint, APP, None)
    assert isinstance(caught.value, TimeoutError)
    assert (caught.value.may_have_happened, caught.value.retryable) == (unsure, retryable)
    (told,) = attempts
    assert (told.operation, told.number, told.error, told.status) == (endpoint.name, 1, "DeadlineExceeded", None)
    assert told.retry_in is None


async def test_an_attempt_is_given_no_more_time_than_the_call_has_left() -> None:
    transport = script(baidu_yes())
    await watched(transport, timeout=5.0, attempt_timeout=10.0).session.call(READ, APP, None)
    assert 4.0 < transport.timeouts[0] <= 5.0


async def test_tokens_that_take_too_long() -> None:
    async def ask(_app: str) -> str:
        await anyio.sleep_forever()
        return TOKEN

    transport = script()
    made = watched(transport, tokens=ask, timeout=SOON)
    with pytest.raises(DeadlineExceeded) as caught:
        await made.session.call(CHANGE, APP, None)
    assert caught.value.may_have_happened is False
    assert made.attempts == []


async def test_a_new_token_that_takes_too_long_ends_in_the_rejection() -> None:
    tokens = [TOKEN]

    async def ask(_app: str) -> str:
        if not tokens:
            await anyio.sleep_forever()
        return tokens.pop()

    made = watched(script(gateway_no(111)), tokens=ask, timeout=SOON)
    with pytest.raises(Exception, match="CredentialRejected"):  # they did answer
        await made.session.call(READ, APP, None)


async def test_waiting_for_ones_turn_counts() -> None:
    begun = anyio.Event()

    async def hang(request: Request) -> Reply:
        begun.set()
        return await never(request)

    made = watched(script(hang), concurrency=1)
    hasty = made.session.with_options(Options(timeout=SOON))
    async with anyio.create_task_group() as group:
        group.start_soon(made.session.call, CHANGE, APP, None)
        await begun.wait()
        with pytest.raises(DeadlineExceeded) as caught:
            await hasty.call(CHANGE, APP, None)
        assert caught.value.may_have_happened is False  # it was never sent
        assert made.attempts == []
        group.cancel_scope.cancel()


async def test_pauses_count_and_the_last_answer_is_what_is_raised() -> None:
    made = watched(script(gateway_no(18)), timeout=SOON, backoff=SOON / 5)

    async def sleep(_seconds: float) -> None:
        await anyio.sleep_forever()

    object.__setattr__(made.session, "sleep", sleep)
    with pytest.raises(RateLimited):
        await made.session.call(READ, APP, None)


async def test_all_steps_of_a_procedure_share_it() -> None:
    async def steps(call: Caller, app: str, _params: Any) -> None:  # noqa: ANN401 - whatever a caller may give
        await call(CHANGE, app, None)
        await call(READ, app, None)

    transport = script(baidu_yes(), never)
    made = watched(transport, timeout=SOON)
    with pytest.raises(DeadlineExceeded) as caught:
        await made.session.call(Procedure(endpoint=CHANGE, run=steps), APP, None)
    assert caught.value.may_have_happened is True  # the first step was made
    assert len(transport.requests) == 2


async def test_waiting_for_another_procedure_counts() -> None:
    begun = anyio.Event()

    async def steps(_call: Caller, _app: str, _params: None) -> None:
        begun.set()
        await anyio.sleep_forever()

    made = watched(script())
    hasty = made.session.with_options(Options(timeout=SOON))
    procedure = Procedure[None, None](endpoint=CHANGE, run=steps)
    async with anyio.create_task_group() as group:
        group.start_soon(made.session.call, procedure, APP, None)
        await begun.wait()
        with pytest.raises(DeadlineExceeded) as caught:
            await hasty.call(procedure, APP, None)
        assert caught.value.may_have_happened is False
        group.cancel_scope.cancel()


async def test_cancellation_from_outside_stays_cancellation() -> None:
    made = watched(script(never), timeout=1000.0)
    with anyio.move_on_after(SOON) as scope:
        await made.session.call(READ, APP, None)
    assert scope.cancelled_caught


async def test_time_that_runs_out_for_the_caller_too_isnt_swallowed() -> None:
    made = watched(script(never), timeout=1000.0)
    with pytest.raises(TimeoutError) as caught:
        with anyio.fail_after(SOON):
            await made.session.call(READ, APP, None)
    assert not isinstance(caught.value, DeadlineExceeded)


async def test_calls_end_in_their_own_time_whatever_became_of_those_before() -> None:
    watching, loop = Deadlines(), asyncio.get_running_loop()
    ended: list[int] = []

    async def block(number: int, seconds: float) -> None:
        bound = watching.begin(loop.time() + 0.05)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            assert bound.explains_cancelling
            ended.append(number)
        finally:
            watching.finish(bound)

    async with anyio.create_task_group() as group:
        for number, seconds in enumerate((0.0, 60.0, 0.01, 60.0)):
            group.start_soon(block, number, seconds)
            await asyncio.sleep(0.01)
    assert ended == [1, 3]
    await block(4, 60.0)  # and again, after a time when nothing was under way
    assert ended == [1, 3, 4]


def test_a_session_outlives_an_event_loop() -> None:
    made = watched(script(never, never), timeout=SOON)
    for _ in range(2):
        with pytest.raises(DeadlineExceeded):
            asyncio.run(made.session.call(READ, APP, None))


async def test_what_the_callers_own_code_raises_is_no_deadline() -> None:
    async def ask(_app: str) -> str:
        raise TimeoutError("the caller's own")

    with pytest.raises(TimeoutError, match="the caller's own"):
        await watched(script(), tokens=ask).session.call(READ, APP, None)


def test_outside_of_a_task_there_is_nothing_to_end() -> None:
    async def call() -> None:
        await watched(script(never)).session.call(READ, APP, None)

    loop, told = asyncio.new_event_loop(), list[str]()

    def drive() -> None:
        coroutine = call()
        with pytest.raises(RuntimeError, match=r"awaited in a task") as caught:
            coroutine.send(None)
        told.append(str(caught.value))
        loop.stop()

    loop.call_soon(drive)
    loop.run_forever()
    loop.close()
    assert told


async def test_who_ends_the_task_goes_before_its_own_time() -> None:
    watching, loop, told = Deadlines(), asyncio.get_running_loop(), list[bool]()

    async def block() -> None:
        bound = watching.begin(loop.time())
        loop.call_at(loop.time(), bound.task.cancel)  # both in one turn of the loop, before the task hears of either
        try:
            await asyncio.sleep(60.0)
        except asyncio.CancelledError:
            told.extend((bound.over, bound.explains_cancelling))
            raise
        finally:
            watching.finish(bound)

    task = asyncio.create_task(block())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == [True, False]
    assert task.cancelling() == 1
