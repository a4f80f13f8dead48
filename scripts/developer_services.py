"""Print where each of Baidu's numbered developer services is: endpoint → method → tests; fail if one is missing.

The services are listed here by the headings of their document. `--document PATH` compares them with the document
itself, which isn't part of this repository.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from miniapp_tp import BaiduClient, BaiduDeveloperClient
from miniapp_tp.providers.baidu.developer import COMPONENT_MATERIALS, DEVELOPER_TOKEN, developer_contract
from miniapp_tp.wire.endpoint import Absent, Endpoint

ROOT = Path(__file__).parent.parent
SERVICES = {
    "1.消息推送服务单播接口": "push_message",
    "2.消息推送服务组播接口": "broadcast_message",
    "3.Feeds横滑卡片推广接口": "submit_feed_cards",
    "4.投放服务提交素材接口": "submit_material",
    "5.投放服务删除素材接口": "delete_material",
    "6.投放服务提交sitemap接口": "submit_sitemap",
    "7.投放服务删除sitemap接口": "delete_sitemap",
}
"""The document's headings → our methods."""
PERMISSION = "开发者服务权限说明"
GOLDEN = "tests/golden/test_developer_golden.py"
_HEADING = re.compile(r"^#{3} *(\d+\. *\S.*?) *$", re.MULTILINE)


class Row(NamedTuple):
    """A way to call a service: who calls what, and the tests that hold it against the document."""

    service: str
    method: str
    endpoint: str
    tests: tuple[str, ...]


def headings(document: str) -> list[str]:
    """The numbered services that a document has."""
    return [re.sub(r"^(\d+\.) *", r"\1", heading) for heading in _HEADING.findall(document)]


def collected() -> list[str]:
    """The ids of the tests that hold requests and replies against the document."""
    arguments = ("--collect-only", "-q", "-p", "no:cacheprovider", GOLDEN)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [line for line in done.stdout.splitlines() if "::" in line]


def shown(endpoint: object) -> str:
    """What an endpoint sends."""
    if isinstance(endpoint, Endpoint):
        return f"{endpoint.method} {endpoint.path}"
    assert isinstance(endpoint, Absent)
    return "POST (address from urls=)"


def rows(tests: list[str]) -> list[Row]:
    """A row for each way to call each service."""

    def of(kind: str, name: str) -> tuple[str, ...]:
        return tuple(test for test in tests if re.search(rf"\[{kind}-{name}[.\]]", test))

    found = [Row(PERMISSION, "(the client's own)", shown(DEVELOPER_TOKEN), of("own", DEVELOPER_TOKEN.name))]
    published = developer_contract({})
    for service, name in SERVICES.items():
        clients = ((BaiduDeveloperClient, published, "own"), (BaiduClient, COMPONENT_MATERIALS, "component"))
        for client, contract, kind in clients:
            endpoint = getattr(contract, name, None)
            if endpoint is not None and hasattr(client, name):
                found.append(Row(service, f"{client.__name__}.{name}", shown(endpoint), of(kind, name)))
    return found


def missing(table: list[Row], document: str | None) -> list[str]:
    """The services without a method or without all kinds of tests, and what the document has beyond the list."""
    kinds = {test.partition("[")[0] for row in table for test in row.tests}
    untested = {row.service for row in table if {test.partition("[")[0] for test in row.tests} != kinds}
    lacking = {*SERVICES, PERMISSION} - {row.service for row in table}
    unlisted = set(SERVICES) ^ set(headings(document)) if document is not None else set[str]()
    return sorted(untested | lacking | unlisted)


def main() -> int:
    """Print the table, and how many services are missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--document", type=Path, help="the document of the services")
    arguments = parser.parse_args()
    document = arguments.document.read_text("utf-8") if arguments.document else None
    table = rows(collected())
    print("| service | method | endpoint | tests |", "|---|---|---|---|", sep="\n")
    for row in table:
        chosen = row.tests[0].partition("[")[2].partition(".")[0].rstrip("]") if row.tests else "none"
        print(f"| {row.service} | `{row.method}` | `{row.endpoint}` | {len(row.tests)}: `-k {chosen}` |")
    print(f"\nThe tests: pytest {GOLDEN} -k …")
    lacking = missing(table, document)
    print(f"{len(SERVICES)} numbered services, {len(lacking)} missing", *lacking, sep="\n  ")
    return bool(lacking)


if __name__ == "__main__":
    sys.exit(main())
