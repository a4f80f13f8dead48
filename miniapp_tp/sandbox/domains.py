"""Lists of domains: what both imitated providers do with them, whatever they look like on the wire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVER_KINDS: Final = ("request", "socket", "upload", "download", "udp")
"""The kinds of server domains; Baidu has all but the last."""

WEBVIEW: Final = "webview"

_HOST: Final = r"(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?::\d{1,5})?"
BARE: Final = re.compile(_HOST, re.IGNORECASE)
"""A host name, optionally with a port (seed 001, all examples)."""
WITH_SCHEME: Final = re.compile(rf"(?:https?|wss)://{_HOST}", re.IGNORECASE)
"""The same after a scheme (seed 000 设置小程序服务器域名, 470014; its doubled `https://` stands for `http://`)."""


def host_of(domain: str, form: re.Pattern[str]) -> str | None:
    """Take the host out of a domain; `None` if it hasn't the form."""
    match = form.fullmatch(domain)
    return match["host"].lower() if match else None


def is_covered(host: str, registered: Iterable[str]) -> bool:
    """Tell whether a host is registered on the component, or below one that is (seed 000 设置小程序服务器域名)."""
    return any(host == one or host.endswith(f".{one}") for one in registered)


def unique(domains: Iterable[str]) -> list[str]:
    """Give each domain once, in the order of its first appearance."""
    return list(dict.fromkeys(domain.lower() for domain in domains))


def lacks(present: Iterable[str], wanted: Iterable[str]) -> bool:
    """Tell whether one of the wanted domains isn't present."""
    return not set(unique(wanted)) <= set(present)


def changed(present: list[str], action: str, given: list[str]) -> list[str]:
    """Give the list that an action makes of the present one."""
    match action:
        case "set":
            return unique(given)
        case "add":
            return unique([*present, *given])
        case _:
            gone = set(unique(given))
            return [domain for domain in present if domain not in gone]
