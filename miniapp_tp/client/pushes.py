"""Opening what a provider pushes, and answering it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from attrs import frozen

from miniapp_tp.contract import PushContract
from miniapp_tp.errors import InvalidArgument, MiniAppError, PushRejected
from miniapp_tp.wire import crypto
from miniapp_tp.wire.messages import Secret
from miniapp_tp.wire.pushes import Pushed, PushKeys, Rejection, Window

if TYPE_CHECKING:
    from miniapp_tp.models import Event
    from miniapp_tp.transport.session import Session
    from miniapp_tp.wire.pushes import Answer, Headers


@frozen
class PushDesk:
    """What a client needs to open pushed messages.

    Attributes:
        contract: How the provider pushes.
        keys: What opens them, if the client was given any.
    """

    contract: PushContract
    keys: PushKeys | None


class PushMethods:
    """The methods of a component client that is pushed events. They take no network, and no entering of the client."""

    _session: Session
    _pushes: PushDesk

    def open_push(
        self, headers: Headers, body: bytes | bytearray, query: str | bytes = "", now: float | None = None
    ) -> Event:
        """Verify, decrypt and read a pushed message: pure but for the clock.

        Sources: wire/baidu.md § 2; wire/kuaishou.md § 2.

        Args:
            headers: The request's headers: a mapping or pairs, names in any case.
            body: Its raw body, just as it came.
            query: Its query, without the question mark.
            now: Epoch seconds that the message's own stamp is held against; the clock, if `None`.

        Raises:
            PushRejected: It isn't the provider's, is too old, or can't be decrypted; `step` says where it failed.
            InvalidArgument: The client has no `push_token` and `push_key`, or the body isn't bytes.
        """
        opened = self._opened(headers, body, query, now)
        if isinstance(opened, MiniAppError):
            raise opened.within(provider=self._session.dialect.provider, operation="open_push")
        return opened

    def _opened(self, headers: Headers, body: object, query: object, now: float | None) -> Event | MiniAppError:
        """Open it; what goes wrong is given back, without the frames that hold what was decrypted."""
        if self._pushes.keys is None:
            return InvalidArgument("pushed messages are opened with push_token and push_key: give the client both")
        query = query.decode("latin-1") if isinstance(query, bytes) else query
        if not isinstance(body, bytes | bytearray) or not isinstance(query, str):
            return InvalidArgument("a pushed message's body is given in bytes, just as it came, and its query as text")
        moment = time.time() if now is None else now
        if isinstance(moment, bool) or not isinstance(moment, int | float) or not math.isfinite(moment):
            return InvalidArgument(f"now is epoch seconds, not {moment!r}")
        window = Window(moment, self._session.options.push_tolerance)
        opened = self._pushes.contract.open(self._pushes.keys, Pushed(headers, bytes(body), query), window)
        return PushRejected(opened.why, step=opened.step) if isinstance(opened, Rejection) else opened

    def read_event(self, raw: bytes, *, id: str, component: str | None) -> Event:  # noqa: A002 - as the event calls it
        """Make an event anew of what was kept of it: a message that was verified and decrypted before.

        Args:
            raw: The decrypted bytes, `event.raw`.
            id: Its `event.id`.
            component: Its `event.component`.

        Raises:
            PushRejected: It is no JSON object.
        """
        read = self._read(raw, id, component)
        if isinstance(read, MiniAppError):
            # What was decrypted must be a local of no frame that the error passes through.
            raw = b""
            raise read.within(provider=self._session.dialect.provider, operation="read_event")
        return read

    def _read(self, raw: bytes, id_: str, component: str | None) -> Event | MiniAppError:
        read = self._pushes.contract.read(raw, id_, component)
        return PushRejected(read.why, step=read.step) if isinstance(read, Rejection) else read

    def acknowledge(self, event: Event) -> Answer:
        """Give the answer that the provider expects once an event is safe; without it, it pushes again.

        Sources: wire/baidu.md § 2.4; wire/kuaishou.md § 2.2.

        Returns:
            Status, headers and body.
        """
        return self._pushes.contract.acknowledge(event)


def push_desk(contract: PushContract, token: object, key: object, recipients: object) -> PushDesk | MiniAppError:
    """Set up what opens pushed messages; what is wrong with the keys is given back, without a frame that holds them."""
    if token is None and key is None:
        return PushDesk(contract, None)
    if missing := crypto.missing():
        return missing
    secret, key = _text(token), contract.key(_text(key))
    if not secret or key is None:
        return InvalidArgument(f"push_token is text, and push_key {contract.key_form}: give both, or neither")
    if isinstance(recipients, str) or not isinstance(recipients, Iterable):
        return InvalidArgument(f"push_ids is a list of ids, not {recipients!r}")
    ids = frozenset(str(one) for one in cast("Iterable[object]", recipients))
    return PushDesk(contract, PushKeys(token=Secret(secret), key=key, recipients=ids))


def _text(value: object) -> str:
    value = value.reveal() if isinstance(value, Secret) else value
    return value.strip() if isinstance(value, str) else ""
