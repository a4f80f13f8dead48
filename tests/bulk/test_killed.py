"""A run whose process is killed with -9, again and again, wherever it happens to be."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from miniapp_tp import Journal, State, open_journal
from miniapp_tp.bulk.journal import entries_of
from miniapp_tp.sandbox import Sandbox
from tests.support.servers import place

if TYPE_CHECKING:
    from miniapp_tp.sandbox.world import World

WORKER: Final = Path(__file__).with_name("worker.py")
PATIENCE: Final = 600.0


def start(sandbox: Sandbox, folder: Path, run: int, address: str) -> subprocess.Popen[str]:
    """Start a process that is at the run, and give it when it goes."""
    tokens = folder / "tokens.json"
    tokens.write_text(json.dumps(dict(sandbox.baidu.tokens)), "utf-8")
    words = [sandbox.url, address, sandbox.baidu.component, str(tokens), str(run)]
    process = subprocess.Popen([sys.executable, str(WORKER), *words], stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    assert process.stdout.readline() == "going 1\n"
    return process


def killed(sandbox: Sandbox, process: subprocess.Popen[str], further: int) -> None:
    """Kill a process when it has made so many further calls."""
    with process:
        until, deadline = sandbox.count(operation="set_server_domain") + further, time.monotonic() + PATIENCE
        while sandbox.count(operation="set_server_domain") < until:
            assert process.poll() is None, "it was done before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Let a process end, and give its report."""
    with process:
        told, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(told)
    return found


async def states(journal: Journal) -> Counter[State]:
    return Counter([entry.state async for entry in entries_of(journal, 1)])


def edits(world: World) -> Counter[int]:
    return Counter(app.edits["set_server_domain"] for app in world.baidu.apps.values())


async def kill_and_resume(folder: Path, address: str, apps: int, times: int, seed: int) -> dict[str, Any]:
    dice = random.Random(seed)  # noqa: S311 - a repeatable choice, no secret
    in_doubt = Counter[State]()
    with Sandbox(apps={"baidu": apps}) as sandbox:
        async with aclosing(open_journal(address)) as journal:
            for number in range(times):
                killed(
                    sandbox, start(sandbox, folder, int(number > 0), address), dice.randrange(1, apps // (times + 1))
                )
                in_doubt += await states(journal)
            report = ended(start(sandbox, folder, 1, address))
            assert await states(journal) == {State.DONE: apps}
        assert {tuple(app.domains["request"]) for app in sandbox.baidu.apps.values()} == {("https://api.example.com",)}
        return {**report, "edits": edits(sandbox), "in doubt": in_doubt[State.INTENDED]}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_nothing_is_done_twice_and_nothing_is_lost(tmp_path: Path, kind: str) -> None:
    async with place(kind, tmp_path) as address:
        told = await kill_and_resume(tmp_path, address, apps=600, times=2, seed=1)
    assert told["complete"]
    assert told["edits"] == {1: 600}
    assert told["in doubt"]


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_twenty_thousand_apps_killed_five_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    started = time.monotonic()
    async with place(kind, tmp_path) as address:
        told = await kill_and_resume(tmp_path, address, apps=20_000, times=5, seed=8)
    repeated = sum(times - 1 for times in told["edits"].elements() if times > 1)
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what it is for
            f"\n{kind}: 20,000 apps, killed -9 five times: {told['done']} done, {told['failed']} failed, "
            f"{told['unknown']} unknown; {told['in doubt']} in doubt after the kills, all settled by reading back; "
            f"{repeated} repeated by the sandbox's count; {time.monotonic() - started:.0f} s"
        )
    assert told["complete"]
    assert told["edits"] == {1: 20_000}


async def test_two_processes_at_one_run(tmp_path: Path) -> None:
    """The second one is told so, and does nothing."""
    with Sandbox(apps={"baidu": 3000}) as sandbox:
        address = f"sqlite:///{tmp_path}/runs.db"
        first = start(sandbox, tmp_path, 0, address)
        second = start(sandbox, tmp_path, 1, address)
        second.communicate(timeout=PATIENCE)
        assert second.returncode == 1
        assert first.poll() is None
        first.kill()
        first.communicate()
        assert max(edits(sandbox)) == 1
