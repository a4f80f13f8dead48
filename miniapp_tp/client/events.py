"""What a client itself does with a pushed event: keep a ticket, exchange a code, forget a grant that was taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from miniapp_tp.client.grants import GrantMethods
from miniapp_tp.client.pushes import PushMethods
from miniapp_tp.errors import AuthorizationLost
from miniapp_tp.models import AppAuthorizationUpdated, AppAuthorized, AppUnauthorized, Event, TicketPushed

if TYPE_CHECKING:
    from datetime import datetime

_SECOND: Final = timedelta(seconds=1)


class EventMethods(GrantMethods, PushMethods):
    """The methods of a component client that connect what is pushed with the grants that it keeps."""

    async def apply_event(self, event: Event) -> None:
        """Do what the SDK itself does with an event. `PushApp` calls it before the user's handler.

        The event's own time counts, so one that is late, repeated or out of order harms nothing: a newer ticket is
        kept, tokens that are newer than a merchant's decision stay, and a code that turns out to be spent is made up
        for by recovering the grant. Without a store, and for any other event, nothing is done.

        Raises:
            MiniAppError: It couldn't be done; the same event may be applied again.
        """
        if self._desk is None:
            return
        match event:
            case TicketPushed():
                await self.save_ticket(event.ticket, at=event.time)
            case AppAuthorized() | AppAuthorizationUpdated():
                await self._exchange(event, event.authorization_code)
            case AppUnauthorized() if event.app is not None:
                await self.forget(event.app, before=event.time and _end_of_its_second(event.time))
            case _:
                pass

    async def _exchange(self, event: Event, code: str) -> None:
        """Exchange a code, unless the tokens that are kept are newer than the event."""
        if event.app is not None and event.time is not None and await self._is_newer(event.app, event.time):
            return
        try:
            await self.authorize(code, app=event.app)
        except AuthorizationLost:
            # The merchant has taken the grant back since: another event says so, or did before this one.
            return

    async def _is_newer(self, app: str, moment: datetime) -> bool:
        with self._working("apply_event", app) as desk:
            obtained_at = await desk.grants.obtained_at(app)
        return obtained_at is not None and obtained_at > _end_of_its_second(moment).timestamp()


def _end_of_its_second(moment: datetime) -> datetime:
    """Give the latest moment that a time in whole seconds may stand for."""
    return moment + _SECOND
