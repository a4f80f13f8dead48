"""What the tests of grants share: a sandbox, a workshop of real processes, and a look at what is kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import asdict, define, evolve, field

from miniapp_tp.sandbox import Sandbox
from miniapp_tp.stores import Key
from miniapp_tp.stores.records import AppRecord, from_bytes
from miniapp_tp.transport.http import HttpxTransport
from tests.grants.worker import NO_CERTIFICATES, Order, client_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.sandbox.provider import Provider
    from miniapp_tp.stores import TokenStore

SCRIPT = Path(__file__).with_name("worker.py")
PATIENCE = 90.0
EVERY: Final = int(os.environ.get("SOAK_EVERY", "1"))
"""A long enumeration takes each point, or in CI every few of them."""


def say(line: str) -> None:
    """Show figures; `pytest -s` lets them through."""
    sys.stdout.write(f"\n[grants] {line}\n")
    sys.stdout.flush()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(apps=1) as running:
        yield running


def order_for(sandbox: Sandbox, provider: str, **rest: Any) -> Order:  # noqa: ANN401 - the fields of an order
    """Address an order to a provider of the sandbox."""
    side = sandbox.provider(provider)
    return Order(provider=provider, url=sandbox.url, component=side.component, secret=side.secret, **rest)


@contextlib.asynccontextmanager
async def client_on(order: Order, store: TokenStore) -> AsyncGenerator[ComponentClient]:
    """Open a client in this process."""
    transport = HttpxTransport(verify=NO_CERTIFICATES, trust_env=False)
    async with client_for(order, store, transport) as client:
        yield client
    await transport.aclose()


async def prepare(client: ComponentClient, side: Provider, *apps: str, at: float | None = None) -> None:
    """Give a client a ticket, and the tokens of some apps."""
    await client.save_ticket(side.issue_ticket(), at=at)
    for app in apps:
        pair = side.newest_pair(app)
        assert pair is not None
        await client.adopt(
            app,
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_at=side.apps[app].token_expires_at or side.clock() + side.terms.access_life,
        )


async def kept(store: TokenStore, order: Order) -> AppRecord | None:
    """Look at what a store keeps of an app."""
    entry = await store.load(Key(f"{order.provider}:{order.component}", "app", order.app))
    return None if entry.value is None else from_bytes(AppRecord, entry.value)


async def assert_newest(order: Order, side: Provider, store: TokenStore) -> None:
    """Check that the store holds the newest pair that the provider has given out, and no doubt."""
    record, newest = await kept(store, order), side.newest_pair(order.app)
    assert record is not None
    assert newest is not None
    assert record.intent is None
    assert record.access is not None
    assert record.access.reveal() == newest.access_token
    assert record.refresh is not None
    assert record.refresh.reveal() == newest.refresh_token


# --- processes --------------------------------------------------------------------------------------------------------


@define
class Worker:
    """A process that carries out an order."""

    write: Callable[[dict[str, Any]], None] = field(repr=False)
    number: int
    heard: asyncio.Queue[dict[str, Any]] = field(factory=asyncio.Queue[dict[str, Any]])
    pid: int = 0

    async def said(self, *names: str) -> dict[str, Any]:
        """Wait until it says one of some things."""
        async with asyncio.timeout(PATIENCE):
            while True:
                said = await self.heard.get()
                assert "crash" not in said, said
                if not said.keys().isdisjoint(names):
                    return said

    async def ended(self) -> dict[str, Any]:
        """Wait for its result, or for its exit code if it dies without one."""
        said = await self.said("value", "error", "exit")
        if "exit" not in said:
            assert await self.said("exit") == {"number": self.number, "exit": 0}
        return said

    async def frozen(self) -> bool:
        """Wait until it is frozen; `False` if it ended instead."""
        said = await self.said("stopped", "exit")
        self.pid = said.get("pid", 0)
        return "stopped" in said

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def go(self) -> None:
        self.write({"number": self.number, "go": True})


@define
class Workshop:
    """Where processes are forked."""

    process: asyncio.subprocess.Process
    workers: list[Worker] = field(factory=list[Worker])

    def write(self, line: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line).encode() + b"\n")

    def begin(self, order: Order, **changes: Any) -> Worker:  # noqa: ANN401 - the fields of an order
        """Start a process."""
        worker = Worker(self.write, len(self.workers))
        self.workers.append(worker)
        self.write({"number": worker.number, **asdict(evolve(order, **changes))})
        return worker

    async def run(self, order: Order, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
        """Start a process and wait for its end."""
        return await self.begin(order, **changes).ended()

    async def hear(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said: dict[str, Any] = json.loads(line)
            number: int = said["number"]
            self.workers[number].heard.put_nowait(said)


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    made = Workshop(process)
    hearing = asyncio.create_task(made.hear())
    yield made
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()
    await hearing
