"""The demo's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from miniapp_tp.cli.language import say

if TYPE_CHECKING:
    from miniapp_tp.cli.demo import DemoResult

_MOST_SHOWN = 20


def show(result: DemoResult) -> None:
    """Print the result as tables."""
    console = Console()
    for table in (_operations(result), _failures(result), _faults(result)):
        console.print(table)
    _verdict(console, result)


def _table(title: str, *columns: str, texts: int = 1) -> Table:
    """Make a table whose first columns hold texts, and the others numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < texts else "right")
    return table


def _operations(result: DemoResult) -> Table:
    table = _table(
        say("Operations", "操作"),
        say("operation", "操作"),
        say("done", "成功"),
        say("failed", "失败"),
        say("retried", "重试"),
        say("calls/s", "次/秒"),
        "p50 ms",
        "p99 ms",
    )
    for step in result.steps:
        calls = len(step.done) + len(step.failed)
        table.add_row(
            step.operation,
            str(len(step.done)),
            str(len(step.failed)),
            str(result.seen.retried[step.operation]),
            f"{calls / step.seconds:.0f}",
            f"{step.percentile(0.5) * 1000:.0f}",
            f"{step.percentile(0.99) * 1000:.0f}",
        )
    return table


def _failures(result: DemoResult) -> Table:
    table = _table(
        say("Failures, by class and who must act", "失败: 按错误类别与应处理者"),
        say("operation", "操作"),
        say("error", "错误"),
        say("actor", "处理者"),
        say("apps", "小程序数"),
        texts=3,
    )
    for step in result.steps:
        for (error, actor), apps in sorted(step.by_class().items()):
            table.add_row(step.operation, error, actor, str(apps))
    return table


def _faults(result: DemoResult) -> Table:
    table = _table(
        say("Faults, injected and seen", "故障: 注入与所见"),
        say("kind", "种类"),
        say("injected", "注入"),
        say("seen", "所见"),
    )
    for kind in result.kinds:
        table.add_row(kind, str(result.injected[kind]), str(result.seen.faults[kind]))
    return table


def _verdict(console: Console, result: DemoResult) -> None:
    for sentence in result.wrong[:_MOST_SHOWN]:
        console.print(sentence, style="red")
    seconds = sum(step.seconds for step in result.steps)
    rate = result.seen.attempts / seconds
    console.print(
        say(
            f"{result.seen.attempts} requests in {seconds:.1f} s ({rate:.0f}/s)",
            f"{seconds:.1f} 秒内 {result.seen.attempts} 次请求 ({rate:.0f} 次/秒)",
        )
    )
    if result.is_right:
        right = say(
            "Every app reported done has exactly the domains asked for; every permanent fault has its right class.",
            "报告成功的小程序域名与所设完全一致; 所有永久故障均报告为正确的类别。",
        )
        console.print(right, style="green")
    else:
        console.print(say(f"{len(result.wrong)} things are wrong.", f"{len(result.wrong)} 处不符。"), style="bold red")
