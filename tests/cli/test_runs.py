"""`miniapp-tp run`, `runs`, `info` and `domains`: what they do, print and exit with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from miniapp_tp.cli.commands import command
from miniapp_tp.sandbox import Fault, Sandbox
from tests.cli.processes import COMMAND, PATIENCE, environment
from tests.cli.test_terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

TOML = """
journal = "sqlite:///runs.db"
[components.baidu]
id = "sandbox-client"
base_url = "{url}"
tokens = {{ file = "tokens.json" }}
"""
APPS = "app\n15000001\n15000002\n15000003\n"
WHY = ("--why", "a test")
SET = ("run", "set_server_domain", "--apps", "apps.csv", "--set", 'domains={"request":["api.example.com"]}', *WHY)


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Sandbox]:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("MINIAPP_TP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MINIAPP_TP_LANG", "en")
    with Sandbox(apps=3) as made:
        write(tmp_path, made)
        yield made


def write(folder: Path, sandbox: Sandbox, apps: str = APPS) -> None:
    folder.joinpath("miniapp-tp.toml").write_text(TOML.format(url=sandbox.url), "utf-8")
    folder.joinpath("tokens.json").write_text(json.dumps(dict(sandbox.baidu.tokens)), "utf-8")
    folder.joinpath("apps.csv").write_text(apps, "utf-8")


def call(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(command, words, input=given)


def domains_of(sandbox: Sandbox, kind: str = "request") -> list[list[str]]:
    return [app.domains[kind] for app in sandbox.baidu.apps.values()]


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


# --- settings ---------------------------------------------------------------------------------------------------------


def with_components(sandbox: Sandbox, tmp_path: Path, more: str = "") -> None:
    own_id, url = sandbox.kuaishou.component, sandbox.url
    kuaishou = f'[components.ks]\nprovider = "kuaishou"\nid = "{own_id}"\nbase_url = "{url}"\n{more}'
    text = TOML.format(url=url) + kuaishou
    tmp_path.joinpath("miniapp-tp.toml").write_text(text, "utf-8")
    tmp_path.joinpath("ks.json").write_text(json.dumps(dict(sandbox.kuaishou.tokens)), "utf-8")


def test_several_components_are_a_fleet(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "a-component-secret")
    with_components(sandbox, tmp_path, 'secret = { env = "A_SECRET" }\ntokens = { file = "ks.json" }\n')
    first = next(iter(sandbox.kuaishou.apps))
    tmp_path.joinpath("apps.csv").write_text(f"baidu:15000001\nks:{first}\n", "utf-8")
    assert call(*SET, "--json").exit_code == 0
    tmp_path.joinpath("apps.csv").write_text(first, "utf-8")
    assert call(*SET, "--component", "ks").exit_code == 0
    assert call("runs", "resume", "2").exit_code == 0
    with_components(sandbox, tmp_path, 'tokens = { file = "apps.csv" }\n')
    done = call("run", "get_info", "--apps", "apps.csv", "--component", "ks", *WHY)
    assert (done.exit_code, "no JSON object of tokens" in done.stderr) == (2, True)


def test_the_store_knows_the_apps(sandbox: Sandbox, tmp_path: Path) -> None:
    with_components(sandbox, tmp_path)
    text = tmp_path.joinpath("miniapp-tp.toml").read_text("utf-8").replace('tokens = { file = "tokens.json" }\n', "")
    tmp_path.joinpath("miniapp-tp.toml").write_text('store = "sqlite:///tokens.db"\n' + text, "utf-8")
    grants = "app,refresh_token,access_token,expires_at\n15000001,46.refresh,{},9999999999\n"
    words = ("--provider", "baidu", "--component", "sandbox-client", "--store", "sqlite:///tokens.db")
    given = grants.format(sandbox.baidu.tokens["15000001"])
    assert call("grants", "import", *words, given=given).exit_code == 0
    for more, app in ((("--component", "baidu"), "15000001"), ((), "baidu:15000001")):
        done = call("run", "get_info", "--apps", "store", *more, *WHY, "--json")
        assert (done.exit_code, json.loads(done.stdout)["done"]) == (0, 1)
        told = call("runs", "report", str(json.loads(done.stdout)["run"]), "--json").stdout
        assert json.loads(told)["app"] == app


class Keyring:
    """A keyring that knows one secret."""

    @staticmethod
    def get_password(service: str, user: str) -> str | None:
        return "a-component-secret" if (service, user) == ("miniapp", "ks") else None


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ('"a-component-secret"', "names where the secret is"),
        ('{ env = "A", file = "b" }', "names where the secret is"),
        ('{ vault = "x" }', "names where the secret is"),
        ('{ env = "NO_SUCH_VARIABLE" }', "no secret in env NO_SUCH_VARIABLE"),
        ('{ file = "none" }', "no secret in file none"),
        ('{ keyring = "miniapp/other" }', "no secret in keyring miniapp/other"),
        ('{ keyring = "miniapp/ks" }', ""),
    ],
)
def test_secrets_are_named_not_written_down(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, why: str
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Keyring)
    with_components(sandbox, tmp_path, f'secret = {secret}\ntokens = {{ file = "ks.json" }}\n')
    first = next(iter(sandbox.kuaishou.apps))
    done = call("info", first, "--component", "ks")
    assert done.exit_code == (2 if why else 0)
    assert why in done.stderr
    assert "a-component-secret" not in done.output


def test_a_keyring_takes_its_extra(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with_components(sandbox, tmp_path, 'secret = { keyring = "a/b" }\ntokens = { file = "ks.json" }\n')
    assert "miniapp_tp[keyring]" in call("info", "ks1", "--component", "ks").stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("journals = 1", "journals isn't known"),
        ("[components.baidu]\nid = 'x'\nsecrets = 1", "components.baidu.secrets isn't known"),
        ("[components.other]\nid = 'x'", "provider is baidu or kuaishou"),
        ("[components.baidu]\n", "the component's id"),
        ("[components.baidu]\nid = 'x'\nat_once = 0", "at_once is a whole number"),
        ("[", "can't be read"),
        ("", "no component is configured"),
    ],
)
def test_settings_that_cant_be_meant(sandbox: Sandbox, tmp_path: Path, text: str, why: str) -> None:
    tmp_path.joinpath("miniapp-tp.toml").write_text(text, "utf-8")
    done = call("info", "15000001")
    assert done.exit_code == 2
    assert why in " ".join(done.stderr.split())


def test_a_component_has_its_pace(sandbox: Sandbox, tmp_path: Path) -> None:
    with tmp_path.joinpath("miniapp-tp.toml").open("a", encoding="utf-8") as file:
        file.write("per_second = 20\nat_once = 1\n")
    started = time.monotonic()
    tmp_path.joinpath("apps.csv").write_text("\n".join(sandbox.baidu.apps), "utf-8")
    assert call(*SET, "--keep-before", "--json").exit_code == 0
    assert time.monotonic() - started > 3 / 20


def test_an_app_without_a_token(sandbox: Sandbox, tmp_path: Path) -> None:
    tmp_path.joinpath("tokens.json").write_text("{}", "utf-8")
    assert "there is no token of this app" in call("info", "15000001").stderr


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
