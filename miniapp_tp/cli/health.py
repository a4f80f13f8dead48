"""How a component is doing: what was found, and what follows from it. Pure, and without a single token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from miniapp_tp.cli.moments import moment, span
from miniapp_tp.stores.records import AppRecord, KeeperRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY: Final = 86_400.0

_LATE: Final = 1_800.0
"""Three tickets missed: they are pushed every 10 minutes (wire/baidu.md § 1.1; wire/kuaishou.md § 1.1 b)."""
_SILENT: Final = 3 * 3600.0
"""As long as a ticket of Kuaishou's lasts, by its page."""
_KEEPER_LATE: Final = 3 * 3600.0


class Severity(Enum):
    """How bad it is: something to act on, or something to know."""

    BAD = "bad"
    NOTE = "note"


@frozen
class Finding:
    """Something that the operator should know, and what to do about it.

    Attributes:
        severity: How bad it is; one that is bad makes the component unhealthy.
        name: What machines tell it by.
        english: It in English.
        chinese: It in Chinese.
    """

    severity: Severity
    name: str
    english: str
    chinese: str


@define
class Grants:
    """What is kept of the apps, counted.

    Attributes:
        now: The moment, in epoch seconds.
        horizon: Seconds to look ahead.
        refresh_life: Seconds that the provider's refresh tokens live.
        apps: How many there are.
        good: How many have an access token that is good now.
        ending: How many have a refresh token that ends within the horizon.
        ended: How many have one that has ended.
        unknown: How many have one of which nobody knows when it ends.
        unreadable: How many records can't be read.
        intents: Those of which a token or code was being spent when they were last saved, by what it was spent on.
        permissions: How many have each permission, as far as the provider told.
    """

    now: float
    horizon: float
    refresh_life: float
    apps: int = 0
    good: int = 0
    ending: int = 0
    ended: int = 0
    unknown: int = 0
    unreadable: int = 0
    intents: Counter[str] = field(factory=Counter[str])
    permissions: Counter[str] = field(factory=Counter[str])

    def add(self, record: AppRecord | None) -> None:
        """Count an app; `None` for one whose record can't be read."""
        self.apps += 1
        if record is None:
            self.unreadable += 1
            return
        self.good += record.access is not None and self.now < record.expires_at
        self.intents.update([record.intent] if record.intent else [])
        self.permissions.update(record.permissions)
        if record.refresh is not None:
            self._count_end(record.refresh_end(self.refresh_life))

    def _count_end(self, end: float | None) -> None:
        if end is None:
            self.unknown += 1
        elif end <= self.now:
            self.ended += 1
        elif end <= self.now + self.horizon:
            self.ending += 1

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "apps": self.apps,
            "access_token_good": self.good,
            "refresh_token_ending": self.ending,
            "refresh_token_ended": self.ended,
            "refresh_token_end_unknown": self.unknown,
            "unreadable": self.unreadable,
            "open_intents": dict(self.intents),
            "permissions": dict(self.permissions),
        }


@frozen(kw_only=True)
class Health:
    """How a component is doing.

    Attributes:
        provider: Its provider.
        component: Its id.
        now: When this was found out, in epoch seconds.
        store: The settings of the store.
        risks: Those of them that may lose what was saved.
        ticket_at: When the newest ticket was pushed; `None` if there is none.
        token_ends_at: When the component's token ends; `None` if there is none.
        grants: What is kept of its apps.
        unnamed: How many tokens are kept of which nobody knows yet for which app they are.
        keeper: The last whole round of a keeper; `None` if there was none.
        online: What came of asking the provider: `None` if it wasn't asked, `""` if it answered, else what went wrong.
        is_address_refused: Whether it refused this machine's address.
        push_key: The same as `online` for opening a message that was made with the push key.
    """

    provider: str
    component: str
    now: float
    store: Mapping[str, str]
    risks: tuple[str, ...]
    ticket_at: float | None
    token_ends_at: float | None
    grants: Grants
    unnamed: int
    keeper: KeeperRecord | None
    online: str | None = None
    is_address_refused: bool = False
    push_key: str | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What follows from it."""
        sources = (_of_checks, _of_ticket, _of_grants, _of_keeper, _of_store)
        return tuple(finding for source in sources for finding in source(self))

    @property
    def is_healthy(self) -> bool:
        """Whether nothing has to be done."""
        return all(finding.severity is not Severity.BAD for finding in self.findings)

    def as_dict(self, *, chinese: bool) -> dict[str, Any]:
        """Give it as JSON values, with the findings in one of both languages."""
        return {
            "healthy": self.is_healthy,
            "provider": self.provider,
            "component": self.component,
            "at": moment(self.now),
            "store": dict(self.store),
            "ticket": {"at": moment(self.ticket_at), "age": _age(self.now, self.ticket_at)},
            "component_token": {"expires_at": moment(self.token_ends_at)},
            "grants": {**self.grants.as_dict(), "days": self.grants.horizon / DAY, "unnamed": self.unnamed},
            "keeper": None if self.keeper is None else _keeper(self.keeper),
            "online": {**_check(self.online), "address_refused": self.is_address_refused},
            "push_key": _check(self.push_key),
            "findings": [
                {
                    "severity": finding.severity.value,
                    "name": finding.name,
                    "text": finding.chinese if chinese else finding.english,
                }
                for finding in self.findings
            ],
        }


def _age(now: float, at: float | None) -> int | None:
    return None if at is None else round(now - at)


def _keeper(last: KeeperRecord) -> dict[str, Any]:
    return {"at": moment(last.at), "apps": last.apps, "renewed": last.renewed, "failed": last.failed}


def _check(came: str | None) -> dict[str, Any]:
    return {"asked": came is not None, "ok": None if came is None else not came, "error": came or None}


def _bad(name: str, english: str, chinese: str) -> Finding:
    return Finding(Severity.BAD, name, english, chinese)


def _note(name: str, english: str, chinese: str) -> Finding:
    return Finding(Severity.NOTE, name, english, chinese)


def _of_checks(health: Health) -> Iterator[Finding]:
    if health.is_address_refused:
        yield _bad(
            "address",
            f"this machine's address isn't on the component's IP list: add it in the console ({health.online})",
            f"本机地址不在第三方平台的 IP 白名单中: 请在控制台添加 ({health.online})",
        )
    elif health.online:
        yield _bad("online", f"asking the provider failed: {health.online}", f"向平台求证失败: {health.online}")
    if health.push_key:
        yield _bad(
            "push_key",
            f"a message made with the push key can't be opened: {health.push_key}",
            f"无法解开用推送密钥加密的消息: {health.push_key}",
        )


def _of_ticket(health: Health) -> Iterator[Finding]:
    if health.ticket_at is None:
        yield _bad(
            "no_ticket",
            "no ticket was ever kept: give what is pushed to save_ticket (Kuaishou pushes after start_ticket_push)",
            "从未保存过 ticket: 请把推送的 ticket 交给 save_ticket (快手需先调用 start_ticket_push)",
        )
        return
    age = health.now - health.ticket_at
    if age > _LATE:
        found = _bad if age > _SILENT else _note
        since = span(age)
        yield found(
            "old_ticket",
            f"the newest ticket is {since} old, and one is pushed every 10 minutes: do pushes get here?",
            f"最新的 ticket 已有 {since}, 而平台每 10 分钟推送一次: 推送是否送达?",
        )


def _of_grants(health: Health) -> Iterator[Finding]:
    grants = health.grants
    if grants.unreadable:
        yield _bad(
            "unreadable",
            f"{grants.unreadable} records can't be read: is this the right key, and the newest miniapp_tp?",
            f"{grants.unreadable} 条记录无法读取: 密钥是否正确, miniapp_tp 是否为最新?",
        )
    if grants.ending:
        found = _note if _is_kept(health) else _bad
        days = f"{grants.horizon / DAY:g}"
        yield found(
            "ending",
            f"{grants.ending} grants end within {days} days unless renewed: run a keeper, or call these apps",
            f"{grants.ending} 个授权将在 {days} 天内到期, 除非续期: 请运行 keeper, 或调用这些小程序",
        )
    if grants.ended:
        yield _note(
            "ended",
            f"the refresh tokens of {grants.ended} grants have ended: they are recovered at their next call",
            f"{grants.ended} 个授权的 refresh token 已到期: 下次调用时会自动找回",
        )
    yield from _of_doubts(health)


def _of_doubts(health: Health) -> Iterator[Finding]:
    if open_ := health.grants.intents.total():
        yield _note(
            "open_intents",
            f"{open_} grants are being renewed, or were when a process died: their next call settles it",
            f"{open_} 个授权正在续期, 或续期时进程中断: 下次调用时会自动处理",
        )
    if health.unnamed:
        yield _note(
            "unnamed",
            f"{health.unnamed} authorizations don't say yet for which app they are: the next call of a new app asks",
            f"{health.unnamed} 次授权尚未确定所属小程序: 下次调用新小程序时会查询",
        )


def _of_keeper(health: Health) -> Iterator[Finding]:
    last = health.keeper
    if last is not None and not _is_kept(health):
        since = span(health.now - last.at)
        yield _bad(
            "keeper_stopped",
            f"no keeper has looked after the grants for {since}: does one run, and what does its log say?",
            f"keeper 已有 {since} 未检查授权: 是否仍在运行? 日志中有何提示?",
        )
    if last is not None and last.failed:
        yield _note(
            "keeper_failed",
            f"the keeper couldn't renew {last.failed} grants: its log says which, and why",
            f"keeper 有 {last.failed} 个授权未能续期: 日志中有详情",
        )


def _of_store(health: Health) -> Iterator[Finding]:
    for risk in health.risks:
        yield _note("store", f"the store: {risk}", f"存储: {risk}")


def _is_kept(health: Health) -> bool:
    return health.keeper is not None and health.now - health.keeper.at <= _KEEPER_LATE
