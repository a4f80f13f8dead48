"""No key, token, ticket, code or other plaintext of a push gets out: each is planted, and looked for everywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve

from miniapp_tp import BaiduClient, InvalidArgument, KuaishouClient, MiniAppError, PushRejected
from tests.support.canaries import CORE, frames_of, sings, texts_of
from tests.support.mutating import Mutator, signed_again
from tests.support.pushing import (
    BAIDU_KEY,
    COMPONENT,
    NOW,
    Push,
    baidu_plain,
    baidu_signed,
    encrypted,
    key_bytes,
    kuaishou_body,
    kuaishou_push,
    kuaishou_signed,
    opened,
    padded,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from miniapp_tp.client.component import ComponentClient

TOKEN: Final = f"{CORE}-push-token"
KEY: Final = f"{CORE}{BAIDU_KEY}"[:43]
TICKET: Final = f"{CORE}-ticket"
SECRETS: Final = {
    "Ticket": TICKET,
    "componentTicket": TICKET,
    "authorizationCode": f"{CORE}-code",
    "MsgType": "ticket",
}
EVENTS: Final = ("push", "COMPONENT_TICKET", "AUTHORIZED", "UPDATE_AUTHORIZED", "SOMETHING_ELSE")
BROKEN: Final = [
    f'{{"Ticket":"{TICKET}"',
    f'["{TICKET}"]',
    f'"{TICKET}"',
    f'{{"{TICKET}":1}} {TICKET}',
    TICKET,
]


def baidu(**more: Any) -> BaiduClient:  # noqa: ANN401 - whatever a caller may give
    return BaiduClient("a-client-id", tokens={}, push_token=TOKEN, push_key=KEY, **more)


def kuaishou(**more: Any) -> KuaishouClient:  # noqa: ANN401 - whatever a caller may give
    return KuaishouClient(COMPONENT, tokens={}, push_token=TOKEN, push_key=KEY, **more)


def of_baidu(plain: bytes, **more: Any) -> Push:  # noqa: ANN401 - parts of the envelope
    """Seal with the planted keys what is padded already."""
    return baidu_signed(encrypted(KEY, plain), token=TOKEN, **more)


def of_kuaishou(plain: bytes, **more: Any) -> Push:  # noqa: ANN401 - whatever JSON can hold
    """Seal with the planted keys what is padded already."""
    return kuaishou_signed(kuaishou_body(encrypted(KEY, plain), **more), TOKEN)


def rejections() -> dict[str, tuple[ComponentClient, Push, float]]:
    """Give a push for every way in which one that holds secrets is turned away."""
    secret = json.dumps({**SECRETS, "event": "AUTHORIZED"}).encode()
    at_baidu, at_kuaishou = padded(baidu_plain(secret), 32), padded(secret, 16)
    found: dict[str, tuple[ComponentClient, Push, float]] = {
        "baidu signature": (baidu(), baidu_signed(encrypted(KEY, at_baidu)), NOW),
        "baidu age": (baidu(), of_baidu(at_baidu), NOW + 1e6),
        "baidu component": (baidu(push_ids=["1"]), of_baidu(at_baidu), NOW),
        "baidu base64": (baidu(), baidu_signed(encrypted(KEY, at_baidu)[:-2], token=TOKEN), NOW),
        "baidu padding": (baidu(), of_baidu(at_baidu[:-1] + b"\x00"), NOW),
        "baidu layout": (baidu(), of_baidu(padded(baidu_plain(secret, length=2**31), 32)), NOW),
        "kuaishou signature": (kuaishou(), kuaishou_push(secret), NOW),
        "kuaishou age": (kuaishou(), of_kuaishou(at_kuaishou), NOW + 1e6),
        "kuaishou component": (kuaishou(), of_kuaishou(at_kuaishou, componentAppId="ks1"), NOW),
        "kuaishou base64": (kuaishou(), of_kuaishou(at_kuaishou, encryptedMsg="?"), NOW),
        "kuaishou padding": (kuaishou(), of_kuaishou(at_kuaishou[:-1] + b"\x00"), NOW),
        "kuaishou layout": (kuaishou(), of_kuaishou(at_kuaishou, msgId=""), NOW),
    }
    for number, text in enumerate(BROKEN):
        found[f"baidu json {number}"] = (baidu(), of_baidu(padded(baidu_plain(text.encode()), 32)), NOW)
        found[f"kuaishou json {number}"] = (kuaishou(), of_kuaishou(padded(text.encode(), 16)), NOW)
    return found


def tells(text: str) -> bool:
    """Tell whether a text holds a planted secret, or the key that one of them is the text of."""
    return sings(text) or repr(key_bytes(KEY))[2:20] in text


def assert_silent(error: BaseException) -> None:
    assert frames_of(error)
    assert [(kind, text) for kind, text in texts_of(error) if tells(text)] == []


REJECTIONS: Final = rejections()


@pytest.mark.parametrize("name", REJECTIONS)
async def test_a_push_that_is_turned_away(name: str) -> None:
    client, push, now = REJECTIONS[name]
    with pytest.raises(PushRejected) as caught:
        opened(client, push, now)
    assert caught.value.step == name.split()[1]
    assert_silent(caught.value)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("seal", [of_baidu, of_kuaishou], ids=["baidu", "kuaishou"])
async def test_an_event_that_is_shown(event: str, seal: Callable[[bytes], Push]) -> None:
    message = json.dumps({**SECRETS, "event": event}).encode()
    push = seal(padded(baidu_plain(message), 32) if seal is of_baidu else padded(message, 16))
    client = kuaishou() if push.headers else baidu()
    found = opened(client, push)
    assert CORE in str(found.fields)
    assert not any(tells(text) for text in (repr(found), str(found), f"{found}", repr([found]), repr(evolve(found))))
    assert not any(tells(repr(text)) for text in (client, vars(client), client.acknowledge(found)))


@pytest.mark.parametrize("way", [baidu, kuaishou], ids=["baidu", "kuaishou"])
async def test_what_cant_be_read_anew(way: Callable[[], ComponentClient]) -> None:
    with pytest.raises(PushRejected) as caught:
        way().read_event(BROKEN[0].encode(), id="1", component=None)
    assert_silent(caught.value)


@pytest.mark.parametrize("seal", [of_baidu, of_kuaishou], ids=["baidu", "kuaishou"])
async def test_mutated_pushes(seal: Callable[[bytes], Push]) -> None:
    message = json.dumps(SECRETS).encode()
    good = seal(padded(baidu_plain(message), 32) if seal is of_baidu else padded(message, 16))
    client = kuaishou() if good.headers else baidu()
    mutator = Mutator(seed=9)
    for _ in range(300):
        _, push = mutator.mutated(good)
        for one in (push, signed_again(push)):
            with pytest.raises(PushRejected) as caught:
                opened(client, one)
            assert_silent(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"push_key": None},
        {"push_token": None},
        {"push_key": KEY[:-1]},
        {"push_key": f"{CORE}?"},
        {"push_key": [KEY]},
        {"push_token": [TOKEN]},
        {"tokens": None},
        {"base_url": "http://openapi.example"},
    ],
    ids=str,
)
async def test_constructors_that_refuse(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"tokens": {}, "push_token": TOKEN, "push_key": KEY, **wrong}
    for make, component in ((BaiduClient, "a-client-id"), (KuaishouClient, COMPONENT)):
        with pytest.raises(InvalidArgument) as caught:
            make(component, **given)
        assert_silent(caught.value)


@pytest.mark.parametrize("wrong", [{"body": "text"}, {"now": "now"}], ids=str)
async def test_arguments_that_are_refused(wrong: dict[str, Any]) -> None:
    for client in (baidu(), kuaishou()):
        arguments: dict[str, Any] = {"headers": {}, "body": b"", **wrong}
        with pytest.raises(MiniAppError) as caught:
            client.open_push(**arguments)
        assert_silent(caught.value)


async def test_the_search_would_find_them() -> None:
    event = opened(baidu(), of_baidu(padded(baidu_plain(json.dumps(SECRETS).encode()), 32)))
    assert sings(repr(event.fields))
    assert sings(event.raw.decode())
    keys = baidu()._pushes.keys  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    assert keys is not None
    assert tells(keys.token.reveal())
    assert tells(repr([keys.key]))
