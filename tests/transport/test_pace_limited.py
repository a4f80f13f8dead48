"""Pace against a provider that limits calls, on a real socket."""

from __future__ import annotations

import time

import anyio
import pytest
from attrs import define

from miniapp_tp import (
    BaiduClient,
    Options,
    RateLimited,
    each,
)
from miniapp_tp.priority import in_bulk
from miniapp_tp.sandbox import Fault, Sandbox
from miniapp_tp.sandbox.world import World
from tests.support.running import baidu

# --- on a real socket -----------------------------------------------------------------------------------------------


@define
class Watched:
    """What a client that calls a limited provider saw."""

    seen: list[tuple[float, str | None]]
    waits: list[float]
    lasted: float

    def after(self, warm_up: float) -> tuple[float, float]:
        """Tell the accepted calls per second, and the share of busy answers, after the warm-up."""
        since = self.seen[0][0] + warm_up
        late = [error for moment, error in self.seen if moment >= since]
        busy = sum(error == RateLimited.__name__ for error in late)
        return (len(late) - busy) / (self.lasted - warm_up), busy / len(late)


async def called(seconds: float, per_second: int) -> Watched:
    """Read apps in bulk as fast as goes for some seconds, and twice a second one that somebody waits for."""
    seen: list[tuple[float, str | None]] = []
    waits: list[float] = []
    with Sandbox(apps={"baidu": int(per_second * seconds * 1.5)}, per_second=per_second) as sandbox:
        client = BaiduClient(
            sandbox.baidu.component,
            tokens=sandbox.baidu.tokens,
            base_url=sandbox.url,
            options=Options(attempts=10),
            hooks=[lambda attempt: seen.append((time.monotonic(), attempt.error))],
        )

        async def wait_for(app: str) -> None:
            began = time.monotonic()
            await client.get_info(app)
            waits.append(time.monotonic() - began)

        async def many() -> None:
            async with each(client.get_server_domain, sandbox.baidu.tokens, concurrency=16) as outcomes:
                async for _outcome in outcomes:
                    pass

        started = time.monotonic()
        async with client, anyio.create_task_group() as group:
            group.start_soon(many)
            for app in sandbox.baidu.tokens:
                if time.monotonic() - started > seconds:
                    break
                group.start_soon(wait_for, app)
                await anyio.sleep(0.5)
            group.cancel_scope.cancel()
        return Watched(seen, waits, time.monotonic() - started)


async def test_it_slows_down_for_a_provider_with_a_limit() -> None:
    watched = await called(seconds=5, per_second=50)
    rate, busy = watched.after(2.0)
    assert 25 < rate < 55
    assert busy < 0.2


@pytest.mark.soak
async def test_it_settles_within_a_tenth_of_the_limit(capsys: pytest.CaptureFixture[str]) -> None:
    watched = await called(seconds=120, per_second=50)
    rate, busy = watched.after(10.0)
    waits = sorted(watched.waits)
    p99 = waits[int(len(waits) * 0.99) - 1]
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what it is for
            f"\nlimited to 50 calls/s, 16 in bulk and 2/s interactive: {rate:.1f} accepted/s and {busy:.2%} busy "
            f"answers after 10 s; interactive p50 {waits[len(waits) // 2]:.3f} s, p99 {p99:.3f} s of {len(waits)} calls"
        )
    assert rate == pytest.approx(50, rel=0.1)
    assert busy < 0.02
    assert p99 < 1.0


async def test_in_bulk_counts_as_many() -> None:
    world = World(apps=1)
    client = baidu(world)
    world.inject(Fault.RATE_LIMITED, times=3)
    with in_bulk():
        await client.get_info("15000001")
    assert world.count(operation="get_info") == 4
