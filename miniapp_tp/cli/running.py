"""What the subcommands about runs share: options, the configured client and journal, running one, exit statuses."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
import click

from miniapp_tp.bulk.address import open_journal
from miniapp_tp.bulk.crew import RunOptions
from miniapp_tp.bulk.sources import apps_in, read_apps
from miniapp_tp.bulk.states import Status
from miniapp_tp.cli.language import say
from miniapp_tp.cli.run_progress import show_report, watch
from miniapp_tp.client.fleet import Fleet
from miniapp_tp.errors import InvalidArgument, MiniAppError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from miniapp_tp.bulk.filling import Apps
    from miniapp_tp.bulk.journal import Journal
    from miniapp_tp.bulk.progress import Report
    from miniapp_tp.bulk.run import Run
    from miniapp_tp.bulk.states import Item
    from miniapp_tp.cli.settings import Settings
    from miniapp_tp.client.component import ComponentClient

T = TypeVar("T")

FAILED: Final = 1
WRONG: Final = 2
PAUSED: Final = 3
STOPPED: Final = 4
TROUBLE: Final = 5
_STORE: Final = "store"

CODES: Final = say(
    "Exit status: 0 every app is done; 1 some failed or can't be known; 2 wrong usage or settings; 3 paused: something "
    "stops all of it; 4 stopped; 5 the journal or the store fails, or another process is at it.",
    "退出码: 0 全部成功; 1 部分失败或结果未知; 2 用法或配置有误; 3 已暂停, 整体受阻; 4 已停止; 5 任务日志或存储出错, "
    "或任务正由其他进程执行。",
)


class _Wrong(click.ClickException):
    """What was asked for can't be meant."""

    exit_code = WRONG


class _Trouble(click.ClickException):
    """Something that the command needs fails."""

    exit_code = TROUBLE


def doing(work: Callable[[], Awaitable[T]]) -> T:
    """Do what a subcommand does; an error of ours becomes a message and an exit status."""
    problem: click.ClickException
    try:
        return anyio.run(work)
    except InvalidArgument as error:
        problem = _Wrong(str(error))
    except MiniAppError as error:
        problem = _Trouble(str(error))
    except OSError as error:
        problem = _Wrong(f"{error.filename}: {error.strerror}")
    raise problem


config_option: Final = click.option(
    "--config", help=say("Settings; else MINIAPP_TP_CONFIG, else miniapp-tp.toml.", "配置文件; 默认 miniapp-tp.toml。")
)
json_option: Final = click.option("--json", "as_json", is_flag=True, help=say("Print JSON.", "以 JSON 输出。"))
apps_option: Final = click.option(
    "--apps",
    required=True,
    help=say(
        "A file (ids, CSV with a column app, or JSON lines), - for standard input, or store: all that the store knows.",
        "文件 (每行一个 id, 含 app 列的 CSV, 或 JSON 行), - 表示标准输入, store 表示存储中的全部小程序。",
    ),
)
component_option: Final = click.option(
    "--component", help=say("Only this one of the components configured.", "仅使用所配置的这一第三方平台。")
)
why_option: Final = click.option(
    "--why", required=True, help=say("Why, for whoever reads the journal.", "原因, 记入任务日志。")
)
concurrency_option: Final = click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=RunOptions().concurrency,
    show_default=True,
    help=say("Apps in hand at once.", "并发数。"),
)


@asynccontextmanager
async def client_of(settings: Settings, component: str | None) -> AsyncGenerator[ComponentClient | Fleet]:
    """Have the configured client while the block lasts."""
    client, store = settings.client(component)
    try:
        async with client:
            yield client
    finally:
        if store is not None:
            await store.aclose()


@asynccontextmanager
async def journal_of(settings: Settings) -> AsyncGenerator[Journal]:
    """Have the configured journal while the block lasts."""
    journal = open_journal(settings.journal)
    try:
        yield journal
    finally:
        await journal.aclose()


def source(apps: str, client: ComponentClient | Fleet) -> Apps:
    """Find the apps that `--apps` means."""
    if apps == "-":
        return apps_in(sys.stdin)
    return _stored(client) if apps == _STORE else read_apps(apps)


async def _stored(client: ComponentClient | Fleet) -> AsyncIterator[str | Item]:
    members = client.members if isinstance(client, Fleet) else {"": client}
    for name, member in members.items():
        async for app in member.apps():
            yield f"{name}:{app}" if name else app


async def go(run: Run, *, quiet: bool) -> Report:
    """Run a run: show how it gets on, and stop it cleanly at Ctrl-C; at the second one, at once."""
    problem: MiniAppError | None = None
    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as scope:
            group.start_soon(_mind_signals, run, scope)
            if not quiet:
                group.start_soon(watch, run)
            try:
                await run.go()
            except MiniAppError as error:
                problem = error  # raised outside of the group, which would wrap it
        group.cancel_scope.cancel()
    if problem is not None:
        raise problem
    return await run.report()


async def _mind_signals(run: Run, scope: anyio.CancelScope) -> None:
    times = 0
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for number in signals:
            times += 1
            if times > 1:
                scope.cancel()
                return
            run.stop(say(f"it got {number.name}", f"收到 {number.name}"))
            words = say("finishing what is in hand; once more breaks off", "正在完成手头的请求; 再按一次立即中断")
            click.echo(words, err=True)


def finish(report: Report, *, as_json: bool) -> None:
    """Print what a run came to, and exit with the status that says so."""
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        show_report(report)
    sys.exit(exit_status(report))


def exit_status(report: Report) -> int:
    """Choose the exit status of a run."""
    if report.status is Status.FINISHED:
        return 0 if report.is_complete else FAILED
    if report.status in {Status.RUNNING, Status.FILLING}:
        return 0  # another process is at it, and nothing is wrong
    return PAUSED if report.status is Status.PAUSED else STOPPED
