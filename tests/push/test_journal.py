"""The journal over real stores: kept, claimed by one at a time, remembered, and forgotten in the end."""

from __future__ import annotations

import secrets
import sqlite3
from typing import TYPE_CHECKING

import pytest

from miniapp_tp import Event
from miniapp_tp.push.journal import MEMORY, Journal, name_of
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.sealed import SealedStore
from miniapp_tp.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from miniapp_tp.stores import TokenStore

SECRET = "ticket-q7z"
EVENT = Event("push", "15000001", "14242323", None, "an-id", raw=f'{{"Ticket":"{SECRET}"}}'.encode())
STORES = ("memory", "sqlite", "sealed")


class Clock:
    """A clock that a test moves."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[TokenStore]:
    stores: dict[str, TokenStore] = {
        "memory": MemoryStore(clock=clock),
        "sqlite": SqliteStore(tmp_path / "events.db", clock=clock),
        "sealed": SealedStore(SqliteStore(tmp_path / "sealed.db", clock=clock), secrets.token_bytes(32)),
    }
    yield stores[request.param]
    for one in stores.values():
        await one.aclose()


@pytest.fixture
def journal(store: TokenStore, clock: Clock) -> Journal:
    return Journal(store, "baidu:c", clock=clock)


async def names(journal: Journal) -> list[str]:
    return [name async for name in journal.waiting()]


async def test_keeps_an_event_once(journal: Journal) -> None:
    assert await journal.note(EVENT) is True
    assert await journal.note(EVENT) is False
    assert await names(journal) == [name_of("an-id")]
    async with journal.claim(name_of("an-id")) as claim:
        assert claim is not None
        noted = claim.noted
        assert (noted.name, noted.app, noted.component, noted.id) == ("push", "15000001", "14242323", "an-id")
        assert (noted.raw, noted.attempt) == (EVENT.raw, 1)
        assert SECRET not in repr(claim)
        await claim.done()
    assert await names(journal) == []
    assert await journal.note(EVENT) is False


async def test_components_have_journals_of_their_own(journal: Journal, store: TokenStore, clock: Clock) -> None:
    other = Journal(store, "kuaishou:k", clock=clock)
    assert await journal.note(EVENT)
    assert await names(other) == []
    assert await other.note(EVENT)


async def test_one_at_a_time(journal: Journal) -> None:
    await journal.note(EVENT)
    async with journal.claim(name_of("an-id")) as one, journal.claim(name_of("an-id")) as other:
        assert one is not None
        assert other is None
    async with journal.claim("nothing there") as claim:
        assert claim is None


async def test_another_takes_over_from_one_that_is_gone(journal: Journal, clock: Clock) -> None:
    """And the late one's word counts no more."""
    await journal.note(EVENT)
    async with journal.claim(name_of("an-id")) as late:
        assert late is not None
        clock.now += journal.term + 1
        async with journal.claim(name_of("an-id")) as claim:
            assert claim is not None
            assert claim.noted.attempt == 2
            await late.done()
            await late.park("late")
            await late.put_off(1, "late")
            assert [listed.parked async for listed in journal.listed()] == [False]
            await claim.put_off(60.0, "again")
    async with journal.claim(name_of("an-id")) as claim:
        assert claim is None
    clock.now += 61
    async with journal.claim(name_of("an-id")) as claim:
        assert claim is not None
        assert (claim.noted.attempt, claim.noted.error) == (3, "again")


async def test_a_parked_event_waits_for_its_replay(journal: Journal) -> None:
    await journal.note(EVENT)
    async with journal.claim(name_of("an-id")) as claim:
        assert claim is not None
        await claim.park("no")
    assert await names(journal) == []
    (listed,) = [listed async for listed in journal.listed()]
    assert (listed.parked, listed.noted.error, listed.noted.id) == (True, "no", "an-id")
    assert SECRET not in repr(listed)
    assert await journal.note(EVENT) is False
    assert await journal.replay("an-id") is True
    assert await journal.replay("an-id") is False
    async with journal.claim(name_of("an-id")) as claim:
        assert claim is not None
        assert (claim.noted.attempt, claim.noted.begun) == (2, 1)
        await claim.done()
    assert [listed async for listed in journal.listed()] == []


async def test_remembers_longer_than_providers_repeat(journal: Journal, clock: Clock) -> None:
    """And not for ever: what was handled doesn't pile up."""
    await journal.note(EVENT)
    async with journal.claim(name_of("an-id")) as claim:
        assert claim is not None
        await claim.done()
    clock.now += MEMORY - 60
    await handle_another(journal, "2")
    assert await journal.note(EVENT) is False
    clock.now += 120
    await handle_another(journal, "3")
    assert await journal.note(EVENT) is True


async def handle_another(journal: Journal, number: str) -> None:
    await journal.note(Event("push", None, None, None, number, raw=b"{}"))
    async with journal.claim(name_of(number)) as claim:
        assert claim is not None
        await claim.done()


@pytest.mark.parametrize(
    "event_id", ["", "x" * 100_000, "\0", "\ud800", "百度"], ids=["empty", "long", "nul", "lone", "cn"]
)
async def test_any_id_will_do(journal: Journal, event_id: str) -> None:
    assert await journal.note(Event("e", None, None, None, event_id, raw=b"{}")) is True
    assert await journal.note(Event("e", None, None, None, event_id, raw=b"{}")) is False


async def test_what_was_handled_takes_little_room(tmp_path: Path) -> None:
    """The message is gone, and looking for what waits doesn't look at what was handled."""
    store = SqliteStore(tmp_path / "events.db")
    journal = Journal(store, "baidu:c")
    await handle_another(journal, "1")
    await store.aclose()
    with sqlite3.connect(tmp_path / "events.db") as connection:
        assert connection.execute("SELECT value FROM entries").fetchall() == [(None,)]
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT name FROM entries INDEXED BY present "
            "WHERE component = 'a' AND kind = 'b' AND name >= '' AND value IS NOT NULL ORDER BY name LIMIT 500"
        ).fetchall()
    connection.close()
    assert "USING INDEX present" in str(plan)
