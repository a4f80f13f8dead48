"""The files of a sitemap (seed 003 § 6, sitemap内容格式): an index, and shards of materials below 5 MB each.

Both ways are generators, which hold one material, or one shard, at a time: millions of materials take no more memory
than a few.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, unquote, urlsplit

from attrs import frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models import Material
from miniapp_tp.models.given import given_address, given_text
from miniapp_tp.providers.baidu.developer import material_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SHARD_LIMIT: Final = 5_000_000
"""Bytes that a shard stays below: 5M in the seed, read as the smaller of what it may mean."""
_OPENING: Final = b"[\n"
_BETWEEN: Final = b",\n"
_CLOSING: Final = b"\n]\n"
_FIELDS: Final = {
    "title": "title",
    "body": "body",
    "path": "path",
    "images": "images",
    "mapp_type": "type",
    "mapp_sub_type": "sub_type",
    "feed_type": "feed_type",
    "feed_sub_type": "feed_sub_type",
    "ext": "ext",
}
"""Names in the files → names of a `Material`; `app_id` and `tags` are read apart."""
_NEEDED: Final = ("title", "body", "path", "images", "mapp_type", "mapp_sub_type")


@frozen
class SitemapPart:
    """A piece of a sitemap's files: those of one file follow one another, and the index comes last.

    Attributes:
        file: The file's name.
        data: Bytes that are appended to it.
    """

    file: str
    data: bytes


@frozen
class SitemapProblem:
    """What is wrong with a sitemap's files.

    Attributes:
        file: The file's name.
        entry: Which entry it is, from 1; `None` if the file as a whole.
        what: What is wrong with it.
    """

    file: str
    entry: int | None
    what: str


# --- writing --------------------------------------------------------------------------------------------------------


def sitemap_parts(
    app: str,
    materials: Iterable[Material],
    *,
    base_url: str,
    lastmod: date,
    name: str = "sitemap",
    limit: int = SHARD_LIMIT,
) -> Iterator[SitemapPart]:
    """Write the files of a sitemap, piece by piece: `sitemap_1.json`, `sitemap_2.json`, …, and last `sitemap.json`.

    Args:
        app: The app's id.
        materials: What the sitemap is of; read as the parts are taken.
        base_url: Where the shards will be found.
        lastmod: The date of the shards.
        name: What the names of the files begin with.
        limit: Bytes that each shard stays below, at most `SHARD_LIMIT`.

    Raises:
        InvalidArgument: No material at all, something else than a `Material`, one that no shard can hold, or a value
            that can't be used.
    """
    _check(app, name, limit)
    address = given_address("base_url", base_url)
    if "?" in address or "#" in address:
        raise InvalidArgument(f"base_url has no query or fragment, since names are appended to it: {address!r}")
    shards: list[str] = []
    size = limit
    for place, material in enumerate(materials, start=1):
        entry = _entry(app, material, place, limit)
        if size + len(_BETWEEN) + len(entry) + len(_CLOSING) >= limit:
            if shards:
                yield SitemapPart(shards[-1], _CLOSING)
            shards.append(f"{name}_{len(shards) + 1}.json")
            size = len(_OPENING) + len(entry)
            yield SitemapPart(shards[-1], _OPENING + entry)
        else:
            size += len(_BETWEEN) + len(entry)
            yield SitemapPart(shards[-1], _BETWEEN + entry)
    if not shards:
        raise InvalidArgument("a sitemap needs at least one material")
    yield SitemapPart(shards[-1], _CLOSING)
    yield SitemapPart(f"{name}.json", _index([address_of(address, shard) for shard in shards], lastmod))


def address_of(base_url: str, file: str) -> str:
    """Tell where a file will be found."""
    return f"{base_url.rstrip('/')}/{quote(file)}"


def _check(app: str, name: str, limit: int) -> None:
    given_text("app", app)
    if given_text("name", name) != name.strip() or {"/", "\\", "\0"} & set(name):
        raise InvalidArgument(f"name is the beginning of a file's name, not {name!r}")
    if not 0 < limit <= SHARD_LIMIT:
        raise InvalidArgument(f"a shard's limit is at most {SHARD_LIMIT} bytes, not {limit!r}")


def _entry(app: str, material: object, place: int, limit: int) -> bytes:
    if not isinstance(material, Material):
        raise InvalidArgument(f"material {place} is no Material but {type(material).__name__}")
    entry = json.dumps(material_entry(app, material), ensure_ascii=False, separators=(",", ":")).encode()
    if len(_OPENING) + len(entry) + len(_CLOSING) >= limit:
        raise InvalidArgument(f"material {place} takes {len(entry)} bytes, and a whole shard has less than {limit}")
    return entry


def _index(addresses: Iterable[str], lastmod: date) -> bytes:
    index = [{"sitemap": {"loc": address, "lastmod": lastmod.isoformat()}} for address in addresses]
    return json.dumps({"sitemapindex": index}, ensure_ascii=False, indent=1).encode() + b"\n"


# --- checking -------------------------------------------------------------------------------------------------------


def index_shards(file: str, data: bytes) -> Iterator[str | SitemapProblem]:
    """Read an index: the names of its shards, and what is wrong with it."""
    entries = _list(_object(_read(data)).get("sitemapindex"))
    if not entries:
        yield SitemapProblem(file, None, 'an index is {"sitemapindex": [{"sitemap": {"loc": …, "lastmod": …}}, …]}')
    for place, entry in enumerate(entries, start=1):
        sitemap = _object(_object(entry).get("sitemap"))
        yield _shard_at(sitemap.get("loc")) or SitemapProblem(file, place, '"loc" is no whole address of a file')
        if not _is_date(sitemap.get("lastmod")):
            yield SitemapProblem(file, place, '"lastmod" is no date like "2018-07-17"')


def _shard_at(loc: object) -> str | None:
    try:
        parts = urlsplit(given_address("loc", loc))
    except InvalidArgument:
        return None
    name = unquote(parts.path.rpartition("/")[2])
    return None if name in {"", ".", ".."} else name


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def shard_problems(file: str, data: bytes, *, app: str | None = None) -> Iterator[SitemapProblem]:
    """Tell what is wrong with a shard.

    Args:
        file: Its name.
        data: All of its bytes.
        app: The app that its materials have to be of; any, if `None`, but the same one.
    """
    if len(data) >= SHARD_LIMIT:
        yield SitemapProblem(file, None, f"it has {len(data)} bytes; a shard has less than {SHARD_LIMIT}")
        return
    entries = _list(_read(data))
    if not entries:
        yield SitemapProblem(file, None, "a shard is a JSON array of materials, at least one")
    for place, entry in enumerate(entries, start=1):
        what = _problem_of(entry, app)
        if what:
            yield SitemapProblem(file, place, what)
        elif app is None:
            app = str(entry["app_id"])


def _read(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return list(cast("Iterable[Any]", value)) if isinstance(value, list) else []


def _problem_of(entry: object, app: str | None) -> str | None:
    found = _object(entry)
    if missing := [name for name in ("app_id", *_NEEDED) if name not in found]:
        return f"it lacks {', '.join(missing)}"
    try:
        given_text("app_id", found["app_id"])
        _material(found)
    except InvalidArgument as error:
        return str(error.args[0])
    return f"it is of app {found['app_id']}, not {app}" if app not in {None, found["app_id"]} else None


def _material(found: Mapping[str, Any]) -> Material:
    tags = found.get("tags", "")
    if not isinstance(tags, str):
        raise InvalidArgument("tags is one text, with commas between the tags")
    fields = {ours: found[name] for name, ours in _FIELDS.items() if name in found}
    return Material(tags=[tag for tag in tags.split(",") if tag.strip()], **fields)
