"""What every client can do, whoever the provider is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from miniapp_tp.models import (
    AppInfo,
    CategoryChange,
    CategoryChoice,
    CategoryGroup,
    CategoryKind,
    DomainAction,
    NameChange,
    NameCheck,
    QrCode,
    ServerDomainChange,
    ServerDomains,
    WebviewDomainChange,
    chosen,
    given_address,
    given_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from miniapp_tp.contract import Contract
    from miniapp_tp.wire.endpoint import Endpoint, Operation, Procedure

P = TypeVar("P")
R = TypeVar("R")


def nothing() -> None:
    """Make the parameters of an operation that takes none."""


class MiniAppClient(ABC):
    """What can be done with an app, whoever its provider is.

    Every method raises `MiniAppError`, whose classes say what to do next; `InvalidArgument` and `NotSupported` before
    anything is sent.
    """

    async def get_info(self, app: str) -> AppInfo:
        """Read an app's basic information.

        Sources: Baidu `app/info` (wire/baidu.md § 3); Kuaishou seed 001 获取小程序基本信息.
        """
        return await self.perform(lambda has: has.get_info, app, nothing)

    async def get_server_domain(self, app: str) -> ServerDomains:
        """Read the hosts that an app's code may talk to.

        Sources: seed 000 设置小程序服务器域名 (action=get); seed 001 设置服务器域名.
        """
        return await self.perform(lambda has: has.get_server_domain, app, nothing)

    async def set_server_domain(
        self, app: str, domains: ServerDomains, *, action: DomainAction = DomainAction.SET
    ) -> None:
        """Change the hosts that an app's code may talk to; a kind that isn't given stays as it is.

        Sources: seed 000 设置小程序服务器域名; seed 001 设置服务器域名.

        Args:
            app: The app's id.
            domains: The hosts, by kind.
            action: Whether they replace the lists (an empty kind empties its list), or are added or taken away.

        Raises:
            InvalidArgument: Nothing is given, or an empty kind with `ADD` or `DELETE`.
            NotSupported: `udp` on Baidu.
            InvalidRequest: A host that isn't registered on the component, nor below one that is.
            QuotaExhausted: No more changes in this period.
        """
        make = partial(ServerDomainChange, action, domains)
        await self.perform(lambda has: has.set_server_domain, app, make)

    async def get_webview_domain(self, app: str) -> tuple[str, ...]:
        """Read the hosts whose pages an app may show.

        Sources: seed 000 设置小程序业务域名 (action=get); seed 001 设置业务域名.
        """
        return await self.perform(lambda has: has.get_webview_domain, app, nothing)

    async def set_webview_domain(
        self, app: str, domains: Iterable[str], *, action: DomainAction = DomainAction.SET
    ) -> None:
        """Change the hosts whose pages an app may show.

        Sources: seed 000 设置小程序业务域名; seed 001 设置业务域名.

        Args:
            app: The app's id.
            domains: The hosts, at least one.
            action: Whether they replace the list, or are added or taken away.

        Raises:
            InvalidArgument: No host, a bare `str`, or one that can't be a host name.
            InvalidRequest: A host that isn't registered on the component, nor below one that is.
            QuotaExhausted: No more changes in this period.
        """
        make = partial(WebviewDomainChange, action, domains)
        await self.perform(lambda has: has.set_webview_domain, app, make)

    # --- what a provider may lack -------------------------------------------------------------------------------------

    async def set_name(self, app: str, name: str, *, materials: Iterable[str] = ()) -> int | None:
        """Propose a new name, which is reviewed.

        Source: seed 000 修改小程序名称.

        Args:
            app: The app's id.
            name: The name.
            materials: Addresses of images, from `upload_image`, that show the right to a brand in the name.

        Returns:
            The id of the review, where the provider tells.

        Raises:
            InvalidArgument: An empty name, or a material that is no address.
            NotSupported: On Kuaishou.
            QuotaExhausted: No more changes in this period.
            InvalidRequest: An image that wasn't uploaded to the provider.
        """
        return await self.perform(lambda has: has.set_name, app, partial(NameChange, name, materials))

    async def set_icon(self, app: str, image_url: str) -> int | None:
        """Propose a new icon, which is reviewed.

        Source: seed 000 修改小程序icon.

        Args:
            app: The app's id.
            image_url: The address of the image, from `upload_image`.

        Returns:
            The id of the review, where the provider tells.

        Raises:
            InvalidArgument: `image_url` is no address.
            NotSupported: On Kuaishou.
            QuotaExhausted: No more changes in this period.
            InvalidRequest: An image that wasn't uploaded to the provider.
        """
        return await self.perform(lambda has: has.set_icon, app, partial(given_address, "image_url", image_url))

    async def set_description(self, app: str, text: str) -> int | None:
        """Propose a new description, which is reviewed.

        Source: seed 000 修改功能介绍. (Later documents ask for 10 to 56 characters, of which Chinese ones count twice;
        that is left to the provider: wire/baidu.md § 4 row 4.)

        Args:
            app: The app's id.
            text: The description.

        Returns:
            The id of the review, where the provider tells.

        Raises:
            InvalidArgument: An empty text.
            NotSupported: On Kuaishou.
            QuotaExhausted: No more changes in this period.
        """
        return await self.perform(lambda has: has.set_description, app, partial(given_text, "text", text))

    async def set_categories(self, app: str, choices: Iterable[CategoryChoice | str | int]) -> int | None:
        """Propose the categories that an app is to have instead of all that it has; they are reviewed.

        Source: seed 000 修改小程序类目.

        Args:
            app: The app's id.
            choices: One to five; an id alone stands for a category that asks for no papers.

        Returns:
            The id of the review, where the provider tells.

        Raises:
            InvalidArgument: None, more than five, or one without an id.
            NotSupported: On Kuaishou.
            QuotaExhausted: No more changes in this period.
            InvalidRequest: A category that there isn't, papers that are missing, or an image that wasn't uploaded.
        """
        return await self.perform(lambda has: has.set_categories, app, partial(CategoryChange, choices))

    async def list_categories(
        self, app: str, *, kind: CategoryKind = CategoryKind.ENTERPRISE
    ) -> tuple[CategoryGroup, ...]:
        """List the categories that an app may have, and the papers that they ask for.

        Source: seed 000 获取小程序全类目列表.

        Args:
            app: The app's id.
            kind: For whose apps: those of enterprises may have all, those of persons the personal ones.

        Raises:
            InvalidArgument: `kind` is no `CategoryKind`.
            NotSupported: On Kuaishou.
        """
        return await self.perform(lambda has: has.list_categories, app, lambda: chosen(CategoryKind, kind))

    async def pause(self, app: str) -> None:
        """Take an app out of service: its users can't open it any more. Safe to repeat.

        Source: seed 000 暂停服务.

        Raises:
            NotSupported: On Kuaishou.
        """
        await self.perform(lambda has: has.pause, app, nothing)

    async def resume(self, app: str) -> None:
        """Put a paused app back into service. Safe to repeat.

        Source: seed 000 开启服务.

        Raises:
            NotSupported: On Kuaishou.
        """
        await self.perform(lambda has: has.resume, app, nothing)

    async def get_qrcode(
        self, app: str, *, path: str | None = None, package_id: str | int | None = None, width: int | None = None
    ) -> bytes:
        """Get a QR code that opens an app.

        Source: seed 000 二维码.

        Args:
            app: The app's id.
            path: The page that it opens; the first, if `None`.
            package_id: The package that it opens: under review, in development or online; the one online, if `None`.
            width: Pixels, from 200 to 1280; 200, if `None`.

        Returns:
            An image; Baidu's is a PNG.

        Raises:
            InvalidArgument: An empty path, no id, or another width.
            NotSupported: On Kuaishou.
            InvalidRequest: No such package, or none named for an app without one online.
        """
        make = partial(QrCode, path=path, package_id=package_id, width=width)
        return await self.perform(lambda has: has.get_qrcode, app, make)

    async def check_name(self, app: str, name: str) -> NameCheck:
        """Ask what would speak against a name.

        Source: seed 000 小程序名称检测.

        Raises:
            InvalidArgument: An empty name.
            NotSupported: On Kuaishou.
        """
        return await self.perform(lambda has: has.check_name, app, partial(given_text, "name", name))

    # --- the rest -----------------------------------------------------------------------------------------------------

    async def call(self, endpoint: Endpoint[P, R] | Procedure[P, R], app: str, params: P) -> R:
        """Call any endpoint, the SDK's or one's own, through the same pipe as the methods.

        Args:
            endpoint: What to call.
            app: The app to call it for, whose token it carries.
            params: What the endpoint takes.
        """
        return await self.perform(lambda _has: endpoint, app, lambda: params)

    @abstractmethod
    def supports(self, operation: str) -> bool:
        """Tell whether the provider has an operation, by the name of its method; without it that is `NotSupported`."""

    @abstractmethod
    async def perform(self, pick: Callable[[Contract], Operation[P, R]], app: str, make: Callable[[], P]) -> R:
        """Do what every method does: find the operation, make its parameters, and call.

        Args:
            pick: Chooses the operation from a provider's contract.
            app: The app's id.
            make: Makes the parameters; what is wrong with them is an error of this call.
        """

    @abstractmethod
    def with_options(self, **changes: Any) -> Self:  # noqa: ANN401 - the fields of Options, checked by it
        """Give a second client that shares connections, tokens and limits, and differs in some options.

        Args:
            changes: Fields of `Options`: `timeout=5.0`, `attempts=1`, …

        Raises:
            InvalidArgument: An option that doesn't exist, or that belongs to the connections.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Close what the client opened itself; closing twice does nothing."""

    async def __aenter__(self) -> Self:
        """Enter a block at whose end the client is closed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close the client."""
        await self.aclose()
