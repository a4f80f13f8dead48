"""What `import miniapp_tp` costs, against what it stands on; and that nothing is loaded that it can do without."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from typing import Any, Final

_EXTRAS: Final = "pyreqwest aiohttp httpx2 uvloop cryptography uvicorn redis asyncpg"
_MEASURE: Final = """
import sys, time
begun, cpu = time.perf_counter(), time.process_time()
import {what}
spent = (time.perf_counter() - begun, time.process_time() - cpu)
extras = sorted(set("{extras}".split()) & set(sys.modules))
import json
print(json.dumps([*spent, len(sys.modules), extras]))
"""


def _once(what: str) -> list[Any]:
    script = _MEASURE.format(what=what, extras=_EXTRAS)
    done = subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.PIPE, text=True)
    found: list[Any] = json.loads(done.stdout)
    return found


def measure(rounds: int = 15) -> dict[str, Any]:
    """Import both in turn, each time in a new process."""
    below = "httpx, attrs, cattrs"
    pairs = [(_once(below), _once("miniapp_tp")) for _ in range(rounds + 1)][1:]
    return {
        "below_ms": median(one[0] for one, _ in pairs) * 1e3,
        "ours_ms": median(two[0] for _, two in pairs) * 1e3,
        "cpu_ratio": median(two[1] / one[1] for one, two in pairs),
        "ratio": median(two[0] / one[0] for one, two in pairs),
        "below_modules": pairs[0][0][2],
        "our_modules": pairs[0][1][2],
        "extras_loaded": pairs[0][1][3],
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
