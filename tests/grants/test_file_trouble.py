"""A file that is locked, full or read-only in the middle of a renewal: a clear error in time, and nothing lost."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import asdict, evolve

from miniapp_tp.sandbox import Sandbox
from tests.grants.conftest import PATIENCE, say
from tests.grants.test_every_point import Bench, Case

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_MOUNT = 77
SCRIPT = Path(__file__).with_name("trouble.py")
SAYS = {
    "full": "the disk (or the quota) is full: make room",
    "read-only": "is read-only",
    "locked": "is busy: another process kept it locked",
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Sandbox(apps=100) as sandbox:
        yield Bench(sandbox, tmp_path)


def orders(bench: Bench, cases: list[Case], seconds: float, patience: float) -> list[dict[str, Any]]:
    """Say what is to be tried, with a dead token each."""
    given: list[dict[str, Any]] = []
    for case in cases:
        order, side = bench.order(case), bench.side(case)
        pair = side.newest_pair(order.app)
        assert pair is not None
        side.expire_tokens(order.app)
        store = str(bench.folder / order.app / "tokens.db")
        order = evolve(order, store=store, point=case.point, after=case.after, patience=patience, timeout=30.0)
        tokens = {"ticket": side.issue_ticket(), "access": pair.access_token, "refresh": pair.refresh_token}
        given.append({"order": asdict(order), "seconds": seconds, **tokens})
    return given


async def tried(kind: str, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Have a process of its own try them, in a name space of mounts of its own."""
    under = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    if kind == "locked":
        under = []
    elif shutil.which("unshare") is None and "CI" not in os.environ:
        pytest.skip("there is no unshare here")
    process = await asyncio.create_subprocess_exec(
        *under,
        sys.executable,
        str(SCRIPT),
        kind,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        output, errors = await process.communicate(json.dumps(given).encode() + b"\n")
    if process.returncode in {1, NO_MOUNT} and "CI" not in os.environ and b"Traceback" not in errors:
        pytest.skip("nothing can be mounted here")
    assert process.returncode == 0, errors.decode()
    said: list[dict[str, Any]] = json.loads(output)
    return said


async def see(bench: Bench, kind: str, every: int, seconds: float = 0.0, patience: float = 0.2) -> None:
    cases = await bench.points("baidu", "info", kind, every)
    given = orders(bench, cases, seconds, patience)
    started = time.monotonic()
    results = await tried(kind, given)
    took = time.monotonic() - started
    for case, result in zip(cases, results, strict=True):
        judge(bench, case, kind, result)
    recoveries = bench.tally.recoveries
    ways = ", ".join(f"{way} {times}" for way, times in sorted(bench.tally.ways.items()))
    slowest = max(result["first"]["seconds"] for result in results)
    say(
        f"{kind} in the middle of a refresh: {len(cases)} cases, grants lost 0, spent unrecorded 0, {ways}, "
        f"{recoveries} recoveries, slowest caller {slowest:.1f} s; {took:.0f} s"
    )


def judge(bench: Bench, case: Case, kind: str, result: dict[str, Any]) -> None:
    first, app = result["first"], result["app"]
    assert result["again"].get("value") == app, (str(case), result)
    assert first["seconds"] < 30, (str(case), result)
    took = Counter({name: bench.sandbox.calls["baidu", name, app] for name in ("refresh_grant", "recover_code")})
    bench.tally.recoveries += took["recover_code"]
    if "error" in first:
        assert first["error"] == "StoreError", (str(case), result)
        assert SAYS[kind] in first["text"], (str(case), result)
    bench.tally.ways["StoreError" if "error" in first else "succeeded in spite of it"] += 1
    bench.tally.ways["intent on the disk"] += first["intent"] is not None
    # Without an intent on the disk nothing had been spent: the very same refresh token was taken once.
    assert first["intent"] is not None or took == Counter({"refresh_grant": 1}), (str(case), result, took)
    assert bench.side(case).spent[app].used <= 1
    assert took["recover_code"] <= 1


# Odd, so that calls are hit before and after they are carried out by turns.
@pytest.mark.parametrize(("kind", "every"), [("full", 1), ("read-only", 3)])
async def test_full_or_read_only(bench: Bench, kind: str, every: int) -> None:
    await see(bench, kind, every)


async def test_locked_for_a_second(bench: Bench) -> None:
    await see(bench, "locked", 5, seconds=1.0)


@pytest.mark.soak
async def test_read_only_at_every_point(bench: Bench) -> None:
    await see(bench, "read-only", 1)


@pytest.mark.soak
@pytest.mark.parametrize("patience", [5.0, 0.5])
async def test_locked_for_five_seconds(bench: Bench, patience: float) -> None:
    await see(bench, "locked", 1, seconds=5.0, patience=patience)
