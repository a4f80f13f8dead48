"""Baidu's envelopes, each wrong in one way, and what is tolerated in a message."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from miniapp_tp import AppAuthorized, Event, TicketPushed, UrlVerification
from miniapp_tp.wire.pushes import MAX_BODY, MAX_QUERY
from tests.support.pushing import (
    BAIDU_KEY,
    CLIENT_ID,
    MESSAGE,
    NOW,
    RANDOM,
    TAIL,
    TOKEN,
    Push,
    baidu_client,
    baidu_plain,
    baidu_push,
    baidu_signature,
    baidu_signed,
    encrypted,
    opened,
    padded,
    step_of,
)

ENCRYPT = json.loads(baidu_push().body)["Encrypt"]


def sealed(plain: bytes) -> Push:
    """Encrypt and sign what is padded already."""
    return baidu_signed(encrypted(BAIDU_KEY, plain))


def last_byte(value: int) -> bytes:
    return padded(baidu_plain(MESSAGE), 32)[:-1] + bytes([value])


def forwarded(**parts: Any) -> Push:  # noqa: ANN401 - whatever JSON can hold
    """Replace parts of a good envelope, and leave those away that are `None`."""
    given = {**json.loads(baidu_push().body), **parts}
    return Push(json.dumps({name: value for name, value in given.items() if value is not None}).encode())


# --- what is turned away, and at which step -------------------------------------------------------------------------

WRONG: dict[str, tuple[str, Push]] = {
    "too long": ("size", Push(b" " * (MAX_BODY + 1))),
    "a query that is too long": ("size", Push(b"{}", query="a" * (MAX_QUERY + 1))),
    "empty": ("json", Push(b"")),
    "cut": ("json", Push(baidu_push().body[:-2])),
    "two": ("json", Push(baidu_push().body * 2)),
    "not UTF-8": ("json", Push(b'{"Nonce":"\xff"}')),
    "UTF-16": ("json", Push(baidu_push().body.decode().encode("utf-16"))),
    "deep": ("json", Push(b"[" * 200_000)),
    "a number of many digits": ("json", Push(b'{"TimeStamp":' + b"1" * 100_000 + b"}")),
    "a list": ("layout", Push(b"[]")),
    "a number": ("layout", Push(b"1")),
    "null": ("layout", Push(b"null")),
    "other names": ("layout", Push(b'{"encryptedMsg":"x"}')),
    "names in lower case": ("layout", Push(baidu_push().body.lower())),
    "no stamp": ("layout", forwarded(TimeStamp=None)),
    "no nonce": ("layout", forwarded(Nonce=None)),
    "no Encrypt": ("layout", forwarded(Encrypt=None)),
    "no signature": ("layout", forwarded(MsgSignature=None)),
    "a stamp of nine digits": ("layout", baidu_signed(ENCRYPT, stamp="999999999")),
    "a stamp of eleven digits": ("layout", baidu_signed(ENCRYPT, stamp="16000000000")),
    "a stamp in other digits": ("layout", baidu_signed(ENCRYPT, stamp="\N{FULLWIDTH DIGIT ONE}600000000")),
    "a stamp with a line": ("layout", baidu_signed(ENCRYPT, stamp=f"{NOW}\n")),
    "a stamp that is true": ("layout", forwarded(TimeStamp=True)),
    "a stamp that is a float": ("layout", forwarded(TimeStamp=1.6e9)),
    "an empty nonce": ("layout", baidu_signed(ENCRYPT, nonce="")),
    "a nonce of 33 letters": ("layout", baidu_signed(ENCRYPT, nonce="a" * 33)),
    "a nonce with a dash": ("layout", baidu_signed(ENCRYPT, nonce="a-b")),
    "Encrypt that is a list": ("layout", forwarded(Encrypt=[ENCRYPT])),
    "a signature that is a list": ("layout", forwarded(MsgSignature=["0" * 40])),
    "another signature": ("signature", forwarded(MsgSignature="0" * 40)),
    "a signature in capitals": (
        "signature",
        forwarded(MsgSignature=json.loads(baidu_push().body)["MsgSignature"].upper()),
    ),
    "half a signature": ("signature", forwarded(MsgSignature=json.loads(baidu_push().body)["MsgSignature"][:20])),
    "a signature that isn't ASCII": ("signature", forwarded(MsgSignature="é" * 40)),
    "a lone surrogate": ("signature", forwarded(MsgSignature="\ud800", Encrypt="\ud800")),
    "another stamp": ("signature", forwarded(TimeStamp=str(NOW + 1))),
    "another nonce": ("signature", forwarded(Nonce="4464222")),
    "another Encrypt": ("signature", forwarded(Encrypt=ENCRYPT[:-4] + "AAA=")),
    "no base64": ("base64", baidu_signed("?" * 44)),
    "URL-safe base64": ("base64", baidu_signed("-_" * 21 + "==")),
    "base64 of half a block": ("base64", baidu_signed("AAAAAAAAAAAAAAAAAAAAAA==")),
    "base64 without padding": ("base64", baidu_signed(ENCRYPT.rstrip("="))),
    "base64 with a line": ("base64", baidu_signed(ENCRYPT[:8] + "\n" + ENCRYPT[8:])),
    "base64 with spare bits": ("base64", baidu_signed("A" * 42 + "B=")),
    "base64 of nothing": ("base64", baidu_signed("=")),
    "pad 0": ("padding", sealed(last_byte(0))),
    "pad 33": ("padding", sealed(last_byte(33))),
    "pad 255": ("padding", sealed(last_byte(255))),
    "a pad that isn't all the same": ("padding", sealed(last_byte(5))),
    "nothing but padding": ("layout", sealed(b"\x20" * 32)),
    "shorter than its head": ("layout", sealed(padded(RANDOM + b"\x00", 32))),
    "no message": ("layout", sealed(padded(baidu_plain(b""), 32))),
    "a length beyond the end": (
        "layout",
        sealed(padded(baidu_plain(MESSAGE, length=len(MESSAGE) + len(TAIL) + 1), 32)),
    ),
    "a huge length": ("layout", sealed(padded(baidu_plain(MESSAGE, length=2**32 - 1), 32))),
    "a length that is too short": ("json", sealed(padded(baidu_plain(MESSAGE, length=len(MESSAGE) - 1), 32))),
    "a length that takes in the tail": ("json", sealed(padded(baidu_plain(MESSAGE, length=len(MESSAGE) + 1), 32))),
    "a message that isn't JSON": ("json", baidu_push(b"success")),
    "a message that is a list": ("json", baidu_push(b"[]")),
    "a message that isn't UTF-8": ("json", baidu_push(b'{"event":"\xff"}')),
    "a message that is deep": ("json", baidu_push(b'{"a":' * 100_000)),
}


@pytest.mark.parametrize(("step", "push"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_turned_away_at_its_step(step: str, push: Push) -> None:
    assert step_of(baidu_client(), push) == step


def test_the_good_one_is_accepted() -> None:
    assert step_of(baidu_client(), baidu_push()) == "accepted"
    assert step_of(baidu_client(), forwarded(extra="ignored")) == "accepted"


@pytest.mark.parametrize(
    ("seconds", "step"), [(86_400, "accepted"), (86_401, "age"), (-86_400, "accepted"), (-86_401, "age")]
)
def test_the_stamp_may_differ_by_the_tolerance(seconds: int, step: str) -> None:
    assert step_of(baidu_client(), baidu_push(), NOW + seconds) == step
    assert step_of(baidu_client().with_options(push_tolerance=0), baidu_push(), NOW + seconds) == "age"


def test_the_tail_is_looked_at_only_when_asked() -> None:
    for tail in (TAIL, CLIENT_ID, "", "another", "\N{SNOWMAN}" * 9):
        assert step_of(baidu_client(), baidu_push(tail=tail)) == "accepted"
        asked = baidu_client(push_ids=[TAIL, CLIENT_ID])
        assert step_of(asked, baidu_push(tail=tail)) == ("accepted" if tail in {TAIL, CLIENT_ID} else "component")


def test_the_parts_of_a_signature_dont_flow_into_one_another() -> None:
    good = json.loads(baidu_push().body)
    nonce, encrypt = good["Nonce"], good["Encrypt"]
    grown = [(nonce + encrypt[:count], encrypt[count:]) for count in range(1, 41)]
    shrunk = [(nonce[:-count], nonce[-count:] + encrypt) for count in range(1, len(nonce))]
    still_signed = 0
    for parts in grown + shrunk:
        moved = dict(zip(("Nonce", "Encrypt"), parts, strict=True))
        still_signed += baidu_signature(good["TimeStamp"], *parts) == good["MsgSignature"]
        assert step_of(baidu_client(), forwarded(**moved)) in {"layout", "signature", "base64"}
    assert still_signed > len(shrunk)


# --- what is tolerated ----------------------------------------------------------------------------------------------


def test_the_stamp_and_the_nonce_may_be_numbers() -> None:
    assert step_of(baidu_client(), forwarded(TimeStamp=NOW, Nonce=4464221)) == "accepted"


def read(**fields: Any) -> Event:  # noqa: ANN401 - whatever JSON can hold
    return opened(baidu_client(), baidu_push(json.dumps(fields).encode()))


def test_the_id_is_the_same_for_every_delivery() -> None:
    first = opened(baidu_client(), baidu_push())
    second = opened(
        baidu_client(), baidu_push(random=b"fedcba9876543210", stamp=str(NOW + 60), nonce="other"), NOW + 60
    )
    assert first == second
    assert first.id == hashlib.sha256(MESSAGE).hexdigest()
    assert first.id != read(event="APP_SERVER_PAUSE").id


def test_the_component_is_the_messages_or_the_tail_or_unknown() -> None:
    assert read(tpAppId=1, event="X").component == "1"
    assert read(event="X").component == TAIL
    assert opened(baidu_client(), baidu_push(b'{"event":"X"}', tail="no id!")).component is None


@pytest.mark.parametrize(
    ("given", "name"),
    [({"event": " X_Y "}, "X_Y"), ({"event": "X\\_Y"}, "X_Y"), ({"Event": "X"}, "X"), ({"EVENT": "X"}, "X"), ({}, "")],
)
def test_names_are_cleaned(given: dict[str, str], name: str) -> None:
    event = read(**given)
    assert (type(event), event.name) == (Event, name)


@pytest.mark.parametrize("app", [15263713, "15263713", " 15263713 ", 15263713.0], ids=repr)
def test_ids_are_numbers_or_texts(app: object) -> None:
    assert read(event="X", appId=app).app == "15263713"


def test_ids_of_64_bits() -> None:
    assert read(event="X", appId=2**63 - 1).app == str(2**63 - 1)


@pytest.mark.parametrize("app", [None, True, [], {}, ""], ids=repr)
def test_what_is_no_id(app: object) -> None:
    assert read(event="X", appId=app).app is None


@pytest.mark.parametrize("names", ["Ticket MsgType", "ticket msgtype", "TICKET MSG_TYPE"])
def test_the_keys_of_a_ticket_in_any_case(names: str) -> None:
    ticket, kind = names.split()
    event = read(**{ticket: "made-up", kind: "ticket", "Event": "push"})
    assert isinstance(event, TicketPushed)
    assert (event.ticket, event.app) == ("made-up", None)


def test_what_lacks_its_ticket_or_code_is_a_plain_event() -> None:
    assert type(read(MsgType="ticket", Event="push")) is Event
    assert type(read(event="AUTHORIZED", appId=1)) is Event
    assert type(read(event="UPDATE_AUTHORIZED", appId=1)) is Event
    assert type(read(event="authorized", appId=1, authorizationCode="made-up")) is AppAuthorized


@pytest.mark.parametrize("time", ["yesterday", "2019-13-14 12:45:10", None, [], True, 0, -1, 10**18], ids=repr)
def test_a_time_that_is_none(time: object) -> None:
    assert read(event="X", eventTime=time).time is None


@pytest.mark.parametrize(
    "time",
    ["2019-01-14 12:45:10", "2019/01/14 12:45:10", "2019-01-14T04:45:10Z", 1547441110, "1547441110", 1547441110000],
    ids=repr,
)
def test_a_time_in_any_of_its_forms(time: object) -> None:
    found = read(event="X", eventTime=time).time
    assert found == datetime(2019, 1, 14, 4, 45, 10, tzinfo=UTC)


# --- the question whether the address is ours -----------------------------------------------------------------------


def question(echo: str = "made up & äöü", **more: str) -> dict[str, str]:
    parts = {"timestamp": str(NOW), "nonce": "4464221"}
    return {**parts, "signature": baidu_signature(*parts.values()), "echoStr": echo, **more}


def test_the_signature_of_the_question_is_the_documented_one() -> None:
    assert baidu_signature("1535551395", "4464221", token="pushToken123") == "dc98e5fe4d0cc71d4bcaca99d91b8c3f808b5f04"


@pytest.mark.parametrize("way", ["query", "body"])
def test_the_question_is_answered_with_its_text(way: str) -> None:
    asked = question()
    push = Push(b"", query=urlencode(asked)) if way == "query" else Push(json.dumps(asked).encode())
    client = baidu_client()
    event = opened(client, push)
    assert isinstance(event, UrlVerification)
    raw = "made up & äöü".encode()
    at, id_ = datetime.fromtimestamp(NOW, UTC), hashlib.sha256(raw).hexdigest()
    assert event == UrlVerification("echoStr", None, None, at, id_, fields=asked, raw=raw, echo="made up & äöü")
    status, headers, body = client.acknowledge(event)
    assert (status, body) == (200, "made up & äöü".encode())
    assert headers["content-type"].startswith("text/plain")
    assert headers["x-content-type-options"] == "nosniff"


def test_a_text_to_send_back_that_is_no_text_comes_back_as_it_is() -> None:
    client = baidu_client()
    event = opened(client, Push(json.dumps(question("\ud800")).encode()))
    assert client.acknowledge(event)[2] == b"\xed\xa0\x80"


@pytest.mark.parametrize(
    ("more", "step"),
    [
        ({"signature": "0" * 40}, "signature"),
        ({"nonce": "4464222"}, "signature"),
        ({"nonce": "no nonce"}, "layout"),
        ({"timestamp": "1"}, "layout"),
        ({"echoStr": ""}, "layout"),
        ({"signature": ""}, "layout"),
    ],
)
def test_a_question_that_isnt_theirs(more: dict[str, str], step: str) -> None:
    assert step_of(baidu_client(), Push(b"", query=urlencode(question(**more)))) == step


def test_a_question_that_is_old() -> None:
    assert step_of(baidu_client(), Push(b"", query=urlencode(question())), NOW + 100_000) == "age"


def test_an_ordinary_query_of_the_address_changes_nothing() -> None:
    push = baidu_push()
    assert step_of(baidu_client(), Push(push.body, query="from=baidu&x")) == "accepted"


def test_a_push_is_acknowledged_with_success() -> None:
    client = baidu_client()
    status, headers, body = client.acknowledge(opened(client, baidu_push()))
    assert (status, body) == (200, b"success")
    assert headers["content-type"] == "text/plain; charset=utf-8"


def test_a_key_of_other_letters_is_another_key() -> None:
    assert TOKEN not in repr(baidu_client())
    assert step_of(baidu_client(push_key=BAIDU_KEY.swapcase()), baidu_push()) in {"padding", "layout", "json"}
