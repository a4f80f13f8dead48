"""The promise of a `TokenStore`, as tests: every store passes the same ones."""
# ruff: noqa: S101 - pytest's assert

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import anyio
import pytest

from miniapp_tp.stores.base import Entry, Key, Lease, TokenStore
from miniapp_tp.testing.forgetting import Forgetting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable

    Advance = Callable[[float], Awaitable[None]]

_KEY: Final = Key("baidu:component", "app", "15000001")
_FAMILY: Final = (_KEY.component, _KEY.kind)
_AT_ONCE: Final = 50
_COUNTERS: Final = 8
_TURNS: Final = 5
_ODD_TEXTS: Final = (
    *" \"'`%_*\\éÉ",
    "e\u0301",  # the same letter to a reader as é, another text to a store
    "",
    "15000001",
    "百度 小程序 🙂",
    "'; DROP TABLE entries; --",
    *("a:b", "a/b", "a\nb", "{a}"),
    "long" * 128,
    "long" * 127 + "lone",
)


async def _together(*jobs: Coroutine[object, object, object]) -> None:
    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(_awaited, job)


async def _awaited(job: Coroutine[object, object, object]) -> None:
    await job


async def _put(store: TokenStore, key: Key, value: bytes | None) -> int:
    version = await store.save(key, value, version=(await store.load(key)).version)
    assert version is not None
    return version


async def _lend(store: TokenStore, owner: str, seconds: float) -> Lease:
    lease = await store.acquire(_KEY, owner, seconds)
    assert lease is not None
    return lease


async def _listed(store: TokenStore, component: str = _KEY.component, kind: str = _KEY.kind) -> list[str]:
    return sorted([name async for name in store.names(component, kind)])


@pytest.mark.anyio
class TokenStoreSuite(Forgetting):
    """What every `TokenStore` has to do.

    Make a subclass whose name pytest collects, with the fixture `store`, which gives an empty store:

    ::

        class TestMyStore(TokenStoreSuite):
            @pytest.fixture
            async def store(self):
                store = MyStore(...)
                yield store
                await store.aclose()

    Override `another` too if several stores may share their data, and `advance` if your store takes a clock: without
    it the tests of leases wait for real. The tests run on anyio's own pytest plugin, which needs no setting.

    Attributes:
        seconds: How long the leases of these tests last. Where leases run on real time, nothing else may take as
            long.
    """

    seconds: ClassVar[float] = 1.0

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Run on asyncio."""
        return "asyncio"

    @pytest.fixture
    def store(self) -> TokenStore:
        """Give an empty store. Override it."""
        raise NotImplementedError("override the fixture `store`: it gives an empty store")

    @pytest.fixture
    def another(self, store: TokenStore) -> TokenStore:
        """Give a second store on the same data, as another process would have it. By default the same one."""
        return store

    @pytest.fixture
    def advance(self) -> Advance:
        """Give what lets some seconds go by for leases. By default it really waits."""
        return anyio.sleep

    async def test_is_a_store(self, store: TokenStore) -> None:
        """It has all methods."""
        assert isinstance(store, TokenStore)

    # --- values -----------------------------------------------------------------------------------------------------

    async def test_nothing_is_there_at_first(self, store: TokenStore) -> None:
        """An unknown key has no value, and version 0."""
        assert await store.load(_KEY) == Entry(None, 0)

    async def test_gives_back_what_was_saved(self, store: TokenStore, another: TokenStore) -> None:
        """What was saved is seen at once, by everybody, under the version that `save` gave."""
        assert await store.save(_KEY, b"one", version=0) == 1
        assert await store.load(_KEY) == Entry(b"one", 1)
        assert await another.load(_KEY) == Entry(b"one", 1)

    async def test_replaces_only_the_version_named(self, store: TokenStore, another: TokenStore) -> None:
        """Older and newer ones are refused, and change nothing; the first save names 0."""
        assert await store.save(_KEY, b"lost", version=1) is None
        first = await _put(store, _KEY, b"one")
        second = first + 1
        assert await another.save(_KEY, b"two", version=first) == second
        for version in (0, first, second + 1):
            assert await store.save(_KEY, b"lost", version=version) is None
            assert await store.save(_KEY, None, version=version) is None
        assert await store.load(_KEY) == Entry(b"two", second)

    @pytest.mark.parametrize(
        "value",
        [b"", b"\0", bytes(range(256)), b"\xff\xfe'\"\\%\r\n\x1a", bytes(range(256)) * 4096],
        ids=["empty", "nul", "all", "odd", "1 MiB"],
    )
    async def test_keeps_any_bytes(self, store: TokenStore, another: TokenStore, value: bytes) -> None:
        """A value is bytes, all of them, up to a megabyte at least; an empty one is one."""
        version = await _put(store, _KEY, value)
        entry = await another.load(_KEY)
        same = entry.value == value  # outside the assertion: explaining how a megabyte differs takes minutes
        assert same
        assert entry.version == version

    async def test_keeps_odd_keys_apart(self, store: TokenStore, another: TokenStore) -> None:
        """Keys are any text, compared letter by letter, and their three parts don't run into each other."""
        keys = [Key("c", "k", text) for text in _ODD_TEXTS]
        keys += [Key(text, "other", "n") for text in _ODD_TEXTS]
        keys += [Key("c", f"{text} kind", "n") for text in _ODD_TEXTS]
        keys += [Key("x", "y:z", "n"), Key("x:y", "z", "n"), Key("x", "y", "z:n"), Key("x", "y", "z/n")]
        for number, key in enumerate(keys):
            assert await store.load(key) == Entry(None, 0)
            await _put(store, key, b"%d" % number)
        for number, key in enumerate(keys):
            assert (await another.load(key)).value == b"%d" % number
        assert await _listed(store, "c", "k") == sorted(_ODD_TEXTS)

    async def test_changes_of_a_key_touch_no_other(self, store: TokenStore) -> None:
        """Values, versions and leases of other components, kinds and names stay as they are."""
        others = [Key("other", "app", "15000001"), Key(_KEY.component, "ticket", "15000001"), Key(*_FAMILY, "other")]
        for key in others:
            await _put(store, key, b"kept")
        lease = await _lend(store, "one", self.seconds)
        await store.save(_KEY, b"one", version=0, lease=lease)
        await _put(store, _KEY, None)
        for key in others:
            assert (await store.load(key)).value == b"kept"
            assert await store.acquire(key, "two", self.seconds) is not None

    # --- leases -----------------------------------------------------------------------------------------------------

    async def test_lends_to_one_at_a_time(self, store: TokenStore, another: TokenStore) -> None:
        """While somebody has it, nobody else gets it, through whichever store."""
        lease = await _lend(store, "one", self.seconds)
        assert (lease.key, lease.owner) == (_KEY, "one")
        assert await store.acquire(_KEY, "two", self.seconds) is None
        assert await another.acquire(_KEY, "two", self.seconds) is None

    async def test_lends_again_after_the_end(self, store: TokenStore, another: TokenStore, advance: Advance) -> None:
        """A lease that isn't renewed ends by itself."""
        first = await _lend(store, "one", self.seconds)
        await advance(self.seconds * 1.1)
        assert (await _lend(another, "two", self.seconds)).fence > first.fence

    async def test_a_renewed_lease_goes_on(self, store: TokenStore, another: TokenStore, advance: Advance) -> None:
        """It is lent from now on, not from when it would have ended."""
        lease = await _lend(store, "one", self.seconds)
        for _ in range(3):
            await advance(self.seconds * 0.6)
            assert await store.renew(lease, self.seconds) is True
            assert await another.acquire(_KEY, "two", self.seconds) is None
        await advance(self.seconds * 1.1)
        assert await another.acquire(_KEY, "two", self.seconds) is not None

    async def test_renews_what_ran_out(self, store: TokenStore, another: TokenStore, advance: Advance) -> None:
        """As long as nobody else was lent the key, its last owner may go on."""
        lease = await _lend(store, "one", self.seconds)
        await advance(self.seconds * 1.1)
        assert await store.renew(lease, self.seconds) is True
        assert await another.acquire(_KEY, "two", self.seconds) is None

    async def test_renews_nothing_taken_over(self, store: TokenStore, another: TokenStore, advance: Advance) -> None:
        """Not while the successor has it, and not after it ran out; the successor keeps it."""
        late = await _lend(store, "one", self.seconds)
        await advance(self.seconds * 1.1)
        lease = await _lend(another, "two", self.seconds)
        assert await store.renew(late, self.seconds * 9) is False
        assert await store.acquire(_KEY, "three", self.seconds) is None
        assert await another.renew(lease, self.seconds) is True
        await advance(self.seconds * 1.1)
        assert await store.renew(late, self.seconds) is False
        assert await store.acquire(_KEY, "three", self.seconds) is not None

    async def test_released_it_is_free(self, store: TokenStore, another: TokenStore) -> None:
        """The next one need not wait for the end; releasing once more does nothing."""
        first = await _lend(store, "one", self.seconds)
        await store.release(first)
        await store.release(first)
        second = await _lend(another, "two", self.seconds)
        assert second.fence > first.fence

    async def test_releases_nothing_taken_over(self, store: TokenStore, another: TokenStore, advance: Advance) -> None:
        """Only the latest lease can be given back."""
        late = await _lend(store, "one", self.seconds)
        await advance(self.seconds * 1.1)
        lease = await _lend(another, "two", self.seconds)
        await store.release(late)
        assert await store.acquire(_KEY, "three", self.seconds) is None
        assert await another.renew(lease, self.seconds) is True

    async def test_asking_again_voids_the_old_lease(self, store: TokenStore, another: TokenStore) -> None:
        """An owner gets its own key at once, and can't write with what it had before."""
        old = await _lend(store, "one", self.seconds)
        new = await _lend(another, "one", self.seconds)
        assert new.fence > old.fence
        assert await store.renew(old, self.seconds) is False
        assert await store.save(_KEY, b"lost", version=0, lease=old) is None
        await store.release(old)
        assert await store.acquire(_KEY, "two", self.seconds) is None
        assert await store.save(_KEY, b"one", version=0, lease=new) is not None

    async def test_fences_grow_for_ever(self, store: TokenStore, another: TokenStore, advance: Advance) -> None:
        """Whatever ended the last lease, and whether there is a value or not."""
        fences: list[int] = []
        for number, end in enumerate(("release", "run out", "ask again", "delete", "release")):
            lease = await _lend(
                (store, another)[number % 2], "one" if end == "ask again" else f"{number}", self.seconds
            )
            fences.append(lease.fence)
            await _put(store, _KEY, b"one")
            await _put(store, _KEY, None)
            if end == "run out":
                await advance(self.seconds * 1.1)
            else:
                await another.release(lease)
        assert fences == sorted(set(fences))

    async def test_the_holder_saves(self, store: TokenStore, another: TokenStore) -> None:
        """With its lease, and over the right version only."""
        lease = await _lend(store, "one", self.seconds)
        version = await store.save(_KEY, b"one", version=0, lease=lease)
        assert version is not None
        assert await store.save(_KEY, b"lost", version=0, lease=lease) is None
        assert await store.save(_KEY, None, version=version, lease=lease) is not None
        assert (await another.load(_KEY)).value is None

    async def test_who_ran_late_saves_if_nobody_came(self, store: TokenStore, advance: Advance) -> None:
        """What counts is that nobody was lent the key later, not the time: a pair in hand is not to be lost."""
        lease = await _lend(store, "one", self.seconds)
        await advance(self.seconds * 1.1)
        assert await store.save(_KEY, b"one", version=0, lease=lease) is not None

    @pytest.mark.parametrize("end", ["held", "run out", "released"])
    async def test_who_was_overtaken_saves_nothing(
        self, store: TokenStore, another: TokenStore, advance: Advance, end: str
    ) -> None:
        """Not even over the right version, and not even once the successor's lease has ended."""
        late = await _lend(store, "one", self.seconds)
        await advance(self.seconds * 1.1)
        lease = await _lend(another, "two", self.seconds)
        if end == "run out":
            await advance(self.seconds * 1.1)
        elif end == "released":
            await another.release(lease)
        assert await store.save(_KEY, b"lost", version=0, lease=late) is None
        assert await store.load(_KEY) == Entry(None, 0)
        assert await another.save(_KEY, b"two", version=0, lease=lease) is not None

    async def test_saving_without_a_lease_needs_none(self, store: TokenStore, another: TokenStore) -> None:
        """A lease keeps away those who ask for one; what decides about values is the version."""
        await _lend(store, "one", self.seconds)
        assert await another.save(_KEY, b"two", version=0) is not None

    async def test_one_writer_wins_each_version(self, store: TokenStore, another: TokenStore) -> None:
        """However many try, one succeeds, and its value is what is there."""
        version = 0
        for _ in range(_TURNS):
            won = await self._race(store, another, version)
            assert len(won) == 1
            entry = await store.load(_KEY)
            assert [(entry.version, entry.value)] == list(won.items())
            assert entry.version > version
            version = entry.version

    async def _race(self, store: TokenStore, another: TokenStore, version: int) -> dict[int, bytes]:
        won: dict[int, bytes] = {}

        async def write(number: int) -> None:
            value = b"%d" % number
            new = await (store, another)[number % 2].save(_KEY, value, version=version)
            if new is not None:
                assert won.setdefault(new, value) == value

        await _together(*(write(number) for number in range(20)))
        return won

    async def test_no_change_is_lost(self, store: TokenStore, another: TokenStore) -> None:
        """Each of many who count up, and try again when somebody was quicker, is counted."""

        async def count(handle: TokenStore) -> None:
            done = 0
            while done < _TURNS:
                entry = await handle.load(_KEY)
                number = b"%d" % (int(entry.value or b"0") + 1)
                done += await handle.save(_KEY, number, version=entry.version) is not None

        await _together(*(count((store, another)[number % 2]) for number in range(_COUNTERS)))
        assert (await store.load(_KEY)).value == b"%d" % (_COUNTERS * _TURNS)

    async def test_one_of_many_is_lent_the_key(self, store: TokenStore, another: TokenStore) -> None:
        """However many ask at once."""
        lent: list[Lease | None] = []

        async def ask(number: int) -> None:
            lent.append(await (store, another)[number % 2].acquire(_KEY, f"{number}", self.seconds))

        await _together(*(ask(number) for number in range(20)))
        assert len([lease for lease in lent if lease is not None]) == 1

    async def test_names_all_values_of_a_kind(self, store: TokenStore, another: TokenStore) -> None:
        """Each once; not what was deleted, not what is only lent, and not other kinds' and components'."""
        names = [f"{number}" for number in range(601)]
        await _fill(store, names)
        await _put(store, Key(_KEY.component, "ticket", "no"), b"other kind")
        await _put(store, Key("other", _KEY.kind, "no"), b"other component")
        await store.acquire(Key(*_FAMILY, "lent"), "one", self.seconds)
        await _put(store, Key(*_FAMILY, "7"), None)
        assert await _listed(another) == sorted(name for name in names if name != "7")
        assert await _listed(another, "nobody") == []

    async def test_names_while_others_write(self, store: TokenStore, another: TokenStore) -> None:
        """Reading names hinders nobody; what is there all the time is among them."""
        names = {f"{number}" for number in range(520)}
        await _fill(store, names)
        seen: set[str] = set()
        async for name in store.names(_KEY.component, _KEY.kind):
            if len(seen) % 50 == 0:
                await _put(another, Key(*_FAMILY, f"new {len(seen)}"), b"new")
                await _put(store, Key(*_FAMILY, name), b"changed")
            seen.add(name)
        assert names <= seen

    async def test_names_may_be_left_early(self, store: TokenStore) -> None:
        """And be read by several at once."""
        await _fill(store, ["1", "2", "3"])
        names: AsyncIterator[str] = store.names(_KEY.component, _KEY.kind)
        first = await anext(names)
        assert await _listed(store) == ["1", "2", "3"]
        assert await _put(store, Key(*_FAMILY, first), None) > 0

    async def test_closes_twice(self, store: TokenStore) -> None:
        """Closing a closed store does nothing."""
        await _put(store, _KEY, b"one")
        await store.aclose()
        await store.aclose()


async def _fill(store: TokenStore, names: Iterable[str]) -> None:
    waiting = [Key(*_FAMILY, name) for name in names]
    while waiting:
        now, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
        await _together(*(_put(store, key, b"value") for key in now))
