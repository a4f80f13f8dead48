"""What a caller may set, with defaults that suit a web service."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Final

from attrs import field, fields, frozen

from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    from attrs import Attribute


def _number(least: float, kinds: tuple[type, ...] = (int, float)) -> Any:  # noqa: ANN401 - an attrs validator
    def check(_options: Options, attribute: Attribute[Any], value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, kinds) or not value >= least:  # type: ignore[operator]
            message = f"Options.{attribute.name} is a number of at least {least}, not {value!r}"
            raise InvalidArgument(message)

    return check


_WHOLE: Final = (int,)
_INSTANT: Final = 0.001


@frozen(kw_only=True)
class Options:
    """How long, how often and by which way.

    Attributes:
        timeout: Seconds for a whole call: waiting, asking for tokens and retries included.
        attempt_timeout: Seconds for one attempt of it.
        attempts: How many attempts a call may make, the first included. One that a provider rejects for its token is
            made again with another one on top of these: once, or twice where the SDK keeps the tokens.
        backoff: Seconds before the first retry; doubled for each further one, and jittered.
        backoff_max: The longest of these pauses, in seconds.
        concurrency: How many calls of a client are made at once; more wait their turn.
        push_tolerance: Seconds by which the stamp of a pushed message may differ from the clock.
        proxy: The address of a proxy; `None` for the environment's (`HTTPS_PROXY`, `NO_PROXY`, …).
        verify: Whose TLS certificates are trusted: `True` for the usual authorities, the path of a file or folder
            of one's own, or an `ssl.SSLContext`; `False` trusts everybody, and is for tests.
        recover_unknown: Whether an app without a record is recovered through the provider.
        follow: Whether another process is the owner of the grants: this one reads their tokens from the store, waits
            for those that are being renewed, and never spends anything.

    Raises:
        InvalidArgument: A value that makes no sense; the message says which.
    """

    timeout: float = field(default=30.0, validator=_number(_INSTANT))
    attempt_timeout: float = field(default=10.0, validator=_number(_INSTANT))
    attempts: int = field(default=4, validator=_number(1, _WHOLE))
    backoff: float = field(default=0.2, validator=_number(0))
    backoff_max: float = field(default=5.0, validator=_number(0))
    concurrency: int = field(default=256, validator=_number(1, _WHOLE))
    push_tolerance: float = field(default=86400.0, validator=_number(0))
    # A proxy's address may hold a password.
    proxy: str | None = field(default=None, repr=False)
    verify: bool | str | ssl.SSLContext = True
    recover_unknown: bool = False
    follow: bool = False

    def __attrs_post_init__(self) -> None:
        if self.follow and self.recover_unknown:
            raise InvalidArgument("follow leaves every grant to its owner, recover_unknown recovers some: choose one")

    def changed(self, changes: dict[str, Any]) -> Options:
        """Give options that differ in some values.

        Raises:
            InvalidArgument: An option that doesn't exist, or belongs to what clients share.
        """
        mine = {attribute.name: getattr(self, attribute.name) for attribute in fields(Options)}
        if unknown := changes.keys() - mine:
            message = f"there is no option {', '.join(sorted(unknown))}; there are {', '.join(mine)}"
            raise InvalidArgument(message)
        if changes.get("follow", self.follow) != self.follow:
            raise InvalidArgument("who owns the grants is settled for all clients that share them: make a new client")
        if shared := changes.keys() & _SHARED:
            message = f"{', '.join(sorted(shared))} belongs to the connections, which clients share: make a new client"
            raise InvalidArgument(message)
        return Options(**{**mine, **changes})


_SHARED: Final = {"concurrency", "proxy", "verify"}
