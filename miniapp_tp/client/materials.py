"""Materials and sitemaps: what both a component and a mini app's own developer can hand in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from miniapp_tp.client.interface import MiniAppClient
from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models import Material, Of, SitemapSubmission
from miniapp_tp.models.given import given_address, given_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from miniapp_tp.contract import MaterialContract
    from miniapp_tp.wire.endpoint import Operation

P = TypeVar("P")
R = TypeVar("R")


class MaterialMethods(ABC):
    """The methods for materials and sitemaps."""

    async def submit_material(self, app: str, material: Material) -> None:
        """Hand in a page for searches and feeds, or hand it in anew; up to 500 times a day.

        Sources: seed 003 § 4; wire/baidu.md § 5. Many materials are better handed in by a sitemap.

        Args:
            app: The app's id.
            material: The page, and how to present it.

        Raises:
            InvalidArgument: No `Material`.
            PermissionDenied: The app isn't invited to this service, or its merchant doesn't allow it.
            QuotaExhausted: No more today.
        """
        await self.hand_in(lambda has: has.submit_material, app, partial(_of, app, material, Material))

    async def delete_material(self, app: str, path: str) -> None:
        """Take a page away that was handed in; it can't be handed in again.

        Sources: seed 003 § 5; wire/baidu.md § 5.

        Args:
            app: The app's id.
            path: The page, as it was handed in.

        Raises:
            InvalidArgument: No path.
        """
        await self.hand_in(lambda has: has.delete_material, app, lambda: Of(app, given_text("path", path)))

    async def submit_sitemap(self, app: str, submission: SitemapSubmission) -> None:
        """Have a sitemap fetched, whose files `write_sitemap` makes; up to three of them for an app.

        Sources: seed 003 § 6; wire/baidu.md § 5.

        Args:
            app: The app's id.
            submission: Where it is, and what it is for.

        Raises:
            InvalidArgument: No `SitemapSubmission`.
            ProviderUnavailable: Its file couldn't be taken over (47005).
            Conflict: The app has no Xiongzhang id bound to it (60005).
            QuotaExhausted: Too many.
        """
        await self.hand_in(lambda has: has.submit_sitemap, app, partial(_of, app, submission, SitemapSubmission))

    async def delete_sitemap(self, app: str, url: str) -> None:
        """Take a sitemap away that was handed in.

        Sources: seed 003 § 7; wire/baidu.md § 5.

        Args:
            app: The app's id.
            url: Its address, as it was handed in.

        Raises:
            InvalidArgument: No whole address.
        """
        await self.hand_in(lambda has: has.delete_sitemap, app, lambda: Of(app, given_address("url", url)))

    @abstractmethod
    async def hand_in(self, pick: Callable[[MaterialContract], Operation[P, R]], app: str, make: Callable[[], P]) -> R:
        """Do what these methods do: find the operation, make its parameters, and call."""


class ComponentMaterials(MaterialMethods, MiniAppClient):
    """Materials and sitemaps of the apps that merchants authorized to a component on Baidu."""

    async def hand_in(self, pick: Callable[[MaterialContract], Operation[P, R]], app: str, make: Callable[[], P]) -> R:
        """Do it by the component's own paths, with the token of the app."""
        return await self.perform(pick, app, make)


def _of(app: str, value: P, kind: type[P]) -> Of[P]:
    if not isinstance(value, kind):
        raise InvalidArgument(f"give a {kind.__name__}, not {type(value).__name__}")
    return Of(app, value)
