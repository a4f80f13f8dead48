"""`miniapp-tp doctor` and `miniapp-tp apps`: what an operator asks of a store. Secrets come from the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
import click
from rich.console import Console

from miniapp_tp.cli.examining import PushKeys, Side, asked_online, examine, opened_push, records
from miniapp_tp.cli.health_report import app_row, apps_table, print_json, show_health
from miniapp_tp.cli.language import say
from miniapp_tp.cli.stores import store_from
from miniapp_tp.errors import MiniAppError
from miniapp_tp.wire.messages import Secret

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from miniapp_tp.cli.health import Health
    from miniapp_tp.stores.base import TokenStore

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

SECRET: Final = "MINIAPP_TP_COMPONENT_SECRET"  # noqa: S105 - the name of a variable
"""The variable with Kuaishou's component secret: an argument would show up in lists of processes."""
PUSH_TOKEN: Final = "MINIAPP_TP_PUSH_TOKEN"  # noqa: S105 - the name of a variable
"""The variable with the message verification token."""
PUSH_KEY: Final = "MINIAPP_TP_PUSH_KEY"
"""The variable with the message encryption key."""

_OPTIONS: Final = (
    click.option(
        "--provider", type=click.Choice(["baidu", "kuaishou"]), required=True, help=say("Whose apps.", "所属平台。")
    ),
    click.option("--component", required=True, help=say("The component's id (Baidu: its Key).", "第三方平台标识。")),
    click.option(
        "--store",
        "store_url",
        required=True,
        envvar="MINIAPP_TP_STORE",
        help=say(
            "sqlite:///tokens.db; the key of a sealed one is taken from MINIAPP_TP_STORE_KEY.",
            "凭据存储的地址; 加密存储的密钥取自环境变量 MINIAPP_TP_STORE_KEY。",
        ),
    ),
    click.option("--json", "as_json", is_flag=True, help=say("Print JSON.", "以 JSON 输出。")),
)


def of_component(function: F) -> F:
    """Name a component, and where its grants are kept."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command(
    help=say(
        "Tell how a component is doing: tickets, tokens, grants that will end, the store. Exits with 0 only if nothing "
        "has to be done. Shows no token.",
        "检查第三方平台的状况: ticket、token、即将到期的授权、存储。一切正常才以 0 退出。不显示任何 token。",
    )
)
@of_component
@click.option(
    "--days",
    type=click.FloatRange(min=0),
    default=7.0,
    show_default=True,
    help=say("How far to look ahead.", "预测的天数。"),
)
@click.option(
    "--online",
    is_flag=True,
    help=say(
        f"Ask the provider too, from this address. Kuaishou's secret is taken from {SECRET}.",
        f"同时从本机向平台求证。快手的 secret 取自环境变量 {SECRET}。",
    ),
)
@click.option(
    "--base-url", envvar="MINIAPP_TP_BASE_URL", help=say("Another address: a sandbox.", "其他地址, 例如沙箱。")
)
def doctor(  # noqa: PLR0917 - click passes them by name
    provider: str,
    component: str,
    store_url: str,
    as_json: bool,  # noqa: FBT001 - a flag of the command line
    days: float,
    online: bool,  # noqa: FBT001 - a flag of the command line
    base_url: str | None,
) -> None:
    """Examine a component."""
    side = Side(provider, component, base_url, _secret(SECRET))

    async def examined(store: TokenStore) -> Health:
        health = await examine(side, store, days=days)
        token, key = _secret(PUSH_TOKEN), _secret(PUSH_KEY)
        if token is not None or key is not None:
            health = await opened_push(side, PushKeys(token or Secret(""), key or Secret("")), health)
        return await asked_online(side, store, health) if online else health

    health = _with_store(store_url, examined)
    show_health(health, as_json=as_json)
    sys.exit(0 if health.is_healthy else 1)


@click.command(
    help=say(
        "List the authorized apps that are kept, when their tokens end and what was granted; JSON: one a line. Shows "
        "no token.",
        "列出已保存的小程序、token 的到期时间与权限; JSON 每行一个。不显示任何 token。",
    )
)
@of_component
def apps(provider: str, component: str, store_url: str, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """List the apps of a component."""
    side = Side(provider, component)
    rows: list[dict[str, Any]] = []
    take: Callable[[dict[str, Any]], object] = rows.append
    if as_json:
        take = _print_line

    async def listed(store: TokenStore) -> None:
        async for app, record in records(side, store):
            take(app_row(app, record, side.refresh_life))

    _with_store(store_url, listed)
    if not as_json:
        Console().print(apps_table(rows))


def _print_line(row: dict[str, Any]) -> None:
    print_json(row, indent=None)


def _with_store(url: str, work: Callable[[TokenStore], Awaitable[T]]) -> T:
    """Do something with a store that is there; what goes wrong is said in one line."""
    scheme, _, path = url.partition(":///")
    if scheme.lower() == "sqlite" and not Path(path).exists():  # it would be made, and found empty
        raise click.ClickException(say("there is no such file", "没有这个文件"))

    async def opened() -> T:
        store = store_from(url)
        try:
            return await work(store)
        finally:
            await store.aclose()

    try:
        return anyio.run(opened)
    except (MiniAppError, ModuleNotFoundError) as error:
        raise click.ClickException(str(error)) from None


def _secret(variable: str) -> Secret | None:
    given = os.environ.get(variable)
    return Secret(given) if given else None
