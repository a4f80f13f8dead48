"""What can be watched: one record per request sent."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable
from typing import TypeAlias

from attrs import frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.wire.meaning import Code

_log = logging.getLogger("miniapp_tp")


@frozen
class Attempt:
    """One request that was sent, token requests included. It never holds a token.

    Attributes:
        provider: The provider's name.
        operation: The name of the method.
        app: The app it was made for; `None` if for the component itself.
        number: Which attempt of its call it was, from 1.
        elapsed: Seconds from sending to the end of the reply.
        status: The HTTP status; `None` if nothing came.
        error: The name of the error's class; `None` if it went well.
        code: The provider's code, if it said no.
        request_id: What the provider's support asks for.
        retry_in: Seconds until the next attempt; `None` if this was the last.
    """

    provider: str
    operation: str
    app: str | None
    number: int
    elapsed: float
    status: int | None
    error: str | None
    code: Code | None
    request_id: str | None
    retry_in: float | None


Hook: TypeAlias = Callable[[Attempt], object]
"""Called with every attempt, in the task that made it: it should be quick, and isn't awaited."""


class Hooks:
    """The hooks of a client: one that raises is logged once, and breaks no call.

    Args:
        hooks: The callables.

    Attributes:
        watch: Whether there are any.

    Raises:
        InvalidArgument: Something that can't be called, or would have to be awaited.
    """

    def __init__(self, hooks: Iterable[Hook]) -> None:
        self._hooks = tuple(hooks)
        self.watch = bool(self._hooks)
        self._broken: set[int] = set()
        for hook in self._hooks:
            if not callable(hook) or _is_asynchronous(hook):
                message = f"a hook is a plain callable that takes an Attempt; {hook!r} is none"
                raise InvalidArgument(message)

    def tell(self, attempt: Attempt) -> None:
        """Show an attempt to all hooks."""
        for number, hook in enumerate(self._hooks):
            try:
                hook(attempt)
            except Exception:  # noqa: BLE001 - it is the user's code, whatever it raises
                if number not in self._broken:
                    self._broken.add(number)
                    _log.exception("a hook raised; calls go on, and this is said once")


def _is_asynchronous(hook: Hook) -> bool:
    """Tell whether a hook would have to be awaited: a coroutine function, or an object with one for its call."""
    return inspect.iscoroutinefunction(hook) or inspect.iscoroutinefunction(type(hook).__call__)
