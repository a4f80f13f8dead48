"""What the imitated Baidu keeps of developer services: tokens, and everything that was handed in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Final

from attrs import define, field, frozen

from miniapp_tp.sandbox.register import Register

TOKEN_LIFE: Final = 86_400
"""Seconds that a developer's token lives, by the seed's sample; its text says a month (wire/baidu.md § 1.8)."""
_KEY: Final = "sandbox-key-"
_SECRET: Final = "sandbox-secret-"  # noqa: S105 - what a made-up one begins with


@frozen
class HandedIn:
    """Something that was handed in: by which operation, for which app, in which words."""

    operation: str
    app: str
    fields: Mapping[str, str]


def _by_app() -> defaultdict[str, dict[str, Mapping[str, str]]]:
    return defaultdict(dict)


@define
class Services:
    """The developer services of apps.

    Attributes:
        apps: The apps that there are, by id: a live view.
        clock: Tells the time in seconds.
        tokens: The tokens that were handed out.
        sent: Messages and feeds, in the order in which they came.
        materials: The materials of each app, by path; a component's and a developer's are the same ones.
        sitemaps: The sitemaps of each app, by address.
        messages_left: Messages that remain, by app; an app that isn't named has no limit.
    """

    apps: Collection[str] = field(repr=False)
    clock: Callable[[], float]
    sent: list[HandedIn] = field(factory=list[HandedIn])
    materials: defaultdict[str, dict[str, Mapping[str, str]]] = field(factory=_by_app)
    sitemaps: defaultdict[str, dict[str, Mapping[str, str]]] = field(factory=_by_app)
    messages_left: dict[str, int] = field(factory=dict[str, int])
    tokens: Register = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Open the register."""
        self.tokens = Register("24.sandbox-", self.clock)

    @property
    def credentials(self) -> dict[str, tuple[str, str]]:
        """AppKey and AppSecret of each app, by its id."""
        return {app: (f"{_KEY}{app}", f"{_SECRET}{app}") for app in self.apps}

    def owner_of_key(self, key: str | None) -> str | None:
        """Find the app that an AppKey is of."""
        app = (key or "").removeprefix(_KEY)
        return app if app in self.apps and key == f"{_KEY}{app}" else None

    def token(self, key: str, secret: str) -> str | None:
        """Give a token for keys that belong together. An older token goes on working."""
        app = self.owner_of_key(key)
        return self.tokens.issue(TOKEN_LIFE, app) if app and secret == f"{_SECRET}{app}" else None

    def use_message(self, app: str) -> bool:
        """Count a message, if one is left."""
        left = self.messages_left.get(app)
        if left is not None:
            if left <= 0:
                return False
            self.messages_left[app] = left - 1
        return True
