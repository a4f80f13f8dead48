"""A hundred thousand apps through `each`: how fast, and how little memory it takes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.memory import peak_mib
from benchmarks.own_cost import NullTransport
from benchmarks.work import TOKEN
from miniapp_tp import BaiduClient, Done, each

if TYPE_CHECKING:
    from collections.abc import Iterator

_APPS: Final = 100_000
_WARM: Final = 2_000


async def _token(_app: str) -> str:
    return TOKEN


def _apps(count: int) -> Iterator[str]:
    for number in range(count):
        yield str(15_000_000 + number)


async def _run(client: BaiduClient, count: int) -> None:
    done = 0
    async with each(client.get_info, _apps(count), concurrency=200) as outcomes:
        async for outcome in outcomes:
            assert isinstance(outcome, Done)
            done += 1
    assert done == count


async def _child() -> dict[str, Any]:
    client = BaiduClient("a-client-id", tokens=_token, transport=NullTransport())
    await _run(client, _WARM)
    before, begun = peak_mib(), time.perf_counter()
    await _run(client, _APPS)
    seconds = time.perf_counter() - begun
    return {"apps": _APPS, "per_second": _APPS / seconds, "growth_mib": peak_mib() - before, "peak_mib": peak_mib()}


def measure() -> dict[str, Any]:
    """Measure in a process of its own: peak memory never goes down again."""
    command = [sys.executable, "-m", "benchmarks.bulk", "child"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_child())))
