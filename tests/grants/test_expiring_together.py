"""Thousands of apps whose tokens expire within one minute, under hundreds of calls at once: no call fails."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from attrs import define

from miniapp_tp import Done, MiniAppError, each
from miniapp_tp.client import setting_up
from miniapp_tp.sandbox import Sandbox
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.sqlite import SqliteStore
from tests.grants.conftest import client_on, order_for, prepare, say
from tests.grants.worker import with_terms

if TYPE_CHECKING:
    from pathlib import Path

    from miniapp_tp.client.component import ComponentClient

AT_ONCE = 200
LIFE = 3600.0
MINUTE = 60.0


@define
class Clock:
    """The clock of the provider and of the client: it is moved on by what is done."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


async def called(client: ComponentClient, clock: Clock, apps: list[str]) -> Counter[str]:
    """Call each app at least once, some more often, while the minute passes in which all of their tokens end."""
    calls = [*apps, *apps[::5]]
    random.Random(7).shuffle(calls)  # noqa: S311 - an order, no secret
    outcomes: Counter[str] = Counter()
    begun = clock.ahead
    async with each(client.get_info, calls, concurrency=AT_ONCE, catch=MiniAppError) as results:
        async for result in results:
            outcomes["ok" if isinstance(result, Done) else type(result.error).__name__] += 1
            clock.ahead = begun + (MINUTE + 40.0) * outcomes.total() / len(calls)
    return outcomes


async def expire_together(monkeypatch: pytest.MonkeyPatch, store: MemoryStore | SqliteStore, apps: int) -> None:
    clock = Clock()
    monkeypatch.setattr(setting_up, "Keeping", with_terms(5.0, clock))
    with Sandbox(apps={"baidu": apps}, clock=clock) as sandbox:
        side = sandbox.baidu
        order = order_for(sandbox, "baidu", store="", flow="", app="")
        begun = clock()
        for place, app in enumerate(side.apps.values()):
            app.token_expires_at = begun + LIFE + MINUTE * place / apps
        async with contextlib.aclosing(store), client_on(order, store) as client:
            await prepare(client, side, *side.apps, at=clock())
            # The last seconds in which all tokens are good; in 30 s the first isn't to be used any more.
            clock.ahead += begun + LIFE - MINUTE - clock()
            started = time.monotonic()
            outcomes = await called(client, clock, list(side.apps))
            seconds = time.monotonic() - started
        refreshes = Counter({app: sandbox.calls["baidu", "refresh_grant", app] for app in side.apps})
        recoveries = sandbox.count(operation="recover_code")
    calls = outcomes.total()
    assert outcomes == {"ok": calls}
    assert max(refreshes.values()) == 1
    assert recoveries == 0
    say(
        f"{apps} apps expiring within a minute, {AT_ONCE} calls at once, {type(store).__name__}: {calls} calls, "
        f"0 failed, {refreshes.total()} refreshes, at most 1 per app, {calls / seconds:.0f} calls/s, {seconds:.1f} s"
    )


async def test_five_hundred_apps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    await expire_together(monkeypatch, SqliteStore(tmp_path / "tokens.db"), 500)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_ten_thousand_apps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str) -> None:
    store = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "tokens.db")
    await expire_together(monkeypatch, store, 10_000)
