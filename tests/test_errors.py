"""The tree of errors: what each says of itself, and that all of it survives a journey."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, TypeVar

import pytest

import miniapp_tp
from miniapp_tp import errors
from miniapp_tp.errors import (
    Actor,
    AuthorizationLost,
    Conflict,
    ConnectFailed,
    ConnectionLost,
    CredentialRejected,
    DeadlineExceeded,
    InvalidArgument,
    InvalidRequest,
    MiniAppError,
    NoAnswer,
    NotFound,
    NotSupported,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    PushRejected,
    QuotaExhausted,
    RateLimited,
    ReplyNotUnderstood,
    Scope,
    StoreError,
    TicketMissing,
)
from miniapp_tp.wire.messages import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

E = TypeVar("E", bound=MiniAppError)

ANSWERS: list[type[ProviderError]] = [
    ProviderError,
    CredentialRejected,
    AuthorizationLost,
    PermissionDenied,
    RateLimited,
    QuotaExhausted,
    InvalidRequest,
    NotFound,
    Conflict,
    ProviderUnavailable,
]
REPLY = Reply(403, {"Content-Type": "application/json"}, b"{}")
EVERY: list[MiniAppError] = [
    MiniAppError("it failed"),
    InvalidArgument("write it otherwise"),
    NotSupported("there is no such thing"),
    NoAnswer("nothing came", may_have_happened=True),
    ConnectFailed("no connection"),
    DeadlineExceeded("too late", may_have_happened=True),
    ConnectionLost("cut", may_have_happened=True),
    ReplyNotUnderstood("not JSON", reply=REPLY),
    TicketMissing("none that the provider takes", last_seen=1_700_000_000.0),
    PushRejected("it isn't theirs", step="signature"),
    StoreError("the disk is full"),
    *(kind("they said no", code=7, status=403, request_id="r-1", reply=REPLY) for kind in ANSWERS),
]


def test_actors_and_scopes_are_those_promised() -> None:
    assert [(actor.name, actor.value) for actor in Actor] == [
        ("YOU", "you"),
        ("MERCHANT", "merchant"),
        ("PROVIDER", "provider"),
        ("TIME", "time"),
    ]
    assert [(scope.name, scope.value) for scope in Scope] == [
        ("APP", "app"),
        ("COMPONENT", "component"),
        ("PROVIDER", "provider"),
    ]


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (MiniAppError, Exception),
        (InvalidArgument, MiniAppError),
        (InvalidArgument, ValueError),
        (NotSupported, MiniAppError),
        (NoAnswer, MiniAppError),
        (ConnectFailed, NoAnswer),
        (DeadlineExceeded, NoAnswer),
        (DeadlineExceeded, TimeoutError),
        (ConnectionLost, NoAnswer),
        (ReplyNotUnderstood, MiniAppError),
        (TicketMissing, MiniAppError),
        (PushRejected, MiniAppError),
        (StoreError, MiniAppError),
        (ProviderError, MiniAppError),
        *((kind, ProviderError) for kind in ANSWERS[1:]),
    ],
)
def test_the_tree_is_the_one_that_is_promised(kind: type[Exception], parent: type[Exception]) -> None:
    assert issubclass(kind, parent)
    assert getattr(miniapp_tp, kind.__name__) is kind


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
def test_every_error_has_what_every_error_has(error: MiniAppError) -> None:
    assert (error.provider, error.operation, error.app) == (None, None, None)
    assert isinstance(error.actor, Actor)
    assert isinstance(error.scope, Scope)
    assert isinstance(error.retryable, bool)
    assert isinstance(error.may_have_happened, bool)


@pytest.mark.parametrize(
    ("kind", "actor", "scope", "retryable"),
    [
        (MiniAppError, Actor.YOU, Scope.APP, False),
        (InvalidArgument, Actor.YOU, Scope.APP, False),
        (NotSupported, Actor.YOU, Scope.APP, False),
        (ReplyNotUnderstood, Actor.PROVIDER, Scope.APP, False),
        (TicketMissing, Actor.TIME, Scope.COMPONENT, False),
        (StoreError, Actor.YOU, Scope.COMPONENT, True),
        (ProviderError, Actor.YOU, Scope.APP, False),
        (CredentialRejected, Actor.YOU, Scope.APP, False),
        (AuthorizationLost, Actor.MERCHANT, Scope.APP, False),
        (PermissionDenied, Actor.MERCHANT, Scope.APP, False),
        (RateLimited, Actor.TIME, Scope.COMPONENT, True),
        (QuotaExhausted, Actor.TIME, Scope.APP, False),
        (InvalidRequest, Actor.YOU, Scope.APP, False),
        (NotFound, Actor.YOU, Scope.APP, False),
        (Conflict, Actor.YOU, Scope.APP, False),
        (ProviderUnavailable, Actor.PROVIDER, Scope.APP, True),
    ],
)
def test_a_class_says_who_must_act_how_much_is_affected_and_whether_to_ask_again(
    kind: type[MiniAppError], actor: Actor, scope: Scope, *, retryable: bool
) -> None:
    error = kind("it failed")
    assert (error.actor, error.scope, error.retryable, error.may_have_happened) == (actor, scope, retryable, False)


@pytest.mark.parametrize(
    ("kind", "actor"),
    [(NoAnswer, Actor.PROVIDER), (DeadlineExceeded, Actor.TIME), (ConnectionLost, Actor.PROVIDER)],
)
@pytest.mark.parametrize("may_have_happened", [True, False])
def test_an_error_without_an_answer_says_whether_a_change_may_have_been_made(
    kind: type[NoAnswer], actor: Actor, *, may_have_happened: bool
) -> None:
    error = kind("nothing came", may_have_happened=may_have_happened)
    assert (error.actor, error.retryable, error.may_have_happened) == (actor, True, may_have_happened)


@pytest.mark.parametrize("kind", [NoAnswer, DeadlineExceeded, ConnectionLost])
def test_a_transport_that_doesnt_know_leaves_it_open(kind: type[NoAnswer]) -> None:
    assert kind("nothing came").may_have_happened is True


def test_where_no_connection_was_made_nothing_happened() -> None:
    error = ConnectFailed("refused")
    assert (error.actor, error.retryable, error.may_have_happened) == (Actor.YOU, True, False)


@pytest.mark.parametrize("kind", ANSWERS)
def test_actor_and_scope_of_one_error_outrank_those_of_its_class(kind: type[ProviderError]) -> None:
    error = kind("no", actor=Actor.TIME, scope=Scope.PROVIDER)
    assert (error.actor, error.scope) == (Actor.TIME, Scope.PROVIDER)


def test_an_answer_keeps_its_evidence() -> None:
    error = ProviderError("they said no", code="invalid_grant", status=400, request_id="r-1", reply=REPLY)
    assert (error.message, error.code, error.status) == ("they said no", "invalid_grant", 400)
    assert (error.request_id, error.reply) == ("r-1", REPLY)


def test_a_missing_ticket_says_when_the_last_one_came() -> None:
    assert TicketMissing("none yet").last_seen is None
    assert TicketMissing("refused", last_seen=1_700_000_000.0).last_seen == 1_700_000_000.0


def test_a_push_that_is_turned_away_says_at_which_step() -> None:
    error = PushRejected("it isn't theirs", step="signature")
    assert (error.step, error.actor, error.scope, error.retryable) == ("signature", Actor.YOU, Scope.COMPONENT, False)
    assert over_a_pickle(error).step == "signature"


@pytest.mark.parametrize("kind", [RateLimited, ProviderUnavailable])
def test_nothing_is_known_of_waiting_until_the_provider_says_so(kind: type[RateLimited | ProviderUnavailable]) -> None:
    assert kind("slowly").retry_after is None


def over_a_pickle(error: E) -> E:
    arrived: E = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    return arrived


def test_within_fills_in_the_place_step_by_step_and_returns_the_error() -> None:
    error = MiniAppError("it failed")
    assert error.within(provider="baidu") is error
    assert error.within(operation="get_info", app="1").within() is error
    assert (error.provider, error.operation, error.app) == ("baidu", "get_info", "1")
    assert error.within(app="baidu:1").app == "baidu:1"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ({}, "it failed"),
        ({"provider": "baidu"}, "baidu: it failed"),
        ({"operation": "get_info", "app": "1"}, "get_info 1: it failed"),
        ({"provider": "baidu", "operation": "get_info", "app": "1"}, "baidu get_info 1: it failed"),
    ],
)
def test_the_text_names_the_place_as_far_as_it_is_known(place: dict[str, str], told: str) -> None:
    assert str(MiniAppError("it failed").within(**place)) == told
    assert str(DeadlineExceeded("it failed", may_have_happened=False).within(**place)) == told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotFound("gone", code=470017, status=200), "gone (NotFound, code 470017, HTTP 200)"),
        (ProviderError("no", code="odd", status=400), "no (ProviderError, code odd, HTTP 400)"),
        (RateLimited("slowly", status=429), "slowly (RateLimited, HTTP 429)"),
        (RateLimited("slowly"), "slowly (RateLimited)"),
        (ProviderError("no", code=0, status=200), "no (ProviderError, code 0, HTTP 200)"),
        (ProviderError("", code=9, status=200), "no message (ProviderError, code 9, HTTP 200)"),
        (
            NotFound("gone", code=470017, status=200, request_id="r-1"),
            "gone (NotFound, code 470017, HTTP 200, request id r-1)",
        ),
    ],
)
def test_the_text_of_an_answer_has_class_code_status_and_request_id(error: ProviderError, told: str) -> None:
    assert str(error) == told
    assert str(error.within(provider="baidu", app="1")) == f"baidu 1: {told}"


def test_an_answer_without_a_text_keeps_its_empty_message() -> None:
    assert ProviderError("").message == ""


def test_neither_text_nor_repr_shows_the_reply() -> None:
    reply = Reply(200, {"x-odd": "in a header"}, b"in the body")
    for error in (ReplyNotUnderstood("odd", reply=reply), ProviderError("odd", reply=reply)):
        assert "in a header" not in str(error) + repr(error)
        assert "in the body" not in str(error) + repr(error)


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("travel", [over_a_pickle, copy.copy, copy.deepcopy])
def test_an_error_arrives_whole_in_another_process(
    error: MiniAppError, travel: Callable[[MiniAppError], MiniAppError]
) -> None:
    left = copy.copy(error).within(provider="baidu", operation="get_info", app="1")
    left.add_note("on the way")
    arrived = travel(left)
    assert type(arrived) is type(error)
    assert str(arrived) == str(left)
    assert vars(arrived) == vars(left)
    assert arrived.args == left.args


def test_a_wait_arrives_too() -> None:
    error = RateLimited("slowly")
    error.retry_after = 1.5
    assert over_a_pickle(error).retry_after == 1.5


def test_a_users_own_error_arrives_as_what_it_is() -> None:
    arrived = over_a_pickle(Overdrawn("no", code=77))
    assert type(arrived) is Overdrawn
    assert arrived.code == 77


class Overdrawn(QuotaExhausted):
    """An error of a user."""


def test_the_docstring_draws_every_class() -> None:
    drawn = errors.__doc__ or ""
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert classes == {type(error).__name__ for error in EVERY}
    assert {name for name in classes if name not in drawn} == set()
