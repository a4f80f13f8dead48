"""The subcommands: what they take, and in which words they say it."""

from __future__ import annotations

import json
import sys

import anyio
import click

from miniapp_tp.cli.demo import DemoOptions, run_demo
from miniapp_tp.cli.demo_report import show
from miniapp_tp.cli.domains import domains, info
from miniapp_tp.cli.events import events
from miniapp_tp.cli.explain import explain_command
from miniapp_tp.cli.importing import Imported, import_grants, row_counter
from miniapp_tp.cli.language import say
from miniapp_tp.cli.operating import apps, doctor
from miniapp_tp.cli.runs import run_, runs
from miniapp_tp.cli.sandbox_process import SandboxDidNotStart
from miniapp_tp.cli.stores import store, store_from
from miniapp_tp.client.component import BaiduClient, KuaishouClient
from miniapp_tp.errors import MiniAppError
from miniapp_tp.sandbox import Faults, SandboxOptions
from miniapp_tp.sandbox import run as run_sandbox

_SHARE = click.FloatRange(0, 1)
_COUNT = click.IntRange(min=1)


@click.group(
    help=say(
        "Operate mini apps on Baidu and Kuaishou through a third-party application.",
        "通过第三方平台, 统一管理百度智能小程序与快手小程序。",
    )
)
@click.version_option(package_name="miniapp_tp", message="%(version)s")
def command() -> None:
    """Group the subcommands."""


command.add_command(info)
command.add_command(domains)
command.add_command(run_)
command.add_command(runs)


@command.command(
    help=say(
        "Imitate both providers on this machine: one line when ready, a clean end on SIGTERM or Ctrl-C.",
        "在本机模拟两家平台: 就绪时输出一行, 收到 SIGTERM 或 Ctrl-C 时干净退出。",
    )
)
@click.option(
    "--port", default=8087, show_default=True, help=say("Where to listen; 0: anywhere.", "监听端口; 0 为任意。")
)
@click.option(
    "--apps", type=_COUNT, default=10, show_default=True, help=say("Apps per provider.", "每家平台的小程序数。")
)
@click.option("--fault-rate", type=_SHARE, default=0.0, help=say("Share of requests that fail.", "出错请求的比例。"))
@click.option(
    "--permanent", type=_SHARE, default=0.0, help=say("Share of apps that always fail.", "始终出错的小程序比例。")
)
@click.option(
    "--latency", type=click.FloatRange(min=0), default=0.05, help=say("Seconds of a late answer.", "延迟应答的秒数。")
)
@click.option("--rotate", is_flag=True, help=say("An expired token is really replaced.", "过期的 token 真正被更换。"))
@click.option("--seed", default=0, help=say("Chooses who is hit.", "决定哪些请求出错。"))
@click.option(
    "--edit-quota", type=click.IntRange(min=0), help=say("Changes per Baidu app.", "百度每个小程序的修改次数。")
)
@click.option(
    "--per-second", type=_COUNT, help=say("Requests that a provider takes per second.", "每家平台每秒接受的请求数。")
)
@click.option(
    "--registered",
    multiple=True,
    default=("example.com",),
    help=say("The component's domains.", "第三方平台已登记的域名。"),
)
@click.option(
    "--push-to",
    multiple=True,
    metavar="URL",
    help=say(
        "Where /baidu and /kuaishou receive pushes; several: in turn.",
        "接收推送的地址 (其下 /baidu 与 /kuaishou); 多个则轮流。",
    ),
)
@click.option(
    "--ticket-every",
    type=click.FloatRange(min=0, min_open=True),
    default=600.0,
    show_default=True,
    help=say("Seconds between pushed tickets.", "推送 ticket 的间隔秒数。"),
)
def sandbox(  # noqa: PLR0917 - click passes them by name
    port: int,
    apps: int,
    fault_rate: float,
    permanent: float,
    latency: float,
    rotate: bool,  # noqa: FBT001 - a flag of the command line
    seed: int,
    edit_quota: int | None,
    per_second: int | None,
    registered: tuple[str, ...],
    push_to: tuple[str, ...],
    ticket_every: float,
) -> None:
    """Run the sandbox in the foreground."""
    faults = Faults(fault_rate, seed=seed, permanent=permanent, latency=latency, rotate=rotate)
    options = SandboxOptions(
        port=port,
        apps=apps,
        faults=faults,
        registered=registered,
        edit_quota=edit_quota,
        per_second=per_second,
        push_to=push_to,
        tickets=ticket_every,
    )
    try:
        code = run_sandbox(options, click.echo)
    except (OSError, MiniAppError) as error:
        raise click.ClickException(say(f"the sandbox can't start: {error}", f"沙箱无法启动: {error}")) from None
    sys.exit(code)


@command.command(
    help=say(
        "Change and read thousands of sandbox apps of both providers, with faults, and check every one of them.",
        "对两家平台的数千个沙箱小程序进行设置与读取, 注入故障, 并逐一核对结果。",
    )
)
@click.option(
    "--apps", type=_COUNT, default=1000, show_default=True, help=say("Apps per provider.", "每家平台的小程序数。")
)
@click.option("--concurrency", type=_COUNT, default=200, show_default=True, help=say("Calls at once.", "并发调用数。"))
@click.option(
    "--fault-rate",
    type=_SHARE,
    default=0.03,
    show_default=True,
    help=say("Share of requests that fail.", "出错请求的比例。"),
)
@click.option(
    "--permanent",
    type=_SHARE,
    default=0.006,
    show_default=True,
    help=say("Share of apps that always fail.", "始终出错的小程序比例。"),
)
@click.option("--seed", default=7, show_default=True, help=say("Chooses who is hit.", "决定哪些请求出错。"))
@click.option("--json", "as_json", is_flag=True, help=say("Print JSON instead of tables.", "以 JSON 代替表格输出。"))
def demo(  # noqa: PLR0917 - click passes them by name
    apps: int,
    concurrency: int,
    fault_rate: float,
    permanent: float,
    seed: int,
    as_json: bool,  # noqa: FBT001 - a flag of the command line
) -> None:
    """Run the demo, and exit with 0 only if everything is as it should be."""
    options = DemoOptions(apps, concurrency, fault_rate, permanent, seed)
    try:
        result = anyio.run(run_demo, options)
    except SandboxDidNotStart as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(result.as_dict(), ensure_ascii=False, indent=2))
    else:
        show(result)
    sys.exit(0 if result.is_right else 1)


command.add_command(apps)
command.add_command(doctor)
command.add_command(events)
command.add_command(store)
command.add_command(explain_command)


@command.group(help=say("Grants: what merchants gave the component.", "授权: 商家授予第三方平台的凭据。"))
def grants() -> None:
    """Group what is done with grants."""


@grants.command(
    name="import",
    help=say(
        "Take over grants from elsewhere: CSV with a header, or JSON lines, on standard input. Columns: app, "
        "refresh_token, and optionally access_token and expires_at. Grants that are kept already are left alone.",
        "从标准输入接管已有授权: 带表头的 CSV 或每行一个 JSON。列: app, refresh_token, "
        "可选 access_token 与 expires_at。已保存的授权保持不变。",
    ),
)
@click.option(
    "--provider",
    type=click.Choice(["baidu", "kuaishou"]),
    required=True,
    help=say("Whose apps they are.", "所属平台。"),
)
@click.option("--component", required=True, help=say("The component's id (Baidu: its Key).", "第三方平台标识。"))
@click.option(
    "--store",
    "store_url",
    required=True,
    envvar="MINIAPP_TP_STORE",
    help=say("sqlite:///tokens.db", "凭据存储的地址。"),
)
@click.option(
    "--replace",
    is_flag=True,
    help=say("Overwrite what is kept: it may be newer than the input.", "覆盖已保存的授权 (其可能比输入更新)。"),
)
@click.option("--json", "as_json", is_flag=True, help=say("Print JSON.", "以 JSON 输出。"))
def import_(
    provider: str,
    component: str,
    store_url: str,
    replace: bool,  # noqa: FBT001 - a flag of the command line
    as_json: bool,  # noqa: FBT001 - a flag of the command line
) -> None:
    """Import grants, and exit with 0 only if every row was taken over or kept already."""
    try:
        result = anyio.run(_import, provider, component, store_url, replace)
    except MiniAppError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(result.as_dict(), ensure_ascii=False, indent=2))
    else:
        _show_import(result)
    sys.exit(1 if result.failed else 0)


async def _import(provider: str, component: str, store_url: str, replace: bool) -> Imported:  # noqa: FBT001 - see above
    tokens = store_from(store_url)
    make = {"baidu": BaiduClient, "kuaishou": KuaishouClient}[provider]
    try:
        async with make(component, store=tokens) as client:
            with row_counter() as advance:
                return await import_grants(client, sys.stdin, replace=replace, advance=advance)
    finally:
        await tokens.aclose()


def _show_import(result: Imported) -> None:
    for line, why in sorted(result.failed.items()):
        click.echo(say(f"line {line}: {why}", f"第 {line} 行: {why}"), err=True)
    click.echo(
        say(
            f"{result.adopted} taken over, {result.skipped} kept already, {len(result.failed)} failed",
            f"接管 {result.adopted}, 已存在 {result.skipped}, 失败 {len(result.failed)}",
        )
    )
