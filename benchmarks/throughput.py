"""Calls per second, CPU per call and peak memory: every contender in a process of its own, in turn, several rounds."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from benchmarks.contenders import CONTENDERS
from benchmarks.memory import peak_mib
from benchmarks.server import serving

if TYPE_CHECKING:
    from benchmarks.contenders import Call
    from benchmarks.memory import peak_mib
from benchmarks.server import Served

AT_ONCE: Final = (1, 10, 100, 500, 1000)
_WRITES_AT: Final = 100
_WINDOW: Final = 1.0
_WARM: Final = 0.2


async def rate(call: Call, at_once: int, seconds: float) -> tuple[int, float, float]:
    """Make calls for a time, some at once: how many, in how many seconds, with how many seconds of CPU."""
    begun, cpu = time.perf_counter(), time.process_time()
    made = 0

    async def worker() -> None:
        nonlocal made
        while time.perf_counter() - begun < seconds:
            await call()
            made += 1

    await asyncio.gather(*(worker() for _ in range(at_once)))
    return made, time.perf_counter() - begun, time.process_time() - cpu


async def _one(name: str, url: str, window: float) -> list[dict[str, Any]]:
    """Measure one contender: the work of a child process."""
    found: list[dict[str, Any]] = []
    async with CONTENDERS[name](url) as calls:
        plan = [("get_info", calls.get_info, at_once) for at_once in AT_ONCE]
        plan.append(("set_server_domain", calls.set_server_domain, _WRITES_AT))
        for operation, call, at_once in plan:
            await rate(call, at_once, _WARM * window)
            made, seconds, cpu = await rate(call, at_once, window)
            found.append(
                {
                    "operation": operation,
                    "at_once": at_once,
                    "per_second": made / seconds,
                    "cpu_us": cpu / made * 1e6,
                    "peak_mib": peak_mib(),
                }
            )
    return found


def _child(name: str, server: Served, window: float) -> list[dict[str, Any]]:
    before, begun = server.cpu(), time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.throughput", name, server.url, str(window)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    busy = (server.cpu() - before) / (time.perf_counter() - begun)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return [{**one, "contender": name, "server_busy": busy} for one in found]


def measure(rounds: int = 3, window: float = _WINDOW) -> dict[str, Any]:
    """Let every contender have its turn in every round, and give the medians."""
    rows: list[dict[str, Any]] = []
    with serving() as server:
        for number in range(rounds):
            for name in CONTENDERS:
                print(f"  round {number + 1} of {rounds}: {name}", flush=True)
                rows += _child(name, server, window)
        return {"server": server.name, "rounds": rounds, "medians": _medians(rows)}


def _medians(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = list(dict.fromkeys((row["contender"], row["operation"], row["at_once"]) for row in rows))
    figures = ("per_second", "cpu_us", "peak_mib", "server_busy")
    found: list[dict[str, Any]] = []
    for key in keys:
        same = [row for row in rows if (row["contender"], row["operation"], row["at_once"]) == key]
        values = {figure: median(row[figure] for row in same) for figure in figures}
        found.append({"contender": key[0], "operation": key[1], "at_once": key[2], **values})
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_one(sys.argv[1], sys.argv[2], float(sys.argv[3])))))
