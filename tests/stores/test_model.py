"""Whatever is done to them, the memory store and the SQLite store answer alike."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule

from miniapp_tp.stores import Key, Lease, TokenStore
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hypothesis.stateful import MultipleResults

T = TypeVar("T")
KEYS = [Key("c", "app", "1"), Key("c", "app", "2"), Key("c", "app", ""), Key("c", "ticket", "1"), Key("d", "app", "1")]

keys = st.sampled_from(KEYS)
owners = st.sampled_from(["one", "two"])
seconds = st.sampled_from([1.0, 5.0])
values = st.none() | st.binary(max_size=4)


class Alike(RuleBasedStateMachine):
    leases: Bundle[Lease] = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        path = Path(self.folder.name) / "tokens.db"
        self.memory = MemoryStore(clock=lambda: self.now)
        self.sqlite = [SqliteStore(path, clock=lambda: self.now) for _ in range(2)]
        self.steps = 0

    def both(self, job: Callable[[TokenStore], Awaitable[T]]) -> T:
        """Do it to the memory store and to one of the two handles on the file, and compare."""

        async def done() -> tuple[T, T]:
            return await job(self.memory), await job(self.sqlite[self.steps % 2])

        self.steps += 1
        expected, found = self.runner.run(done())
        assert found == expected
        return expected

    @rule(key=keys)
    def load(self, key: Key) -> None:
        self.both(lambda store: store.load(key))

    @rule(key=keys, value=values, back=st.integers(-1, 2), lease=st.none() | leases)
    def save(self, key: Key, value: bytes | None, back: int, lease: Lease | None) -> None:
        """Save over the version that is there, or one near it."""
        key = lease.key if lease else key
        version = max(self.both(lambda store: store.load(key)).version - max(back, 0), 0) + (back < 0)
        self.both(lambda store: store.save(key, value, version=version, lease=lease))

    @rule(target=leases, key=keys, owner=owners, seconds=seconds)
    def acquire(self, key: Key, owner: str, seconds: float) -> Lease | MultipleResults[Lease]:
        lease = self.both(lambda store: store.acquire(key, owner, seconds))
        return multiple() if lease is None else lease

    @rule(lease=leases, seconds=seconds)
    def renew(self, lease: Lease, seconds: float) -> None:
        self.both(lambda store: store.renew(lease, seconds))

    @rule(lease=leases)
    def release(self, lease: Lease) -> None:
        self.both(lambda store: store.release(lease))

    @rule(seconds=st.sampled_from([0.5, 1.0, 5.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def names(self) -> None:
        async def listed(store: TokenStore) -> list[str]:
            return sorted([name async for name in store.names("c", "app")])

        self.both(listed)

    @rule()
    def open_again(self) -> None:
        """Close one of the two handles, and make another."""
        old = self.sqlite.pop()
        self.runner.run(old.aclose())
        self.sqlite.append(SqliteStore(Path(self.folder.name) / "tokens.db", clock=lambda: self.now))

    def teardown(self) -> None:
        for store in self.sqlite:
            self.runner.run(store.aclose())
        self.runner.close()
        self.folder.cleanup()


TestAlike = Alike.TestCase
TestAlike.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
