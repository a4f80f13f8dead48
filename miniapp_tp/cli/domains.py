"""`miniapp-tp info` and `domains`: look at apps; see what a change of domains would do, make it, and take it back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console

from miniapp_tp.bulk.crew import RunOptions
from miniapp_tp.bulk.each import each
from miniapp_tp.bulk.filling import each_item
from miniapp_tp.bulk.journal import entries_of
from miniapp_tp.bulk.operations import CONVERTER
from miniapp_tp.bulk.run import Run
from miniapp_tp.bulk.states import Entry, Item, State
from miniapp_tp.cli.language import say
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
from miniapp_tp.errors import InvalidArgument, MiniAppError
from miniapp_tp.models import (
    DomainAction,
    Done,
    Failed,
    ServerDomainChange,
    ServerDomains,
    WebviewDomainChange,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from miniapp_tp.bulk.journal import Journal
    from miniapp_tp.bulk.progress import Report
    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.client.fleet import Fleet

KINDS: Final = ("request", "socket", "upload", "download", "udp")
SERVER: Final = "set_server_domain"
WEBVIEW: Final = "set_webview_domain"


def plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Make JSON values of a model."""
    return CONVERTER.unstructure(value)


@click.command(help=say("Read an app's information.", "读取小程序的基本信息。"))
@click.argument("app")
@component_option
@config_option
def info(app: str, component: str | None, config: str | None) -> None:
    """Print what the provider says of an app, as JSON."""

    async def work() -> Any:  # noqa: ANN401 - a model
        async with client_of(Settings.load(config), component) as client:
            return await client.get_info(app)

    click.echo(json.dumps(plain(doing(work)), ensure_ascii=False, indent=2))


@click.group(help=say("Domains of many apps: look, plan, apply, undo.", "批量管理域名: 查看、预览、设置、撤销。"))
def domains() -> None:
    """Group what is done with domains."""


@domains.command(help=say("Read an app's domains.", "读取小程序的域名。"))
@click.argument("app")
@component_option
@config_option
def get(app: str, component: str | None, config: str | None) -> None:
    """Print an app's domains as JSON."""

    async def work() -> dict[str, Any]:
        async with client_of(Settings.load(config), component) as client:
            server, webview = await client.get_server_domain(app), await client.get_webview_domain(app)
            return {**server.given(), "webview": webview}

    click.echo(json.dumps(doing(work), ensure_ascii=False, indent=2))


# --- a change ---------------------------------------------------------------------------------------------------------


def _hosts(text: str | None) -> list[str] | None:
    return None if text is None else [host for host in (part.strip() for part in text.split(",")) if host]


def _change(given: dict[str, Any], action: str) -> tuple[str, dict[str, Any]]:
    """Find the method and the arguments that the options mean."""
    kinds = {kind: hosts for kind in KINDS if (hosts := _hosts(given[kind])) is not None}
    webview = _hosts(given["webview"])
    if bool(kinds) == (webview is not None):
        raise InvalidArgument(
            say(
                "name server domains (--request, --socket, …) or webview domains (--webview), one or the other",
                "请指定服务器域名 (--request、--socket 等) 或业务域名 (--webview), 二者择一",
            )
        )
    chosen = DomainAction(action)
    if webview is not None:
        return WEBVIEW, {"domains": webview, "action": chosen}
    return SERVER, {"domains": ServerDomains(**kinds), "action": chosen}


def _change_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what is to be changed."""
    words = {
        "webview": ("Hosts whose pages may be shown.", "业务域名。"),
        **{kind: (f"Hosts for {kind}, with commas between.", f"{kind} 域名, 以逗号分隔。") for kind in reversed(KINDS)},
    }
    for name, (english, chinese) in words.items():
        function = click.option(f"--{name}", metavar="HOSTS", help=say(english, chinese))(function)
    actions = click.Choice([action.value for action in DomainAction])
    words_of_action = say("Replace the lists, add to them, or take away.", "覆盖、添加或删除。")
    function = click.option("--action", type=actions, default="set", show_default=True, help=words_of_action)(function)
    return apps_option(component_option(concurrency_option(config_option(json_option(function)))))


@domains.command(
    help=say(
        "Show what apply would change, app by app; nothing is changed.",
        "逐个预览 apply 将修改的内容, 不做任何修改。",
    )
)
@_change_options
def plan(apps: str, action: str, config: str | None, **given: Any) -> None:  # noqa: ANN401 - click's
    """Read every app's domains and compare."""

    async def work() -> int:
        method, arguments = _change(given, action)
        async with client_of(Settings.load(config), given["component"]) as client:
            return await _compared(client, apps, method, arguments, given)

    raise SystemExit(doing(work))


async def _compared(
    client: ComponentClient | Fleet, apps: str, method: str, arguments: dict[str, Any], given: dict[str, Any]
) -> int:
    read, change = _looking(client, method, arguments)
    changing = right = unread = 0
    ids = (item if isinstance(item, str) else item.app async for item in each_item(source(apps, client)))
    async with each(read, ids, concurrency=given["concurrency"], catch=MiniAppError) as outcomes:
        async for outcome in outcomes:
            match outcome:
                case Failed(app, error):
                    unread += 1
                    click.echo(f"{app}\t{error}", err=True)
                case Done(_app, found) if change.holds_in(found):
                    right += 1
                case Done(app, found):
                    changing += 1
                    _show_change(app, _lists(found), _lists(arguments["domains"]), as_json=given["as_json"])
    words = say(
        f"{changing} to change, {right} as asked for already, {unread} can't be read",
        f"待修改 {changing}, 已符合 {right}, 无法读取 {unread}",
    )
    click.echo(words, err=given["as_json"])
    return 1 if unread else 0


def _looking(client: ComponentClient | Fleet, method: str, arguments: dict[str, Any]) -> tuple[Any, Any]:
    if method == WEBVIEW:
        return client.get_webview_domain, WebviewDomainChange(arguments["action"], arguments["domains"])
    return client.get_server_domain, ServerDomainChange(arguments["action"], arguments["domains"])


def _lists(hosts: object) -> dict[str, list[str]]:
    """Give domains by kind, as JSON values; kinds that aren't spoken of are left out."""
    found: dict[str, Any] = plain(hosts) if isinstance(hosts, ServerDomains) else {"webview": plain(hosts)}
    return {kind: list(of_kind) for kind, of_kind in found.items() if of_kind is not None}


def _show_change(app: str, now: dict[str, list[str]], then: dict[str, list[str]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"app": app, "now": now, "asked": then}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for kind, hosts in then.items():
        old, new = ", ".join(now.get(kind, ())) or "-", ", ".join(hosts) or "-"
        console.print(f"{app}  {kind}: {old} → {new}", soft_wrap=True, markup=False)


@domains.command(
    name="apply",
    help=say(
        "Change the domains of many apps, as a run; what was there before is kept, so that it can be undone.",
        "批量设置域名, 以任务方式执行; 原值会被保留, 可以撤销。",
    ),
    epilog=CODES,
)
@_change_options
@why_option
def apply_(apps: str, action: str, config: str | None, **given: Any) -> None:  # noqa: ANN401 - click's
    """Make a run of it, and run it."""

    async def work() -> Report:
        settings = Settings.load(config)
        method, arguments = _change(given, action)
        async with journal_of(settings) as journal, client_of(settings, given["component"]) as client:
            run = await Run.create(
                client,
                method,
                source(apps, client),
                journal=journal,
                why=given["why"],
                arguments=arguments,
                keep_before=True,
                options=RunOptions(concurrency=given["concurrency"]),
            )
            return await go(run, quiet=given["as_json"])

    finish(doing(work), as_json=given["as_json"])


# --- and back ---------------------------------------------------------------------------------------------------------


@domains.command(
    help=say(
        "Give the apps of a run back the domains that they had before it, as a run of its own.",
        "将某次任务涉及的小程序恢复为原有域名, 作为新任务执行。",
    ),
    epilog=CODES,
)
@click.argument("run", type=int)
@why_option
@component_option
@concurrency_option
@config_option
@json_option
def undo(run: int, why: str, config: str | None, **given: Any) -> None:  # noqa: ANN401 - click's
    """Make a run of what was there before, and run it."""

    async def work() -> Report:
        settings = Settings.load(config)
        async with journal_of(settings) as journal, client_of(settings, given["component"]) as client:
            record = await journal.get(run)
            if record.plan.method not in {SERVER, WEBVIEW} or not record.plan.keep_before:
                raise InvalidArgument(
                    say(f"run {run} kept nothing that could be undone", f"任务 {run} 没有保留可撤销的原值")
                )
            back = await Run.create(
                client,
                record.plan.method,
                _before(journal, run, record.plan.method, json.loads(record.plan.arguments)),
                journal=journal,
                why=why,
                keep_before=True,
                options=RunOptions(concurrency=given["concurrency"]),
            )
            return await go(back, quiet=given["as_json"])

    finish(doing(work), as_json=given["as_json"])


async def _before(journal: Journal, run: int, method: str, asked: dict[str, Any]) -> AsyncIterator[Item]:
    async for entry in entries_of(journal, run, (State.DONE, State.UNKNOWN)):
        if entry.before is not None:
            yield Item(entry.app, _back(entry, method, asked))


def _back(entry: Entry, method: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Make the arguments that bring back what was there: of the kinds that were asked for, and no others."""
    mine = {**asked, **json.loads(entry.arguments or "{}")}["domains"]
    found = json.loads(entry.before or "null")
    if method == SERVER:
        return {"domains": {kind: found.get(kind) or [] for kind, hosts in mine.items() if hosts is not None}}
    # A webview list can't be set to nothing; what was added is taken away instead.
    return {"domains": found} if found else {"domains": mine, "action": DomainAction.DELETE.value}
