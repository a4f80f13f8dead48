"""Every numbered service of seed 003 has a method, and tests that hold it against the document."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "developer_services.py"


@pytest.fixture(scope="module")
def script() -> Any:  # noqa: ANN401 - a module
    spec = spec_from_file_location("developer_services", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table(script: Any) -> Any:  # noqa: ANN401 - rows of the module
    return script.rows(script.collected())


def test_none_is_missing(table: Any, script: Any) -> None:  # noqa: ANN401 - as above
    assert script.missing(table, None) == []
    assert [row.service for row in table] == [
        script.PERMISSION,
        *list(script.SERVICES)[:3],
        *(service for service in list(script.SERVICES)[3:] for _ in ("developer", "component")),
    ]


def test_a_method_or_a_test_that_is_gone_is_noticed(table: Any, script: Any) -> None:  # noqa: ANN401 - as above
    for place, row in enumerate(table):
        untested = [*table[:place], row._replace(tests=row.tests[:1]), *table[place + 1 :]]
        assert script.missing(untested, None) == [row.service]
        without = [other for other in table if other.service != row.service]
        assert script.missing(without, None) == [row.service]


def test_a_service_that_the_document_has_beyond_the_list_is_noticed(table: Any, script: Any) -> None:  # noqa: ANN401 - as above
    document = "\n".join(f"### {service.replace('.', '. ')}" for service in script.SERVICES)
    assert script.missing(table, document) == []
    assert script.missing(table, f"{document}\n###  8.新的接口\nurl: x") == ["8.新的接口"]


def test_the_table_is_printed(
    table: Any,  # noqa: ANN401 - as above
    script: Any,  # noqa: ANN401 - as above
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tests = [test for row in table for test in row.tests]
    monkeypatch.setattr(sys, "argv", ["developer_services.py"])
    monkeypatch.setattr(script, "collected", lambda: tests)
    assert script.main() == 0
    printed = capsys.readouterr().out
    assert all(f"| {service} | " in printed for service in script.SERVICES)
    assert printed.endswith("7 numbered services, 0 missing\n")
    monkeypatch.setattr(script, "collected", lambda: tests[1:])
    assert script.main() == 1
