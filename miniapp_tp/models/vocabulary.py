"""The words of the field: closed for what callers say, open for what providers say.

A provider may add a status tomorrow. What it sends is a member of the enum or `Unknown`, which keeps the code,
so that nothing ever fails on a word that is new.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen


@frozen
class Unknown:
    """A code for which the vocabulary has no word (yet).

    Attributes:
        code: What the provider sent; `None` where it sent nothing.
    """

    code: int | str | None


class DomainAction(Enum):
    """What to do with a list of domains (seed 000 设置小程序服务器域名, seed 001 设置服务器域名)."""

    SET = "set"
    ADD = "add"
    DELETE = "delete"


class AppStatus(Enum):
    """The state of an app (Baidu: wire/baidu.md § 3, `status`; Kuaishou: seed 001 获取小程序基本信息)."""

    ONLINE = "online"
    NOT_ONLINE = "not online"
    INCOMPLETE = "incomplete"
    AUDITING = "auditing"
    PAUSED = "paused"
    FORCED_OFFLINE = "forced offline"
    RECTIFYING = "rectifying"
    FLOW_OFFLINE = "flow offline"
    BANNED = "banned"


class AuditStatus(Enum):
    """How far the review of a change is."""

    AUDITING = "auditing"
    PASSED = "passed"
    REJECTED = "rejected"


class SubjectType(Enum):
    """What kind of person or body an app belongs to (wire/baidu.md § 3, `qualification.type`)."""

    PERSON = "person"
    ENTERPRISE = "enterprise"
    GOVERNMENT = "government"
    MEDIA = "media"
    OTHER = "other"
