"""What providers push: tickets, authorizations, results of reviews, changes of an app's status.

An event whose meaning both providers share has a class of its own; any other is a plain `Event`, with everything that
was pushed in `fields`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from attrs import field, frozen

from miniapp_tp.models.vocabulary import AppStatus, Unknown


def _masked(_value: object) -> str:
    """Show that there is something, and nothing of it."""
    return "'***'"


@frozen
class Event:
    """A message that a provider pushed, verified, decrypted and read.

    Attributes:
        name: The provider's name for the event, without the documents' stray spaces and backslashes.
        app: The app it is about, if it is about one.
        component: The component it was pushed to, as the message names it.
        time: When it happened, aware; `None` if the message doesn't say so.
        id: The same for every delivery of the event: Kuaishou's `msgId`, a digest of Baidu's decrypted message.
        attempt: The how-manieth attempt to handle it this is, from 1 on.
        fields: The decrypted object, its keys as they came.
        raw: The decrypted bytes.
    """

    name: str
    app: str | None
    component: str | None
    time: datetime | None
    id: str
    attempt: int = 1
    fields: Mapping[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)
    raw: bytes = field(default=b"", repr=False)


@frozen
class TicketPushed(Event):
    """A new ticket of the component (wire/baidu.md § 1.1; wire/kuaishou.md § 1.1 b).

    Attributes:
        ticket: The ticket, for `save_ticket`; masked in the repr.
    """

    ticket: str = field(kw_only=True, repr=_masked)


@frozen
class AppAuthorized(Event):
    """A merchant authorized an app (wire/baidu.md § 1.7; wire/kuaishou.md § 2.5).

    Attributes:
        authorization_code: For `authorize`, at once: Baidu's may live 60 seconds only. Masked in the repr.
    """

    authorization_code: str = field(kw_only=True, repr=_masked)


@frozen
class AppAuthorizationUpdated(Event):
    """A merchant changed what an app's grant allows (wire/baidu.md § 1.7).

    Attributes:
        authorization_code: For `authorize`; masked in the repr.
    """

    authorization_code: str = field(kw_only=True, repr=_masked)


@frozen
class AppUnauthorized(Event):
    """A merchant took the grant of an app back (wire/baidu.md § 1.7; wire/kuaishou.md § 2.5)."""


class AuditSubject(Enum):
    """What was reviewed (wire/baidu.md § 2.7)."""

    NAME = "name"
    ICON = "icon"
    DESCRIPTION = "description"
    CATEGORIES = "categories"
    BASIC_INFO = "basic info"
    RECOVERY = "recovery"
    MOBILE_AUTH = "mobile auth"
    PACKAGE = "package"
    ACCOUNT_AND_APP = "account and app"
    PAYMENT_ACCOUNT = "payment account"
    PAYMENT_SERVICE = "payment service"
    PAYMENT_CONFIG = "payment config"
    SUBCHAIN = "subchain"
    BRAND_WORD = "brand word"
    SEARCH_PATH = "search path"
    ARTICLE_MOUNT = "article mount"


@frozen
class AuditFinished(Event):
    """A review ended (seed 000 基本信息审核通知 and every 审核结果推送; wire/baidu.md § 2.7).

    Attributes:
        subject: What was reviewed.
        passed: Whether it passed.
        reason: Why it didn't, if the provider says so.
    """

    subject: AuditSubject | Unknown = field(kw_only=True)
    passed: bool = field(kw_only=True)
    reason: str | None = field(default=None, kw_only=True)


@frozen
class AppStatusChanged(Event):
    """An app was paused, resumed, taken offline or told to mend something (seed 000 小程序状态变更推送).

    Attributes:
        status: Its status from now on.
        reason: Why, if the provider says so.
    """

    status: AppStatus | Unknown = field(kw_only=True)
    reason: str | None = field(default=None, kw_only=True)


@frozen
class UrlVerification(Event):
    """The provider asks whether the address is the component's; `acknowledge` answers (wire/baidu.md § 2.4).

    Attributes:
        echo: The text that is sent back.
    """

    echo: str = field(kw_only=True)
