"""What codes mean, and what users may add."""

from __future__ import annotations

from typing import Any

import pytest

from miniapp_tp.errors import Actor, Conflict, InvalidArgument, NotFound, ProviderError, RateLimited, Scope
from miniapp_tp.wire.meaning import UNKNOWN, ByText, Codes, Meaning, Words, meaning_of, own_meanings

GONE = Meaning(NotFound, Actor.TIME, Scope.PROVIDER)
STATE = Meaning(Conflict)


def test_a_code_is_looked_up_in_the_first_table_that_knows_it() -> None:
    assert meaning_of(1, "", {1: GONE}, {1: STATE}) is GONE
    assert meaning_of(1, "", {2: GONE}, {1: STATE}) is STATE
    assert meaning_of("odd", "", {"odd": STATE}) is STATE


@pytest.mark.parametrize("code", [None, 3, "3", "odd"], ids=repr)
def test_a_code_in_no_table_means_a_plain_error(code: int | str | None) -> None:
    assert meaning_of(code, "", {1: GONE}, {}) is UNKNOWN
    assert Meaning(ProviderError) == UNKNOWN


def test_a_text_may_decide_and_is_read_in_lower_case() -> None:
    table: Codes = {1: ByText(("token", "ticket"), GONE, STATE)}
    assert meaning_of(1, "Access TOKEN", table) is GONE
    assert meaning_of(1, "the Ticket", table) is GONE
    assert meaning_of(1, "parameter", table) is STATE


def test_a_meaning_fills_the_rows_of_a_table() -> None:
    assert GONE.for_codes(1, "odd") == {1: GONE, "odd": GONE}
    assert GONE.for_codes() == {}


def test_rows_have_sentences_of_their_own_and_share_what_to_do() -> None:
    what_next = GONE.but_then("wait", "等待")
    assert what_next.rows({1: ("one", "一"), 2: ("two", "二")}) == {
        1: Meaning(NotFound, Actor.TIME, Scope.PROVIDER, Words("one", "一"), Words("wait", "等待")),
        2: Meaning(NotFound, Actor.TIME, Scope.PROVIDER, Words("two", "二"), Words("wait", "等待")),
    }


def test_a_users_additions_name_classes_alone() -> None:
    class Overdrawn(RateLimited):
        """An error of a user."""

    assert own_meanings({1: NotFound, "odd": Overdrawn}) == {1: Meaning(NotFound), "odd": Meaning(Overdrawn)}
    assert own_meanings(None) == {}
    assert own_meanings({}) == {}


@pytest.mark.parametrize("code", [True, 1.0, None, (1,)], ids=repr)
def test_a_code_is_a_number_or_a_word(code: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match="is neither"):
        own_meanings({code: NotFound})


@pytest.mark.parametrize("kind", [ValueError, NotFound("no"), "NotFound", None, InvalidArgument], ids=repr)
def test_a_class_is_one_of_a_providers_answers(kind: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match=r"error_codes\[7\] must be a subclass of ProviderError"):
        own_meanings({7: kind})
