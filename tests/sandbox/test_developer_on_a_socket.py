"""The developer services on a real socket: a foreign client, and the SDK's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from miniapp_tp import (
    BaiduDeveloperClient,
    CredentialRejected,
    FeedCard,
    FeedTemplate,
    Keyword,
    Message,
    Options,
    PermissionDenied,
    QuotaExhausted,
    SitemapSubmission,
)
from miniapp_tp.sandbox import Fault
from miniapp_tp.sandbox.developer import OWN_PATHS
from tests.client.test_developer import MATERIAL
from tests.sandbox.test_developer import APP, KEYS, MESSAGE, SITEMAP

if TYPE_CHECKING:
    import httpx

    from miniapp_tp.sandbox import Sandbox


def test_a_foreign_client_learns_keys_and_paths(http: httpx.Client) -> None:
    found = http.get("/_sandbox/developer").json()
    assert found["credentials"][APP] == [KEYS["client_id"], KEYS["client_secret"]]
    assert found["paths"] == OWN_PATHS
    token = http.post("/oauth/2.0/token", data=KEYS).json()["access_token"]
    reply = http.post(OWN_PATHS["broadcast_message"], params={"access_token": token}, data=MESSAGE)
    assert reply.json()["errno"] == 0


async def test_the_client_and_the_sandbox_understand_each_other(sandbox: Sandbox) -> None:
    message = Message("优惠活动", "2018最大力度优惠", "/p", "亲爱的用户", [Keyword("服装", "满1000减100")])
    cards = [FeedCard("金牌投资人", "http://img.example.com/1.jpg", "/p", "更新至6集")] * 9
    options = Options(backoff=0.0, verify=False)
    keys, urls = sandbox.developer.credentials, sandbox.developer_urls
    async with BaiduDeveloperClient(keys, urls=urls, base_url=sandbox.url, options=options) as client:
        assert await client.push_message(APP, ["USER1"], message) == 123456790
        sandbox.inject(Fault.EXPIRED_TOKEN, app=APP, rotate=True)
        assert await client.broadcast_message(APP, message) == 123456791
        await client.submit_feed_cards(APP, "精选影视推荐", cards, template=FeedTemplate.WITH_SUMMARY)
        await client.submit_material(APP, MATERIAL)
        sandbox.inject(Fault.CUT_AFTER, app=APP)
        await client.delete_material(APP, MATERIAL.path)
        await client.submit_sitemap(APP, SitemapSubmission(SITEMAP["url"], "示例"))
        await client.delete_sitemap(APP, SITEMAP["url"])
        sandbox.developer.messages_left[APP] = 0
        with pytest.raises(QuotaExhausted):
            await client.broadcast_message(APP, message)
        sandbox.inject(Fault.FORBIDDEN, app=APP)
        with pytest.raises(PermissionDenied):
            await client.submit_material(APP, MATERIAL)
    calls = {
        name: sandbox.count(provider="baidu", operation=name) for name in ("get_developer_token", "delete_material")
    }
    assert calls == {"get_developer_token": 2, "delete_material": 2}


async def test_wrong_keys(sandbox: Sandbox) -> None:
    options = Options(verify=False)
    async with BaiduDeveloperClient({APP: ("a", "b")}, base_url=sandbox.url, options=options) as client:
        with pytest.raises(CredentialRejected, match="unknown client id"):
            await client.delete_material(APP, "/p")
