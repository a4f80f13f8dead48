"""What receiving pushes asks of a client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from miniapp_tp.models import Event
    from miniapp_tp.stores.base import TokenStore
    from miniapp_tp.wire.pushes import Answer, Headers

Handler = Callable[["Event"], Awaitable[None]]
"""What the user does with an event. It returns once the event is dealt with, and raises if it isn't."""


class Receiver(Protocol):
    """A client that is pushed events. `BaiduClient` and `KuaishouClient` are the two that are."""

    @property
    def provider(self) -> str:
        """The provider's name."""
        ...

    @property
    def component(self) -> str:
        """The component's id."""
        ...

    @property
    def store(self) -> TokenStore | None:
        """Where it keeps its own grants, if it does."""
        ...

    @property
    def push_tolerance(self) -> float:
        """Seconds by which a message's stamp may differ from now."""
        ...

    def open_push(self, headers: Headers, body: bytes, query: str | bytes = "", now: float | None = None) -> Event:
        """Verify, decrypt and read a pushed message."""
        ...

    def read_event(self, raw: bytes, *, id: str, component: str | None) -> Event:  # noqa: A002 - as the event calls it
        """Read a message that was verified and decrypted before."""
        ...

    def acknowledge(self, event: Event) -> Answer:
        """Give the answer that the provider expects once an event is safe."""
        ...

    def missed_events(self, since: float | datetime) -> AsyncIterator[Event]:
        """Give what the provider couldn't deliver."""
        ...

    async def apply_event(self, event: Event) -> None:
        """Do what the SDK itself does with an event."""
        ...


class Together(Protocol):
    """Several clients under names that qualify their apps' ids: a `Fleet`."""

    @property
    def members(self) -> Mapping[str, Receiver]:
        """The clients by their names."""
        ...
