"""The conformance suite, over every store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.sqlite import SqliteStore
from miniapp_tp.testing import TokenStoreSuite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from miniapp_tp.stores import TokenStore


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    async def advance(self, seconds: float) -> None:
        self.now += seconds


class Clocked(TokenStoreSuite):
    """Leases run on a clock of ours."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def advance(self, clock: Clock) -> Callable[[float], Awaitable[None]]:
        return clock.advance


class TestMemoryStore(Clocked):
    @pytest.fixture
    def store(self, clock: Clock) -> TokenStore:
        return MemoryStore(clock=clock)


class TestSqliteStore(Clocked):
    @pytest.fixture
    async def store(self, tmp_path: Path, clock: Clock) -> AsyncIterator[TokenStore]:
        store = SqliteStore(tmp_path / "tokens.db", clock=clock)
        yield store
        await store.aclose()

    @pytest.fixture
    async def another(self, tmp_path: Path, clock: Clock) -> AsyncIterator[TokenStore]:
        store = SqliteStore(tmp_path / "tokens.db", clock=clock)
        yield store
        await store.aclose()
