"""Typed usage of developer services. It isn't run: the type checkers read it (see `usage.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_type

from miniapp_tp import (
    BaiduClient,
    BaiduDeveloperClient,
    FeedCard,
    FeedTemplate,
    Keyword,
    Material,
    MaterialSubType,
    MaterialType,
    Message,
    Secret,
    Sitemap,
    SitemapProblem,
    SitemapSubmission,
    Unknown,
    check_sitemap,
    write_sitemap,
)


async def messages(client: BaiduDeveloperClient) -> None:
    message = Message("a", "b", "/c", "d", keywords=[Keyword("e", "f")])
    assert_type(await client.push_message("1", (user for user in "ab"), message), int | None)
    assert_type(await client.broadcast_message("1", message), int | None)
    cards = [FeedCard("a", "https://img.example.com/1.jpg", "/c", "d")] * 5
    await client.submit_feed_cards("1", "a", cards, template=FeedTemplate.WITH_SUMMARY)


async def materials(client: BaiduDeveloperClient, component: BaiduClient, folder: str) -> None:
    material = Material(
        title="a", body="b", path="/c", images=[], type=MaterialType.TOOL, sub_type=MaterialSubType.WEATHER
    )
    assert_type(material.images, tuple[str, ...])
    assert_type(material.type, MaterialType | Unknown)
    sitemap = write_sitemap(folder, "1", iter([material]), base_url="https://files.example.com")
    assert_type(sitemap, Sitemap)
    assert_type(check_sitemap(sitemap.index), Iterator[SitemapProblem])
    for one in (client, component):
        await one.submit_material("1", material)
        await one.delete_material("1", material.path)
        await one.submit_sitemap("1", SitemapSubmission(sitemap.url, "d"))
        await one.delete_sitemap("1", sitemap.url)


async def mistakes(client: BaiduDeveloperClient) -> None:
    await client.push_message("1", ["a"], {"title": "a"})  # type: ignore[arg-type]
    await client.submit_feed_cards("1", "a", [])  # type: ignore[call-arg]
    BaiduDeveloperClient({"1": "secret"})  # type: ignore[dict-item]


def credentials() -> None:
    async def keys(app: str) -> tuple[str, Secret]:
        return app, Secret(app)

    BaiduDeveloperClient({"1": ("key", "secret")}, urls={"push_message": "https://invited.example"})
    BaiduDeveloperClient(keys)
