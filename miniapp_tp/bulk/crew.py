"""The workers of a run: intent, call, outcome, for one app after the other, until nothing is left or nothing goes on.

A pass does what is to be done; what is in doubt is settled behind it, when whatever was under way has had time to
arrive. Passes follow each other until every app is over.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final

import anyio
from attrs import define, evolve, field, frozen

from miniapp_tp.bulk.gate import Gate
from miniapp_tp.bulk.journal import Journal
from miniapp_tp.bulk.judging import Verdict, advice, judge
from miniapp_tp.bulk.ledger import Ledger
from miniapp_tp.bulk.operations import Method, as_json
from miniapp_tp.bulk.progress import Progress
from miniapp_tp.bulk.states import DOUBTS, Entry, Plan, State, Trouble
from miniapp_tp.errors import MiniAppError

_PAGE: Final = 500
_LONGEST_REST: Final = 30.0


@frozen(kw_only=True)
class RunOptions:
    """How a run goes about it.

    Attributes:
        concurrency: How many apps are in hand at once.
        tries: How often an app is tried that fails in a way which may pass.
        settle_after: Seconds that a request without an answer is given to arrive, before the outcome is looked up.
        patience: Seconds of trouble that time could heal (no connection, a provider that is down), before the run is
            paused.
        lease: Seconds after which other processes may take the run over from one that gives no sign of life.
        beat: Seconds between its signs of life, at which it also learns what others wish.
    """

    concurrency: int = 16
    tries: int = 3
    settle_after: float = 5.0
    patience: float = 900.0
    lease: float = 15.0
    beat: float = 0.5


@define
class _Feed:
    """The apps of one pass, a page at a time, for many workers."""

    journal: Journal
    run: int
    states: Collection[State]
    _page: deque[Entry] = field(factory=deque[Entry])
    _after: int = 0
    _turn: anyio.Lock = field(factory=anyio.Lock)

    async def next(self) -> Entry | None:
        if not self._page:
            async with self._turn:
                if not self._page:
                    self._page.extend(await self.journal.page(self.run, self.states, self._after, _PAGE))
        if not self._page:
            return None
        entry = self._page.popleft()
        self._after = entry.place
        return entry


@define
class Crew:
    """The workers of a run.

    Attributes:
        run: The run's number.
        plan: What it is to do.
        method: The client's method.
        journal: Where it is kept.
        ledger: Writes what becomes of apps.
        gate: Lets workers go on, or not.
        progress: Counts.
        options: How it goes about it.
        clock: The wall clock.
        halted: Why nothing goes on, once an error says so.
        error: What went wrong with the journal.
    """

    run: int
    plan: Plan
    method: Method
    journal: Journal
    ledger: Ledger
    gate: Gate
    progress: Progress
    options: RunOptions
    clock: Callable[[], float]
    halted: str = ""
    error: Exception | None = None
    _common: Mapping[str, Any] | None = None
    _ended: asyncio.Event = field(factory=asyncio.Event)

    async def work_off(self) -> None:
        """Do everything that is left, or as much as goes; `error` and `halted` say why not."""
        rests = 0
        while not self.gate.over and self.progress.left:
            over = self.progress.left
            await self._pass((State.PENDING,), self._do)
            await self._pass(DOUBTS, self._settle)
            rests = 0 if self.progress.left < over else rests + 1
            if self.progress.left and rests:
                await self._rest(min(2.0 ** (rests - 1), _LONGEST_REST))

    def end(self, why: str = "") -> None:
        """Let everybody finish what is in hand, and begin nothing more."""
        self.halted = self.halted or why
        self.gate.end()
        self._ended.set()

    async def _rest(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self._ended.wait()

    async def _pass(self, states: Collection[State], deal: Callable[[Entry], Awaitable[None]]) -> None:
        feed = _Feed(self.journal, self.run, states)
        hands = min(self.options.concurrency, max(self.progress.left, 1))
        async with anyio.create_task_group() as group:
            for _ in range(hands):
                group.start_soon(self._work, feed, deal)
        await self._until_written()

    async def _work(self, feed: _Feed, deal: Callable[[Entry], Awaitable[None]]) -> None:
        try:
            while (entry := await feed.next()) is not None and await self.gate.passed():
                await deal(entry)
                self.gate.passed_on()
        except Exception as error:  # noqa: BLE001 - the journal's, or a mistake of ours: it ends the run
            self.fail(error)

    async def _until_written(self) -> None:
        try:
            await self.ledger.drain()
        except Exception as error:  # noqa: BLE001 - the same
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Begin nothing more, since the journal can't be written."""
        self.error = self.error or error
        self.end()

    def _note(self, before: Entry, after: Entry) -> None:
        self.progress.note(before, after)
        self.ledger.note(before, after)

    # --- what is to be done ------------------------------------------------------------------------------------------

    async def _do(self, entry: Entry) -> None:
        try:
            arguments = self._arguments(entry)
            entry = await self._with_before(entry, arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this app's; nothing was changed
            self._note(entry, self._failed(evolve(entry, tries=entry.tries + 1), error))
            return
        intended = entry.became(State.INTENDED, self.clock())
        self.progress.note(entry, intended)
        await self.ledger.write(entry, intended)
        if self.gate.over or self.gate.paused:  # meanwhile: nothing was sent, and nothing is to be
            self._note(intended, evolve(entry, at=self.clock()))
            return
        self._note(intended, await self._called(intended, arguments))

    def _arguments(self, entry: Entry) -> Mapping[str, Any]:
        if entry.arguments:
            return self.method.read(self.plan.arguments, entry.arguments)
        if self._common is None:
            self._common = self.method.read(self.plan.arguments)
        return self._common

    async def _with_before(self, entry: Entry, arguments: Mapping[str, Any]) -> Entry:
        """Keep what is there before the first change, so that it can be undone."""
        if not self.plan.keep_before or entry.before is not None:
            return entry
        change = await self.method.change(entry.app, arguments)
        return evolve(entry, before=as_json(await self.method.found(entry.app, change)))

    async def _called(self, entry: Entry, arguments: Mapping[str, Any]) -> Entry:
        try:
            value = await self.method(entry.app, arguments)
        except Exception as error:  # noqa: BLE001 - one app's failure stops no other
            return self._failed(entry, error)
        self.gate.success()
        return entry.became(State.DONE, self.clock(), value=as_json(value))

    def _failed(self, entry: Entry, error: Exception) -> Entry:
        verdict = self._affected(error)
        doubtful = entry.state is State.INTENDED and isinstance(error, MiniAppError) and error.may_have_happened
        if doubtful:
            state = State.DOUBTFUL
        elif verdict in {Verdict.WAIT, Verdict.HALT}:
            # It is none of this app's fault, and isn't counted as a try of it.
            return evolve(entry.became(State.PENDING, self.clock()), tries=entry.tries - 1)
        else:
            state = State.PENDING if verdict is Verdict.AGAIN and entry.tries < self.options.tries else State.FAILED
        return entry.became(state, self.clock(), Trouble.of(error))

    def _affected(self, error: Exception) -> Verdict:
        """Let an error stop the others, if it concerns them."""
        verdict = judge(error)
        if verdict is Verdict.HALT and isinstance(error, MiniAppError):
            self.end(advice(error))
        elif verdict is Verdict.WAIT or (verdict is Verdict.AGAIN and self.gate.closed_for):
            self.gate.trouble(str(error))
            if self.gate.closed_for > self.options.patience and isinstance(error, MiniAppError):
                self.end(advice(error))
        else:
            self.gate.success()
        return verdict

    # --- what is in doubt --------------------------------------------------------------------------------------------

    async def _settle(self, entry: Entry) -> None:
        patience = self.options.settle_after
        await self._rest(min(entry.at + patience - self.clock(), patience))  # whatever the clock was when it was noted
        if not self.gate.over:
            self._note(entry, await self._settled(entry))

    async def _settled(self, entry: Entry) -> Entry:
        now = self.clock
        try:
            change = await self.method.change(entry.app, self._arguments(entry))
            if not change.changes:
                return entry.became(State.PENDING, now(), entry.trouble)
            if change.read_back is None:
                return entry.became(State.UNKNOWN, now(), entry.trouble or _NOT_TOLD)
            found = await self.method.found(entry.app, change)
        except Exception as error:  # noqa: BLE001 - one app's failure stops no other
            return self._unsettled(entry, error)
        self.gate.success()
        if change.is_made(found):
            return entry.became(State.DONE, now())
        given_up = entry.state is State.DOUBTFUL and entry.tries >= self.options.tries
        return entry.became(State.FAILED if given_up else State.PENDING, now(), entry.trouble)

    def _unsettled(self, entry: Entry, error: Exception) -> Entry:
        """Leave it in doubt as long as there is hope, else say that it can't be known."""
        verdict = self._affected(error)
        if verdict in {Verdict.WAIT, Verdict.HALT}:
            return evolve(entry, at=self.clock())
        again = verdict is Verdict.AGAIN and entry.tries < self.options.tries
        after = entry.became(State.DOUBTFUL if again else State.UNKNOWN, self.clock(), Trouble.of(error))
        return evolve(after, tries=entry.tries + 1)


_NOT_TOLD: Final = Trouble(
    "Interrupted", "the process ended before the outcome was known, and nothing reads it back", "you", "app"
)
