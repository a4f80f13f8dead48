"""The files of a sitemap, piece by piece (seed 003 § 6, sitemap内容格式)."""

from __future__ import annotations

import json
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp import InvalidArgument, Material, SitemapPart, SitemapProblem, sitemap_parts
from miniapp_tp.providers.baidu.sitemap import SHARD_LIMIT, address_of, index_shards, shard_problems
from tests.providers.reading import JSON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

APP: Final = "1000001"
DAY: Final = date(2018, 7, 17)
ENTRY: Final[dict[str, Any]] = {
    "app_id": APP,
    "title": "标题",
    "body": "正文",
    "path": "/p",
    "images": ["https://img.example.com/1.png"],
    "mapp_type": "1000",
    "mapp_sub_type": "1001",
}


def material(body: str = "正文", **more: Any) -> Material:  # noqa: ANN401 - whatever a caller may give
    usual: dict[str, Any] = {"title": "标题", "path": "/p", "images": ["https://img.example.com/1.png"]}
    given: dict[str, Any] = {**usual, "type": 1000, "sub_type": 1001, **more}
    return Material(body=body, **given)


def files(materials: Iterable[Material], **more: Any) -> dict[str, bytes]:  # noqa: ANN401 - as above
    given: dict[str, Any] = {"base_url": "https://files.example.com/maps/", "lastmod": DAY, **more}
    parts = sitemap_parts(APP, materials, **given)
    grouped = [
        (name, b"".join(part.data for part in several)) for name, several in groupby(parts, lambda one: one.file)
    ]
    assert len(dict(grouped)) == len(grouped), "the parts of a file follow one another"
    return dict(grouped)


def problems(*entries: Any, app: str | None = None) -> list[tuple[int | None, str]]:  # noqa: ANN401 - as above
    return [(one.entry, one.what) for one in shard_problems("s.json", json.dumps(entries).encode(), app=app)]


# --- writing -------------------------------------------------------------------------------------------------------


def test_the_index_comes_last_and_names_every_shard() -> None:
    written = files([material()] * 7, limit=400)
    assert list(written) == ["sitemap_1.json", "sitemap_2.json", "sitemap_3.json", "sitemap_4.json", "sitemap.json"]
    index = json.loads(written.pop("sitemap.json"))
    assert index["sitemapindex"][0] == {
        "sitemap": {"loc": "https://files.example.com/maps/sitemap_1.json", "lastmod": "2018-07-17"}
    }
    locs = [entry["sitemap"]["loc"].rpartition("/")[2] for entry in index["sitemapindex"]]
    assert locs == list(written)
    assert sum(len(json.loads(data)) for data in written.values()) == 7


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip), min_size=1, max_size=20)
)
def test_what_is_written_is_below_the_limit_complete_in_order_and_right(bodies: list[str]) -> None:
    written = files(map(material, bodies), limit=2000)
    index = written.pop("sitemap.json")
    assert list(index_shards("sitemap.json", index)) == list(written)
    assert all(len(data) < 2000 for data in written.values())
    assert [entry["body"] for data in written.values() for entry in json.loads(data)] == bodies
    assert [one for name, data in written.items() for one in shard_problems(name, data, app=APP)] == []


@pytest.mark.parametrize("spare", [0, 1])
def test_a_shard_stays_below_its_limit_to_the_byte(spare: int) -> None:
    one = len(files([material()])["sitemap_1.json"])
    two = len(files([material()] * 2)["sitemap_1.json"])
    written = files([material()] * 2, limit=two + spare)
    assert [len(data) for name, data in written.items() if name != "sitemap.json"] == [two] if spare else [one, one]
    with pytest.raises(InvalidArgument, match="material 1 takes"):
        files([material()], limit=one)


def test_a_material_that_no_shard_can_hold_is_named() -> None:
    with pytest.raises(
        InvalidArgument, match=f"material 2 takes 5000.* bytes, and a whole shard has less than {SHARD_LIMIT}"
    ):
        files([material(), material("x" * SHARD_LIMIT)])


def test_materials_are_read_as_the_parts_are_taken() -> None:
    read: list[int] = []

    def some() -> Iterator[Material]:
        for place in range(3):
            read.append(place)
            yield material()

    parts = sitemap_parts(APP, some(), base_url="https://files.example.com", lastmod=DAY)
    assert read == []
    assert next(parts) == SitemapPart(
        "sitemap_1.json", b"[\n" + json.dumps(ENTRY, ensure_ascii=False, separators=(",", ":")).encode()
    )
    assert read == [0]


def test_names_are_written_into_addresses_as_addresses_want_it() -> None:
    written = files([material()], name="站点 地图")
    assert list(written) == ["站点 地图_1.json", "站点 地图.json"]
    assert list(index_shards("站点 地图.json", written["站点 地图.json"])) == ["站点 地图_1.json"]
    assert address_of("https://a.example.com", "站 点.json") == "https://a.example.com/%E7%AB%99%20%E7%82%B9.json"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"materials": []}, "at least one material"),
        ({"materials": [ENTRY]}, "material 1 is no Material but dict"),
        ({"app": ""}, "app is text"),
        ({"base_url": "/maps"}, "base_url is a whole address"),
        ({"base_url": "https://a.example.com/?maps"}, "no query or fragment"),
        ({"base_url": "https://a.example.com/#maps"}, "no query or fragment"),
        ({"name": "a/b"}, "name is the beginning of a file's name"),
        ({"name": "..\\a"}, "name is the beginning of a file's name"),
        ({"name": " a"}, "name is the beginning of a file's name"),
        ({"name": ""}, "name is text"),
        ({"limit": SHARD_LIMIT + 1}, "at most 5000000 bytes"),
        ({"limit": 0}, "at most 5000000 bytes"),
    ],
    ids=repr,
)
def test_what_cant_be_written_is_refused(given: dict[str, Any], why: str) -> None:
    usual: dict[str, Any] = {"app": APP, "materials": [material()], "base_url": "https://a.example.com", "lastmod": DAY}
    with pytest.raises(InvalidArgument, match=why):
        list(sitemap_parts(**{**usual, **given}))


# --- checking ------------------------------------------------------------------------------------------------------

GOOD: Final = {"sitemap": {"loc": "https://files.example.com/sitemap_1.json", "lastmod": "2018-07-17"}}


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"sitemapindex": []}', b'{"sitemapindex": {}}', b"\xff", b"[" * 9999]
)
def test_what_is_no_index(data: bytes) -> None:
    (found,) = index_shards("sitemap.json", data)
    assert isinstance(found, SitemapProblem)
    assert (found.file, found.entry) == ("sitemap.json", None)


@pytest.mark.parametrize(
    "loc",
    [
        "sitemap_1.json",
        "https://files.example.com/",
        "https://files.example.com/..",
        "https://files.example.com/%2e",
        5,
        None,
    ],
)
def test_an_entry_of_an_index_that_names_no_file(loc: object) -> None:
    data = json.dumps({"sitemapindex": [GOOD, {"sitemap": {**GOOD["sitemap"], "loc": loc}}]}).encode()
    good, bad = index_shards("sitemap.json", data)
    assert good == "sitemap_1.json"
    assert bad == SitemapProblem("sitemap.json", 2, '"loc" is no whole address of a file')


@pytest.mark.parametrize("lastmod", ["yesterday", "2018-02-30", 20180717, None])
def test_an_entry_of_an_index_without_a_date(lastmod: object) -> None:
    data = json.dumps({"sitemapindex": [{"sitemap": {**GOOD["sitemap"], "lastmod": lastmod}}]}).encode()
    assert list(index_shards("i.json", data)) == [
        "sitemap_1.json",
        SitemapProblem("i.json", 1, '"lastmod" is no date like "2018-07-17"'),
    ]


@given(JSON)
def test_any_json_for_an_index_or_a_shard_is_judged_and_not_stumbled_over(value: object) -> None:
    data = json.dumps(value).encode()
    assert any(isinstance(one, SitemapProblem) for one in index_shards("i.json", data))
    assert list(shard_problems("s.json", data))
    entries = json.dumps([{**ENTRY, "ext": value, "images": value, "tags": value}]).encode()
    assert all(isinstance(one, SitemapProblem) for one in shard_problems("s.json", entries))
    index = json.dumps({"sitemapindex": [value, {"sitemap": value}]}).encode()
    assert list(index_shards("i.json", index))


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (5, "it lacks app_id, title, body, path, images, mapp_type, mapp_sub_type"),
        ({name: ENTRY[name] for name in ENTRY if name != "path"}, "it lacks path"),
        ({**ENTRY, "title": ""}, "Material.title is text that isn't empty; what came was an empty one"),
        ({**ENTRY, "images": '["https://img.example.com/1.png"]'}, "images are given as a list of str, not as str"),
        ({**ENTRY, "tags": ["a"]}, "tags is one text, with commas between the tags"),
        ({**ENTRY, "app_id": 1000001}, "app_id is text that isn't empty; what came was int"),
        ({**ENTRY, "app_id": "2"}, "it is of app 2, not 1000001"),
        (
            {**ENTRY, "mapp_sub_type": "2001"},
            "MaterialSubType.HOTEL belongs to MaterialType.SERVICE, not to MaterialType.CONTENT",
        ),
    ],
    ids=str,
)
def test_an_entry_of_a_shard_that_is_wrong(entry: object, what: str) -> None:
    assert problems(ENTRY, entry, ENTRY) == [(2, what)]
    assert problems(ENTRY, entry, ENTRY, app=APP) == [(2, what)]


def test_a_shard_that_is_right() -> None:
    assert problems(ENTRY, {**ENTRY, "tags": "组件,接口", "ext": {}, "feed_type": "娱乐"}) == []
    assert problems(ENTRY, app="2") == [(1, "it is of app 1000001, not 2")]


def test_a_shard_that_is_too_large_isnt_read() -> None:
    (found,) = shard_problems("s.json", b" " * SHARD_LIMIT)
    assert found == SitemapProblem("s.json", None, "it has 5000000 bytes; a shard has less than 5000000")
