"""Fail unless the built documentation site has every public name and, for each call of a provider, its source.

`check_site.py build/site` looks for every public name, and every public method of each client, in the site. What a
method does at the provider it must say with its source: the heading of the provider's page, or a section of our notes.
"""

from __future__ import annotations

import inspect
import re
import sys
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import miniapp_tp
from miniapp_tp import BaiduClient, BaiduDeveloperClient, Fleet, KuaishouClient, MiniAppClient

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = (BaiduClient, KuaishouClient, Fleet, BaiduDeveloperClient, MiniAppClient)
WITHOUT = frozenset(
    {
        *("aclose", "members", "name_of", "provider", "push_tolerance", "store", "supports", "with_options"),
        *("adopt", "apps", "forget"),  # the store alone
        *("apply_event", "recover_all"),  # what other methods do
        *("call", "hand_in", "perform"),  # whatever they are handed
        "read_event",  # what was opened before
    }
)
"""The public methods that make no call of their own at a provider."""
SOURCE = re.compile(r"\bSources?: (seed |wire/|Baidu |Kuaishou )")


def methods(client: type) -> list[str]:
    """The public methods and properties of a client."""
    found = inspect.getmembers(client, lambda member: callable(member) or isinstance(member, property))
    return [name for name, _ in found if not name.startswith("_")]


def wanted() -> Iterator[str]:
    """Every name that the site must have."""
    yield from miniapp_tp.__all__
    for client in CLIENTS:
        yield from (f"{client.__name__}.{name}" for name in methods(client))


def shown(page: str) -> dict[str, str]:
    """What a page of the site says of each name of the package, without its markup."""
    parts = re.split(r'<dt [^>]*id="miniapp_tp\.([\w.]+)"', page)
    texts = (unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", part))) for part in parts[2::2])
    return dict(zip(parts[1::2], texts, strict=True))


def missing(texts: dict[str, str]) -> list[str]:
    """The names that a page lacks."""
    return [name for name in wanted() if name not in texts]


def unsourced(texts: dict[str, str]) -> list[str]:
    """The methods that call a provider, and say no source."""
    calling = (f"{one.__name__}.{name}" for one in CLIENTS for name in methods(one) if name not in WITHOUT)
    return [name for name in calling if not SOURCE.search(texts.get(name, ""))]


def unused() -> list[str]:
    """What is excused here though no client has it."""
    return sorted(WITHOUT - {name for client in CLIENTS for name in methods(client)})


def main() -> int:
    """Check, and say what to add."""
    texts = shown(Path(sys.argv[1], "reference.html").read_text("utf-8"))
    lacking = [f"docs/reference.rst lacks {name}" for name in missing(texts)]
    lacking += [f"{name} calls a provider and says no source" for name in unsourced(texts)]
    lacking += [f"scripts/check_site.py excuses {name}, which no client has" for name in unused()]
    print(*lacking, sep="\n", end="\n" if lacking else "")
    return bool(lacking)


if __name__ == "__main__":
    sys.exit(main())
