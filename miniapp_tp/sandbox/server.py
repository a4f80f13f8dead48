"""The sandbox on a real socket: a server in a thread of its own, and a function that runs one until a signal."""

from __future__ import annotations

import asyncio
import logging
import queue
import signal
import socket
import threading
import time
from concurrent.futures import Future
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Self, cast

from attrs import frozen

from miniapp_tp.errors import NotSupported
from miniapp_tp.sandbox.asgi import CONNECTION, App
from miniapp_tp.sandbox.developer import OWN_PATHS
from miniapp_tp.sandbox.faults import Faults
from miniapp_tp.sandbox.outbox import TICKET_PAUSE, Addresses
from miniapp_tp.sandbox.pusher import Pusher
from miniapp_tp.sandbox.world import Apps, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    import uvicorn
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    from uvicorn.server import ServerState

HOST: Final = "127.0.0.1"

_PATIENCE: Final = 10.0
_BACKLOG: Final = 2048  # asyncio's 100 makes the connections of a crowd wait seconds for their next try
_KEEP_ALIVE: Final = 75  # seconds; a short one would close connections that a client's pool still counts on

# Neither the access log (addresses hold tokens) nor what a server tells of its life concerns the user.
_log = logging.getLogger("miniapp_tp.sandbox.http")
_log.setLevel(logging.ERROR)


class Sandbox(World):
    """Both providers, imitated on a real socket of this machine.

    ::

        with Sandbox(apps=3) as sandbox:  # or: async with
            client = BaiduClient(sandbox.baidu.component, tokens=sandbox.baidu.tokens, base_url=sandbox.url)

    It runs in a thread of its own, so it serves whatever event loop (or none) the client has. Leaving the context
    cuts the connections that are still open, ends the thread and frees the port.

    Attributes:
        baidu: The imitated Baidu: `.component`, `.tokens`, `.refresh_tokens`, `.apps`, `.rules`, `.spent`, and what
            merchants do: `.authorize()`, `.revoke()`; `.pushes`, and how reviews end: `.reviewer.decide()`.
        kuaishou: The imitated Kuaishou: the same, and `.secret`.
        developer: Baidu's developer services: `.credentials`, and what was handed in, such as `.sent`.
        calls: The requests that reached an operation, by `(provider, operation, app)`.
        port: The port asked for; 0 stands for a free one.
    """

    def __init__(
        self,
        apps: Apps = 10,
        *,
        faults: Faults | None = None,
        port: int = 0,
        registered: Iterable[str] = ("example.com",),
        edit_quota: int | None = None,
        per_second: int | None = None,
        clock: Callable[[], float] = time.time,
        push_to: Addresses = (),
    ) -> None:
        """Make both providers; nothing listens yet.

        Args:
            apps: How many apps each provider has, or their ids, or one of these by provider.
            faults: Faults by rate; none without.
            port: Where to listen on 127.0.0.1; 0 stands for a free port.
            registered: The domains that are registered on the components.
            edit_quota: How often the server domains, and the webview domains, of each Baidu app may be changed.
            per_second: How many requests each provider takes in any second.
            clock: Tells the time in seconds; `advance` moves it on.
            push_to: Where pushes go, as in `push_to`, which says so later.
        """
        super().__init__(
            apps,
            faults=faults,
            registered=registered,
            edit_quota=edit_quota,
            per_second=per_second,
            clock=clock,
            push_to=push_to,
        )
        self.port = port
        self._running: Running | None = None

    @property
    def url(self) -> str:
        """Where it listens, for `base_url`.

        Raises:
            RuntimeError: It isn't running.
        """
        if self._running is None:
            message = "the sandbox isn't running: use it as a context manager, or call start()"
            raise RuntimeError(message)
        return f"http://{HOST}:{self._running.port}"

    @property
    def developer_urls(self) -> dict[str, str]:
        """Where the developer services are whose address Baidu doesn't publish, for `urls`."""
        return {name: f"{self.url}{path}" for name, path in OWN_PATHS.items()}

    def start(self) -> None:
        """Listen and serve, until `stop`.

        Raises:
            NotSupported: The extra `sandbox` isn't installed.
            OSError: The port is taken.
        """
        if self._running is None:
            self._running = Running(App(self), self.port, Pusher(self.outbox, self.push_tickets))

    def stop(self) -> None:
        """Cut what is open, end the thread, free the port. A second time it does nothing."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    async def __aenter__(self) -> Self:
        """Start; it takes a few milliseconds, so nothing is gained by leaving the event loop for it."""
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


class Running:
    """A server in its thread.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, app: App, port: int, pusher: Pusher) -> None:
        self._pusher = pusher
        self._config, self._state = _server_parts(app)
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._run, name=f"miniapp_tp sandbox {self.port}", daemon=True)
        self._thread.start()
        self._loop, self._end = self._ready.result(_PATIENCE)

    def stop(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        try:
            asyncio.run(self.serve())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)  # who waits for the thread to be ready raises it
        finally:
            self._socket.close()

    async def serve(self) -> None:
        """Serve until told to stop."""
        loop, end = asyncio.get_running_loop(), asyncio.Event()
        protocol = protocol_class()
        server = await loop.create_server(
            lambda: protocol(self._config, self._state, {}), sock=self._socket, backlog=_BACKLOG
        )
        pushing = loop.create_task(self._pusher.run(), name="miniapp_tp sandbox pushes")
        self._ready.set_result((loop, end))
        await end.wait()
        pushing.cancel()
        server.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=_PATIENCE)
        await asyncio.wait([pushing], timeout=_PATIENCE)
        await server.wait_closed()


def _bound(port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except BaseException:
        listener.close()
        raise
    return listener


def _server_parts(app: App) -> tuple[uvicorn.Config, ServerState]:
    try:
        import uvicorn  # noqa: PLC0415 - an extra
        from uvicorn.server import ServerState  # noqa: PLC0415
    except ImportError:
        message = "the sandbox needs a server that isn't installed: pip install 'miniapp_tp[sandbox]'"
        raise NotSupported(message) from None
    config = uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType]
        http=protocol_class(),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
    )
    config.load()
    config.loaded_app = app  # pyright: ignore[reportAttributeAccessIssue] - bare: at some log levels load() wraps it
    return config, ServerState()


@cache
def protocol_class() -> type[HttpToolsProtocol]:
    """Make uvicorn's protocol hand its transport to the application, so that that can cut the connection."""

    class Protocol(_http_protocol()):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - they are uvicorn's own business
            super().__init__(*args, **kwargs)
            self.access_log = False
            self.logger = _log

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self.app_state = {CONNECTION: transport}

    return Protocol


def _http_protocol() -> type[HttpToolsProtocol]:
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: PLC0415

        # What is used of it is the same in both.
        return cast("type[HttpToolsProtocol]", H11Protocol)
    return HttpToolsProtocol


@frozen(kw_only=True)
class SandboxOptions:
    """What the command `miniapp-tp sandbox` is told.

    Attributes:
        port: Where to listen on 127.0.0.1; 0 stands for a free port.
        apps: How many apps each provider has.
        faults: Faults by rate; none without.
        registered: The domains that are registered on the components.
        edit_quota: How often the domains of each Baidu app may be changed.
        per_second: How many requests each provider takes in any second.
        push_to: Where pushes go, as in `Sandbox.push_to`.
        tickets: Seconds between two tickets.
    """

    port: int = 8087
    apps: int = 10
    faults: Faults | None = None
    registered: tuple[str, ...] = ("example.com",)
    edit_quota: int | None = None
    per_second: int | None = None
    push_to: tuple[str, ...] = ()
    tickets: float = TICKET_PAUSE


def run(options: SandboxOptions, announce: Callable[[str], None]) -> int:
    """Run a sandbox until SIGTERM or SIGINT; to be called in the main thread.

    Args:
        options: What it is like.
        announce: Called with one line when it is ready.

    Returns:
        The exit code: 0.
    """
    # A handler may run at any moment, so all it does must be safe then; putting into a SimpleQueue is.
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    handled = (signal.SIGTERM, signal.SIGINT)
    before = {one: signal.signal(one, lambda number, _frame: signals.put(number)) for one in handled}
    try:
        with _sandbox(options) as sandbox:
            announce(f"sandbox ready on {sandbox.url} ({options.apps} apps per provider)")
            signals.get()
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    return 0


def _sandbox(options: SandboxOptions) -> Sandbox:
    sandbox = Sandbox(
        options.apps,
        faults=options.faults,
        port=options.port,
        registered=options.registered,
        edit_quota=options.edit_quota,
        per_second=options.per_second,
        push_to=options.push_to,
    )
    sandbox.outbox.rules.tickets = options.tickets
    return sandbox
