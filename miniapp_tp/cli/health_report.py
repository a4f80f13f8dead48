"""What `doctor` and `apps` print."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from miniapp_tp.cli.health import DAY, Severity
from miniapp_tp.cli.language import say, speaks_chinese
from miniapp_tp.cli.moments import moment, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from miniapp_tp.cli.health import Health
    from miniapp_tp.stores.records import AppRecord

_STYLES: Final = {Severity.BAD: "bold red", Severity.NOTE: "yellow"}


# --- doctor -----------------------------------------------------------------------------------------------------------


def show_health(health: Health, *, as_json: bool) -> None:
    """Print how a component is doing."""
    if as_json:
        print_json(health.as_dict(chinese=speaks_chinese()))
        return
    console = Console()
    console.print(_facts(health))
    for finding in health.findings:
        mark = {Severity.BAD: say("bad", "异常"), Severity.NOTE: say("note", "提示")}[finding.severity]
        text = say(finding.english, finding.chinese)
        console.print(f"{mark}: {text}", style=_STYLES[finding.severity], markup=False, highlight=False)
    verdict = say("healthy", "健康") if health.is_healthy else say("not healthy", "不健康")
    console.print(verdict, style="green" if health.is_healthy else "bold red")


def _facts(health: Health) -> Table:
    title = f"{health.provider} {health.component}"
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for name, value in (*_state(health), *_counts(health), *_settings(health)):
        table.add_row(name, value)
    return table


def _state(health: Health) -> Iterator[tuple[str, str]]:
    none = say("none", "无")
    yield say("newest ticket", "最新 ticket"), _ago(health.now, health.ticket_at) or none
    yield say("component token", "第三方平台 token"), _until(health.now, health.token_ends_at) or none
    last = health.keeper
    counted = (
        ""
        if last is None
        else say(
            f", {last.apps} grants, {last.renewed} renewed, {last.failed} failed",
            f", 授权 {last.apps}, 续期 {last.renewed}, 失败 {last.failed}",
        )
    )
    yield (
        say("keeper's last round", "keeper 上次检查"),
        f"{_ago(health.now, None if last is None else last.at) or none}{counted}",
    )
    yield say("provider's answer", "平台应答"), _came(health.online)
    yield say("push key", "推送密钥"), _came(health.push_key)


def _counts(health: Health) -> Iterator[tuple[str, str]]:
    grants = health.grants
    days = f"{grants.horizon / DAY:g}"
    yield say("grants", "授权"), str(grants.apps)
    yield say("access token good now", "access token 有效"), str(grants.good)
    yield say(f"end within {days} days unless renewed", f"{days} 天内到期 (除非续期)"), str(grants.ending)
    yield say("refresh token ended", "refresh token 已到期"), str(grants.ended)
    yield say("end unknown", "到期时间未知"), str(grants.unknown)
    yield say("open intents", "未完成的操作"), _listed(grants.intents.most_common())
    yield say("permissions", "权限"), _listed(grants.permissions.most_common())


def _settings(health: Health) -> Iterator[tuple[str, str]]:
    for name, value in health.store.items():
        yield (say("store", "存储") if name == "store" else name), value


def _listed(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts) or "-"


def _ago(now: float, at: float | None) -> str | None:
    return None if at is None else say(f"{span(now - at)} ago", f"{span(now - at)}前")


def _until(now: float, at: float | None) -> str | None:
    if at is None:
        return None
    left = span(abs(at - now))
    return say(f"ends in {left}", f"{left}后到期") if at > now else say(f"ended {left} ago", f"{left}前已到期")


def _came(came: str | None) -> str:
    if came is None:
        return say("not asked", "未检查")
    return say("failed", "失败") if came else say("good", "正常")


# --- apps -------------------------------------------------------------------------------------------------------------


def app_row(app: str, record: AppRecord | None, refresh_life: float) -> dict[str, Any]:
    """Give what is kept of an app as JSON values; no token."""
    if record is None:
        return {"app": app, "readable": False}
    return {
        "app": app,
        "readable": True,
        "access_expires_at": moment(record.expires_at) if record.access is not None else None,
        "refresh_expires_at": moment(record.refresh_end(refresh_life)) if record.refresh is not None else None,
        "permissions": list(record.permissions),
        "intent": record.intent,
    }


def apps_table(rows: Iterable[dict[str, Any]]) -> Table:
    """Make a table of apps."""
    table = Table()
    for name in (
        say("app", "小程序"),
        say("access token until", "access token 到期"),
        say("refresh token until", "refresh token 到期"),
        say("permissions", "权限"),
        say("open intent", "未完成的操作"),
    ):
        table.add_column(name, overflow="fold")
    for row in rows:
        if row["readable"]:
            ends = (row["access_expires_at"] or "-", row["refresh_expires_at"] or "-")
            table.add_row(row["app"], *ends, ", ".join(row["permissions"]) or "-", row["intent"] or "-")
        else:
            table.add_row(row["app"], say("can't be read", "无法读取"), "", "", "")
    return table


def print_json(value: object, *, indent: int | None = 2) -> None:
    """Print a value as JSON."""
    Console(soft_wrap=True, highlight=False).print(
        json.dumps(value, ensure_ascii=False, indent=indent), markup=False, highlight=False
    )
