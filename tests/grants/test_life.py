"""Whatever happens to two owners of a store, in whatever order, no grant is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from miniapp_tp.errors import Actor, AuthorizationLost, MiniAppError
from miniapp_tp.sandbox.world import World
from miniapp_tp.stores import MemoryStore
from tests.grants.conftest import SOAK, prepare, say
from tests.grants.model import FAULTS, Died, InstantLoop, Owner, Setting
from tests.grants.worker import Order

if TYPE_CHECKING:
    from collections.abc import Coroutine

OWNERS = 2
APPS = 3
ADOPTED = 2
STEPS_EACH = 50
UNCHECKED = 8
STEPS = 1_000
SOAK_STEPS = int(os.environ.get("GRANT_STEPS", "20000"))
EPOCH = 1_800_000_000.0

CALLS = ("info", "info", "info", "info", "recover", "authorize", "unnamed")
calls = st.tuples(st.integers(0, OWNERS - 1), st.integers(0, APPS - 1), st.sampled_from(CALLS))
some_calls = st.lists(calls, min_size=1, max_size=5)
owners = st.integers(0, OWNERS - 1)
apps = st.integers(0, APPS - 1)


class Life(RuleBasedStateMachine):
    """Two owners, a provider, a store."""

    seen: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.loop = InstantLoop()
        self.loop.set_exception_handler(lambda _loop, _context: None)  # the dead leave tasks behind
        self.ahead = 0.0
        self.world = World(apps=APPS, clock=self.now)
        self.disturbed = False
        self.unchecked = 0

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

    @rule(wanted=some_calls)
    def call_more(self, wanted: list[tuple[int, int, str]]) -> None:
        """Twice, so that it is done more often than the rest."""
        self.call(wanted)

    @rule(wanted=some_calls)
    def call(self, wanted: list[tuple[int, int, str]]) -> None:
        """Call some things at once, and let what they begun go on."""
        self.step(*(name for _, _, name in wanted))
        got = self.loop.run_until_complete(self.together([self.called(*one) for one in wanted]))
        self.disturbed = self.disturbed or any(one.troubles.fired for one in self.owners)
        if not self.disturbed and all(name == "info" and self.apps[app] in self.known for _, app, name in wanted):
            assert not [one for one in got if one is not None], got
        self.bury()

    async def together(self, coroutines: list[Coroutine[Any, Any, None]]) -> list[BaseException | None]:
        return await asyncio.gather(*coroutines, return_exceptions=True)

    async def called(self, owner: int, number: int, name: str) -> None:
        client, app = self.owners[owner].client, self.apps[number]
        with contextlib.suppress(Died) if name != "info" or self.owners[owner].troubles.coming else _nothing():
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
                self.seen["deaths"] += 1
                self.owners[number] = self.setting.owner()

    # --- what happens to them -----------------------------------------------------------------------------------------

    @rule(owner=owners, left=st.integers(0, 12), fault=st.sampled_from(FAULTS), after=st.booleans())
    def order_fault(self, owner: int, left: int, fault: str, after: bool) -> None:  # noqa: FBT001
        self.step(f"{fault} {'after' if after else 'before'}")
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
        self.ahead += seconds

    @rule(seconds=st.sampled_from([0.05, 0.3, 2.0, 15.0]))
    def wait(self, seconds: float) -> None:
        self.step("wait")
        self.loop.run_until_complete(asyncio.sleep(seconds))
        self.bury()

    @rule(app=apps)
    def expire(self, app: int) -> None:
        """Have the provider reject an app's token before its time."""
        self.step("expire")
        self.side.expire_tokens(self.apps[app])

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
        self.loop.run_until_complete(self.checked())
        self.disturbed, self.unchecked = False, 0
        assert max(self.setting.spent.values(), default=0) <= 1

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
            owner.troubles.fired = 0
        self.loop.run_until_complete(asyncio.sleep(60))
        self.bury()

    async def get_at(self, owner: Owner, app: str) -> None:
        """Get at an app; one that nobody has authorized successfully may have to be recovered."""
        try:
            await owner.client.get_info(app)
        except AuthorizationLost as error:
            assert error.actor is Actor.YOU  # noqa: PT017 - only this one is caught
            assert app not in self.known  # noqa: PT017
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


def _nothing() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


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
                suppress_health_check=list(HealthCheck),
            ),
        )
    figures = ", ".join(f"{name} {times}" for name, times in sorted(Life.seen.items()))
    say(f"two owners: no grant lost, no refresh token spent twice; {figures}; {time.monotonic() - started:.0f} s")


def test_no_grant_is_lost() -> None:
    live(STEPS)


@pytest.mark.soak
def test_no_grant_is_lost_in_the_long_run() -> None:
    live(SOAK_STEPS)
