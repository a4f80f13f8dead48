"""Sitemaps in a folder: whole files only, and little memory."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp import InvalidArgument, Material, SitemapProblem, SitemapSubmission, check_sitemap, write_sitemap
from miniapp_tp.providers.baidu.sitemap import SHARD_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = "1000001"
BASE = "https://files.example.com/maps/"


def some(number: int, body: str = "正文") -> Iterator[Material]:
    for place in range(number):
        yield Material(
            title=f"标题{place}",
            body=body,
            path=f"/pages/{place}",
            images=["https://img.example.com/1.png"],
            type=1000,
            sub_type=1001,
        )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_right_and_is_what_a_submission_takes(tmp_path: Path) -> None:
    made = write_sitemap(tmp_path, APP, some(5), base_url=BASE, lastmod=date(2018, 7, 17), shard_limit=400)
    assert made.index == tmp_path / "sitemap.json"
    assert [shard.name for shard in made.shards] == [f"sitemap_{place}.json" for place in (1, 2, 3)]
    assert names(tmp_path) == ["sitemap.json", *(shard.name for shard in made.shards)]
    assert SitemapSubmission(made.url, "示例").url == "https://files.example.com/maps/sitemap.json"
    assert list(check_sitemap(made.index, app=APP)) == []
    assert list(check_sitemap(str(made.index))) == []
    assert "2018-07-17" in made.index.read_text("utf-8")


def test_the_date_is_todays_in_beijing(tmp_path: Path) -> None:
    before = datetime.now(UTC) + timedelta(hours=8)
    made = write_sitemap(tmp_path, APP, some(1), base_url=BASE)
    after = datetime.now(UTC) + timedelta(hours=8)
    lastmod = json.loads(made.index.read_bytes())["sitemapindex"][0]["sitemap"]["lastmod"]
    assert lastmod in {before.date().isoformat(), after.date().isoformat()}


def test_a_failure_leaves_no_unfinished_file_and_the_old_index_as_it_was(tmp_path: Path) -> None:
    made = write_sitemap(tmp_path, APP, some(1), base_url=BASE)
    old = made.index.read_bytes()

    def breaks() -> Iterator[Material]:
        yield from some(7)
        raise LookupError

    with pytest.raises(LookupError):
        write_sitemap(tmp_path, APP, breaks(), base_url=BASE, shard_limit=400)
    assert made.index.read_bytes() == old
    assert not [name for name in names(tmp_path) if name.endswith(".part")]
    assert all(json.loads(path.read_bytes()) for path in tmp_path.iterdir())


@pytest.mark.parametrize("given", [{"materials": []}, {"name": "../up"}, {"base_url": "maps"}, {"app": ""}], ids=repr)
def test_what_cant_be_written_leaves_nothing(tmp_path: Path, given: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"app": APP, "materials": some(1), "base_url": BASE}
    with pytest.raises(InvalidArgument):
        write_sitemap(tmp_path, **{**usual, **given})
    assert names(tmp_path) == []


def test_a_folder_that_isnt_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_sitemap(tmp_path / "none", APP, some(1), base_url=BASE)


def test_what_is_wrong_is_found_in_the_files(tmp_path: Path) -> None:
    made = write_sitemap(tmp_path, APP, some(5), base_url=BASE, shard_limit=400)
    one, two, three = made.shards
    one.unlink()
    two.write_bytes(b" " * (SHARD_LIMIT + 10))
    three.write_text('[{"app_id": "1"}]')
    found = list(check_sitemap(made.index))
    assert [(problem.file, problem.entry) for problem in found] == [(one.name, None), (two.name, None), (three.name, 1)]
    assert "it isn't next to the index" in found[0].what
    assert "a shard has less than" in found[1].what
    made.index.write_text('{"sitemapindex": [{}]}')
    assert SitemapProblem("sitemap.json", 1, '"loc" is no whole address of a file') in list(check_sitemap(made.index))


def test_an_index_that_isnt_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(check_sitemap(tmp_path / "sitemap.json"))


def test_memory_doesnt_grow_with_the_number_of_materials(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        made = write_sitemap(tmp_path, APP, some(600, "x" * 20_000), base_url=BASE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    written = sum(shard.stat().st_size for shard in made.shards)
    assert written > 2 * SHARD_LIMIT
    assert peak < SHARD_LIMIT / 5
    assert all(shard.stat().st_size < SHARD_LIMIT for shard in made.shards)
    assert list(check_sitemap(made.index, app=APP)) == []
