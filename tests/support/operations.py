"""One call of every operation, as a user would make it, and what it must have done at the imitated provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from miniapp_tp import (
    AppStatus,
    CategoryChoice,
    Material,
    MaterialType,
    MobileAuthReason,
    MobileAuthScene,
    MobileAuthStatus,
    NameCheckResult,
    NameQualifications,
    Qualification,
    ServerDomains,
    SitemapSubmission,
)
from miniapp_tp.sandbox.provider import Provider

if TYPE_CHECKING:
    from miniapp_tp import BaiduClient
    from miniapp_tp.sandbox.state import App

MATERIAL: Final = Material(
    title="a page",
    body="what it shows",
    path="/pages/index/index",
    images=["https://img.example.com/one.png"],
    type=MaterialType.CONTENT,
    sub_type=1001,
)
SITEMAP: Final = SitemapSubmission("https://files.example.com/sitemap.json", "all pages")
PNG: Final = b"\x89PNG\r\n\x1a\n an image"


@frozen
class Place:
    """Where a call is made: a client, an app, and what imitates its provider. `Any`: a provider may lack the method."""

    client: Any
    app: str
    provider: Provider

    @property
    def kept(self) -> App:
        """The app as the imitated provider has it."""
        return self.provider.apps[self.app]

    def image(self) -> str:
        """The address of an image that was uploaded."""
        return self.provider.keep_image(PNG)


Made = Callable[[Place], Awaitable[bool]]
"""Makes a call, and tells whether it did what it is for."""


async def _get_info(at: Place) -> bool:
    return bool((await at.client.get_info(at.app)).name == at.kept.name)


async def _get_server_domain(at: Place) -> bool:
    return bool((await at.client.get_server_domain(at.app)).request == ())


async def _set_server_domain(at: Place) -> bool:
    await at.client.set_server_domain(at.app, ServerDomains(request=["a.example.com"]))
    return len(at.kept.domains["request"]) == 1


async def _get_webview_domain(at: Place) -> bool:
    return bool(await at.client.get_webview_domain(at.app) == ())


async def _set_webview_domain(at: Place) -> bool:
    await at.client.set_webview_domain(at.app, ["a.example.com"])
    return len(at.kept.webview_domains) == 1


async def _set_name(at: Place) -> bool:
    review = await at.client.set_name(at.app, "a new name", materials=[at.image()])
    return review == at.provider.reviews and at.kept.name == "a new name"


async def _set_icon(at: Place) -> bool:
    review = await at.client.set_icon(at.app, at.image())
    return review == at.provider.reviews and at.kept.icon == at.image()


async def _set_description(at: Place) -> bool:
    review = await at.client.set_description(at.app, "what it does")
    return review == at.provider.reviews and at.kept.intro == "what it does"


async def _set_categories(at: Place) -> bool:
    await at.client.set_categories(at.app, [CategoryChoice(2, [Qualification(1, at.image())]), "5"])
    return [category.id for category in at.kept.categories] == ["2", "5"]


async def _list_categories(at: Place) -> bool:
    groups = await at.client.list_categories(at.app)
    return [item.id for group in groups for item in group.items][:2] == ["2", "3"]


async def _pause(at: Place) -> bool:
    await at.client.pause(at.app)
    return (await at.client.get_info(at.app)).status is AppStatus.PAUSED


async def _resume(at: Place) -> bool:
    at.kept.status = 4
    await at.client.resume(at.app)
    return (await at.client.get_info(at.app)).status is AppStatus.ONLINE


async def _get_qrcode(at: Place) -> bool:
    picture = await at.client.get_qrcode(at.app, path="pages/index", width=300)
    return bool(picture.startswith(b"\x89PNG"))


async def _check_name(at: Place) -> bool:
    found = await at.client.check_name(at.app, "百度")
    return (found.result, found.words) == (NameCheckResult.IS_BRAND, ("百度",))


async def _set_name_with_qualifications(at: Place) -> bool:
    shown = NameQualifications(trademark=[at.image()])
    await at.client.set_name_with_qualifications(at.app, "a new name", shown)
    return bool(at.kept.name == "a new name")


async def _check_name_with_qualifications(at: Place) -> bool:
    found = await at.client.check_name_with_qualifications(at.app, "a name")
    return bool(found.passed and found.optional == (2,))


async def _get_support_version(at: Place) -> bool:
    found = await at.client.get_support_version(at.app)
    return found.current == at.kept.support_version and found.current in found.available


async def _set_support_version(at: Place) -> bool:
    await at.client.set_support_version(at.app, "3.20.1")
    return at.kept.support_version == "3.20.1"


async def _apply_recovery(at: Place) -> bool:
    at.kept.status = 7
    await at.client.apply_recovery(at.app, "it is mended")
    return (at.kept.recovery, at.kept.status) == ("it is mended", 1)


async def _update_offline(at: Place) -> bool:
    at.kept.status = 5
    review = await at.client.update_offline(at.app, name="a better name", icon_url=at.image())
    return review == at.provider.reviews and (at.kept.name, at.kept.status) == ("a better name", 1)


async def _apply_mobile_auth(at: Place) -> bool:
    await at.client.apply_mobile_auth(
        at.app,
        reason=MobileAuthReason.LOGIN,
        scene=MobileAuthScene.SHOPPING,
        description="to sign in",
        demo_url=at.image(),
    )
    return at.kept.mobile_auth == (3, "")


async def _cancel_mobile_auth(at: Place) -> bool:
    at.kept.mobile_auth = (3, "")
    await at.client.cancel_mobile_auth(at.app)
    return at.kept.mobile_auth == (0, "")


async def _get_mobile_auth_status(at: Place) -> bool:
    at.kept.mobile_auth = (2, "not clear")
    found = await at.client.get_mobile_auth_status(at.app)
    return (found.status, found.reason) == (MobileAuthStatus.REJECTED, "not clear")


async def _upload_image(at: Place) -> bool:
    client: BaiduClient = at.client
    return await client.upload_image(PNG) in at.provider.images


async def _control_flow(at: Place) -> bool:
    await at.client.control_flow(at.app, open=False)
    closed = at.kept.status
    await at.client.control_flow(at.app, open=True)
    return (closed, at.kept.status) == (7, 1)


async def _get_violations(at: Place) -> bool:
    at.kept.violations = [{"taskId": 3, "status": 1, "problemDesc": "a page is empty"}]
    return [found.description for found in await at.client.get_violations(at.app)] == ["a page is empty"]


async def _submit_material(at: Place) -> bool:
    await at.client.submit_material(at.app, MATERIAL)
    return list(at.provider.services.materials[at.app]) == [MATERIAL.path]


async def _delete_material(at: Place) -> bool:
    await at.client.submit_material(at.app, MATERIAL)
    await at.client.delete_material(at.app, MATERIAL.path)
    return not at.provider.services.materials[at.app]


async def _submit_sitemap(at: Place) -> bool:
    await at.client.submit_sitemap(at.app, SITEMAP)
    return list(at.provider.services.sitemaps[at.app]) == [SITEMAP.url]


async def _delete_sitemap(at: Place) -> bool:
    await at.client.submit_sitemap(at.app, SITEMAP)
    await at.client.delete_sitemap(at.app, SITEMAP.url)
    return not at.provider.services.sitemaps[at.app]


CALLS: Final[dict[str, Made]] = {
    made.__name__.removeprefix("_"): made
    for made in (
        _get_info,
        _get_server_domain,
        _set_server_domain,
        _get_webview_domain,
        _set_webview_domain,
        _set_name,
        _set_icon,
        _set_description,
        _set_categories,
        _list_categories,
        _pause,
        _resume,
        _get_qrcode,
        _check_name,
        _set_name_with_qualifications,
        _check_name_with_qualifications,
        _get_support_version,
        _set_support_version,
        _apply_recovery,
        _update_offline,
        _apply_mobile_auth,
        _cancel_mobile_auth,
        _get_mobile_auth_status,
        _upload_image,
        _control_flow,
        _get_violations,
        _submit_material,
        _delete_material,
        _submit_sitemap,
        _delete_sitemap,
    )
}
"""A call of each operation, by the name of its method."""
