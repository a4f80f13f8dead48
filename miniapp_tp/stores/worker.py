"""A thread of its own for a library that blocks."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Worker:
    """One thread, which starts with the first job and does all of them in the order they came.

    A caller that is cancelled gives up waiting; its job is done all the same, and so is every job that was handed in
    before the worker is closed or the interpreter ends. It serves any event loop, also several one after the other.
    """

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._last: Future[None] | None = None

    async def run(self, job: Callable[[], T]) -> T:
        """Have a job done, and give what it returns or raises."""
        return await _result(self._executor.submit(job))

    async def close(self, last: Callable[[], None]) -> None:
        """Have a last job done, and end the thread; whoever closes it once more waits for the same."""
        if self._last is None:
            self._last = self._executor.submit(last)
            self._executor.shutdown(wait=False)
        await _result(self._last)
        self._executor.shutdown()  # the thread has nothing left to do, so this takes no time


async def _result(future: Future[T]) -> T:
    """Wait without passing a cancellation on, as `asyncio.wrap_future` would: that drops jobs that still queue."""
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not waiter.done():
            waiter.set_result(None)

    def done(_future: Future[T]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(wake)

    future.add_done_callback(done)
    await waiter
    return future.result()
