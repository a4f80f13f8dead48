"""The seam to the network: one method that sends, one that closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from miniapp_tp.wire.messages import Reply, Request


@runtime_checkable
class Transport(Protocol):
    """What carries requests. It is shared by all calls of a client, and by its tasks."""

    async def send(self, request: Request, *, timeout: float) -> Reply:
        """Send one request, and read its reply to the end.

        Args:
            request: What to send. Its `url` holds tokens: it must not reach a log, a name in a frame, an error.
            timeout: Seconds for all of it.

        Raises:
            ConnectFailed: Nothing was sent.
            DeadlineExceeded: Time ran out.
            ConnectionLost: The connection broke after something had been sent.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...
