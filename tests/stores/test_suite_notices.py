"""The conformance suite fails a store that breaks any part of the promise."""

from __future__ import annotations

import pytest

import miniapp_tp.testing

pytest_plugins = ["pytester"]

NO_SUITE = "TokenStoreSweet"

STORES = '''
import anyio, attrs, pytest
from miniapp_tp.stores import Entry, Key, Lease
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.testing import TokenStoreSuite

class ForgetsVersions(MemoryStore):
    async def save(self, key, value, **named):
        version = await super().save(key, value, **named)
        if version and value is None:
            del self._entries[key]
        return version

class IgnoresVersions(MemoryStore):
    async def save(self, key, value, *, version, lease=None):
        return await super().save(key, value, version=(await self.load(key)).version, lease=lease)

class IgnoresLeases(MemoryStore):
    async def save(self, key, value, *, version, lease=None):
        return await super().save(key, value, version=version)

class LooksThenWrites(MemoryStore):
    async def save(self, key, value, *, version, lease=None):
        if (await self.load(key)).version != version or (lease and self._overtaken(lease)):
            return None
        await anyio.sleep(0)
        self._entries[key] = Entry(value, version + 1)
        return version + 1

class InsistsOnTime(MemoryStore):
    async def save(self, key, value, *, version, lease=None):
        if lease and self._lent[key].until <= self._clock():
            return None
        return await super().save(key, value, version=version, lease=lease)

class LendsToAll(MemoryStore):
    async def acquire(self, key, owner, seconds):
        return await super().acquire(key, "one", seconds) and attrs.evolve(self._lent[key].lease, owner=owner)

class NeverEnds(MemoryStore):
    async def acquire(self, key, owner, seconds):
        return await super().acquire(key, owner, 1e9)

class RenewsAnything(MemoryStore):
    async def renew(self, lease, seconds):
        await super().renew(self._lent[lease.key].lease, seconds)
        return True

class RenewsOnlyInTime(MemoryStore):
    async def renew(self, lease, seconds):
        return self._lent[lease.key].until > self._clock() and await super().renew(lease, seconds)

class ReleasesAnything(MemoryStore):
    async def release(self, lease):
        await super().release(self._lent[lease.key].lease)

class ForgetsFences(MemoryStore):
    async def release(self, lease):
        if not self._overtaken(lease):
            self._lent.pop(lease.key, None)

class GivesTheOldLease(MemoryStore):
    async def acquire(self, key, owner, seconds):
        lent = self._lent.get(key)
        if lent and lent.lease.owner == owner and lent.until > self._clock():
            return lent.lease
        return await super().acquire(key, owner, seconds)

class JoinsKeys(MemoryStore):
    def _joined(self, key): return Key("", "", ":".join((key.component, key.kind, key.name)))
    async def load(self, key): return await super().load(self._joined(key))
    async def save(self, key, value, *, version, lease=None):
        return await super().save(self._joined(key), value, version=version)

class KeepsText(MemoryStore):
    async def load(self, key):
        entry = await super().load(key)
        return attrs.evolve(entry, value=entry.value and entry.value.decode(errors="replace").encode())

class NamesTheDeleted(MemoryStore):
    async def names(self, component, kind):
        for key in list(self._entries):
            if (key.component, key.kind) == (component, kind):
                yield key.name

class NamesAllComponents(MemoryStore):
    async def names(self, component, kind):
        for key, entry in list(self._entries.items()):
            if key.kind == kind and entry.value is not None:
                yield key.name

class ClosesOnce(MemoryStore):
    async def aclose(self):
        if self._closed:
            raise ValueError
        await super().aclose()

def suite(kind):
    class Suite(TokenStoreSuite):
        @pytest.fixture
        def clock(self):
            return [0.0]

        @pytest.fixture
        def store(self, clock):
            return kind(clock=lambda: clock[0])

        @pytest.fixture
        def advance(self, clock):
            async def advance(seconds):
                clock[0] += seconds
            return advance
    return Suite

for _kind in MemoryStore.__subclasses__():
    globals()["Test" + _kind.__name__] = suite(_kind)

class TestWithoutStore(TokenStoreSuite):
    """Overrides nothing."""

class TestWaits(TokenStoreSuite):
    """Takes no clock."""
    seconds = 0.01

    @pytest.fixture
    def store(self):
        return MemoryStore()
'''


FLAWS = {
    "ForgetsVersions": "test_versions_grow_over_deletions",
    "IgnoresVersions": "test_replaces_only_the_version_named",
    "IgnoresLeases": "test_who_was_overtaken_saves_nothing",
    "LooksThenWrites": "test_one_writer_wins_each_version",
    "InsistsOnTime": "test_who_ran_late_saves_if_nobody_came",
    "LendsToAll": "test_lends_to_one_at_a_time",
    "NeverEnds": "test_lends_again_after_the_end",
    "RenewsAnything": "test_renews_nothing_taken_over",
    "RenewsOnlyInTime": "test_renews_what_ran_out",
    "ReleasesAnything": "test_releases_nothing_taken_over",
    "ForgetsFences": "test_fences_grow_for_ever",
    "GivesTheOldLease": "test_asking_again_voids_the_old_lease",
    "JoinsKeys": "test_keeps_odd_keys_apart",
    "KeepsText": "test_keeps_any_bytes",
    "NamesTheDeleted": "test_names_all_values_of_a_kind",
    "NamesAllComponents": "test_names_all_values_of_a_kind",
    "ClosesOnce": "test_closes_twice",
    "WithoutStore": "test_is_a_store",
}


def test_what_the_suite_notices(pytester: pytest.Pytester) -> None:
    file = pytester.makepyfile(STORES)
    tests = [f"{file}::Test{flaw}::{test}" for flaw, test in FLAWS.items()]
    tests.append(f"{file}::TestWaits::test_lends_again_after_the_end")
    result = pytester.runpytest("-p", "no:cacheprovider", "--tb=no", "-rfEp", "-q", *tests)
    assert suites(result, "FAILED") | suites(result, "ERROR") == {f"Test{flaw}" for flaw in FLAWS}
    assert suites(result, "PASSED") >= {"TestWaits"}


def suites(result: pytest.RunResult, outcome: str) -> set[str]:
    return {line.split("::")[1] for line in result.outlines if line.startswith(outcome)}


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="TokenStoreSweet"):
        getattr(miniapp_tp.testing, NO_SUITE)
