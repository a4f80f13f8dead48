"""What the five operations do, the same on every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from miniapp_tp import (
    AppStatus,
    AuditStatus,
    DomainAction,
    InvalidRequest,
    NotFound,
    NotSupported,
    ServerDomains,
    SubjectType,
)

if TYPE_CHECKING:
    from tests.support.platforms import Platform

FULL = ServerDomains(
    request=["a.example.com", "b.example.com:8443"],
    socket=["ws.example.com"],
    upload=["up.example.com"],
    download=["down.example.com"],
)


async def test_info(platform: Platform) -> None:
    info = await platform.client().get_info(platform.app)
    kept = platform.world.app(platform.name, platform.app)
    assert (info.app, info.name, info.icon_url, info.description) == (platform.app, kept.name, kept.icon, kept.intro)
    assert info.status is AppStatus.ONLINE
    assert info.subject is not None
    assert (info.subject.name, info.subject.type) == (kept.subject, SubjectType.ENTERPRISE)
    assert [category.name for category in info.categories] == [category.name for category in kept.categories]
    assert [category.status for category in info.categories] == [AuditStatus.PASSED, AuditStatus.REJECTED]
    assert info.categories[1].reason == "资质不符"
    assert info.edits_left.name is not None
    assert info.raw["app_name"] == kept.name


async def test_a_fresh_app_has_no_domains(platform: Platform) -> None:
    client = platform.client()
    empty = {"request": (), "socket": (), "upload": (), "download": ()}
    found = await client.get_server_domain(platform.app)
    assert found == ServerDomains(**empty, udp=() if platform.has_udp else None)
    assert await client.get_webview_domain(platform.app) == ()


async def test_what_is_set_is_what_is_got(platform: Platform) -> None:
    client = platform.client()
    await client.set_server_domain(platform.app, FULL)
    assert (await client.get_server_domain(platform.app)).given().items() >= FULL.given().items()


async def test_kinds_that_arent_given_stay(platform: Platform) -> None:
    client = platform.client()
    await client.set_server_domain(platform.app, FULL)
    await client.set_server_domain(platform.app, ServerDomains(request=["c.example.com"]))
    found = await client.get_server_domain(platform.app)
    assert (found.request, found.socket) == (("c.example.com",), FULL.socket)
    assert (found.upload, found.download) == (FULL.upload, FULL.download)


async def test_kinds_that_are_given_empty_are_emptied(platform: Platform) -> None:
    client = platform.client()
    await client.set_server_domain(platform.app, FULL)
    await client.set_server_domain(platform.app, ServerDomains(request=["c.example.com"], socket=(), upload=()))
    found = await client.get_server_domain(platform.app)
    assert (found.request, found.socket, found.upload) == (("c.example.com",), (), ())
    assert found.download == FULL.download
    await client.set_server_domain(platform.app, ServerDomains(socket=()))
    assert (await client.get_server_domain(platform.app)).request == ("c.example.com",)


async def test_additions_and_deletions(platform: Platform) -> None:
    client = platform.client()
    await client.set_server_domain(platform.app, FULL)
    await client.set_server_domain(
        platform.app, ServerDomains(request=["c.example.com"], socket=["ws2.example.com"]), action=DomainAction.ADD
    )
    await client.set_server_domain(platform.app, ServerDomains(request=["a.example.com"]), action=DomainAction.DELETE)
    found = await client.get_server_domain(platform.app)
    assert found.request == ("b.example.com:8443", "c.example.com")
    assert found.socket == ("ws.example.com", "ws2.example.com")
    assert (found.upload, found.download) == (FULL.upload, FULL.download)


async def test_adding_what_is_there_changes_nothing(platform: Platform) -> None:
    client = platform.client()
    one = ServerDomains(request=["a.example.com"])
    for _ in range(2):
        await client.set_server_domain(platform.app, one, action=DomainAction.ADD)
    assert (await client.get_server_domain(platform.app)).request == ("a.example.com",)


async def test_webview_domains(platform: Platform) -> None:
    client = platform.client()
    await client.set_webview_domain(platform.app, ["a.example.com", "https://b.example.com", "A.example.com"])
    assert await client.get_webview_domain(platform.app) == ("a.example.com", "b.example.com")
    await client.set_webview_domain(platform.app, ["c.example.com"], action=DomainAction.ADD)
    await client.set_webview_domain(platform.app, ["a.example.com"], action=DomainAction.DELETE)
    assert await client.get_webview_domain(platform.app) == ("b.example.com", "c.example.com")
    await client.set_webview_domain(platform.app, ["d.example.com"])
    assert await client.get_webview_domain(platform.app) == ("d.example.com",)


async def test_deleting_what_isnt_there(platform: Platform) -> None:
    client = platform.client()
    with pytest.raises(NotFound) as caught:
        await client.set_server_domain(
            platform.app, ServerDomains(request=["a.example.com"]), action=DomainAction.DELETE
        )
    assert caught.value.may_have_happened is False
    with pytest.raises(NotFound):
        await client.set_webview_domain(platform.app, ["a.example.com"], action=DomainAction.DELETE)


@pytest.mark.parametrize("action", [DomainAction.SET, DomainAction.ADD])
async def test_a_domain_that_isnt_registered(platform: Platform, action: DomainAction) -> None:
    client = platform.client()
    with pytest.raises(InvalidRequest) as caught:
        await client.set_server_domain(platform.app, ServerDomains(request=["a.elsewhere.example"]), action=action)
    error = caught.value
    assert (error.provider, error.operation, error.app) == (platform.name, "set_server_domain", platform.app)
    assert error.status == 200
    assert error.reply is not None
    with pytest.raises(InvalidRequest):
        await client.set_webview_domain(platform.app, ["a.elsewhere.example"], action=action)
    assert (await client.get_server_domain(platform.app)).request == ()


async def test_udp(platform: Platform) -> None:
    client = platform.client()
    change = ServerDomains(request=["a.example.com"], udp=["u.example.com"])
    if platform.has_udp:
        await client.set_server_domain(platform.app, change)
        found = await client.get_server_domain(platform.app)
        assert (found.request, found.udp) == (("a.example.com",), ("u.example.com",))
        await client.set_server_domain(platform.app, ServerDomains(udp=()))
        assert (await client.get_server_domain(platform.app)).udp == ()
    else:
        with pytest.raises(NotSupported):
            await client.set_server_domain(platform.app, change)
        assert platform.calls("set_server_domain") == 0


async def test_apps_dont_share_their_domains(platform: Platform) -> None:
    client = platform.client()
    one, other = platform.world.provider(platform.name).apps
    await client.set_webview_domain(one, ["a.example.com"])
    assert await client.get_webview_domain(other) == ()
