"""`each`: a function over many apps at once, outcomes as they come.

A fixed number of workers pull from the source, so it is read no faster than outcomes are taken.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import anyio
from attrs import define

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models import Done, Failed, Outcome
from miniapp_tp.priority import in_bulk

if TYPE_CHECKING:
    from anyio.abc import ObjectReceiveStream, ObjectSendStream

R = TypeVar("R")
Catch = type[Exception] | tuple[type[Exception], ...]


@asynccontextmanager
async def each(
    function: Callable[[str], Awaitable[R]],
    apps: Iterable[str] | AsyncIterable[str],
    *,
    concurrency: int = 100,
    catch: Catch = Exception,
) -> AsyncGenerator[AsyncIterator[Outcome[R]]]:
    """Call a function for every app, some at once, and give the outcomes as they come.

    ::

        async with each(client.get_info, apps, concurrency=200) as outcomes:
            async for outcome in outcomes:
                ...

    Args:
        function: What to do with one app.
        apps: The apps, from any iterable or asynchronous iterable; read lazily.
        concurrency: How many are in hand at once.
        catch: Which exceptions are one app's failure, and stop no other. Any other ends the whole.

    Yields:
        An asynchronous iterator of `Done` and `Failed`. Leaving the block early cancels what is still running.

    Raises:
        InvalidArgument: `apps` is a single text, or `concurrency` isn't at least 1.
        Exception: What `apps` itself raises, after the outcomes of what was running; what `function` raises and
            `catch` doesn't name, at once.
    """
    _check(apps, concurrency)
    crew = _Crew(function, _Source(apps), catch)
    raised: BaseException | None = None
    async with anyio.create_task_group() as group:
        sender, receiver = anyio.create_memory_object_stream[Outcome[R]](0)
        async with receiver:
            for _ in range(concurrency):
                group.start_soon(crew.work, sender.clone())
            sender.close()
            try:
                yield _Outcomes(receiver, crew)
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as error:  # noqa: BLE001 - raised again below, outside the group, which would wrap it
                raised = error
            group.cancel_scope.cancel()
    if raised is not None:
        raise raised
    crew.raise_once()


def _check(apps: object, concurrency: object) -> None:
    if isinstance(apps, str | bytes) or not isinstance(apps, Iterable | AsyncIterable):
        message = f"apps is an iterable of app ids, not {type(apps).__name__}"
        raise InvalidArgument(message)
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        message = f"concurrency is a whole number of at least 1, not {concurrency!r}"
        raise InvalidArgument(message)


class _Source:
    """The apps, one at a time for many workers."""

    def __init__(self, apps: Iterable[str] | AsyncIterable[str]) -> None:
        self._apps = aiter(apps) if isinstance(apps, AsyncIterable) else iter(apps)
        self._turn = anyio.Lock()
        self._over = False
        self.error: Exception | None = None

    async def next(self) -> str | None:
        """Give the next app; `None` at the end, also where the source raised."""
        async with self._turn:
            if self._over:
                return None
            try:
                return await anext(self._apps) if isinstance(self._apps, AsyncIterator) else next(self._apps)
            except (StopIteration, StopAsyncIteration):
                self._over = True
            except Exception as error:  # noqa: BLE001 - kept, and raised where the caller iterates
                self._over, self.error = True, error
            return None


@define
class _Crew(Generic[R]):
    """The workers, and what they stumbled over."""

    function: Callable[[str], Awaitable[R]]
    source: _Source
    catch: Catch
    error: Exception | None = None
    waiting: anyio.CancelScope | None = None

    async def work(self, sender: ObjectSendStream[Outcome[R]]) -> None:
        with in_bulk():
            await self._work(sender)

    async def _work(self, sender: ObjectSendStream[Outcome[R]]) -> None:
        async with sender:
            while self.error is None and (app := await self.source.next()) is not None:
                try:
                    await sender.send(await self._outcome(app))
                except anyio.BrokenResourceError:
                    return
                except Exception as error:  # noqa: BLE001 - raised where the caller iterates
                    self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.error = self.error or error
        if self.waiting is not None:
            self.waiting.cancel()  # who iterates learns of it now, not when one of the others is done

    async def _outcome(self, app: str) -> Outcome[R]:
        try:
            return Done(app, await self.function(app))
        except self.catch as error:
            return Failed(app, error)

    def raise_once(self) -> None:
        """Raise what ended the work before its time, unless it was raised already."""
        error, self.error, self.source.error = self.error or self.source.error, None, None
        if error is not None:
            raise error


class _Outcomes(Generic[R]):
    """The outcomes, as they come."""

    def __init__(self, receiver: ObjectReceiveStream[Outcome[R]], crew: _Crew[R]) -> None:
        self._receiver = receiver
        self._crew = crew

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome[R]:
        try:
            if self._crew.error is None:
                with anyio.CancelScope() as self._crew.waiting:
                    return await self._receiver.receive()
        except anyio.EndOfStream:
            pass
        self._crew.raise_once()
        raise StopAsyncIteration
