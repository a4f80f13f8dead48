"""The parts of a run, each on its own: who owns it, what errors mean, the gate, the journal's file, the progress."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections import Counter
from contextlib import aclosing
from typing import TYPE_CHECKING

import anyio
import pytest

from miniapp_tp import (
    AuthorizationLost,
    ConnectFailed,
    ConnectionLost,
    CredentialRejected,
    DeadlineExceeded,
    InvalidArgument,
    NotSupported,
    PermissionDenied,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    Scope,
    State,
    Status,
    StoreError,
    TicketMissing,
    open_journal,
)
from miniapp_tp.bulk import owner
from miniapp_tp.bulk.gate import Gate
from miniapp_tp.bulk.journal import Tenancy
from miniapp_tp.bulk.journal_postgres import PostgresJournal
from miniapp_tp.bulk.journal_sqlite import SqliteJournal
from miniapp_tp.bulk.judging import Verdict, advice, judge
from miniapp_tp.bulk.ledger import Ledger
from miniapp_tp.bulk.operations import as_json, methods_of
from miniapp_tp.bulk.owner import is_gone, this_process
from miniapp_tp.bulk.progress import Progress
from miniapp_tp.bulk.states import Counts, Entry, Plan, Trouble
from tests.support.running import OwnClient
from tests.support.servers import POSTGRES, asyncpg, free_port, need, place, postgres_schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

PLAN = Plan(method="get_info", arguments="{}", target="<x>", who="me", why="a test")


def unsent() -> DeadlineExceeded:
    error = DeadlineExceeded("no", may_have_happened=False)
    error.unsent = True
    return error


# --- what errors mean -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (LookupError("a bug"), Verdict.FAILED),
        (InvalidArgument("no"), Verdict.FAILED),
        (NotSupported("no"), Verdict.FAILED),
        (AuthorizationLost("no"), Verdict.FAILED),
        (PermissionDenied("no"), Verdict.FAILED),
        (QuotaExhausted("no"), Verdict.FAILED),
        (PermissionDenied("no", scope=Scope.COMPONENT), Verdict.HALT),
        (CredentialRejected("no", scope=Scope.COMPONENT), Verdict.HALT),
        (QuotaExhausted("no", scope=Scope.COMPONENT), Verdict.HALT),
        (TicketMissing("no"), Verdict.HALT),
        (ProviderUnavailable("no"), Verdict.AGAIN),
        (ProviderUnavailable("no", scope=Scope.PROVIDER), Verdict.WAIT),
        (RateLimited("no"), Verdict.WAIT),
        (ConnectFailed("no"), Verdict.WAIT),
        (ConnectionLost("no", may_have_happened=False), Verdict.AGAIN),
        (DeadlineExceeded("no", may_have_happened=False), Verdict.AGAIN),
        (StoreError("locked"), Verdict.WAIT),
        (unsent(), Verdict.WAIT),
    ],
    ids=lambda value: value.name if isinstance(value, Verdict) else type(value).__name__,
)
def test_what_an_error_means(error: Exception, verdict: Verdict) -> None:
    assert judge(error) is verdict


def test_a_halt_says_who_must_act() -> None:
    assert advice(TicketMissing("no ticket")) == "no ticket — wait, then resume the run"


def test_causes_tell_the_codes_apart() -> None:
    assert Trouble.of(PermissionDenied("no", code=6001)).cause == "PermissionDenied 6001 (merchant)"
    assert Trouble.of(ConnectFailed("no")).cause == "ConnectFailed (you)"


# --- who owns a run -------------------------------------------------------------------------------------------------


def test_a_process_that_runs_is_not_gone() -> None:
    assert not is_gone(this_process())
    assert this_process() != this_process()


def test_a_process_that_ended_is_gone() -> None:
    code = "from miniapp_tp.bulk.owner import this_process; print(this_process())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert is_gone(done.stdout.strip()) is (sys.platform == "linux")


def test_another_process_of_the_same_number_is_not_that_one() -> None:
    host, pid, _started, place, one = this_process().split()
    assert is_gone(f"{host} {pid} 1 {place} {one}") is (sys.platform == "linux")


def test_of_others_nothing_is_certain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    host, pid, _started, place, one = this_process().split()
    assert not is_gone("")
    assert not is_gone(f"elsewhere.{host} {pid} 1 {place} {one}")
    assert not is_gone(f"{host} {pid} 1 another-boot {one}")
    monkeypatch.setattr(owner, "_BOOT", tmp_path / "none")
    assert not is_gone(this_process())
    assert not is_gone(f"{socket.gethostname()} 999999999 ? ? {one}")
    assert str(os.getpid()) in this_process()


# --- the gate -------------------------------------------------------------------------------------------------------


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_after_trouble_one_finds_out_whether_it_works_again() -> None:
    clock = Time()
    gate = Gate(clock)
    assert await gate.passed()
    gate.trouble("down")
    gate.trouble("down, said another that was under way")
    assert gate.why == "down"
    passed: list[str] = []

    async def go(name: str) -> None:
        if await gate.passed():
            passed.append(name)

    async with anyio.create_task_group() as group:
        clock.now = 1.0
        group.start_soon(go, "first")
        group.start_soon(go, "second")
        await anyio.wait_all_tasks_blocked()
        assert passed == ["first"]
        gate.trouble("still down")
        assert gate.closed_for == 1.0
        clock.now = 3.0
        group.start_soon(go, "third")
        await anyio.wait_all_tasks_blocked()
        assert len(passed) == 2
        gate.success()
        assert gate.closed_for == 0.0
    assert len(passed) == 3


async def test_who_finds_nothing_out_lets_another_one_try() -> None:
    clock = Time()
    gate = Gate(clock)
    gate.trouble("down")
    clock.now = 1.0
    assert await gate.passed()
    async with anyio.create_task_group() as group:
        group.start_soon(gate.passed)
        await anyio.wait_all_tasks_blocked()
        gate.passed_on()
    gate.passed_on()
    gate.success()
    assert await gate.passed()


async def test_nobody_passes_in_the_end() -> None:
    gate = Gate(Time())
    gate.pause(paused=True)
    gate.pause(paused=True)
    async with anyio.create_task_group() as group:
        group.start_soon(gate.passed)
        await anyio.wait_all_tasks_blocked()
        gate.end()
    assert not await gate.passed()


# --- progress -------------------------------------------------------------------------------------------------------


def test_rate_and_time_left() -> None:
    clock = Time()
    progress = Progress(Counter(), clock)
    progress.counts = Counts(pending=100)
    assert (progress.rate, progress.seconds_left) == (0.0, None)
    for number in range(60):
        clock.now = number * 0.5
        entry = Entry(number, str(number))
        progress.note(entry, entry.became(State.DONE, 0.0))
    assert progress.rate == pytest.approx(2.0, rel=0.1)
    assert progress.seconds_left == pytest.approx(20.0, rel=0.1)
    assert progress.counts == Counts(pending=40, done=60)


# --- the journal ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
async def address(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    async with place(request.param, tmp_path) as found:
        yield found


async def test_runs_are_listed_newest_first(address: str) -> None:
    async with aclosing(open_journal(address)) as journal:
        assert [await journal.create(PLAN) for _ in range(3)] == [1, 2, 3]
        assert [record.id for record in await journal.runs(limit=2)] == [3, 2]
        assert repr(journal).startswith(("SqliteJournal('", 'PostgresJournal(schema="miniapp_tp_test_'))
    with pytest.raises(InvalidArgument, match="closed"):
        await journal.get(1)


async def test_who_lost_a_run_writes_nothing(address: str) -> None:
    async with aclosing(open_journal(address)) as journal:
        run = await journal.create(PLAN)
        old = await journal.acquire(run, "one", 60.0, lambda _owner: False)
        assert old is not None
        assert await journal.acquire(run, "two", 60.0, lambda _owner: False) is None
        assert await journal.acquire(99, "two", 60.0, lambda _owner: False) is None
        assert await journal.add(old, [Entry(0, "a")]) == 1
        new = await journal.acquire(run, "two", 60.0, lambda _owner: True)
        assert new is not None
        (entry,) = await journal.page(run, [State.PENDING], 0, 10)
        assert await journal.add(old, [Entry(0, "b")]) is None
        assert not await journal.write(old, [(entry, entry.became(State.DONE, 0.0))])
        assert not await journal.turn(old, Status.FINISHED)
        assert await journal.again(old, [State.PENDING]) == 0
        assert await journal.beat(old, 60.0) is None
        assert await journal.write(new, [(entry, entry.became(State.DONE, 0.0))])
        assert (await journal.get(run)).counts == Counts(done=1)


async def test_another_file_is_left_alone(tmp_path: Path) -> None:
    tmp_path.joinpath("runs.db").write_bytes(b"something else" * 100)
    async with aclosing(open_journal(f"sqlite:///{tmp_path}/runs.db")) as journal:
        with pytest.raises(StoreError, match=r"the journal of runs .* isn't an SQLite database"):
            await journal.create(PLAN)


@pytest.mark.parametrize(
    "url", ["", "runs.db", "redis://x", "sqlite:///", "sqlite:///a?b", "memory://", "postgresql://h/d?no_such_option=1"]
)
def test_addresses_that_mean_no_journal(url: str) -> None:
    with pytest.raises(InvalidArgument, match=r"(journal's address is one of|there are) sqlite:///"):
        open_journal(url)


async def test_what_waits_for_a_write_that_fails_learns_of_it(tmp_path: Path) -> None:
    async with aclosing(SqliteJournal(tmp_path / "runs.db")) as journal:
        run = await journal.create(PLAN)
        tenancy = await journal.acquire(run, "one", 60.0, lambda _owner: False)
        assert tenancy is not None
        ledger = Ledger(journal, tenancy)
        await ledger.drain()
        await journal.acquire(run, "two", 60.0, lambda _owner: True)
        entry = Entry(1, "a")
        async with anyio.create_task_group() as group:
            group.start_soon(ledger.work)
            with pytest.raises(StoreError, match="taken over"):
                await ledger.write(entry, entry)
            with pytest.raises(StoreError, match="taken over"):
                await ledger.write(entry, entry)
            with pytest.raises(StoreError, match="taken over"):
                await ledger.drain()


async def test_draining_waits_for_what_is_being_written(tmp_path: Path) -> None:
    """A journal that others read beside a write would show them what isn't true any more."""
    begun, go_on = anyio.Event(), anyio.Event()

    class Slow(SqliteJournal):
        async def write(self, tenancy: Tenancy, changes: Sequence[tuple[Entry, Entry]]) -> bool:
            begun.set()
            await go_on.wait()
            return True

    async with aclosing(Slow(tmp_path / "runs.db")) as journal, anyio.create_task_group() as group:
        ledger = Ledger(journal, Tenancy(1, "one", 1))
        group.start_soon(ledger.work)
        ledger.note(Entry(1, "a"), Entry(1, "a"))
        await begun.wait()
        drained = anyio.Event()

        async def drain() -> None:
            await ledger.drain()
            drained.set()

        group.start_soon(drain)
        await anyio.wait_all_tasks_blocked()
        assert not drained.is_set()
        go_on.set()
        await drained.wait()
        ledger.close()


async def test_a_server_that_is_away() -> None:
    async with aclosing(open_journal(f"postgresql://nobody@127.0.0.1:{free_port()}/none")) as journal:
        with pytest.raises(StoreError, match=r"the journal of runs in PostgreSQL .* can't be used") as raised:
            await journal.runs()
        assert "nobody" not in str(raised.value)
    with pytest.raises(InvalidArgument, match="closed"):
        await journal.runs()


def test_a_driver_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'miniapp_tp\[postgres\]'"):
        open_journal("postgresql://h/d")


async def test_a_pool_of_asyncpg(tmp_path: Path) -> None:
    need(POSTGRES)
    async with (
        postgres_schema() as schema,
        asyncpg.create_pool(POSTGRES, min_size=1, max_size=2) as pool,
        aclosing(PostgresJournal(pool, schema=schema)) as journal,
    ):
        run = await journal.create(PLAN)
        tenancy = await journal.acquire(run, "one", 60.0, lambda _owner: False)
        assert tenancy is not None
        assert await journal.add(tenancy, [Entry(0, "a"), Entry(0, "b")]) == 2
        (first, _second) = await journal.page(run, [State.PENDING], 0, 10)
        assert await journal.write(tenancy, [(first, first.became(State.DONE, 0.0))])
        assert (await journal.get(run)).counts == Counts(pending=1, done=1)


# --- methods --------------------------------------------------------------------------------------------------------


def test_the_methods_that_a_run_can_call() -> None:
    usable = methods_of(OwnClient)
    assert {"get_info", "set_server_domain", "set_webview_domain", "once", "forget"} <= set(usable)
    assert {"adopt", "authorize", "call", "perform", "hand_over"}.isdisjoint(usable)


def test_what_has_no_form_as_json_is_described() -> None:
    assert as_json(object()) == '"a object"'
    assert as_json(None) is None
