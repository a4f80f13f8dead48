"""The commands that change apps, in a process of their own: interrupted, killed, on a terminal."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp.sandbox import Fault, Sandbox
from tests.cli.processes import COMMAND, PATIENCE, environment
from tests.cli.test_terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
from tests.support.commanding import SET, call, sandboxed, write


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Sandbox]:
    with sandboxed(tmp_path, monkeypatch) as made:
        yield made


# --- in a process of its own ------------------------------------------------------------------------------------------


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words],
        env=environment(MINIAPP_TP_LANG="en"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def until_called(sandbox: Sandbox, times: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while sandbox.count() < times:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def many(folder: Path, count: int) -> Sandbox:
    sandbox = Sandbox(apps={"baidu": count})
    sandbox.start()
    write(folder, sandbox, "\n".join(sandbox.baidu.apps))
    return sandbox


def test_ctrl_c_stops_cleanly_and_resume_goes_on(sandbox: Sandbox, tmp_path: Path) -> None:
    crowd = many(tmp_path, 1500)
    try:
        with started(*SET, "--json") as process:
            until_called(crowd, 50)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
        told: dict[str, Any] = json.loads(out)
        assert (process.returncode, told["status"], told["reason"]) == (4, "stopped", "it got SIGINT")
        assert told["intended"] == told["doubtful"] == told["failed"] == 0
        assert 50 <= told["done"] < 1500
        assert "finishing what is in hand" in err
        assert call("runs", "resume", "1", "--json").exit_code == 0
        assert {app.edits["set_server_domain"] for app in crowd.baidu.apps.values()} == {1}
    finally:
        crowd.stop()


def test_another_process_stops_it(sandbox: Sandbox, tmp_path: Path) -> None:
    crowd = many(tmp_path, 1500)
    try:
        with started(*SET, "--json") as process:
            until_called(crowd, 50)
            assert call("runs", "resume", "1").exit_code == 0  # it is told to go on
            assert call("runs", "stop", "1").exit_code == 0
            out, _ = process.communicate(timeout=PATIENCE)
        assert (process.returncode, json.loads(out)["reason"]) == (4, "somebody stopped it")
    finally:
        crowd.stop()


def test_the_second_ctrl_c_breaks_off(sandbox: Sandbox, tmp_path: Path) -> None:
    crowd = many(tmp_path, 20)
    try:
        crowd.inject(Fault.LATENCY, provider="baidu", times=None, seconds=8.0)
        with started(*SET, "--json") as process:
            until_called(crowd, 10)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            assert "once more" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=PATIENCE)
        told = json.loads(out)
        assert (process.returncode, told["status"], told["reason"]) == (4, "stopped", "it was cancelled")
        assert told["intended"] > 0
    finally:
        crowd.stop()


def test_a_terminal_shows_a_bar_with_rate_and_causes(sandbox: Sandbox, tmp_path: Path) -> None:
    crowd = many(tmp_path, 1500)
    try:
        crowd.inject(Fault.REVOKED, provider="baidu", app="15000002")
        code, written = on_a_terminal(*SET, MINIAPP_TP_LANG="en")
    finally:
        crowd.stop()
    assert code == 1
    assert re.search(r"\d+/1500", written)
    assert "/s, 0:00:" in written
    assert written.count("AuthorizationLost 50032 (merchant)") > 1


@pytest.mark.parametrize(
    ("words", "completed"), [("miniapp-tp ru", "plain,runs"), ("miniapp-tp run set_w", "plain,set_webview_domain")]
)
def test_a_shell_completes(words: str, completed: str) -> None:
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = subprocess.run(
        COMMAND,
        env=environment(_MINIAPP_TP_COMPLETE="bash_complete", **asked),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert completed in done.stdout
