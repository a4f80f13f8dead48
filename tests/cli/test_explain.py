"""`miniapp-tp explain`: what a code means, in two languages, for people and for programs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from miniapp_tp.cli.commands import command
from miniapp_tp.cli.explaining import TABLES, explain


def told(*arguments: str, code: int = 0) -> str:
    result = CliRunner(env={"MINIAPP_TP_LANG": "en"}).invoke(command, ["explain", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def as_json(*arguments: str, code: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(told("--json", *arguments, code=code))
    return found


def test_a_code_has_its_class_its_actor_what_happened_and_what_to_do() -> None:
    assert told("470011") == (
        "baidu 470011\n"
        "  QuotaExhausted · who must act: time · affects: app · not retryable\n"
        "  No more changes of the server domains in this period.\n"
        "  → Wait for the next period; Baidu tells neither how long it is nor how many changes remain.\n"
    )
    assert told("470011", "--lang", "zh") == (
        "baidu 470011\n"
        "  QuotaExhausted · 由谁处理: 等待即可 · 影响: 单个小程序 · 重试无用\n"
        "  修改服务器域名超过限制次数。\n"
        "  → 请等到下一个周期；百度未公开周期长度，也不返回剩余次数。\n"
    )


def test_the_language_is_the_terminals_unless_it_is_chosen() -> None:
    result = CliRunner(env={"MINIAPP_TP_LANG": "zh"}).invoke(command, ["explain", "470011"])
    assert result.output == told("470011", "--lang", "zh")
    result = CliRunner(env={"MINIAPP_TP_LANG": "zh"}).invoke(command, ["explain", "470011", "--lang", "en"])
    assert result.output == told("470011")


def test_a_number_with_several_meanings_lists_them_with_their_operations() -> None:
    found = as_json("47005")
    places = {tuple(one["operations"]): one["class"] for one in found}
    assert places["set_icon", "update_offline"] == "QuotaExhausted"
    assert places["submit_sitemap", "delete_sitemap"] == "ProviderUnavailable"
    assert places[()] == "ProviderError"
    assert "baidu 47005, at set_icon, update_offline\n" in told("47005")


def test_a_code_whose_text_decides_lists_both_meanings() -> None:
    assert [(one["class"], one["text_has"]) for one in as_json("100")] == [
        ("CredentialRejected", ["token"]),
        ("InvalidRequest", []),
    ]
    assert "baidu 100, where the text says token\n" in told("100")
    assert "信息含 token" in told("100", "--lang", "zh")


def test_words_are_codes_too() -> None:
    classes = {tuple(one["operations"]): one["class"] for one in as_json("invalid_grant")}
    assert classes["exchange_code",] == "InvalidRequest"
    assert classes["refresh_grant",] == classes[()] == "AuthorizationLost"


def test_a_code_may_be_asked_of_one_provider() -> None:
    assert [one["provider"] for one in as_json("kuaishou:403106")] == ["kuaishou"]
    assert as_json("baidu:403106", code=1) == []
    assert as_json("nobody:470011", code=1) == []
    assert as_json("baidu:470011") == as_json("470011")


def test_json_has_everything() -> None:
    assert as_json("40008", "--lang", "zh") == [
        {
            "provider": "baidu",
            "code": 40008,
            "operations": [],
            "text_has": [],
            "class": "PermissionDenied",
            "actor": "you",
            "scope": "component",
            "retryable": False,
            "what": "请求 IP 不在第三方平台白名单内。",
            "then": "请在第三方平台的设置中把服务器出口 IP 加入白名单；在此之前所有调用都会失败。",
        }
    ]
    assert as_json("18")[0]["retryable"] is True
    assert "retryable" in told("18")
    assert "可自动重试" in told("18", "--lang", "zh")


@pytest.mark.parametrize("code", ["9999999", "no_such_word", "-1", ""])
def test_what_nobody_knows_is_said_to_be_unknown(code: str) -> None:
    assert "unknown. It stands in no table" in told("--", code, code=1)
    assert "未知" in told("--lang", "zh", "--", code, code=1)
    assert as_json("--", code, code=1) == []


@pytest.mark.parametrize("provider", TABLES)
def test_everything_in_the_tables_is_explained(provider: str) -> None:
    table, endpoints = TABLES[provider]
    codes = {*table, *(code for endpoint in endpoints for code in endpoint.codes)}
    for code in codes:
        found = [one for one in explain(f"{provider}:{code}") if one.provider == provider]
        assert found
        for one in found:
            assert {one.what.english, one.then.english}
            assert all((one.what.english, one.then.chinese))
    assert explain(f"{provider}: {next(iter(table))} ")
