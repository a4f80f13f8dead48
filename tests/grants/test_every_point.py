"""Every store and transport call of a grant's life, and what becomes of the grant if its owner ends right there.

The owner is killed, its caller is cancelled, or it is frozen past its lease and woken: before the call is carried out,
and after it was, when its result isn't delivered yet. Real processes, one SQLite file for each.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest
from attrs import define, evolve, field, frozen

from miniapp_tp.sandbox import Sandbox
from miniapp_tp.stores import MemoryStore, SqliteStore
from miniapp_tp.transport.http import HttpxTransport
from tests.grants.conftest import assert_newest, client_on, kept, order_for, prepare, say
from tests.grants.worker import (
    NO_CERTIFICATES,
    Order,
    Points,
    WatchedStore,
    WatchedTransport,
    client_for,
    flow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from miniapp_tp.sandbox.provider import Provider
    from miniapp_tp.stores import TokenStore
    from tests.grants.conftest import Workshop

AT_ONCE = 6
TERM = 0.6
FLOWS = {
    "baidu": ["info", "authorize", "unnamed", "recover"],
    "kuaishou": ["info", "authorize", "recover"],
    "kuaishou without a refresh": ["info"],
}
EVERY = [(provider, name) for provider, flows in FLOWS.items() for name in flows]


@frozen
class Case:
    """One way to end.

    Attributes:
        provider: The provider.
        flow: What was being done.
        point: At which call, from 1.
        after: Whether it had been carried out.
        act: How it ended.
        call: The name of the call.
    """

    provider: str
    flow: str
    point: int
    after: bool
    act: str
    call: str = ""

    def __str__(self) -> str:
        return f"{self.provider} {self.flow}: {self.act} {'after' if self.after else 'before'} {self.point} {self.call}"


@define
class Tally:
    """What was seen."""

    cases: int = 0
    recoveries: int = 0
    refreshes: int = 0
    ways: Counter[str] = field(factory=Counter[str])
    troubles: list[str] = field(factory=list[str])

    def __str__(self) -> str:
        ways = ", ".join(f"{way} {times}" for way, times in sorted(self.ways.items()))
        return (
            f"{self.cases} cases, grants lost 0, merchants asked again 0, {self.refreshes} refreshes, "
            f"{self.recoveries} recoveries; {ways}"
        )


@define
class Bench:
    """Where cases are tried, each on an app and in a file of its own."""

    sandbox: Sandbox
    folder: Path
    tally: Tally = field(factory=Tally)
    _numbers: Iterator[int] = field(factory=itertools.count)

    def side(self, case: Case) -> Provider:
        return self.sandbox.provider(case.provider.partition(" ")[0])

    def order(self, case: Case) -> Order:
        """Have a merchant authorize a new app, and say what is to be done with it."""
        side, number = self.side(case), next(self._numbers)
        app = f"ks{7 * 10**17 + number}" if side.name == "kuaishou" else f"{17 * 10**6 + number}"
        code = side.authorize(app)
        path = side.rules.refresh_path if case.provider == side.name else None
        file = str(self.folder / f"{number}.db")
        return order_for(
            self.sandbox, side.name, store=file, flow=case.flow, app=app, code=code, term=TERM, refresh_path=path
        )

    async def prepare(self, case: Case, order: Order, store: TokenStore) -> None:
        """Bring the store to where the flow begins: with a ticket, and for what there is already, with a dead pair."""
        side = self.side(case)
        async with client_on(order, store) as client:
            await prepare(client, side)
            if case.flow in {"info", "recover"}:
                await client.authorize(order.code, app=order.app)
                # As a service finds it that starts in the morning: nothing but the dead pair and a ticket.
                component = WatchedStore(store, _plainly)
                await forget_component_token(component, order)
                side.expire_tokens(order.app)

    def settle(self, case: Case, order: Order, before: Counter[str]) -> Counter[str]:
        """Count what one case took, and check that no merchant was asked again."""
        took = self.counts(case, order) - before
        self.tally.cases += 1
        self.tally.recoveries += took["recover_code"]
        self.tally.refreshes += took["refresh_grant"]
        spent = self.side(case).spent[order.app]
        # The provider gave out one code because the merchant agreed, once; all others were recovered.
        assert spent.codes == 1 + self.counts(case, order)["recover_code"], str(case)
        return took

    def counts(self, case: Case, order: Order) -> Counter[str]:
        names = ("refresh_grant", "recover_code", "exchange_code")
        side = self.side(case)
        return Counter({name: self.sandbox.calls[side.name, name, order.app] for name in names})


async def _plainly(_name: str, call):  # noqa: ANN001, ANN202
    return await call()
