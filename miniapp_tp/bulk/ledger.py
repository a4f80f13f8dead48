"""Many apps' changes in one durable write: whoever has something to write shares the next one with all others."""

from __future__ import annotations

import asyncio

from attrs import define, field

from miniapp_tp.bulk.journal import Journal, Tenancy, overtaken
from miniapp_tp.bulk.states import Entry


@define
class _Batch:
    """What goes into the next write."""

    changes: list[tuple[Entry, Entry]] = field(factory=list[tuple[Entry, Entry]])
    written: asyncio.Event = field(factory=asyncio.Event)
    error: Exception | None = None


@define
class Ledger:
    """Writes what becomes of apps, in the order in which it is told.

    While one write is under way, what comes in gathers for the next: the slower the disk, the more share a write.

    Args:
        journal: Where to.
        tenancy: The right to write.
    """

    journal: Journal
    tenancy: Tenancy
    _next: _Batch = field(factory=_Batch)
    _under_way: _Batch | None = None
    _wanted: asyncio.Event = field(factory=asyncio.Event)
    _error: Exception | None = None
    _closing: bool = False

    def note(self, before: Entry, after: Entry) -> None:
        """Have a change written soon, without waiting for it."""
        self._next.changes.append((before, after))
        self._wanted.set()

    async def write(self, before: Entry, after: Entry) -> None:
        """Have a change written, and wait until it is on the disk.

        Raises:
            StoreError: It couldn't be written, or somebody else is at the run now.
        """
        batch = self._next
        self.note(before, after)
        await self._until_written(batch)

    async def drain(self) -> None:
        """Wait until everything that was noted is on the disk."""
        if self._error is not None:
            raise self._error
        for batch in (self._under_way, self._next):  # the latter may have to wait for the former
            if batch is not None and batch.changes:
                await self._until_written(batch)

    async def _until_written(self, batch: _Batch) -> None:
        if self._error is not None:
            raise self._error
        await batch.written.wait()
        if batch.error is not None:
            raise batch.error

    async def work(self) -> None:
        """Write, until closed or until writing fails; who waits for a write learns of it."""
        while self._error is None and not (self._closing and not self._next.changes):
            await self._wanted.wait()
            self._wanted.clear()
            batch, self._next = self._next, _Batch()
            self._under_way = batch
            if batch.changes:
                batch.error = self._error = await self._written(batch)
            self._under_way = None
            batch.written.set()
        self._next.error = self._error
        self._next.written.set()

    async def _written(self, batch: _Batch) -> Exception | None:
        try:
            is_tenant = await self.journal.write(self.tenancy, batch.changes)
        except Exception as error:  # noqa: BLE001 - whoever waits raises it
            return error
        return None if is_tenant else overtaken(self.tenancy.run)

    def close(self) -> None:
        """Let `work` end when everything is written."""
        self._closing = True
        self._wanted.set()
