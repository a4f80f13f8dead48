"""Sitemaps of an app's materials, as files in a folder: written and checked without holding them in memory."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen

from miniapp_tp.providers.baidu.sitemap import (
    SHARD_LIMIT,
    SitemapPart,
    SitemapProblem,
    address_of,
    index_shards,
    shard_problems,
    sitemap_parts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    from miniapp_tp.models import Material

_BEIJING: Final = timezone(timedelta(hours=8))
_UNFINISHED: Final = ".part"


@frozen
class Sitemap:
    """The files of a sitemap.

    Attributes:
        url: Where its index will be found: what `SitemapSubmission` takes.
        index: The index.
        shards: The files that it names.
    """

    url: str
    index: Path
    shards: tuple[Path, ...]


def write_sitemap(
    folder: str | PathLike[str],
    app: str,
    materials: Iterable[Material],
    *,
    base_url: str,
    lastmod: date | None = None,
    name: str = "sitemap",
    shard_limit: int = SHARD_LIMIT,
) -> Sitemap:
    """Write a sitemap's files into a folder, to be served at `base_url`.

    A file appears under its name only when it is complete, and the index after all of its shards; one that was there
    is replaced, so a run that is broken off may leave new shards under the old index. Shards of an earlier, larger
    sitemap stay, and are in no index any more.

    Source: seed 003 § 6, sitemap内容格式.

    Args:
        folder: The folder, which exists.
        app: The app's id.
        materials: What the sitemap is of; read one by one.
        base_url: The address at which the folder's files will be found.
        lastmod: The date of the shards; today's in Beijing, if `None`.
        name: What the files' names begin with.
        shard_limit: Bytes that each shard stays below, at most 5,000,000.

    Raises:
        InvalidArgument: No material at all, something else than a `Material`, one that no shard can hold, or a value
            that can't be used.
        OSError: The folder can't be written to.
    """
    today = datetime.now(_BEIJING).date()
    parts = sitemap_parts(app, materials, base_url=base_url, lastmod=lastmod or today, name=name, limit=shard_limit)
    *shards, index = _written(Path(folder), parts)
    return Sitemap(address_of(base_url, index.name), index, tuple(shards))


def check_sitemap(index: str | PathLike[str], *, app: str | None = None) -> Iterator[SitemapProblem]:
    """Tell what is wrong with a sitemap's files, one thing after the other; nothing, if all is well.

    The shards are looked for next to the index, by the last part of their addresses.

    Source: seed 003 § 6, sitemap内容格式.

    Args:
        index: The index.
        app: The app whose materials they have to be; any, if `None`, but one in each file.

    Raises:
        OSError: The index can't be read.
    """
    path = Path(index)
    for shard in index_shards(path.name, path.read_bytes()):
        if isinstance(shard, SitemapProblem):
            yield shard
        else:
            yield from _problems(path.with_name(shard), app)


def _problems(shard: Path, app: str | None) -> Iterator[SitemapProblem]:
    if not shard.is_file():
        yield SitemapProblem(shard.name, None, "it isn't next to the index")
        return
    with shard.open("rb") as file:
        data = file.read(SHARD_LIMIT + 1)  # no more than it takes to see that it is too large
    yield from shard_problems(shard.name, data, app=app)


def _written(folder: Path, parts: Iterable[SitemapPart]) -> Iterator[Path]:
    for name, pieces in groupby(parts, key=lambda part: part.file):
        unfinished = folder / f"{name}{_UNFINISHED}"
        with ExitStack() as undo:
            undo.callback(unfinished.unlink, missing_ok=True)
            with unfinished.open("wb") as file:
                file.writelines(piece.data for piece in pieces)
            unfinished.replace(folder / name)
        yield folder / name
