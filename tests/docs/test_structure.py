"""Each document says the same in both languages, their links lead somewhere, and their tables agree with the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

import miniapp_tp
from miniapp_tp import BaiduClient, KuaishouClient, MiniAppError, NoAnswer, PushRejected
from miniapp_tp.contract import OPERATIONS
from miniapp_tp.sandbox import Fault
from tests.docs.documents import (
    CAPABILITIES,
    ERROR_PAGES,
    LINKED,
    READMES,
    ROOT,
    TESTING,
    TWINS,
    anchors,
    blocks,
    codes,
    commands,
    headings,
    links,
    prose,
    tables,
)

if TYPE_CHECKING:
    from pathlib import Path

TABLE = ROOT / "scripts" / "operations_table.py"
CODES = ROOT / "scripts" / "error_codes.py"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
TWO = pytest.mark.parametrize(("english", "chinese"), TWINS, ids=lambda path: path.name)
ERRORS = {
    name: kind
    for name, kind in ((name, getattr(miniapp_tp, name)) for name in miniapp_tp.__all__)
    if isinstance(kind, type) and issubclass(kind, MiniAppError)
}


def meaning(source: str) -> str:
    """Give what a block does: comments and docstrings are in the reader's language."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)


def rows_with(first_cell: str, path: Path) -> list[list[str]]:
    """Give the rows of the table in which a cell of the first column is this."""
    return next(rows for rows in tables(path) if any(row[0] == first_cell for row in rows))


# --- the two languages ----------------------------------------------------------------------------------------------


@TWO
def test_both_have_the_same_headings(english: Path, chinese: Path) -> None:
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(chinese)]


@TWO
def test_both_have_the_same_blocks(english: Path, chinese: Path) -> None:
    ours, theirs = blocks(english), blocks(chinese)
    assert [block.language for block in ours] == [block.language for block in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.mark.partition(":")[0] == other.mark.partition(":")[0]
        if one.language == "python":
            assert meaning(one.source) == meaning(other.source)
        elif one.language == "bash":
            assert list(commands(one.source)) == list(commands(other.source))
        elif one.mark == "output":
            assert one.source == other.source


@TWO
def test_both_have_the_same_tables(english: Path, chinese: Path) -> None:
    ours, theirs = tables(english), tables(chinese)
    assert [[len(row) for row in table] for table in ours] == [[len(row) for row in table] for table in theirs]
    for one, other in zip(ours, theirs, strict=True):
        for english_row, chinese_row in zip(one[1:], other[1:], strict=True):
            assert [codes(cell) for cell in english_row] == [codes(cell) for cell in chinese_row]


# --- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LINKED, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in links(path):
        if "://" not in target:
            name, _, anchor = target.partition("#")
            file = path.parent / name if name else path
            assert file.exists(), target
            assert not anchor or anchor in anchors(file), target


@TWO
def test_a_page_is_in_the_list_of_its_readme(english: Path, chinese: Path) -> None:
    for path, readme in zip((english, chinese), READMES, strict=True):
        assert path == readme or f"docs/{path.name}" in links(readme)


# --- tables and the code --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [TABLE, CODES], ids=lambda path: path.name)
def test_what_is_made_from_the_code_is_up_to_date(script: Path) -> None:
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_table_of_operations_is_printed_and_stands_in_the_page_on_capabilities() -> None:
    done = subprocess.run([sys.executable, TABLE], capture_output=True, text=True, check=True)
    assert done.stdout in CAPABILITIES.read_text("utf-8")


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_the_summary_of_a_readme_has_every_operation_and_who_has_it(path: Path) -> None:
    clients = [BaiduClient("any", tokens={}), KuaishouClient("any", tokens={})]
    _header, *rows = next(rows for rows in tables(path) if codes(rows[1][1]) == ["get_info"])
    said = {name: row[2:] for row in rows for name in codes(row[1])}
    assert said == {name: ["✓" if one.supports(name) else "–" for one in clients] for name in OPERATIONS}


@pytest.mark.parametrize("path", TESTING, ids=lambda path: path.name)
def test_the_table_of_faults_has_every_fault(path: Path) -> None:
    named = [name for row in rows_with("`LATENCY`", path) for name in codes(row[0])]
    assert sorted(named) == sorted(fault.name for fault in Fault)


@pytest.mark.parametrize(("path", "language"), list(zip(ERROR_PAGES, ("en", "zh"), strict=True)), ids=["en", "zh"])
def test_the_page_on_errors_shows_what_explain_says(path: Path, language: str) -> None:
    shown = next(block.source for block in blocks(path) if block.mark == "explain")
    [command] = [words for block in blocks(path) if block.language == "bash" for words in commands(block.source)]
    arguments = [sys.executable, "-m", "miniapp_tp.cli", *command[1:], "--lang", language]
    done = subprocess.run(arguments, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == shown


@pytest.mark.parametrize("path", ERROR_PAGES, ids=lambda path: path.name)
def test_the_table_of_errors_is_ordered_by_who_must_act(path: Path) -> None:
    _header, *rows = rows_with("`InvalidArgument`", path)
    actors = [row[2].strip("`") for row in rows]
    assert list(dict.fromkeys(actors)) == ["YOU", "MERCHANT", "PROVIDER", "TIME"]
    assert actors == sorted(actors, key=["YOU", "MERCHANT", "PROVIDER", "TIME"].index)


@pytest.mark.parametrize("path", ERROR_PAGES, ids=lambda path: path.name)
def test_the_table_of_errors_has_every_class_and_who_must_act(path: Path) -> None:
    _header, *rows = rows_with("`InvalidArgument`", path)
    actors = {codes(row[0])[0]: row[2].strip("`") for row in rows}
    raised = {name: kind.default_actor.name for name, kind in ERRORS.items() if kind not in {MiniAppError, NoAnswer}}
    assert actors == raised


@pytest.mark.parametrize("path", ERROR_PAGES, ids=lambda path: path.name)
def test_the_tree_of_errors_is_the_tree_of_classes(path: Path) -> None:
    tree = next(block.source for block in blocks(path) if block.source.startswith("MiniAppError\n"))
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in tree.splitlines():
        drawn = line.lstrip("│├└─ ")
        depth = (len(line) - len(drawn)) // len("├─ ")
        name = drawn.split()[0]
        above[depth:] = [name]
        if depth:
            parents[name] = above[depth - 1]
    assert parents == {name: kind.__bases__[0].__name__ for name, kind in ERRORS.items() if kind is not MiniAppError}


@pytest.mark.parametrize("path", ERROR_PAGES, ids=lambda path: path.name)
def test_what_the_tree_says_of_attributes_is_true(path: Path) -> None:
    tree = next(block.source for block in blocks(path) if block.source.startswith("MiniAppError\n"))
    for line in tree.splitlines():
        name, *attributes = line.lstrip("│├└─ ").split()
        error = ERRORS[name].__new__(ERRORS[name], "")
        if name in {"ReplyNotUnderstood", "TicketMissing", "ProviderError"}:
            error = ERRORS[name]("")
        if name == "PushRejected":
            error = PushRejected("", step="json")
        assert all(hasattr(error, attribute[1:]) for attribute in attributes if attribute.startswith("."))


def test_the_endpoint_that_contributors_are_shown_is_the_one_in_the_code() -> None:
    fenced = re.search(r"^ *```python\n(.*?)^ *```$", CONTRIBUTING.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert fenced is not None
    shown = textwrap.dedent(fenced[1])
    assert shown in ROOT.joinpath("miniapp_tp", "providers", "baidu", "endpoints.py").read_text("utf-8")


def test_the_files_that_contributors_are_sent_to_exist() -> None:
    named = [name for name in codes(prose(CONTRIBUTING)) if re.fullmatch(r"[\w.<>/]+/(\w+\.py)?", name)]
    for name in named:
        for provider in ("baidu", "kuaishou"):
            path = name.replace("<p>", provider)
            assert (ROOT / path).exists() or (ROOT / "miniapp_tp" / path).exists(), path
    assert len(named) > 5
