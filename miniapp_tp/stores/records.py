"""What is kept under a key: tickets, the component's token, and one record per app. Pure: bytes in, values out."""

from __future__ import annotations

import json
from typing import Any, Self, cast

from attrs import evolve, fields, frozen

from miniapp_tp.errors import StoreError
from miniapp_tp.wire.messages import Secret

_FORMAT = 1


def _bytes(fields: dict[str, Any]) -> bytes:
    plain = {name: value.reveal() if isinstance(value, Secret) else value for name, value in fields.items()}
    return json.dumps({"format": _FORMAT, **plain}, ensure_ascii=False).encode()


def _fields(value: bytes) -> dict[str, Any]:
    found: Any = None
    try:
        found = json.loads(value)
    except ValueError:
        pass
    if isinstance(found, dict) and cast("dict[str, Any]", found).pop("format", None) == _FORMAT:
        return cast("dict[str, Any]", found)
    # Neither may be seen in this frame, which error trackers show.
    del value, found
    message = "a record in the store can't be read: another version of this package wrote it, or something else did"
    raise StoreError(message)


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)


@frozen(kw_only=True)
class TicketRecord:
    """The newest ticket that was pushed.

    Attributes:
        ticket: The ticket.
        at: When it was pushed, in epoch seconds.
    """

    ticket: Secret
    at: float

    def to_bytes(self) -> bytes:
        """Write it."""
        return _bytes({"ticket": self.ticket, "at": self.at})

    @classmethod
    def from_bytes(cls, value: bytes) -> Self:
        """Read it.

        Raises:
            StoreError: It is no such record.
        """
        found = _fields(value)
        return cls(ticket=Secret(found["ticket"]), at=found["at"])


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

    def to_bytes(self) -> bytes:
        """Write it."""
        return _bytes({"token": self.token, "obtained_at": self.obtained_at, "expires_at": self.expires_at})

    @classmethod
    def from_bytes(cls, value: bytes) -> Self:
        """Read it.

        Raises:
            StoreError: It is no such record.
        """
        found = _fields(value)
        return cls(token=Secret(found["token"]), obtained_at=found["obtained_at"], expires_at=found["expires_at"])


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

    def with_intent(self, intent: str | None) -> Self:
        """Say what is about to be spent, or that nothing was."""
        return evolve(self, intent=intent)

    def to_bytes(self) -> bytes:
        """Write it."""
        return _bytes({attribute.name: getattr(self, attribute.name) for attribute in fields(type(self))})

    @classmethod
    def from_bytes(cls, value: bytes) -> Self:
        """Read it.

        Raises:
            StoreError: It is no such record.
        """
        found = _fields(value)
        return cls(
            **{
                **found,
                "access": _secret(found["access"]),
                "refresh": _secret(found["refresh"]),
                "permissions": tuple(found["permissions"]),
            }
        )
