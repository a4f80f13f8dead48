"""`Run`: a method over many apps, written down app by app, so that it can be resumed after anything."""

from __future__ import annotations

import getpass
import socket
import time
from collections import Counter
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Self

import anyio

from miniapp_tp.bulk.crew import Crew, RunOptions
from miniapp_tp.bulk.filling import Apps, Filling
from miniapp_tp.bulk.gate import Gate
from miniapp_tp.bulk.journal import Journal, Tenancy, entries_of, overtaken, taken
from miniapp_tp.bulk.ledger import Ledger
from miniapp_tp.bulk.operations import Method
from miniapp_tp.bulk.owner import is_gone, this_process
from miniapp_tp.bulk.progress import Progress, Report
from miniapp_tp.bulk.states import ENDS, Entry, Plan, Record, State, Status, Wish
from miniapp_tp.errors import InvalidArgument, MiniAppError, StoreError
from miniapp_tp.priority import in_bulk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping

_LAST_WORDS: Final = 10.0


class Run:
    """A client's method over many apps, of which a journal knows at any moment what is done and what isn't.

    ::

        run = await Run.create(
            client, "set_server_domain", apps, journal=journal,
            arguments={"domains": ServerDomains(request=["api.example.com"])}, why="moving to the new API host",
        )
        report = await run.go()

    Every app is written down before anything is done, and each step of it before the next: what was intended, and what
    came of it. So after kill -9, a power cut or Ctrl-C, `Run.open(…)` and `go()` go on where it stopped: what is done
    isn't done again, nothing is forgotten, and where a process ended between intent and outcome, the operation that
    reads the change back settles what happened. Only one process at a time can be at a run.

    Make it with `create` or `open`.

    Attributes:
        id: The run's number in its journal.
        progress: Counts, rate and causes, while it is being run; as they were read, before.
    """

    def __init__(
        self, client: object, record: Record, journal: Journal, causes: Iterable[tuple[str, int]], options: RunOptions
    ) -> None:
        self.id = record.id
        self.plan = record.plan
        self.progress = Progress(Counter(dict(causes)), time.monotonic)
        self.progress.counts = record.counts
        self._method = Method(client, record.plan.method)
        self._journal = journal
        self._options = options
        self._gate = Gate(time.monotonic)
        self._crew: Crew | None = None
        self._wish = Wish.GO
        self._stopped = ""

    def __repr__(self) -> str:
        """Show which run it is."""
        return f"<Run {self.id} {self.plan.method} on {self.plan.target}>"

    # --- making one --------------------------------------------------------------------------------------------------

    @classmethod
    async def create(
        cls,
        client: object,
        method: str,
        apps: Apps,
        *,
        journal: Journal,
        why: str,
        who: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        keep_before: bool = False,
        options: RunOptions = RunOptions(),  # noqa: B008 - frozen
    ) -> Self:
        """Write a run down with all its apps. Nothing is sent yet.

        Args:
            client: A client, or a fleet.
            method: The name of its method; any that acts on one app, such as `"set_server_domain"`.
            apps: The apps, from any iterable or asynchronous iterable; read lazily. An app that comes twice is done
                once.
            journal: Where it is kept; see `open_journal`.
            why: Why it is done, for whoever reads the journal later.
            who: Who started it; the user of this machine, if `None`.
            arguments: What the method is given besides the app.
            keep_before: Whether what was there before a change is read and kept, so that it can be undone; it costs a
                call per app.
            options: How it goes about it.

        Raises:
            InvalidArgument: No such method, arguments that it doesn't take, no reason, or something that is no app.
            StoreError: The journal fails.
        """
        described = Method(client, method)
        if not isinstance(why, str) or not why.strip():
            raise InvalidArgument("why says in a few words why the run is made: whoever reads the journal will ask")
        written = described.written(arguments or {})
        plan = Plan(
            method=method, arguments=written, target=repr(client), who=who or _user(), why=why, keep_before=keep_before
        )
        run = await journal.create(plan)
        return await cls.open(client, run, journal=journal, apps=apps, options=options)

    @classmethod
    async def open(
        cls,
        client: object,
        run: int,
        *,
        journal: Journal,
        apps: Apps | None = None,
        options: RunOptions = RunOptions(),  # noqa: B008 - frozen
    ) -> Self:
        """Take up a run that was made before, here or in another process; `go()` then goes on with it.

        Args:
            client: The client or fleet that it was made for.
            run: Its number.
            journal: Where it is kept.
            apps: Its source of apps once more, if it ended before all of them were written down.
            options: How it goes about it.

        Raises:
            InvalidArgument: There is no such run, it is of another client, or its apps are incomplete and `apps` is
                missing.
            StoreError: The journal fails, or another process is at the run.
        """
        record = await journal.get(run)
        if record.plan.target != repr(client):
            raise InvalidArgument(f"run {run} was made for {record.plan.target}, not for {client!r}")
        if not record.filled and apps is None:
            raise InvalidArgument(f"run {run} ended before all its apps were written down: give its source once more")
        if not record.filled and apps is not None:
            method = Method(client, record.plan.method)
            async with _tenancy(journal, run, options) as tenancy, _told_of_failure(journal, tenancy):
                await Filling(method, record.plan, journal, tenancy, options.lease).fill(apps)
            record = await journal.get(run)
        return cls(client, record, journal, await journal.causes(run), options)

    # --- running it --------------------------------------------------------------------------------------------------

    async def go(self) -> Report:
        """Do what is left, until every app is over, or something stops all of it.

        Returns:
            What it came to. Its status is `FINISHED`; or `PAUSED`, where an error would hit every app (an address that
            isn't listed, a dead ticket): see `reason`, mend it, and call this again; or `STOPPED`.

        Raises:
            StoreError: The journal fails, or another process is at the run.
        """
        began = time.monotonic()
        self._stopped, self._wish = "", Wish.GO
        self._gate = Gate(time.monotonic, paused=self._gate.paused)
        async with _tenancy(self._journal, self.id, self._options) as tenancy:
            await self._begin(tenancy)
            status, reason = Status.STOPPED, "it was cancelled"
            try:
                status, reason = await self._work(tenancy)
            finally:
                # What went wrong with the journal before is what is to be told.
                with anyio.CancelScope(shield=True), anyio.move_on_after(_LAST_WORDS), suppress(StoreError):
                    seconds = time.monotonic() - began
                    await self._journal.turn(tenancy, status, reason, seconds=seconds)
        return await self.report()

    async def _begin(self, tenancy: Tenancy) -> None:
        record = await self._journal.get(self.id)
        self.progress.counts = record.counts
        if not await self._journal.turn(tenancy, Status.RUNNING):
            raise overtaken(self.id)

    async def _work(self, tenancy: Tenancy) -> tuple[Status, str]:
        ledger = Ledger(self._journal, tenancy)
        crew = self._crew = Crew(
            run=self.id,
            plan=self.plan,
            method=self._method,
            journal=self._journal,
            ledger=ledger,
            gate=self._gate,
            progress=self.progress,
            options=self._options,
            clock=time.time,
        )
        if self._stopped:  # meanwhile
            crew.end()
        async with anyio.create_task_group() as group:
            group.start_soon(_write_on, ledger)
            group.start_soon(self._watch, tenancy, crew)
            try:
                with in_bulk():
                    await crew.work_off()
            finally:
                ledger.close()
            group.cancel_scope.cancel()
        if crew.error is not None:
            raise crew.error
        return self._ending(crew)

    def _ending(self, crew: Crew) -> tuple[Status, str]:
        if not self.progress.left:
            return Status.FINISHED, ""
        return (Status.PAUSED, crew.halted) if crew.halted else (Status.STOPPED, self._stopped)

    async def _watch(self, tenancy: Tenancy, crew: Crew) -> None:
        """Give signs of life, and do what others wish."""
        told = (Status.RUNNING, "")
        try:
            while True:
                await anyio.sleep(self._options.beat)
                # What was sent is waited for: landing after the run's last words, it would stand for them.
                with anyio.CancelScope(shield=True):
                    told = await self._sign(tenancy, told)
        except StoreError as error:
            crew.fail(error)

    async def _sign(self, tenancy: Tenancy, told: tuple[Status, str]) -> tuple[Status, str]:
        wish = await self._journal.beat(tenancy, self._options.lease)
        if wish is None:
            raise overtaken(self.id)
        self._obey(wish)
        if (now := self._standing()) != told:
            await self._journal.turn(tenancy, *now)
        return now

    def _obey(self, wish: Wish) -> None:
        if wish is not self._wish:
            self._wish = wish
            if wish is Wish.STOP:
                self.stop("somebody stopped it")
            else:
                self._gate.pause(paused=wish is Wish.PAUSE)

    def _standing(self) -> tuple[Status, str]:
        if self._gate.paused:
            return Status.PAUSED, "somebody paused it"
        return Status.RUNNING, self._gate.why and f"waiting: {self._gate.why}"

    # --- while it is being run ---------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Begin nothing more for now; what is in hand is finished. The run stays in this process's hands."""
        self._gate.pause(paused=True)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._gate.pause(paused=False)

    def stop(self, why: str = "it was stopped") -> None:
        """Begin nothing more, and let `go()` return when what is in hand is finished; `go()` again goes on."""
        self._stopped = why
        if self._crew is not None:
            self._crew.end()

    # --- looking at it -----------------------------------------------------------------------------------------------

    async def report(self) -> Report:
        """Tell what it came to so far, by the journal."""
        return await report(self._journal, self.id)

    def outcomes(self, states: Collection[State] = ENDS) -> AsyncIterator[Entry]:
        """Give what the journal holds of its apps, in the source's order, without holding them all in memory.

        Args:
            states: Which apps; by default those that are over.
        """
        return entries_of(self._journal, self.id, states)

    async def retry(self, states: Collection[State] = (State.FAILED,)) -> int:
        """Let apps that failed be tried again by the next `go()`.

        Args:
            states: Which apps. An unknown outcome may mean that the change is made: repeat it only if that
                does no harm.

        Returns:
            How many.
        """
        async with _tenancy(self._journal, self.id, self._options) as tenancy:
            return await self._journal.again(tenancy, states)


async def report(journal: Journal, run: int) -> Report:
    """Tell what a run came to so far, by its journal.

    Raises:
        InvalidArgument: There is no such run.
    """
    return Report(await journal.get(run), tuple(await journal.causes(run)))


@asynccontextmanager
async def _tenancy(journal: Journal, run: int, options: RunOptions) -> AsyncGenerator[Tenancy]:
    """Have a run to oneself while the block lasts."""
    tenancy = await journal.acquire(run, this_process(), options.lease, is_gone)
    if tenancy is None:
        raise taken(run, (await journal.get(run)).owner)
    try:
        yield tenancy
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(_LAST_WORDS), suppress(StoreError):
            await journal.release(tenancy)


@asynccontextmanager
async def _told_of_failure(journal: Journal, tenancy: Tenancy) -> AsyncGenerator[None]:
    """Let the journal know that a run's apps are incomplete because their source failed."""
    try:
        yield
    except Exception as error:
        with suppress(StoreError):
            reason = str(error) if isinstance(error, MiniAppError) else type(error).__name__
            await journal.turn(tenancy, Status.STOPPED, f"not all of its apps were written down: {reason}")
        raise


async def _write_on(ledger: Ledger) -> None:
    """Write to the end, also when everything is cancelled: what is known is not to be lost."""
    with anyio.CancelScope(shield=True):
        await ledger.work()


def _user() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "?"  # a container's user without a name
    return f"{name}@{socket.gethostname()}"
