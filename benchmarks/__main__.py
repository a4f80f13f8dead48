"""All benchmarks in one run: prints the tables, writes `benchmarks/results.json`, and both into the documents."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks import bulk, own_cost, pages, pushes, startup, storm, throughput
from benchmarks.figures import figures, rates_table, table

_HERE: Final = Path(__file__).parent
_LIBRARIES: Final = ("httpx", "httpx2", "aiohttp", "pyreqwest", "attrs", "cattrs")


def machine() -> dict[str, Any]:
    """Say on what it ran, without naming it."""
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "load": os.getloadavg()[0],
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def run(rounds: int) -> dict[str, Any]:
    """Run everything, the crowded last."""
    results: dict[str, Any] = {"machine": machine()}
    for name, measure in (
        ("startup", startup.measure),
        ("own_cost", own_cost.measure),
        ("bulk", bulk.measure),
        ("storm", storm.measure),
        ("pushes", pushes.measure),
    ):
        print(name, flush=True)
        results[name] = measure()
    print("throughput", flush=True)
    results["throughput"] = throughput.measure(rounds)
    return results


def show(results: dict[str, Any]) -> None:
    """Print the tables; for what isn't reached, where the time goes."""
    busiest = max(row["server_busy"] for row in results["throughput"]["medians"])
    print(f"\n{rates_table(results)}\n")
    print(f"{rates_table(results, 'cpu_us', 'µs of CPU')}\n\n{rates_table(results, 'peak_mib', 'MiB at most')}\n")
    print(f"{table(results)}\n")
    print(f"server: {results['throughput']['server']}, busy at most {busiest:.0%} of one core")
    for name in ("bulk", "storm", "pushes"):
        print(f"{name}: {results.get(name)}")
    if missed := [one.name for one in figures(results) if not one.holds]:
        print(f"\nnot reached: {'; '.join(missed)}. The SDK's own part, by time:\n{own_cost.profile(15)}")


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--show", action="store_true", help="print the tables of the last run again")
    given = parser.parse_args()
    path = _HERE / "results.json"
    if not given.show:
        path.write_text(json.dumps(run(given.rounds), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    results = json.loads(path.read_text(encoding="utf-8"))
    show(results)
    pages.write(results)
    if find_spec("matplotlib") is None:
        sys.exit("no plot: matplotlib isn't installed (requirements/bench.txt)")
    from benchmarks.plot import draw  # noqa: PLC0415 - what it needs is only there for `make bench`

    draw(results, pages.PLOT)


if __name__ == "__main__":
    main()
