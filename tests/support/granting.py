"""Grants without a socket: the sandbox's world as a transport, a store that notes, a clock moved by hand."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import anyio
import anyio.lowlevel
from attrs import define, evolve, field

from miniapp_tp import Attempt, ConnectionLost, Options, Reply, Request, Secret, StoreError
from miniapp_tp.providers.baidu.dialect import DIALECT as BAIDU
from miniapp_tp.providers.baidu.tokens import token_contract as baidu_tokens
from miniapp_tp.providers.kuaishou.dialect import ON_BEHALF, for_component
from miniapp_tp.providers.kuaishou.tokens import token_contract as kuaishou_tokens
from miniapp_tp.sandbox.exchange import Delivery
from miniapp_tp.sandbox.exchange import Request as Came
from miniapp_tp.sandbox.provider import Provider
from miniapp_tp.sandbox.world import World
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.records import AppRecord, from_bytes, to_bytes
from miniapp_tp.transport.component_token import ComponentToken
from miniapp_tp.transport.grants import Grants
from miniapp_tp.transport.hooks import Hooks
from miniapp_tp.transport.keeping import Keeping
from miniapp_tp.transport.limits import Limits
from miniapp_tp.transport.session import Session
from miniapp_tp.wire.dialect import Credential
from tests.support.scripted import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from miniapp_tp.contract import TokenContract
    from miniapp_tp.stores import Entry, Key, Lease
    from miniapp_tp.wire.dialect import Dialect

APP: Final = "15000001"
OTHER: Final = "15000002"
KS_APP: Final = "ks600000000000000001"
NAMES: Final = {
    "getmsg": "missed_events",
    "token": "get_component_token",
    "createpreauthcode": "get_pre_auth_code",
    "authorizationcode": "recover_code",
    "access_token": "get_component_token",
    "pre_auth_code": "get_pre_auth_code",
    "authorizer_access_token": "exchange_code",
    "refresh_authorizer_token": "refresh_grant",
    "re_authorization_code": "recover_code",
    "start_push_ticket": "start_ticket_push",
    "info": "get_info",
}
_GRANTS: Final = {"app_to_tp_authorization_code": "exchange_code", "app_to_tp_refresh_token": "refresh_grant"}
_A_BEAT: Final = 0.5


@define
class Now:
    """A clock that a test moves by hand."""

    at: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Move on by what is waited for; a heartbeat never beats, or else it would race the clock along."""
        if seconds >= _A_BEAT:
            await anyio.sleep_forever()
        self.at += seconds
        await anyio.lowlevel.checkpoint()


def operation_of(request: Request) -> str:
    """Name what is asked for."""
    query = dict(request.query)
    if "grant_type" in query:
        return _GRANTS[query["grant_type"]]
    return NAMES[urlsplit(request.address).path.rsplit("/", 1)[-1]]


@define
class Gate:
    """Where a request waits.

    Attributes:
        came: Set when it is there.
        opened: To be set so that it goes on.
    """

    came: anyio.Event = field(factory=anyio.Event)
    opened: anyio.Event = field(factory=anyio.Event)


@define
class Worldly:
    """A transport into a `World`, in which single steps can be played instead.

    Attributes:
        world: Who answers.
        notes: What was sent, beside what else was noted.
        plays: What is played instead, by operation, in order.
        gates: Where requests wait before they reach the world, by operation.
        after: The same, after the world has answered.
        closed: How often it was closed.
        requests: What was sent.
        timeouts: The seconds that each was given, by operation.
    """

    world: World
    notes: list[str] = field(factory=list[str])
    plays: dict[str, list[Step]] = field(factory=lambda: defaultdict[str, list["Step"]](list))
    gates: dict[str, Gate] = field(factory=dict[str, Gate])
    after: dict[str, Gate] = field(factory=dict[str, Gate])
    closed: int = 0
    requests: list[Request] = field(factory=list[Request])
    timeouts: dict[str, list[float]] = field(factory=lambda: defaultdict[str, list[float]](list))

    def play(self, operation: str, *steps: Step) -> None:
        """Have these steps played for the next requests of an operation."""
        self.plays[operation] += steps

    def gate(self, operation: str, *, after: bool = False) -> Gate:
        """Let requests of an operation wait."""
        return (self.after if after else self.gates).setdefault(operation, Gate())

    async def send(self, request: Request, *, timeout: float) -> Reply:
        """Play a step, or let the world answer."""
        operation = operation_of(request)
        self.requests.append(request)
        self.timeouts[operation].append(timeout)
        self.notes.append(f"send {operation}")
        await _pass(self.gates.get(operation))
        if self.plays[operation]:
            step = self.plays[operation].pop(0)
            if isinstance(step, Exception):
                raise step
            return step if isinstance(step, Reply) else await step(request)
        answer = self.world.answer(_came(request))
        await _pass(self.after.get(operation))
        if answer.delivery is not Delivery.WHOLE:
            raise ConnectionLost("cut", may_have_happened=True)
        headers = {name.decode(): value.decode() for name, value in answer.reply.headers}
        return Reply(answer.reply.status, headers, answer.reply.body)

    async def aclose(self) -> None:
        """Count."""
        self.closed += 1

    def count(self, operation: str) -> int:
        """Count the requests of an operation by all who share the notes, played ones included."""
        return self.notes.count(f"send {operation}")


def operations(transport: Worldly) -> list[str]:
    """Name what this transport alone was asked for."""
    return [operation_of(request) for request in transport.requests]


async def _pass(gate: Gate | None) -> None:
    if gate is not None:
        gate.came.set()
        await gate.opened.wait()


def _came(request: Request) -> Came:
    content_type = dict(request.headers).get("content-type", "")
    path = urlsplit(request.address).path
    return Came(request.method, path, request.query, content_type, request.body)


def told(request: Request) -> dict[str, str]:
    """Give everything that a request says."""
    return {**dict(request.query), **dict(parse_qsl(request.body.decode()))}


class Noting(MemoryStore):
    """A store that notes what is saved, and fails when it is told to.

    Attributes:
        notes: What was done, beside what else was noted.
        fails: How often the next operations fail, by note; before anything is done.
        breaks: The same, but after it was done.
        closed: How often it was closed.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock=clock)
        self.notes: list[str] = []
        self.fails: dict[str, int] = {}
        self.breaks: dict[str, int] = {}
        self.closed = 0

    async def save(
        self,
        key: Key,
        value: bytes | None,
        *,
        version: int,
        lease: Lease | None = None,
        forget_after: float | None = None,
    ) -> int | None:
        note = _note(key, value)
        self._fail(self.fails, note)
        saved = await super().save(key, value, version=version, lease=lease, forget_after=forget_after)
        self.notes.append(note if saved is not None else f"not {note}")
        self._fail(self.breaks, note)
        return saved

    async def load(self, key: Key) -> Entry:
        self._fail(self.fails, f"load {key.kind}")
        return await super().load(key)

    async def acquire(self, key: Key, owner: str, seconds: float) -> Lease | None:
        self._fail(self.fails, f"acquire {key.kind}")
        return await super().acquire(key, owner, seconds)

    async def release(self, lease: Lease) -> None:
        self._fail(self.fails, f"release {lease.key.kind}")
        await super().release(lease)

    async def renew(self, lease: Lease, seconds: float) -> bool:
        self._fail(self.fails, f"renew {lease.key.kind}")
        return await super().renew(lease, seconds)

    def all_keys(self) -> list[Key]:
        """Name everything that is kept."""
        return [key for key, entry in self._entries.items() if entry.value is not None]

    def is_lent(self, key: Key) -> bool:
        """Tell whether somebody has a lease on a key."""
        lent = self._lent.get(key)
        return lent is not None and lent.until > self._clock()

    def lend_anew(self, key: Key) -> None:
        """Let the lease on a key run out, as if its owner had been frozen."""
        lent = self._lent[key]
        self._lent[key] = evolve(lent, until=0.0)

    async def aclose(self) -> None:
        self.closed += 1
        await super().aclose()

    @staticmethod
    def _fail(fails: dict[str, int], note: str) -> None:
        for told in (note, " ".join(note.split(" ")[:2])):
            if fails.get(told, 0) > 0:
                fails[told] -= 1
                raise StoreError("the disk is full")


def _note(key: Key, value: bytes | None) -> str:
    if key.kind not in {"app", "unnamed"}:
        return f"save {key.kind}"
    if value is None:
        return f"drop {key.kind}"
    record = from_bytes(AppRecord, value)
    return f"save {key.kind} {record.intent or 'pair'}"


@define
class Office:
    """A component's grants, and everything around them.

    Attributes:
        provider: The imitated provider.
        now: The clock of all.
        store: Where they are kept.
        transport: The way to the provider.
        keeping: The store as this owner sees it.
        component_token: The component's token.
        grants: The grants.
        pauses: What the session waited for between attempts.
        attempts: What hooks were told.
    """

    provider: Provider
    now: Now
    store: Noting
    transport: Worldly
    keeping: Keeping
    component_token: ComponentToken
    grants: Grants
    pauses: list[float]
    attempts: list[Attempt]

    @property
    def notes(self) -> list[str]:
        """What was sent and saved, in order."""
        return self.transport.notes

    async def record(self, app: str = APP) -> AppRecord | None:
        """Read what is kept of an app."""
        return (await self.keeping.load(self.keeping.key("app", app), AppRecord)).record

    async def put(self, record: AppRecord | None, app: str = APP) -> None:
        """Keep a record, whatever is kept now; it isn't noted."""
        key = self.keeping.key("app", app)
        found = await self.store.load(key)
        value = None if record is None else to_bytes(record)
        assert await MemoryStore.save(self.store, key, value, version=found.version) is not None

    async def move_in(self, app: str = APP, *, left: float = 0.0, **more: Any) -> AppRecord:  # noqa: ANN401 - fields of a record
        """Keep the provider's present pair of an app; its access token ends in some seconds."""
        pair = self.provider.newest_pair(app)
        assert pair is not None
        record = AppRecord(
            access=Secret(pair.access_token),
            refresh=Secret(pair.refresh_token),
            obtained_at=self.now() + left - 3600.0,
            expires_at=self.now() + left,
        )
        await self.put(evolve(record, **more), app)
        return evolve(record, **more)

    async def apps(self) -> list[str]:
        """Name the apps that are kept."""
        return [app async for app in self.grants.apps()]

    def another(self, *, provider_transport: Worldly | None = None) -> Office:
        """Open another office of the same component on the same store: another process, say."""
        world = self.transport.world
        return office(self.provider.name, world=world, now=self.now, store=self.store, transport=provider_transport)

    async def is_safe(self, app: str = APP) -> bool:
        """Tell whether the refresh token that is kept is the newest that the provider gave."""
        record = await self.record(app)
        kept = "" if record is None or record.refresh is None else record.refresh.reveal()
        return self.provider.lost({app: kept}).count(app) == 0


def _spoken(provider: Provider, *, refresh_path: bool) -> tuple[Dialect, TokenContract]:
    if provider.name == "baidu":
        return BAIDU, baidu_tokens(provider.component)
    path = provider.rules.refresh_path if refresh_path else None
    made = kuaishou_tokens(provider.component, Secret(provider.secret), path, "https://page.example/authorize")
    return for_component(ON_BEHALF, provider.component), made


def office(
    name: str = "baidu",
    *,
    apps: int = 3,
    world: World | None = None,
    now: Now | None = None,
    store: Noting | None = None,
    transport: Worldly | None = None,
    contract: Callable[[TokenContract], TokenContract] = lambda contract: contract,
    refresh_path: bool = True,
    chance: float = 0.0,
    **options: Any,  # noqa: ANN401 - the fields of Options
) -> Office:
    """Open the office of a component to which no ticket was pushed yet."""
    clock = now or Now()
    there = world or World(apps=apps, clock=clock)
    provider = there.provider(name)
    way = transport or Worldly(there)
    kept = store or Noting()
    if store is None or transport is not None:
        kept.notes = way.notes
    else:
        way.notes = kept.notes
    pauses: list[float] = []
    attempts: list[Attempt] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await anyio.lowlevel.checkpoint()

    dialect, made = _spoken(provider, refresh_path=refresh_path)
    chosen: dict[str, Any] = {"backoff": 0.0, **options}
    session = Session(
        dialect=dialect,
        base_url="https://openapi.example",
        tokens={},
        transport=way,
        limits=Limits(64),
        hooks=Hooks([attempts.append]),
        options=Options(**chosen),
        sleep=pause,
        chance=lambda: chance,
    )
    keeping = Keeping(kept, f"{name}:{provider.component}", clock=clock, chance=lambda: chance, sleep=clock.sleep)
    component_token = ComponentToken(keeping, contract(made), session)
    asking = evolve(session, limits=Limits(64), tokens={Credential.COMPONENT: component_token})
    grants = Grants(keeping, contract(made), asking)
    return Office(provider, clock, kept, way, keeping, component_token, grants, pauses, attempts)


async def opened(name: str = "baidu", **more: Any) -> Office:  # noqa: ANN401 - arguments of `office`
    """Open an office that has a ticket already."""
    one = office(name, **more)
    await one.component_token.save_ticket(Secret(one.provider.issue_ticket()), one.now())
    one.notes.clear()
    return one
