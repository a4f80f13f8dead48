"""A million apps from a generator: bounded memory, and what a journal costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SLACK_MB: Final = 8.0
APPS: Final = int(os.environ.get("RUN_APPS", "1000000"))


def measured(folder: Path, apps: int, concurrency: int) -> dict[str, Any]:
    words = [str(folder / "runs.db"), str(apps), str(concurrency)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bulk.null_run", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["done"] == apps
    return told


def test_memory_does_not_grow_with_the_apps(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    few.mkdir()
    many.mkdir()
    assert measured(many, 3000, 100)["peak_mb"] < measured(few, 600, 100)["peak_mb"] + SLACK_MB


@pytest.mark.soak
def test_a_million(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = measured(tmp_path, APPS, 500)
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what it is for
            f"\n{APPS:,} apps from a generator on a null transport, 500 in hand: "
            f"{told['written_down_per_second']}/s written down, {told['calls_per_second']} calls/s "
            f"({told['cpu_us_per_app']} us of CPU per app); each without a journal: {told['each_per_second']} calls/s "
            f"({told['each_cpu_us_per_app']} us of CPU); peak memory {told['peak_mb']} MB, at 100,000 apps "
            f"{told['peak_at_100000_mb']} MB; journal {told['journal_mb']} MB"
        )
    assert told["peak_mb"] < told["peak_at_100000_mb"] + SLACK_MB
