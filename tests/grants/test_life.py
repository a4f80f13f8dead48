"""Whatever happens to two owners of a store, in whatever order, no grant is lost."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import pytest
from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from miniapp_tp.errors import Actor, AuthorizationLost, MiniAppError
from miniapp_tp.sandbox.world import World
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.wire.messages import Secret
from tests.grants.conftest import kept, prepare, say
from tests.grants.model import FAULTS, Died, InstantLoop, Owner, Setting
from tests.grants.worker import Order

if TYPE_CHECKING:
    from collections.abc import Coroutine

OWNERS = 2
APPS = 3
ADOPTED = 2
STEPS_EACH = 50
UNCHECKED = 8
STEPS = 1_500
SOAK_STEPS = int(os.environ.get("GRANT_STEPS", "20000"))
EPOCH = 1_800_000_000.0

CALLS = ("info", "info", "info", "info", "recover", "authorize", "unnamed")
Call = tuple[int, int, str]
Fault = tuple[int, int, str, bool]
calls = st.tuples(st.integers(0, OWNERS - 1), st.integers(0, APPS - 1), st.sampled_from(CALLS))
faults = st.tuples(st.integers(0, OWNERS - 1), st.integers(0, 14), st.sampled_from(FAULTS), st.booleans())
some_calls = st.lists(calls, min_size=1, max_size=5)
owners = st.integers(0, OWNERS - 1)
apps = st.integers(0, APPS - 1)


class Spends(NamedTuple):
    """What was asked for an app's tokens: refresh tokens taken and refused, codes given out."""

    doubt: bool
    used: int
    refused: int
    codes: int


class Life(RuleBasedStateMachine):
    """Two owners, a provider, a store."""

    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.loop = InstantLoop()
        self.loop.set_exception_handler(lambda _loop, _context: None)  # the dead leave tasks behind
        self.ahead = 0.0
        self.world = World(apps=APPS, clock=self.now)
        self.disturbed = False
        self.unchecked = 0
        self.late = False

    def now(self) -> float:
        return EPOCH + self.ahead + self.loop.time()

    @initialize(
        way=st.sampled_from(["baidu", "kuaishou", "kuaishou without refresh"]),
        survive=st.booleans(),
    )
    def begin(self, way: str, survive: bool) -> None:  # noqa: FBT001
        provider = way.partition(" ")[0]
        self.side = self.world.provider(provider)
        self.side.rules.old_tokens_survive = survive
        path = self.side.rules.refresh_path if way == provider else None
        order = Order(
            provider=provider,
            url="http://127.0.0.1",
            component=self.side.component,
            secret=self.side.secret,
            store="",
            flow="",
            app="",
            refresh_path=path,
        )
        self.setting = Setting(self.world, MemoryStore(clock=self.now), order, self.now)
        self.owners = [self.setting.owner() for _ in range(OWNERS)]
        self.apps = list(self.side.apps)
        self.known = set(self.apps[:ADOPTED])
        self.loop.run_until_complete(prepare(self.owners[0].client, self.side, *self.known, at=self.now()))
        self.step("begin")

    # --- what the owners do -------------------------------------------------------------------------------------------

    @rule(wanted=some_calls, dead=st.sets(apps), faults=st.lists(faults, max_size=3))
    def call(self, wanted: list[Call], dead: set[int], faults: list[Fault]) -> None:
        """Call some things at once, the tokens of some apps being dead, and let what they begin go on."""
        self.step(*(name for _, _, name in wanted))
        for app in dead:
            self.side.expire_tokens(self.apps[app])
        for owner, left, fault, after in faults:
            self.step_of_fault(owner, left, fault, after)
        before = self.loop.run_until_complete(self.spends())
        got = self.loop.run_until_complete(self.together([self.called(*one) for one in wanted]))
        self.disturbed = self.disturbed or any(one.troubles.fired for one in self.owners)
        # Tokens may have been given out for nobody knows which app.
        self.late = self.late or (self.disturbed and any(name == "unnamed" for _, _, name in wanted))
        if not self.disturbed and all(name == "info" and self.apps[app] in self.known for _, app, name in wanted):
            assert not [one for one in got if one is not None], got
            self.judge(before, self.loop.run_until_complete(self.spends()))
        assert all(one is None or isinstance(one, MiniAppError | Died) for one in got), got
        self.bury()

    async def spends(self) -> dict[str, Spends]:
        """Tell of each app whether there is a doubt about it, and what was asked for it so far."""
        told: dict[str, Spends] = {}
        for app in self.apps:
            record = await kept(self.setting.store, evolve(self.setting.order, app=app))
            spent = self.side.spent[app]
            doubt = record is None or record.intent is not None or record.refresh is None
            told[app] = Spends(doubt, spent.used, spent.refused, spent.codes)
        return told

    def judge(self, before: dict[str, Spends], after: dict[str, Spends]) -> None:
        """Check that where nothing went wrong one spend was enough for each app."""
        self.seen["undisturbed"] += 1
        for app, spends in after.items():
            once = before[app]
            if not once.doubt:
                assert spends.refused == once.refused
                assert (spends.used - once.used) + (spends.codes - once.codes) <= 1
                assert spends.codes == once.codes or self.setting.order.refresh_path is None

    @rule(wanted=st.lists(st.tuples(owners, apps, st.just("info")), min_size=1, max_size=5), dead=st.sets(apps))
    def call_in_peace(self, wanted: list[Call], dead: set[int]) -> None:
        """Call when everything is in order but for some dead tokens."""
        self.check()
        self.call(wanted, dead, [])

    async def together(self, coroutines: list[Coroutine[Any, Any, None]]) -> list[BaseException | None]:
        return await asyncio.gather(*coroutines, return_exceptions=True)

    async def called(self, owner: int, number: int, name: str) -> None:
        client, app = self.owners[owner].client, self.apps[number]
        match name:
            case "info":
                await client.get_info(app)
            case "recover":
                await client.recover(app)
            case "authorize":
                await client.authorize(self.side.authorize(app), app=app)
            case _:
                await client.authorize(self.side.authorize(app))
        self.known.add(app)

    def bury(self) -> None:
        """Put new owners in the place of those that have died."""
        for number, owner in enumerate(self.owners):
            if owner.troubles.dead:
                self.late = self.late or owner.troubles.late
                self.seen["deaths"] += 1
                self.owners[number] = self.setting.owner()

    # --- what happens to them -----------------------------------------------------------------------------------------

    def step_of_fault(self, owner: int, left: int, fault: str, after: bool) -> None:  # noqa: FBT001
        self.seen[f"{fault} {'after' if after else 'before'}"] += 1
        self.owners[owner].troubles.coming.append((left, fault, after))

    @rule(owner=owners, left=st.integers(0, 8), times=st.integers(2, 12), after=st.booleans())
    def order_burst(self, owner: int, left: int, times: int, after: bool) -> None:  # noqa: FBT001
        """Have the store, or the network, fail many times in a row."""
        self.step("burst")
        self.owners[owner].troubles.coming.extend((left if not number else 0, "fail", after) for number in range(times))

    @rule(seconds=st.sampled_from([1.0, 6.0, 40.0, 700.0, 3590.0, 7300.0, -20.0]))
    def jump(self, seconds: float) -> None:
        """Move all clocks: past a lease, past an expiry, back."""
        self.step("jump")
        self.loop.run_until_complete(asyncio.sleep(1))  # whoever isn't held up gets done with what it is at
        self.ahead += seconds
        self.late = self.late or self.disturbed

    @rule(seconds=st.sampled_from([0.05, 0.3, 2.0, 15.0]))
    def wait(self, seconds: float) -> None:
        self.step("wait")
        self.loop.run_until_complete(asyncio.sleep(seconds))
        self.bury()

    @rule()
    def expire_component(self) -> None:
        self.step("expire component")
        self.side.expire_component_tokens()

    # --- what must hold -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.unchecked >= UNCHECKED)
    @rule()
    def check(self) -> None:
        """See a process that has just been started get at every app, and then the owners as well."""
        self.step("check")
        self.calm()
        self.loop.run_until_complete(self.compared())
        self.loop.run_until_complete(self.checked())
        self.disturbed, self.unchecked, self.late = False, 0, False
        assert max(self.setting.spent.values(), default=0) <= 1

    async def compared(self) -> None:
        """See that what is kept without a doubt is the newest there is, unless a spend may have been overtaken."""
        unnamed = [
            name async for name in self.setting.store.names(f"{self.side.name}:{self.side.component}", "unnamed")
        ]
        if self.late or unnamed:
            return
        for app in self.known:
            record, newest = (
                await kept(self.setting.store, evolve(self.setting.order, app=app)),
                self.side.newest_pair(app),
            )
            if record is not None and record.intent is None and newest is not None:
                self.seen["compared"] += 1
                assert record.refresh == Secret(newest.refresh_token), app

    async def checked(self) -> None:
        fresh = self.setting.owner()
        for app in self.apps:
            await self.get_at(fresh, app)
            for owner in self.owners:
                await owner.client.get_info(app)
        await fresh.client.aclose()

    def calm(self) -> None:
        """Let nothing more go wrong, and what was frozen wake and end."""
        for owner in self.owners:
            owner.troubles.coming.clear()
            self.seen["faults"] += owner.troubles.fired
            self.late = self.late or owner.troubles.late
            owner.troubles.fired, owner.troubles.late = 0, False
        self.loop.run_until_complete(asyncio.sleep(60))
        self.bury()

    async def get_at(self, owner: Owner, app: str) -> None:
        """Get at an app; one that nobody has authorized successfully may have to be recovered."""
        try:
            await owner.client.get_info(app)
        except AuthorizationLost as error:
            assert error.actor is Actor.YOU  # noqa: PT017 - only this one is caught
            assert app not in self.known
            await owner.client.recover(app)
        self.known.add(app)

    def step(self, *names: str) -> None:
        self.unchecked += 1
        self.seen["steps"] += 1
        self.seen.update(names)

    def teardown(self) -> None:
        if hasattr(self, "owners"):
            self.check()
            spent = self.side.spent.values()
            self.seen["refreshes"] += sum(one.used for one in spent)
            self.seen["refused"] += sum(one.refused for one in spent)
            self.seen["recoveries"] += sum(self.world.calls[self.side.name, "recover_code", one] for one in self.apps)
            for owner in self.owners:
                self.loop.run_until_complete(owner.client.aclose())
        self.loop.close()


def live(steps: int) -> None:
    """Run the machine until it has made so many steps."""
    Life.seen = Counter()
    started = time.monotonic()
    while Life.seen["steps"] < steps:
        chunk = max(1, (steps - Life.seen["steps"]) // STEPS_EACH)
        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=chunk,
                stateful_step_count=STEPS_EACH,
                deadline=None,
                database=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
            ),
        )
    figures = ", ".join(f"{name} {times}" for name, times in sorted(Life.seen.items()))
    say(f"two owners: no grant lost, no refresh token spent twice; {figures}; {time.monotonic() - started:.0f} s")


def test_no_grant_is_lost() -> None:
    live(STEPS)


@pytest.mark.soak
def test_no_grant_is_lost_in_the_long_run() -> None:
    live(SOAK_STEPS)
