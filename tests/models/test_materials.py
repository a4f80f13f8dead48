"""Materials and sitemaps: what seed 003 §§ 4 to 7 says of them."""

from __future__ import annotations

from typing import Any

import pytest

from miniapp_tp import (
    InvalidArgument,
    Material,
    MaterialSubType,
    MaterialType,
    SitemapFrequency,
    SitemapSubmission,
    SitemapType,
    Unknown,
)

GIVEN: dict[str, Any] = {
    "title": "百度智能小程序",
    "body": "连接人与服务",
    "path": "/pages/index/index",
    "images": ["https://img.example.com/1.png"],
    "type": MaterialType.CONTENT,
    "sub_type": MaterialSubType.ARTICLE,
}


def refused(match: str) -> Any:  # noqa: ANN401 - pytest's own
    return pytest.raises(InvalidArgument, match=match)


def test_the_lists_of_types_are_the_seeds() -> None:
    assert {member.name: member.value for member in MaterialType} == {
        "CONTENT": 1000,
        "SERVICE": 2000,
        "TOOL": 3000,
        "GAME": 4000,
    }
    pids = {
        1000: [1001, 1002, 1003, 1004, 1005, 1006],
        2000: [2001, 2002, 2003, 2004],
        3000: [3001, 3002, 3003, 3004],
        4000: [4001, 4007],
    }
    assert {member.value: member.type.value for member in MaterialSubType} == {
        one: pid for pid, several in pids.items() for one in several
    }


def test_a_material_keeps_what_it_is_given() -> None:
    made = Material(**GIVEN, tags=(tag for tag in ("组件", "接口")), ext={"desc": "示例"}, feed_type="娱乐")
    assert (made.images, made.tags) == (("https://img.example.com/1.png",), ("组件", "接口"))
    assert (made.ext, made.feed_type, made.feed_sub_type) == ({"desc": "示例"}, "娱乐", None)
    assert len({made, made}) == 1


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"title": ""}, r"Material\.title is text"),
        ({"body": None}, r"Material\.body is text .* NoneType"),
        ({"path": " "}, r"Material\.path is text"),
        ({"images": []}, "at least one image"),
        ({"images": "https://img.example.com/1.png"}, "images are given as a list"),
        ({"images": ["img.png"]}, "an image is a whole address"),
        ({"tags": "组件,接口"}, "tags are given as a list"),
        ({"tags": ["组件,接口"]}, "a tag has no comma"),
        ({"tags": [""]}, "a tag is text"),
        ({"ext": "{}"}, r"Material\.ext is a mapping"),
        ({"ext": {"a": {1}}}, r"Material\.ext is a mapping"),
        ({"ext": {"a": float("nan")}}, r"Material\.ext is a mapping"),
        ({"ext": {"a": "\ud800"}}, r"Material\.ext is a mapping"),
        ({"feed_type": ""}, r"Material\.feed_type is text"),
        ({"type": "内容"}, None),
        ({"type": None}, "None is no MaterialType; write MaterialType.CONTENT, say"),
        ({"type": True}, "True is no MaterialType"),
        ({"sub_type": ""}, "is no MaterialSubType"),
        ({"sub_type": MaterialSubType.HOTEL}, "HOTEL belongs to MaterialType.SERVICE, not to MaterialType.CONTENT"),
    ],
    ids=repr,
)
def test_what_is_wrong_with_a_material_is_said(given: dict[str, Any], why: str | None) -> None:
    if why is None:
        assert Material(**{**GIVEN, **given}).type == Unknown("内容")
    else:
        with refused(why):
            Material(**{**GIVEN, **given})


@pytest.mark.parametrize("given", [2003, "2003", MaterialSubType.GOODS, Unknown(2003), Unknown("2003")], ids=repr)
def test_a_type_may_be_given_by_its_id(given: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    named: dict[str, Any] = {**GIVEN, "type": 2000, "sub_type": given}
    made = Material(**named)
    assert (made.type, made.sub_type) == (MaterialType.SERVICE, MaterialSubType.GOODS)


@pytest.mark.parametrize("given", [3005, Unknown(3005)], ids=repr)
def test_a_type_that_the_lists_dont_have_yet_is_kept(given: Any) -> None:  # noqa: ANN401 - as above
    assert Material(**{**GIVEN, "sub_type": given}).sub_type == Unknown(3005)


def test_a_sitemap_is_an_address_and_what_it_is_for() -> None:
    made = SitemapSubmission("https://files.example.com/sitemap.json", "示例")
    assert (made.type, made.frequency) == (SitemapType.INCREMENT, SitemapFrequency.DAILY)
    other = SitemapSubmission("https://files.example.com/sitemap.json", "示例", 0, "4")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert (other.type, other.frequency) == (SitemapType.OFFLINE, SitemapFrequency.WEEKLY)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("/sitemap.json", "示例"), "url is a whole address"),
        (("https://files.example.com/sitemap.json", ""), "description is text"),
        (("https://files.example.com/sitemap.json", "示例", 2), "none of SitemapType.OFFLINE"),
        (("https://files.example.com/sitemap.json", "示例", 1, 7), "none of SitemapFrequency.MINUTELY"),
    ],
)
def test_what_is_wrong_with_a_sitemap_is_said(given: tuple[Any, ...], why: str) -> None:
    with refused(why):
        SitemapSubmission(*given)


def test_the_seeds_frequencies_and_kinds_of_sitemaps() -> None:
    assert [member.value for member in SitemapFrequency] == [1, 2, 3, 4, 5, 6]
    assert [(member.name, member.value) for member in SitemapType] == [("OFFLINE", 0), ("INCREMENT", 1)]
