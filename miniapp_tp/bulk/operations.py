"""A client's method as a journal can keep it: its name, its arguments as JSON, and how its change is read back."""

from __future__ import annotations

import collections.abc
import copy
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

from attrs import define, frozen
from cattrs.preconf.json import JsonConverter, make_converter

from miniapp_tp import models
from miniapp_tp.contract import OPERATIONS
from miniapp_tp.errors import InvalidArgument
from miniapp_tp.wire.endpoint import ReadBack

_FIRST: Final = "app"
_SECRET: Final = ("token", "secret", "ticket", "code", "key")


@frozen
class Change:
    """An operation as one client would make it for one app.

    Attributes:
        params: Its parameters, in the provider's own terms.
        read_back: How to learn whether it was made, if there is a way.
        changes: Whether it changes anything.
    """

    params: Any
    read_back: ReadBack[Any] | None
    changes: bool

    @classmethod
    def of(cls, operation: object, params: object) -> Change:
        """Look at an operation."""
        endpoint: Any = getattr(operation, "endpoint", operation)  # a procedure's is the one that makes the change
        # Of one that is absent, nothing is ever sent.
        return cls(params, getattr(endpoint, "read_back", None), changes=bool(getattr(endpoint, "changes", False)))

    def is_made(self, found: object) -> bool:
        """Tell whether the state that was read shows the change as made."""
        return self.read_back is not None and self.read_back.holds(self.params, found)


class _Performed(Exception):
    """Ends a method that was only called to see what it would perform."""

    def __init__(self, pick: Callable[[Any], Any], make: Callable[[], Any]) -> None:
        super().__init__()
        self.pick = pick
        self.make = make


class _Picked(Exception):
    """Ends a call that was only made to see which operation it picks."""

    def __init__(self, operation: Any) -> None:  # noqa: ANN401 - of whatever provider
        super().__init__()
        self.operation = operation


@define(slots=False)
class Method:
    """A method of a client that acts on one app.

    Args:
        client: The client.
        name: The method's name.

    Raises:
        InvalidArgument: The client has no such method, or one that doesn't act on one app, or takes what must not be
            written down.
    """

    client: Any
    name: str

    def __attrs_post_init__(self) -> None:
        if not _is_usable(self.client.__class__, self.name):
            usable = ", ".join(methods_of(self.client.__class__))
            raise InvalidArgument(f"a run calls a method that acts on one app, unlike {self.name!r}: {usable}")

    @cached_property
    def _function(self) -> Callable[..., Awaitable[Any]]:
        found: Callable[..., Awaitable[Any]] = getattr(self.client.__class__, self.name)
        return found

    @cached_property
    def _hints(self) -> dict[str, Any]:
        # What annotations name, although it is imported for the type checkers only.
        names = {**vars(collections.abc), **vars(models)}
        return get_type_hints(self._function, localns=names)

    def written(self, arguments: Mapping[str, Any]) -> str:
        """Write arguments as JSON.

        Raises:
            InvalidArgument: Something in them has no form as JSON.
        """
        try:
            plain = {
                name: CONVERTER.unstructure(tuple(value) if _is_listed(value) else value)
                for name, value in arguments.items()
            }
            return json.dumps(plain, ensure_ascii=False, sort_keys=True)
        except (TypeError, ValueError) as problem:
            message = f"the arguments of {self.name} can't be written down: {type(problem).__name__}"
            raise InvalidArgument(message) from None

    def read(self, *texts: str | None) -> dict[str, Any]:
        """Make arguments of JSON; later ones replace earlier ones of the same name.

        Raises:
            InvalidArgument: The method takes no such argument, one is missing, or a value can't be meant.
        """
        plain = {name: value for text in texts if text for name, value in json.loads(text).items()}
        self._check(plain)
        return {name: self._structured(name, value) for name, value in plain.items()}

    def _check(self, plain: Mapping[str, Any]) -> None:
        try:
            inspect.signature(self._function).bind(self.client, "app", **plain)
        except TypeError as problem:
            raise InvalidArgument(f"{self.name}: {problem}") from None

    def _structured(self, name: str, value: Any) -> Any:  # noqa: ANN401 - JSON, and whatever a method takes
        hint: Any = self._hints[name]
        value = _unfolded(value, hint)
        if get_origin(hint) is collections.abc.Iterable:
            if not isinstance(value, list):
                raise InvalidArgument(f"{self.name}: {name} is a list, not {value!r}")
            hint = tuple.__class_getitem__((get_args(hint)[0], ...))
        try:
            made: Any = CONVERTER.structure(value, hint)
        except Exception as problem:  # noqa: BLE001 - cattrs wraps whatever a class raises
            cause = _innermost(problem)
            why = cause.args[0] if isinstance(cause, InvalidArgument) else f"it can't be {value!r}"
        else:
            return made
        raise InvalidArgument(f"{self.name}: {name}: {why}")

    async def __call__(self, app: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever it returns
        """Call it for an app."""
        return await self._function(self.client, app, **arguments)

    async def change(self, app: str, arguments: Mapping[str, Any]) -> Change:
        """See what a call would do, without doing it.

        Only of the operations of the contract is that known: each of their methods does nothing but `perform` one. Of
        any other method the worst is supposed, and it isn't tried.

        Raises:
            InvalidArgument: The arguments make no sense.
        """
        if self.name not in OPERATIONS or not hasattr(self.client, "perform"):
            return Change(None, None, changes=True)
        probe = copy.copy(self.client)
        vars(probe)["perform"] = _perform
        try:
            await self._function(probe, app, **arguments)
        except _Performed as seen:
            return Change.of(await self._picked(app, seen.pick), seen.make())
        return Change(None, None, changes=True)

    async def _picked(self, app: str, pick: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - of whatever provider
        def stop(contract: Any) -> Any:  # noqa: ANN401
            raise _Picked(pick(contract))

        try:
            await self.client.perform(stop, app, dict)
        except _Picked as picked:
            return picked.operation
        return None

    async def found(self, app: str, change: Change) -> Any:  # noqa: ANN401 - what the provider has
        """Read the state that an operation changes.

        Raises:
            MiniAppError: It couldn't be read.
        """
        if change.read_back is None:
            return None
        endpoint = change.read_back.endpoint
        return await self.client.call(endpoint, app, None)


def methods_of(kind: Any) -> list[str]:  # noqa: ANN401 - whatever class of clients
    """Name the methods of a class of clients that a run can call."""
    return [name for name in dir(kind) if _is_usable(kind, name)]


def _is_usable(kind: Any, name: str) -> bool:  # noqa: ANN401 - whatever class of clients
    function: Any = None if name.startswith("_") else getattr(kind, name, None)
    if not inspect.iscoroutinefunction(function):
        return False
    names = [parameter for parameter in inspect.signature(function).parameters if parameter != "self"]
    shows = any(word in parameter.split("_") for parameter in names for word in _SECRET)
    return names[:1] == [_FIRST] and not shows


async def _perform(pick: Callable[[Any], Any], _app: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - never
    raise _Performed(pick, make)


def _is_listed(value: object) -> bool:
    return isinstance(value, collections.abc.Iterable) and not isinstance(value, str | bytes | Mapping | list | tuple)


def _unfolded(value: object, hint: object) -> object:
    """Read JSON where a table could only hold text."""
    if not isinstance(value, str) or hint is str or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _innermost(problem: BaseException) -> BaseException:
    """Find the first cause in what cattrs raises: a group of groups."""
    while isinstance(problem, BaseExceptionGroup):
        problem = cast("BaseExceptionGroup[BaseException]", problem).exceptions[0]
    return problem


def _converter() -> JsonConverter:
    # An attrs class checks what it is given itself, and a name that it doesn't have is a mistake.
    return make_converter(prefer_attrib_converters=True, forbid_extra_keys=True)


CONVERTER: Final = _converter()
"""Models to JSON values and back."""


def as_json(value: object) -> str | None:
    """Write what a method returned as JSON; nothing for nothing, a description for what has no form as JSON."""
    if value is None:
        return None
    try:
        return json.dumps(CONVERTER.unstructure(value), ensure_ascii=False)
    except (TypeError, ValueError):
        return json.dumps(f"a {type(value).__name__}")
