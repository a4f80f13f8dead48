"""`miniapp-tp run`, `runs`, `info` and `domains`: what they do, print and exit with."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from miniapp_tp.sandbox import Fault, Sandbox

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
from tests.support.commanding import SET, WHY, call, domains_of, sandboxed


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Sandbox]:
    with sandboxed(tmp_path, monkeypatch) as made:
        yield made


# --- run --------------------------------------------------------------------------------------------------------------


def test_a_run_that_is_complete(sandbox: Sandbox) -> None:
    done = call(*SET, "--who", "an operator")
    assert done.exit_code == 0
    assert "run 1: set_server_domain on <BaiduClient sandbox-client>, finished (by an operator" in done.stdout
    assert "3 apps: 3 done, 0 failed, 0 unknown, 0 left" in done.stdout
    assert domains_of(sandbox) == [["https://api.example.com"]] * 3


def test_a_run_in_chinese(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIAPP_TP_LANG", "zh")
    assert "成功 3, 失败 0, 未知 0" in call(*SET).stdout


def test_apps_on_standard_input(sandbox: Sandbox) -> None:
    done = call("run", "get_info", "--apps", "-", *WHY, "--json", given="15000001\n")
    assert (done.exit_code, json.loads(done.stdout)["done"]) == (0, 1)
    told = [json.loads(line) for line in call("runs", "report", "1", "--json").stdout.splitlines()]
    assert [(one["app"], one["state"], one["value"]["app"]) for one in told] == [("15000001", "done", "15000001")]


def test_some_apps_fail(sandbox: Sandbox) -> None:
    sandbox.inject(Fault.REVOKED, provider="baidu", app="15000002")
    done = call(*SET)
    assert done.exit_code == 1
    assert re.search(r"1 +AuthorizationLost 50032 \(merchant\)", done.stdout)
    failed = call("runs", "report", "1", "--state", "failed").stdout
    assert failed.startswith("15000002\tfailed\tbaidu set_server_domain 15000002:")
    assert "45." not in failed
    sandbox.clear()
    assert call("runs", "resume", "1", "--retry-failed").exit_code == 0
    assert {app.edits["set_server_domain"] for app in sandbox.baidu.apps.values()} == {1}


def test_all_of_it_is_stopped(sandbox: Sandbox) -> None:
    sandbox.inject(Fault.IP_NOT_LISTED, provider="baidu")
    done = call(*SET)
    assert done.exit_code == 3
    assert "mend it, then resume the run" in " ".join(done.stdout.split())
    assert "to go on: miniapp-tp runs resume 1" in done.stdout
    assert call("runs", "show", "1", "--json").exit_code == 3
    sandbox.clear()
    assert call("runs", "resume", "1", "--json").exit_code == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("run", "get_inf", "--apps", "apps.csv", *WHY), "a method that acts on one app"),
        (("run", "get_info", "--apps", "none.csv", *WHY), "none.csv: No such file"),
        (("run", "get_info", "--apps", "apps.csv", "--set", "x", *WHY), "--set takes NAME=VALUE"),
        (("run", "get_info", "--apps", "apps.csv", "--set", "x=1", *WHY), "unexpected keyword argument 'x'"),
        (("run", "get_info", "--apps", "store", *WHY), "give it a store"),
        (("run", "get_info", "--apps", "apps.csv", "--component", "other", *WHY), "there is no component 'other'"),
        (("runs", "show", "7"), "no run 7"),
        (("runs", "stop", "7"), "no run 7"),
        (("runs", "resume", "7"), "no run 7"),
        (("domains", "plan", "--apps", "apps.csv"), "one or the other"),
        (("domains", "apply", "--apps", "apps.csv", "--request", "a", "--webview", "b", *WHY), "one or the other"),
        (("runs", "list", "--config", "none.toml"), "none.toml can't be read: No such file"),
    ],
)
def test_what_cant_be_meant(sandbox: Sandbox, words: tuple[str, ...], why: str) -> None:
    done = call(*words)
    assert done.exit_code == 2
    assert why in " ".join(done.stderr.split())


# --- runs -------------------------------------------------------------------------------------------------------------


def test_runs_are_listed(sandbox: Sandbox) -> None:
    call(*SET)
    call("run", "get_info", "--apps", "apps.csv", *WHY)
    assert [run["method"] for run in json.loads(call("runs", "list", "--json").stdout)] == [
        "get_info",
        "set_server_domain",
    ]
    assert "a test" in call("runs", "list").stdout


def test_wishes_reach_the_journal(sandbox: Sandbox) -> None:
    call(*SET)
    assert call("runs", "pause", "1").exit_code == 0
    assert call("runs", "stop", "1").exit_code == 0
    assert call("runs", "resume", "1").exit_code == 0


def test_a_journal_that_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    tmp_path.joinpath("runs.db").write_bytes(b"something else" * 100)
    done = call("runs", "list")
    assert done.exit_code == 5
    assert "isn't an SQLite database" in done.stderr


# --- domains ----------------------------------------------------------------------------------------------------------


def test_plan_apply_and_undo(sandbox: Sandbox) -> None:
    sandbox.baidu.apps["15000001"].domains["request"] = ["https://api.example.com"]
    sandbox.baidu.apps["15000002"].domains["request"] = ["https://old.example.com"]
    change = ("--apps", "apps.csv", "--request", "api.example.com")
    planned = call("domains", "plan", *change)
    assert planned.exit_code == 0
    assert planned.stdout.splitlines() == [
        "15000002  request: old.example.com → api.example.com",
        "15000003  request: - → api.example.com",
        "2 to change, 1 as asked for already, 0 can't be read",
    ]
    assert call("domains", "apply", *change, *WHY).exit_code == 0
    assert domains_of(sandbox) == [["https://api.example.com"]] * 3
    assert json.loads(call("domains", "get", "15000003").stdout)["request"] == ["api.example.com"]
    assert call("domains", "undo", "1", *WHY).exit_code == 0
    assert domains_of(sandbox) == [["https://api.example.com"], ["https://old.example.com"], []]


def test_plan_apply_and_undo_webview(sandbox: Sandbox) -> None:
    sandbox.baidu.apps["15000002"].domains["webview"] = ["https://old.example.com"]
    change = ("--apps", "apps.csv", "--webview", "h5.example.com", "--action", "add")
    planned = [json.loads(line) for line in call("domains", "plan", *change, "--json").stdout.splitlines()]
    assert next(one for one in planned if one["app"] == "15000002") == {
        "app": "15000002",
        "now": {"webview": ["old.example.com"]},
        "asked": {"webview": ["h5.example.com"]},
    }
    assert "15000001  webview: - → h5.example.com" in call("domains", "plan", *change).stdout
    assert call("domains", "apply", *change, *WHY, "--json").exit_code == 0
    assert call("domains", "undo", "1", *WHY).exit_code == 0
    assert domains_of(sandbox, "webview") == [[], ["https://old.example.com"], []]


def test_what_kept_nothing_cant_be_undone(sandbox: Sandbox) -> None:
    call(*SET)
    done = call("domains", "undo", "1", *WHY)
    assert done.exit_code == 2
    assert "kept nothing that could be undone" in done.stderr


def test_apps_that_cant_be_read_are_told(sandbox: Sandbox) -> None:
    sandbox.inject(Fault.REVOKED, provider="baidu", app="15000002")
    done = call("domains", "plan", "--apps", "apps.csv", "--request", "api.example.com")
    assert done.exit_code == 1
    assert "AuthorizationLost" in done.stderr
    assert "1 can't be read" in done.stdout


def test_info(sandbox: Sandbox) -> None:
    done = call("info", "15000001")
    assert json.loads(done.stdout)["name"] == sandbox.baidu.apps["15000001"].name
