"""Print every documented error code by who must act, read from the tables; keep the page on error codes up to date.

Without options it prints the English tables; `--write` puts them between the markers of the page in both languages, and
`--check` fails where a page says something else.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from between_markers import run

from miniapp_tp import Actor
from miniapp_tp.cli.explaining import TABLES, Explanation, explain, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from miniapp_tp.wire.meaning import Code


class Page(NamedTuple):
    """The words of one language."""

    header: tuple[str, ...]
    headings: dict[Actor, str]
    providers: dict[str, str]
    at: str
    text: str
    chinese: bool


ENGLISH = Page(
    ("code", "class", "what happened", "what to do next"),
    {
        Actor.YOU: "You must act",
        Actor.MERCHANT: "The merchant must act",
        Actor.PROVIDER: "The provider must act",
        Actor.TIME: "Wait",
    },
    {"baidu": "Baidu", "kuaishou": "Kuaishou"},
    "at",
    "if its text has",
    chinese=False,
)
CHINESE = Page(
    ("错误码", "错误类", "发生了什么", "下一步"),
    {
        Actor.YOU: "由你处理",
        Actor.MERCHANT: "由商家处理",
        Actor.PROVIDER: "由平台方处理",
        Actor.TIME: "等待即可",
    },
    {"baidu": "百度", "kuaishou": "快手"},
    "用于",
    "信息含",
    chinese=True,
)
DOCUMENTS = {"docs/error-codes.md": ENGLISH, "docs/error-codes.zh-CN.md": CHINESE}


def _order(code: Code) -> tuple[bool, int, str]:
    """Numbers first, in their order; then words."""
    return isinstance(code, str), code if isinstance(code, int) else 0, str(code)


def meanings() -> Iterator[Explanation]:
    """Every meaning of every code: by provider, then by code."""
    for provider, (table, endpoints) in TABLES.items():
        known = {*table, *(code for endpoint in endpoints for code in endpoint.codes)}
        for code in sorted(known, key=_order):
            yield from explain(f"{provider}:{code}")


def row(one: Explanation, page: Page) -> tuple[str, ...]:
    """A line of a table."""
    where = [f"{page.at} {', '.join(f'`{name}`' for name in one.operations)}"] if one.operations else []
    where += [f"{page.text} {', '.join(f'`{sign}`' for sign in one.signs)}"] if one.signs else []
    code = " ".join([f"{page.providers[one.provider]} `{one.code}`", *where])
    what, then = said(one.what, chinese=page.chinese), said(one.then, chinese=page.chinese)
    return code, f"`{one.meaning.error.__name__}`", what, then


def section(actor: Actor, page: Page) -> str:
    """The codes that somebody must act on, with their heading."""
    rows = [row(one, page) for one in meanings() if one.actor is actor]
    lines = [" | ".join(cell.replace("|", "\\|") for cell in cells) for cells in (page.header, *rows)]
    header, *others = (f"| {line} |" for line in lines)
    return "\n".join([f"## {page.headings[actor]}", "", header, "|---" * len(page.header) + "|", *others])


def tables(page: Page) -> str:
    """All of it in Markdown."""
    return "\n".join(["", "\n\n".join(section(actor, page) for actor in Actor), ""])


def main() -> int:
    """Print, write or check."""
    return run(__doc__, "errors", {name: tables(page) for name, page in DOCUMENTS.items()})


if __name__ == "__main__":
    sys.exit(main())
