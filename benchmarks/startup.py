"""What importing the package, and a client of it, costs against what they stand on; and that nothing else is loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from statistics import median
from typing import Any, Final

_EXTRAS: Final = "pyreqwest aiohttp httpx2 uvloop cryptography uvicorn redis asyncpg"
_MEASURE: Final = """
import sys, time
begun, cpu = time.perf_counter(), time.process_time()
{what}
spent = (time.perf_counter() - begun, time.process_time() - cpu)
extras = sorted(set("{extras}".split()) & set(sys.modules))
import json
print(json.dumps([*spent, len(sys.modules), extras]))
"""


def _once(what: str) -> list[Any]:
    script = _MEASURE.format(what=what, extras=_EXTRAS)
    # Installing a package compiles it: a checkout has to be allowed to keep what it compiles, too.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: list[Any] = json.loads(done.stdout)
    return found


def measure(rounds: int = 15) -> dict[str, Any]:
    """Import all in turn, each time in a new process: names of the package are loaded when they are asked for."""
    imports = ("import httpx, attrs, cattrs", "import miniapp_tp", "from miniapp_tp import BaiduClient")
    turns = [[_once(one) for one in imports] for _ in range(rounds + 1)][1:]
    return {
        "below_ms": median(below[0] for below, _, _ in turns) * 1e3,
        "ours_ms": median(ours[0] for _, ours, _ in turns) * 1e3,
        "client_ms": median(client[0] for _, _, client in turns) * 1e3,
        "ratio": median(ours[0] / below[0] for below, ours, _ in turns),
        "client_ratio": median(client[0] / below[0] for below, _, client in turns),
        "below_modules": turns[0][0][2],
        "our_modules": turns[0][1][2],
        "client_modules": turns[0][2][2],
        "extras_loaded": turns[0][2][3],
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
