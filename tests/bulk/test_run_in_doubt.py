"""Apps whose outcome isn't known: settled by reading back, or said to be unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from miniapp_tp import (
    ConnectionLost,
    Journal,
    Run,
    Status,
)
from miniapp_tp.sandbox import Fault
from tests.support.running import DOMAINS, QUICK, OwnClient, baidu, edits, interrupted, make_run
from tests.support.scripted import script

if TYPE_CHECKING:
    from miniapp_tp.sandbox.world import World

# --- what is in doubt -----------------------------------------------------------------------------------------------


async def test_a_lost_answer_is_settled_by_looking(journal: Journal, world: World) -> None:
    """Made and cut off: not made again. Cut off before: made again."""
    made, not_made, *_ = world.baidu.apps
    world.inject(Fault.CUT_AFTER, provider="baidu", app=made)
    world.inject(Fault.CUT_BEFORE, provider="baidu", app=not_made)
    run = await make_run(baidu(world, attempts=1), journal, world)
    assert (await run.go()).is_complete
    assert edits(world) == {1}
    assert world.count(provider="baidu", operation="get_server_domain") == 2


async def test_what_nothing_reads_back_is_reported_as_unknown(journal: Journal, world: World) -> None:
    transport = script(ConnectionLost("gone", may_have_happened=True))
    client = OwnClient("id", tokens={"1": "token"}, transport=transport)
    run = await make_run(client, journal, world, "once", arguments=None, apps=["1"])
    report = await run.go()
    assert (report.status, report.counts.unknown) == (Status.FINISHED, 1)
    assert report.causes == (("ConnectionLost (provider)", 1),)


async def test_intents_without_outcome_are_settled_by_looking(journal: Journal, world: World) -> None:
    client = baidu(world)
    made, *others = world.baidu.apps
    run = await make_run(client, journal, world)
    await client.set_server_domain(made, **DOMAINS)
    await interrupted(journal, run)
    assert (await run.report()).status is Status.INTERRUPTED
    again = await Run.open(client, run.id, journal=journal, options=QUICK)
    assert (await again.go()).is_complete
    assert edits(world) == {1}
    assert world.count(provider="baidu", operation="get_server_domain") == 1 + len(others)


async def test_reading_is_simply_done_again(journal: Journal, world: World) -> None:
    client = baidu(world)
    run = await make_run(client, journal, world, "get_info", arguments=None)
    await interrupted(journal, run)
    assert (await run.go()).is_complete
    assert world.count(provider="baidu", operation="get_info") == 30


async def test_an_intent_that_nothing_reads_back_is_unknown(journal: Journal, world: World) -> None:
    run = await make_run(baidu(world), journal, world, "once", arguments=None)
    await interrupted(journal, run)
    report = await run.go()
    assert report.counts.unknown == 30
    assert report.causes == (("Interrupted (you)", 30),)


async def test_what_cant_be_read_back_stays_in_doubt_and_is_unknown_in_the_end(journal: Journal, world: World) -> None:
    first, second, *_ = world.baidu.apps
    run = await make_run(baidu(world, attempts=1), journal, world, apps=[first, second])
    await interrupted(journal, run)
    world.inject(Fault.REVOKED, provider="baidu", app=first)
    world.inject(Fault.HTML_5XX, provider="baidu", app=second)
    report = await run.go()
    assert (report.counts.unknown, report.counts.done) == (1, 1)
    assert report.causes == (("AuthorizationLost 50032 (merchant)", 1),)


async def test_what_is_never_made_fails_in_the_end(journal: Journal, world: World) -> None:
    first, *_ = world.baidu.apps
    world.inject(Fault.CUT_BEFORE, provider="baidu", operation="set_server_domain", times=None)
    run = await make_run(baidu(world, attempts=1), journal, world, apps=[first])
    report = await run.go()
    assert report.counts.failed == 1
    assert edits(world) == {0}
