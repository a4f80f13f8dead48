"""The keeper, when something goes wrong, and when it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import anyio
import pytest

from miniapp_tp.sandbox import Fault
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.transport.keeper import Keeper
from tests.support.days import DAY, HOUR, instantly, let_age, replicas
from tests.support.granting import APP, OTHER
from tests.support.keepers import ALL, THIRD, kept_for, looked
from tests.support.renewing import lost
from tests.support.scripted import gateway_no

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_one_apps_error_stops_no_other_and_rests_for_a_day(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        await let_age(one, *ALL, left=DAY)
        one.provider.revoke(OTHER)
        with caplog.at_level(logging.INFO, "miniapp_tp"):
            await kept_for(one, 23 * HOUR)
        assert [one.provider.spent[app].used for app in (APP, THIRD)] == [1, 1]
        record = await looked(one)
        assert record is not None
        assert (record.apps, record.renewed, record.failed) == (3, 0, 1)
        assert one.transport.count("recover_code") == 1
        said = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
        assert len(said) == 1
        assert f"the grant of {one.keeping.component} {OTHER} couldn't be renewed: " in said[0]
        assert "looked after 3 grants: 2 renewed, 1 failed" in caplog.text
        assert not any(token in caplog.text for token in ("42.", "45.", "46."))
        await kept_for(one, 2 * HOUR)  # another keeper, which hasn't learnt of it
        assert one.transport.count("recover_code") == 2

    instantly(work)


def test_what_would_be_everybodys_error_ends_the_round() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        await let_age(one, *ALL, left=DAY)
        one.transport.world.inject(Fault.IP_NOT_LISTED, provider="baidu")
        async with Keeper(one.grants).running() as keeper:
            await anyio.sleep(500.0)
            assert one.transport.count("get_component_token") == 1
            assert keeper.last is None
            one.transport.world.clear()
            await anyio.sleep(500.0)
            assert keeper.last is not None
            assert keeper.last.renewed == 3

    instantly(work)


def test_too_fast_means_to_wait_for_as_long_as_was_asked() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1, attempts=1)
        await let_age(one, *ALL, left=DAY)
        one.transport.play("refresh_grant", gateway_no(18, status=429, headers={"retry-after": "7200"}))
        async with Keeper(one.grants).running() as keeper:
            await anyio.sleep(7000.0)
            assert one.transport.count("refresh_grant") == 1
            await anyio.sleep(1000.0)
            assert keeper.last is not None
            assert keeper.last.renewed == 3

    instantly(work)


def test_a_provider_that_answers_nobody_is_left_alone_for_a_while() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1, apps=20, attempts=1)
        await let_age(one, *one.provider.apps, left=DAY)
        await one.component_token.get()
        one.transport.plays["refresh_grant"] = [lost() for _ in range(5)]
        one.transport.plays["recover_code"] = [lost() for _ in range(5)]
        async with Keeper(one.grants).running() as keeper:
            await anyio.sleep(300.0)
            assert one.transport.count("refresh_grant") == 5
            await anyio.sleep(500.0)
            assert keeper.last is not None
            assert keeper.last.renewed == 20
        assert [app for app in one.provider.apps if not await one.is_safe(app)] == []

    instantly(work)


def test_records_that_cant_be_read_stop_no_other() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1, apps=12)
        *broken, last = sorted(one.provider.apps)
        for app in broken:
            assert await MemoryStore.save(one.store, one.keeping.key("app", app), b"{}", version=0) is not None
        await let_age(one, last, left=DAY)
        keeper = await kept_for(one, 60.0)
        assert keeper.last is not None
        assert (keeper.last.apps, keeper.last.renewed, keeper.last.failed) == (12, 1, 11)

    instantly(work)


@pytest.mark.parametrize("note", ["acquire keeper", "load keeper", "save keeper", "load app"])
def test_a_store_that_fails_is_told_and_tried_again(note: str, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        await let_age(one, *ALL, left=DAY)
        one.store.fails[note] = 1
        async with Keeper(one.grants).running():
            await anyio.sleep(2 * HOUR)
        assert [one.provider.spent[app].used for app in ALL] == [1, 1, 1]
        assert "the disk is full" in caplog.text

    instantly(work)


def test_what_nobody_expected_doesnt_end_it(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        await let_age(one, *ALL, left=DAY)
        times = 0
        names = one.grants.apps

        async def broken() -> AsyncIterator[str]:
            nonlocal times
            times += 1
            if times == 1:
                raise LookupError("46.q7zcanary")
            async for name in names():
                yield name

        def apps(_grants: object) -> AsyncIterator[str]:
            return broken()

        monkeypatch.setattr(type(one.grants), "apps", apps)
        await kept_for(one, HOUR)
        assert times == 2
        assert [one.provider.spent[app].used for app in ALL] == [1, 1, 1]

    instantly(work)
    assert "stumbled over LookupError" in caplog.text
    assert "canary" not in caplog.text


# --- its end ----------------------------------------------------------------------------------------------------------


def test_leaving_waits_for_what_is_being_spent_and_begins_nothing() -> None:
    async def work() -> None:
        one, other = await replicas()
        await let_age(one, *ALL, left=DAY)
        gate = one.transport.gate("refresh_grant", after=True)
        left = anyio.Event()

        async def live() -> None:
            async with Keeper(one.grants).running():
                await gate.came.wait()
            left.set()

        async with anyio.create_task_group() as group:
            group.start_soon(live)
            await gate.came.wait()
            await anyio.sleep(1.0)
            assert not left.is_set()
            assert not one.store.is_lent(one.keeping.key("keeper"))  # another may go on at once
            gate.opened.set()
            await left.wait()
        assert sum(one.provider.spent[app].used for app in ALL) == 1
        assert all([await one.is_safe(app) for app in ALL])
        assert (await kept_for(other, 60.0)).last is not None

    instantly(work)


def test_leaving_that_is_cancelled_waits_all_the_same() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        await let_age(one, APP, left=DAY)
        gate = one.transport.gate("refresh_grant", after=True)
        with anyio.CancelScope() as scope:
            async with Keeper(one.grants).running():
                await gate.came.wait()
                asyncio.get_running_loop().call_later(5.0, gate.opened.set)
                scope.cancel()
        assert await one.is_safe(APP)
        assert one.provider.spent[APP].used == 1

    instantly(work)


def test_nothing_is_begun_once_the_client_is_closed() -> None:
    async def work() -> None:
        (one,) = await replicas(count=1)
        await let_age(one, *ALL, left=DAY)
        closed = False
        async with Keeper(one.grants, lambda: closed, pace=10.0).running() as keeper:
            await anyio.sleep(1.0)
            closed = True
            await anyio.sleep(10 * HOUR)
            assert keeper.last is None
        assert sum(one.provider.spent[app].used for app in ALL) == 1

    instantly(work)
