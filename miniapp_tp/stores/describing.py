"""What a store can tell of itself to those who operate it. Never a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from miniapp_tp.stores.base import TokenStore


@runtime_checkable
class Described(Protocol):
    """A store that tells how it is set up; a store needn't be one."""

    async def describe(self) -> dict[str, str]:
        """Give its settings, by name: its kind, where it is, its schema's version, how it reaches the disk.

        Raises:
            StoreError: It can't be asked.
        """
        ...


@runtime_checkable
class HasRisks(Protocol):
    """A store that can tell how its server is set up."""

    async def risks(self) -> tuple[str, ...]:
        """Say which settings may lose what was saved; never a secret.

        Raises:
            StoreError: It can't be asked.
        """
        ...


async def describe_store(store: TokenStore) -> dict[str, str]:
    """Give a store's settings; of one that tells none, its class."""
    return await store.describe() if isinstance(store, Described) else {"store": type(store).__name__}


async def risks_of_store(store: TokenStore) -> tuple[str, ...]:
    """Say which of a store's settings may lose what was saved, as far as it tells."""
    return await store.risks() if isinstance(store, HasRisks) else ()
