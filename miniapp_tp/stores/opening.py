"""Doing something once before anything else, however many come at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from attrs import define, field


@define(eq=False)
class Opening:
    """What has to be done before a store is used, and whether it has been.

    Attributes:
        open: Does it. It may be done more than once if it fails.
        is_done: Whether it has succeeded.
    """

    open: Callable[[], Awaitable[None]]
    is_done: bool = False
    _turn: asyncio.Lock = field(factory=asyncio.Lock, repr=False)

    async def done(self) -> None:
        """Return once it is done; whoever comes meanwhile waits for the first."""
        if self.is_done:
            return
        async with self._turn:
            if not self.is_done:
                await self.open()
                self.is_done = True
