"""Kuaishou's envelopes, each wrong in one way, and what is tolerated in a message."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from miniapp_tp import AppAuthorized, Event, PushRejected, TicketPushed
from miniapp_tp.wire.pushes import MAX_BODY, Headers
from tests.support.pushing import (
    COMPONENT,
    KUAISHOU_KEY,
    MESSAGE,
    MESSAGE_ID,
    NOW,
    TOKEN,
    Push,
    encrypted,
    key_bytes,
    kuaishou_body,
    kuaishou_client,
    kuaishou_push,
    kuaishou_signed,
    opened,
    padded,
    step_of,
)

ENCRYPTED = encrypted(KUAISHOU_KEY, padded(MESSAGE, 16))
GOOD = kuaishou_push()


def without(name: str) -> Push:
    fields = json.loads(GOOD.body)
    del fields[name]
    return kuaishou_signed(json.dumps(fields).encode())


def signed(**more: Any) -> Push:  # noqa: ANN401 - whatever JSON can hold
    return kuaishou_push(**more)


def sealed(whole_blocks: bytes) -> Push:
    return kuaishou_signed(kuaishou_body(encrypted(KUAISHOU_KEY, whole_blocks)))


WRONG: dict[str, tuple[str, Push]] = {
    "too long": ("size", kuaishou_signed(b" " * (MAX_BODY + 1))),
    "no signature": ("signature", Push(GOOD.body)),
    "another signature": ("signature", Push(GOOD.body, {"kwaisign": "0" * 40})),
    "half a signature": ("signature", Push(GOOD.body, {"kwaisign": GOOD.headers["kwaisign"][:20]})),
    "a signature that isn't ASCII": ("signature", Push(GOOD.body, {"kwaisign": "é" * 40})),
    "MD5 as for the ordinary callback": ("signature", Push(GOOD.body, {"kwaisign": "0" * 32})),
    "another body": ("signature", Push(GOOD.body + b" ", GOOD.headers)),
    "empty": ("json", kuaishou_signed(b"")),
    "cut": ("json", kuaishou_signed(GOOD.body[:-1])),
    "not UTF-8": ("json", kuaishou_signed(b'{"a":"\xff"}')),
    "deep": ("json", kuaishou_signed(b"[" * 100_000)),
    "a list": ("layout", kuaishou_signed(b"[]")),
    "no encryptedMsg": ("layout", without("encryptedMsg")),
    "no msgId": ("layout", without("msgId")),
    "no componentAppId": ("layout", without("componentAppId")),
    "no timestamp": ("layout", without("timestamp")),
    "encryptedMsg that is a number": ("layout", signed(encryptedMsg=1)),
    "msgId that is a number": ("layout", signed(msgId=1)),
    "msgId that is long": ("layout", signed(msgId="a" * 129)),
    "msgId with a line": ("layout", signed(msgId="a\nb")),
    "a time that is true": ("layout", signed(timestamp=True)),
    "a time before ours": ("layout", signed(timestamp=-1)),
    "a time of many digits": ("layout", signed(timestamp=10**400)),
    "a time that is old": ("age", signed(timestamp=(NOW - 86_401) * 1000)),
    "a time to come": ("age", signed(timestamp=(NOW + 86_401) * 1000)),
    "a time in seconds": ("age", signed(timestamp=NOW)),
    "another component": ("component", signed(componentAppId="ks000000000000000002")),
    "no base64": ("base64", signed(encryptedMsg="?" * 32)),
    "base64 of half a block": ("base64", signed(encryptedMsg="AAAAAAAAAAA=")),
    "base64 of nothing": ("base64", signed(encryptedMsg="=")),
    "base64 that ends nowhere": ("base64", signed(encryptedMsg="A" * 45)),
    "base64 with a line": ("base64", signed(encryptedMsg=ENCRYPTED[:8] + "\n" + ENCRYPTED[8:])),
    "pad 0": ("padding", sealed(b"\x00" * 16)),
    "pad 33": ("padding", sealed(b"\x21" * 48)),
    "a pad longer than everything": ("padding", sealed(b"\x11" * 16)),
    "a pad that isn't all the same": ("padding", sealed(b"\x03" * 15 + b"\x04")),
    "an empty message": ("json", sealed(b"\x10" * 16)),
    "a message that is a list": ("json", kuaishou_push(b"[]")),
}


@pytest.mark.parametrize(("step", "push"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_turned_away_at_its_step(step: str, push: Push) -> None:
    assert step_of(kuaishou_client(), push) == step


@pytest.mark.parametrize("name", ["kwaisign", "Kwaisign", "KWAISIGN"])
def test_the_header_in_any_case(name: str) -> None:
    signature = GOOD.headers["kwaisign"]
    client = kuaishou_client()
    given: list[Headers] = [
        {name: signature},
        [("content-type", "application/json"), (name, signature.upper())],
        [(name.encode(), signature.encode())],
        iter([(name, signature), (name.lower(), signature)]),
    ]
    for headers in given:
        assert client.open_push(headers, GOOD.body, now=NOW).id == MESSAGE_ID
    with pytest.raises(PushRejected, match="kwaisign"):
        client.open_push([("kwaisign", signature), (name, "0" * 40)], GOOD.body, now=NOW)


@pytest.mark.parametrize("stamp", [NOW * 1000, str(NOW * 1000), float(NOW * 1000)], ids=repr)
def test_the_time_may_be_text(stamp: object) -> None:
    assert step_of(kuaishou_client(), signed(timestamp=stamp)) == "accepted"


@pytest.mark.parametrize("size", [16, 24, 32])
@pytest.mark.parametrize("padding", [True, False])
@pytest.mark.parametrize("url_safe", [True, False])
def test_keys_and_messages_in_either_alphabet(size: int, *, padding: bool, url_safe: bool) -> None:
    key = base64.b64encode(bytes(range(251 - size, 251))).decode()
    text = encrypted(key, padded(MESSAGE, 16))
    assert {"+", "/"} & {*key, *text}
    if url_safe:
        key, text = (one.replace("+", "-").replace("/", "_") for one in (key, text))
    if not padding:
        key, text = key.rstrip("="), text.rstrip("=")
    assert step_of(kuaishou_client(push_key=key), kuaishou_signed(kuaishou_body(text))) == "accepted"


def test_a_key_with_spare_bits() -> None:
    assert KUAISHOU_KEY[-1] == "Q"  # 010000: the last two bits are spare
    assert key_bytes(KUAISHOU_KEY) == key_bytes(KUAISHOU_KEY[:-1] + "T")
    assert step_of(kuaishou_client(push_key=KUAISHOU_KEY[:-1] + "T"), GOOD) == "accepted"


def read(**fields: Any) -> Event:  # noqa: ANN401 - whatever JSON can hold
    return opened(kuaishou_client(), kuaishou_push(json.dumps(fields).encode()))


@pytest.mark.parametrize("name", ["authorizerAppId", "authorizedAppId", "appId", "authorizer_app_id"])
def test_the_app_under_any_of_its_names(name: str) -> None:
    event = read(**{"event": "AUTHORIZED", name: "ks1", "authorizationCode": "made-up", "componentAppId": COMPONENT})
    assert isinstance(event, AppAuthorized)
    assert (event.app, event.authorization_code, event.component) == ("ks1", "made-up", COMPONENT)


def test_a_ticket_in_snake_case_and_one_that_is_missing() -> None:
    event = read(event="COMPONENT_TICKET", component_ticket="made-up")
    assert isinstance(event, TicketPushed)
    assert event.ticket == "made-up"
    assert type(read(event="COMPONENT_TICKET")) is Event
    assert type(read(event="ANOTHER", componentTicket="made-up")) is Event


def test_a_push_is_acknowledged_with_its_id() -> None:
    client = kuaishou_client()
    status, headers, body = client.acknowledge(opened(client, GOOD))
    assert (status, json.loads(body)) == (200, {"result": 1, "message_id": MESSAGE_ID})
    assert headers == {"content-type": "application/json"}
    assert TOKEN not in repr(client)
