"""Reading values as providers really write them."""

from __future__ import annotations

import math

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.models import Unknown
from miniapp_tp.wire.tolerance import converter, from_json, integer, listed, mapping, text, word


@frozen
class Sample:
    """A value with the two kinds of fields that the converter knows."""

    name: str | None = None
    number: int | None = None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("a text", "a text"),
        ("  a text\n", "a text"),
        (5, "5"),
        (0, "0"),
        ("0", "0"),
        *((nothing, None) for nothing in ("", "  ", None, True, False, {}, {"a": 1}, [], ["a"])),
    ],
    ids=repr,
)
def test_a_text_may_be_a_number_and_empty_is_absent(value: object, read: str | None) -> None:
    assert text(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *((5, 5), (-5, -5), (0, 0), (5.0, 5), ("5", 5), (" -5 ", -5), ("05", 5), (10**30, 10**30)),
        ("9" * 19, int("9" * 19)),
        ("9" * 20, None),
        *((other, None) for other in (True, False, None, 5.5, math.inf, -math.inf, [5], {"a": 5})),
        *((other, None) for other in ("", "-", "--5", "+5", "5.0", "five", "٣", "9" * 5000)),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_whole_number_may_be_a_text(value: object, read: int | None) -> None:
    assert integer(value) == read


def test_what_is_no_number_is_none() -> None:
    assert integer(math.nan) is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, []),
        ("", []),
        ({}, []),
        ([], []),
        *((["a", None], ["a", None]), ("a", ["a"]), ({"a": 1}, [{"a": 1}]), (0, [0]), (False, [False])),
    ],
    ids=repr,
)
def test_one_thing_is_a_list_of_one_and_absent_is_an_empty_one(value: object, read: list[object]) -> None:
    assert listed(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        *((other, {}) for other in (None, "", [], [1], "[1]", "text", '"text"', 5, "{", "[" * 100_000)),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_object_may_be_written_as_json_in_a_text(value: object, read: dict[str, object]) -> None:
    assert mapping(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [("[1]", [1]), ("null", None), ("5", 5), ("text", "text"), ("{", "{"), ("", ""), (5, 5), ([1], [1])],
    ids=repr,
)
def test_what_is_no_json_comes_back_as_it_is(value: object, read: object) -> None:
    assert from_json(value) == read


def test_json_that_is_nested_too_deeply_comes_back_as_it_is() -> None:
    assert from_json("[" * 100_000) == "[" * 100_000


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *((1, "one"), ("1", "one"), (1.0, "one"), (7, Unknown(7)), ("7", Unknown(7)), ("odd", Unknown("odd"))),
        *((None, Unknown(None)), ("", Unknown(None)), ({}, Unknown(None)), (True, Unknown(None))),
    ],
    ids=repr,
)
def test_a_word_that_is_new_keeps_its_code(value: object, read: object) -> None:
    assert word({1: "one"}, value) == read


def test_the_converter_reads_optional_texts_and_numbers_with_these_habits() -> None:
    read = converter()
    assert read.structure({"name": 5, "number": "7"}, Sample) == Sample("5", 7)
    assert read.structure({"name": {}, "number": "odd", "more": 1}, Sample) == Sample()


@given(JSON)
def test_nothing_that_json_can_say_breaks_them(value: object) -> None:
    assert (text(value) or "x").strip()
    assert integer(value) is None or isinstance(integer(value), int)
    assert isinstance(listed(value), list)
    assert isinstance(dict(mapping(value)), dict)
    assert isinstance(word({1: "one"}, value), str | Unknown)


@given(st.integers())
def test_a_number_is_read_alike_as_number_and_as_text(number: int) -> None:
    assert integer(number) == number
    assert integer(str(number)) == (number if len(str(abs(number))) < 20 else None)
    assert text(number) == text(str(number))
