"""Bringing what a store keeps to the layout that this version of the package needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from miniapp_tp.stores.base import TokenStore


@runtime_checkable
class HasLayout(Protocol):
    """A store whose layout may be an older version's."""

    async def migrate(self) -> tuple[int, int] | None:
        """Change it; gives the version that was there (0: nothing at all), and the one that is there now.

        Raises:
            StoreError: It can't be done, and nothing was changed.
        """
        ...


async def migrate_store(store: TokenStore | HasLayout) -> tuple[int, int] | None:
    """Have a store change its layout, if it has one to change: a file is made and looked at when it is opened.

    Raises:
        StoreError: It can't be done, and nothing was changed.
    """
    return await store.migrate() if isinstance(store, HasLayout) else None
