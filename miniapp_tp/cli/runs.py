"""`miniapp-tp run` and `runs`: a method over many apps, with a journal that survives."""

from __future__ import annotations

import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from miniapp_tp.bulk.crew import RunOptions
from miniapp_tp.bulk.journal import entries_of
from miniapp_tp.bulk.operations import methods_of
from miniapp_tp.bulk.owner import is_gone
from miniapp_tp.bulk.run import Run
from miniapp_tp.bulk.run import report as report_of
from miniapp_tp.bulk.states import Entry, Record, State, Wish
from miniapp_tp.cli.language import say
from miniapp_tp.cli.run_progress import show_runs
from miniapp_tp.cli.running import (
    CODES,
    apps_option,
    client_of,
    component_option,
    concurrency_option,
    config_option,
    doing,
    finish,
    go,
    journal_of,
    json_option,
    source,
    why_option,
)
from miniapp_tp.cli.settings import Settings
from miniapp_tp.client.component import BaiduClient
from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from miniapp_tp.bulk.progress import Report
    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.client.fleet import Fleet

_PAGE_OF_RUNS: Final = 50


# --- run --------------------------------------------------------------------------------------------------------------


def _methods(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a method."""
    return [name for name in methods_of(BaiduClient) if name.startswith(incomplete)]


def _arguments(given: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            raise InvalidArgument(
                say(f"--set takes NAME=VALUE, unlike {word!r}", f"--set 的形式为 NAME=VALUE: {word!r}")
            )
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


@click.command(
    name="run",
    help=say(
        "Call a method of the client for every app, and write down what becomes of each: it can be resumed after "
        "anything. METHOD is a name such as set_server_domain or get_info.",
        "对每个小程序调用一个方法, 并记录结果; 无论因何中断均可继续。METHOD 为方法名, 如 set_server_domain、get_info。",
    ),
    epilog=CODES,
)
@click.argument("method", shell_complete=_methods)
@apps_option
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help=say("An argument of the method, as JSON or text.", "方法的参数, 值为 JSON 或文本。"),
)
@why_option
@click.option("--who", help=say("Who starts it; else the user of this machine.", "发起人; 默认为当前用户。"))
@component_option
@concurrency_option
@click.option(
    "--keep-before",
    is_flag=True,
    help=say("Read and keep what a change replaces.", "修改前读取并保留原值。"),
)
@config_option
@json_option
def run_(method: str, apps: str, given: tuple[str, ...], config: str | None, **more: Any) -> None:  # noqa: ANN401 - click's
    """Make a run, and run it."""
    as_json = more.pop("as_json")

    async def work() -> Report:
        settings = Settings.load(config)
        async with journal_of(settings) as journal, client_of(settings, more["component"]) as client:
            made = await Run.create(
                client,
                method,
                source(apps, client),
                journal=journal,
                why=more["why"],
                who=more["who"],
                arguments=_arguments(given),
                keep_before=more["keep_before"],
                options=RunOptions(concurrency=more["concurrency"]),
            )
            return await go(made, quiet=as_json)

    finish(doing(work), as_json=as_json)


# --- runs -------------------------------------------------------------------------------------------------------------


@click.group(help=say("Runs: what was done to many apps, and what is left of it.", "任务: 批量操作的记录与进度。"))
def runs() -> None:
    """Group what is done with runs."""


@runs.command(name="list", help=say("The newest runs.", "最近的任务。"))
@config_option
@json_option
def list_(config: str | None, as_json: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """List runs."""

    async def work() -> list[Record]:
        async with journal_of(Settings.load(config)) as journal:
            return await journal.runs(_PAGE_OF_RUNS)

    records = doing(work)
    if as_json:
        click.echo(json.dumps([record.as_dict() for record in records], ensure_ascii=False))
    else:
        show_runs(records)


@runs.command(help=say("What a run came to so far.", "任务的当前结果。"), epilog=CODES)
@click.argument("run", type=int)
@config_option
@json_option
def show(run: int, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """Show a run."""

    async def work() -> Report:
        async with journal_of(Settings.load(config)) as journal:
            return await report_of(journal, run)

    finish(doing(work), as_json=as_json)


@runs.command(
    help=say("Go on with a run that was stopped, paused or interrupted.", "继续已停止、暂停或中断的任务。"),
    epilog=CODES,
)
@click.argument("run", type=int)
@click.option("--retry-failed", is_flag=True, help=say("Try apps again that failed.", "重试失败的小程序。"))
@click.option(
    "--apps", help=say("Its source once more, if it ended before all was read.", "读取来源中断时, 再次给出来源。")
)
@concurrency_option
@config_option
@json_option
def resume(
    run: int, *, retry_failed: bool, apps: str | None, concurrency: int, config: str | None, as_json: bool
) -> None:
    """Resume a run, in this process or in the one that has it in hand."""

    async def work() -> Report:
        settings = Settings.load(config)
        async with journal_of(settings) as journal:
            record = await journal.get(run)
            if record.until > time.time() and not is_gone(record.owner):
                await journal.wish(run, Wish.GO)
                return await report_of(journal, run)
            async with _client_for(settings, record.plan.target) as client:
                options = RunOptions(concurrency=concurrency)
                given = None if apps is None else source(apps, client)
                mine = await Run.open(client, run, journal=journal, apps=given, options=options)
                if retry_failed:
                    await mine.retry()
                return await go(mine, quiet=as_json)

    finish(doing(work), as_json=as_json)


@asynccontextmanager
async def _client_for(settings: Settings, target: str) -> AsyncGenerator[ComponentClient | Fleet]:
    """Have the client that a run was made for, whichever of the configured ones that is."""
    for component in (None, *settings.components):
        async with client_of(settings, component) as client:
            if repr(client) == target:
                yield client
                return
    raise InvalidArgument(say(f"no configured component is {target}", f"未配置 {target}"))


def _wishing(name: str, wish: Wish, english: str, chinese: str) -> None:
    @runs.command(name=name, help=say(english, chinese))
    @click.argument("run", type=int)
    @config_option
    def command(run: int, config: str | None) -> None:
        async def work() -> None:
            async with journal_of(Settings.load(config)) as journal:
                await journal.get(run)
                await journal.wish(run, wish)

        doing(work)


_wishing("stop", Wish.STOP, "Let the process that is at a run stop it cleanly.", "让执行中的任务干净地停止。")
_wishing("pause", Wish.PAUSE, "Let the process that is at a run wait.", "让执行中的任务暂停等待。")


@runs.command(
    help=say("What became of each app: JSON lines, or columns with tabs.", "每个小程序的结果: JSON 行或制表符分列。")
)
@click.argument("run", type=int)
@click.option(
    "--state",
    "names",
    multiple=True,
    type=click.Choice([state.name.lower() for state in State]),
    help=say("Only apps in this state.", "仅列出处于该状态的小程序。"),
)
@config_option
@json_option
def report(run: int, names: tuple[str, ...], config: str | None, as_json: bool) -> None:  # noqa: FBT001 - see above
    """Report on every app of a run."""
    states = [State[name.upper()] for name in names] or list(State)

    async def work() -> None:
        async with journal_of(Settings.load(config)) as journal:
            await journal.get(run)
            async for entry in entries_of(journal, run, states):
                click.echo(_as_json(entry) if as_json else _as_line(entry))

    doing(work)


def _as_json(entry: Entry) -> str:
    told = {
        "app": entry.app,
        "state": entry.state.name.lower(),
        "tries": entry.tries,
        "at": entry.at,
        "value": None if entry.value is None else json.loads(entry.value),
        "before": None if entry.before is None else json.loads(entry.before),
        **({} if entry.trouble is None else entry.trouble.as_dict()),
    }
    return json.dumps(told, ensure_ascii=False)


def _as_line(entry: Entry) -> str:
    what = entry.trouble.text if entry.trouble is not None else entry.value or ""
    return f"{entry.app}\t{entry.state.name.lower()}\t{what}"
