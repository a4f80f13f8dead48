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


class CategoryKind(Enum):
    """For whose apps a category is (seed 000 获取小程序全类目列表, `category_type`)."""

    PERSONAL = "personal"
    ENTERPRISE = "enterprise"


class NameCheckResult(Enum):
    """What a check of a name found (seed 000 小程序名称检测, 结果码说明)."""

    PASSED = "passed"
    TAKEN = "taken"
    SENSITIVE = "sensitive"
    IS_BRAND = "is a brand"
    HAS_BRAND = "has a brand"
    HIGH_TRAFFIC = "high traffic"


class MobileAuthReason(Enum):
    """What an app wants phone numbers for (seed 000 申请手机号权限, `reason`)."""

    LOGIN = "login"
    DELIVERY_CONTACT = "delivery contact"
    OTHER = "other"


class MobileAuthScene(Enum):
    """Where an app asks for phone numbers (seed 000 申请手机号权限, `used_scene`)."""

    SHOPPING = "shopping"
    CONTENT_SYNC = "content sync"
    TICKET_BOOKING = "ticket booking"
    BUSINESS_HANDLING = "business handling"
    INFORMATION_QUERY = "information query"
    APPOINTMENT = "appointment"


class MobileAuthStatus(Enum):
    """How far the permission to ask for phone numbers is (seed 000 查询手机号权限状态)."""

    CANCELLED = "cancelled"
    AUDITING = "auditing"
    REJECTED = "rejected"
    PASSED = "passed"


class ImageKind(Enum):
    """What an image is uploaded for (wire/baidu.md § 7.1)."""

    ICON = "icon"
    CATEGORY_QUALIFICATION = "category qualification"
    NAME_MATERIAL = "name material"
