"""What a journal promises: a run's intents and outcomes, safe from kill -9 and power cuts, for one owner at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from attrs import frozen

from miniapp_tp.bulk.states import Entry, Plan, Record, State, Status, Wish
from miniapp_tp.errors import Actor, InvalidArgument, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence


@frozen
class Tenancy:
    """The right of one process to be at a run.

    Attributes:
        run: The run.
        owner: Who has it.
        fence: Grows with every tenancy of the run; whoever has an older one can't write any more.
    """

    run: int
    owner: str
    fence: int


@runtime_checkable
class Journal(Protocol):
    """What keeps runs. Every method may raise `StoreError`; what was written when it returned survives a power cut."""

    async def create(self, plan: Plan) -> int:
        """Write a run down that has no apps yet, and give its number."""
        ...

    async def get(self, run: int) -> Record:
        """Read a run.

        Raises:
            InvalidArgument: There is no such run.
        """
        ...

    async def runs(self, limit: int = 100) -> list[Record]:
        """Read the newest runs, the newest first."""
        ...

    async def acquire(self, run: int, owner: str, seconds: float, is_gone: Callable[[str], bool]) -> Tenancy | None:
        """Let an owner be at a run for some seconds; `None` while somebody else is, unless that one `is_gone`."""
        ...

    async def beat(self, tenancy: Tenancy, seconds: float) -> Wish | None:
        """Prolong it, and give what somebody wishes; `None` if somebody else is at the run now."""
        ...

    async def turn(self, tenancy: Tenancy, status: Status, reason: str = "", *, seconds: float = 0.0) -> bool:
        """Change a run's status, and add to how long it took; `False` if somebody else is at it now."""
        ...

    async def release(self, tenancy: Tenancy) -> None:
        """Let others have it. Nothing done with this tenancy counts from then on, also if it was on its way before."""
        ...

    async def add(self, tenancy: Tenancy, entries: Sequence[Entry]) -> int | None:
        """Write apps down. One that is there already stays as it is.

        Returns:
            How many are new; `None` if somebody else is at the run now.

        Raises:
            InvalidArgument: An app is there already with other arguments.
        """
        ...

    async def filled(self, tenancy: Tenancy) -> None:
        """Note that all apps are written down."""
        ...

    async def write(self, tenancy: Tenancy, changes: Sequence[tuple[Entry, Entry]]) -> bool:
        """Write what became of apps: pairs of before and after, all or none. `False` if somebody else is at it now."""
        ...

    async def page(self, run: int, states: Collection[State], after: int, limit: int) -> list[Entry]:
        """Read the next apps in some states, in the source's order, behind a place."""
        ...

    async def find(self, run: int, app: str) -> Entry | None:
        """Read one app."""
        ...

    async def again(self, tenancy: Tenancy, states: Collection[State]) -> int:
        """Let apps in these states be done again, as if nothing had been tried; gives how many."""
        ...

    async def causes(self, run: int) -> list[tuple[str, int]]:
        """Count what went wrong, by cause, the most frequent first."""
        ...

    async def wish(self, run: int, wish: Wish) -> None:
        """Say what is wanted of the process that is at a run."""
        ...

    async def aclose(self) -> None:
        """Close it; closing twice does nothing."""
        ...


async def entries_of(journal: Journal, run: int, states: Collection[State] = tuple(State)) -> AsyncIterator[Entry]:
    """Give a run's apps in some states, in the source's order, without holding them all in memory.

    Args:
        journal: Where the run is kept.
        run: Its number.
        states: Which apps.
    """
    after = 0
    while page := await journal.page(run, states, after, 500):
        for entry in page:
            yield entry
        after = page[-1].place


def no_such_run(run: int) -> InvalidArgument:
    """Say that there is no run of this number."""
    return InvalidArgument(f"the journal has no run {run}; `miniapp-tp runs list` shows which there are")


def taken(run: int, owner: str) -> StoreError:
    """Say that another process is at a run."""
    message = f"run {run} is in the hands of another process ({owner}): stop that one first, or wait until it is gone"
    return StoreError(message, actor=Actor.TIME)


def overtaken(run: int) -> StoreError:
    """Say that another process has taken a run over."""
    message = f"run {run} was taken over by another process, since this one gave no sign of life for too long"
    return StoreError(message, actor=Actor.TIME)
