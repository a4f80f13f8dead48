from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp import (
    AuthorizationLost,
    Conflict,
    ConnectFailed,
    ConnectionLost,
    CredentialRejected,
    DeadlineExceeded,
    Endpoint,
    InvalidArgument,
    InvalidRequest,
    MiniAppError,
    NotFound,
    NotSupported,
    Options,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    ReplyNotUnderstood,
)
from miniapp_tp.transport.retries import Tries, delay
from tests.support.sessions import CHANGE, ONCE, READ

OPTIONS = Options(attempts=4, backoff=1.0, backoff_max=5.0)


def rate_limited(retry_after: float | None = None) -> RateLimited:
    error = RateLimited("too fast")
    error.retry_after = retry_after
    return error


def unavailable(retry_after: float | None = None, *, unsure: bool = False) -> ProviderUnavailable:
    error = ProviderUnavailable("broken")
    error.retry_after, error.may_have_happened = retry_after, unsure
    return error


def lost() -> ConnectionLost:
    return ConnectionLost("cut", may_have_happened=True)


def late(*, unsure: bool = True) -> DeadlineExceeded:
    return DeadlineExceeded("late", may_have_happened=unsure)


NEVER = [
    AuthorizationLost("no"),
    Conflict("no"),
    CredentialRejected("no"),  # a matter of its own: the session asks for another token
    InvalidArgument("no"),
    InvalidRequest("no"),
    NotFound("no"),
    NotSupported("no"),
    PermissionDenied("no"),
    ProviderError("no"),
    QuotaExhausted("no"),
    ReplyNotUnderstood("no"),
    MiniAppError("no"),
]

# error, whether the endpoint is idempotent, attempts made → seconds (with the highest chance), or None
TABLE: list[tuple[MiniAppError, bool, int, float | None]] = [
    (rate_limited(), True, 1, 1.0),
    (rate_limited(), False, 1, 1.0),
    (rate_limited(), False, 2, 2.0),
    (rate_limited(), False, 3, 4.0),
    (rate_limited(), True, 4, None),
    (rate_limited(), False, 4, None),
    (rate_limited(0.0), True, 1, 1.0),
    (rate_limited(0.5), True, 1, 1.0),
    (rate_limited(30.0), True, 1, 30.0),
    (rate_limited(30.0), False, 3, 30.0),
    (rate_limited(30.0), True, 4, None),
    (ConnectFailed("down"), True, 1, 1.0),
    (ConnectFailed("down"), False, 1, 1.0),
    (ConnectFailed("down"), False, 3, 4.0),
    (ConnectFailed("down"), False, 4, None),
    (unavailable(), True, 1, 1.0),
    (unavailable(), True, 3, 4.0),
    (unavailable(), True, 4, None),
    (unavailable(), False, 1, None),
    (unavailable(7.0), True, 1, 7.0),
    (unavailable(7.0), False, 1, None),
    (lost(), True, 1, 1.0),
    (lost(), True, 2, 2.0),
    (lost(), True, 4, None),
    (lost(), False, 1, None),
    (late(), True, 1, 1.0),
    (late(), True, 4, None),
    (late(), False, 1, None),
    *((error, idempotent, 1, None) for error, idempotent in itertools.product(NEVER, (True, False))),
]


@pytest.mark.parametrize(
    ("error", "idempotent", "number", "seconds"),
    TABLE,
    ids=[f"{row}-{type(case[0]).__name__}" for row, case in enumerate(TABLE)],
)
def test_delay(error: MiniAppError, idempotent: bool, number: int, seconds: float | None) -> None:  # noqa: FBT001 - a parameter of the test
    assert delay(error, idempotent=idempotent, number=number, options=OPTIONS, chance=1.0) == seconds


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_pauses_are_jittered_down_to_their_half(chance: float, seconds: float) -> None:
    assert delay(rate_limited(), idempotent=True, number=1, options=OPTIONS, chance=chance) == seconds


@pytest.mark.parametrize(("number", "seconds"), [(1, 1.0), (3, 4.0), (4, 5.0), (5, 5.0), (10_000, 5.0)])
def test_pauses_double_up_to_the_longest(number: int, seconds: float) -> None:
    options = Options(attempts=100_000, backoff=1.0, backoff_max=5.0)
    assert delay(rate_limited(), idempotent=True, number=number, options=options, chance=1.0) == seconds


def test_one_attempt_is_one_attempt() -> None:
    assert delay(lost(), idempotent=True, number=1, options=Options(attempts=1), chance=0.0) is None


@given(
    number=st.integers(1, 10_000),
    chance=st.floats(0, 1),
    backoff=st.floats(0, 1e6),
    longest=st.floats(0, 1e6),
    asked=st.none() | st.floats(0, 1e9),
)
def test_a_pause_is_bounded_by_the_longest_or_by_what_was_asked(
    number: int, chance: float, backoff: float, longest: float, asked: float | None
) -> None:
    options = Options(attempts=10_001, backoff=backoff, backoff_max=longest)
    seconds = delay(rate_limited(asked), idempotent=False, number=number, options=options, chance=chance)
    assert seconds is not None
    assert (asked or 0.0) <= seconds <= max(longest, asked or 0.0)


# What the attempts came to, in order → the class that the caller gets.
RANKED: list[tuple[list[MiniAppError], type[MiniAppError]]] = [
    ([ConnectFailed("down")], ConnectFailed),
    ([ConnectFailed("down"), late()], DeadlineExceeded),
    ([late(), ConnectFailed("down")], DeadlineExceeded),
    ([lost(), late()], ConnectionLost),
    ([late(), lost()], ConnectionLost),
    ([lost(), ConnectFailed("down"), late()], ConnectionLost),
    ([rate_limited(), ConnectFailed("down")], RateLimited),
    ([rate_limited(), lost(), late()], RateLimited),
    ([rate_limited(), lost(), unavailable()], ProviderUnavailable),
    ([unavailable(), ReplyNotUnderstood("what?")], ReplyNotUnderstood),
    ([rate_limited(), InvalidRequest("no")], InvalidRequest),
]


@pytest.mark.parametrize(
    ("errors", "kind"), RANKED, ids=["+".join(type(error).__name__ for error in errors) for errors, _ in RANKED]
)
def test_the_most_telling_error_is_kept_and_of_equals_the_last(
    errors: list[MiniAppError], kind: type[MiniAppError]
) -> None:
    tries = Tries(READ)
    for error in errors:
        tries.note(error)
    assert type(tries.final()) is kind


def test_of_equals_the_last_is_kept() -> None:
    tries = Tries(READ)
    first, last = lost(), lost()
    tries.note(first)
    tries.note(last)
    assert tries.final() is last


def test_without_any_attempt_time_ran_out() -> None:
    error = Tries(READ).final()
    assert type(error) is DeadlineExceeded
    assert error.may_have_happened is False


def test_running_out_of_time_is_said_only_without_an_answer() -> None:
    answered, silent = Tries(CHANGE), Tries(CHANGE)
    answered.note(rate_limited())
    silent.note(ConnectFailed("down"))
    too_late = late(unsure=False)
    assert type(answered.final(late(unsure=False))) is RateLimited
    assert silent.final(too_late) is too_late
    assert too_late.may_have_happened is False


# endpoint, what the attempts came to → may_have_happened and retryable of what the caller gets
DOUBTS: list[tuple[Endpoint[None, None] | Endpoint[None, object], list[MiniAppError], bool, bool]] = [
    (READ, [lost()], False, True),
    (READ, [late()], False, True),
    (CHANGE, [lost()], True, True),
    (CHANGE, [lost(), ConnectFailed("down")], True, True),
    (CHANGE, [unavailable(unsure=True), rate_limited()], True, True),
    (CHANGE, [lost(), InvalidRequest("no")], True, False),
    (CHANGE, [rate_limited()], False, True),
    (CHANGE, [ConnectFailed("down")], False, True),
    (ONCE, [lost()], True, False),
    (ONCE, [unavailable(unsure=True)], True, False),
    (ONCE, [late(), rate_limited()], True, False),
    (ONCE, [rate_limited()], False, True),
    (ONCE, [ConnectFailed("down")], False, True),
    (ONCE, [InvalidRequest("no")], False, False),
]


@pytest.mark.parametrize(
    ("endpoint", "errors", "unsure", "retryable"),
    DOUBTS,
    ids=[f"{row}-{case[0].name}" for row, case in enumerate(DOUBTS)],
)
def test_doubts_stay_and_decide_whether_to_come_again(
    endpoint: Endpoint[None, None],
    errors: list[MiniAppError],
    unsure: bool,  # noqa: FBT001 - a parameter of the test
    retryable: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    tries = Tries(endpoint)
    for error in errors:
        tries.note(error)
    final = tries.final()
    assert (final.may_have_happened, final.retryable) == (unsure, retryable)


@pytest.mark.parametrize(
    ("endpoint", "unsure"), [(READ, False), (CHANGE, True), (ONCE, True)], ids=["read", "change", "once"]
)
def test_an_attempt_under_way_leaves_a_doubt_about_changes(endpoint: Endpoint[None, None], unsure: bool) -> None:  # noqa: FBT001 - a parameter of the test
    tries = Tries(endpoint, sent=1, in_flight=True)
    error = tries.final(late(unsure=False))
    assert error.may_have_happened is unsure
    assert error.retryable is endpoint.idempotent
