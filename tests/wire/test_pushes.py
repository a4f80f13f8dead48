"""What both providers' pushes have in common: windows, headers, names and ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from miniapp_tp.wire.messages import Secret
from miniapp_tp.wire.pushes import (
    BEIJING,
    MAX_BODY,
    MAX_QUERY,
    Found,
    Headers,
    Pushed,
    PushKeys,
    Rejection,
    Window,
    identifier,
    json_of,
    message_of,
    moment,
)


def test_a_window_is_closed_on_both_sides() -> None:
    window = Window(100.0, 10.0)
    assert [stamp in window for stamp in (89.9, 90.0, 100.0, 110.0, 110.1)] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("body", "query", "fits"),
    [(MAX_BODY, 0, True), (MAX_BODY + 1, 0, False), (0, MAX_QUERY, True), (0, MAX_QUERY + 1, False)],
)
def test_sizes(body: int, query: int, *, fits: bool) -> None:
    rejection = Pushed({}, b"a" * body, "a" * query).too_long()
    assert (rejection is None) is fits
    assert fits or (isinstance(rejection, Rejection) and rejection.step == "size")


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ({}, None),
        ([], None),
        ({"X": "1"}, None),
        ({"SIGN": "1", "x": "2"}, "1"),
        ([("Sign", "1"), ("sign", "1")], "1"),
        ([("Sign", "1"), ("sign", "2")], None),
        ([(b"siGN", b"\xe9")], "é"),
    ],
)
def test_headers(headers: Headers, value: str | None) -> None:
    assert Pushed(headers, b"", "").header("sign") == value


def test_a_request_and_keys_show_nothing() -> None:
    assert "secret" not in repr(Pushed({"a": "secret"}, b"secret", "secret"))
    assert "secret" not in repr(PushKeys(token=Secret("secret"), key=b"secret"))


def test_names_are_found_in_any_case_and_the_first_counts() -> None:
    found = Found({" App_Id ": 1, "appid": 2, "EVENT": r" A\_B C ", "empty": " ", "list": [1]})
    assert found.text("appid") == "1"
    assert found.text("nothing", "empty", "list", "appid") == "1"
    assert found.text("nothing") is None
    assert (found.name("event"), found.name("nothing")) == ("A_BC", "")
    assert found.time("nothing", "appid") == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert found.time("event") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(" a ", "a"), ("", None), (0, "0"), (1.0, "1"), (1.5, None), (True, None), (None, None), ([], None)],
    ids=repr,
)
def test_identifiers(value: object, text: str | None) -> None:
    assert identifier(value) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (99_999_999_999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
        (100_000_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
        (1_625_740_912_167, datetime(2021, 7, 8, 10, 41, 52, 167_000, tzinfo=UTC)),
        (253_402_300_799_999, datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        (253_402_300_800_000, None),
        (0, None),
        (-1, None),
        (" 2019-01-14 12:45:10 ", datetime(2019, 1, 14, 12, 45, 10, tzinfo=BEIJING)),
        ("2019-01-14T12:45:10+09:00", datetime(2019, 1, 14, 3, 45, 10, tzinfo=UTC)),
        ("14.01.2019", None),
        (None, None),
    ],
    ids=repr,
)
def test_moments(value: object, expected: datetime | None) -> None:
    found = moment(value)
    assert found == expected
    assert found is None or found.utcoffset() in {timedelta(0), timedelta(hours=8), timedelta(hours=9)}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'{"a":1}', {"a": 1}),
        (rb'{"a\_b":"c\_d"}', {"a_b": "c_d"}),
        (rb'{"a":"\\_"}', {"a": r"\_"}),
        (b"[]", None),
        (b"", None),
        (b"\xff", None),
        (b"\xef\xbb\xbf{}", None),
    ],
    ids=repr,
)
def test_messages(data: bytes, found: dict[str, Any] | None) -> None:
    assert message_of(data) == found


def test_what_is_no_json_is_told_from_null() -> None:
    assert json_of(b"null") is None
    assert json_of(b"nul") is ...
