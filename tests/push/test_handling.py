"""Events are handled until the handler is done with them, whatever becomes of handlers, processes and stores."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import pytest
from attrs import define

from miniapp_tp import StoreError
from miniapp_tp.push import handling
from miniapp_tp.push.handling import pause
from miniapp_tp.stores import Key
from miniapp_tp.stores.memory import MemoryStore
from tests.support.receiving import Handled, service, until, until_true, world_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Collection

    from miniapp_tp import Event
    from miniapp_tp.sandbox import Pushed
    from miniapp_tp.stores import Entry, Lease
    from tests.support.receiving import Service

APP = "15000001"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let failed events be handled again at once."""

    def none(_begun: int) -> float:
        return 0.0

    monkeypatch.setattr(handling, "pause", none)


async def push_event(one: Service, **fields: str) -> str:
    """Push an event, and give its id."""
    return await deliver(one, event_of(one, **fields))


def event_of(one: Service, **fields: str) -> Pushed:
    """Make an event; another one made a second later isn't the same."""
    return one.world.baidu.pushes.event("APP_NAME_CLEAR", APP, fields=fields)


async def deliver(one: Service, pushed: Pushed) -> str:
    """Deliver an event, and give its id, if it is new."""
    known = set(await one.waiting())
    assert (await one.deliver(pushed)).content == b"success"
    return next(iter(set(await one.waiting()) - known), "")


async def parked(one: Service) -> list[Any]:
    return [listed.noted async for listed in one.journal().listed() if listed.parked]


async def is_parked(one: Service) -> bool:
    return bool(await parked(one))


async def nothing_waits(one: Service) -> bool:
    return await one.waiting() == []


def test_waits_longer_each_time() -> None:
    assert [pause(begun) for begun in range(1, 9)] == [1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 3600.0, 3600.0]


@pytest.mark.usefixtures("at_once")
async def test_a_handler_that_fails_is_called_again() -> None:
    one = service()
    one.handled.fails = 2
    async with one.app:
        await push_event(one)
        assert [event.attempt for event in await one.handled.wait(3)] == [1, 2, 3]
        await until_true(lambda: nothing_waits(one))
    assert len({event.id for event in one.handled.events}) == 1


async def test_a_failed_event_waits_for_its_time() -> None:
    one = service()
    one.handled.fails = 1
    async with one.app:
        await push_event(one)
        await one.handled.wait()
        await anyio.sleep(0.2)
    assert len(one.handled.events) == 1
    (listed,) = [listed async for listed in one.journal().listed()]
    assert listed.noted.error is not None
    assert listed.noted.error.startswith("RuntimeError at receiving.py:")


@pytest.mark.usefixtures("at_once")
async def test_an_event_that_fails_for_good_is_parked_and_replayed() -> None:
    one = service(attempts=3)
    one.handled.fails = 5
    pushed = event_of(one)
    async with one.app:
        event_id = await deliver(one, pushed)
        await until_true(lambda: is_parked(one))
        assert len(one.handled.events) == 3
        (noted,) = await parked(one)
        assert (noted.id, noted.name, noted.app, noted.attempt) == (event_id, "APP_NAME_CLEAR", APP, 3)
        assert await one.journal().replay("nobody's") is False
        assert await one.journal().replay(event_id) is True
        await until_true(lambda: nothing_waits(one))
        # A repeat of the provider's is still known.
        assert await deliver(one, pushed) == ""
    assert [event.attempt for event in one.handled.events] == [1, 2, 3, 4, 5, 6]


async def test_an_event_that_was_put_off_is_hastened() -> None:
    one = service()
    one.handled.fails = 1
    async with one.app:
        event_id = await push_event(one)
        await one.handled.wait()
        await until_true(lambda: _replayed(one, event_id))
        assert [event.attempt for event in await one.handled.wait(2)] == [1, 2]
        await until_true(lambda: nothing_waits(one))
    assert await one.journal().replay(event_id) is False


async def _replayed(one: Service, event_id: str) -> bool:
    return await one.journal().replay(event_id)


@pytest.mark.usefixtures("at_once")
async def test_a_handler_that_hangs_is_broken_off() -> None:
    calls: list[int] = []

    async def handler(event: Event) -> None:
        calls.append(event.attempt)
        if event.attempt == 1:
            await anyio.sleep_forever()

    one = service(handler=handler, timeout=0.05)
    async with one.app:
        await push_event(one)
        await until(lambda: calls == [1, 2])
        await until_true(lambda: nothing_waits(one))


@pytest.mark.usefixtures("at_once")
async def test_an_event_that_ends_its_process_each_time_is_parked() -> None:
    """Its attempts are counted before they are made."""
    one = service(attempts=2)
    event_id = await noted_only(one)
    for _ in range(2):
        async with one.journal().claim(await first_name(one)) as claim:
            assert claim is not None  # and the process dies here
    async with one.app:
        await until_true(lambda: is_parked(one))
    (noted,) = await parked(one)
    assert (noted.id, noted.error) == (event_id, "the process ended in every attempt to handle it")
    assert one.handled.events == []


async def noted_only(one: Service) -> str:
    """Have an event in the journal that nobody handles yet."""
    letter = one.world.baidu.pushes.event("APP_NAME_CLEAR", APP).letter()
    event = one.clients[0].open_push(letter.headers, letter.body)
    assert await one.journal().note(event)
    return event.id


async def first_name(one: Service) -> str:
    return await anext(aiter(one.journal().waiting()))


async def test_closing_waits_for_what_is_in_hand() -> None:
    begun, done = anyio.Event(), list[str]()

    async def handler(event: Event) -> None:
        begun.set()
        await anyio.sleep(0.2)
        done.append(event.id)

    one = service(handler=handler, concurrency=1)
    async with one.app:
        first = await push_event(one, reason="1")
        await begun.wait()
        await push_event(one, reason="2")
    assert done == [first]
    assert len(await one.waiting()) == 1


async def test_what_takes_longer_than_the_grace_stays_in_the_journal() -> None:
    begun = anyio.Event()

    async def handler(_event: Event) -> None:
        begun.set()
        await anyio.sleep_forever()

    one = service(handler=handler, grace=0.05)
    async with one.app:
        event_id = await push_event(one)
        await begun.wait()
    assert await one.waiting() == [event_id]


async def test_many_more_than_are_handled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What doesn't find room in memory is found in the journal."""
    monkeypatch.setattr(handling, "_BUFFER", 2)
    most, now = 0, 0
    full = anyio.Event()

    async def handler(_event: Event) -> None:
        nonlocal most, now
        now += 1
        most = max(most, now)
        if now == 3:
            full.set()
        await full.wait()
        await anyio.lowlevel.checkpoint()
        now -= 1

    one = service(handler=handler, concurrency=3)
    async with one.app:
        for number in range(40):
            await push_event(one, reason=f"{number}")
        await until_true(lambda: nothing_waits(one))
    assert most == 3


@define
class Failing:
    """When a store's calls fail."""

    loads: int = 0
    saves: int = 0
    names: int = 0


class FailingStore(MemoryStore):
    """A store that is away now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.failing = Failing()

    def _fail(self, name: str) -> None:
        left: int = getattr(self.failing, name)
        if left > 0:
            setattr(self.failing, name, left - 1)
            raise StoreError("the store is away")

    async def load(self, key: Key) -> Entry:
        self._fail("loads")
        return await super().load(key)

    async def save(
        self,
        key: Key,
        value: bytes | None,
        *,
        version: int,
        lease: Lease | None = None,
        forget_after: float | None = None,
    ) -> int | None:
        if value is None:
            self._fail("saves")
        return await super().save(key, value, version=version, lease=lease, forget_after=forget_after)

    async def names(self, component: str, kind: str) -> AsyncIterator[str]:  # type: ignore[override]
        self._fail("names")
        async for name in super().names(component, kind):
            yield name


async def test_a_store_that_is_away_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """What was handled is noted as soon as that can be; and what can't be read is looked for again."""
    store = FailingStore()
    one = service(store)
    await noted_only(one)
    store.failing = Failing(loads=1, saves=2, names=1)
    async with one.app:
        await one.handled.wait()
        await until_true(lambda: nothing_waits(one))
    assert len(one.handled.events) == 1
    assert "can't be read" in caplog.text
    assert "failed while an event was in hand" in caplog.text


async def test_what_couldnt_be_noted_is_handled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least once: the attempt says so."""
    store = FailingStore()
    one = service(store)
    await noted_only(one)
    store.failing = Failing(saves=5)
    async with one.app:
        await until_true(lambda: nothing_waits(one))
    assert [event.attempt for event in one.handled.events] == [1, 2]


async def test_logs_what_went_wrong_without_what_is_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Even a handler's error that shows the ticket."""

    async def handler(event: Event) -> None:
        raise ValueError(f"what is this? {getattr(event, 'ticket', '')} {event!r}")

    world = world_of()
    one = service(world=world, handler=handler)
    caplog.set_level(logging.DEBUG)
    async with one.app:
        await one.deliver(world.baidu.pushes.ticket())
        await until(lambda: "what is this?" in caplog.text)
    assert world.baidu.terms.ticket.prefix not in caplog.text
    assert "ValueError" in caplog.text


async def test_what_cant_be_read_any_more_is_put_off(caplog: pytest.LogCaptureFixture) -> None:
    """As when another version wrote it; it stays where it is."""
    one = service(handler=Handled())
    event_id = await noted_only(one)
    key = one.journal()._key("event", await first_name(one))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    entry = await one.store.load(key)
    await one.store.save(key, b"{}", version=entry.version)
    async with one.app:
        await until(lambda: "can't be read: another version" in caplog.text)
    assert event_id


class CountingStore(MemoryStore):
    """A store that counts what is read, and how often it is looked through."""

    def __init__(self) -> None:
        super().__init__()
        self.loads = self.looks = 0

    def names(self, component: str, kind: str) -> AsyncGenerator[str]:
        self.looks += component.startswith("baidu")
        return super().names(component, kind)

    async def load(self, key: Key) -> Entry:
        self.loads += 1
        return await super().load(key)


def resting(one: Service) -> Collection[object]:
    return one.app._handling._resting  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


async def test_what_was_put_off_is_looked_at_less_and_less() -> None:
    """Thousands may be: they are read once in a while, not at every look; and what is gone is forgotten."""
    store = CountingStore()
    one = service(store, poll=0.001)
    one.handled.fails = 1000
    async with one.app:
        for number in range(20):
            await push_event(one, reason=f"{number}")
        await one.handled.wait(20)
        await until(lambda: len(resting(one)) == 20)
        store.loads, until_then = 0, store.looks + 60
        await until(lambda: store.looks >= until_then)
        assert 0 < store.loads <= 20 * 10  # each would be read 60 times; taking it in hand reads it more than once
        for name in [name async for name in one.journal().waiting()]:
            key = Key("baidu:" + one.clients[0].component, "event", name)
            await store.save(key, None, version=(await store.load(key)).version)
        await until(lambda: not resting(one))
