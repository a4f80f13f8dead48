"""Calls per second, CPU per call and peak memory: every contender in a process of its own, in turn, several rounds."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from attrs import asdict, define

from benchmarks.contenders import CONTENDERS
from benchmarks.memory import peak_mib
from benchmarks.server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from benchmarks.contenders import Call

AT_ONCE: Final = (1, 10, 100, 500, 1000)
_WRITES_AT: Final = 100
_WINDOW: Final = 2.0
_SETTLED: Final = 10.0
_LOOK: Final = 0.05
_FEWEST: Final = 50


@define
class Turn:
    """One measurement of one contender.

    Attributes:
        operation: What is called.
        at_once: How many calls are kept under way.
        seconds: For how long.
    """

    operation: str
    at_once: int
    seconds: float


@define
class _Sample:
    """What was counted at a moment: calls, seconds, seconds of CPU here and at the server."""

    calls: int
    clock: float
    cpu: float
    server: float


async def steady(call: Call, at_once: int, server: Served, seconds: float) -> dict[str, float]:
    """Keep some calls under way, and count those that end within a time: neither the beginning nor the end counts."""
    made, goes_on = 0, True

    async def worker() -> None:
        nonlocal made
        while goes_on:
            await call()
            made += 1

    def sample() -> _Sample:
        return _Sample(made, time.perf_counter(), time.process_time(), server.cpu())

    workers = [asyncio.create_task(worker()) for _ in range(at_once)]
    begun = sample()
    while made < at_once and time.perf_counter() - begun.clock < _SETTLED:  # noqa: ASYNC110 - looking is enough
        await asyncio.sleep(_LOOK)
    first = sample()
    await asyncio.sleep(seconds)
    while made - first.calls < _FEWEST:  # noqa: ASYNC110 - looking is enough
        await asyncio.sleep(_LOOK)
    last = sample()
    broken = [task.exception() for task in workers if task.done()]
    assert not broken, broken
    goes_on = False  # pyreqwest by hand now and then misses that it is cancelled
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    calls, elapsed = last.calls - first.calls, last.clock - first.clock
    return {
        "per_second": calls / elapsed,
        "cpu_us": (last.cpu - first.cpu) / calls * 1e6,
        "server_busy": (last.server - first.server) / elapsed,
        "peak_mib": peak_mib(),
    }


async def _one(name: str, server: Served, turn: Turn) -> dict[str, Any]:
    """Measure one contender once: a child's work."""
    async with CONTENDERS[name](server.url) as calls:
        figures = await steady(getattr(calls, turn.operation), turn.at_once, server, turn.seconds)
    return {"contender": name, "operation": turn.operation, "at_once": turn.at_once, **figures}


def serve_turns(name: str, server: Served) -> None:
    """Measure whenever a line asks for it: a child, which does nothing while others have their turn."""
    for line in sys.stdin:
        print(json.dumps(asyncio.run(_one(name, server, Turn(**json.loads(line))))), flush=True)


@contextmanager
def _child(name: str, server: Served) -> Generator[Callable[[Turn], dict[str, Any]]]:
    command = [sys.executable, "-m", "benchmarks.throughput", name, json.dumps(asdict(server))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, answered = process.stdin, process.stdout

        def ask(turn: Turn) -> dict[str, Any]:
            print(json.dumps(asdict(turn)), file=asked, flush=True)
            found: dict[str, Any] = json.loads(answered.readline())
            return found

        yield ask


def measure(rounds: int = 3, window: float = _WINDOW) -> dict[str, Any]:
    """Let all contenders have their turn one after the other at each level, and give the medians of the rounds."""
    rows: list[dict[str, Any]] = []
    turns = [*(Turn("get_info", at_once, window) for at_once in AT_ONCE), Turn("set_server_domain", _WRITES_AT, window)]
    with serving() as server, ExitStack() as stack:
        children = [stack.enter_context(_child(name, server)) for name in CONTENDERS]
        for number in range(rounds):
            for turn in turns:
                print(f"  round {number + 1} of {rounds}: {turn.operation}, {turn.at_once} at once", flush=True)
                rows += [ask(turn) for ask in children]
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
    serve_turns(sys.argv[1], Served(**json.loads(sys.argv[2])))
