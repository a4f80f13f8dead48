"""Opening what a provider pushes, and answering it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from miniapp_tp.models import Event


class PushMethods:
    """The methods of a component client that is pushed events. They need no network, and no entering of the client."""

    def open_push(
        self,
        headers: Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]],
        body: bytes,
        query: str | bytes = "",
        now: float | None = None,
    ) -> Event:
        """Verify, decrypt and read a pushed message.

        Raises:
            PushRejected: It isn't the provider's, is too old, or can't be decrypted; `step` says where it failed.
            InvalidArgument: The client has no `push_token` and `push_key`.
        """
        raise NotImplementedError

    def acknowledge(self, event: Event) -> tuple[int, dict[str, str], bytes]:
        """Give the answer that the provider expects once an event is safe: status, headers and body."""
        raise NotImplementedError
