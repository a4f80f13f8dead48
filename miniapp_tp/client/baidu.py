"""What only Baidu has: the methods of `BaiduClient` beside those of every client."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from miniapp_tp.client.interface import MiniAppClient, nothing
from miniapp_tp.models import (
    Image,
    ImageKind,
    MobileAuth,
    MobileAuthReason,
    MobileAuthRequest,
    MobileAuthScene,
    NameCheck,
    NameQualifications,
    OfflineUpdate,
    QualifiedName,
    SupportVersions,
    Violation,
    given_flag,
    given_text,
)
from miniapp_tp.models.settings import LONGEST_RECOVERY

if TYPE_CHECKING:
    from collections.abc import Iterable


class BaiduMethods(MiniAppClient):
    """What only Baidu has."""

    async def set_name_with_qualifications(self, app: str, name: str, qualifications: NameQualifications) -> int | None:
        """Propose a new name with papers by kind, which is reviewed: the newer form of `set_name`.

        Source: wire/baidu.md § 4 row 8, `setnicknamewithqual`.

        Args:
            app: The app's id.
            name: The name.
            qualifications: What shows the right to a brand in it.

        Returns:
            The id of the review, where Baidu tells.

        Raises:
            InvalidArgument: An empty name, or qualifications of another form.
            QuotaExhausted: No more changes in this period.
        """
        make = partial(QualifiedName, name, qualifications)
        return await self.perform(lambda has: has.set_name_with_qualifications, app, make)

    async def check_name_with_qualifications(
        self, app: str, name: str, qualifications: NameQualifications | None = None
    ) -> NameCheck:
        """Ask what would speak against a name with these papers, and which it must and may have.

        Source: wire/baidu.md § 4 row 9, `checknamewithqual`.

        Args:
            app: The app's id.
            name: The name.
            qualifications: What shows the right to a brand in it; nothing yet, if `None`.

        Raises:
            InvalidArgument: An empty name, or qualifications of another form.
        """
        shown = NameQualifications() if qualifications is None else qualifications
        return await self.perform(
            lambda has: has.check_name_with_qualifications, app, partial(QualifiedName, name, shown)
        )

    async def get_support_version(self, app: str) -> SupportVersions:
        """Read which version of the base library users need at least, and which there are.

        Source: seed 000 查询当前设置的最低基础库版本及各版本列表.
        """
        return await self.perform(lambda has: has.get_support_version, app, nothing)

    async def set_support_version(self, app: str, version: str) -> None:
        """Set which version of the base library users need at least; for those below it the app isn't updated.

        Source: seed 000 设置最低基础库版本. Safe to repeat.

        Args:
            app: The app's id.
            version: One of `SupportVersions.available`.

        Raises:
            InvalidArgument: An empty text.
            InvalidRequest: There is no such version.
        """
        await self.perform(lambda has: has.set_support_version, app, partial(given_text, "version", version))

    async def apply_recovery(self, app: str, description: str) -> None:
        """Apply for the recovery of an app whose traffic was taken down, once its faults are mended without a release.

        Source: seed 000 申请恢复流量下线. It stands in the documents alone: no client that is known to work makes this
        call (wire/baidu.md § 4 row 6).

        Args:
            app: The app's id.
            description: What was mended: 1 to 100 characters.

        Raises:
            InvalidArgument: An empty description, or a longer one.
            Conflict: The app isn't in that state, has no package, or no subject.
            PermissionDenied: The account may not do this.
        """
        make = partial(given_text, "description", description, limit=LONGEST_RECOVERY)
        await self.perform(lambda has: has.apply_recovery, app, make)

    async def update_offline(
        self,
        app: str,
        *,
        name: str | None = None,
        description: str | None = None,
        icon_url: str | None = None,
        name_materials: Iterable[str] = (),
    ) -> int | None:
        """Change the basic information of an app that was forced offline for it, and hand it in for review.

        Source: seed 000 基本信息强制下线后修改基本信息. What is `None` stays as it is.

        Args:
            app: The app's id.
            name: Its name.
            description: Its description.
            icon_url: The address of its icon, from `upload_image`.
            name_materials: Addresses of images that show the right to a brand in the name.

        Returns:
            The id of the review, where Baidu tells.

        Raises:
            InvalidArgument: Nothing to change, something empty, or what is no address.
        """
        make = partial(
            OfflineUpdate, name=name, description=description, icon_url=icon_url, name_materials=name_materials
        )
        return await self.perform(lambda has: has.update_offline, app, make)

    async def apply_mobile_auth(
        self, app: str, *, reason: MobileAuthReason, scene: MobileAuthScene, description: str, demo_url: str
    ) -> None:
        """Apply for the permission to ask an app's users for their phone numbers.

        Source: seed 000 申请手机号权限.

        Args:
            app: The app's id.
            reason: What for.
            scene: Where.
            description: The scene in words: 1 to 500 characters.
            demo_url: The address of an image of it, from `upload_image`.

        Raises:
            InvalidArgument: A description that is empty or too long, no address, or no member of the vocabularies.
        """
        make = partial(MobileAuthRequest, reason=reason, scene=scene, description=description, demo_url=demo_url)
        await self.perform(lambda has: has.apply_mobile_auth, app, make)

    async def cancel_mobile_auth(self, app: str) -> None:
        """Give up the permission to ask for phone numbers, or an application for it. Safe to repeat.

        Source: seed 000 取消手机号权限.
        """
        await self.perform(lambda has: has.cancel_mobile_auth, app, nothing)

    async def get_mobile_auth_status(self, app: str) -> MobileAuth:
        """Read how far the permission to ask for phone numbers is.

        Source: seed 000 查询手机号权限状态.
        """
        return await self.perform(lambda has: has.get_mobile_auth_status, app, nothing)

    async def upload_image(self, data: bytes, *, kind: ImageKind = ImageKind.ICON) -> str:
        """Upload an image: every address of an image that other calls take comes from here.

        Source: wire/baidu.md § 7.1. It carries the component's token, so it needs a client with a `store`. A large
        image on a slow line wants a longer `attempt_timeout`.

        Args:
            data: A PNG, a JPEG or a BMP.
            kind: What for: an icon (2 MB, 256 × 256 pixels at most), papers of a category or of a name (5 MB).

        Returns:
            The address of the image.

        Raises:
            InvalidArgument: Other bytes, or more of them, or a client without a store.
            InvalidRequest: Baidu finds it too large, or can't read it.
        """
        return await self.perform(lambda has: has.upload_image, "", partial(Image, data, kind))

    async def control_flow(self, app: str, *, open: bool) -> None:  # noqa: A002 - the promised name
        """Open an app's traffic again, or take it down.

        Source: wire/baidu.md § 4 row 6, `appflow/control`.

        Args:
            app: The app's id.
            open: Whether its users are to reach it.

        Raises:
            InvalidArgument: Anything but `True` or `False`.
        """
        await self.perform(lambda has: has.control_flow, app, partial(given_flag, "open", open))

    async def get_violations(self, app: str) -> tuple[Violation, ...]:
        """Read what an app is reproached with.

        Source: wire/baidu.md § 4, `app/violation`.
        """
        return await self.perform(lambda has: has.get_violations, app, nothing)
