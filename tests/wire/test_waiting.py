"""How long a reply asks to wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.wire.waiting import retry_after

NOON = "Wed, 21 Oct 2015 12:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0.0), ("120", 120.0), (" 7 ", 7.0), ("007", 7.0), ("999999999", 999999999.0)],
)
def test_a_number_is_seconds(text: str, seconds: float) -> None:
    assert retry_after({"retry-after": text}) == seconds


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        ("Wed, 21 Oct 2015 12:00:30 GMT", 30.0),
        ("Wed, 21 Oct 2015 14:00:30 +0200", 30.0),
        ("Thu, 22 Oct 2015 12:00:00 GMT", 86400.0),
        ("Wed, 21 Oct 2015 11:59:00 GMT", 0.0),
    ],
)
def test_a_date_counts_from_the_date_of_the_reply(until: str, seconds: float) -> None:
    assert retry_after({"retry-after": until, "date": NOON}) == seconds


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"retry-after": ""},
        {"retry-after": "soon"},
        {"retry-after": "-1"},
        {"retry-after": "1.5"},
        {"retry-after": "1000000000"},
        {"retry-after": "٣"},
        {"retry-after": NOON},
        {"retry-after": NOON, "date": "today"},
        {"retry-after": "tomorrow", "date": NOON},
        {"retry-after": "Wed, 21 Oct 2015 12:00:30 -0000", "date": NOON},
        {"retry-after": "Wed, 21 Oct 2015 12:00:30 +99999999999999999999", "date": NOON},
        {"retry-after": "Wed, 21 Oct 99999999999999999999 12:00:30 GMT", "date": NOON},
    ],
    ids=str,
)
def test_anything_else_says_nothing(headers: dict[str, str]) -> None:
    assert retry_after(headers) is None


@given(
    st.one_of(st.text(), st.from_regex(r"\w{3}, \d{1,30} Oct \d{1,30} \d{2,9}:\d{2}:\d{2} [+-]\d{1,30}")),
    st.one_of(st.just(NOON), st.text()),
)
def test_no_header_breaks_it(until: str, date: str) -> None:
    seconds = retry_after({"retry-after": until, "date": date})
    assert seconds is None or seconds >= 0
