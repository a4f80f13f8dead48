"""`miniapp-tp grants import`: refresh tokens from elsewhere, by the ten thousand, without one of them being shown."""

from __future__ import annotations

import csv
import json
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import define, field, frozen
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from miniapp_tp.bulk.each import each
from miniapp_tp.cli.language import say
from miniapp_tp.errors import MiniAppError
from miniapp_tp.models import Done, Failed
from miniapp_tp.wire.messages import Secret
from miniapp_tp.wire.tolerance import text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from miniapp_tp.client.component import ComponentClient

COLUMNS: Final = ("app", "access_token", "refresh_token", "expires_at")
_AT_ONCE: Final = 16


@frozen
class Row:
    """A grant as it was read.

    Attributes:
        line: The line that it stands on.
        app: The app's id.
        access: Its access token, if one was given.
        refresh: Its refresh token.
        expires_at: When the access token ends; the past, if that wasn't given.
    """

    line: int
    app: str
    access: Secret | None
    refresh: Secret
    expires_at: float | datetime


@define
class Imported:
    """What an import came to.

    Attributes:
        adopted: How many grants were taken over.
        skipped: How many were kept already, and were left alone.
        failed: What was wrong, by line.
    """

    adopted: int = 0
    skipped: int = 0
    failed: dict[int, str] = field(factory=dict[int, str])

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        failed = [{"line": line, "why": why} for line, why in sorted(self.failed.items())]
        return {"adopted": self.adopted, "skipped": self.skipped, "failed": failed}


async def import_grants(
    client: ComponentClient, lines: Iterable[str], *, replace: bool, advance: Callable[[], object]
) -> Imported:
    """Adopt every grant of a CSV file (with a header) or of JSON lines.

    Args:
        client: Whose grants they become.
        lines: The file's lines.
        replace: Whether a grant that is kept already is overwritten. What is kept may be newer than the file, and then
            the file's refresh token is spent.
        advance: Called after each row.
    """
    result = Imported()
    rows: dict[str, Row] = {}

    def apps() -> Iterator[str]:
        for row in _rows(lines, result):
            rows[f"{row.line}"] = row
            yield f"{row.line}"

    async def adopt(line: str) -> bool:
        row = rows.pop(line)
        return await client.adopt(
            row.app,
            access_token=None if row.access is None else row.access.reveal(),
            refresh_token=row.refresh.reveal(),
            expires_at=row.expires_at,
            replace=replace,
        )

    async with each(adopt, apps(), concurrency=_AT_ONCE, catch=MiniAppError) as outcomes:
        async for outcome in outcomes:
            match outcome:
                case Done(_line, adopted):
                    result.adopted += adopted
                    result.skipped += not adopted
                case Failed(line, error):
                    result.failed[int(line)] = str(error)
            advance()
    return result


@contextmanager
def row_counter() -> Generator[Callable[[], object]]:
    """Show on a terminal how many rows were taken; gives what is to be called after each."""
    columns = (SpinnerColumn(), TextColumn("{task.completed} " + say("grants", "条授权")), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda: progress.advance(task)


def _rows(lines: Iterable[str], result: Imported) -> Iterator[Row]:
    """Read rows lazily; what can't be read is noted, and the others go on."""
    for line, fields in _fields(iter(lines)):
        row = _row(line, fields)
        if isinstance(row, str):
            result.failed[line] = row
        else:
            yield row


def _fields(lines: Iterator[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read each row, and the line that it ends on; one that can't be read is empty. A byte order mark says nothing."""
    numbered = ((number, line.lstrip("\ufeff")) for number, line in enumerate(lines, 1))
    number, first = next(((number, line) for number, line in numbered if line.strip()), (1, ""))
    if first.lstrip().startswith("{"):
        yield number, _json(first)
        yield from ((place, _json(line)) for place, line in numbered if line.strip())
    else:
        yield from _csv(first, lines, number)


def _csv(header: str, lines: Iterator[str], before: int) -> Iterator[tuple[int, dict[str, Any]]]:
    empty: list[str] = []
    names = [name.strip() for name in next(csv.reader([header]), empty)]
    reader = csv.DictReader(lines, fieldnames=names)
    while True:
        fields: Mapping[str, Any] | None = {}
        with suppress(csv.Error):
            fields = next(reader, None)
        if fields is None:
            return
        # The inner reader's number: the outer one's stands still at a row that can't be read.
        yield before + reader.reader.line_num, {str(name): value for name, value in fields.items()}


def _json(line: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(line)
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _row(line: int, fields: dict[str, Any]) -> Row | str:
    """Make a row, or say what is wrong with it without showing a token."""
    app, access, refresh = (text(fields.get(name)) for name in ("app", "access_token", "refresh_token"))
    if not app or not refresh:
        return say(
            f"it needs app and refresh_token (columns: {', '.join(COLUMNS)})",
            f"缺少 app 或 refresh_token (列: {', '.join(COLUMNS)})",
        )
    try:
        moment = _moment(fields.get("expires_at"))
    except ValueError:
        return say(
            "expires_at is epoch seconds, or a date and time with its zone", "expires_at 应为 epoch 秒数或带时区的时间"
        )
    return Row(line, app, Secret(access) if access else None, Secret(refresh), moment)


def _moment(value: object) -> float | datetime:
    if value in (None, ""):
        return 0.0
    written = str(value).strip()
    try:
        return float(written)
    except ValueError:
        moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise ValueError
    return moment
