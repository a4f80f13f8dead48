"""A server of two fixed replies, for machines without nginx: as little as HTTP/1.1 with kept connections takes."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Final, cast

from benchmarks.work import DONE, INFO

_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
_INFO: Final = _HEAD % len(INFO) + INFO
_DONE: Final = _HEAD % len(DONE) + DONE
_END: Final = b"\r\n\r\n"


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._waiting = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._waiting += data
        while self._transport is not None and (end := self._waiting.find(_END)) >= 0:
            head = self._waiting[:end].lower()
            _, named, length = head.partition(b"content-length:")
            whole = end + len(_END) + (int(length.split(b"\r\n", 1)[0]) if named else 0)
            if len(self._waiting) < whole:
                return
            self._waiting = self._waiting[whole:]
            self._transport.write(_INFO if head.startswith(b"get") else _DONE)


async def main(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


def run(port: int) -> None:
    """Serve on uvloop where it is installed."""
    with suppress(KeyboardInterrupt):
        try:
            import uvloop  # noqa: PLC0415 - it may be missing
        except ImportError:
            asyncio.run(main(port))
        else:
            uvloop.run(main(port))


if __name__ == "__main__":
    run(int(sys.argv[1]))
