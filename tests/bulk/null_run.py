"""A run over a transport that answers at once: `python -m tests.bulk.null_run JOURNAL APPS AT_ONCE`; prints JSON.

What it costs is the run's own work, the journal on the disk included. `each` over the same calls, without a journal, is
measured beside it, by CPU time as well, since other things may keep the machine busy.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.memory import peak_mib
from miniapp_tp import BaiduClient, Reply, Request, Run, RunOptions, ServerDomains, each, open_journal

if TYPE_CHECKING:
    from collections.abc import Iterator

DOMAINS: Final = ServerDomains(request=["api.example.com"])
EARLY: Final = 100_000


class Null:
    """Answers at once."""

    reply = Reply(200, {"content-type": "application/json"}, b'{"errno":0,"msg":"success"}')

    async def send(self, request: Request, *, timeout: float) -> Reply:
        """Answer."""
        return self.reply

    async def aclose(self) -> None:
        """Do nothing."""


async def token(_app: str) -> str:
    """Give the same token to every app."""
    return "45.a-token"


def ids(count: int) -> Iterator[str]:
    """Generate ids."""
    return (f"{15000000 + number}" for number in range(count))


def size(path: str) -> float:
    """Tell the size of a file, in MB."""
    return round(Path(path).stat().st_size / 1e6, 1)


async def mark(run: Run, told: dict[str, float]) -> None:
    """Note the memory once 100,000 apps are done."""
    while run.progress.counts.done < EARLY:  # noqa: ASYNC110 - it is the progress that is watched
        await asyncio.sleep(0.05)
    told["peak_at_100000_mb"] = round(peak_mib(), 1)


async def measure(path: str, count: int, concurrency: int) -> dict[str, Any]:
    """Make a run, run it, and do the same without a journal."""
    told: dict[str, Any] = {"apps": count, "concurrency": concurrency}
    client = BaiduClient("null", tokens=token, transport=Null())
    async with aclosing(open_journal(f"sqlite:///{path}")) as journal:
        started, cpu = time.perf_counter(), time.process_time()
        run = await Run.create(
            client,
            "set_server_domain",
            ids(count),
            journal=journal,
            arguments={"domains": DOMAINS},
            why="to measure",
            options=RunOptions(concurrency=concurrency),
        )
        told["written_down_per_second"] = round(count / (time.perf_counter() - started))
        began = time.perf_counter()
        watching = asyncio.create_task(mark(run, told))
        report = await run.go()
        watching.cancel()
        told["calls_per_second"] = round(count / (time.perf_counter() - began))
        told["cpu_us_per_app"] = round((time.process_time() - cpu) / count * 1e6, 1)
        told |= {"done": report.counts.done, "peak_mb": round(peak_mib(), 1)}
        told["journal_mb"] = size(path)
    began, cpu = time.perf_counter(), time.process_time()
    async with each(
        lambda app: client.set_server_domain(app, DOMAINS), ids(min(count, EARLY)), concurrency=concurrency
    ) as outcomes:
        async for _outcome in outcomes:
            pass
    told["each_per_second"] = round(min(count, EARLY) / (time.perf_counter() - began))
    told["each_cpu_us_per_app"] = round((time.process_time() - cpu) / min(count, EARLY) * 1e6, 1)
    return told


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))  # noqa: T201
