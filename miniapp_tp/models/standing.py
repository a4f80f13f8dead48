"""How an app stands with its provider: the answers about names, versions, phone numbers and violations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from miniapp_tp.models.vocabulary import MobileAuthStatus, NameCheckResult, Unknown


@frozen
class NameCheck:
    """What a check of a name found.

    Source: seed 000 小程序名称检测.

    Attributes:
        result: The finding.
        words: The words in the name that led to it.
        required: The kinds of qualifications that the name must have, as Baidu's own numbers, whose meaning isn't
            published; of `check_name_with_qualifications` alone.
        optional: Those that it may have; likewise.
        raw: The provider's own object.
    """

    result: NameCheckResult | Unknown = Unknown(None)
    words: tuple[str, ...] = ()
    required: tuple[int, ...] = ()
    optional: tuple[int, ...] = ()
    raw: Mapping[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the name."""
        return self.result is NameCheckResult.PASSED


@frozen
class SupportVersions:
    """The versions of the base library.

    Source: seed 000 查询当前设置的最低基础库版本及各版本列表.

    Attributes:
        current: The oldest that users of the app need: what `set_support_version` sets.
        available: All that there are, in the provider's order.
        raw: The provider's own object; it may hold the share of users of each.
    """

    current: str | None = None
    available: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class MobileAuth:
    """How far an app's permission to ask for phone numbers is.

    Source: seed 000 查询手机号权限状态.

    Attributes:
        status: How far it is.
        reason: Why it was rejected, if it was.
        raw: The provider's own object.
    """

    status: MobileAuthStatus | Unknown = Unknown(None)
    reason: str | None = None
    raw: Mapping[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class Violation:
    """Something that an app is reproached with.

    Source: wire/baidu.md § 4, `app/violation`.

    Attributes:
        id: The provider's id of the matter, as text.
        status: How far it is, as Baidu's own number: what the numbers mean isn't published.
        description: What is wrong.
        path: The page on which it is.
        screenshots: Addresses of images of it.
        audit_reason: What the review said.
        audit_screenshots: Addresses of the review's images.
        raw: The provider's own object.
    """

    id: str | None = None
    status: int | None = None
    description: str | None = None
    path: str | None = None
    screenshots: tuple[str, ...] = ()
    audit_reason: str | None = None
    audit_screenshots: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)
