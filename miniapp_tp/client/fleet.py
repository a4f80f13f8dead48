"""Several clients as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import evolve

from miniapp_tp.client.interface import MiniAppClient
from miniapp_tp.errors import InvalidArgument, MiniAppError
from miniapp_tp.models import OfApp

if TYPE_CHECKING:
    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.contract import Contract
    from miniapp_tp.wire.endpoint import Operation

P = TypeVar("P")
R = TypeVar("R")


def _named(members: Iterable[ComponentClient] | Mapping[str, ComponentClient]) -> list[tuple[str, ComponentClient]]:
    if isinstance(members, Mapping):
        return list(cast("Mapping[str, ComponentClient]", members).items())
    return [(member.provider, member) for member in members]


async def _close(member: ComponentClient, raised: list[Exception]) -> None:
    try:
        await member.aclose()
    except Exception as error:  # noqa: BLE001 - raised again when the others are closed
        raised.append(error)


class Fleet(MiniAppClient):
    """Several clients as one: app ids are qualified by their client's name, `"baidu:15263713"`.

    Results and errors carry the qualified id. Closing a fleet closes its members.

    Args:
        members: Clients of different providers, named after these; or a mapping from names to clients.

    Raises:
        InvalidArgument: No members, two of one name, or a name with a colon.
    """

    def __init__(self, members: Iterable[ComponentClient] | Mapping[str, ComponentClient]) -> None:
        named = _named(members)
        self._members = dict(named)
        if not self._members or len(self._members) < len(named):
            message = "a fleet has members of different names: Fleet({'baidu': one, 'baidu-2': other})"
            raise InvalidArgument(message)
        if wrong := [name for name in self._members if ":" in name or not name]:
            message = f"a member's name has no colon and isn't empty, unlike {wrong[0]!r}"
            raise InvalidArgument(message)

    @property
    def members(self) -> Mapping[str, ComponentClient]:
        """The clients by their names, which qualify app ids."""
        return MappingProxyType(self._members)

    def supports(self, operation: str) -> bool:
        """Tell whether all members have an operation, by the name of its method."""
        return all(member.supports(operation) for member in self._members.values())

    async def perform(self, pick: Callable[[Contract], Operation[P, R]], app: str, make: Callable[[], P]) -> R:
        """Pass on to the member that the app's id names."""
        try:
            member, own_id = self._find(app)
            result = await member.perform(pick, own_id, make)
        except MiniAppError as error:
            any_member = next(iter(self._members.values()))
            error.within(operation=any_member.name_of(pick), app=app if isinstance(app, str) else None)
            raise
        return evolve(result, app=app) if isinstance(result, OfApp) else result

    def _find(self, app: object) -> tuple[ComponentClient, str]:
        name, colon, own_id = app.partition(":") if isinstance(app, str) else ("", "", "")
        if not colon or name not in self._members:
            known = ", ".join(f"{name}:…" for name in self._members)
            message = f"a fleet's app ids are qualified ({known}), unlike {app!r}"
            raise InvalidArgument(message)
        return self._members[name], own_id

    def with_options(self, **changes: Any) -> Self:  # noqa: ANN401 - the fields of Options, checked by it
        """Give a second fleet of members that share everything with these but some options."""
        return type(self)({name: member.with_options(**changes) for name, member in self._members.items()})

    async def aclose(self) -> None:
        """Close all members.

        Raises:
            Exception: What closing a member raised, once all are closed; an `ExceptionGroup` if several did.
        """
        raised: list[Exception] = []
        async with AsyncExitStack() as stack:  # it goes on when it is cancelled, too
            for member in reversed(self._members.values()):
                stack.push_async_callback(_close, member, raised)
        if len(raised) > 1:
            raise ExceptionGroup("members of a fleet couldn't be closed", raised)
        if raised:
            raise raised[0]

    def __repr__(self) -> str:
        """Show who is in it."""
        return f"<Fleet {', '.join(self._members)}>"
