"""Print where each of Baidu's documented platform calls is: endpoint → method → tests; fail if one is missing.

The calls are listed here by the lines of their document, seed 000. `--document PATH` compares them with the document
itself, which isn't part of this repository.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from miniapp_tp import BaiduClient
from miniapp_tp.providers.baidu.endpoints import ENDPOINTS

ROOT = Path(__file__).parent.parent
HOST = "https://openapi.baidu.com"
LINES = (
    "GET /rest/2.0/smartapp/app/category/list",
    "POST /rest/2.0/smartapp/app/category/update",
    "POST /rest/2.0/smartapp/app/modifyheadimage",
    "POST /rest/2.0/smartapp/app/modifysignature",
    "POST /rest/2.0/smartapp/app/pause",
    "POST /rest/2.0/smartapp/app/resume",
    "POST /rest/2.0/smartapp/appflow/applyRecovery",
    "GET /rest/2.0/smartapp/app/qrcode",
    "POST /rest/2.0/smartapp/app/setnickname",
    "POST /rest/2.0/smartapp/app/setsupportversion",
    "GET /rest/2.0/smartapp/app/getsupportversion",
    "POST /rest/2.0/smartapp/app/modifydomain",
    "POST /rest/2.0/smartapp/app/modifywebviewdomain",
    "GET /rest/2.0/smartapp/app/checkname",
    "POST /rest/2.0/smartapp/app/offline/update",
    "POST /rest/2.0/smartapp/app/apply/mobileauth",
    "POST /rest/2.0/smartapp/app/cancel/mobileauth",
    "GET /rest/2.0/smartapp/app/get/mobileauthstatus",
)
"""The document's lines of endpoints, in its order, without the host and the token."""
TESTS = (
    "tests/golden/test_golden.py",
    "tests/golden/test_sandbox_golden.py",
    "tests/conformance/test_capabilities.py",
)
"""Where a documented request and reply are held against client and sandbox, and where the method is called."""
KINDS = (
    "test_method_address_query_and_headers_are_the_documented_ones",
    "test_the_body_holds_the_documented_fields_and_no_others",
    "test_the_documented_reply_is_read_to_the_last_field",
    "test_the_sandbox_takes_the_documented_request_and_answers_in_the_documented_shape",
    "test_what_a_provider_has_works",
)
"""The tests that every call must have."""
_LINE = re.compile(rf"^ ?(GET|POST) {re.escape(HOST)}(/[^\s?]+)", re.MULTILINE)


class Row(NamedTuple):
    """A documented call: the methods that make it, and their tests."""

    line: str
    methods: tuple[str, ...]
    tests: tuple[str, ...]


def lines(document: str) -> list[str]:
    """The lines of endpoints that a document has."""
    return [f"{method} {path}" for method, path in _LINE.findall(document)]


def collected() -> list[str]:
    """The ids of the tests in the files named above."""
    arguments = ("--collect-only", "-q", "-p", "no:cacheprovider", *TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [line for line in done.stdout.splitlines() if "::" in line]


def rows(tests: list[str]) -> list[Row]:
    """A row for each documented line."""
    found: list[Row] = []
    for line in LINES:
        names = [one.name for one in ENDPOINTS if f"{one.method} {one.path}" == line and hasattr(BaiduClient, one.name)]
        theirs = tuple(test for test in tests for name in names if re.search(rf"\[baidu-{name}[.\]]", test))
        found.append(Row(line, tuple(names), theirs))
    return found


def missing(table: list[Row], document: str | None) -> list[str]:
    """The lines without a method or without all kinds of tests, and what the document and the list don't share."""
    lacking = [
        row.line for row in table if not row.methods or not all(f"::{kind}[" in str(row.tests) for kind in KINDS)
    ]
    unlisted = set(LINES) ^ set(lines(document)) if document is not None else set[str]()
    return sorted({*lacking, *unlisted})


def main() -> int:
    """Print the table, and how many calls are missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--document", type=Path, help="the document of the calls")
    arguments = parser.parse_args()
    document = arguments.document.read_text("utf-8") if arguments.document else None
    table = rows(collected())
    print("| endpoint | method | tests |", "|---|---|---|", sep="\n")
    for row in table:
        methods = ", ".join(f"`BaiduClient.{name}`" for name in row.methods)
        print(f"| `{row.line}` | {methods} | {len(row.tests)}: `-k baidu-{' or baidu-'.join(row.methods)}` |")
    print(f"\nThe tests: pytest {' '.join(TESTS)} -k …")
    lacking = missing(table, document)
    print(f"{len(table)} endpoints, {len(lacking)} missing", *lacking, sep="\n  ")
    return bool(lacking)


if __name__ == "__main__":
    sys.exit(main())
