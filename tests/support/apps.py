"""Sources of apps, and functions to call for them, that can be asked afterwards what was done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@define
class Source:
    """Apps of which one can tell how many were read.

    Attributes:
        count: How many there are.
        read: How many were read.
        error: What is raised after the last one.
    """

    count: int
    read: int = 0
    error: Exception | None = None

    def __iter__(self) -> Iterator[str]:
        """Read."""
        for _ in range(self.count):
            self.read += 1
            yield str(self.read)
        if self.error is not None:
            raise self.error


@define
class AsyncSource(Source):
    """The same, asynchronous."""

    async def __aiter__(self) -> AsyncIterator[str]:
        """Read."""
        for app in super().__iter__():
            await anyio.lowlevel.checkpoint()
            yield app


# An iterable that is both would be read as an asynchronous one.
AsyncSource.__iter__ = None  # type: ignore[assignment]


@define
class Work:
    """Functions whose calls are kept.

    Attributes:
        running: How many run, where a test counts them.
        peak: How many ran at once at most, where a test counts them.
        cancelled: The apps whose call was cancelled.
        started: The apps that were called for.
    """

    running: int = 0
    peak: int = 0
    cancelled: list[str] = field(factory=list[str])
    started: list[str] = field(factory=list[str])

    async def quick(self, app: str) -> str:
        """Be done after one step."""
        self.started.append(app)
        await anyio.lowlevel.checkpoint()
        return app * 2

    async def forever(self, app: str) -> str:
        """Wait to be cancelled."""
        self.started.append(app)
        try:
            await anyio.sleep_forever()
        except BaseException:
            self.cancelled.append(app)
            raise
        raise AssertionError
