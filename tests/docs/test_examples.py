"""Every block of the documents runs as printed, against the sandbox, and prints what stands below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.documents import DOCUMENTS, LANGUAGES, READMES, ROOT, blocks, comments, fences
from tests.docs.examples import COMPILE_ONLY, Examples, check

if TYPE_CHECKING:
    from pathlib import Path

BENCH = "bench: "  # where `python -m benchmarks` writes its tables
MADE = ("operations:begin", "operations:end", "errors:begin", "errors:end")  # by scripts, from the code
KNOWN = ("output", "explain", "pytest", "demo: begin", "demo: end", *MADE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_blocks_run_and_print_what_stands_below_them(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some write files
    examples = Examples(path, tmp_path, ROOT)
    examples.run()
    waived = [block for block in blocks(path) if block.mark.startswith(COMPILE_ONLY)]
    python = [block for block in blocks(path) if block.language == "python"]
    assert examples.ran == len(python) - len(waived)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_there_is_no_block_that_nobody_looks_at(path: Path) -> None:
    assert set(fences(path)) <= set(LANGUAGES)
    assert len(fences(path)) == len(blocks(path))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_mark_is_known_and_a_waiver_has_a_reason(path: Path) -> None:
    for comment in comments(path):
        assert comment in KNOWN or comment.startswith((COMPILE_ONLY, BENCH)), comment
    for block in blocks(path):
        assert block.mark != COMPILE_ONLY.strip(), "a waiver without a reason"


def test_the_first_program_of_a_readme_stands_alone() -> None:
    for path in READMES:
        first = next(block for block in blocks(path) if block.language == "python")
        assert "asyncio.run(" in first.source
        assert not first.mark


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("from miniapp_tp import NoSuchClient", ImportError),
        ("from miniapp_tp import BaiduClient\nBaiduClient('one', secret='two')", TypeError),
        ("print(undefined)", AssertionError),
    ],
)
def test_a_block_that_is_only_compiled_is_checked_all_the_same(source: str, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        check(source)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nraise LookupError\n```",
        "```python\nprint(1)\n```\n\n<!-- output -->\n```text\n2\n```",
        "```python\nprint(1)\n```",
        "<!-- pytest -->\n```python\ndef test_it():\n    assert False\n```",
        "```bash\nminiapp-tp demo --no-such-option\n```",
        "```bash\nminiapp-tp no-such-command\n```",
        "```bash\nminiapp-tp grants no-such-command\n```",
        "```bash\nminiapp-tp grants import --provider baidu --component c --store memory:// --no-such-option\n```",
        "```bash\nmake no-such-target\n```",
        "```bash\n./no-such-file\n```",
    ],
)
def test_a_block_that_is_wrong_is_found(text: str, tmp_path: Path) -> None:
    tmp_path.joinpath("wrong.md").write_text(text, "utf-8")
    with pytest.raises(Exception, match=r".*"):
        Examples(tmp_path / "wrong.md", tmp_path, ROOT).run()
