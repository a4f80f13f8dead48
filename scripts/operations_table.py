"""Print the table of operations by provider, read from the contracts; keep it up to date in the page on capabilities.

Without options it prints the English table; `--write` puts it between the markers of the page in both languages, and
`--check` fails where a page says something else.
"""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from between_markers import run

from miniapp_tp import BaiduClient, MiniAppClient
from miniapp_tp.contract import OPERATIONS
from miniapp_tp.providers.baidu.endpoints import CONTRACT as BAIDU
from miniapp_tp.providers.kuaishou.endpoints import CONTRACT as KUAISHOU
from miniapp_tp.wire.endpoint import Absent, Procedure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from miniapp_tp.contract import Contract
    from miniapp_tp.wire.endpoint import Operation

CONTRACTS: tuple[Contract, ...] = (BAIDU, KUAISHOU)


class Words(NamedTuple):
    """The words of one language."""

    header: tuple[str, ...]
    lacking: str
    chinese: bool


ENGLISH = Words(("method", "returns", "Baidu", "Kuaishou"), "not there", chinese=False)
CHINESE = Words(("方法", "返回", "百度", "快手"), "不支持", chinese=True)
DOCUMENTS = {"docs/capabilities.md": ENGLISH, "docs/capabilities.zh-CN.md": CHINESE}


def signature(name: str) -> tuple[str, str]:
    """A method's call without annotations, and what it returns; what only one client has is named after it."""
    everyones = hasattr(MiniAppClient, name)
    shown = inspect.signature(getattr(BaiduClient, name))
    arguments: list[str] = []
    for parameter in list(shown.parameters.values())[1:]:
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in arguments:
            arguments.append("*")
        optional = parameter.default is not inspect.Parameter.empty
        arguments.append(f"{parameter.name}={parameter.default}" if optional else parameter.name)
    called = name if everyones else f"{BaiduClient.__name__}.{name}"
    return f"{called}({', '.join(arguments)})", str(shown.return_annotation)


def reasons(words: Words) -> list[str]:
    """Why operations are absent, each reason once, in the order in which they are met."""
    missing = [getattr(contract, name) for name in OPERATIONS for contract in CONTRACTS]
    found = [one.chinese if words.chinese else one.why for one in missing if isinstance(one, Absent)]
    return list(dict.fromkeys(found))


def calls(operation: Operation[Any, Any], words: Words) -> str:
    """What an operation sends: the HTTP method and path, and the fields that never vary; or why it is absent."""
    if isinstance(operation, Absent):
        reason = operation.chinese if words.chinese else operation.why
        return f"{words.lacking} ({reasons(words).index(reason) + 1})"
    endpoint = operation.endpoint if isinstance(operation, Procedure) else operation
    fixed = "".join(f" `{name}={value}`" for name, value in endpoint.fixed.items())
    return f"`{endpoint.method} {endpoint.path}`{fixed}"


def rows(words: Words) -> Iterator[tuple[str, ...]]:
    """A row for each operation."""
    for name in OPERATIONS:
        call, result = signature(name)
        yield (f"`{call}`", f"`{result}`", *(calls(getattr(contract, name), words) for contract in CONTRACTS))


def table(words: Words) -> str:
    """The whole table in Markdown."""
    cells = ([cell.replace("|", "\\|") for cell in row] for row in (words.header, *rows(words)))
    header, *others = (f"| {' | '.join(row)} |" for row in cells)
    notes = [f"{number}. {reason}" for number, reason in enumerate(reasons(words), 1)]
    return "\n".join([header, "|---" * len(words.header) + "|", *others, "", *notes])


def main() -> int:
    """Print, write or check."""
    return run(__doc__, "operations", {name: table(words) for name, words in DOCUMENTS.items()})


if __name__ == "__main__":
    sys.exit(main())
