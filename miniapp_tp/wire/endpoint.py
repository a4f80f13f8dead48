"""An operation of a provider as data: what it takes, what it gives, and what may be done after a failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from attrs import field, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.meaning import Codes
from miniapp_tp.wire.messages import Reply

if TYPE_CHECKING:
    from attrs import Attribute


P = TypeVar("P")
R = TypeVar("R")
P_contra = TypeVar("P_contra", contravariant=True)


def no_fields(_params: object) -> Mapping[str, Any]:
    """Send nothing but the fixed fields."""
    return {}


def no_result(_app: str, _data: object) -> None:
    """Return nothing, whatever came with the provider's yes."""


def no_media(_reply: Reply) -> None:
    """Take no yes but one in JSON."""


@frozen
class ReadBack(Generic[P_contra]):
    """How to learn whether a change was made, when its answer was lost.

    Attributes:
        endpoint: What reads the present state.
        holds: Whether the state that was read shows the change as made.
        removes: How many things the change takes away by name; 0 if it is no deletion.
    """

    endpoint: Endpoint[None, Any]
    holds: Callable[[P_contra, Any], bool]
    removes: Callable[[P_contra], int]


def _path(_endpoint: object, _attribute: Attribute[str], path: str) -> None:
    if not path.startswith(("/", "https://", "http://")):
        message = f"an endpoint's path starts with '/' (or is a whole https address), unlike {path!r}"
        raise InvalidArgument(message)


@frozen(kw_only=True)
class Endpoint(Generic[P, R]):
    """One operation of one provider.

    Attributes:
        name: The operation, by the name of the method that makes it.
        method: The HTTP method. With `GET` the fields travel in the query, else in the body.
        path: The path below the client's base address, or a whole https address.
        encode: Parameters → fields, by their wire names; what is `None` isn't sent.
        decode: The app, and what came with the provider's yes → the result.
        fixed: Fields that are always sent as they are.
        changes: Whether it changes something, so that a lost answer leaves a doubt.
        idempotent: Whether it may be sent again after a lost answer.
        credential: Whose token it carries; `None` for nobody's.
        secret: Whether it returns credentials, so that its replies are never kept as evidence.
        codes: What numbers mean here that mean something else elsewhere.
        read_back: How to learn whether the change was made.
        media: What the provider's yes is where it isn't JSON, of an image say; `None` if the reply isn't one either.
    """

    name: str
    method: str = "GET"
    path: str = field(validator=_path)
    encode: Callable[[P], Mapping[str, Any]] = no_fields
    decode: Callable[[str, Any], R]
    fixed: Mapping[str, str] = field(factory=dict[str, str])
    changes: bool = False
    idempotent: bool = True
    credential: Credential | None = Credential.APP
    secret: bool = False
    codes: Codes = field(factory=dict[Any, Any])
    read_back: ReadBack[P] | None = None
    media: Callable[[Reply], bytes | None] = no_media


class Caller(Protocol):
    """What a procedure calls endpoints with: one attempt of its own for each, under the caller's one deadline."""

    async def __call__(self, endpoint: Endpoint[P, R], app: str, params: P) -> R:
        """Call the endpoint."""
        ...


@frozen(kw_only=True)
class Procedure(Generic[P, R]):
    """An operation that takes more than one call.

    Attributes:
        endpoint: The call that makes the change; its `read_back` judges the whole.
        run: The steps.
    """

    endpoint: Endpoint[P, R]
    run: Callable[[Caller, str, P], Awaitable[R]]

    @property
    def name(self) -> str:
        """The operation, by the name of the method that makes it."""
        return self.endpoint.name


@frozen
class Absent:
    """An operation that a provider doesn't have.

    Attributes:
        why: A sentence for the error and the documentation.
        chinese: The same sentence for the Chinese documentation.
        name: The operation, which the contract fills in.
    """

    why: str
    chinese: str = ""
    name: str = ""


def absent(why: str, chinese: str = "") -> Absent:
    """Say that a provider lacks an operation, and why."""
    return Absent(why, chinese or why)


Operation = Endpoint[P, R] | Procedure[P, R] | Absent
"""What a contract holds for each operation."""
