"""`Run`: what it does to apps, and what its journal knows of it."""

from __future__ import annotations

import json
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from anyio.lowlevel import checkpoint
from attrs import evolve

from miniapp_tp import (
    BaiduClient,
    ConnectFailed,
    ConnectionLost,
    HttpxTransport,
    InvalidArgument,
    Item,
    Journal,
    Options,
    Pace,
    Pacing,
    Run,
    ServerDomains,
    State,
    Status,
    StoreError,
    open_journal,
    open_store,
)
from miniapp_tp.bulk import gate
from miniapp_tp.bulk.operations import Method
from miniapp_tp.bulk.states import Wish
from miniapp_tp.sandbox import Fault
from miniapp_tp.sandbox.world import World
from tests.support.platforms import answer
from tests.support.running import DOMAINS, QUICK, OwnClient, baidu, fleet, over
from tests.support.scripted import baidu_no, baidu_yes, gateway_no, page, script
from tests.support.servers import place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgres"])
async def journal(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Journal]:
    async with place(request.param, tmp_path) as address, aclosing(open_journal(address)) as made:
        yield made


@pytest.fixture
def world() -> World:
    return World(apps=30)


async def make(client: object, journal: Journal, world: World, method: str = "set_server_domain", **more: Any) -> Run:  # noqa: ANN401 - whatever `create` takes
    given: dict[str, Any] = {"arguments": DOMAINS, "options": QUICK, "why": "a test", **more}
    apps = given.pop("apps", list(world.baidu.apps))
    return await Run.create(client, method, apps, journal=journal, **given)


def edits(world: World) -> set[int]:
    return {app.edits["set_server_domain"] for app in world.baidu.apps.values()}


# --- all goes well --------------------------------------------------------------------------------------------------


async def test_every_app_is_changed_once_and_written_down(journal: Journal, world: World) -> None:
    run = await make(baidu(world), journal, world, who="an operator")
    assert (await run.report()).status is Status.READY
    report = await run.go()
    assert report.is_complete
    assert report.counts.done == report.counts.total == 30
    assert edits(world) == {1}
    entries = [entry async for entry in run.outcomes()]
    assert [(entry.state, entry.tries, entry.trouble) for entry in entries] == [(State.DONE, 1, None)] * 30
    assert [entry.app for entry in entries] == list(world.baidu.apps)
    assert (report.record.plan.who, report.record.plan.why) == ("an operator", "a test")


async def test_a_finished_run_does_nothing_more(journal: Journal, world: World) -> None:
    run = await make(baidu(world), journal, world)
    await run.go()
    before = sum(world.calls.values())
    assert (await run.go()).is_complete
    assert sum(world.calls.values()) == before


async def test_what_was_read_is_kept(journal: Journal, world: World) -> None:
    run = await make(baidu(world), journal, world, "get_info", arguments=None)
    await run.go()
    async for entry in run.outcomes():
        assert json.loads(entry.value or "")["name"] == world.baidu.apps[entry.app].name


async def test_a_fleet_is_settled_at_each_provider_in_its_own_way(journal: Journal, world: World) -> None:
    """Both cut the connection behind the change, for each of the apps."""
    world.inject(Fault.CUT_AFTER, operation="set_server_domain", times=2)
    apps = [f"{name}:{app}" for name in ("baidu", "kuaishou") for app in list(world.provider(name).apps)[:2]]
    run = await make(fleet(world).with_options(attempts=1), journal, world, apps=apps)
    report = await run.go()
    assert report.is_complete
    assert {app.edits["set_server_domain"] for app in list(world.baidu.apps.values())[:2]} == {1}


async def test_apps_may_have_arguments_of_their_own(journal: Journal, world: World) -> None:
    first, second, *_ = world.baidu.apps
    own = Item(second, {"domains": ServerDomains(request=["own.example.com"])})
    run = await make(baidu(world), journal, world, apps=[first, own])
    assert (await run.go()).is_complete
    assert world.baidu.apps[first].domains["request"] == ["https://api.example.com"]
    assert world.baidu.apps[second].domains["request"] == ["https://own.example.com"]


async def test_an_app_that_comes_twice_is_done_once(journal: Journal, world: World) -> None:
    first = next(iter(world.baidu.apps))
    run = await make(baidu(world), journal, world, apps=[first, first])
    assert (await run.go()).counts.total == 1
    with pytest.raises(InvalidArgument, match="stands in the source twice"):
        await make(
            baidu(world),
            journal,
            world,
            apps=[first, Item(first, {"domains": ServerDomains(request=["b.example.com"])})],
        )


async def test_what_was_there_before_is_kept(journal: Journal, world: World) -> None:
    app = next(iter(world.baidu.apps))
    world.baidu.apps[app].domains["request"] = ["https://old.example.com"]
    run = await make(baidu(world), journal, world, apps=[app], keep_before=True)
    await run.go()
    entry = await journal.find(run.id, app)
    assert entry is not None
    assert json.loads(entry.before or "")["request"] == ["old.example.com"]
    assert await journal.find(run.id, "nobody") is None


async def test_making_a_run_does_nothing_yet(journal: Journal, world: World) -> None:
    """Not even of a method that isn't an operation of a provider, and so can't be looked at beforehand."""
    store = open_store("memory://")
    client = BaiduClient(world.baidu.component, store=store, transport=script())
    await client.adopt("1", access_token="45.a", refresh_token="46.a", expires_at=9e9)
    run = await make(client, journal, world, "forget", arguments=None, apps=["1"])
    assert [app async for app in client.apps()] == ["1"]
    assert (await run.go()).is_complete
    assert [app async for app in client.apps()] == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_info", {}),
        ("get_server_domain", {}),
        ("set_server_domain", DOMAINS),
        ("get_webview_domain", {}),
        ("set_webview_domain", {"domains": ["h5.example.com"]}),
    ],
)
async def test_an_operation_is_looked_at_without_being_made(world: World, name: str, arguments: dict[str, Any]) -> None:
    change = await Method(baidu(world), name).change("15000001", arguments)
    assert change.changes == (change.read_back is not None) == name.startswith("set_")
    assert not world.calls


# --- one app fails --------------------------------------------------------------------------------------------------


async def test_one_apps_failure_stops_no_other(journal: Journal, world: World) -> None:
    first, second, third, *_ = world.baidu.apps
    world.inject(Fault.REVOKED, provider="baidu", app=first)
    world.inject(Fault.FORBIDDEN, provider="baidu", app=second)
    world.inject(Fault.FORBIDDEN, provider="baidu", app=third)
    run = await make(baidu(world), journal, world)
    report = await run.go()
    assert (report.counts.done, report.counts.failed) == (27, 3)
    assert report.status is Status.FINISHED
    assert not report.is_complete
    assert report.causes == (("PermissionDenied 6001 (merchant)", 2), ("AuthorizationLost 50032 (merchant)", 1))
    failed = [entry async for entry in run.outcomes([State.FAILED])]
    assert [entry.app for entry in failed] == [first, second, third]
    world.clear()
    assert await run.retry() == 3
    assert (await run.go()).is_complete
    assert edits(world) == {1}


async def test_what_may_pass_is_tried_again(journal: Journal, world: World) -> None:
    world.inject(Fault.HTML_5XX, provider="baidu", times=2)
    run = await make(baidu(world, attempts=1), journal, world)
    assert (await run.go()).is_complete


async def test_what_does_not_pass_fails(journal: Journal, world: World) -> None:
    world.inject(Fault.HTML_5XX, provider="baidu", app="15000001", operation="set_server_domain", times=None)
    run = await make(baidu(world, attempts=1), journal, world, options=evolve(QUICK, tries=2))
    assert (await run.go()).counts.failed == 1
    entry = await journal.find(run.id, "15000001")
    assert entry is not None
    assert entry.tries == 2


async def test_an_error_that_is_none_of_ours_shows_nothing_of_itself(journal: Journal, world: World) -> None:
    async def broken(_app: str) -> str:
        raise LookupError("45.a-token-of-the-app")

    client = BaiduClient("id", tokens=broken, transport=script())
    run = await make(client, journal, world, apps=["1"])
    report = await run.go()
    assert report.causes == (("LookupError (you)", 1),)
    entry = await journal.find(run.id, "1")
    assert "45.a-token" not in repr(entry)
    await client.aclose()


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_no_token_gets_into_the_journal(journal: Journal, world: World, tmp_path: Path) -> None:
    """Not even one that the provider echoes."""
    token = "45.a-very-secret-token-of-an-app"
    echo = page(text=f"<html>{token}</html>")
    transport = script(gateway_no(100, f"bad {token}"), baidu_no(2002, f"what is {token}?"), echo, echo, echo)
    client = OwnClient("id", tokens=dict.fromkeys("123", token), transport=transport, options=Options(attempts=1))
    run = await make(client, journal, world, "get_webview_domain", arguments=None, apps=list("123"))
    report = await run.go()
    assert report.counts.failed == 3
    assert "what is" in "".join([repr(entry) async for entry in run.outcomes()])
    assert token not in "".join([repr(entry) async for entry in run.outcomes()])
    await journal.aclose()
    assert token.encode() not in everything_in(tmp_path)


# --- what is in doubt -----------------------------------------------------------------------------------------------


async def test_a_lost_answer_is_settled_by_looking(journal: Journal, world: World) -> None:
    """Made and cut off: not made again. Cut off before: made again."""
    made, not_made, *_ = world.baidu.apps
    world.inject(Fault.CUT_AFTER, provider="baidu", app=made)
    world.inject(Fault.CUT_BEFORE, provider="baidu", app=not_made)
    run = await make(baidu(world, attempts=1), journal, world)
    assert (await run.go()).is_complete
    assert edits(world) == {1}
    assert world.count(provider="baidu", operation="get_server_domain") == 2


async def test_what_nothing_reads_back_is_reported_as_unknown(journal: Journal, world: World) -> None:
    transport = script(ConnectionLost("gone", may_have_happened=True))
    client = OwnClient("id", tokens={"1": "token"}, transport=transport)
    run = await make(client, journal, world, "once", arguments=None, apps=["1"])
    report = await run.go()
    assert (report.status, report.counts.unknown) == (Status.FINISHED, 1)
    assert report.causes == (("ConnectionLost (provider)", 1),)


async def interrupted(journal: Journal, run: Run) -> None:
    """Leave the run as a process leaves it that is killed between intent and outcome."""
    tenancy = await journal.acquire(run.id, "host 1 2 3 4", 60.0, lambda _owner: True)
    assert tenancy is not None
    entries = [entry async for entry in run.outcomes([State.PENDING])]
    assert await journal.write(tenancy, [(entry, entry.became(State.INTENDED, 0.0)) for entry in entries])
    assert await journal.turn(tenancy, Status.RUNNING)
    await journal.release(tenancy)


async def test_intents_without_outcome_are_settled_by_looking(journal: Journal, world: World) -> None:
    client = baidu(world)
    made, *others = world.baidu.apps
    run = await make(client, journal, world)
    await client.set_server_domain(made, **DOMAINS)
    await interrupted(journal, run)
    assert (await run.report()).status is Status.INTERRUPTED
    again = await Run.open(client, run.id, journal=journal, options=QUICK)
    assert (await again.go()).is_complete
    assert edits(world) == {1}
    assert world.count(provider="baidu", operation="get_server_domain") == 1 + len(others)


async def test_reading_is_simply_done_again(journal: Journal, world: World) -> None:
    client = baidu(world)
    run = await make(client, journal, world, "get_info", arguments=None)
    await interrupted(journal, run)
    assert (await run.go()).is_complete
    assert world.count(provider="baidu", operation="get_info") == 30


async def test_an_intent_that_nothing_reads_back_is_unknown(journal: Journal, world: World) -> None:
    run = await make(baidu(world), journal, world, "once", arguments=None)
    await interrupted(journal, run)
    report = await run.go()
    assert report.counts.unknown == 30
    assert report.causes == (("Interrupted (you)", 30),)


async def test_what_cant_be_read_back_stays_in_doubt_and_is_unknown_in_the_end(journal: Journal, world: World) -> None:
    first, second, *_ = world.baidu.apps
    run = await make(baidu(world, attempts=1), journal, world, apps=[first, second])
    await interrupted(journal, run)
    world.inject(Fault.REVOKED, provider="baidu", app=first)
    world.inject(Fault.HTML_5XX, provider="baidu", app=second)
    report = await run.go()
    assert (report.counts.unknown, report.counts.done) == (1, 1)
    assert report.causes == (("AuthorizationLost 50032 (merchant)", 1),)


async def test_what_is_never_made_fails_in_the_end(journal: Journal, world: World) -> None:
    first, *_ = world.baidu.apps
    world.inject(Fault.CUT_BEFORE, provider="baidu", operation="set_server_domain", times=None)
    run = await make(baidu(world, attempts=1), journal, world, apps=[first])
    report = await run.go()
    assert report.counts.failed == 1
    assert edits(world) == {0}


# --- all of it is stopped -------------------------------------------------------------------------------------------


async def test_an_address_that_is_not_listed_pauses_the_run(journal: Journal, world: World) -> None:
    world.inject(Fault.IP_NOT_LISTED, provider="baidu")
    run = await make(baidu(world), journal, world)
    report = await run.go()
    assert report.status is Status.PAUSED
    assert "mend it, then resume the run" in report.reason
    assert (report.counts.pending, report.counts.failed) == (30, 0)
    assert world.count(provider="baidu") <= QUICK.concurrency
    world.clear(Fault.IP_NOT_LISTED)
    assert (await run.go()).is_complete
    assert edits(world) == {1}


async def test_it_waits_while_nothing_connects(journal: Journal, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "FIRST_WAIT", 0.01)
    steps: list[Any] = [ConnectFailed("no route") for _ in range(5)]
    transport = script(*steps, *[baidu_yes()] * 30)
    run = await make(over(transport, world), journal, world)
    report = await run.go()
    assert report.is_complete
    assert len(transport.requests) == 35


async def test_it_waits_to_the_end_with_what_is_in_doubt(
    journal: Journal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds out whether it works again may come upon nothing to find out with."""
    monkeypatch.setattr(gate, "FIRST_WAIT", 0.01)
    transport = script(*[ConnectFailed("no route") for _ in range(5)], *[baidu_yes()] * 30)
    run = await make(over(transport, world), journal, world, "once", arguments=None)
    await interrupted(journal, run)
    report = await run.go()
    assert report.counts.unknown == 30
    again = await make(over(transport, world), journal, world, "get_webview_domain", arguments=None)
    await interrupted(journal, again)
    with anyio.fail_after(20):
        assert (await again.go()).counts.left == 0


async def test_more_in_hand_than_the_pace_allows_fails_nothing(
    journal: Journal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait for their turns longer than a call may take, and nothing was sent."""
    monkeypatch.setattr(gate, "FIRST_WAIT", 0.01)
    client = OwnClient(
        world.baidu.component,
        tokens=world.baidu.tokens,
        transport=HttpxTransport(httpx.MockTransport(partial(answer, world))),
        options=Options(timeout=0.2),
        pacing=Pacing(component=Pace(per_second=40)),
    )
    run = await make(client, journal, world, options=evolve(QUICK, concurrency=30, tries=1))
    assert (await run.go()).is_complete
    assert edits(world) == {1}


async def test_what_was_there_before_is_read_so_often_and_no_more(journal: Journal, world: World) -> None:
    first, *_ = world.baidu.apps
    world.inject(Fault.HTML_5XX, provider="baidu", operation="get_server_domain", times=None)
    run = await make(baidu(world, attempts=1), journal, world, apps=[first], keep_before=True)
    report = await run.go()
    assert (report.counts.failed, edits(world)) == (1, {0})
    assert world.count(operation="get_server_domain") == QUICK.tries


async def test_it_waits_no_longer_than_its_patience(
    journal: Journal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "FIRST_WAIT", 0.01)
    transport = script(*[ConnectFailed("no route") for _ in range(30)])
    run = await make(over(transport, world), journal, world, options=evolve(QUICK, patience=0.02))
    report = await run.go()
    assert (report.status, report.counts.pending) == (Status.PAUSED, 30)
    assert "no route" in report.reason


async def test_stop_and_go_on(journal: Journal, world: World) -> None:
    run = await make(baidu(world), journal, world, options=evolve(QUICK, concurrency=1))
    async with anyio.create_task_group() as group:
        group.start_soon(run.go)
        await one_done(run)
        run.stop("enough for today")
    report = await run.report()
    assert (report.status, report.reason) == (Status.STOPPED, "enough for today")
    assert 0 < report.counts.done < 30
    assert report.counts.left == report.counts.pending
    assert (await run.go()).is_complete
    assert edits(world) == {1}


async def test_others_pause_resume_and_stop_it(journal: Journal, world: World) -> None:
    run = await make(baidu(world), journal, world)
    run.pause()
    async with anyio.create_task_group() as group:
        group.start_soon(run.go)
        await until(journal, run, Status.PAUSED)
        run.resume()
        await until(journal, run, Status.FINISHED)
    assert await run.retry([State.DONE]) == 30
    run.pause()
    async with anyio.create_task_group() as group:
        group.start_soon(run.go)
        await until(journal, run, Status.PAUSED)
        await journal.wish(run.id, Wish.PAUSE)
        await anyio.sleep(0.05)
        await journal.wish(run.id, Wish.STOP)
    assert (await run.report()).status is Status.STOPPED
    assert (await run.report()).reason == "somebody stopped it"


async def one_done(run: Run) -> None:
    with anyio.fail_after(10):
        while not run.progress.counts.done:
            await checkpoint()


async def until(journal: Journal, run: Run, status: Status) -> None:
    with anyio.fail_after(10):
        while (await journal.get(run.id)).status is not status:  # noqa: ASYNC110 - as another process would watch it
            await anyio.sleep(0.01)


async def test_a_run_that_is_cancelled_can_be_resumed(journal: Journal, world: World) -> None:
    run = await make(baidu(world), journal, world, options=evolve(QUICK, concurrency=1))
    async with anyio.create_task_group() as group:
        group.start_soon(run.go)
        await one_done(run)
        group.cancel_scope.cancel()
    report = await run.report()
    assert (report.status, report.reason) == (Status.STOPPED, "it was cancelled")
    assert (await run.go()).is_complete
    assert edits(world) == {1}


# --- one at a time --------------------------------------------------------------------------------------------------


async def test_two_processes_cant_run_the_same_run(journal: Journal, world: World) -> None:
    run = await make(baidu(world), journal, world)
    tenancy = await journal.acquire(run.id, "elsewhere 1 2 3 4", 60.0, lambda _owner: False)
    assert tenancy is not None
    with pytest.raises(StoreError, match="another process \\(elsewhere"):
        await run.go()
    await journal.release(tenancy)
    assert (await run.go()).is_complete


async def test_who_was_overtaken_does_nothing_more(journal: Journal, world: World) -> None:
    run = await make(baidu(world), journal, world)
    run.pause()
    with pytest.RaisesGroup(pytest.RaisesExc(StoreError, match="taken over")):
        async with anyio.create_task_group() as group:
            group.start_soon(run.go)
            await until(journal, run, Status.PAUSED)
            await journal.acquire(run.id, "elsewhere", 60.0, lambda _owner: True)
            run.resume()
    assert edits(world) == {0}


async def test_a_journal_that_fails_ends_the_run(
    journal: Journal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await make(baidu(world), journal, world)

    async def full(*_arguments: object, **_more: object) -> bool:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(type(journal), "write", full)
        broken.setattr(type(journal), "release", full)
        with pytest.raises(StoreError, match="the disk is full"):
            await run.go()
        assert edits(world) == {0}
    assert (await journal.get(run.id)).status is Status.STOPPED
    for name in ("beat", "page"):
        tenancy = await journal.acquire(run.id, "me", 0.0, lambda _owner: True)
        assert tenancy is not None
        with monkeypatch.context() as broken:
            broken.setattr(type(journal), name, full)
            run.pause()
            with pytest.raises(StoreError, match="the disk is full"):
                await run.go()
            run.resume()
    assert (await run.go()).is_complete


# --- what can't be meant --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "more", "why"),
    [
        ("close", {}, "a method that acts on one app"),
        ("_check", {}, "a method that acts on one app"),
        ("hand_over", {}, "a method that acts on one app"),
        ("meet", {}, "a method that acts on one app"),
        ("set_server_domain", {"why": " "}, "why"),
        ("set_server_domain", {"arguments": {}}, "domains"),
        ("set_server_domain", {"arguments": {"domains": ServerDomains()}}, "no domains are given"),
        ("set_server_domain", {"arguments": {"domains": {"requests": []}}}, "domains"),
        ("set_server_domain", {"arguments": {"domains": object()}}, "written down"),
        ("set_webview_domain", {"arguments": {"domains": "h5.example.com"}}, "a list"),
        ("set_webview_domain", {"arguments": {"domains": [], "more": 1}}, "more"),
        ("get_info", {"arguments": None, "apps": "15263713"}, "iterable of app ids"),
        ("get_info", {"arguments": None, "apps": [" "]}, "app ids like"),
        ("get_info", {"arguments": None, "apps": [1]}, "app ids like"),
    ],
)
async def test_what_cant_be_meant_is_refused(
    journal: Journal, world: World, method: str, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidArgument, match=why):
        await make(baidu(world), journal, world, method, **more)
    assert not world.calls


async def test_a_run_goes_on_with_its_own_client_only(journal: Journal, world: World) -> None:
    run = await make(baidu(world), journal, world)
    with pytest.raises(InvalidArgument, match="was made for <OwnClient"):
        await Run.open(fleet(world), run.id, journal=journal)
    with pytest.raises(InvalidArgument, match="no run 99"):
        await Run.open(fleet(world), 99, journal=journal)
    assert repr(run).startswith("<Run 1 set_server_domain on <OwnClient")


async def test_a_source_that_breaks_is_given_once_more(journal: Journal, world: World) -> None:
    def broken() -> Iterator[str]:
        yield from list(world.baidu.apps)[:5]
        raise RuntimeError("the disk is gone")

    async def whole() -> AsyncIterator[str]:
        for app in world.baidu.apps:
            yield app

    with pytest.raises(RuntimeError, match="the disk is gone"):
        await make(baidu(world), journal, world, apps=broken())
    record = await journal.get(1)
    assert (record.status, record.reason) == (Status.STOPPED, "not all of its apps were written down: RuntimeError")
    with pytest.raises(InvalidArgument, match="give its source once more"):
        await Run.open(baidu(world), 1, journal=journal)
    run = await Run.open(baidu(world), 1, journal=journal, apps=whole(), options=QUICK)
    assert (await run.go()).counts.total == 30


async def test_all_arguments_may_be_the_apps_own(journal: Journal, world: World) -> None:
    items = [Item(app, {"domains": {"request": [f"{app}.example.com"]}}) for app in world.baidu.apps]
    run = await make(baidu(world), journal, world, apps=items, arguments=None)
    assert (await run.go()).is_complete
    for app, one in world.baidu.apps.items():
        assert one.domains["request"] == [f"https://{app}.example.com"]
