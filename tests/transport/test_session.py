"""Attempts: which are made, and what the caller gets when they are used up."""

from __future__ import annotations

import anyio
import pytest

from miniapp_tp import (
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    Endpoint,
    InvalidArgument,
    InvalidRequest,
    MiniAppError,
    NoAnswer,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Reply,
    ReplyNotUnderstood,
    Request,
)
from miniapp_tp.priority import in_bulk
from tests.support.scripted import Step, baidu_no, baidu_yes, gateway_no, page, script
from tests.support.sessions import APP, CHANGE, ONCE, READ, TOKEN, watched


def lost() -> ConnectionLost:
    return ConnectionLost("cut", may_have_happened=True)


def down() -> ConnectFailed:
    return ConnectFailed("down")


def slow() -> DeadlineExceeded:
    return DeadlineExceeded("late", may_have_happened=True)


async def test_a_call_is_one_signed_request() -> None:
    transport = script(baidu_yes({"name": "a name"}))
    made = watched(transport, attempt_timeout=7.0)
    assert await made.session.call(READ, APP, None) == {"name": "a name"}
    (request,) = transport.requests
    assert (request.method, request.url) == ("GET", f"https://openapi.example/read?access_token={TOKEN}")
    assert transport.timeouts == [7.0]
    assert made.pauses == []


@pytest.mark.parametrize(
    "failure",
    [gateway_no(18), page(429), page(503), baidu_no(500), lost(), down(), slow()],
    ids=["rate", "429", "503", "busy", "lost", "down", "slow"],
)
@pytest.mark.parametrize("endpoint", [READ, CHANGE], ids=["read", "change"])
async def test_what_passes_is_asked_again(endpoint: Endpoint[None, None], failure: Step) -> None:
    transport = script(failure, failure, baidu_yes())
    made = watched(transport)
    await made.session.call(endpoint, APP, None)
    assert len(transport.requests) == 3
    assert made.pauses == [1.0, 2.0]


@pytest.mark.parametrize(
    ("endpoint", "open_"), [(READ, False), (CHANGE, True), (ONCE, True)], ids=["read", "change", "once"]
)
async def test_a_transport_neednt_know_what_a_lost_answer_may_mean(
    endpoint: Endpoint[None, None], *, open_: bool
) -> None:
    with pytest.raises(ConnectionLost) as caught:
        await watched(script(ConnectionLost("cut")), attempts=1).session.call(endpoint, APP, None)
    assert caught.value.may_have_happened is open_


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (baidu_no(470016), InvalidRequest),
        (baidu_no(987654), ProviderError),
        (page(200), ReplyNotUnderstood),
        (page(302), ReplyNotUnderstood),
        (Reply(200, {}, b'{"errno": 0, "da'), ReplyNotUnderstood),
        (Reply(200, {}, b'{"errno": 0}', complete=False), ReplyNotUnderstood),
        (Reply(200), ReplyNotUnderstood),
    ],
    ids=["refused", "unknown code", "page", "redirect", "truncated", "endless", "empty"],
)
async def test_a_no_on_the_merits_and_nonsense_are_final(answer: Reply, kind: type[MiniAppError]) -> None:
    transport = script(answer)
    made = watched(transport)
    with pytest.raises(kind) as caught:
        await made.session.call(READ, APP, None)
    assert type(caught.value) is kind
    assert len(transport.requests) == 1
    assert made.pauses == []


async def test_attempts_are_bounded_and_the_last_real_error_is_raised() -> None:
    transport = script(lost(), page(503), gateway_no(18, "the last one"), slow())
    with pytest.raises(RateLimited) as caught:
        await watched(transport).session.call(READ, APP, None)
    assert caught.value.message == "the last one"
    assert len(transport.requests) == 4


@pytest.mark.parametrize(
    ("failures", "kind"),
    [
        ([down(), down()], ConnectFailed),
        ([down(), slow()], DeadlineExceeded),
        ([slow(), down()], DeadlineExceeded),
        ([lost(), down()], ConnectionLost),
        ([down(), lost()], ConnectionLost),
        ([slow(), lost()], ConnectionLost),
        ([page(502), down()], ProviderUnavailable),
    ],
    ids=["down", "down+slow", "slow+down", "lost+down", "down+lost", "slow+lost", "502+down"],
)
async def test_the_error_says_how_far_the_call_came(failures: list[Step], kind: type[MiniAppError]) -> None:
    with pytest.raises(kind) as caught:
        await watched(script(*failures), attempts=2).session.call(READ, APP, None)
    assert type(caught.value) is kind
    assert caught.value.may_have_happened is False  # a read never leaves a doubt
    assert caught.value.retryable is True


async def test_a_change_without_an_answer_leaves_a_doubt_but_may_be_made_again() -> None:
    with pytest.raises(ConnectionLost) as caught:
        await watched(script(lost(), down()), attempts=2).session.call(CHANGE, APP, None)
    assert (caught.value.may_have_happened, caught.value.retryable) == (True, True)


@pytest.mark.parametrize("failure", [lost(), slow(), page(502)], ids=["lost", "slow", "502"])
async def test_what_mustnt_be_done_twice_is_sent_once(failure: Step) -> None:
    transport = script(failure)
    made = watched(transport)
    with pytest.raises((NoAnswer, ProviderUnavailable)) as caught:
        await made.session.call(ONCE, APP, None)
    assert (caught.value.may_have_happened, caught.value.retryable) == (True, False)
    assert len(transport.requests) == 1
    assert made.pauses == []


@pytest.mark.parametrize("failure", [gateway_no(18), down()], ids=["rate", "down"])
async def test_what_was_refused_before_anything_was_done_may_always_be_sent_again(failure: Step) -> None:
    transport = script(failure, baidu_yes())
    await watched(transport).session.call(ONCE, APP, None)
    assert len(transport.requests) == 2


async def test_a_rejected_token_is_replaced_also_for_what_mustnt_be_done_twice() -> None:
    tokens = iter(["45.old-token-of-the-app", "45.new-token-of-the-app"])

    async def ask(_app: str) -> str:
        return next(tokens)

    transport = script(gateway_no(111), baidu_yes())
    await watched(transport, tokens=ask).session.call(ONCE, APP, None)
    assert transport.tokens == ["45.old-token-of-the-app", "45.new-token-of-the-app"]


async def test_a_change_lost_and_then_refused_keeps_its_doubt() -> None:
    with pytest.raises(InvalidRequest) as caught:
        await watched(script(lost(), baidu_no(470016))).session.call(CHANGE, APP, None)
    assert (caught.value.may_have_happened, caught.value.retryable) == (True, False)


async def test_a_change_refused_leaves_no_doubt() -> None:
    with pytest.raises(InvalidRequest) as caught:
        await watched(script(gateway_no(18), baidu_no(470016))).session.call(CHANGE, APP, None)
    assert caught.value.may_have_happened is False


async def test_nonsense_in_answer_to_a_change_leaves_a_doubt() -> None:
    with pytest.raises(ReplyNotUnderstood) as caught:
        await watched(script(page(200))).session.call(CHANGE, APP, None)
    assert caught.value.may_have_happened is True


async def test_retry_after_is_honoured() -> None:
    transport = script(gateway_no(18, headers={"retry-after": "30"}), baidu_yes())
    made = watched(transport)
    await made.session.call(READ, APP, None)
    assert made.pauses == [30.0]


async def test_a_retry_after_beyond_the_deadline_is_raised_at_once() -> None:
    transport = script(gateway_no(18, headers={"retry-after": "1001"}))
    made = watched(transport, timeout=1000.0)
    with pytest.raises(RateLimited) as caught:
        await made.session.call(READ, APP, None)
    assert caught.value.retry_after == 1001.0
    assert made.pauses == []


async def test_a_pause_that_would_outlast_the_deadline_isnt_begun() -> None:
    made = watched(script(lost()), timeout=0.9, backoff=1.0)
    with pytest.raises(ConnectionLost):
        await made.session.call(READ, APP, None)
    assert made.pauses == []


async def test_pauses_are_jittered_by_chance() -> None:
    made = watched(script(lost(), lost(), baidu_yes()), chance=0.0)
    await made.session.call(READ, APP, None)
    assert made.pauses == [0.5, 1.0]


async def test_what_the_parameters_lack_is_said_before_anything_is_asked() -> None:
    async def ask(_app: str) -> str:
        raise AssertionError

    elsewhere = Endpoint[None, object](name="read", path="http://gateway.example/read", decode=lambda _app, data: data)
    with pytest.raises(InvalidArgument, match="https://"):
        await watched(script(), tokens=ask).session.call(elsewhere, APP, None)


async def test_an_endpoint_may_live_at_another_address() -> None:
    elsewhere = Endpoint[None, object](name="read", path="https://gateway.example/read", decode=lambda _app, data: data)
    transport = script(baidu_yes())
    await watched(transport).session.call(elsewhere, APP, None)
    assert transport.requests[0].origin == "https://gateway.example"


async def test_a_foreign_error_of_a_transport_isnt_hidden() -> None:
    transport = script(LookupError("a bug of the transport"))
    with pytest.raises(LookupError, match="a bug of the transport"):
        await watched(transport).session.call(READ, APP, None)
    assert len(transport.requests) == 1


async def test_no_more_are_sent_at_once_than_asked_for() -> None:
    now = peak = 0

    async def reply(_request: Request) -> Reply:
        nonlocal now, peak
        now += 1
        peak = max(peak, now)
        await anyio.lowlevel.checkpoint()
        now -= 1
        return baidu_yes()

    session = watched(script(*[reply] * 20), concurrency=3).session
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(session.call, READ, APP, None)
    assert peak == 3


async def test_a_pause_leaves_the_turn_to_others() -> None:
    order: list[str] = []

    async def first(_request: Request) -> Reply:
        order.append("first, refused")
        return gateway_no(18)

    async def others(_request: Request) -> Reply:
        order.append("others")
        return baidu_yes()

    made = watched(script(first, others, others), concurrency=1, backoff=0.0)
    async with anyio.create_task_group() as group:
        group.start_soon(made.session.call, READ, APP, None)
        group.start_soon(made.session.call, READ, APP, None)
    assert order == ["first, refused", "others", "others"]


async def test_bulk_lets_those_go_first_whom_somebody_waits_for() -> None:
    begun, go_on, order = anyio.Event(), anyio.Event(), list[str]()

    async def first(_request: Request) -> Reply:
        begun.set()
        await go_on.wait()
        return baidu_yes()

    session = watched(script(first, *[baidu_yes()] * 4), concurrency=1).session

    async def call(name: str) -> None:
        await session.call(READ, APP, None)
        order.append(name)

    async def call_in_bulk(name: str) -> None:
        with in_bulk():
            await call(name)

    async with anyio.create_task_group() as group:
        group.start_soon(call, "first")
        await begun.wait()
        for bulk, name in ((True, "one"), (True, "two"), (False, "three"), (False, "four")):
            group.start_soon(call_in_bulk if bulk else call, name)
            await anyio.wait_all_tasks_blocked()
        go_on.set()
    assert order == ["first", "three", "four", "one", "two"]


async def test_cancellation_frees_the_turn() -> None:
    begun = anyio.Event()

    async def never(_request: Request) -> Reply:
        begun.set()
        await anyio.sleep_forever()
        raise AssertionError

    session = watched(script(never, baidu_yes("mine")), concurrency=1).session
    async with anyio.create_task_group() as group:
        group.start_soon(session.call, READ, APP, None)
        await begun.wait()
        group.cancel_scope.cancel()
    with anyio.fail_after(5):
        assert await session.call(READ, APP, None) == "mine"
