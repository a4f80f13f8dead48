"""What the tests of grants run in processes of their own: `python worker.py`, one order per line of input.

Importing the package takes longer than anything that is done here, so it is imported once, before any thread or event
loop exists, and a process is forked for each order. What becomes of them is told in lines of JSON on the output.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import selectors
import signal
import ssl
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from unittest.mock import patch

from attrs import define, field, frozen

from miniapp_tp import BaiduClient, KuaishouClient
from miniapp_tp.client import setting_up
from miniapp_tp.errors import MiniAppError
from miniapp_tp.stores import TokenStore
from miniapp_tp.stores.address import open_store
from miniapp_tp.stores.sqlite import SqliteStore
from miniapp_tp.transport.base import Transport
from miniapp_tp.transport.http import HttpxTransport
from miniapp_tp.transport.keeping import Keeping
from miniapp_tp.transport.options import Options

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable

    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.stores import Entry, Key, Lease
    from miniapp_tp.wire.messages import Reply, Request

T = TypeVar("T")

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the usual ones takes longer than most of what is done here, and nothing here speaks TLS."""


@frozen(kw_only=True)
class Order:
    """What a process is to do.

    Attributes:
        provider: `baidu` or `kuaishou`.
        url: Where the sandbox is.
        component: The component's id.
        store: The path of the SQLite file, or the address of a store that has a server.
        flow: What is called: `info`, `authorize`, `unnamed`, `recover`, `keep`, or `many`.
        app: For which app.
        code: The authorization code.
        secret: Kuaishou's component secret.
        refresh_path: Where Kuaishou refreshes.
        term: Seconds after the last renewal of a lease at which another may take over.
        point: At which call something happens, from 1; 0 for none.
        after: Whether it happens once the call has been carried out, or before.
        act: What happens: `kill`, `cancel` or `freeze`.
        tasks: How many call at once, for `many`.
        patience: Seconds to wait for a locked file.
        timeout: Seconds for a whole call, and for an attempt. What is proved isn't how fast a loaded machine is, so
            it is long; the tests whose subject are deadlines set it.
    """

    provider: str
    url: str
    component: str
    store: str
    flow: str
    app: str
    code: str = ""
    secret: str = ""
    refresh_path: str | None = None
    term: float = 5.0
    point: int = 0
    after: bool = False
    act: str = ""
    tasks: int = 0
    patience: float = 5.0
    timeout: float = 80.0


# --- the wrapper that numbers every call of the store and of the transport -------------------------------------------


class Around(Protocol):
    """What happens around the calls of a store and a transport."""

    async def __call__(self, name: str, call: Callable[[], Awaitable[T]]) -> T: ...


@define
class Points:
    """Numbers the calls, and does something at one of them.

    The renewals of leases depend on the clock, so they aren't numbered; nothing is done while one is under way.

    Attributes:
        point: At which call, from 1.
        after: Whether once it has been carried out, or before.
        act: What is done.
        calls: The calls so far.
    """

    point: int
    after: bool
    act: Callable[[], object]
    calls: list[str] = field(factory=list[str])
    _renewing: int = 0

    async def __call__(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith("miniapp_tp lease"):
            return await self._renew(call)
        self.calls.append(name)
        here = len(self.calls) == self.point
        if here and not self.after:
            await self._now()
        result = await call()
        if here and self.after:
            await self._now()
        return result

    async def _renew(self, call: Callable[[], Awaitable[T]]) -> T:
        self._renewing += 1
        try:
            return await call()
        finally:
            self._renewing -= 1

    async def _now(self) -> None:
        while self._renewing:  # noqa: ASYNC110 - turns of the loop, no time
            await asyncio.sleep(0)
        self.act()


@frozen
class WatchedStore:
    """A store with something around every call."""

    inner: TokenStore
    around: Around

    async def load(self, key: Key) -> Entry:
        return await self.around(f"load {key.kind}", lambda: self.inner.load(key))

    async def save(
        self,
        key: Key,
        value: bytes | None,
        *,
        version: int,
        lease: Lease | None = None,
        forget_after: float | None = None,
    ) -> int | None:
        save = partial(self.inner.save, key, value, version=version, lease=lease, forget_after=forget_after)
        return await self.around(f"{'delete' if value is None else 'save'} {key.kind}", save)

    async def acquire(self, key: Key, owner: str, seconds: float) -> Lease | None:
        return await self.around(f"acquire {key.kind}", lambda: self.inner.acquire(key, owner, seconds))

    async def renew(self, lease: Lease, seconds: float) -> bool:
        return await self.around(f"renew {lease.key.kind}", lambda: self.inner.renew(lease, seconds))

    async def release(self, lease: Lease) -> None:
        await self.around(f"release {lease.key.kind}", lambda: self.inner.release(lease))

    async def names(self, component: str, kind: str) -> AsyncGenerator[str]:
        async def listed() -> list[str]:
            return [name async for name in self.inner.names(component, kind)]

        for name in await self.around(f"names {kind}", listed):
            yield name

    async def aclose(self) -> None:
        await self.inner.aclose()


@frozen
class WatchedTransport:
    """A transport with something around every request."""

    inner: Transport
    around: Around

    async def send(self, request: Request, *, timeout: float) -> Reply:
        name = f"send {'/'.join(request.address.split('/')[-2:])}"
        return await self.around(name, lambda: self.inner.send(request, timeout=timeout))

    async def aclose(self) -> None:
        await self.inner.aclose()


# --- a client, and what is called -------------------------------------------------------------------------------------


def with_terms(term: float, clock: Callable[[], float] = time.time) -> Callable[[TokenStore, str], Keeping]:
    """Make what a client makes of its store, with another term of leases and another clock."""
    return lambda store, component: Keeping(store, component, term=term, clock=clock)


def client_for(order: Order, store: TokenStore, transport: Transport) -> ComponentClient:
    """Make a client on somebody's store and transport."""
    options = Options(timeout=order.timeout, attempt_timeout=order.timeout)
    if order.provider == "baidu":
        return BaiduClient(order.component, store=store, transport=transport, base_url=order.url, options=options)
    return KuaishouClient(
        order.component,
        order.secret,
        store=store,
        transport=transport,
        base_url=order.url,
        options=options,
        refresh_path=order.refresh_path,
    )


def store_for(order: Order) -> TokenStore:
    """Open the order's store."""
    return open_store(order.store) if "://" in order.store else SqliteStore(order.store, patience=order.patience)


@contextlib.asynccontextmanager
async def opened(order: Order, around: Around) -> AsyncGenerator[ComponentClient]:
    """Open a client on the order's store, watched."""
    store = store_for(order)
    transport = HttpxTransport(verify=NO_CERTIFICATES, trust_env=False)
    async with client_for(order, WatchedStore(store, around), WatchedTransport(transport, around)) as client:
        yield client
    await transport.aclose()
    await store.aclose()


async def flow(client: ComponentClient, order: Order) -> Any:  # noqa: ANN401 - it is written as JSON
    """Call what the order names."""
    match order.flow:
        case "info":
            return (await client.get_info(order.app)).app
        case "authorize":
            return (await client.authorize(order.code, app=order.app)).app
        case "unnamed":
            return (await client.authorize(order.code)).app
        case "recover":
            return (await client.recover(order.app)).app
        case "keep":
            return await keep(client)
        case _:
            return await many(client, order)


async def keep(client: ComponentClient) -> int:
    """Have a keeper look after all grants once, without pauses, and count those that it renewed."""
    async with client.keeper() as keeper:
        keeper.pace = 0.0
        while keeper.last is None:  # noqa: ASYNC110 - it tells nobody when it has
            await asyncio.sleep(0.01)
    return keeper.last.renewed


async def many(client: ComponentClient, order: Order) -> dict[str, int]:
    """Have many call at once, once the starting shot has been given, and count what they got."""
    await client.get_info(order.app)
    tell({"ready": True})
    await asyncio.to_thread(sys.stdin.readline)
    calls = (client.get_info(order.app) for _ in range(order.tasks))
    got = await asyncio.gather(*calls, return_exceptions=True)
    return dict(Counter("ok" if not isinstance(one, BaseException) else type(one).__name__ for one in got))


async def carried_out(order: Order) -> dict[str, Any]:
    """Do what the order says, and tell what came of it."""
    caller = asyncio.current_task()
    assert caller is not None
    acts: dict[str, Callable[[], object]] = {
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "freeze": lambda: os.kill(os.getpid(), signal.SIGSTOP),
        "cancel": caller.cancel,
    }
    points = Points(order.point, order.after, acts.get(order.act, lambda: None))
    async with opened(order, points) as client:
        try:
            said: dict[str, Any] = {"value": await flow(client, order)}
        except MiniAppError as error:
            said = {"error": type(error).__name__, "text": str(error)}
        said["calls"] = list(points.calls)
    return said


# --- the process that forks the others ------------------------------------------------------------------------------


def _heard(_signal: int, _frame: object) -> None:
    """Do nothing: what matters is that the wait for input ends."""


_mine: dict[str, Any] = {}


def tell(said: dict[str, Any]) -> None:
    """Write a line: at once and in one piece, as many processes write here."""
    os.write(1, json.dumps({**_mine, **said}).encode() + b"\n")


@define
class Foreman:
    """Forks a process for each order, and tells what becomes of it.

    Attributes:
        numbers: The number of each order, by process.
        inputs: What the processes read, by number of the order.
    """

    numbers: dict[int, int] = field(factory=dict[int, int])
    inputs: dict[int, int] = field(factory=dict[int, int])

    def serve(self) -> None:
        """Take orders until the input ends; then end what still runs."""
        ended, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(ended, False)
        signal.signal(signal.SIGCHLD, _heard)
        signal.set_wakeup_fd(wake)
        selector = selectors.DefaultSelector()
        selector.register(0, selectors.EVENT_READ)
        selector.register(ended, selectors.EVENT_READ)
        rest = b""
        while True:
            ready = {key.fd for key, _ in selector.select()}
            self.watch(ended if ended in ready else None)
            if 0 in ready:
                data = os.read(0, 65536)
                if not data:
                    break
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self.take(json.loads(line))
        for pid in self.numbers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def watch(self, ended: int | None) -> None:
        """Tell which processes have stopped or ended."""
        if ended is not None:
            os.read(ended, 4096)
        for pid in list(self.numbers):
            changed, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
            if changed and os.WIFSTOPPED(status):
                tell({"number": self.numbers[pid], "stopped": True, "pid": pid})
            elif changed:
                number = self.numbers.pop(pid)
                os.close(self.inputs.pop(number))
                tell({"number": number, "exit": os.waitstatus_to_exitcode(status)})

    def take(self, order: dict[str, Any]) -> None:
        """Fork a process for an order, or give one its starting shot."""
        number = order.pop("number")
        if "go" in order:
            os.write(self.inputs[number], b"go\n")
            return
        theirs, ours = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ours)
            work(number, theirs, Order(**order))
        os.close(theirs)
        self.numbers[pid], self.inputs[number] = number, ours


def work(number: int, source: int, order: Order) -> None:
    """Carry out an order in a process that has just been forked; it ends here."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(source, 0)
    _mine["number"] = number
    patch.object(setting_up, "Keeping", with_terms(order.term)).start()
    code = 1
    try:
        tell(asyncio.run(carried_out(order)))
        code = 0
    except BaseException as error:  # noqa: BLE001 - told to whoever waits, and the process ends
        tell({"crash": repr(error)})
    finally:
        os._exit(code)


if __name__ == "__main__":
    for _name in ("psycopg_pool", "redis.asyncio"):  # as they are imported when a store is opened: now, once
        importlib.import_module(_name)
    Foreman().serve()
