"""Calls made in bulk know that they are."""

from __future__ import annotations

from miniapp_tp import Done, each
from miniapp_tp.priority import in_bulk, is_bulk


async def test_what_each_calls_is_bulk_and_nothing_else() -> None:
    async def look(_app: str) -> bool:
        return is_bulk()

    async with each(look, ["a"]) as outcomes:
        assert not is_bulk()
        assert [outcome async for outcome in outcomes] == [Done("a", value=True)]
    with in_bulk():
        assert is_bulk()
    assert not is_bulk()
