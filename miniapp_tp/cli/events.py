"""`miniapp-tp events`: pushed events that aren't handled yet, or couldn't be; never what is secret in them."""

from __future__ import annotations

import json
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import click
from rich.console import Console
from rich.table import Table

from miniapp_tp.cli.language import say
from miniapp_tp.cli.stores import store_from
from miniapp_tp.errors import MiniAppError
from miniapp_tp.push.journal import Journal, Listed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable


@click.group(help=say("Pushed events that aren't handled yet, or couldn't be.", "尚未处理或处理失败的推送事件。"))
def events() -> None:
    """Group what is done with events."""


def _journal_options(function: Callable[..., None]) -> Callable[..., None]:
    """Name a journal: whose it is, and where."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help=say("Print JSON.", "以 JSON 输出。")),
        click.option(
            "--store",
            "store_url",
            required=True,
            envvar="MINIAPP_TP_STORE",
            help=say(
                "sqlite:///tokens.db; the key of a sealed one is read from $MINIAPP_TP_STORE_KEY.",
                "凭据存储的地址; 加密存储的密钥取自 $MINIAPP_TP_STORE_KEY。",
            ),
        ),
        click.option(
            "--component", required=True, help=say("The component's id (Baidu: its Key).", "第三方平台标识。")
        ),
        click.option(
            "--provider",
            type=click.Choice(["baidu", "kuaishou"]),
            required=True,
            help=say("Whose events they are.", "所属平台。"),
        ),
    ):
        function = option(function)
    return function


@events.command(
    name="list",
    help=say("List them: parked ones, and those that wait to be handled.", "列出已搁置和等待处理的事件。"),
)
@_journal_options
def list_(provider: str, component: str, store_url: str, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """List the events of a journal."""
    found = _run(_list, provider, component, store_url)
    if as_json:
        click.echo(json.dumps([_told(one) for one in found], ensure_ascii=False, indent=2))
    else:
        _show(found)


@events.command(
    help=say(
        "Have parked events handled again by the service: those named, or all.",
        "让服务重新处理已搁置的事件: 指定的事件, 或全部。",
    )
)
@click.argument("ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help=say("All that are parked.", "全部已搁置的事件。"))
@_journal_options
def replay(  # noqa: PLR0917 - click passes them by name
    ids: tuple[str, ...],
    provider: str,
    component: str,
    store_url: str,
    every: bool,  # noqa: FBT001 - a flag
    as_json: bool,  # noqa: FBT001 - a flag
) -> None:
    """Replay events, and exit with 0 only if all that were named are there."""
    if bool(ids) == every:
        raise click.UsageError(say("name events by their ids, or give --all", "请给出事件标识, 或使用 --all"))
    replayed = _run(_replay, provider, component, store_url, ids)
    unknown = [one for one in ids if one not in replayed]
    if as_json:
        click.echo(json.dumps({"replayed": replayed, "unknown": unknown}, ensure_ascii=False, indent=2))
    else:
        for one in unknown:
            click.echo(say(f"neither parked nor put off: {one}", f"不在搁置或推迟之列: {one}"), err=True)
        click.echo(say(f"{len(replayed)} to be handled again", f"{len(replayed)} 个事件将重新处理"))
    sys.exit(1 if unknown else 0)


def _run(function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - what the function returns
    try:
        return anyio.run(function, *arguments)
    except (MiniAppError, ModuleNotFoundError) as error:
        raise click.ClickException(str(error)) from None


async def _list(provider: str, component: str, store_url: str) -> list[Listed]:
    async with _journal(provider, component, store_url) as journal:
        found = [one async for one in journal.listed()]
    return sorted(found, key=lambda one: (not one.parked, one.noted.received_at))


async def _replay(provider: str, component: str, store_url: str, ids: tuple[str, ...]) -> list[str]:
    async with _journal(provider, component, store_url) as journal:
        wanted = ids or [one.noted.id async for one in journal.listed() if one.parked]
        return [one for one in wanted if await journal.replay(one)]


@asynccontextmanager
async def _journal(provider: str, component: str, store_url: str) -> AsyncGenerator[Journal]:
    store = store_from(store_url)
    try:
        yield Journal(store, f"{provider}:{component}")
    finally:
        await store.aclose()


def _told(one: Listed) -> dict[str, Any]:
    noted = one.noted
    return {
        "id": noted.id,
        "event": noted.name,
        "app": noted.app,
        "state": "parked" if one.parked else "waiting",
        "attempts": noted.attempt,
        "received_at": _moment(noted.received_at),
        "due": None if one.parked else _moment(max(noted.due, noted.received_at)),
        "error": noted.error,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _show(found: list[Listed]) -> None:
    columns = {
        "event": say("event", "事件"),
        "app": say("app", "小程序"),
        "state": say("state", "状态"),
        "attempts": say("attempts", "次数"),
        "received_at": say("received", "接收时间"),
        "error": say("last error", "最近错误"),
        "id": say("id", "标识"),
    }
    states = {"parked": say("parked", "已搁置"), "waiting": say("waiting", "等待处理")}
    table = Table(*columns.values())
    for one in map(_told, found):
        cells = {**one, "state": states[one["state"]]}
        table.add_row(*("" if cells[name] is None else str(cells[name]) for name in columns))
    console = Console()
    if found:
        console.print(table)
    console.print(say(f"{len(found)} events", f"{len(found)} 个事件"))
