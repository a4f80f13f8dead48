"""A run as it is watched: a bar with rate and time left, what went wrong by cause, and what it came to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import anyio
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from miniapp_tp.bulk.states import Status
from miniapp_tp.cli.language import say

if TYPE_CHECKING:
    from miniapp_tp.bulk.progress import Report
    from miniapp_tp.bulk.run import Run
    from miniapp_tp.bulk.states import Record

_OFTEN: Final = 0.25
_SELDOM: Final = 10.0
_MOST_CAUSES: Final = 8

_STATUSES: Final = {
    Status.FILLING: ("being written down", "正在登记"),
    Status.READY: ("ready", "就绪"),
    Status.RUNNING: ("running", "运行中"),
    Status.PAUSED: ("paused", "已暂停"),
    Status.STOPPED: ("stopped", "已停止"),
    Status.INTERRUPTED: ("interrupted: resume it", "已中断, 可继续"),
    Status.FINISHED: ("finished", "已完成"),
}


async def watch(run: Run) -> None:
    """Show a run's progress on standard error until cancelled: a live bar on a terminal, else a line now and then."""
    console = Console(stderr=True)
    if not console.is_terminal:
        while True:
            await anyio.sleep(_SELDOM)
            console.print(_line(run), soft_wrap=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    progress = Progress(*columns, console=console)
    task = progress.add_task(run.plan.method, total=run.progress.counts.total, rate="")
    with Live(console=console, refresh_per_second=1 / _OFTEN, transient=True) as live:
        while True:
            counts = run.progress.counts
            progress.update(task, completed=counts.total - counts.left, rate=_rate(run))
            live.update(Group(progress, _causes(list(run.progress.causes.most_common(_MOST_CAUSES)))))
            await anyio.sleep(_OFTEN)


def _rate(run: Run) -> str:
    left = run.progress.seconds_left
    if left is None:
        return ""
    minutes, seconds = divmod(round(left), 60)
    hours, minutes = divmod(minutes, 60)
    return say(
        f"{run.progress.rate:.0f}/s, {hours}:{minutes:02}:{seconds:02} left",
        f"{run.progress.rate:.0f} 个/秒, 剩余 {hours}:{minutes:02}:{seconds:02}",
    )


def _line(run: Run) -> str:
    counts = run.progress.counts
    over = counts.total - counts.left
    return say(
        f"run {run.id}: {over} of {counts.total}, {counts.failed} failed, {counts.unknown} unknown {_rate(run)}",
        f"任务 {run.id}: {over}/{counts.total}, 失败 {counts.failed}, 未知 {counts.unknown} {_rate(run)}",
    )


def _causes(causes: list[tuple[str, int]]) -> Table | Text:
    if not causes:
        return Text("")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for cause, apps in causes:
        table.add_row(str(apps), cause)
    return table


def show_report(report: Report) -> None:
    """Print what a run came to."""
    console = Console()
    record, counts = report.record, report.counts
    console.print(_headline(record), soft_wrap=True)
    console.print(
        say(
            f"{counts.total} apps: {counts.done} done, {counts.failed} failed, {counts.unknown} unknown, "
            f"{counts.left} left",
            f"共 {counts.total} 个小程序: 成功 {counts.done}, 失败 {counts.failed}, 未知 {counts.unknown}, "
            f"剩余 {counts.left}",
        )
    )
    if report.reason:
        console.print(report.reason, style="yellow", soft_wrap=True, markup=False)
    if report.causes:
        console.print(_causes(list(report.causes)))
    if counts.left:
        console.print(
            say(f"to go on: miniapp-tp runs resume {record.id}", f"继续执行: miniapp-tp runs resume {record.id}")
        )


def _headline(record: Record) -> Text:
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.made_at))
    word = say(*_STATUSES[record.status])
    plan = record.plan
    return Text(
        say(
            f"run {record.id}: {plan.method} on {plan.target}, {word} (by {plan.who}, {made}: {plan.why})",
            f"任务 {record.id}: {plan.target} 的 {plan.method}, {word} ({plan.who}, {made}: {plan.why})",
        )
    )


def show_runs(records: list[Record]) -> None:
    """Print runs as a table."""
    table = Table()
    for column in (
        say("run", "任务"),
        say("method", "方法"),
        say("status", "状态"),
        say("apps", "小程序"),
        say("done", "成功"),
        say("failed", "失败"),
        say("left", "剩余"),
        say("by", "发起人"),
        say("why", "原因"),
    ):
        table.add_column(column)
    for record in records:
        counts = record.counts
        numbers = [str(number) for number in (counts.total, counts.done, counts.failed + counts.unknown, counts.left)]
        word = say(*_STATUSES[record.status])
        table.add_row(str(record.id), record.plan.method, word, *numbers, record.plan.who, record.plan.why)
    Console().print(table)
