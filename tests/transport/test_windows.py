"""When a token is renewed: before its end, and not all at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.transport.windows import AGAIN, renewal_of_refresh, windows

DAY = 86400.0


@pytest.mark.parametrize(
    ("life", "chance", "due", "over"),
    [
        (3600.0, 0.0, 300.0, 30.0),
        (3600.0, 0.5, 450.0, 30.0),
        (3600.0, 1.0, 600.0, 30.0),
        (7200.0, 1.0, 600.0, 30.0),
        (30 * DAY, 1.0, 600.0, 30.0),
        (1200.0, 1.0, 300.0, 30.0),
        (600.0, 0.0, 75.0, 30.0),
        (60.0, 1.0, 15.0, 3.0),
        (10.0, 0.0, 1.25, 0.5),
        (1.0, 1.0, 0.25, 0.05),
        (0.0, 1.0, 0.0, 0.0),
        (-5.0, 1.0, 0.0, 0.0),
    ],
)
def test_how_long_before_the_end(life: float, chance: float, due: float, over: float) -> None:
    found = windows(1000.0, 1000.0 + life, chance)
    assert 1000.0 + life - found.due == pytest.approx(due)
    assert 1000.0 + life - found.over == pytest.approx(over)


@given(
    obtained=st.floats(0, 4e9),
    life=st.floats(-1e6, 1e9),
    chance=st.floats(0, 1),
    other=st.floats(0, 1),
)
def test_what_always_holds(obtained: float, life: float, chance: float, other: float) -> None:
    end = obtained + life
    found, drawn = windows(obtained, end, chance), windows(obtained, end, other)
    assert found.due <= found.over <= end
    assert found.over == drawn.over  # so that all processes agree when a token isn't used any more
    assert (found.due <= drawn.due) or chance <= other
    if life > 0:
        assert found.due >= obtained


def test_apps_that_were_authorized_together_are_renewed_over_minutes() -> None:
    dues = [windows(0.0, 3600.0, number / 100).due for number in range(101)]
    assert max(dues) - min(dues) == pytest.approx(300.0)
    assert len(set(dues)) == 101


def test_a_failed_renewal_is_tried_again_while_the_token_is_good() -> None:
    found = windows(0.0, 3600.0, 0.0)
    assert found.over - found.due > 5 * AGAIN


@pytest.mark.parametrize(
    ("ends_at", "place", "moment"),
    [
        (30 * DAY, 0.0, 20 * DAY),
        (30 * DAY, 1.0, 25 * DAY),
        (3650 * DAY, 0.5, 3642.5 * DAY),
        (3 * DAY, 0.0, 2 * DAY),
        (0.0, 0.5, 0.0),
        (-DAY, 0.5, -DAY),
        (None, 0.0, 0.0),
        (None, 0.25, DAY / 4),
        (None, 1.0, DAY),
    ],
)
def test_when_a_refresh_token_is_renewed(ends_at: float | None, place: float, moment: float) -> None:
    at = 1_700_000_000.0
    end = None if ends_at is None else at + ends_at
    assert renewal_of_refresh(at, end, place) - at == pytest.approx(moment, abs=1.0)


@given(obtained=st.floats(0, 4e9), life=st.floats(1, 1e9), place=st.floats(0, 1))
def test_a_refresh_token_is_renewed_within_its_life(obtained: float, life: float, place: float) -> None:
    moment = renewal_of_refresh(obtained, obtained + life, place)
    assert obtained <= moment <= obtained + life - min(life / 6, 5 * DAY) * 0.99
