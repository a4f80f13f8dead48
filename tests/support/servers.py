"""Servers for the tests of stores: those that are there, and Redis processes of our own.

`MINIAPP_TP_TEST_REDIS` and `MINIAPP_TP_TEST_POSTGRES` name the ones to use; by default, those on this machine. Every
test has a prefix or a schema of its own there, and removes it. In CI a missing server fails; elsewhere it skips.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import shutil
import socket
import subprocess
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlsplit

import psycopg
import pytest
from attrs import define, field
from redis.asyncio import Redis

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

REDIS: Final = os.environ.get("MINIAPP_TP_TEST_REDIS", "redis://127.0.0.1:6379")
POSTGRES: Final = os.environ.get("MINIAPP_TP_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
PATIENCE: Final = 60.0

asyncpg: Any = importlib.import_module("asyncpg")
"""It comes without types."""


def redis_client(url: str, **options: Any) -> Any:  # noqa: ANN401 - the client's own types are half unknown
    """Make a client of a Redis server."""
    kind: Any = Redis
    return kind.from_url(url, **options)


def inside(one: object, *names: str) -> Any:  # noqa: ANN401 - what nobody outside has a type for
    """Look into an object, and into what is in it."""
    for name in names:
        attributes: dict[str, object] = vars(one)
        one = attributes[name]
    return one


def missing(what: str) -> NoReturn:
    """Skip, and say so; fail where nothing may be missing."""
    if "CI" in os.environ:
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing here")


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=5).close()
    except OSError:
        return False
    return True


def need(url: str) -> str:
    """Give the address of a server, if it is there."""
    if not _answers(url):
        parts = urlsplit(url)
        missing(f"a server at {parts.scheme}://{parts.hostname}:{parts.port}")
    return url


def binary(name: str) -> str:
    """Find a program."""
    return shutil.which(name) or missing(name)


def free_port() -> int:
    """Find a port that is free, and whose cluster bus would be."""
    while True:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
        if port < 50_000:
            return port


# --- places of a test's own -------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def redis_prefix(client: Any) -> AsyncGenerator[str]:  # noqa: ANN401 - of one server, or of a cluster
    """Lend a prefix, and delete all keys that begin with it afterwards."""
    prefix = f"miniapp_tp-test-{uuid.uuid4().hex[:12]}"
    yield prefix
    async for name in client.scan_iter(f"{prefix}*", count=1000):
        await client.delete(name)


@contextlib.asynccontextmanager
async def postgres_schema() -> AsyncGenerator[str]:
    """Lend the name of a schema, and drop all schemas whose names begin with it afterwards."""
    schema = f"miniapp_tp_test_{uuid.uuid4().hex[:12]}"
    yield schema
    async with await psycopg.AsyncConnection.connect(POSTGRES, autocommit=True) as connection:
        await connection.execute("SET client_min_messages = error")
        cursor = await connection.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [schema])
        for (name,) in await cursor.fetchall():
            await connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'.encode())


@contextlib.asynccontextmanager
async def place(kind: str, folder: Path) -> AsyncGenerator[str]:
    """Lend the address of an empty store of some kind: `sqlite`, `redis` or `postgres`."""
    if kind == "redis":
        async with redis_client(need(REDIS)) as client, redis_prefix(client) as prefix:
            yield f"{REDIS}?prefix={prefix}"
    elif kind == "postgres":
        need(POSTGRES)
        async with postgres_schema() as schema:
            yield f"{POSTGRES}?application_name={schema}&schema={schema}"
    else:
        yield f"sqlite:///{folder}/tokens-{uuid.uuid4().hex[:12]}.db"


# --- Redis processes of our own ---------------------------------------------------------------------------------------

DURABLE: Final = ("--appendonly", "yes", "--appendfsync", "always")
FORGETFUL: Final = ("--appendonly", "no")


@define
class RedisServer:
    """A Redis process in a folder of its own."""

    folder: Path
    settings: tuple[str, ...] = ()
    port: int = field(factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.folder.mkdir(exist_ok=True)
        place = ("--dir", str(self.folder), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "")
        command = [binary("redis-server"), *place, *self.settings]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while not self._is_ready():
            assert self._process.poll() is None, "redis-server ended at once"
            assert time.monotonic() < until
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as one:
            one.sendall(b"PING\r\n")
            return one.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        return False

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def redis_server(folder: Path, *settings: str) -> Generator[RedisServer]:
    """Run a Redis process."""
    server = RedisServer(folder, settings)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def redis_cluster(folder: Path, nodes: int = 3) -> Generator[list[RedisServer]]:
    """Run a cluster of Redis processes, without replicas."""
    with contextlib.ExitStack() as stack:
        settings = ("--cluster-enabled", "yes", *FORGETFUL)
        servers = [stack.enter_context(redis_server(folder / f"{number}", *settings)) for number in range(nodes)]
        asyncio.run(_joined(servers))
        yield servers


async def _joined(servers: list[RedisServer]) -> None:
    clients: list[Any] = [redis_client(server.url) for server in servers]
    share = 16384 // len(servers) + 1
    for number, client in enumerate(clients):
        first, last = number * share, min((number + 1) * share, 16384) - 1
        await client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        await client.execute_command("CLUSTER", "MEET", "127.0.0.1", servers[0].port)
    async with asyncio.timeout(PATIENCE):
        for client in clients:
            while not await _is_whole(client, len(servers)):  # noqa: ASYNC110 - other processes have to get there
                await asyncio.sleep(0.05)
            await client.aclose()


async def _is_whole(client: Any, nodes: int) -> bool:  # noqa: ANN401 - a client, whose own types say less
    info = str(await client.execute_command("CLUSTER INFO"))
    return all(part in info for part in ("'cluster_state': 'ok'", f"'cluster_known_nodes': '{nodes}'"))
