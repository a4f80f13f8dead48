"""A store in Redis, or in a Redis Cluster: for any number of processes on any number of machines."""

from __future__ import annotations

import logging
import math
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, cast
from urllib.parse import quote

from miniapp_tp.errors import Actor, InvalidArgument, StoreError
from miniapp_tp.stores.arguments import check_entry, check_lease, check_seconds
from miniapp_tp.stores.base import Entry, Key, Lease
from miniapp_tp.stores.calls import NOTHING, PATIENCE, Arguments, Calls, check_patience
from miniapp_tp.stores.opening import Opening
from miniapp_tp.stores.redis_scripts import ACQUIRE, LOAD, MIGRATE, NAMES, PROLONG, SAVE, SCHEMA, Script

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

SCHEMA_VERSION: Final = 1
"""What `<prefix>:schema` says of a layout that this module understands."""

_PAGE: Final = 500
_LONGEST: Final = 1e9
_log = logging.getLogger("miniapp_tp")

_ADVICE: Final = (
    ("AuthenticationError", "it refused the user name or the password"),
    ("AuthorizationError", "it refused the user name or the password"),
    ("NoPermissionError", "its access list forbids this user what a store needs: EVALSHA, EVAL, and all its keys"),
    ("OutOfMemoryError", "it is full (maxmemory): make room, nothing has to be repaired"),
    ("ReadOnlyError", "it is a read-only replica: name the primary"),
    ("BusyLoadingError", "it is still loading its data"),
    ("ClusterDownError", "the cluster is down"),
    ("MaxConnectionsError", "all connections of the client's pool are in use: allow it more"),
    ("TimeoutError", "it gave no answer in time"),
    ("ConnectionError", "the connection was lost, or there is none to be had: is it running?"),
)
_PASSING: Final = {"BusyLoadingError", "ClusterDownError", "MaxConnectionsError", "TimeoutError", "ConnectionError"}


class RedisClient(Protocol):
    """What a store needs of `redis.asyncio.Redis` and `redis.asyncio.RedisCluster`."""

    def execute_command(self, *args: Any, **options: Any) -> Awaitable[Any]:  # noqa: ANN401 - the driver's own
        """Send a command, and give the answer."""
        ...

    def aclose(self) -> Awaitable[None]:
        """Close all connections."""
        ...


class RedisStore:
    """Values and leases in Redis; `TokenStore` says what its methods promise.

    Redis keeps what it was told only as well as it is set up: with `appendonly yes` and `appendfsync always`, a value
    is on the disk before `save` returns. Other settings, or ones that can't be read, are logged as a warning when the
    store is opened, which is at its first use. A failover to a replica may lose what was written last, whatever the
    settings.

    A caller that is cancelled stops waiting; what it asked for is done all the same. Everything is done by scripts that
    may be sent twice without harm, so a client that tries again on a cut connection is welcome.

    Args:
        client: A `redis.asyncio.Redis` or `redis.asyncio.RedisCluster` of redis-py, which stays the caller's to close.
        prefix: What all keys begin with.
        patience: Seconds to wait at most for an answer.

    Raises:
        InvalidArgument: A prefix or a patience that can't be meant. Methods raise it once the store is closed.
        StoreError: From every method: the server is away, too slow, full, refuses, or holds another version's data.
            `retryable` if it may pass.
    """

    def __init__(self, client: RedisClient, *, prefix: str = "miniapp_tp", patience: float = PATIENCE) -> None:
        check_patience(patience)
        if not prefix or "{" in prefix or "}" in prefix:
            raise InvalidArgument(f"a prefix is some text without braces, which are for a cluster's slots: {prefix!r}")
        self._client = client
        self._prefix = prefix
        self._owned = False
        self._calls = Calls(f"the token store in Redis (prefix {prefix})", patience)
        self._opening = Opening(self._open)
        self._closed = False

    @classmethod
    def from_url(cls, url: str, *, prefix: str = "miniapp_tp", patience: float = PATIENCE) -> RedisStore:
        """Make a store that has a client of its own, which it closes.

        Raises:
            ValueError, TypeError: The driver can't read the address.
            ModuleNotFoundError: The driver isn't installed.
        """
        from redis.asyncio import Redis  # noqa: PLC0415 - an extra

        # RESP2: one exchange less until a connection is ready, and there is nothing here that needs the other one.
        kind: Any = Redis
        client = kind.from_url(url, protocol=2, socket_timeout=patience, socket_connect_timeout=patience)
        client.connection_pool.make_connection()  # else an option that there isn't would be noticed by connecting only
        store = cls(client, prefix=prefix, patience=patience)
        store._owned = True
        return store

    def __repr__(self) -> str:
        return f"RedisStore(prefix={self._prefix!r})"

    async def load(self, key: Key) -> Entry:
        """See `TokenStore.load`."""
        value, version = await self._do(LOAD, key, NOTHING)
        return Entry(value, int(version or 0))

    async def save(self, key: Key, value: bytes | None, *, version: int, lease: Lease | None = None) -> int | None:
        """See `TokenStore.save`."""
        entry = Entry(value, version)
        del value  # or else a traceback's locals would show it
        check_entry(entry)
        check_lease(key, lease)
        saved = await self._do(SAVE, key, _to_save(key, entry, lease))
        return None if saved is None else int(saved)

    async def acquire(self, key: Key, owner: str, seconds: float) -> Lease | None:
        """See `TokenStore.acquire`."""
        check_seconds(seconds)
        fence = await self._do(ACQUIRE, key, Arguments((owner, _milliseconds(seconds))))
        return None if fence is None else Lease(key, owner, int(fence))

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """See `TokenStore.renew`."""
        check_seconds(seconds)
        return bool(await self._do(PROLONG, lease.key, Arguments((lease.fence, lease.owner, _milliseconds(seconds)))))

    async def release(self, lease: Lease) -> None:
        """See `TokenStore.release`."""
        await self._do(PROLONG, lease.key, Arguments((lease.fence, lease.owner, 0)))

    async def names(self, component: str, kind: str) -> AsyncGenerator[str]:
        """See `TokenStore.names`; each once, in pages, so nothing is held up meanwhile."""
        first = b"-"
        while page := cast("list[bytes]", await self._do(NAMES, Key(component, kind), Arguments((first, _PAGE)))):
            for name in page:
                yield name.decode()
            first = b"(" + page[-1]

    async def migrate(self) -> tuple[int, int]:
        """Bring what is there to this version's layout; gives the version that was there (0: none), and this one's.

        Raises:
            StoreError: It can't be done: the layout is a newer one's, or the server failed.
        """
        self._check_usable()
        name = f"{self._prefix}:schema"
        self._version(await self._asked(lambda: self._evaluate(SCHEMA, (name,), Arguments((0,)))))
        before = await self._asked(lambda: self._evaluate(MIGRATE, (name,), Arguments((SCHEMA_VERSION,))))
        await self._opening.done()
        return int(before), SCHEMA_VERSION

    async def risks(self) -> tuple[str, ...]:
        """Say which of the server's settings may lose what was saved, or that they can't be read; never a secret.

        Raises:
            StoreError: The server can't be reached.
        """
        settings: list[Mapping[str, str]] = []
        for pattern in ("append*", "maxmemory-policy"):
            found = await self._asked(partial(self._config, pattern), forbidden=None)
            if found is None:
                return ("CONFIG GET isn't allowed, so nobody knows whether a saved token survives a power cut",)
            settings += found
        return tuple(dict.fromkeys(risk for one in settings for risk in _risks_of(one)))

    async def aclose(self) -> None:
        """Wait for what is under way, and close the client if it is the store's own; closing twice does nothing."""
        if not self._closed:
            self._closed = True
            await self._calls.land()
            if self._owned:
                await self._client.aclose()

    # --- asking the server ------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        name = f"{self._prefix}:schema"
        found = self._version(await self._asked(lambda: self._evaluate(SCHEMA, (name,), Arguments((SCHEMA_VERSION,)))))
        if found != SCHEMA_VERSION:
            todo = f"run `miniapp-tp store migrate`: its layout has version {found}, this miniapp_tp needs"
            raise self._unusable(f"{todo} {SCHEMA_VERSION}")
        for risk in await self.risks():
            _log.warning("%s: %s", self._calls.store, risk)

    async def _do(self, script: Script, key: Key, arguments: Arguments) -> Any:  # noqa: ANN401 - as scripts give it
        self._check_usable()
        await self._opening.done()
        return await self._asked(lambda: self._evaluate(script, self._keys(key), arguments))

    async def _asked(self, job: Callable[[], Awaitable[Any]], **instead: Any) -> Any:  # noqa: ANN401 - see above
        """Ask the server, once more if the connection was cut; `forbidden` is given where it may not be asked."""
        from redis.exceptions import ConnectionError as Cut  # noqa: PLC0415 - an extra
        from redis.exceptions import NoPermissionError, RedisClusterException, RedisError, ResponseError  # noqa: PLC0415

        async def attempt() -> Any:  # noqa: ANN401 - see above
            try:
                try:
                    return await job()
                except (Cut, ConnectionError):
                    return await job()
            except (RedisError, RedisClusterException, OSError) as problem:
                if "forbidden" in instead and isinstance(problem, (NoPermissionError, ResponseError)):
                    return instead["forbidden"]
                return self._told(problem)

        outcome = await self._calls.run(attempt)
        if isinstance(outcome, StoreError):
            raise outcome
        return outcome

    async def _evaluate(self, script: Script, keys: tuple[str, ...], arguments: Arguments) -> Any:  # noqa: ANN401
        from redis.exceptions import NoScriptError  # noqa: PLC0415 - an extra

        # As bytes, whatever encoding the client is set to; and it isn't to decode what it reads.
        rest = (len(keys), *(one.encode() if isinstance(one, str) else one for one in (*keys, *arguments.values)))
        try:
            return await self._client.execute_command("EVALSHA", script.digest, *rest, NEVER_DECODE=True)
        except NoScriptError:  # restarted, or another node of the cluster
            return await self._client.execute_command("EVAL", script.text, *rest, NEVER_DECODE=True)

    async def _config(self, pattern: str) -> list[Mapping[str, str]]:
        """Read settings, of every primary if there are several."""
        many = hasattr(self._client, "get_primaries")
        options = {"target_nodes": self._client.get_primaries()} if many else {}  # type: ignore[attr-defined]
        found = await self._client.execute_command("CONFIG GET", pattern, **options)
        return list(found.values()) if many and all(isinstance(one, dict) for one in found.values()) else [found]

    def _keys(self, key: Key) -> tuple[str, str]:
        family = f"{self._prefix}:{{{quote(key.component, safe=':')}/{quote(key.kind, safe='')}}}"
        return f"{family}:of:{key.name}", f"{family}:names"

    def _check_usable(self) -> None:
        if self._closed:
            raise InvalidArgument("the store is closed: make a new one")

    def _version(self, found: object) -> int:
        try:
            version = int(cast("bytes", found))
        except ValueError:
            version = -1
        if version < 0:
            raise self._unusable("its keys are another application's: choose another prefix")
        if version > SCHEMA_VERSION:
            why = f"its layout has version {version}, this miniapp_tp knows {SCHEMA_VERSION}: update miniapp_tp"
            raise self._unusable(why)
        return version

    def _unusable(self, why: str) -> StoreError:
        error = StoreError(f"{self._calls.store} can't be used: {why}")
        error.retryable = False
        return error

    def _told(self, problem: Exception) -> StoreError:
        """Say in our words what went wrong: a server's own may echo what it was sent."""
        kinds = [kind.__name__ for kind in type(problem).__mro__]
        name, why = next((one for one in _ADVICE if one[0] in kinds), ("", "it refused"))
        if isinstance(problem, OSError):
            name, why = "ConnectionError", dict(_ADVICE)["ConnectionError"]
        if name in _PASSING:
            return StoreError(f"{self._calls.store} can't be used: {why} ({kinds[0]})", actor=Actor.TIME)
        return self._unusable(f"{why} ({kinds[0]})")


def _to_save(key: Key, entry: Entry, lease: Lease | None) -> Arguments:
    value = (0, b"") if entry.value is None else (1, entry.value)
    holder = ("", "") if lease is None else (lease.fence, lease.owner)
    return Arguments((entry.version, uuid.uuid4().hex, *value, key.name, *holder))


def _milliseconds(seconds: float) -> int:
    return math.ceil(min(seconds, _LONGEST) * 1000)


def _risks_of(settings: Mapping[str, str]) -> list[str]:
    risks: list[str] = []
    if "appendfsync" in settings:
        is_durable = settings["appendfsync"] == "always" and settings.get("appendonly") == "yes"
        saved = "set `appendonly yes` and `appendfsync always`: a power cut can lose tokens that were just saved"
        risks += [] if is_durable else [saved]
    if settings.get("maxmemory-policy", "").startswith("allkeys"):
        risks.append("set `maxmemory-policy noeviction`: a full server throws tokens away")
    return risks
