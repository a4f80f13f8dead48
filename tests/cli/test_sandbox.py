"""`miniapp-tp sandbox`: one line when it is ready, a clean end on a signal, and every option reaches the sandbox."""

from __future__ import annotations

import socket
from contextlib import suppress
from signal import SIGINT, SIGTERM

import pytest

from miniapp_tp import BaiduClient, MiniAppError, QuotaExhausted
from tests.cli.processes import run, sandbox


@pytest.mark.parametrize("signal", [SIGTERM, SIGINT])
def test_it_says_one_line_and_ends_well_on_a_signal(signal: int) -> None:
    with sandbox("--apps", "3") as running:
        assert running.line == f"sandbox ready on {running.url} (3 apps per provider)\n"
        assert running.end(signal) == (0, "", "")


def test_it_tells_its_apps() -> None:
    with sandbox("--apps", "3") as running:
        told = running.ask("apps")
    assert {name: len(one["tokens"]) for name, one in told.items()} == {"baidu": 3, "kuaishou": 3}


async def test_its_options_reach_the_sandbox() -> None:
    options = ("--apps", "2", "--permanent", "0.5", "--edit-quota", "0", "--registered", "own.example")
    with sandbox(*options) as running:
        permanent = running.ask("report")["permanent"]
        told = running.ask("apps")["baidu"]
        assert {name: len(apps) for name, apps in permanent.items()} == {"baidu": 1, "kuaishou": 1}
        free = next(app for app in told["tokens"] if app not in permanent["baidu"])
        async with BaiduClient(told["component"], tokens=told["tokens"], base_url=running.url) as client:
            with pytest.raises(QuotaExhausted):
                await client.set_webview_domain(free, ["h5.own.example"])


async def test_faults_by_rate_strike_and_really_replace_tokens() -> None:
    with sandbox("--apps", "1", "--fault-rate", "1", "--latency", "0", "--rotate", "--seed", "3") as running:
        told = running.ask("apps")["baidu"]
        async with BaiduClient(told["component"], tokens=told["tokens"], base_url=running.url) as client:
            for _ in range(20):
                with suppress(MiniAppError):  # what it comes to is the sandbox's choice
                    await client.with_options(attempts=1).get_info("15000001")
        assert "expired_token" in running.ask("report")["injected"]["baidu"]
        assert running.ask("state?provider=baidu&app=15000001")["token"] != told["tokens"]["15000001"]


def test_a_port_that_is_taken_is_said_plainly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done, zh = run("sandbox", "--port", port), run("sandbox", "--port", port, MINIAPP_TP_LANG="zh")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: the sandbox can't start: ")
    assert "沙箱无法启动" in zh.stderr
    assert "Traceback" not in done.stderr
