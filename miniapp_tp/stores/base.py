"""What must outlive a process: the promise that every store keeps.

A store knows nothing of tokens: it keeps versioned values under keys, and lends leases on keys. A value is replaced
only by who knows its version, and by a lease's holder only as long as nobody was lent a later one: an owner that
was paused past its lease can't overwrite what its successor wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from attrs import field, frozen

from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from attrs import Attribute


def _text(_key: Key, attribute: Attribute[str], text: str) -> None:
    """Refuse what not every database can hold as text, so that all stores take the same keys."""
    if not isinstance(text, str) or "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidArgument(f"a key's {attribute.name} is text without NUL characters or lone surrogates: {text!r}")


@frozen
class Key:
    """Where a value is kept. Nothing in it is secret.

    Attributes:
        component: Whose it is: provider and component, `"baidu:client-id"`.
        kind: What it is: `"app"`, `"ticket"`, …
        name: Which one of its kind: an app's id.

    Raises:
        InvalidArgument: A part that isn't text, or holds NUL characters or lone surrogates, which not every database
            can keep.
    """

    component: str = field(validator=_text)
    kind: str = field(validator=_text)
    name: str = field(default="", validator=_text)


@frozen
class Entry:
    """What was read under a key.

    Attributes:
        value: The bytes, which are in no repr; `None` if there are none.
        version: What to name when replacing it: 0 if nothing ever was there. It grows by one with every change of the
            key, deletions included.
    """

    value: bytes | None = field(repr=False)
    version: int


@frozen
class Lease:
    """The right to be the only one who works on a key, for a while.

    Attributes:
        key: The key.
        owner: Who holds it.
        fence: Grows with every lease that is lent on the key.
    """

    key: Key
    owner: str
    fence: int


@runtime_checkable
class TokenStore(Protocol):
    """What keeps values and lends leases, for many processes at once.

    Every method may raise `StoreError`, which never holds a value. One that raised may or may not have been carried
    out. `miniapp_tp.testing.TokenStoreSuite` tests any implementation.
    """

    async def load(self, key: Key) -> Entry:
        """Read what is there. What was saved before, by whichever process, is seen."""
        ...

    async def save(self, key: Key, value: bytes | None, *, version: int, lease: Lease | None = None) -> int | None:
        """Replace a value, and return only when it would survive a power cut.

        Args:
            key: Where.
            value: The new value; `None` deletes it.
            version: The version that it replaces, as it was read.
            lease: The writer's lease on the key, if it holds one.

        Returns:
            The new version: the next number. `None` if nothing was written, because another version is there, or
            because a later lease was lent than the writer's (whether that has run out meanwhile or not).
        """
        ...

    async def acquire(self, key: Key, owner: str, seconds: float) -> Lease | None:
        """Lend the key to an owner for some seconds; `None` while somebody else has it.

        Whoever has it already and asks again gets a new lease, and the old one is void.
        """
        ...

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """Lend it for some seconds from now; `False` if somebody was lent a later lease.

        One that merely ran out is renewed.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """Give it back; nothing happens if somebody was lent a later one."""
        ...

    def names(self, component: str, kind: str) -> AsyncIterator[str]:
        """Give the names of all values of a kind, in any order, without holding them all in memory."""
        ...

    async def aclose(self) -> None:
        """Close it; closing twice does nothing."""
        ...
