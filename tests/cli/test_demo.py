"""`miniapp-tp demo`: what it checks, that it finds what is wrong, and what it shows."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from click.testing import CliRunner, Result

from miniapp_tp import ConnectFailed, Done, Failed, RateLimited, ServerDomains
from miniapp_tp.cli import demo
from miniapp_tp.cli.commands import command
from miniapp_tp.cli.demo import DemoOptions, DemoResult, Step, run_demo
from miniapp_tp.sandbox import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OPERATIONS = ["set_server_domain", "set_webview_domain", "get_info", "get_server_domain", "get_webview_domain"]


@pytest.fixture(autouse=True)
def english_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIAPP_TP_LANG", "en")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("miniapp_tp.cli.demo._LATE", 0.3)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["demo", *arguments])


# --- a run that is right --------------------------------------------------------------------------------------------


def test_everything_is_right_and_what_was_injected_was_seen() -> None:
    result = run("--apps", "20", "--fault-rate", "0.2", "--permanent", "0.15", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert told["right"] is True
    assert told["wrong"] == []
    faults: dict[str, dict[str, int]] = told["faults"]
    assert {"cut", "expired_token", "forbidden", "html_5xx", "quota", "rate_limited", "revoked"} <= faults.keys()
    for kind in faults.keys() - {"latency"}:
        assert faults[kind]["injected"] == faults[kind]["seen"] > 0, kind


def test_json_tells_every_operation() -> None:
    told = json.loads(run("--apps", "20", "--json").stdout)
    assert [step["operation"] for step in told["operations"]] == OPERATIONS
    for step in told["operations"]:
        assert step["done"] + sum(failed["apps"] for failed in step["failed"]) == 40
        assert 0 < step["p50"] <= step["p99"]
        assert step["calls_per_second"] > 0
    assert told["requests"] >= 200


def test_tables_tell_the_same() -> None:
    result = run("--apps", "10", "--fault-rate", "0", "--permanent", "0.1", "--concurrency", "5")
    assert (result.exit_code, result.stderr) == (0, "")
    assert all(f"│ {operation} " in result.stdout for operation in OPERATIONS)
    assert "AuthorizationLost  │ merchant" in result.stdout.replace("AuthorizationLost │", "AuthorizationLost  │")
    assert "Every app reported done has exactly the domains asked for" in result.stdout


def test_it_speaks_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIAPP_TP_LANG", "zh")
    result = run("--apps", "1", "--fault-rate", "0", "--permanent", "0")
    assert result.exit_code == 0
    assert "报告成功的小程序域名与所设完全一致" in result.stdout


def test_an_app_out_of_luck_when_read_is_looked_up_in_the_sandbox() -> None:
    result = anyio.run(run_demo, DemoOptions(apps=20, concurrency=20, fault_rate=0.5, permanent=0.15, seed=1))
    set_server, _set_webview, _info, get_server, _get_webview = result.steps
    assert set_server.done.keys() - get_server.done, "no app was out of luck: another seed"
    assert result.wrong == ()


# --- runs that are wrong --------------------------------------------------------------------------------------------


def forgetful(right: Callable[[str], Any], wrong: Any) -> Callable[[str], Any]:  # noqa: ANN401
    """Ask for the right thing the first time, and expect another one later."""
    asked: Counter[str] = Counter()

    def domains_for(app: str) -> Any:  # noqa: ANN401
        asked[app] += 1
        return right(app) if asked[app] == 1 else wrong

    return domains_for


def test_other_domains_than_asked_for_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ServerDomains(request=["other.example.com"])
    monkeypatch.setattr(demo, "server_domains_for", forgetful(demo.server_domains_for, other))
    monkeypatch.setattr(demo, "webview_domains_for", forgetful(demo.webview_domains_for, ("other.example.com",)))
    result = run("--apps", "2", "--fault-rate", "0", "--permanent", "0", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["right"] is False
    assert "baidu:15000001: request isn't what was asked for" in told["wrong"]
    assert "baidu:15000001: webview isn't what was asked for" in told["wrong"]
    assert len(told["wrong"]) == 8


def test_a_permanent_fault_of_another_class_is_found_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(demo)["_EXPECTED"], Fault.REVOKED, "NotFound")
    result = run("--apps", "2", "--fault-rate", "0", "--permanent", "0.5")
    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    assert "get_info met revoked as AuthorizationLost, not NotFound" in words
    assert "10 things are wrong." in words
    assert "Every app" not in words


def test_a_sandbox_that_does_not_start_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    result = run("--apps", "1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: the sandbox didn't start; what it said stands above\n"


# --- its judgement, on made-up results ------------------------------------------------------------------------------

APP = "baidu:1"


def steps(**failed: Exception) -> tuple[Step, ...]:
    """Give a run over one app in which all is well but what is named."""
    values = {
        "get_server_domain": demo.server_domains_for(APP),
        "get_webview_domain": demo.webview_domains_for(APP),
    }
    made = tuple(map(Step, OPERATIONS))
    for step in made:
        error = failed.get(step.operation)
        step.take(Failed(APP, error) if error else Done(APP, (values.get(step.operation), 0.1)))
    return made


def wrong(
    made: tuple[Step, ...],
    afflicted: Mapping[str, Fault] | None = None,
    stored: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
) -> list[str]:
    found: list[str] = vars(demo)["_wrong"](made, afflicted or {}, stored or {})
    return found


def test_a_run_in_which_all_is_well() -> None:
    assert wrong(steps()) == []


def test_bad_luck_is_no_fault_of_the_clients() -> None:
    assert wrong(steps(get_info=RateLimited("slow down"))) == []
    assert wrong(steps(set_server_domain=RateLimited("slow down"))) == []


def test_a_failure_that_no_fault_explains_is_found() -> None:
    found = wrong(steps(get_info=ConnectFailed("no network")))
    assert found == [f"{APP}: get_info failed with ConnectFailed, which no fault explains"]


def test_what_could_not_be_read_is_judged_by_what_the_sandbox_holds() -> None:
    made = steps(get_webview_domain=RateLimited("slow down"))
    right = {"webview": demo.webview_domains_for(APP)}
    assert wrong(made, stored={APP: right}) == []
    assert wrong(made, stored={APP: {"webview": ()}}) == [f"{APP}: webview isn't what was asked for"]


def test_a_permanent_fault_that_strikes_nobody_is_found() -> None:
    found = wrong(steps(), {APP: Fault.FORBIDDEN})
    assert found[0] == f"{APP}: set_server_domain met forbidden as None, not PermissionDenied"
    assert len(found) == len(OPERATIONS)


def test_a_used_up_quota_concerns_changes_only() -> None:
    made = steps(get_info=RateLimited("slow down"), get_server_domain=ConnectFailed("no network"))
    found = wrong(made, {APP: Fault.QUOTA}, {APP: demo.server_domains_for(APP).given()})
    assert [sentence.split()[1:4] for sentence in found] == [
        ["set_server_domain", "met", "quota"],
        ["set_webview_domain", "met", "quota"],
        ["get_server_domain", "failed", "with"],
    ]


def test_a_difference_names_the_kinds() -> None:
    difference = vars(demo)["_difference"]
    assert difference({"request": ("a",), "socket": ()}, {"request": ("a",), "socket": (), "udp": ("b",)}) is None
    assert difference({"request": ("a",), "socket": ("b",)}, {}) == "request, socket isn't what was asked for"
    assert difference({"request": ("a", "b")}, {"request": ("b", "a")}) == "request isn't what was asked for"


@pytest.mark.parametrize(
    ("times", "share", "expected"),
    [
        ([], 0.5, 0.0),
        ([3.0], 0.99, 3.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 3.0),
        ([float(number) for number in range(100)], 0.99, 99.0),
        ([float(number) for number in range(100)], 1.0, 99.0),
        ([float(number) for number in range(100)], 0.0, 0.0),
    ],
)
def test_percentiles(times: list[float], share: float, expected: float) -> None:
    assert Step("get_info", times=times).percentile(share) == expected


def test_a_bug_is_not_taken_for_a_failure() -> None:
    with pytest.raises(LookupError):
        Step("get_info").take(Failed(APP, LookupError("a bug")))


def test_a_result_is_right_if_nothing_is_wrong() -> None:
    result = DemoResult(steps(), demo.Seen(), Counter(), {}, ())
    assert result.is_right
    assert result.kinds == []
