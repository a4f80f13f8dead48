"""Leases: held by one, renewed while it works, and known to be lost."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest
from attrs import define, field

from miniapp_tp import StoreError
from miniapp_tp.stores import Key, Lease
from miniapp_tp.stores.tenure import Tenure, tenure
from tests.support.granting import Noting, Now

KEY = Key("baidu:a-client", "any", "15263713")


@define
class Heart:
    """A sleep that a test ends."""

    pauses: list[float] = field(factory=list[float])
    beats: list[anyio.Event] = field(factory=list[anyio.Event])

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.beats.append(anyio.Event())
        await self.beats[-1].wait()

    async def beat(self) -> None:
        await laps()
        self.beats[-1].set()
        await laps()


async def laps() -> None:
    for _ in range(10):
        await anyio.lowlevel.checkpoint()


class Timed(Noting):
    """A store with a clock that a test moves, which counts renewals."""

    def __init__(self, now: Now) -> None:
        super().__init__(now)
        self.renewed = 0

    async def renew(self, lease: object, seconds: float) -> bool:
        self.renewed += 1
        return await super().renew(lease, seconds)  # type: ignore[arg-type]


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def store(now: Now) -> Timed:
    return Timed(now)


async def test_one_at_a_time(store: Timed) -> None:
    heart = Heart()
    async with tenure(store, KEY, "one", 5.0, heart.sleep) as held:
        assert isinstance(held, Tenure)
        async with tenure(store, KEY, "two", 5.0, heart.sleep) as other:
            assert other is None
        assert await held.lasts()
    async with tenure(store, KEY, "two", 5.0, heart.sleep) as other:
        assert other is not None
        assert await other.save(b"by two", 0) == 1


async def test_the_heart_beats_five_times_a_term(store: Timed, now: Now) -> None:
    heart = Heart()
    async with tenure(store, KEY, "one", 5.0, heart.sleep) as held:
        assert held is not None
        for beat in range(1, 21):
            await heart.beat()
            now.at += 1.0
            assert store.renewed == beat
            assert await store.acquire(KEY, "two", 5.0) is None  # 20 seconds on, it is still ours
    assert set(heart.pauses) == {1.0}


async def test_without_a_beat_another_takes_over(store: Timed, now: Now) -> None:
    heart = Heart()
    async with tenure(store, KEY, "one", 5.0, heart.sleep) as held:
        assert held is not None
        now.at += 5.1
        async with tenure(store, KEY, "two", 5.0, heart.sleep) as other:
            assert other is not None
            assert await other.save(b"by two", 0) == 1
            assert not await held.lasts()
            assert await held.save(b"by one", 1) is None
    assert (await store.load(KEY)).value == b"by two"


async def test_a_lost_lease_ends_the_beat(store: Timed, now: Now) -> None:
    heart = Heart()
    async with tenure(store, KEY, "one", 5.0, heart.sleep):
        await laps()
        now.at += 5.1
        assert await store.acquire(KEY, "two", 5.0) is not None
        await heart.beat()
        assert len(heart.pauses) == 1  # it doesn't sleep again
        assert store.renewed == 1


async def test_the_beat_ends_with_the_work(store: Timed) -> None:
    heart = Heart()

    async def work() -> None:
        async with tenure(store, KEY, "one", 5.0, heart.sleep):
            await laps()
            raise LookupError

    with pytest.raises(LookupError):
        await work()
    await laps()
    heart.beats[-1].set()
    await laps()
    assert store.renewed == 0
    assert await store.acquire(KEY, "two", 5.0) is not None  # it was given back


async def test_a_renewal_on_its_way_lands_before_the_lease_is_given_back(store: Timed) -> None:
    """A store carries out what it was sent, also if whoever asked has gone."""
    heart, order, go = Heart(), list[str](), anyio.Event()
    renew, release = store.renew, store.release

    async def late(lease: Lease, seconds: float) -> bool:
        await go.wait()
        order.append("renewed")
        return await renew(lease, seconds)

    async def released(lease: Lease) -> None:
        order.append("released")
        await release(lease)

    store.renew = late  # type: ignore[assignment]
    store.release = released  # type: ignore[method-assign]
    async with anyio.create_task_group() as group, tenure(store, KEY, "one", 5.0, heart.sleep):
        await laps()
        await heart.beat()
        group.start_soon(_set_later, go)
    assert order == ["renewed", "released"]
    assert await store.acquire(KEY, "two", 5.0) is not None


async def _set_later(event: anyio.Event) -> None:
    await laps()
    event.set()


async def test_a_store_that_fails_during_a_beat_is_asked_again(store: Timed) -> None:
    heart = Heart()
    store.fails["renew any"] = 1
    async with tenure(store, KEY, "one", 5.0, heart.sleep):
        await heart.beat()
        await heart.beat()
    assert store.renewed == 2


async def test_a_lease_that_cant_be_given_back_runs_out(store: Timed, now: Now) -> None:
    heart = Heart()
    store.fails["release any"] = 1
    async with tenure(store, KEY, "one", 5.0, heart.sleep):
        pass
    assert await store.acquire(KEY, "two", 5.0) is None
    now.at += 5.1
    assert await store.acquire(KEY, "two", 5.0) is not None


async def test_a_lease_that_cant_be_had(store: Timed) -> None:
    store.fails["acquire any"] = 1
    with pytest.raises(StoreError):
        async with tenure(store, KEY, "one", 5.0, Heart().sleep):
            raise AssertionError
