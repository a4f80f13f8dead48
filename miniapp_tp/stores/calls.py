"""Calls of a driver over a network: each within a time limit, none broken off by whoever gives up waiting."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import define, field, frozen

from miniapp_tp.errors import Actor, InvalidArgument, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

PATIENCE: Final = 15.0
"""Seconds that a store waits for its server's answer, unless told otherwise."""

# A driver that is told to give up says so to its server, or closes its connection: at once, unless something is wrong.
_GRACE: Final = 0.5


def check_patience(patience: float) -> None:
    """Refuse what is no length of time.

    Raises:
        InvalidArgument: It isn't positive and finite.
    """
    if not (math.isfinite(patience) and patience > 0):
        raise InvalidArgument(f"patience is a positive number of seconds, not {patience}")


@frozen
class Arguments:
    """What is put into a script or a statement: in no repr, as a traceback's locals would show it.

    Attributes:
        values: It.
    """

    values: tuple[object, ...] = field(default=(), repr=False)


NOTHING: Final = Arguments()


@define(eq=False)
class Calls:
    """The calls of one store that are under way.

    Each runs in a task of its own. A caller that is cancelled stops waiting, and what it asked for is done all the
    same: a driver that is broken off in the middle of an answer would have to throw its connection away.

    Attributes:
        store: How error messages name the store.
        patience: Seconds that a call may take.
    """

    store: str
    patience: float
    _tasks: set[asyncio.Task[object]] = field(factory=set[asyncio.Task[object]], repr=False)

    async def run(self, job: Callable[[], Awaitable[T]]) -> T | StoreError:
        """Make a call; it is given up if it takes too long, and the error is returned: no frame gets into a traceback.

        Args:
            job: The call. It returns the errors that it expects.
        """
        task = asyncio.create_task(self._bounded(job), name="miniapp_tp store")
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        done, _ = await asyncio.wait({task}, timeout=self.patience + _GRACE)
        return task.result() if done else self._too_slow()

    async def land(self) -> None:
        """Wait for everything that is under way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _bounded(self, job: Callable[[], Awaitable[T]]) -> T | StoreError:
        limit = asyncio.timeout(self.patience)
        try:
            async with limit:
                return await job()
        except TimeoutError:
            if not limit.expired():
                raise
        return self._too_slow()

    def _too_slow(self) -> StoreError:
        why = f"it gave no answer within {self.patience:g} s: is it overloaded, or the network cut?"
        return StoreError(f"{self.store} can't be used: {why}", actor=Actor.TIME)

    def _forget(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen: whoever asked may have stopped waiting
