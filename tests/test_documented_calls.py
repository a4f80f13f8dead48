"""Every endpoint line of seed 000 has a method, and tests that hold it against the document."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "documented_calls.py"


@pytest.fixture(scope="module")
def script() -> Any:  # noqa: ANN401 - a module
    spec = spec_from_file_location("documented_calls", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table(script: Any) -> Any:  # noqa: ANN401 - rows of the module
    return script.rows(script.collected())


def test_none_of_the_18_is_missing(table: Any, script: Any) -> None:  # noqa: ANN401 - as above
    assert script.missing(table, None) == []
    assert len(table) == len(set(script.LINES)) == 18
    assert {name for row in table for name in row.methods} >= {"set_categories", "get_server_domain", "check_name"}


def test_a_method_or_a_test_that_is_gone_is_noticed(table: Any, script: Any) -> None:  # noqa: ANN401 - as above
    for place, row in enumerate(table):
        for poorer in (row._replace(methods=()), row._replace(tests=row.tests[:1])):
            assert script.missing([*table[:place], poorer, *table[place + 1 :]], None) == [row.line]


def test_a_line_that_the_document_has_beyond_the_list_is_noticed(table: Any, script: Any) -> None:  # noqa: ANN401 - as above
    document = "\n".join(line.replace(" /", f" {script.HOST}/") + "?access_token=ACCESS_TOKEN" for line in script.LINES)
    assert script.missing(table, document) == []
    assert script.missing(table, f"{document}\n POST {script.HOST}/rest/new \n") == ["POST /rest/new"]


def test_the_table_is_printed(
    table: Any,  # noqa: ANN401 - as above
    script: Any,  # noqa: ANN401 - as above
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tests = [test for row in table for test in row.tests]
    monkeypatch.setattr(sys, "argv", ["documented_calls.py"])
    monkeypatch.setattr(script, "collected", lambda: tests)
    assert script.main() == 0
    printed = capsys.readouterr().out
    assert all(f"| `{line}` | `BaiduClient." in printed for line in script.LINES)
    assert printed.endswith("18 endpoints, 0 missing\n")
    monkeypatch.setattr(script, "collected", lambda: [test for test in tests if "baidu-pause]" not in test])
    assert script.main() == 1
