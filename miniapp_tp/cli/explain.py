"""The subcommand `explain`: what a provider's code means, who must act, and what to do next."""

from __future__ import annotations

import json
import sys
from typing import Final

import click

from miniapp_tp.cli.explaining import Explanation, explain, said
from miniapp_tp.cli.language import say, speaks_chinese
from miniapp_tp.errors import Actor, Scope

_ACTORS: Final = {Actor.YOU: "你", Actor.MERCHANT: "商家", Actor.PROVIDER: "平台", Actor.TIME: "等待即可"}
_SCOPES: Final = {Scope.APP: "单个小程序", Scope.COMPONENT: "整个第三方平台", Scope.PROVIDER: "平台所有用户"}


@click.command(
    name="explain",
    help=say(
        "Explain a provider's error code: what happened, who must act, what to do next. CODE is a number or a word, "
        "470011 or invalid_grant, of any provider or of one: baidu:470011.",
        "解释平台的错误码: 发生了什么, 由谁处理, 下一步怎么做。CODE 为数字或单词, 如 470011, invalid_grant, "
        "也可限定平台: baidu:470011。",
    ),
)
@click.argument("code")
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), help=say("The language, if not the terminal's.", "语言, 默认随终端。")
)
@click.option("--json", "as_json", is_flag=True, help=say("Print JSON.", "以 JSON 输出。"))
def explain_command(
    code: str,
    lang: str | None,
    as_json: bool,  # noqa: FBT001 - a flag of the command line
) -> None:
    """Explain a code, and exit with 0 only if it is known."""
    chinese = speaks_chinese() if lang is None else lang == "zh"
    found = explain(code)
    if as_json:
        click.echo(json.dumps([one.as_dict(chinese=chinese) for one in found], ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join(_shown(one, chinese=chinese) for one in found) or _unknown(code, chinese=chinese))
    sys.exit(0 if found else 1)


def _shown(found: Explanation, *, chinese: bool) -> str:
    kind = found.meaning.error
    actor = _ACTORS[found.actor] if chinese else found.actor.value
    scope = _SCOPES[found.scope] if chinese else found.scope.value
    again = (
        ("可自动重试" if chinese else "retryable") if kind.retryable else ("重试无用" if chinese else "not retryable")
    )
    who, how_much = ("由谁处理", "影响") if chinese else ("who must act", "affects")
    return "\n".join(
        [
            f"{found.provider} {found.code}{_where(found, chinese=chinese)}",
            f"  {kind.__name__} · {who}: {actor} · {how_much}: {scope} · {again}",
            f"  {said(found.what, chinese=chinese)}",
            f"  → {said(found.then, chinese=chinese)}",
        ]
    )


def _where(found: Explanation, *, chinese: bool) -> str:
    """Say at which operations, and with which texts, a code means this."""
    at, with_text = ("，用于 ", "，信息含 ") if chinese else (", at ", ", where the text says ")
    operations = f"{at}{', '.join(found.operations)}" if found.operations else ""
    return operations + (f"{with_text}{' / '.join(found.signs)}" if found.signs else "")


def _unknown(code: str, *, chinese: bool) -> str:
    return (
        f"{code}: 未知。没有任何表收录此码，SDK 会抛出 ProviderError 本身；请查看其 message，"
        "确认含义后用 error_codes 为客户端补充。"
        if chinese
        else f"{code}: unknown. It stands in no table, so a plain ProviderError is raised: read its message, and teach "
        "the client with error_codes once you know."
    )
