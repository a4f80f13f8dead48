"""The demo's output that the READMEs show has the titles, columns, operations and kinds that the code prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import anyio
import pytest

import miniapp_tp
from miniapp_tp import Actor
from miniapp_tp.cli.demo import DemoOptions, DemoResult, run_demo
from miniapp_tp.cli.demo_report import show
from tests.docs.documents import CHINESE, ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LANGUAGES = [(ENGLISH, "en"), (CHINESE, "zh")]
# Enough faults for every kind to occur; the seed makes them the same in every run.
OPTIONS = DemoOptions(apps=40, concurrency=50, fault_rate=0.2, permanent=0.07, seed=1)


@pytest.fixture(scope="module")
def result() -> Iterator[DemoResult]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("miniapp_tp.cli.demo._LATE", 0.2)
        yield anyio.run(run_demo, OPTIONS)


def shown_in(path: Path) -> str:
    found = re.search(
        r"<!-- demo: begin -->\n```text\n(.*?)```\n<!-- demo: end -->", path.read_text("utf-8"), re.DOTALL
    )
    assert found is not None
    return found[1]


def printed(result: DemoResult, language: str, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    patch.setenv("MINIAPP_TP_LANG", language)
    patch.setenv("COLUMNS", "80")
    show(result)
    return capsys.readouterr().out


def titles(text: str) -> list[str]:
    lines = text.splitlines()
    return [lines[place - 1].strip() for place, line in enumerate(lines) if line.startswith("┏")]


def cells(line: str, edge: str) -> list[str]:
    return [cell.strip() for cell in line.strip(edge).split(edge)]


def columns(text: str) -> list[list[str]]:
    return [cells(line, "┃") for line in text.splitlines() if line.startswith("┃")]


def rows(text: str) -> list[list[list[str]]]:
    """Give the rows of the tables."""
    return [[cells(line, "│") for line in part.splitlines() if line.startswith("│")] for part in text.split("┏")[1:]]


def sentences(text: str) -> str:
    """Give what stands below the tables, numbers aside and in one line."""
    return re.sub(r"[\d.]+", "0", " ".join(text.rpartition("┘")[2].split()))


@pytest.mark.parametrize(("path", "language"), LANGUAGES)
def test_a_readme_shows_what_the_code_prints(
    path: Path,
    language: str,
    result: DemoResult,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    expected, shown = printed(result, language, monkeypatch, capsys), shown_in(path)
    assert titles(shown) == titles(expected)
    assert columns(shown) == columns(expected)
    assert sentences(shown) == sentences(expected)
    operations, _, faults = rows(expected)
    assert [row[0] for row in rows(shown)[0]] == [row[0] for row in operations]
    assert [row[0] for row in rows(shown)[2]] == [row[0] for row in faults]
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(("path", "language"), LANGUAGES)
def test_the_failures_that_a_readme_shows_can_occur(path: Path, language: str) -> None:
    operations, failures, _ = rows(shown_in(path))
    for operation, error, actor, _apps in failures:
        assert operation in {row[0] for row in operations}
        assert issubclass(getattr(miniapp_tp, error), miniapp_tp.MiniAppError)
        assert actor in {one.value for one in Actor}


def test_both_readmes_show_runs_that_failed_alike() -> None:
    def seeded(path: Path) -> Any:  # noqa: ANN401 - lists of lists
        operations, failures, faults = rows(shown_in(path))
        return [row[:3] for row in operations], failures, faults

    assert seeded(ENGLISH) == seeded(CHINESE)
