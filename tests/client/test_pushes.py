"""`open_push` and `acknowledge` as methods of a client: keys, arguments, what is raised and what is shown."""

from __future__ import annotations

import hmac
import pickle
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from miniapp_tp import (
    Actor,
    BaiduClient,
    InvalidArgument,
    KuaishouClient,
    NotSupported,
    PushRejected,
    Scope,
    Secret,
    TicketPushed,
)
from miniapp_tp.wire import crypto
from tests.support.pushing import (
    BAIDU_KEY,
    COMPONENT,
    KUAISHOU_KEY,
    MESSAGE,
    NOW,
    TOKEN,
    Push,
    baidu_client,
    baidu_push,
    kuaishou_client,
    kuaishou_push,
    opened,
    step_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from miniapp_tp.client.component import ComponentClient

    Client = Callable[..., ComponentClient]
    Make = Callable[..., Push]

BOTH = pytest.mark.parametrize(
    ("client", "push"), [(baidu_client, baidu_push), (kuaishou_client, kuaishou_push)], ids=["baidu", "kuaishou"]
)


@BOTH
def test_a_push_opens_without_entering_the_client(client: Client, push: Make) -> None:
    event = opened(client(), push())
    assert (event.name, event.app, event.attempt, event.raw) == ("APP_SERVER_PAUSE", "15263713", 1, MESSAGE)


@BOTH
async def test_a_push_opens_after_the_client_was_closed(client: Client, push: Make) -> None:
    one = client()
    await one.aclose()
    assert opened(one, push()).name == "APP_SERVER_PAUSE"


@BOTH
def test_a_client_with_other_options_has_the_same_keys(client: Client, push: Make) -> None:
    other = client().with_options(push_tolerance=10.0)
    assert step_of(other, push(), NOW + 10) == "accepted"
    assert step_of(other, push(), NOW + 11) == "age"


@BOTH
def test_the_clock_is_asked_if_no_time_is_given(client: Client, push: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    given = push()
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    assert client().open_push(given.headers, given.body).app == "15263713"
    monkeypatch.setattr(time, "time", lambda: NOW + 1e6)
    with pytest.raises(PushRejected) as caught:
        client().open_push(given.headers, given.body)
    assert caught.value.step == "age"


@BOTH
def test_bodies_and_queries_in_the_types_of_frameworks(client: Client, push: Make) -> None:
    given = push()
    pairs = [(name.encode(), value.encode()) for name, value in given.headers.items()]
    assert client().open_push(pairs, bytearray(given.body), b"from=provider", NOW).raw == MESSAGE


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [{"body": "text"}, {"body": None}, {"query": None}, {"now": "today"}, {"now": True}, {"now": float("nan")}],
    ids=repr,
)
def test_arguments_that_cant_be_used(client: Client, push: Make, wrong: dict[str, Any]) -> None:
    given = push()
    arguments: dict[str, Any] = {"body": given.body, "now": NOW, **wrong}
    with pytest.raises(InvalidArgument) as caught:
        client().open_push(given.headers, **arguments)
    assert caught.value.operation == "open_push"


@BOTH
def test_without_keys_nothing_is_opened(client: Client, push: Make) -> None:
    with pytest.raises(InvalidArgument, match="push_token and push_key"):
        opened(client(push_token=None, push_key=None), push())


@BOTH
def test_what_is_raised_says_where(client: Client, push: Make) -> None:
    made = client()
    with pytest.raises(PushRejected) as caught:
        opened(made, Push(push().body[:-1]))
    error = caught.value
    assert (error.provider, error.operation, error.app) == (made.provider, "open_push", None)
    assert (error.actor, error.scope, error.retryable) == (Actor.YOU, Scope.COMPONENT, False)
    assert error.step in {"json", "signature"}
    assert error.__context__ is None
    assert pickle.loads(pickle.dumps(error)).step == error.step  # noqa: S301 - our own


# --- keys -----------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        {"push_token": None},
        {"push_key": None},
        {"push_token": ""},
        {"push_token": 5},
        {"push_key": 5},
        {"push_key": ""},
        {"push_key": "short"},
        {"push_key": "ß" * 43},
        {"push_key": "A" * 45},
        {"push_key": "A" * 10},
    ],
    ids=repr,
)
def test_keys_that_cant_be_any(client: Client, push: Make, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="give both, or neither") as caught:
        client(**wrong)
    assert caught.value.provider in {"baidu", "kuaishou"}


def test_keys_may_be_secrets_already() -> None:
    client = baidu_client(push_token=Secret(TOKEN), push_key=Secret(f" {BAIDU_KEY}\n"))
    assert step_of(client, baidu_push()) == "accepted"


@pytest.mark.parametrize("wrong", ["14242323", 14242323, None], ids=repr)
def test_ids_that_are_no_list(wrong: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match="push_ids"):
        baidu_client(push_ids=wrong)


def test_baidu_wants_43_letters() -> None:
    with pytest.raises(InvalidArgument, match="43"):
        baidu_client(push_key=f"{BAIDU_KEY}=")
    with pytest.raises(InvalidArgument, match="43"):
        baidu_client(push_key=KUAISHOU_KEY[:-1])


def test_without_the_extra_a_client_with_keys_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    crypto._cipher.cache_clear()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    with pytest.raises(NotSupported, match=r"pip install 'miniapp_tp\[push\]'") as caught:
        baidu_client()
    assert caught.value.__context__ is None
    assert isinstance(BaiduClient("a-client-id", tokens={}), BaiduClient)
    assert isinstance(KuaishouClient(COMPONENT, tokens={}), KuaishouClient)


# --- events that are kept, and made anew ----------------------------------------------------------------------------


@BOTH
def test_an_event_is_made_anew_of_what_was_kept(client: Client, push: Make) -> None:
    made = client()
    event = opened(made, push())
    assert made.read_event(event.raw, id=event.id, component=event.component) == event
    with pytest.raises(PushRejected) as caught:
        made.read_event(b"no JSON", id="1", component=None)
    assert (caught.value.step, caught.value.operation) == ("json", "read_event")


def test_an_event_shows_neither_ticket_nor_message() -> None:
    ticket = b'{"Ticket":"made-up-ticket","MsgType":"ticket","Event":"push","CreateTime":1413192605}'
    event = opened(baidu_client(), baidu_push(ticket))
    assert isinstance(event, TicketPushed)
    assert event.ticket == "made-up-ticket"
    assert "made-up" not in repr(event)
    assert "***" in repr(event)
    assert evolve(event, attempt=2).attempt == 2
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301 - our own
    assert hash(event) == hash(evolve(event, fields={}))


# --- the order of things --------------------------------------------------------------------------------------------


@BOTH
def test_nothing_is_decrypted_before_the_signature_was_compared(
    client: Client, push: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    compare, decrypt = hmac.compare_digest, crypto.decrypt

    def noting_compare(one: Any, other: Any) -> bool:  # noqa: ANN401 - as hmac has it
        done.append("compared")
        return compare(one, other)

    def noting_decrypt(key: bytes, data: bytes) -> bytes:
        done.append("decrypted")
        return decrypt(key, data)

    monkeypatch.setattr(hmac, "compare_digest", noting_compare)
    for provider in ("baidu", "kuaishou"):
        monkeypatch.setattr(f"miniapp_tp.providers.{provider}.events.decrypt", noting_decrypt)
    assert step_of(client(), push()) == "accepted"
    assert done == ["compared", "decrypted"]
    done.clear()
    assert step_of(client(push_token="another"), push()) == "signature"
    assert step_of(client(), push(), NOW + 1e6) == "age"
    assert done == ["compared", "compared"]
