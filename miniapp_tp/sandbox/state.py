"""What an imitated provider knows: its component, its apps, their tokens and their settings."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

from attrs import asdict, define, field

from miniapp_tp.sandbox.domains import SERVER_KINDS, WEBVIEW


class Standing(Enum):
    """What a provider holds of a token."""

    VALID = "valid"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@define
class Category:
    """A service category of an app; `status` is the provider's own number."""

    id: str
    name: str
    status: int
    reason: str = ""


@define
class Audit:
    """The review of a proposed value; `status` is the provider's own number."""

    proposed: str
    status: int = 0
    reason: str = ""


def _no_domains() -> dict[str, list[str]]:
    return {kind: [] for kind in (*SERVER_KINDS, WEBVIEW)}


@define
class App:
    """An authorized mini app. Change what you like but its token (`Provider.rotate`): the next reply shows it.

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
        audits: Reviews by what they are about: `name`, `icon`, `intro`.
        domains: Its domains by kind, in the provider's own spelling.
        edits_left: Edits that remain, by operation (`set_server_domain`); an operation that isn't named has no limit.
        edits: Edits that were made, by operation.
        token_expires_at: When its token expires, in seconds of the sandbox's clock; `None` if it never does.
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
    audits: dict[str, Audit] = field(factory=dict[str, Audit])
    domains: dict[str, list[str]] = field(factory=_no_domains)
    edits_left: dict[str, int] = field(factory=dict[str, int])
    edits: Counter[str] = field(factory=Counter[str])
    token_expires_at: float | None = None
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


@define
class Provider:
    """An imitated provider.

    Attributes:
        name: `baidu` or `kuaishou`.
        component: The id of the one component that it knows.
        apps: The apps that are authorized to the component, by id.
        server_domains: Server domains registered on the component, as bare hosts.
        webview_domains: Webview domains registered on the component, as bare hosts.
        clock: Tells the time in seconds.
        requests: Requests answered so far.
    """

    name: str
    component: str
    apps: dict[str, App]
    server_domains: tuple[str, ...]
    webview_domains: tuple[str, ...]
    clock: Callable[[], float] = time.time
    requests: int = 0
    _tokens: dict[str, str] = field(factory=dict[str, str], repr=False)
    _owners: dict[str, App] = field(factory=dict[str, App], repr=False)

    def __attrs_post_init__(self) -> None:
        """Learn whose the tokens are."""
        self._tokens = {app.id: app.token for app in self.apps.values()}
        self._owners = {app.token: app for app in self.apps.values()}

    @property
    def tokens(self) -> Mapping[str, str]:
        """The present access token of each app, by its id: a live view."""
        return MappingProxyType(self._tokens)

    def owner(self, token: str | None) -> App | None:
        """Find the app that a token is, or once was, for."""
        return self._owners.get(token) if token is not None else None

    def standing(self, token: str | None) -> Standing:
        """Tell what a token is worth now."""
        app = self.owner(token)
        if app is None:
            return Standing.UNKNOWN
        until = app.token_expires_at
        outlived = until is not None and self.clock() >= until
        return Standing.EXPIRED if app.token != token or outlived else Standing.VALID

    def rotate(self, app: App) -> str:
        """Give an app a new token; the old one is refused as expired from now on."""
        base, _, times = app.token.partition("~")
        app.token = f"{base}~{int(times or 1) + 1}"
        app.token_expires_at = None
        self._tokens[app.id] = app.token
        self._owners[app.token] = app
        return app.token


def numbered(count: int, first: int, prefix: str = "") -> Iterable[str]:
    """Make ids that follow each other."""
    return (f"{prefix}{first + place}" for place in range(count))
