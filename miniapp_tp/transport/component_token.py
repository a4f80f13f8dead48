"""The component's own token: from the newest ticket that was pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from miniapp_tp.errors import CredentialRejected, TicketMissing
from miniapp_tp.stores.records import TicketRecord, TokenRecord, to_bytes
from miniapp_tp.transport.flights import Flights
from miniapp_tp.transport.tokens import KEPT_RENEWALS
from miniapp_tp.transport.windows import AGAIN, Windows, windows

if TYPE_CHECKING:
    from miniapp_tp.contract import Issued, TokenContract
    from miniapp_tp.transport.keeping import Keeping
    from miniapp_tp.transport.session import Session
    from miniapp_tp.transport.tenure import Tenure
    from miniapp_tp.wire.messages import Secret

_FLIGHT = "component"


class ComponentToken:
    """The tickets and the token of a component; a source of tokens for calls that carry it.

    Args:
        keeping: Where they are kept.
        contract: How they are had.
        session: Makes the calls, which need no token themselves.
    """

    renewals: ClassVar[int] = KEPT_RENEWALS

    def __init__(self, keeping: Keeping, contract: TokenContract, session: Session) -> None:
        self._keeping = keeping
        self._contract = contract
        self._session = session
        self._flights = Flights[TokenRecord]()
        self._held: TokenRecord | None = None
        self._windows = Windows(0.0, 0.0)
        self._unwanted: Secret | None = None
        self._refused: TicketRecord | None = None
        self._refused_until = 0.0

    async def save_ticket(self, ticket: Secret, at: float) -> None:
        """Keep a ticket, unless a newer one is kept already."""
        key = self._keeping.key("ticket")
        kept = None
        while kept is None:
            found = await self._keeping.load(key, TicketRecord)
            if found.record is not None and found.record.at >= at:
                return
            value = TicketRecord(ticket=ticket, at=at)
            kept = await self._keeping.store.save(key, to_bytes(value), version=found.version)

    async def get(self, _app: str = "") -> Secret:
        """Give the component's token, whichever app it is needed for.

        Raises:
            TicketMissing: There is no ticket, or none that the provider takes.
        """
        now = self._keeping.clock()
        held = self._held
        if held is None or now >= self._windows.over:
            return (await self._flights.join(_FLIGHT, self._renew)).token
        if now >= self._windows.due:
            self._unwanted = held.token
            self._windows = Windows(now + AGAIN, self._windows.over)
            self._flights.begin(_FLIGHT, self._renew)
        return held.token

    async def reject(self, _app: str, token: Secret) -> None:
        """Learn that the provider rejected a token; another one than the present is none of our business."""
        if self._held is not None and self._held.token == token:
            self._held, self._unwanted = None, token

    async def land(self) -> None:
        """Wait for what is under way."""
        await self._flights.land()

    async def _renew(self) -> TokenRecord:
        key = self._keeping.key("component")
        return await self._keeping.alone(key, self._ready, self._renew_alone)

    async def _ready(self) -> TokenRecord | None:
        found = await self._keeping.load(self._keeping.key("component"), TokenRecord)
        return self._hold(found.record) if found.record and self._is_usable(found.record) else None

    def _is_usable(self, record: TokenRecord) -> bool:
        over = windows(record.obtained_at, record.expires_at, 0.0).over
        return record.token != self._unwanted and self._keeping.clock() < over

    def _hold(self, record: TokenRecord) -> TokenRecord:
        self._held = record
        self._windows = windows(record.obtained_at, record.expires_at, self._keeping.chance())
        return record

    async def _renew_alone(self, held: Tenure) -> TokenRecord | None:
        found = await self._keeping.load(held.lease.key, TokenRecord)
        if found.record and self._is_usable(found.record):
            return self._hold(found.record)
        issued = await self._issued()
        now = self._keeping.clock()
        record = TokenRecord(token=issued.secret, obtained_at=now, expires_at=now + issued.seconds)
        saved = await held.save(to_bytes(record), found.version)
        return self._hold(record) if saved is not None else None

    async def _issued(self) -> Issued:
        """Ask with the newest ticket, and once more if a newer one came while the provider refused that."""
        while True:
            found = await self._keeping.load(self._keeping.key("ticket"), TicketRecord)
            if found.record is None or self._rests(found.record):
                raise _missing(found.record)
            try:
                return await self._session.call(self._contract.component_token, "", found.record.ticket)
            except CredentialRejected:
                self._refused, self._refused_until = found.record, self._keeping.clock() + AGAIN

    def _rests(self, ticket: TicketRecord) -> bool:
        """Tell whether the provider refused a ticket just now: asking is limited, and every call would ask again."""
        return ticket == self._refused and self._keeping.clock() < self._refused_until


def _missing(refused: TicketRecord | None) -> TicketMissing:
    if refused is None:
        return TicketMissing("no ticket was pushed yet; the provider pushes one every 10 minutes")
    return TicketMissing(
        "the provider refuses the newest ticket; another is pushed within 10 minutes, if pushes get here",
        last_seen=refused.at,
    )
