"""Work that many wait for and nobody may break off: it runs in tasks of its own, one for each key at a time.

A caller that is cancelled, or whose time runs out, only stops waiting. So a single-use token that is being spent is
always spent and saved, or recorded as being spent.
"""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from miniapp_tp.errors import MiniAppError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


class Flights(Generic[T]):
    """The work under way, by key."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[T]] = {}

    @property
    def under_way(self) -> int:
        """How many pieces of work are under way."""
        return len(self._tasks)

    async def join(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """Wait for the work on a key, which is begun if nobody has; all who wait share one result or one failure.

        Raises:
            MiniAppError: The failure, a copy for each who waits.
        """
        task = self._task(key, work)
        await asyncio.wait([task])
        error = None if task.cancelled() else task.exception()
        if isinstance(error, MiniAppError):
            raise copy.copy(error).with_traceback(None)
        return task.result()

    def begin(self, key: str, work: Callable[[], Awaitable[T]]) -> None:
        """Begin the work on a key, if it isn't under way, and wait for nothing."""
        _ = self._task(key, work)

    def _task(self, key: str, work: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(_run(work), name=f"miniapp_tp tokens of {key}")
            task.add_done_callback(lambda done: self._forget(key, done))
        return task

    async def land(self) -> None:
        """Wait for everything under way."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    def _forget(self, key: str, done: asyncio.Task[Any]) -> None:
        del self._tasks[key]
        if not done.cancelled():
            done.exception()  # seen: a failure that nobody waited for is told to hooks, not to the event loop


async def _run(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
