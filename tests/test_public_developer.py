"""The promise of the developer's client: names, parameters and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import miniapp_tp
from miniapp_tp import BaiduClient, BaiduDeveloperClient, MiniAppClient, Options
from tests.test_public_api import shape

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS: list[tuple[Callable[..., Any], str]] = [
    (BaiduDeveloperClient.push_message, "app, swan_ids, message"),
    (BaiduDeveloperClient.broadcast_message, "app, message"),
    (BaiduDeveloperClient.submit_feed_cards, "app, title, cards, *, template"),
    (BaiduDeveloperClient.submit_material, "app, material"),
    (BaiduDeveloperClient.delete_material, "app, path"),
    (BaiduDeveloperClient.submit_sitemap, "app, submission"),
    (BaiduDeveloperClient.delete_sitemap, "app, url"),
]


@pytest.mark.parametrize(("method", "parameters"), METHODS, ids=[one.__name__ for one, _ in METHODS])
def test_signatures(method: Callable[..., Any], parameters: str) -> None:
    assert ", ".join(shape(method)) == parameters


def test_the_constructor() -> None:
    address = "base_url='https://openapi.baidu.com'"
    assert shape(BaiduDeveloperClient)[:5] == ["credentials", "*", "urls=None", address, "transport=None"]
    assert shape(BaiduDeveloperClient)[5:] == [f"options={Options()!r}", "hooks=()", "error_codes=None"]
    assert not issubclass(BaiduDeveloperClient, MiniAppClient)


@pytest.mark.parametrize("name", ["submit_material", "delete_material", "submit_sitemap", "delete_sitemap"])
def test_a_component_and_a_developer_hand_in_alike(name: str) -> None:
    assert shape(getattr(BaiduClient, name)) == shape(getattr(BaiduDeveloperClient, name))


@pytest.mark.parametrize(
    "name",
    [
        *("BaiduDeveloperClient", "Message", "Keyword", "FeedCard", "FeedTemplate"),
        *("Material", "MaterialType", "MaterialSubType", "SitemapSubmission", "SitemapType", "SitemapFrequency"),
        *("write_sitemap", "sitemap_parts", "check_sitemap", "Sitemap", "SitemapPart", "SitemapProblem"),
    ],
)
def test_what_is_promised_is_there(name: str) -> None:
    assert name in miniapp_tp.__all__
    assert getattr(miniapp_tp, name).__doc__
