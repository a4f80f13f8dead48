"""Records as bytes: what was written is read again, and what can't be read shows nothing of itself."""

from __future__ import annotations

import json
import math
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp import Secret, StoreError
from miniapp_tp.stores.records import AppRecord, KeeperRecord, TicketRecord, TokenRecord, from_bytes, to_bytes
from tests.support.canaries import CORE, frames_of, sings, texts_of

TEXTS = st.text(st.characters())  # lone surrogates too
SECRETS = TEXTS.map(Secret)
TIMES = st.floats(allow_nan=False, allow_infinity=False)
RECORDS = st.one_of(
    st.builds(TicketRecord, ticket=SECRETS, at=TIMES),
    st.builds(TokenRecord, token=SECRETS, obtained_at=TIMES, expires_at=TIMES),
    st.builds(KeeperRecord, at=TIMES, apps=st.integers(), renewed=st.integers(), failed=st.integers()),
    st.builds(
        AppRecord,
        access=st.none() | SECRETS,
        refresh=st.none() | SECRETS,
        obtained_at=TIMES,
        expires_at=TIMES,
        refresh_expires_at=st.none() | TIMES,
        permissions=st.lists(TEXTS, max_size=3).map(tuple),
        intent=st.none() | st.sampled_from(["refresh", "recover", "exchange"]),
        code=st.none() | TEXTS,
        app=st.none() | TEXTS,
    ),
)
TICKET = TicketRecord(ticket=Secret(f"{CORE}-ticket"), at=1.0)


@given(RECORDS)
def test_what_is_written_is_read_again(record: TicketRecord | TokenRecord | AppRecord) -> None:
    assert from_bytes(type(record), to_bytes(record)) == record


def test_what_it_looks_like() -> None:
    assert json.loads(to_bytes(TICKET)) == {"format": 1, "ticket": f"{CORE}-ticket", "at": 1.0}


def test_fields_that_a_later_version_added_are_passed_over() -> None:
    assert from_bytes(TicketRecord, to_bytes(TICKET)[:-1] + b', "more": 1}') == TICKET


@given(RECORDS)
def test_no_repr_shows_a_secret(record: TicketRecord | TokenRecord | AppRecord) -> None:
    assert repr(record).count("Secret('***')") == repr(record).count("Secret(")


def test_an_app_is_kept_if_it_has_a_token() -> None:
    assert not AppRecord().is_kept
    assert not AppRecord(intent="recover").is_kept
    assert AppRecord(access=Secret("a")).is_kept
    assert AppRecord(refresh=Secret("b")).is_kept
    assert AppRecord(refresh=Secret("b")).with_intent("refresh") == AppRecord(refresh=Secret("b"), intent="refresh")


WHOLE = to_bytes(TICKET)
UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "half": WHOLE[:-9],
    "more": WHOLE + b"}",
    "no JSON": f"{CORE}-ticket".encode(),
    "no UTF-8": WHOLE.replace(b"-", b"\xff"),
    "a list": b"[" + WHOLE + b"]",
    "a text": json.dumps(f"{CORE}-ticket").encode(),
    "another format": WHOLE.replace(b'"format": 1', b'"format": 2'),
    "no format": WHOLE.replace(b'"format": 1', b'"x": 1'),
    "no time": WHOLE.replace(b'"at": 1.0', b'"x": 1.0'),
    "a time that is none": WHOLE.replace(b"1.0", f'"{CORE}"'.encode()),
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cant_be_read_is_a_store_error_that_shows_nothing_of_it(value: bytes) -> None:
    with pytest.raises(StoreError, match="can't be read") as caught:
        from_bytes(TicketRecord, value)
    assert frames_of(caught.value)
    assert [text for text in texts_of(caught.value) if sings(text[1])] == []
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    mine = [frame for frame in shown.stack if "records" in frame.filename and "test_" not in frame.filename]
    assert mine
    assert not any(CORE in str(frame.locals) for frame in mine)


@given(st.binary(max_size=50))
def test_no_bytes_break_it(value: bytes) -> None:
    with pytest.raises(StoreError):
        from_bytes(AppRecord, value)


def test_another_kinds_record_is_unreadable() -> None:
    token: Any = TokenRecord(token=Secret("t"), obtained_at=math.pi, expires_at=9.0)
    with pytest.raises(StoreError):
        from_bytes(TicketRecord, to_bytes(token))


@pytest.mark.parametrize(
    ("record", "end"),
    [
        (AppRecord(refresh=Secret("46.made-up"), refresh_expires_at=5.0, expires_at=7.0), 5.0),
        (AppRecord(refresh=Secret("46.made-up"), expires_at=7.0), 107.0),
        (AppRecord(refresh=Secret("46.made-up")), None),
        (AppRecord(access=Secret("45.made-up"), expires_at=7.0), None),
    ],
    ids=["told", "counted", "unknown", "none"],
)
def test_when_a_refresh_token_ends(record: AppRecord, end: float | None) -> None:
    assert record.refresh_end(100.0) == end
