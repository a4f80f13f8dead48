"""What a provider gets from the app, and what the handler gets from a provider."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from miniapp_tp import (
    AuditFinished,
    BaiduClient,
    Fleet,
    InvalidArgument,
    NotSupported,
    PushApp,
    StoreError,
)
from miniapp_tp.sandbox import Fate, Manner, Sending
from miniapp_tp.stores.memory import MemoryStore
from tests.support.receiving import Handled, clients_of, service, until, until_true, world_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping

    from miniapp_tp.stores import Key, Lease
    from tests.support.receiving import Service

    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

APP = "15000001"
KS_APP = "ks600000000000000001"
SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "POST",
    "path": "/baidu",
    "root_path": "",
    "query_string": b"",
    "headers": [],
}
FORGED, STALE = Sending(Manner.FORGED), Sending(Manner.STALE)


class Broken(MemoryStore):
    """A store that can't be written for a while."""

    fails = False

    async def save(
        self,
        key: Key,
        value: bytes | None,
        *,
        version: int,
        lease: Lease | None = None,
        forget_after: float | None = None,
    ) -> int | None:
        if self.fails:
            raise StoreError("the disk is full")
        return await super().save(key, value, version=version, lease=lease, forget_after=forget_after)


async def test_answers_each_provider_in_its_own_shape() -> None:
    one = service()
    async with one.app:
        answer = await one.deliver(one.world.baidu.pushes.audit(APP, "name", passed=False, reason="名称过长"))
        assert (answer.status_code, answer.content) == (200, b"success")
        pushed = one.world.kuaishou.pushes.event("SOMETHING", KS_APP)
        answer = await one.deliver(pushed)
        assert (answer.status_code, answer.json()) == (200, {"result": 1, "message_id": pushed.id})
        events = {event.app: event for event in await one.handled.wait(2)}
    audit = events[APP]
    assert isinstance(audit, AuditFinished)
    assert (audit.passed, audit.reason, audit.attempt) == (False, "名称过长", 1)
    assert events[KS_APP].id == pushed.id
    assert await one.waiting() == await one.waiting("kuaishou") == []


async def test_is_safe_before_it_is_acknowledged() -> None:
    """Whatever the handler does: it hasn't begun, or it never ends."""
    gate = anyio.Event()

    async def handler(_event: object) -> None:
        await gate.wait()

    one = service(handler=handler, grace=0.01)
    assert (await one.deliver(one.world.baidu.pushes.status(APP, "APP_SERVER_PAUSE"))).content == b"success"
    assert len(await one.waiting()) == 1
    await one.app.aclose()
    assert len(await one.waiting()) == 1


async def test_a_repeat_is_acknowledged_and_not_handled_again() -> None:
    one = service()
    pushed = [one.world.baidu.pushes.status(APP, "APP_SERVER_PAUSE"), one.world.kuaishou.pushes.event("E", KS_APP)]
    async with one.app:
        for each in pushed * 3:
            assert (await one.deliver(each)).status_code == 200
        await one.handled.wait(2)
        for each in pushed:  # now that it has been handled
            assert (await one.deliver(each)).status_code == 200
        await anyio.sleep(0.1)
    assert len(one.handled.events) == 2


async def test_several_processes_on_one_journal_handle_it_once() -> None:
    store, world = MemoryStore(), world_of()
    several = [service(store, world=world) for _ in range(3)]
    async with several[0].app, several[1].app, several[2].app:
        for number in range(30):
            pushed = world.baidu.pushes.event("APP_NAME_CLEAR", APP, fields={"reason": f"{number}"})
            for one in several:
                assert (await one.deliver(pushed)).content == b"success"
        await until_true(lambda: _none_waits(several[0]))
    reasons = [event.fields["reason"] for one in several for event in one.handled.events]
    assert sorted(reasons, key=int) == [f"{number}" for number in range(30)]


async def _none_waits(one: Service) -> bool:
    return await one.waiting() == []


@pytest.mark.parametrize("provider", ["baidu", "kuaishou"])
async def test_whoever_isnt_the_provider_learns_nothing(provider: str, caplog: pytest.LogCaptureFixture) -> None:
    """One answer, whatever is wrong; the log says at which step it failed, and nothing else."""
    one = service()
    pushes = one.world.provider(provider).pushes
    true = pushes.event("E", "1").letter()
    other = one.world.provider({"baidu": "kuaishou", "kuaishou": "baidu"}[provider])
    answers = [
        await one.deliver(pushes.event("E", "2", sending=FORGED)),
        await one.deliver(pushes.event("E", "3", sending=STALE)),
        await one.post(provider, true.body[:-9], true.headers),
        await one.post(provider, b"{}", true.headers),
        await one.post(provider, b"\xff" * 9, true.headers),
        await one.post(provider, true.body + b" " * (1 << 20), true.headers),
        await one.post(provider, other.pushes.event("E", "4").letter().body),
        await one.post(provider),
        await one.post(provider, query="?signature=1&timestamp=1&nonce=1&echoStr=hello"),
    ]
    assert {(answer.status_code, answer.content, str(answer.headers)) for answer in answers} == {
        (403, b"rejected", str(answers[0].headers))
    }
    assert [record.getMessage() for record in caplog.records if "(signature)" in record.getMessage()]
    assert await one.waiting(provider) == []
    await one.app.aclose()


async def test_a_client_never_opens_what_is_meant_for_another() -> None:
    """Two components of one provider have two paths; the keys are never tried in turn."""
    world, store = world_of(), MemoryStore()
    one = clients_of(world, store)[0]
    other = BaiduClient("other", store=store, push_token="another-token", push_key="A" * 43)
    handled = Handled()
    app = PushApp({"one": one, "other": other}, handled, poll=0.02)
    receiving = service(store, world=world)
    letter = world.baidu.pushes.status(APP, "APP_SERVER_PAUSE").letter()
    async with app:
        assert (await receiving.post("other", letter.body, letter.headers, app=app)).status_code == 403
        assert (await receiving.post("one", letter.body, letter.headers, app=app)).status_code == 200
        assert (await receiving.post("baidu", letter.body, letter.headers, app=app)).status_code == 404
        assert (await receiving.post("one/", letter.body, letter.headers, app=app)).status_code == 200
        await handled.wait()
    await receiving.app.aclose()


async def test_no_more_of_a_body_is_read_than_a_message_can_have() -> None:
    one = service()
    sent = 0

    async def receive() -> dict[str, Any]:
        nonlocal sent
        sent += 1
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    answers: list[Any] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    scope = dict(SCOPE)
    await one.app(scope, receive, send)
    assert answers[0]["status"] == 403
    assert sent <= 18
    await one.app.aclose()


async def test_a_client_that_goes_away_is_no_matter() -> None:
    one = service()
    answers: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    scope = dict(SCOPE)
    await one.app(scope, receive, send)
    assert answers[0]["status"] == 503
    await one.app.aclose()


async def test_what_cant_be_kept_isnt_acknowledged(caplog: pytest.LogCaptureFixture) -> None:
    """So the provider repeats it, and then it is kept."""
    store = Broken()
    one = service(store)
    pushed = one.world.kuaishou.pushes.event("E", KS_APP)
    async with one.app:
        store.fails = True
        answer = await one.deliver(pushed)
        assert (answer.status_code, answer.content) == (503, b"unavailable")
        store.fails = False
        assert (await one.deliver(pushed)).status_code == 200
        assert len(await one.handled.wait()) == 1
    assert "the disk is full" in caplog.text


async def test_asks_back_what_a_provider_verifies_the_address_with() -> None:
    """The question is answered, and is no event."""
    one = service()
    token, stamp = one.world.baidu.push_token, f"{int(one.world.baidu.clock())}"
    text = "".join(sorted([token, stamp, "abc"]))
    signature = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    query = f"?signature={signature}&timestamp={stamp}&nonce=abc&echoStr=hello"
    async with one.app:
        answer = await one.post("baidu", query=query)
        assert (answer.status_code, answer.content) == (200, b"hello")
        await anyio.sleep(0.05)
    assert one.handled.events == []


async def test_a_fleet_is_given_qualified_ids() -> None:
    world, store = world_of(), MemoryStore()
    handled = Handled()
    app = PushApp(Fleet(clients_of(world, store)), handled, poll=0.02)
    one = service(store, world=world)
    async with app:
        await one.deliver(world.baidu.pushes.status(APP, "APP_SERVER_PAUSE"), app=app)
        await one.deliver(world.kuaishou.pushes.event("E"), app=app)
        assert {event.app for event in await handled.wait(2)} == {f"baidu:{APP}", None}
    await one.app.aclose()


async def test_events_go_where_the_journal_is() -> None:
    """A client whose tokens the caller keeps has no store; events are kept, and nothing is done about grants."""
    world, journal, handled = world_of(), MemoryStore(), Handled()
    baidu = world.baidu
    client = BaiduClient("c", tokens={APP: "t"}, push_token=baidu.push_token, push_key=baidu.push_key)
    with pytest.raises(InvalidArgument, match="journal="):
        PushApp([client], handled)
    app = PushApp([client], handled, journal=journal, poll=0.02)
    one = service(world=world)
    async with app:
        await one.deliver(baidu.pushes.authorized(APP), app=app)
        assert (await handled.wait())[0].app == APP
    assert world.count(operation="exchange_code") == 0
    await one.app.aclose()


def test_refuses_clients_that_cant_be_told_apart() -> None:
    one, _ = clients_of(world_of(), MemoryStore())
    refused: dict[str, list[Any]] = {
        "one client at least": [[], [one, one], {}],
        "part of its path": [{"a/b": one}, {"": one}],
        "push_token": [[BaiduClient("c", store=MemoryStore())]],
    }
    for why, several in refused.items():
        for clients in several:
            with pytest.raises(InvalidArgument, match=why):
                PushApp(clients, Handled())


@pytest.mark.parametrize("name", ["concurrency", "timeout", "attempts", "poll"])
def test_refuses_numbers_that_arent_positive(name: str) -> None:
    for number in (0, -1, float("nan"), float("inf")):
        numbers: dict[str, Any] = {name: number}
        with pytest.raises(InvalidArgument, match=name):
            service(**numbers)


def test_says_which_extra_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "starlette.applications", None)
    with pytest.raises(NotSupported, match=r"miniapp_tp\[asgi\]"):
        service()


# --- where it is mounted ----------------------------------------------------------------------------------------------


async def test_mounted_it_begins_with_the_first_request() -> None:
    """Mounts have no lifespan of their own."""
    one = service()
    for outer in (FastAPI(), Starlette(routes=[Mount("/push", one.app)])):
        if isinstance(outer, FastAPI):
            outer.mount("/push", one.app)
        pushed = one.world.kuaishou.pushes.event("E", KS_APP)
        letter = pushed.letter()
        before = len(one.handled.events)
        assert (await one.post("push/kuaishou", letter.body, letter.headers, app=outer)).status_code == 200
        await one.handled.wait(before + 1)
    await one.app.aclose()


async def test_mounted_by_hand() -> None:
    """As in Django, which has no mounts: the scope says where the app is."""
    one = service()

    async def application(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        await one.app({**scope, "root_path": "/push"}, receive, send)

    letter = one.world.baidu.pushes.status(APP, "APP_SERVER_PAUSE").letter()
    assert (await one.post("push/baidu", letter.body, letter.headers, app=application)).content == b"success"
    await one.handled.wait()
    await one.app.aclose()


async def test_by_itself_it_lives_as_long_as_its_server() -> None:
    """What waits in the journal is handled from the start, without a request."""
    store, world = MemoryStore(), world_of()
    first = service(store, world=world, handler=_never)
    await first.deliver(world.baidu.pushes.status(APP, "APP_SERVER_PAUSE"))
    await first.app.aclose()
    second = service(store, world=world)
    async with _lifespan(second.app):
        assert [event.name for event in await second.handled.wait()] == ["APP_SERVER_PAUSE"]
        await until_true(lambda: _none_waits(second))
    answer = await second.deliver(world.baidu.pushes.status(APP, "APP_SERVER_RESUME"))
    assert (answer.status_code, await second.waiting()) == (503, [])


async def _never(_event: object) -> None:
    raise AssertionError


@asynccontextmanager
async def _lifespan(app: PushApp) -> AsyncGenerator[None]:
    """Let an app live as a server would."""
    ending, said = anyio.Event(), list[str]()

    async def receive() -> MutableMapping[str, Any]:
        if not said:
            said.append("asked")
            return {"type": "lifespan.startup"}
        await ending.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message["type"])

    async with anyio.create_task_group() as group:
        scope: dict[str, Any] = {"type": "lifespan", "app": app, "state": {}}
        group.start_soon(app, scope, receive, send)
        await until(lambda: "lifespan.startup.complete" in said)
        yield
        ending.set()
    assert said[-1] == "lifespan.shutdown.complete"


# --- catching up ------------------------------------------------------------------------------------------------------


async def test_catches_up_on_what_was_missed() -> None:
    """Through the same journal: what was handled isn't handled again."""
    one = service()
    pushes, sent = one.world.baidu.pushes, one.world.outbox.pushed
    await one.clients[0].save_ticket(one.world.baidu.issue_ticket())
    async with one.app:
        await one.deliver(pushes.event("APP_NAME_CLEAR", APP, fields={"reason": "delivered"}))
        for number in range(120):
            pushes.event("APP_NAME_CLEAR", APP, fields={"reason": f"missed {number}"})
        pushes.event("APP_NAME_CLEAR", APP, fields={"reason": "forged"}, sending=FORGED)
        for pushed in sent:
            pushed.fate = Fate.GIVEN_UP
        since = one.world.baidu.clock() - 60
        assert await one.app.catch_up(since) == 120
        assert await one.app.catch_up(since) == 0
        events = await one.handled.wait(121)
    assert {event.fields["reason"] for event in events} == {"delivered", *(f"missed {number}" for number in range(120))}
