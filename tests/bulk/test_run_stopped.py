"""Runs that something stops, and that only one process may be at."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from anyio.lowlevel import checkpoint
from attrs import evolve

from miniapp_tp import (
    ConnectFailed,
    HttpxTransport,
    Journal,
    Options,
    Pace,
    Pacing,
    Run,
    State,
    Status,
    StoreError,
)
from miniapp_tp.bulk import gate
from miniapp_tp.bulk.states import Wish
from miniapp_tp.sandbox import Fault
from tests.support.platforms import answer
from tests.support.running import QUICK, OwnClient, baidu, edits, interrupted, make_run, over
from tests.support.scripted import baidu_yes, script

if TYPE_CHECKING:
    from miniapp_tp.sandbox.world import World

# --- all of it is stopped -------------------------------------------------------------------------------------------


async def test_an_address_that_is_not_listed_pauses_the_run(journal: Journal, world: World) -> None:
    world.inject(Fault.IP_NOT_LISTED, provider="baidu")
    run = await make_run(baidu(world), journal, world)
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
    run = await make_run(over(transport, world), journal, world)
    report = await run.go()
    assert report.is_complete
    assert len(transport.requests) == 35


async def test_it_waits_to_the_end_with_what_is_in_doubt(
    journal: Journal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds out whether it works again may come upon nothing to find out with."""
    monkeypatch.setattr(gate, "FIRST_WAIT", 0.01)
    transport = script(*[ConnectFailed("no route") for _ in range(5)], *[baidu_yes()] * 30)
    run = await make_run(over(transport, world), journal, world, "once", arguments=None)
    await interrupted(journal, run)
    report = await run.go()
    assert report.counts.unknown == 30
    again = await make_run(over(transport, world), journal, world, "get_webview_domain", arguments=None)
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
    run = await make_run(client, journal, world, options=evolve(QUICK, concurrency=30, tries=1))
    assert (await run.go()).is_complete
    assert edits(world) == {1}


async def test_what_was_there_before_is_read_so_often_and_no_more(journal: Journal, world: World) -> None:
    first, *_ = world.baidu.apps
    world.inject(Fault.HTML_5XX, provider="baidu", operation="get_server_domain", times=None)
    run = await make_run(baidu(world, attempts=1), journal, world, apps=[first], keep_before=True)
    report = await run.go()
    assert (report.counts.failed, edits(world)) == (1, {0})
    assert world.count(operation="get_server_domain") == QUICK.tries


async def test_it_waits_no_longer_than_its_patience(
    journal: Journal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "FIRST_WAIT", 0.01)
    transport = script(*[ConnectFailed("no route") for _ in range(30)])
    run = await make_run(over(transport, world), journal, world, options=evolve(QUICK, patience=0.02))
    report = await run.go()
    assert (report.status, report.counts.pending) == (Status.PAUSED, 30)
    assert "no route" in report.reason


async def test_stop_and_go_on(journal: Journal, world: World) -> None:
    run = await make_run(baidu(world), journal, world, options=evolve(QUICK, concurrency=1))
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
    run = await make_run(baidu(world), journal, world)
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
    run = await make_run(baidu(world), journal, world, options=evolve(QUICK, concurrency=1))
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
    run = await make_run(baidu(world), journal, world)
    tenancy = await journal.acquire(run.id, "elsewhere 1 2 3 4", 60.0, lambda _owner: False)
    assert tenancy is not None
    with pytest.raises(StoreError, match="another process \\(elsewhere"):
        await run.go()
    await journal.release(tenancy)
    assert (await run.go()).is_complete


async def test_who_was_overtaken_does_nothing_more(journal: Journal, world: World) -> None:
    run = await make_run(baidu(world), journal, world)
    run.pause()
    with pytest.RaisesGroup(pytest.RaisesExc(StoreError, match="taken over")):
        async with anyio.create_task_group() as group:
            group.start_soon(run.go)
            await until(journal, run, Status.PAUSED)
            await journal.acquire(run.id, "elsewhere", 60.0, lambda _owner: True)
            run.resume()
    assert edits(world) == {0}


async def test_what_was_on_its_way_when_it_was_let_go_changes_nothing(journal: Journal, world: World) -> None:
    """A statement whose caller was cancelled is carried out all the same, and maybe behind the next one."""
    run = await make_run(baidu(world), journal, world)
    tenancy = await journal.acquire(run.id, "me", 60.0, lambda _owner: False)
    assert tenancy is not None
    (entry, *_) = [entry async for entry in run.outcomes([State.PENDING])]
    await journal.release(tenancy)
    assert await journal.beat(tenancy, 60.0) is None
    assert not await journal.turn(tenancy, Status.RUNNING)
    assert not await journal.write(tenancy, [(entry, entry.became(State.INTENDED, 0.0))])
    assert await journal.add(tenancy, [entry]) is None
    assert await journal.again(tenancy, [State.PENDING]) == 0
    await journal.release(tenancy)
    assert (await run.go()).is_complete


async def test_a_sign_of_life_that_is_on_its_way_is_waited_for(
    journal: Journal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Carried out after the run's last words, it would stand for them."""
    run = await make_run(baidu(world), journal, world)
    beat, begun, ended = type(journal).beat, anyio.Event(), 0

    async def late(*arguments: Any) -> Wish | None:  # noqa: ANN401 - as the journal's
        nonlocal ended
        begun.set()
        while run.progress.left:
            await checkpoint()
        await anyio.wait_all_tasks_blocked()
        ended += 1
        return await beat(*arguments)

    monkeypatch.setattr(type(journal), "beat", late)
    run.pause()
    async with anyio.create_task_group() as group:
        group.start_soon(run.go)
        await begun.wait()
        run.resume()
    assert ended == 1
    assert (await run.report()).is_complete


async def test_a_journal_that_fails_ends_the_run(
    journal: Journal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await make_run(baidu(world), journal, world)

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
