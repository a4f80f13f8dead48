"""What every subcommand has in common: help in two languages, the version, and what is said without the extra."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from click.testing import CliRunner

from miniapp_tp.cli.commands import command
from miniapp_tp.cli.language import say, speaks_chinese
from tests.cli.processes import helps, run, run_without

VARIABLES = ("MINIAPP_TP_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        ((), "Operate mini apps on Baidu and Kuaishou", "统一管理百度智能小程序与快手小程序"),
        (("sandbox",), "Imitate both providers on this machine", "在本机模拟两家平台"),
        (("demo",), "with faults, and check every one of them", "逐一核对结果"),
    ],
)
def test_help_comes_in_both_languages(arguments: tuple[str, ...], english: str, chinese: str) -> None:
    in_english, in_chinese = run(*arguments, "--help"), run(*arguments, "--help", MINIAPP_TP_LANG="zh")
    assert (in_english.returncode, in_chinese.returncode) == (0, 0)
    assert english in " ".join(in_english.stdout.split())
    assert chinese in in_chinese.stdout
    assert in_english.stdout.isascii()


def test_every_option_is_explained_in_both_languages() -> None:
    in_english, in_chinese = (helps(MINIAPP_TP_LANG=language) for language in ("en", "zh"))
    assert in_english.keys() == in_chinese.keys() == command.commands.keys()
    for name, english in in_english.items():
        chinese = in_chinese[name]
        options = {word for word in english.split() if word.startswith("--")}
        assert options == {word for word in chinese.split() if word.startswith("--")}
        explained = [line for line in chinese.splitlines() if line.strip().startswith("--") and "--help" not in line]
        assert len(explained) == len(options) - 1
        assert not any(line.isascii() for line in explained)


@pytest.mark.parametrize(
    ("variables", "chinese"),
    [
        ({}, False),
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "C", "LC_MESSAGES": "zh_TW"}, True),
        ({"LANG": "zh_CN.UTF-8", "MINIAPP_TP_LANG": "en"}, False),
        ({"LC_ALL": "C", "MINIAPP_TP_LANG": "ZH"}, True),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, True),
    ],
)
def test_the_language_follows_our_variable_then_the_locale(
    variables: dict[str, str],
    chinese: bool,  # noqa: FBT001 - a parameter of the test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert speaks_chinese() is chinese
    assert say("yes", "是") == ("是" if chinese else "yes")


def test_the_version_is_the_packages() -> None:
    result = CliRunner().invoke(command, ["--version"])
    assert (result.exit_code, result.output) == (0, f"{version('miniapp_tp')}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["sandbox", "--apps", "0"],
        ["sandbox", "--fault-rate", "1.5"],
        ["sandbox", "--permanent", "-0.1"],
        ["sandbox", "--latency", "-1"],
        ["sandbox", "--edit-quota", "-1"],
        ["demo", "--concurrency", "0"],
        ["demo", "--fault-rate", "many"],
        ["demo", "--no-such-option"],
        ["no-such-command"],
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert arguments[-2 if len(arguments) > 2 else -1] in result.stderr


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    done = run_without(missing, "--version")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'miniapp_tp[cli]'" in done.stderr
    assert "需要" in done.stderr


def test_another_missing_module_is_not_taken_for_the_extra() -> None:
    done = run_without("miniapp_tp.cli.demo_report", "--version")
    assert "ModuleNotFoundError" in done.stderr
    assert "miniapp_tp[cli]" not in done.stderr


def test_without_a_server_the_sandbox_says_what_to_install() -> None:
    done = run_without("uvicorn", "sandbox", "--port", "0")
    assert done.returncode == 1
    assert "pip install 'miniapp_tp[sandbox]'" in done.stderr
    assert "Traceback" not in done.stderr
