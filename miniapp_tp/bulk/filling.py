"""Writing a run's apps down before anything is done, from any source, in batches."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from typing import Final

from attrs import frozen

from miniapp_tp.bulk.journal import Journal, Tenancy, overtaken
from miniapp_tp.bulk.operations import Method
from miniapp_tp.bulk.states import Entry, Item, Plan, Status
from miniapp_tp.errors import InvalidArgument

Apps = Iterable[str | Item] | AsyncIterable[str | Item]
"""A source of apps: their ids, or items with arguments of their own."""

_BATCH: Final = 1000


@frozen
class Filling:
    """Writes a run's apps down.

    Attributes:
        method: The client's method.
        plan: What the run is to do.
        journal: Where it is kept.
        tenancy: The right to write.
        lease: Seconds that each batch prolongs that right for.
    """

    method: Method
    plan: Plan
    journal: Journal
    tenancy: Tenancy
    lease: float

    async def fill(self, apps: Apps) -> None:
        """Write all of them down.

        Raises:
            InvalidArgument: Something that is no app, arguments that make no sense, an app twice with different ones.
            StoreError: The journal fails, or somebody else is at the run now.
        """
        batch: list[Entry] = []
        checked = False
        async for item in each_item(apps):
            entry = self._entry(item)
            if not checked:
                # The provider's own rules too, before anything is done.
                await self.method.change(entry.app, self.method.read(self.plan.arguments, entry.arguments))
                checked = True
            batch.append(entry)
            if len(batch) >= _BATCH:
                await self._add(batch)
                batch.clear()
        await self._add(batch)
        await self.journal.filled(self.tenancy)
        await self.journal.turn(self.tenancy, Status.READY)

    async def _add(self, batch: Sequence[Entry]) -> None:
        is_tenant = await self.journal.beat(self.tenancy, self.lease) is not None
        if not is_tenant or await self.journal.add(self.tenancy, batch) is None:
            raise overtaken(self.tenancy.run)

    def _entry(self, item: object) -> Entry:
        given = Item(item) if isinstance(item, str) else item
        if not isinstance(given, Item) or not isinstance(given.app, str) or not given.app.strip():
            raise InvalidArgument(f"a source gives app ids like '15263713', or Items of such, not {item!r}")
        if not given.arguments:
            return Entry(0, given.app)
        written = self.method.written(given.arguments)
        self.method.read(self.plan.arguments, written)
        return Entry(0, given.app, arguments=written)


async def each_item(apps: Apps) -> AsyncIterator[str | Item]:
    """Give the apps of any source.

    Raises:
        InvalidArgument: It is no source.
    """
    if isinstance(apps, str | bytes) or not isinstance(apps, Iterable | AsyncIterable):
        raise InvalidArgument(f"apps is an iterable of app ids, not {type(apps).__name__}")
    if isinstance(apps, AsyncIterable):
        async for item in apps:
            yield item
        return
    for item in apps:
        yield item
