"""What an app is: the answer of `get_info`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from miniapp_tp.models.vocabulary import AppStatus, AuditStatus, SubjectType, Unknown


@frozen
class OfApp:
    """A result that says which app it belongs to.

    Attributes:
        app: The id that was asked with, as the caller wrote it.
    """

    app: str


@frozen
class Subject:
    """The person or body that an app belongs to.

    Attributes:
        name: Its registered name.
        type: Its kind.
        status: How far the review of its papers is; Baidu only.
    """

    name: str | None = None
    type: SubjectType | Unknown = Unknown(None)
    status: AuditStatus | Unknown = Unknown(None)


@frozen
class Category:
    """A service category of an app.

    Attributes:
        id: The provider's id, as text. Kuaishou joins the ids of all levels with commas.
        name: The provider's name for it.
        status: How far its review is.
        reason: Why it was rejected, if it was.
    """

    id: str | None = None
    name: str | None = None
    status: AuditStatus | Unknown = Unknown(None)
    reason: str | None = None


@frozen
class Audit:
    """The review of a proposed change.

    Attributes:
        proposed: The new value that was handed in: a name, an address of an image, a text.
        status: How far the review is.
        reason: Why it was rejected, if it was.
    """

    proposed: str
    status: AuditStatus | Unknown = Unknown(None)
    reason: str | None = None


@frozen
class EditsLeft:
    """How many changes the provider still allows in its current period; `None` where it doesn't tell.

    Attributes:
        name: Changes of the name.
        icon: Changes of the icon.
        description: Changes of the description.
        categories: Changes of the categories.
    """

    name: int | None = None
    icon: int | None = None
    description: int | None = None
    categories: int | None = None


@frozen
class AppInfo(OfApp):
    """The basic information of an app.

    Sources: Baidu `app/info` (wire/baidu.md § 3); Kuaishou seed 001, 获取小程序基本信息.

    Attributes:
        app: The id that was asked with.
        name: Its present name.
        icon_url: The address of its present icon.
        description: Its present description.
        status: Its state.
        subject: Whom it belongs to.
        categories: Its service categories.
        name_audit: The review of a proposed name, if the provider names one.
        icon_audit: The review of a proposed icon (`proposed` is its address), if the provider names one.
        description_audit: The review of a proposed description, if the provider names one.
        edits_left: How many changes remain.
        raw: The provider's own object: Baidu's `data`, Kuaishou's whole body.
    """

    name: str | None = None
    icon_url: str | None = None
    description: str | None = None
    status: AppStatus | Unknown = Unknown(None)
    subject: Subject | None = None
    categories: tuple[Category, ...] = ()
    name_audit: Audit | None = None
    icon_audit: Audit | None = None
    description_audit: Audit | None = None
    edits_left: EditsLeft = EditsLeft()
    raw: Mapping[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)
