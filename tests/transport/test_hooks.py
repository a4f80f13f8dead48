"""What can be watched."""

from __future__ import annotations

import functools
import logging
from typing import Any

import pytest

from miniapp_tp import Attempt, ConnectionLost, InvalidArgument, InvalidRequest
from miniapp_tp.transport.hooks import Hooks
from tests.support.scripted import Step, baidu_no, baidu_yes, gateway_no, page, script
from tests.support.sessions import APP, READ, TOKEN, watched

ATTEMPT = Attempt(
    provider="baidu",
    operation="read",
    app=APP,
    number=1,
    elapsed=0.1,
    status=200,
    error=None,
    code=None,
    request_id=None,
    retry_in=None,
)


async def test_one_record_for_every_request() -> None:
    lost = ConnectionLost("cut", may_have_happened=True)
    trace = {"x-b3-traceid": "a-trace"}
    made = watched(script(lost, gateway_no(18, headers=trace), page(503), baidu_yes()))
    await made.session.call(READ, APP, None)
    told = [(one.number, one.status, one.error, one.code, one.request_id, one.retry_in) for one in made.attempts]
    assert told == [
        (1, None, "ConnectionLost", None, None, 1.0),
        (2, 200, "RateLimited", 18, "a-trace", 2.0),
        (3, 503, "ProviderUnavailable", None, None, 4.0),
        (4, 200, None, None, None, None),
    ]
    for one in made.attempts:
        assert (one.provider, one.operation, one.app) == ("baidu", "read", APP)
        assert 0 <= one.elapsed < 5
        assert TOKEN not in repr(one)


@pytest.mark.parametrize(
    ("steps", "retries"),
    [
        ([baidu_no(470016, request_id="an-id")], [None]),
        ([gateway_no(111)], [None]),
        ([gateway_no(18)] * 4, [1.0, 2.0, 4.0, None]),
    ],
    ids=["refused", "rejected", "used up"],
)
async def test_the_last_attempt_has_no_next(steps: list[Step], retries: list[float | None]) -> None:
    made = watched(script(*steps))
    with pytest.raises(Exception, match="code"):
        await made.session.call(READ, APP, None)
    assert [one.retry_in for one in made.attempts] == retries


async def test_a_request_id_in_the_body_is_told() -> None:
    made = watched(script(baidu_no(470016, request_id="an-id")))
    with pytest.raises(InvalidRequest):
        await made.session.call(READ, APP, None)
    assert made.attempts[0].request_id == "an-id"


async def test_a_hook_that_raises_is_logged_once_and_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Attempt] = []

    def broken(_attempt: Attempt) -> None:
        message = "a bug of the hook"
        raise LookupError(message)

    made = watched(script(gateway_no(18), baidu_yes(1), baidu_yes(2)), hooks=(broken, seen.append))
    with caplog.at_level(logging.DEBUG):
        assert await made.session.call(READ, APP, None) == 1
        assert await made.session.call(READ, APP, None) == 2
    assert len(seen) == 3
    (record,) = [record for record in caplog.records if record.name == "miniapp_tp"]
    assert record.exc_info is not None
    assert "a bug of the hook" in caplog.text


def test_each_hook_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def one(_attempt: Attempt) -> None:
        raise LookupError

    def other(_attempt: Attempt) -> None:
        raise KeyError

    hooks = Hooks([one, other])
    hooks.tell(ATTEMPT)
    hooks.tell(ATTEMPT)
    assert [type(record.exc_info[1]) for record in caplog.records if record.exc_info] == [LookupError, KeyError]


async def waits(_attempt: Attempt) -> None:
    raise AssertionError


class Waits:
    async def __call__(self, attempt: Attempt) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    "hook",
    [waits, functools.partial(waits), Waits(), "a name", None],
    ids=["async", "partial", "object", "text", "none"],
)
def test_what_would_have_to_be_awaited_or_cant_be_called_is_refused(hook: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match="plain callable"):
        Hooks([hook])


def test_hooks_know_whether_anybody_watches() -> None:
    assert not Hooks([]).watch
    assert Hooks([print]).watch
