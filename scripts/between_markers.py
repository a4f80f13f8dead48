"""Keep what is made from the code up to date between two markers of each document: print, `--write` or `--check` it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent


def updated(text: str, mark: str, content: str) -> str:
    """A document with fresh content between its markers."""
    begin, end = f"<!-- {mark}:begin -->", f"<!-- {mark}:end -->"
    before, found, rest = text.partition(begin)
    _stale, closed, after = rest.partition(end)
    if not (found and closed):
        message = f"the markers {begin} and {end} are missing"
        raise ValueError(message)
    return f"{before}{begin}\n{content}\n{end}{after}"


def stale(mark: str, contents: Mapping[str, str]) -> dict[Path, str]:
    """The documents that don't say what the code says, and what they should say."""
    found: dict[Path, str] = {}
    for name, content in contents.items():
        text = (ROOT / name).read_text("utf-8")
        if (fresh := updated(text, mark, content)) != text:
            found[ROOT / name] = fresh
    return found


def run(description: str | None, mark: str, contents: Mapping[str, str]) -> int:
    """Print, write or check: what a script does whose documents get these contents; the first is the one printed."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--write", action="store_true", help="bring the documents up to date")
    parser.add_argument("--check", action="store_true", help="fail if a document is out of date")
    arguments = parser.parse_args()
    if not (arguments.write or arguments.check):
        print(next(iter(contents.values())))
        return 0
    found = stale(mark, contents)
    for path, text in found.items():
        if arguments.write:
            path.write_text(text, "utf-8")
        print(f"{path.name}: {'written' if arguments.write else f'out of date; run {sys.argv[0]} --write'}")
    return bool(found and not arguments.write)
