"""What is kept under a key: tickets, the component's token, and one record per app. Pure: bytes in, values out."""

from __future__ import annotations

import json
from typing import Any, Final, TypeVar, cast

from attrs import evolve, frozen
from cattrs import Converter

from miniapp_tp.errors import StoreError
from miniapp_tp.stores.sealing import is_sealed
from miniapp_tp.wire.messages import Secret

K = TypeVar("K")

_FORMAT: Final = 1
_CONVERTER: Final = Converter()
_CONVERTER.register_unstructure_hook(Secret, Secret.reveal)
_CONVERTER.register_structure_hook(Secret, lambda value, _kind: Secret(str(value)))


@frozen(kw_only=True)
class TicketRecord:
    """The newest ticket that was pushed.

    Attributes:
        ticket: The ticket.
        at: When it was pushed, in epoch seconds.
    """

    ticket: Secret
    at: float


@frozen(kw_only=True)
class TokenRecord:
    """A token that can be had again at any time: the component's.

    Attributes:
        token: The token.
        obtained_at: When it was given out, in epoch seconds.
        expires_at: When it ends.
    """

    token: Secret
    obtained_at: float
    expires_at: float


@frozen(kw_only=True)
class AppRecord:
    """The tokens of an app, and what was being done about them.

    Attributes:
        access: The access token; `None` if only the intent is known so far.
        refresh: The refresh token, if there is one.
        obtained_at: When they were given out, in epoch seconds.
        expires_at: When the access token ends.
        refresh_expires_at: When the refresh token ends, if that is known.
        permissions: What the merchant granted, as far as that is known.
        intent: What a single-use token or code was about to be spent on (`"refresh"`, `"recover"`, `"exchange"`). One
            that is found later means that it may have been spent.
        code: The digest of the authorization code that the tokens came from.
        app: The app, in a record that isn't kept under it yet.
    """

    access: Secret | None = None
    refresh: Secret | None = None
    obtained_at: float = 0.0
    expires_at: float = 0.0
    refresh_expires_at: float | None = None
    permissions: tuple[str, ...] = ()
    intent: str | None = None
    code: str | None = None
    app: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether there is anything in it but an intent."""
        return self.access is not None or self.refresh is not None

    def with_intent(self, intent: str | None) -> AppRecord:
        """Say what is about to be spent, or that nothing was."""
        return evolve(self, intent=intent)


def to_bytes(record: object) -> bytes:
    """Write a record."""
    fields: dict[str, Any] = _CONVERTER.unstructure(record)
    return json.dumps({"format": _FORMAT, **fields}).encode()


def from_bytes(kind: type[K], value: bytes) -> K:
    """Read a record.

    Raises:
        StoreError: It is no such record.
    """
    record, is_closed = _record(kind, value), is_sealed(value)
    # It may not be seen in this frame, which error trackers show.
    del value
    if is_closed:
        message = "a record in the store is sealed: open the store with its key"
        raise StoreError(message)
    if record is None:
        message = "a record in the store can't be read: another version of this package wrote it, or something else did"
        raise StoreError(message)
    return record


def _record(kind: type[K], value: bytes) -> K | None:
    try:
        fields = cast("dict[str, Any]", json.loads(value))
        return _CONVERTER.structure(fields, kind) if fields.pop("format") == _FORMAT else None
    except Exception:  # noqa: BLE001 - whatever is wrong with it, and its text holds the value
        return None
