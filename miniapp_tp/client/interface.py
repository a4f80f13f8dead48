"""What every client can do, whoever the provider is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from miniapp_tp.models import AppInfo, DomainAction, ServerDomainChange, ServerDomains, WebviewDomainChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from miniapp_tp.contract import Contract
    from miniapp_tp.wire.endpoint import Endpoint, Operation, Procedure

P = TypeVar("P")
R = TypeVar("R")


def _nothing() -> None:
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
        return await self.perform(lambda has: has.get_info, app, _nothing)

    async def get_server_domain(self, app: str) -> ServerDomains:
        """Read the hosts that an app's code may talk to.

        Sources: seed 000 设置小程序服务器域名 (action=get); seed 001 设置服务器域名.
        """
        return await self.perform(lambda has: has.get_server_domain, app, _nothing)

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
        return await self.perform(lambda has: has.get_webview_domain, app, _nothing)

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
        """Tell whether the provider has an operation, by the name of its method."""

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
