"""The documents, read: their blocks, tables, headings, links and marks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen
from sybil import Document, Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT: Final = Path(__file__).parents[2]
ENGLISH: Final = ROOT / "README.md"
CHINESE: Final = ROOT / "README.zh-CN.md"
READMES: Final = (ENGLISH, CHINESE)
CAPABILITIES: Final = ROOT / "docs" / "capabilities.md"
ERROR_PAGES: Final = (ROOT / "docs" / "errors.md", ROOT / "docs" / "errors.zh-CN.md")
TESTING: Final = (ROOT / "docs" / "testing.md", ROOT / "docs" / "testing.zh-CN.md")
TWINS: Final = tuple(
    (path, path.with_suffix(".zh-CN.md"))
    for path in (ENGLISH, *sorted((ROOT / "docs").glob("*.md")))
    if not path.name.endswith(".zh-CN.md")
)
DOCUMENTS: Final = (*READMES, *sorted((ROOT / "docs").glob("*.md")))
LINKED: Final = (*DOCUMENTS, ROOT / "CONTRIBUTING.md")
LANGUAGES: Final = ("python", "text", "bash")

_COMMENT: Final = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)
_CODE: Final = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_HEADING: Final = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@frozen
class Block:
    """A block of code.

    Attributes:
        language: What stands behind its fence.
        source: What stands in it.
        mark: The comment on the line before it; `""` if there is none.
    """

    language: str
    source: str
    mark: str


def parsed(path: Path, evaluators: Mapping[str, Callable[[Example], None]]) -> Document:
    """Read a document, with an evaluator for each language of its blocks."""
    return Sybil([CodeBlockParser(language, evaluators[language]) for language in LANGUAGES]).parse(path)


def mark_of(example: Example) -> str:
    """Give the comment on the line before a block; `""` if there is none."""
    last = example.document.text[: example.start].rstrip("\n").rpartition("\n")[2]
    found = _COMMENT.fullmatch(last)
    return found[1] if found else ""


def blocks(path: Path) -> list[Block]:
    """Give a document's blocks."""
    found: list[Block] = []
    for language in LANGUAGES:

        def keep(example: Example, language: str = language) -> None:
            found.append(Block(language, str(example.parsed), mark_of(example)))

        for example in Sybil([CodeBlockParser(language, keep)]).parse(path).examples():
            example.evaluate()
    return found


def prose(path: Path) -> str:
    """Give a document without its blocks."""
    return _CODE.sub("", path.read_text("utf-8"))


def comments(path: Path) -> list[str]:
    """Give a document's comments."""
    return _COMMENT.findall(path.read_text("utf-8"))


def fences(path: Path) -> list[str]:
    """Give what stands behind the opening fences of a document, whatever the language."""
    return re.findall(r"^```(.+)$", path.read_text("utf-8"), re.MULTILINE)


def headings(path: Path) -> list[tuple[int, str]]:
    """Give the level and text of each heading."""
    return [(len(level), text) for level, text in _HEADING.findall(prose(path))]


def anchors(path: Path) -> set[str]:
    """Give the names under which headings can be linked to, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for _, text in headings(path)}


def links(path: Path) -> list[str]:
    """Give the targets of a document's links."""
    return _LINK.findall(prose(path))


def tables(path: Path) -> list[list[list[str]]]:
    """Give a document's tables, as rows of cells; the line below the header is left out."""
    found: list[list[list[str]]] = []
    before = ""
    for line in prose(path).splitlines():
        if line.startswith("|"):
            if not before.startswith("|"):
                found.append([])
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        before = line
    return [[header, *rows] for header, _rule, *rows in found]


def codes(text: str) -> list[str]:
    """Give what stands in backticks, in alphabetical order: languages differ in the order of words."""
    return sorted(re.findall(r"`([^`]+)`", text))


def commands(source: str) -> Iterator[list[str]]:
    """Give the commands of a bash block, as words, without comments and what is fed to them."""
    for line in source.splitlines():
        words = line.partition("#")[0].partition(" < ")[0].split()
        if words:
            yield words
