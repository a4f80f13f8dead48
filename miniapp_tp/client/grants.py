"""The life of a grant: from a pushed ticket to tokens that renew themselves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

from attrs import define, field, frozen

from miniapp_tp.bulk.each import each
from miniapp_tp.client.checks import check_app, check_open
from miniapp_tp.contract import TokenContract
from miniapp_tp.errors import InvalidArgument, MiniAppError, NotSupported
from miniapp_tp.stores.records import AppRecord
from miniapp_tp.transport.component_token import ComponentToken
from miniapp_tp.transport.grants import Grants
from miniapp_tp.transport.keeper import Keeper
from miniapp_tp.transport.session import Session
from miniapp_tp.transport.tokens import KEPT_RENEWALS, Tokens
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Absent
from miniapp_tp.wire.messages import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterable

    from miniapp_tp.models import Grant, Outcome

T = TypeVar("T")

_YEAR_10000 = 253_402_300_800
_FOLLOWERS = {"save_ticket", "apps"}
"""What a client that follows may do as well: it spends nothing. (A push arrives at any replica.)"""

Moment = float | datetime
"""Epoch seconds, or an aware datetime."""


@frozen
class AskingGrants:
    """A component's grants as a source of tokens, for clients with their own word on unknown apps."""

    renewals: ClassVar[int] = KEPT_RENEWALS
    grants: Grants
    recover_unknown: bool

    async def get(self, app: str) -> Secret:
        """Give an app's token."""
        return await self.grants.get(app, recover_unknown=self.recover_unknown)

    async def reject(self, app: str, token: Secret) -> None:
        """Learn that the provider rejected a token."""
        await self.grants.reject(app, token)


@define
class GrantDesk:
    """What a client needs to get and keep tokens itself.

    Attributes:
        provider: The provider's name.
        contract: How the provider gives out tokens.
        session: Makes the calls that carry the component's token.
        component_token: The component's tickets and token.
        grants: The apps' tokens.
        followed: Where a client that follows takes its tokens from; `None` for an owner.
        closed: Whether nothing is to be begun any more.
    """

    provider: str
    contract: TokenContract
    session: Session
    component_token: ComponentToken = field(repr=False)
    grants: Grants = field(repr=False)
    followed: Mapping[Credential, Tokens] | None = field(default=None, repr=False)
    closed: bool = False

    async def land(self) -> None:
        """Begin nothing more, and wait for everything that is being spent."""
        self.closed = True
        await self.grants.land()
        await self.component_token.land()


class GrantMethods:
    """The methods of a component client that keeps its grants in a store.

    One with `Options(follow=True)` has `save_ticket` and `apps`; the others are for the grants' owner, and raise
    `InvalidArgument` there.
    """

    _desk: GrantDesk | None

    async def save_ticket(self, ticket: str, *, at: Moment | None = None) -> None:
        """Keep a ticket that the provider pushed; the newest by its own time wins, whenever it arrives.

        Sources: wire/baidu.md § 1.1; wire/kuaishou.md § 1.1 b.

        Args:
            ticket: The ticket.
            at: When it was pushed: epoch seconds or an aware datetime; now, if `None`.

        Raises:
            InvalidArgument: No ticket, a naive datetime, or a client without a store.
            StoreError: It couldn't be kept.
        """
        kept, ticket = _secret(ticket), ""
        with self._working("save_ticket") as desk:
            await desk.component_token.save_ticket(_given(kept, "ticket"), epoch(at))

    async def start_ticket_push(self) -> None:
        """Ask the provider to push tickets from now on; Kuaishou only.

        Source: wire/kuaishou.md § 1.1 a.

        Raises:
            NotSupported: Baidu pushes by itself.
        """
        with self._working("start_ticket_push") as desk:
            await desk.session.call(_present(desk.contract.start_push), "", None)

    async def get_authorization_url(self, redirect_uri: str, *, state: str | None = None) -> str:
        """Make the address that a merchant's browser is sent to; it holds a pre-auth code of 10 to 20 minutes.

        Sources: wire/baidu.md § 1.3 and § 1.4; wire/kuaishou.md § 1.1 d and e.

        Args:
            redirect_uri: Where the browser comes back to, with `authorization_code` in the query.
            state: What comes back with it, in the query of `redirect_uri`: check it there.

        Raises:
            InvalidArgument: `redirect_uri` is no whole http(s) address.
            NotSupported: Kuaishou without `authorization_page`.
            TicketMissing: There is no ticket to ask with.
        """
        with self._working("get_authorization_url") as desk:
            page = desk.contract.page
            if isinstance(page, Absent):
                raise NotSupported(page.why)
            address = _with_state(redirect_uri, state)
            code = await desk.session.call(desk.contract.pre_auth_code, "", None)
            return page(code.secret, address)

    async def authorize(self, authorization_code: str, *, app: str | None = None) -> Grant:
        """Exchange an authorization code for an app's tokens, and keep them.

        Sources: wire/baidu.md § 1.5; wire/kuaishou.md § 1.1 f.

        Args:
            authorization_code: From a browser's redirect or a pushed event; it works once.
            app: The app, if it is known. With it, a code that turns out to be spent is no loss: the grant is recovered.

        Raises:
            InvalidRequest: The code is wrong, spent or too old, and the app isn't known.
            AuthorizationLost: The merchant's grant is gone.
        """
        code, authorization_code = _secret(authorization_code), ""
        with self._working("authorize", app) as desk:
            return await desk.grants.authorize(_given(code, "authorization code"), app)

    async def recover(self, app: str) -> Grant:
        """Get the tokens of an app anew through the provider, which still knows the grant.

        Sources: wire/baidu.md § 1.6; wire/kuaishou.md § 1.1 h.

        Raises:
            AuthorizationLost: It doesn't: the merchant must authorize again.
        """
        with self._working("recover", app) as desk:
            return await desk.grants.recover(app)

    async def recover_all(self, apps: Iterable[str], *, concurrency: int = 20) -> list[Outcome[Grant]]:
        """Recover many apps: after the store was lost, say.

        Args:
            apps: The apps' ids.
            concurrency: How many at once.

        Returns:
            What became of each, in the order in which they were done.
        """
        async with each(self.recover, apps, concurrency=concurrency, catch=MiniAppError) as outcomes:
            return [outcome async for outcome in outcomes]

    async def adopt(
        self, app: str, *, access_token: str | None, refresh_token: str, expires_at: Moment, replace: bool = True
    ) -> bool:
        """Take over a grant whose tokens were had and kept elsewhere.

        Whoever had them must not use the refresh token any more: it works once.

        Args:
            app: The app's id.
            access_token: Its access token; `None` if there is none.
            refresh_token: Its refresh token.
            expires_at: When the access token ends: epoch seconds or an aware datetime.
            replace: Whether tokens that are kept already are replaced.

        Returns:
            Whether the tokens were taken over.
        """
        access, access_token = None if access_token is None else _secret(access_token), None
        refresh, refresh_token = _secret(refresh_token), ""
        with self._working("adopt", app) as desk:
            record = AppRecord(
                access=None if access is None else _given(access, "access token"),
                refresh=_given(refresh, "refresh token"),
                obtained_at=desk.grants.keeping.clock(),
                expires_at=epoch(expires_at),
            )
            return await desk.grants.adopt(app, record, replace=replace)

    async def forget(self, app: str, *, before: Moment | None = None) -> None:
        """Drop what is kept of an app, after its merchant took the grant back; the provider isn't told.

        Args:
            app: The app's id.
            before: When it was taken back: tokens that were had later than that stay. `None` drops any.
        """
        with self._working("forget", app) as desk:
            await desk.grants.forget(app, None if before is None else epoch(before))

    async def apps(self) -> AsyncIterator[str]:
        """Give the ids of the authorized apps, from the store alone."""
        with self._working("apps") as desk:
            async for app in desk.grants.apps():
                yield app

    def keeper(self) -> AbstractAsyncContextManager[Keeper]:
        """Renew grants whose refresh token nears its end, while the block lasts: `async with client.keeper():`.

        A refresh token ends when nobody uses it for long enough: Kuaishou's after 30 days, Baidu's after ten years. It
        is renewed days before that, at most about one a second. Run it in every replica: one at a time looks after all
        grants, once an hour, and another takes over if it dies. It keeps no access token warm. One that fails is told
        to the logger `miniapp_tp`, and stops no other; every request is told to `hooks`. Leaving the block waits for
        what is being spent.

        Sources: wire/baidu.md § 1.5; wire/kuaishou.md § 1.1 f.

        Raises:
            InvalidArgument: A client without a store, one that follows, or one that is closed.
        """
        with self._working("keeper") as desk:
            return Keeper(desk.grants, lambda: desk.closed).running()

    @contextmanager
    def _working(self, operation: str, app: str | None = None) -> Generator[GrantDesk]:
        try:
            if app is not None:
                check_app(app)
            if self._desk is None:
                message = "this client was given tokens=…, so it keeps no grants: give it a store instead"
                raise InvalidArgument(message)
            check_open(closed=self._desk.closed)
            if self._desk.followed is not None and operation not in _FOLLOWERS:
                raise InvalidArgument("this client follows, and this is for the owner of the grants: ask there")
            yield self._desk
        except MiniAppError as error:
            error.within(
                provider=self._desk.provider if self._desk else None,
                operation=operation,
                app=app if isinstance(app, str) else None,
            )
            raise


def _present(endpoint: T | Absent) -> T:
    if isinstance(endpoint, Absent):
        raise NotSupported(endpoint.why)
    return endpoint


def _secret(value: object) -> Secret | None:
    """Wrap what must not be seen in any frame; what is no text, or empty, is nothing."""
    return Secret(value) if isinstance(value, str) and value.strip() else None


def _given(secret: Secret | None, name: str) -> Secret:
    if secret is None:
        message = f"the {name} is text that isn't empty"
        raise InvalidArgument(message)
    return secret


def epoch(moment: Moment | None) -> float:
    """Give a moment in epoch seconds; now, if `None`.

    Raises:
        InvalidArgument: A naive datetime, or a number that isn't in seconds.
    """
    if moment is None:
        return time.time()
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            message = "a datetime without a time zone can mean several moments; give an aware one, or epoch seconds"
            raise InvalidArgument(message)
        return moment.timestamp()
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        message = f"a moment is epoch seconds or an aware datetime, not {moment!r}"
        raise InvalidArgument(message)
    if not 0 <= moment < _YEAR_10000:
        raise InvalidArgument(f"a moment is epoch seconds, not milliseconds: {moment!r} is no time of ours")
    return float(moment)


def _with_state(redirect_uri: str, state: str | None) -> str:
    try:
        parts = urlsplit(redirect_uri)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"https", "http"} or not parts.netloc:
        message = f"redirect_uri is a whole address like 'https://example.com/authorized', unlike {redirect_uri!r}"
        raise InvalidArgument(message)
    if state is None:
        return redirect_uri
    query = "&".join(part for part in (parts.query, urlencode({"state": state})) if part)
    return urlunsplit(parts._replace(query=query))
