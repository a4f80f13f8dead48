"""The keeper: grants that nobody calls don't end, one replica looks after them, and nothing comes in a herd."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import anyio
import pytest

from miniapp_tp import Secret
from miniapp_tp.stores.records import AppRecord
from miniapp_tp.transport.keeper import Keeper
from tests.support.days import DAY, HOUR, instantly, let_age, replicas
from tests.support.granting import APP, OTHER
from tests.support.keepers import ALL, THIRD, kept_for, looked
from tests.support.loopback import until

if TYPE_CHECKING:
    from tests.support.granting import Office


# --- which grants, and when -------------------------------------------------------------------------------------------


def test_what_nears_its_end_is_renewed_and_nothing_else() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        await let_age(one, APP, left=DAY)
        await let_age(one, OTHER, left=20 * DAY)
        await one.move_in(THIRD, left=HOUR)
        keeper = await kept_for(one, 60.0)
        assert keeper.last == await looked(one)
        assert keeper.last is not None
        assert (keeper.last.apps, keeper.last.renewed, keeper.last.failed) == (3, 1, 0)
        assert one.provider.spent[APP].used == 1
        assert one.transport.count("refresh_grant") == 1
        record = await one.record(APP)
        assert record is not None
        assert record.refresh_expires_at is not None
        assert record.refresh_expires_at > one.now() + 3650 * DAY - HOUR
        assert await one.is_safe(APP)

    instantly(work)


def test_grants_that_nobody_calls_live_for_ever() -> None:
    """Kuaishou's refresh tokens live for 30 days; all of these were given out at once."""

    async def work() -> None:
        one, other = await replicas("kuaishou", apps=30)
        apps = list(one.provider.apps)
        await let_age(one, *apps, left=30 * DAY)
        began, renewals = one.now(), Counter[int]()
        async with Keeper(one.grants).running(), Keeper(other.grants).running():
            for _ in range(79):
                before = one.transport.count("refresh_grant")
                await anyio.sleep(DAY)
                renewals[round((one.now() - began) / DAY)] = one.transport.count("refresh_grant") - before
                await one.component_token.save_ticket(Secret(one.provider.issue_ticket()), one.now())
        assert one.provider.lost({app: (await kept(one, app)) for app in apps}) == []
        assert one.transport.count("recover_code") == 0
        assert all(one.provider.spent[app].used == 3 for app in apps)  # every 20 to 25 days
        assert sum(renewals[day] for day in range(1, 20)) == 0
        first = [renewals[day] for day in range(20, 27)]
        assert sum(first) == 30
        assert max(first) < 15  # spread over days

    instantly(work)


async def kept(one: Office, app: str) -> str:
    record = await one.record(app)
    assert record is not None
    assert record.refresh is not None
    return record.refresh.reveal()


def test_no_access_token_is_kept_warm() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        for app in ALL:
            await one.move_in(app, left=HOUR)
        keeper = await kept_for(one, 30 * DAY)
        assert one.transport.requests == []
        assert keeper.last is not None
        assert keeper.last.apps == 3

    instantly(work)


def test_a_grant_of_unknown_age_is_renewed_within_a_day_and_then_known() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        for app in ALL:
            await one.move_in(app, expires_at=0.0, obtained_at=one.now())
        await kept_for(one, 25 * HOUR + 60.0)
        assert [one.provider.spent[app].used for app in ALL] == [1, 1, 1]
        await kept_for(one, 30 * DAY)
        assert [one.provider.spent[app].used for app in ALL] == [1, 1, 1]

    instantly(work)


def test_where_the_end_was_not_told_it_follows_from_the_access_tokens() -> None:
    async def work() -> None:
        (one,) = await replicas("kuaishou", count=1, apps=2)
        young, old = one.provider.apps
        await one.move_in(young, left=HOUR)
        await one.move_in(old, expires_at=one.now() - 29 * DAY, obtained_at=one.now() - 29 * DAY)
        await kept_for(one, 60.0)
        assert (one.provider.spent[young].used, one.provider.spent[old].used) == (0, 1)

    instantly(work)


@pytest.mark.parametrize("refresh", [True, False])
def test_one_whose_refresh_token_has_ended_is_recovered(refresh: bool) -> None:  # noqa: FBT001 - a parameter
    async def work() -> None:
        (one,) = await replicas("kuaishou", count=1, apps=1, refresh_path=refresh)
        (app,) = one.provider.apps
        await let_age(one, app, left=-DAY)
        await kept_for(one, 60.0)
        # Without a way to refresh, each renewal is a recovery anyway: nothing nears its end.
        assert one.transport.count("recover_code") == refresh
        assert one.transport.count("refresh_grant") == 0

    instantly(work)


def test_a_grant_without_a_refresh_token_or_forgotten_meanwhile_is_left_alone() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        await one.put(AppRecord(access=Secret("45.made-up"), obtained_at=1.0, expires_at=2.0), APP)
        await kept_for(one, 60.0)
        await one.grants.keep(OTHER, lambda _record: True)
        assert one.transport.requests == []
        assert await one.record(OTHER) is None

    instantly(work)


# --- one owner --------------------------------------------------------------------------------------------------------


def test_one_of_many_replicas_looks_and_not_again_for_an_hour() -> None:
    async def work() -> None:
        offices = await replicas(count=5)
        await let_age(offices[0], *ALL, left=DAY)
        keepers = [Keeper(one.grants) for one in offices]
        async with anyio.create_task_group() as group:
            for keeper in keepers:
                group.start_soon(keeper.keep)
            await anyio.sleep(50 * 60.0)
            assert sorted(keeper.last is not None for keeper in keepers) == [False] * 4 + [True]
            assert [offices[0].provider.spent[app].used for app in ALL] == [1, 1, 1]
            await anyio.sleep(10 * HOUR)
            assert 9 <= offices[0].store.notes.count("save keeper") <= 11
            group.cancel_scope.cancel()

    instantly(work)


def test_another_takes_over_when_the_owner_dies() -> None:
    async def work() -> None:
        one, other = await replicas()
        await let_age(one, *ALL, left=DAY)
        task = asyncio.create_task(Keeper(one.grants).keep())
        await until(lambda: one.transport.count("refresh_grant") == 1)
        one.store.fails["release keeper"] = 1  # the dead give nothing back
        task.cancel()
        await asyncio.wait([task])
        died = one.now()
        assert one.store.is_lent(one.keeping.key("keeper"))
        async with Keeper(other.grants).running() as second:
            await until(lambda: second.last is not None, 60.0)
        assert second.last is not None
        assert one.keeping.term - 1.5 < second.last.at - died < one.keeping.term + 15.0
        assert [one.provider.spent[app].used for app in ALL] == [1, 1, 1]
        assert await one.is_safe(APP)

    instantly(work)


def test_one_that_was_overtaken_stops_at_once() -> None:
    async def work() -> None:
        one, other = await replicas()
        await let_age(one, *ALL, left=DAY)
        gate = one.transport.gate("refresh_grant")
        async with Keeper(one.grants, pace=100.0).running() as first:
            await gate.came.wait()
            one.store.lend_anew(one.keeping.key("keeper"))
            lease = await one.store.acquire(one.keeping.key("keeper"), "another", 3600.0)
            assert lease is not None
            gate.opened.set()
            await anyio.sleep(600.0)
            assert sum(one.provider.spent[app].used for app in ALL) == 1
            assert first.last is None
            await other.store.release(lease)
            await anyio.sleep(600.0)
            assert sum(one.provider.spent[app].used for app in ALL) == 3

    instantly(work)


def test_a_clock_that_is_put_back_doesnt_stop_it() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        await kept_for(one, 60.0)
        one.now.at -= 30 * DAY
        await let_age(one, APP, left=DAY)
        await kept_for(one, 60.0)
        assert one.provider.spent[APP].used == 1

    instantly(work)


# --- how fast ---------------------------------------------------------------------------------------------------------


def test_a_crowd_that_is_overdue_is_renewed_one_after_the_other() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1, apps=100, chance=0.5)
        await let_age(one, *one.provider.apps, left=HOUR)
        began = one.now()
        moments: list[float] = []
        async with Keeper(one.grants).running() as keeper:
            while keeper.last is None:
                if one.transport.count("refresh_grant") > len(moments):
                    moments.append(one.now() - began)
                await anyio.sleep(0.05)
        assert len(moments) == 100
        assert min(later - earlier for earlier, later in pairwise(moments)) > 0.9
        assert 99 <= keeper.last.at - began < 105

    instantly(work)
