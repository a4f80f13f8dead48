"""What an imitated provider knows of a mini app: its settings, its token, and whether it is granted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from attrs import asdict, define, field

from miniapp_tp.sandbox.domains import SERVER_KINDS, WEBVIEW

if TYPE_CHECKING:
    from collections.abc import Iterable


@define
class Category:
    """A service category of an app; `status` is the provider's own number."""

    id: str
    name: str
    status: int
    reason: str = ""


@define
class Audit:
    """The review of a proposed value; `status` is the provider's own number, `review` that of the review, if any."""

    proposed: str
    status: int = 0
    reason: str = ""
    review: int = 0


def _no_domains() -> dict[str, list[str]]:
    return {kind: [] for kind in (*SERVER_KINDS, WEBVIEW)}


@define
class App:
    """A mini app. Change what you like but its token and its grant (see `Provider`): the next reply shows it.

    Attributes:
        id: Its id.
        token: Its access token.
        name: Its name.
        icon: The address of its icon.
        intro: Its description.
        status: Its state, as the provider's own number.
        subject: The name of its owner.
        subject_type: The kind of its owner, as the provider's own number.
        categories: Its service categories.
        permissions: What its merchant granted, by name.
        granted: Whether it is authorized to the component.
        audits: Reviews by what they are about: `name`, `icon`, `intro`.
        domains: Its domains by kind, in the provider's own spelling.
        edits_left: Edits that remain, by operation (`set_server_domain`); an operation that isn't named has no limit.
        edits: Edits that were made, by operation.
        token_expires_at: When its token expires, in seconds of the sandbox's clock; `None` if it never does.
        reviews: The numbers of the reviews that the component began and that haven't ended, by their subject; Baidu
            only, as all that follow.
        proposed_categories: The ids of the categories that are under review.
        packages: Its packages by id: `online`, `audit`, `development` or anything else.
        support_version: The oldest version of the base library that its users need.
        recovery: The description of the last application for recovery.
        mobile_auth: How far the permission to ask for phone numbers is, as Baidu's own number, and why it was refused.
        violations: What it is reproached with, in Baidu's own shape.
        spells_satus: Whether Baidu misspells `status` in the qualification of this app (wire/baidu.md § 3).
    """

    id: str
    token: str = field(repr=False)
    name: str
    icon: str
    intro: str
    status: int
    subject: str
    subject_type: int
    categories: list[Category]
    permissions: tuple[str, ...] = ()
    granted: bool = True
    audits: dict[str, Audit] = field(factory=dict[str, Audit])
    domains: dict[str, list[str]] = field(factory=_no_domains)
    edits_left: dict[str, int] = field(factory=dict[str, int])
    edits: Counter[str] = field(factory=Counter[str])
    token_expires_at: float | None = None
    reviews: dict[str, int] = field(factory=dict[str, int])
    proposed_categories: list[str] = field(factory=list[str])
    packages: dict[str, str] = field(factory=lambda: {"1": "online", "2": "audit", "3": "rejected"})
    support_version: str = "3.10.4"
    recovery: str = ""
    mobile_auth: tuple[int, str] = (0, "")
    violations: list[dict[str, Any]] = field(factory=list[dict[str, Any]])
    spells_satus: bool = True

    @property
    def server_domains(self) -> dict[str, list[str]]:
        """Its server domains by kind."""
        return {kind: self.domains[kind] for kind in SERVER_KINDS}

    @property
    def webview_domains(self) -> list[str]:
        """Its webview domains."""
        return self.domains[WEBVIEW]

    def use_edit(self, operation: str) -> bool:
        """Count an edit, if one is left."""
        left = self.edits_left.get(operation)
        if left is not None:
            if left <= 0:
                return False
            self.edits_left[operation] = left - 1
        self.edits[operation] += 1
        return True

    def as_dict(self) -> dict[str, Any]:
        """Give all of it as JSON values."""
        return asdict(self)


def numbered(count: int, first: int, prefix: str = "") -> Iterable[str]:
    """Make ids that follow each other."""
    return (f"{prefix}{first + place}" for place in range(count))
