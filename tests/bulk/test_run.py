"""`Run`: what it does to apps, and what its journal knows of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from miniapp_tp import (
    BaiduClient,
    InvalidArgument,
    Item,
    Journal,
    Options,
    Run,
    ServerDomains,
    State,
    Status,
    open_store,
)
from miniapp_tp.bulk.operations import Method
from miniapp_tp.sandbox import Fault
from tests.support.running import DOMAINS, QUICK, OwnClient, baidu, fleet
from tests.support.scripted import baidu_no, gateway_no, page, script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from miniapp_tp.sandbox.world import World
from tests.support.running import edits, make_run

# --- all goes well --------------------------------------------------------------------------------------------------


async def test_every_app_is_changed_once_and_written_down(journal: Journal, world: World) -> None:
    run = await make_run(baidu(world), journal, world, who="an operator")
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
    run = await make_run(baidu(world), journal, world)
    await run.go()
    before = sum(world.calls.values())
    assert (await run.go()).is_complete
    assert sum(world.calls.values()) == before


async def test_what_was_read_is_kept(journal: Journal, world: World) -> None:
    run = await make_run(baidu(world), journal, world, "get_info", arguments=None)
    await run.go()
    async for entry in run.outcomes():
        assert json.loads(entry.value or "")["name"] == world.baidu.apps[entry.app].name


async def test_a_fleet_is_settled_at_each_provider_in_its_own_way(journal: Journal, world: World) -> None:
    """Both cut the connection behind the change, for each of the apps."""
    world.inject(Fault.CUT_AFTER, operation="set_server_domain", times=2)
    apps = [f"{name}:{app}" for name in ("baidu", "kuaishou") for app in list(world.provider(name).apps)[:2]]
    run = await make_run(fleet(world).with_options(attempts=1), journal, world, apps=apps)
    report = await run.go()
    assert report.is_complete
    assert {app.edits["set_server_domain"] for app in list(world.baidu.apps.values())[:2]} == {1}


async def test_apps_may_have_arguments_of_their_own(journal: Journal, world: World) -> None:
    first, second, *_ = world.baidu.apps
    own = Item(second, {"domains": ServerDomains(request=["own.example.com"])})
    run = await make_run(baidu(world), journal, world, apps=[first, own])
    assert (await run.go()).is_complete
    assert world.baidu.apps[first].domains["request"] == ["https://api.example.com"]
    assert world.baidu.apps[second].domains["request"] == ["https://own.example.com"]


async def test_an_app_that_comes_twice_is_done_once(journal: Journal, world: World) -> None:
    first = next(iter(world.baidu.apps))
    run = await make_run(baidu(world), journal, world, apps=[first, first])
    assert (await run.go()).counts.total == 1
    with pytest.raises(InvalidArgument, match="stands in the source twice"):
        await make_run(
            baidu(world),
            journal,
            world,
            apps=[first, Item(first, {"domains": ServerDomains(request=["b.example.com"])})],
        )


async def test_what_was_there_before_is_kept(journal: Journal, world: World) -> None:
    app = next(iter(world.baidu.apps))
    world.baidu.apps[app].domains["request"] = ["https://old.example.com"]
    run = await make_run(baidu(world), journal, world, apps=[app], keep_before=True)
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
    run = await make_run(client, journal, world, "forget", arguments=None, apps=["1"])
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
    run = await make_run(baidu(world), journal, world)
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
    run = await make_run(baidu(world, attempts=1), journal, world)
    assert (await run.go()).is_complete


async def test_what_does_not_pass_fails(journal: Journal, world: World) -> None:
    world.inject(Fault.HTML_5XX, provider="baidu", app="15000001", operation="set_server_domain", times=None)
    run = await make_run(baidu(world, attempts=1), journal, world, options=evolve(QUICK, tries=2))
    assert (await run.go()).counts.failed == 1
    entry = await journal.find(run.id, "15000001")
    assert entry is not None
    assert entry.tries == 2


async def test_an_error_that_is_none_of_ours_shows_nothing_of_itself(journal: Journal, world: World) -> None:
    async def broken(_app: str) -> str:
        raise LookupError("45.a-token-of-the-app")

    client = BaiduClient("id", tokens=broken, transport=script())
    run = await make_run(client, journal, world, apps=["1"])
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
    run = await make_run(client, journal, world, "get_webview_domain", arguments=None, apps=list("123"))
    report = await run.go()
    assert report.counts.failed == 3
    assert "what is" in "".join([repr(entry) async for entry in run.outcomes()])
    assert token not in "".join([repr(entry) async for entry in run.outcomes()])
    await journal.aclose()
    assert token.encode() not in everything_in(tmp_path)


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
        await make_run(baidu(world), journal, world, method, **more)
    assert not world.calls


async def test_a_run_goes_on_with_its_own_client_only(journal: Journal, world: World) -> None:
    run = await make_run(baidu(world), journal, world)
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
        await make_run(baidu(world), journal, world, apps=broken())
    record = await journal.get(1)
    assert (record.status, record.reason) == (Status.STOPPED, "not all of its apps were written down: RuntimeError")
    with pytest.raises(InvalidArgument, match="give its source once more"):
        await Run.open(baidu(world), 1, journal=journal)
    run = await Run.open(baidu(world), 1, journal=journal, apps=whole(), options=QUICK)
    assert (await run.go()).counts.total == 30


async def test_all_arguments_may_be_the_apps_own(journal: Journal, world: World) -> None:
    items = [Item(app, {"domains": {"request": [f"{app}.example.com"]}}) for app in world.baidu.apps]
    run = await make_run(baidu(world), journal, world, apps=items, arguments=None)
    assert (await run.go()).is_complete
    for app, one in world.baidu.apps.items():
        assert one.domains["request"] == [f"https://{app}.example.com"]
