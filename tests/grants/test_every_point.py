"""Every store and transport call of a grant's life, and what becomes of the grant if its owner ends right there.

The owner is killed, its caller is cancelled, or it is frozen past its lease and woken: before the call is carried out,
and after it was, when its result isn't delivered yet. Real processes, and a SQLite file for each case.

The way back afterwards is to ask for the app, as if nothing had happened. Where an authorization hadn't left anything
yet, it is to authorize with the same code again. Where the provider has exchanged a code for an app that nobody has
named, and the answer is lost, it is `recover(app)`, or the event that tells of the authorization: no one else can know
the app. No merchant is ever asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import define, evolve, field, frozen

from miniapp_tp.sandbox import Sandbox
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.sqlite import SqliteStore
from miniapp_tp.transport.http import HttpxTransport
from miniapp_tp.wire.messages import Secret
from tests.grants.conftest import EVERY, assert_newest, client_on, kept, order_for, prepare, say
from tests.grants.worker import (
    NO_CERTIFICATES,
    Order,
    Points,
    WatchedStore,
    WatchedTransport,
    client_for,
    flow,
    store_for,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.sandbox.provider import Provider
    from miniapp_tp.stores import TokenStore
    from tests.grants.conftest import Worker, Workshop

AT_ONCE = 6
TERM = 0.6
NO_REFRESH = "kuaishou without refresh"
FLOWS = {
    "baidu": ("info", "authorize", "unnamed", "recover"),
    "kuaishou": ("info", "authorize", "recover"),
    NO_REFRESH: ("info",),
}
ALL = [(provider, name) for provider, flows in FLOWS.items() for name in flows]
SOME = [(provider, name) for provider, name in ALL if provider == "baidu"]
EXCHANGE = "send oauth/token"
NOT_TOLD = "the app is recovered by its id"


@frozen
class Case:
    """One way to end.

    Attributes:
        provider: The provider.
        flow: What was being done.
        act: How it ended.
        point: At which call, from 1; 0 for nowhere.
        after: Whether that call had been carried out.
        call: Its name.
    """

    provider: str
    flow: str
    act: str = ""
    point: int = 0
    after: bool = False
    call: str = ""

    def __str__(self) -> str:
        return f"{self.provider} {self.flow}: {self.act} {'after' if self.after else 'before'} {self.point} {self.call}"

    @property
    def untold(self) -> bool:
        """Whether the provider has given tokens out for a code, and nobody has written down either them or the app."""
        exchanged = (self.call == EXCHANGE and self.after) or (self.call == "save unnamed" and not self.after)
        return self.flow == "unnamed" and exchanged


@define
class Tally:
    """What was seen."""

    cases: int = 0
    recoveries: int = 0
    refreshes: int = 0
    ways: Counter[str] = field(factory=Counter[str])
    troubles: list[str] = field(factory=list[str])

    def __str__(self) -> str:
        ways = ", ".join(f"{way} {times}" for way, times in sorted(self.ways.items()))
        return (
            f"{self.cases} cases: grants lost 0, merchants asked again 0, refreshes {self.refreshes}, "
            f"recoveries {self.recoveries} ({ways})"
        )


@define
class Bench:
    """Where cases are tried, each with an app and a store of its own: a file, or a place at an address."""

    sandbox: Sandbox
    folder: Path
    term: float = TERM
    address: str = ""
    tally: Tally = field(factory=Tally)
    _apps: dict[str, Iterator[str]] = field(init=False)
    _turns: asyncio.Semaphore = field(factory=lambda: asyncio.Semaphore(AT_ONCE))

    def __attrs_post_init__(self) -> None:
        self._apps = {name: iter(list(self.sandbox.provider(name).apps)) for name in ("baidu", "kuaishou")}

    def side(self, case: Case) -> Provider:
        return self.sandbox.provider(case.provider.partition(" ")[0])

    def order(self, case: Case) -> Order:
        """Take the next app, and have its merchant authorize if that is what the flow begins with."""
        side = self.side(case)
        app = next(self._apps[side.name])
        code = side.authorize(app) if case.flow in {"authorize", "unnamed"} else ""
        return order_for(
            self.sandbox,
            side.name,
            store=f"{self.address}_{app}" if self.address else str(self.folder / f"{app}.db"),
            flow=case.flow,
            app=app,
            code=code,
            refresh_path=side.rules.refresh_path if case.provider == side.name else None,
            term=self.term,
        )

    async def prepare(self, case: Case, order: Order, store: TokenStore) -> None:
        """Put into the store what there is as the flow begins: a ticket, and a pair that died overnight."""
        side = self.side(case)
        async with client_on(order, store) as client:
            await prepare(client, side, *([order.app] if case.flow in {"info", "recover"} else []))
        side.expire_tokens(order.app)

    def settle(self, case: Case, order: Order) -> Counter[str]:
        """Count what a case took, and check that nobody asked its merchant again."""
        side, took = self.side(case), self.counts(order)
        # The codes that were given out: one because the merchant agreed, the others recovered.
        assert side.spent[order.app].codes == (order.code != "") + took["recover_code"]
        self.tally.cases += 1
        self.tally.refreshes += took["refresh_grant"]
        self.tally.recoveries += took["recover_code"]
        return took

    def counts(self, order: Order) -> Counter[str]:
        names = ("refresh_grant", "recover_code", "exchange_code")
        return Counter({name: self.sandbox.calls[order.provider, name, order.app] for name in names})

    async def attempt(self, case: Case, job: Callable[[Case], Awaitable[None]]) -> None:
        """Do a case in its turn, and note what is wrong with it."""
        async with self._turns:
            try:
                await job(case)
            except Exception as trouble:  # noqa: BLE001 - all cases are tried, and all troubles shown
                self.tally.troubles.append(f"{case}: {trouble!r}"[:600])

    async def attempt_all(self, cases: Sequence[Case], job: Callable[[Case], Awaitable[None]]) -> None:
        started = time.monotonic()
        await asyncio.gather(*(self.attempt(case, job) for case in cases))
        assert not self.tally.troubles, "\n".join([f"{len(self.tally.troubles)} of {len(cases)}", *self.tally.troubles])
        say(f"{cases[0].act} at every point: {self.tally}, {time.monotonic() - started:.0f} s")

    async def points(self, provider: str, name: str, act: str, every: int = 1) -> list[Case]:
        """Make the flow's cases: a dry run tells its calls."""
        dry = Case(provider, name)
        order = self.order(dry)
        points = Points(0, False, lambda: None)  # noqa: FBT003
        async with contextlib.aclosing(MemoryStore()) as store:
            await self.prepare(dry, order, store)
            async with watched(order, store, points) as client:
                await flow(client, order)
        cases = itertools.product(enumerate(points.calls, 1), (False, True))
        return [Case(provider, name, act, point, after, call) for (point, call), after in cases][::every]


@contextlib.asynccontextmanager
async def watched(order: Order, store: TokenStore, points: Points) -> AsyncGenerator[ComponentClient]:
    transport = HttpxTransport(verify=NO_CERTIFICATES, trust_env=False)
    async with client_for(order, WatchedStore(store, points), WatchedTransport(transport, points)) as client:
        yield client
    await transport.aclose()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Sandbox(apps=400) as sandbox:
        yield Bench(sandbox, tmp_path)


# --- the caller is cancelled ------------------------------------------------------------------------------------------


async def cancel(bench: Bench, case: Case, store: TokenStore) -> None:
    """Cancel the caller; the process lives on, and so does the spend."""
    order = bench.order(case)
    await bench.prepare(case, order, store)
    points = Points(case.point, case.after, lambda: None)
    async with watched(order, store, points) as client:
        caller = asyncio.create_task(flow(client, order))
        points.act = caller.cancel
        await asyncio.wait([caller])
        bench.tally.ways["cancelled" if caller.cancelled() else "done in spite of it"] += 1
        if case.flow == "info":
            assert (await client.get_info(order.app)).app == order.app
    async with client_on(order, store) as client:
        assert (await client.get_info(order.app)).app == order.app
    took = bench.settle(case, order)
    assert took["recover_code"] == (case.flow == "recover" or case.provider == NO_REFRESH)
    assert took["refresh_grant"] == (case.flow == "info" and case.provider != NO_REFRESH)
    await assert_newest(order, bench.side(case), store)


async def cancel_all(bench: Bench, ways: Sequence[tuple[str, str]], stores: Iterator[TokenStore], every: int) -> None:
    async def job(case: Case) -> None:
        async with contextlib.aclosing(next(stores)) as store:
            await cancel(bench, case, store)

    cases = [case for provider, name in ways for case in await bench.points(provider, name, "cancel", every)]
    await bench.attempt_all(cases, job)


def memories() -> Iterator[TokenStore]:
    while True:
        yield MemoryStore()


def files(folder: Path) -> Iterator[TokenStore]:
    for number in itertools.count():
        yield SqliteStore(folder / f"cancelled {number}.db")


async def test_cancelled_at_every_point(bench: Bench) -> None:
    """Nothing is lost, and nothing has to be recovered."""
    await cancel_all(bench, SOME, memories(), 1)


async def test_cancelled_at_some_points_of_a_file(bench: Bench, tmp_path: Path) -> None:
    await cancel_all(bench, SOME, files(tmp_path), 5)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_cancelled_at_every_point_of_all(bench: Bench, tmp_path: Path, kind: str) -> None:
    await cancel_all(bench, ALL, memories() if kind == "memory" else files(tmp_path), EVERY)


# --- the owner is killed, or frozen -----------------------------------------------------------------------------------


async def way_back(workshop: Workshop, case: Case, order: Order) -> str:
    """Have a process that knows nothing of what happened call the app, and tell what it took."""
    order = evolve(order, act="", point=0)
    said = await workshop.run(order, flow="info")
    if said.get("value") == order.app:
        return "at once"
    # Nothing had been left yet: an authorization is repeated, by the browser's reload or the event that comes again.
    assert said.get("error") == "AuthorizationLost", said
    assert case.flow in {"authorize", "unnamed"}, said
    again = await workshop.run(order)
    if again.get("value") == order.app:
        return "with the same code"
    assert case.untold, again
    assert again.get("error") == "InvalidRequest", again
    recovered = await workshop.run(order, flow="recover")
    assert recovered.get("value") == order.app, recovered
    return NOT_TOLD


async def check(workshop: Workshop, bench: Bench, case: Case, order: Order) -> None:
    """See a process succeed that has just been started, and the newest pair kept.

    Where older tokens survive a newer pair, a frozen owner may get one that nobody keeps after another has taken over.
    Then what is kept is as good: it is renewed once more, in the usual way.
    """
    side, order = bench.side(case), evolve(order, flow="info", act="", point=0)
    said = await workshop.run(order)
    assert said.get("value") == order.app, said
    async with contextlib.aclosing(store_for(order)) as store:
        record, newest = await kept(store, order), side.newest_pair(order.app)
        assert record is not None
        assert newest is not None
        if side.rules.old_tokens_survive and record.access != Secret(newest.access_token):
            bench.tally.ways["an older pair is kept, which lives"] += 1
            before = bench.counts(order)
            side.expire_tokens(order.app)
            assert (await workshop.run(order)).get("value") == order.app
            assert (bench.counts(order) - before)["refresh_grant"] == (case.provider != NO_REFRESH)
            assert (bench.counts(order) - before)["recover_code"] == (case.provider == NO_REFRESH)
        await assert_newest(order, side, store)


async def begun(workshop: Workshop, bench: Bench, case: Case) -> tuple[Order, Worker]:
    order = bench.order(case)
    async with contextlib.aclosing(store_for(order)) as store:
        await bench.prepare(case, order, store)
    order = evolve(order, act=case.act, point=case.point, after=case.after)
    return order, workshop.begin(order)


async def kill(workshop: Workshop, bench: Bench, case: Case) -> None:
    order, worker = await begun(workshop, bench, case)
    assert (await worker.ended()).get("exit") == -9
    way = await way_back(workshop, case, order)
    assert (way == NOT_TOLD) == case.untold
    bench.tally.ways[way] += 1
    await check(workshop, bench, case, order)
    bench.settle(case, order)


async def freeze(workshop: Workshop, bench: Bench, case: Case) -> None:
    """Freeze the owner, have another take over, wake it."""
    order, worker = await begun(workshop, bench, case)
    assert await worker.frozen()
    bench.tally.ways[await way_back(workshop, case, order)] += 1
    worker.wake()
    said = await worker.ended()
    if said.get("value") != order.app:
        # What it got for the code was overtaken by the recovery: dead tokens don't tell whose they were.
        assert case.untold or case.flow == "unnamed", said
        bench.tally.ways[f"woken and told {said.get('error')}"] += 1
    await check(workshop, bench, case, order)
    bench.settle(case, order)


DOES = {"kill": kill, "freeze": freeze}


async def enumerate_points(
    workshop: Workshop, bench: Bench, act: str, ways: Sequence[tuple[str, str]], every: int = 1
) -> None:
    cases = [case for provider, name in ways for case in await bench.points(provider, name, act, every)]
    await bench.attempt_all(cases, lambda case: DOES[act](workshop, bench, case))


# Odd, so that calls are hit before and after they are carried out by turns.
@pytest.mark.parametrize(("act", "every"), [("kill", 7), ("freeze", 11)])
async def test_some_points(workshop: Workshop, bench: Bench, act: str, every: int) -> None:
    await enumerate_points(workshop, bench, act, SOME, every)


@pytest.mark.soak
@pytest.mark.parametrize("act", ["kill", "freeze"])
async def test_every_point(workshop: Workshop, bench: Bench, act: str) -> None:
    """With a provider for whom a new pair ends the older ones at once."""
    await enumerate_points(workshop, bench, act, ALL, EVERY)


@pytest.mark.soak
async def test_every_point_with_a_lenient_provider(workshop: Workshop, bench: Bench) -> None:
    """Older tokens survive: what a frozen owner spends as it wakes is taken."""
    for name in ("baidu", "kuaishou"):
        bench.sandbox.provider(name).rules.old_tokens_survive = True
    await enumerate_points(workshop, bench, "freeze", [*SOME, (NO_REFRESH, "info")], EVERY)


@pytest.mark.soak
async def test_frozen_past_a_real_lease(workshop: Workshop, bench: Bench) -> None:
    """With the term of 5 s that everybody has: frozen before the refresh is sent, and when it was answered."""
    bench.term = 5.0
    cases = [case for case in await bench.points("baidu", "info", "freeze") if case.call == "send oauth/token"]
    assert len(cases) == 2
    await bench.attempt_all(cases, lambda case: freeze(workshop, bench, case))
