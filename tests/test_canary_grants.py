"""No ticket, code, token or secret gets out while grants are had, renewed and lost: each of them is planted."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import anyio.lowlevel
import pytest
from attrs import define, evolve, field, frozen

from miniapp_tp import (
    Attempt,
    BaiduClient,
    ConnectionLost,
    InvalidArgument,
    KuaishouClient,
    MiniAppError,
    Options,
    Reply,
    Request,
    StoreError,
    open_store,
)
from miniapp_tp.client import ComponentClient
from miniapp_tp.sandbox import Fault, Sandbox, baidu, kuaishou
from miniapp_tp.sandbox.faults import can_hit
from miniapp_tp.sandbox.grants import Kind, Terms
from miniapp_tp.sandbox.world import World
from miniapp_tp.stores import Key
from tests.support.canaries import CORE, SECRET, Listening, frames_of, sings, texts_of
from tests.support.databases import asked
from tests.support.granting import APP, KS_APP, Noting, Now, Worldly
from tests.support.scripted import answer, page, script
from tests.support.servers import place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
    from pathlib import Path

    from miniapp_tp import TokenStore
    from miniapp_tp.sandbox.provider import Provider

OPERATIONS: Final = (
    "start_ticket_push",
    "get_component_token",
    "get_pre_auth_code",
    "exchange_code",
    "refresh_grant",
    "recover_code",
    "get_info",
)
BACK: Final = "https://merchant.example/authorized"
LONG_AGO: Final = 1_000_000_000.0


@pytest.fixture(autouse=True)
async def logs() -> AsyncIterator[Listening]:
    """Listen to every logger at every level, and look through it all at the end."""
    heard, root = Listening(), logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    yield heard
    root.setLevel(level)
    root.removeHandler(heard)
    assert [text for text in heard.texts if sings(text)] == []


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the sandbox hand out nothing that doesn't sing."""
    for side in (baidu, kuaishou):
        kinds = {name: _sung(getattr(side.TERMS, name)) for name in _KINDS}
        monkeypatch.setattr(side, "TERMS", evolve(side.TERMS, **kinds))
    monkeypatch.setattr(kuaishou, "SECRET", SECRET)
    for side in (baidu, kuaishou):
        monkeypatch.setattr(side, "new_app", _singing(side.new_app))


_KINDS: Final = [name for name in Terms.__annotations__ if name != "access_life"]


def _sung(kind: Kind) -> Kind:
    return evolve(kind, prefix=f"{kind.prefix}{CORE}/+&=%20-")


def _singing(new_app: Callable[[str, int], Any]) -> Callable[[str, int], Any]:
    def make(app: str, place: int) -> Any:  # noqa: ANN401 - the sandbox's own
        one = new_app(app, place)
        one.token = f"45.{CORE}/+&=%20-{app}"
        return one

    return make


@frozen
class Case:
    """A provider, and how a client of it is made."""

    name: str
    app: str

    def client(self, world: World, **more: Any) -> ComponentClient:  # noqa: ANN401 - whatever a caller may give
        given: dict[str, Any] = {"options": Options(attempts=2, backoff=0.0, timeout=5.0), **more}
        if self.name == "baidu":
            return BaiduClient(world.baidu.component, **given)
        one = world.kuaishou
        paths: dict[str, Any] = {
            "refresh_path": one.rules.refresh_path,
            "authorization_page": "https://page.example/authorize",
        }
        return KuaishouClient(one.component, SECRET, **paths, **given)


CASES = (Case("baidu", APP), Case("kuaishou", KS_APP))
BOTH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@define
class Watch:
    """What a client shows while everything about grants is tried.

    Attributes:
        case: The provider.
        world: Both providers.
        client: The client.
        attempts: What hooks were told.
        follower: One that follows it.
        errors: What was raised.
    """

    case: Case
    world: World
    client: ComponentClient
    attempts: list[Attempt]
    follower: ComponentClient
    errors: list[BaseException] = field(factory=list[BaseException])

    @property
    def provider(self) -> Provider:
        return self.world.provider(self.case.name)

    def hurry(self, now: Now) -> None:
        """Have nothing wait for the store in earnest."""
        desk = vars(self.client)["_desk"]
        desk.grants.keeping = evolve(desk.grants.keeping, clock=now, sleep=now.sleep)
        vars(desk.component_token)["_keeping"] = desk.grants.keeping

    async def begin(self) -> None:
        """Have a ticket and a grant that must be refreshed."""
        await self.client.save_ticket(self.provider.issue_ticket(), at=LONG_AGO)
        self.provider.exchange(self.provider.authorize(self.case.app))
        await self.lapse()

    async def lapse(self) -> None:
        """Keep a refresh token whose access token is over."""
        tokens = self.provider.refresh_tokens
        if self.case.app in tokens:
            await self._try(
                self.client.adopt(
                    self.case.app, access_token=None, refresh_token=tokens[self.case.app], expires_at=LONG_AGO
                )
            )

    async def everything(self) -> None:
        """Try all there is."""
        app, client = self.case.app, self.client
        await self._try(client.get_info(app))
        await self.lapse()
        await self._try(client.get_info(app))
        for code in (self.provider.authorize(app), f"{CORE}-no-code"):
            await self._try(client.authorize(code))
            await self._try(client.authorize(code, app=app))
        await self._try(client.recover(app))
        await self._try(client.get_authorization_url(BACK, state="a state"), shows_a_code=True)
        await self._try(client.start_ticket_push())
        await self._try(client.save_ticket(self.provider.issue_ticket()))
        await self._try(client.forget(app))
        await self._try(client.get_info(app))
        await self._try(client.with_options(recover_unknown=True).get_info(app))
        await self.elsewhere()

    async def elsewhere(self) -> None:
        """Have a keeper renew what is long over, and a follower read it and wait for more."""
        await self.lapse()
        async with self.client.keeper() as keeper:
            keeper.pace = 0.0
            await anyio.sleep(0.01)
        await self._try(self.follower.get_info(self.case.app))
        self.provider.expire_tokens()
        await self._try(self.follower.get_info(self.case.app))

    async def _try(self, call: Awaitable[object], *, shows_a_code: bool = False) -> None:
        try:
            result = await call
        except Exception as error:  # noqa: BLE001 - that is what is looked at
            self.errors.append(error)
        else:
            assert shows_a_code or not sings(repr(result))

    def assert_silent(self) -> None:
        """Look through everything."""
        for error in self.errors:
            assert isinstance(error, MiniAppError), repr(error)
            assert frames_of(error)
            assert [found for found in texts_of(error) if sings(found[1])] == []
        desk = vars(self.client)["_desk"]
        objects = [
            *self.attempts,
            self.client,
            vars(self.client),
            self.follower,
            vars(self.follower)["_desk"].followed,
            desk,
            desk.grants,
            desk.component_token,
        ]
        objects += [vars(desk.component_token), desk.grants.keeping, asyncio.all_tasks()]
        assert not [one for one in objects if sings(repr(one))]


def watch(case: Case, world: World, **more: Any) -> Watch:  # noqa: ANN401 - whatever a caller may give
    attempts: list[Attempt] = []
    hooks = [attempts.append]
    following = Options(follow=True, attempts=1, timeout=0.02)
    client = case.client(world, hooks=hooks, **more)
    shared = {"transport": vars(client)["_session"].transport, "hooks": hooks, "options": following}
    return Watch(case, world, client, attempts, case.client(world, **{**more, **shared}))


async def test_what_is_planted_sings() -> None:
    world = World(apps=1)
    for provider in (world.baidu, world.kuaishou):
        app = next(iter(provider.apps))
        pair = provider.exchange(provider.authorize(app))
        found = [provider.issue_ticket(), provider.authorize(app), provider.tokens[app], provider.refresh_tokens[app]]
        found += [provider.component_tokens.issue(None), provider.pre_auth_codes.issue(None)]
        assert all(sings(text) for text in found)
        assert not sings(repr(pair))


# --- a provider that echoes -------------------------------------------------------------------------------------

SPELLED: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "json": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
}


def echo(case: Case, spell: Callable[[str], str], shape: str) -> Callable[[Request], Awaitable[Reply]]:
    """Show everything secret that a request holds, in a no of some shape."""

    async def show(request: Request) -> Reply:
        said = " ".join(spell(secret.reveal()) for secret in request.secrets)
        headers = {"x-b3-traceid": said, "location": f"https://elsewhere.example/?{said}", "x-echo": said}
        bodies: dict[str, dict[str, Any]] = {
            "no": {"errno": 987654, "result": 987654, "msg": said, "errorMsg": said, "request_id": said},
            "token": {"error_code": 110, "error_msg": said, "result": 100200102, "errorMsg": f"{said} discarded"},
            "word": {"error": said, "error_description": said, "result": 100200108, "error_msg": said},
            "lost": {"errno": 50032, "msg": said, "result": 100200109, "errorMsg": said},
            "junk": {"errno": 0, "data": [said], "result": 1, "said": said},
        }
        if shape in bodies:
            return answer(bodies[shape], 400, headers)
        return page(int(shape), headers, f"<html>{said}</html>")

    return show


@BOTH
@pytest.mark.parametrize(
    ("shape", "spelling"),
    [
        *((shape, "plain") for shape in ("no", "token", "word", "lost", "junk", "200", "302", "429", "502")),
        *((shape, spelling) for shape in ("no", "302") for spelling in ("percent", "json")),
    ],
)
async def test_a_provider_that_echoes(case: Case, spelling: str, shape: str) -> None:
    for operation in OPERATIONS:
        world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
        transport = Worldly(world)
        one = watch(case, world, store=Noting(), transport=transport)
        await one.begin()
        transport.play(operation, *[echo(case, SPELLED[spelling], shape)] * 200)
        await one.everything()
        assert one.errors
        one.assert_silent()
        assert not [request for request in transport.requests if sings(repr(request))]


@BOTH
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_connections_that_are_lost(case: Case, operation: str) -> None:
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    transport = Worldly(world)
    one = watch(case, world, store=Noting(), transport=transport)
    await one.begin()
    transport.play(operation, *[ConnectionLost("cut", may_have_happened=True)] * 200)
    await one.everything()
    assert one.errors
    one.assert_silent()


# --- the sandbox's own faults, on a real socket -----------------------------------------------------------------

FAULTS: Final = (
    Fault.HTML_5XX,
    Fault.CUT_AFTER,
    Fault.TRUNCATED,
    Fault.EXPIRED_TOKEN,
    Fault.ODD_STATUS,
    Fault.ODD_TEXT,
    Fault.REVOKED,
)


@BOTH
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.value)
async def test_the_sandboxs_faults(case: Case, fault: Fault) -> None:
    async with Sandbox(apps={"baidu": [APP], "kuaishou": [KS_APP]}) as sandbox:
        store = open_store("memory://")
        for operation in OPERATIONS:
            sandbox.clear()
            if not can_hit(fault, operation):
                continue
            one = watch(case, sandbox, store=store, base_url=sandbox.url)
            await one.begin()
            sandbox.inject(fault, provider=case.name, operation=operation, times=None)
            await one.everything()
            await one.client.aclose()
            assert one.errors
            one.assert_silent()


# --- a store that fails -----------------------------------------------------------------------------------------

NOTES: Final = [
    *(f"{what} {kind}" for kind in ("app", "component", "unnamed") for what in ("load", "acquire", "renew", "release")),
    "load ticket",
    "save ticket",
    "save component",
    "save app refresh",
    "save app recover",
    "save app exchange",
    "save app pair",
    "save unnamed",
    "drop app",
    "drop unnamed",
]


@BOTH
@pytest.mark.parametrize(
    ("how", "note"),
    [("fails", note) for note in NOTES] + [("breaks", note) for note in NOTES if note.startswith("save")],
)
async def test_a_store_that_fails(case: Case, note: str, how: str) -> None:
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    now = Now()
    store = Noting(now)
    one = watch(case, world, store=store, transport=Worldly(world))
    one.hurry(now)
    await one.begin()
    getattr(store, how)[note] = 1000
    await one.everything()
    one.assert_silent()
    if how == "fails" and note.partition(" ")[0] in {"load", "acquire"} and note != "acquire unnamed":
        assert any(isinstance(error, StoreError) for error in one.errors)


@BOTH
@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis", "postgres"])
async def test_records_that_cant_be_read(case: Case, kind: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        url = "memory://" if kind == "memory" else await stack.enter_async_context(place(kind, tmp_path))
        store = await stack.enter_async_context(aclosing(open_store(url)))
        await unreadable(case, store)


async def unreadable(case: Case, store: TokenStore) -> None:
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    one = watch(case, world, store=store, transport=Worldly(world))
    component = f"{case.name}:{one.provider.component}"
    for kind, name in (("ticket", ""), ("component", ""), ("app", case.app)):
        spoilt = f'{{"format": 1, "access": "45.{CORE}", "ticket": "{CORE}", "token": "{CORE}"'.encode()
        assert await store.save(Key(component, kind, name), spoilt, version=0) is not None
    await one.everything()
    assert {type(error) for error in one.errors} == {StoreError} | (
        {error for error in map(type, one.errors) if error is not StoreError and case.name == "baidu"}
    )
    one.assert_silent()


@BOTH
async def test_a_database_that_echoes_rows(case: Case, tmp_path: Path) -> None:
    """Every row with a token in it is refused by PostgreSQL, which shows it in the error: "Failing row contains …"."""
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    async with place("postgres", tmp_path) as url, aclosing(open_store(url)) as store:
        await store.load(Key("c", "k"))
        schema = url.partition("schema=")[2]
        now = Now()
        one = watch(case, world, store=store, transport=Worldly(world))
        one.hurry(now)
        await one.begin()
        await asked(f'ALTER TABLE "{schema}".entries ADD CHECK (octet_length(value) < 3) NOT VALID')
        await one.everything()
        await one.client.aclose()
        assert any("it refused (23514)" in str(error) for error in one.errors)
        one.assert_silent()


# --- what is refused here ---------------------------------------------------------------------------------------


@BOTH
async def test_arguments_that_are_refused(case: Case) -> None:
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    text: Any = f"{CORE}-secret-text"
    client = case.client(world, store=Noting(), transport=script())
    own = case.client(world, tokens={case.app: text}, transport=script())
    calls = [
        client.save_ticket(text, at=float("nan")),
        client.save_ticket(text.encode()),
        client.authorize(text.encode()),
        client.authorize(text, app=""),
        client.adopt("", access_token=text, refresh_token=text, expires_at=0),
        client.adopt(case.app, access_token=text, refresh_token=text, expires_at=float("inf")),
        client.adopt(case.app, access_token=text.encode(), refresh_token=text.encode(), expires_at=0),
        own.save_ticket(text),
        own.authorize(text),
        own.adopt(case.app, access_token=text, refresh_token=text, expires_at=0),
    ]
    for call in calls:
        with pytest.raises(InvalidArgument) as caught:
            await call
        assert frames_of(caught.value)
        assert [found for found in texts_of(caught.value) if sings(found[1])] == []


@pytest.mark.parametrize("secret", [SECRET.encode(), [SECRET], 5, ""], ids=["bytes", "list", "number", "empty"])
async def test_a_components_secret_that_is_none(secret: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match="component_app_secret") as caught:
        KuaishouClient("ks1", secret, store=Noting())
    assert caught.value.provider == "kuaishou"
    assert [found for found in texts_of(caught.value) if sings(found[1])] == []


@pytest.mark.parametrize(
    "wrong", [{"store": None}, {"base_url": "http://x.example"}, {"refresh_path": "no slash"}], ids=str
)
async def test_constructors_that_refuse(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"store": Noting(), **wrong}
    with pytest.raises(InvalidArgument) as caught:
        KuaishouClient("ks1", SECRET, **given)
    assert [found for found in texts_of(caught.value) if sings(found[1])] == []


# --- while it is under way --------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("operation", ["get_component_token", "refresh_grant", "recover_code", "exchange_code"])
@pytest.mark.parametrize("anyio_backend", [("asyncio", {"debug": True})], ids=["debug"])
async def test_tasks_under_way_with_each_step_written_down(case: Case, operation: str, logs: Listening) -> None:
    asyncio.get_running_loop().slow_callback_duration = 0.0
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    transport = Worldly(world)
    one = watch(case, world, store=Noting(), transport=transport)
    await one.begin()
    gate = transport.gate(operation)
    code = one.provider.authorize(case.app)
    client, app = one.client, case.app
    calls: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "get_component_token": lambda: client.recover(app),
        "refresh_grant": lambda: client.get_info(app),
        "recover_code": lambda: client.recover(app),
        "exchange_code": lambda: client.authorize(code),
    }
    tasks = [asyncio.create_task(calls[operation]())]
    await gate.came.wait()
    tasks += [asyncio.create_task(call()) for call in calls.values()]
    for _ in range(20):
        await anyio.lowlevel.checkpoint()
    shown = [*asyncio.all_tasks(), *(task.get_name() for task in asyncio.all_tasks())]
    assert any("miniapp_tp tokens of" in repr(one) for one in shown)
    assert not [text for text in shown if sings(repr(text))]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    gate.opened.set()
    await one.client.aclose()
    one.assert_silent()
    assert any("Executing" in text for text in logs.texts)
