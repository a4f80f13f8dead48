"""Sources of apps in files: one id a line, CSV with a header, or JSON lines; read lazily, a row at a time."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from miniapp_tp.bulk.states import Item
from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

_APP: Final = "app"


def read_apps(path: str | os.PathLike[str]) -> Iterator[Item]:
    """Read apps from a file, whatever its form; see `apps_in`.

    Raises:
        InvalidArgument: A row that names no app.
        OSError: The file can't be read.
    """
    with Path(path).open(encoding="utf-8-sig", newline="") as lines:
        yield from apps_in(lines)


def apps_in(lines: Iterable[str]) -> Iterator[Item]:
    """Read apps from lines.

    Args:
        lines: One id each; or CSV with a header that has a column `app`; or JSON objects with a key `app`. What else a
            row holds are arguments of its own for the method, by name; an empty cell is none.

    Raises:
        InvalidArgument: A row that names no app; the message says which.
    """
    numbered = ((number, line.strip("\ufeff\r\n ")) for number, line in enumerate(lines, 1))
    filled = ((number, line) for number, line in numbered if line)
    number, first = next(filled, (0, ""))
    if not number:
        return
    if first.startswith("{"):
        yield _from_json(number, first)
        yield from (_from_json(place, line) for place, line in filled)
    elif _APP in (names := _cells(first)):
        yield from (_from_cells(place, names, line) for place, line in filled)
    else:
        yield _from_text(number, first)
        yield from (_from_text(place, line) for place, line in filled)


def _from_text(number: int, line: str) -> Item:
    if any(mark in line for mark in ',;\t"'):
        raise _wrong(number, "a file of several columns has a header with a column `app`")
    return Item(line)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line]))]


def _from_cells(number: int, names: list[str], line: str) -> Item:
    cells = _cells(line)
    if len(cells) > len(names):
        raise _wrong(number, "it has more cells than the header")
    return _item(number, {name: cell for name, cell in zip(names, cells, strict=False) if cell})


def _from_json(number: int, line: str) -> Item:
    try:
        found: Any = json.loads(line)
    except ValueError:
        raise _wrong(number, "it is no JSON") from None
    if not isinstance(found, dict):
        raise _wrong(number, "it is no JSON object")
    return _item(number, cast("dict[str, Any]", found))


def _item(number: int, found: dict[str, Any]) -> Item:
    app = found.pop(_APP, None)
    if not isinstance(app, str) or not app.strip():
        raise _wrong(number, "it names no `app`, a text")
    return Item(app, found)


def _wrong(number: int, why: str) -> InvalidArgument:
    return InvalidArgument(f"line {number} of the apps: {why}")
