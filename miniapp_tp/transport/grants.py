"""The tokens of authorized apps: had from the provider, renewed, recovered, and never lost.

What makes a loss impossible, in the order of a renewal: one owner among all processes (a lease); what is about to be
spent is written down (the intent); only then the single-use token is sent; what comes back is saved before anybody
may use it; and whatever leaves a doubt (no answer, an unreadable one, «spent», an intent that is found later) is
settled by asking the provider for a new code for the grant that it still knows.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from attrs import define, evolve, field

from miniapp_tp.contract import TokenContract
from miniapp_tp.errors import (
    Actor,
    AuthorizationLost,
    ConnectFailed,
    CredentialRejected,
    InvalidArgument,
    MiniAppError,
    PermissionDenied,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    ReplyNotUnderstood,
    StoreError,
    TicketMissing,
)
from miniapp_tp.models import Grant
from miniapp_tp.stores.records import AppRecord, to_bytes
from miniapp_tp.transport.app_records import AppRecords, mark
from miniapp_tp.transport.flights import Flights
from miniapp_tp.transport.keeping import Keeping
from miniapp_tp.transport.session import Session
from miniapp_tp.transport.tokens import FixedToken
from miniapp_tp.transport.windows import AGAIN
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Absent, Endpoint
from miniapp_tp.wire.messages import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from miniapp_tp.contract import Identity, Pair
    from miniapp_tp.stores.base import Key
    from miniapp_tp.transport.tenure import Tenure

P = TypeVar("P")
R = TypeVar("R")

_SPENT_NOTHING: Final = (
    ConnectFailed,
    RateLimited,
    QuotaExhausted,
    PermissionDenied,
    CredentialRejected,
    TicketMissing,
    StoreError,
)
_UNNAMED: Final = "unnamed"
_EARLY: Final = 32
"""How many renewals may be under way when one is begun that nobody waits for: those who wait go first."""


@define
class Grants:
    """The grants of a component's apps; a source of their tokens.

    Attributes:
        keeping: Where they are kept.
        contract: How they are had.
        session: Makes the calls that carry the component's token.
    """

    keeping: Keeping
    contract: TokenContract
    session: Session
    _flights: Flights[AppRecord] = field(factory=Flights[AppRecord], init=False)
    _records: AppRecords = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._records = AppRecords(self.keeping)

    # --- a source of tokens -----------------------------------------------------------------------------------------

    async def get(self, app: str, *, recover_unknown: bool = False) -> Secret:
        """Give an app's token: at once while it is good, else after the one renewal that all wait for.

        Args:
            app: The app's id.
            recover_unknown: Whether an app without a record is recovered through the provider.

        Raises:
            AuthorizationLost: There is no record of the app, or its merchant took the grant back.
            MiniAppError: Why it can't be renewed.
        """
        held = self._records.held(app)
        now = self.keeping.clock()
        if held is None or now >= held.windows.over:
            flight = f"recover unknown {app}" if recover_unknown else app
            record = await self._flights.join(flight, lambda: self._renewed(app, recover_unknown=recover_unknown))
            return record.access or Secret("")
        if now >= held.windows.due and self._flights.under_way < _EARLY:
            self._records.postpone(app, now + AGAIN)
            self._flights.begin(app, lambda: self._renewed(app, recover_unknown=False))
        return held.token

    async def reject(self, app: str, token: Secret) -> None:
        """Learn that the provider rejected a token; if another has taken its place already, nothing happens."""
        self._records.reject(app, token)

    async def land(self) -> None:
        """Wait for everything that is being spent."""
        await self._flights.land()

    # --- the life of a grant ----------------------------------------------------------------------------------------

    async def authorize(self, code: Secret, app: str | None) -> Grant:
        """Exchange an authorization code, and keep what it gives before anything else is asked."""
        if app is None:
            return await self._authorize_unnamed(code)
        flight = f"authorize {app} {_digest(code)}"
        record = await self._flights.join(flight, lambda: self._authorized(code, app))
        if record.app is None:
            return _grant(app, record)
        await self._name(self._unnamed(code), record)
        message = f"this code is for the app {record.app}, whose grant is kept now, and not for {app}"
        raise InvalidArgument(message)

    async def recover(self, app: str) -> Grant:
        """Get a grant's tokens anew through the provider, whatever is kept of it."""

        async def anew(held: Tenure) -> AppRecord | None:
            found = await self._records.load(app)
            return await self._recover(held, app, found.record or AppRecord(), found.version)

        work = partial(self.keeping.alone, self._records.key(app), _not_yet, anew)
        return _grant(app, await self._flights.join(f"recover {app}", work))

    async def adopt(self, app: str, record: AppRecord, *, replace: bool = True) -> bool:
        """Take over tokens that were had elsewhere, unless newer ones (or, not to replace them, any) are kept already.

        Returns:
            Whether they were taken over.
        """

        async def put(held: Tenure) -> AppRecord | None:
            found = await self._records.load(app)
            if found.record is not None and (not replace or found.record.obtained_at > record.obtained_at):
                return found.record
            return await self._records.save(held, app, record, found.version)

        work = partial(self.keeping.alone, self._records.key(app), _not_yet, put)
        return await self._flights.join(f"adopt {app} {id(record)}", work) is record

    async def forget(self, app: str) -> None:
        """Drop what is kept of an app."""

        async def drop(held: Tenure) -> bool | None:
            found = await self._records.load(app)
            return found.record is None or await held.save(None, found.version) is not None or None

        await self.keeping.alone(self._records.key(app), _not_yet, drop)
        self._records.drop(app)

    def apps(self) -> AsyncIterator[str]:
        """Give the ids of the apps that are kept."""
        return self.keeping.store.names(self.keeping.component, "app")

    # --- renewing ---------------------------------------------------------------------------------------------------

    async def _renewed(self, app: str, *, recover_unknown: bool) -> AppRecord:
        async def ready() -> AppRecord | None:
            found = await self._records.load(app)
            if found.record is None and not recover_unknown and not await self._find_unnamed(app):
                raise _unknown()
            return self._records.usable(app, found.record)

        return await self.keeping.alone(self._records.key(app), ready, lambda held: self._renew(held, app))

    async def _renew(self, held: Tenure, app: str) -> AppRecord | None:
        found = await self._records.load(app)
        usable = self._records.usable(app, found.record)
        if usable is not None:
            return usable
        record = found.record or AppRecord()
        past = record.refresh_expires_at is not None and self.keeping.clock() >= record.refresh_expires_at
        if record.refresh is None or record.intent or past or isinstance(self.contract.refresh, Absent):
            return await self._recover(held, app, record, found.version)
        marked = await mark(held, record.with_intent("refresh"), found.version)
        if marked is None:
            return None
        outcome = await self._spend(self.contract.refresh, app, record.refresh)
        return await self._settle(held, app, outcome, record.with_intent("refresh"), marked, before=record)

    async def _recover(self, held: Tenure, app: str, record: AppRecord, version: int) -> AppRecord | None:
        """Ask for a code for the grant that the provider knows, and exchange it."""
        marked = await mark(held, record.with_intent(record.intent or "recover"), version)
        if marked is None:
            return None
        outcome = await self._reissued(held, app)
        if isinstance(outcome, MiniAppError) and outcome.may_have_happened:
            # Codes can be had again, so a lost answer costs only another one; but it may have ended the older tokens.
            record = record.with_intent(record.intent or "recover")
            outcome = await self._reissued(held, app)
        if isinstance(outcome, MiniAppError):
            return await self._put_back(held, record, marked, outcome)
        return None if outcome is None else await self._keep(held, app, outcome, record, marked)

    async def _reissued(self, held: Tenure, app: str) -> Pair | MiniAppError | None:
        """Get tokens by a new code, unless somebody took over meanwhile: their tokens would end with it."""
        issued = await self._spend(self.contract.recover, app, app)
        if isinstance(issued, MiniAppError):
            return issued
        if not await held.lasts():
            return None
        return await self._spend(self.contract.exchange, app, issued.secret)

    async def _settle(
        self,
        held: Tenure,
        app: str,
        outcome: Pair | MiniAppError,
        record: AppRecord,
        version: int,
        *,
        before: AppRecord,
    ) -> AppRecord | None:
        """Keep what spending a token or code came to; what leaves a doubt is settled by recovering."""
        if not isinstance(outcome, MiniAppError):
            return await self._keep(held, app, outcome, record, version)
        if isinstance(outcome, _SPENT_NOTHING) and not outcome.may_have_happened:
            return await self._put_back(held, before, version, outcome)
        return await self._recover(held, app, record, version)

    async def _put_back(self, held: Tenure, record: AppRecord, version: int, error: MiniAppError) -> NoReturn:
        """Restore what is known after a failure: no tokens and no doubt are no record."""
        known = record.is_kept or (record.intent is not None and not isinstance(error, AuthorizationLost))
        await held.save(to_bytes(record) if known else None, version)
        raise error

    # --- exchanging -------------------------------------------------------------------------------------------------

    async def _authorized(self, code: Secret, app: str) -> AppRecord:
        digest = _digest(code)

        async def exchange(held: Tenure) -> AppRecord | None:
            found = await self._records.load(app)
            record = found.record or AppRecord()
            if record.code == digest and record.access is not None and record.intent is None:
                return record
            marked = await mark(held, evolve(record, intent="exchange"), found.version)
            if marked is None:
                return None
            outcome = await self._spend(self.contract.exchange, app, code)
            if not isinstance(outcome, MiniAppError) and outcome.app not in {None, app}:
                return await self._set_aside(held, outcome, code, record, marked)
            spent = evolve(record, intent="exchange", code=digest)
            return await self._settle(held, app, outcome, spent, marked, before=record)

        return await self.keeping.alone(self._records.key(app), _not_yet, exchange)

    async def _set_aside(
        self, held: Tenure, pair: Pair, code: Secret, before: AppRecord, version: int
    ) -> AppRecord | None:
        """Keep tokens that are another app's than was said, and leave the one that was said as it was."""

        async def given() -> Pair:
            return pair

        record = await self._kept_aside(self._unnamed(code), given)
        await held.save(to_bytes(before) if before.is_kept or before.intent else None, version)
        return record

    async def _authorize_unnamed(self, code: Secret) -> Grant:
        """Exchange a code that doesn't say for which app it is."""
        key = self._unnamed(code)
        work = partial(self._kept_aside, key, lambda: self.session.call(self.contract.exchange, "", code))
        return await self._name(key, await self._flights.join(key.name, work))

    def _unnamed(self, code: Secret) -> Key:
        return self.keeping.key(_UNNAMED, _digest(code))

    async def _kept_aside(self, key: Key, tokens: Callable[[], Awaitable[Pair]]) -> AppRecord:
        """Keep tokens under their code until it is known which app they are for."""

        async def keep(held: Tenure) -> AppRecord | None:
            found = await self.keeping.load(key, AppRecord)
            if found.record is not None:
                return found.record
            pair = await tokens()
            record = evolve(self._records.made_of(pair, AppRecord()), app=pair.app, code=key.name)
            return record if await self._records.write(held, record, found.version) is not None else None

        return await self.keeping.alone(key, _not_yet, keep)

    async def _name(self, key: Key, record: AppRecord) -> Grant:
        """Find out which app tokens are for, and keep them under it."""
        app, permissions = record.app, record.permissions
        if app is None:
            identity = await self._identity(record.access or Secret(""))
            app, permissions = identity.app, identity.permissions
        named = evolve(record, app=None, permissions=permissions)
        await self.adopt(app, named)
        found = await self.keeping.load(key, AppRecord)
        await self.keeping.store.save(key, None, version=found.version)
        return _grant(app, named)

    async def _identity(self, token: Secret) -> Identity:
        if isinstance(self.contract.app_of, Absent):
            message = f"the provider gave tokens without saying for which app: {self.contract.app_of.why}"
            raise ReplyNotUnderstood(message)
        asking = evolve(self.session, tokens={**self.session.tokens, Credential.APP: FixedToken(token)})
        return await asking.call(self.contract.app_of, "", None)

    async def _find_unnamed(self, app: str) -> bool:
        """Name the tokens that a process left behind when it died before it could; tell whether the app was one."""
        found = False
        names = [name async for name in self.keeping.store.names(self.keeping.component, _UNNAMED)]
        for name in names:
            key = self.keeping.key(_UNNAMED, name)
            record = (await self.keeping.load(key, AppRecord)).record
            if record is not None:
                with suppress(ProviderError):  # tokens of another app that are dead by now, say
                    found = (await self._name(key, record)).app == app or found
        return found

    async def _keep(self, held: Tenure, app: str, pair: Pair, before: AppRecord, version: int) -> AppRecord | None:
        return await self._records.save(held, app, self._records.made_of(pair, before), version)

    async def _spend(self, endpoint: Endpoint[P, R], app: str, params: P) -> R | MiniAppError:
        try:
            return await self.session.call(endpoint, app, params)
        except MiniAppError as error:
            return error.with_traceback(None)


async def _not_yet() -> None:
    """Tell that nobody else can have done the work."""


def _digest(code: Secret) -> str:
    return sha256(code.reveal().encode()).hexdigest()


def _grant(app: str, record: AppRecord) -> Grant:
    return Grant(app, record.permissions, datetime.fromtimestamp(record.expires_at, UTC))


def _unknown() -> AuthorizationLost:
    return AuthorizationLost(
        "no tokens of this app are kept: authorize or adopt it, or recover it if its merchant has authorized it",
        actor=Actor.YOU,
    )
