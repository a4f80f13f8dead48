"""An imitated provider: its component, its apps, and the life of their grants (§ 1 of wire/baidu.md, wire/kuaishou.md).

Where the documents are silent it is harsh. A refresh token works once, and so does an authorization code. A new pair
ends an app's older tokens at once, used or not; a new code ends no older code. A merchant who takes the grant back ends
all of the app's tokens and codes, and a later authorization brings none of them back. What an app has from the start
never expires, so that who brings tokens of its own needn't care.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from types import MappingProxyType

from attrs import define, field

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.sandbox.grants import CALLBACK_CODE_LIFE, Pair, Rules, Spent, Terms
from miniapp_tp.sandbox.outbox import Outbox
from miniapp_tp.sandbox.pictures import format_of
from miniapp_tp.sandbox.pushes import Pushes, sealing_of
from miniapp_tp.sandbox.register import Register, Standing
from miniapp_tp.sandbox.reviews import Reviewer
from miniapp_tp.sandbox.services import Services
from miniapp_tp.sandbox.state import App


@define(kw_only=True)
class Provider:
    """An imitated provider. What the merchants and the provider do of themselves are its methods.

    Attributes:
        name: `baidu` or `kuaishou`.
        component: The id of the one component that it knows.
        secret: The component's secret, if the provider has such.
        terms: What it hands out.
        make: Makes an app from its id and its place among the others.
        apps: The apps that it knows, by id.
        server_domains: Server domains registered on the component, as bare hosts.
        webview_domains: Webview domains registered on the component, as bare hosts.
        clock: Tells the time in seconds.
        lock: Held while anything happens.
        rules: What the documents leave open.
        requests: Requests answered so far.
        ticket_push_started: Whether the component asked for tickets.
        spent: What was asked for each app's tokens, by its id.
        images: The addresses of the images that were uploaded.
        reviews: How many reviews were begun.
        component_tokens: The component's tokens that were handed out.
        pre_auth_codes: The pre-auth codes that were handed out.
        outbox: Where its pushes wait to be sent.
        pushes: What it pushes of itself.
        reviewer: Ends the reviews that the component begins.
        services: The developer services of its apps; Baidu has such.
    """

    name: str
    component: str
    secret: str = field(repr=False)
    terms: Terms
    make: Callable[[str, int], App]
    apps: dict[str, App]
    server_domains: tuple[str, ...]
    webview_domains: tuple[str, ...]
    clock: Callable[[], float]
    lock: threading.RLock = field(repr=False)
    rules: Rules = field(factory=Rules)
    requests: int = 0
    ticket_push_started: bool = False
    spent: dict[str, Spent] = field(factory=dict[str, Spent])
    outbox: Outbox = field(factory=Outbox, repr=False)
    pushes: Pushes = field(init=False)
    reviewer: Reviewer = field(init=False)
    images: set[str] = field(factory=set[str])
    reviews: int = 0
    component_tokens: Register = field(init=False)
    pre_auth_codes: Register = field(init=False)
    services: Services = field(init=False)
    _tickets: Register = field(init=False)
    _codes: Register = field(init=False)
    _refreshers: Register = field(init=False)
    _tokens: dict[str, str] = field(init=False, repr=False)
    _owners: dict[str, App] = field(init=False, repr=False)
    _survivors: dict[str, dict[str, float | None]] = field(init=False, repr=False)
    _newest: dict[str, str] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Learn whose the tokens are, and hand out the first refresh tokens."""
        self.component_tokens = Register(self.terms.component_token.prefix, self.clock)
        self.pre_auth_codes = Register(self.terms.pre_auth_code.prefix, self.clock)
        self._tickets = Register(self.terms.ticket.prefix, self.clock)
        self._codes = Register(self.terms.code.prefix, self.clock)
        self._refreshers = Register(self.terms.refresh_token.prefix, self.clock)
        self._tokens = {app.id: app.token for app in self.apps.values()}
        self._owners = {app.token: app for app in self.apps.values()}
        self._survivors = {}
        self.services = Services(self.apps, self.clock)
        self._newest = {app: self._refreshers.issue(None, app) for app in self.apps}
        self.spent = {app: Spent() for app in self.apps}
        self.pushes = Pushes(self.name, sealing_of(self.name, self.component), self, self.outbox, self.clock)
        self.reviewer = Reviewer(self.apps, self.pushes, self.lock, self._next_review)

    # --- what may be looked at ---------------------------------------------------------------------------------------

    @property
    def push_token(self) -> str:
        """What its pushes are signed with, for a client's `push_token`."""
        return self.pushes.sealing.token

    @property
    def push_key(self) -> str:
        """What its pushes are encrypted with, for a client's `push_key`."""
        return self.pushes.sealing.key

    @property
    def tokens(self) -> Mapping[str, str]:
        """The present access token of each app that has one, by its id: a live view."""
        return MappingProxyType(self._tokens)

    @property
    def refresh_tokens(self) -> Mapping[str, str]:
        """The newest refresh token of each app whose grant is live, by its id: a live view."""
        return MappingProxyType(self._newest)

    def newest_pair(self, app: str) -> Pair | None:
        """Give the newest tokens of an app; `None` if its grant isn't live, or its code wasn't exchanged yet."""
        with self.lock:
            newest = self._newest.get(app)
            return Pair(app, self._tokens[app], newest) if newest is not None else None

    def lost(self, held: Mapping[str, str]) -> list[str]:
        """Name the apps with a live grant whose newest refresh token isn't the one held.

        Args:
            held: The refresh tokens that somebody holds, by app.
        """
        with self.lock:
            return [app for app, newest in self._newest.items() if held.get(app) != newest]

    # --- what the provider and the merchants do ----------------------------------------------------------------------

    def issue_ticket(self) -> str:
        """Give a ticket, as it would be pushed. Older ones go on working (see `Rules.ticket_life`)."""
        with self.lock:
            return self._tickets.issue(self.rules.ticket_life)

    def revoke_tickets(self) -> None:
        """Let every ticket be refused that was given so far."""
        with self.lock:
            self._tickets.void_all_of(None, Standing.REVOKED)

    def authorize(
        self, app: str, *, permissions: Iterable[str] | None = None, code_life: float = CALLBACK_CODE_LIFE
    ) -> str:
        """Let a merchant agree.

        Args:
            app: Its app; one that isn't known yet is made.
            permissions: What it grants, by name; what it granted before, if `None`, or the usual.
            code_life: Seconds that the code lives: `CALLBACK_CODE_LIFE` or `EVENT_CODE_LIFE`.

        Returns:
            The authorization code that a browser or an event would bring.
        """
        with self.lock:
            one = self.apps.get(app) or self._made(app)
            one.granted = True
            one.permissions = one.permissions if permissions is None else tuple(permissions)
            return self._code(app, code_life)

    def revoke(self, app: str) -> None:
        """Let a merchant take the grant back."""
        with self.lock:
            self._known(app).granted = False
            self._end_tokens(app)
            self._newest.pop(app, None)
            self._refreshers.void_all_of(app, Standing.REVOKED)
            self._codes.void_all_of(app, Standing.REVOKED)

    def expire_tokens(self, app: str | None = None) -> None:
        """Let the access tokens of an app, or of all, expire now. Refresh tokens go on working."""
        with self.lock:
            for one in [self._known(app).id] if app is not None else self.apps:
                self._end_tokens(one)

    def expire_component_tokens(self) -> None:
        """Let all tokens of the component expire now."""
        with self.lock:
            self.component_tokens.void_all_of(None, Standing.EXPIRED)

    def rotate(self, app: App) -> str:
        """Give an app a new access token; the old one is refused as expired from now on."""
        with self.lock:
            base, _, times = app.token.partition("~")
            app.token = f"{base}~{int(times or 1) + 1}"
            app.token_expires_at = None
            self._tokens[app.id] = app.token
            self._owners[app.token] = app
            return app.token

    def keep_image(self, image: bytes) -> str:
        """Keep an image as if it had been uploaded, and give its address: for clients that bring their own tokens."""
        with self.lock:
            ending = format_of(image) or "bin"
            address = f"https://img.example.com/uploads/{sha256(image).hexdigest()[:16]}.{ending}"
            self.images.add(address)
            return address

    # --- what the component asks for ---------------------------------------------------------------------------------

    def ticket_standing(self, ticket: str | None) -> Standing:
        """Tell what a ticket is worth now."""
        return self._tickets.standing(ticket)

    def subject(self, operation: str, value: str | None) -> App | None:
        """Find the app that an operation is about, by the code, refresh token or id that it names."""
        match operation:
            case "exchange_code":
                app = self._codes.app(value)
            case "refresh_grant":
                app = self._refreshers.app(value)
            case _:
                app = value
        return self.apps.get(app) if app is not None else None

    def exchange(self, code: str | None) -> Pair | Standing:
        """Take an authorization code for a pair, or tell why not."""
        standing, app = self._codes.standing(code), self._codes.app(code)
        if app is None or standing is not Standing.VALID:
            return standing
        self._codes.void(code, Standing.SPENT)
        return self._pair(self.apps[app])

    def refresh(self, refresh_token: str | None) -> Pair | Standing:
        """Take a refresh token for a new pair, or tell why not."""
        standing, app = self._refreshers.standing(refresh_token), self._refreshers.app(refresh_token)
        if app is None:
            return standing
        if standing is not Standing.VALID:
            self.spent[app].refused += 1
            return standing
        self._refreshers.void(refresh_token, Standing.SPENT)
        self.spent[app].used += 1
        return self._pair(self.apps[app])

    def recover(self, app: str) -> str | Standing:
        """Give a code for the grant that an app has, or tell why not."""
        if app not in self.apps:
            return Standing.UNKNOWN
        return self._code(app, self.terms.code.life) if self.apps[app].granted else Standing.REVOKED

    # --- what an app's access token is worth -------------------------------------------------------------------------

    def owner(self, token: str | None) -> App | None:
        """Find the app that an access token is, or once was, for."""
        return self._owners.get(token) if token is not None else None

    def standing(self, token: str | None) -> Standing:
        """Tell what an app's access token is worth now."""
        app = self.owner(token)
        if app is None or token is None:
            return Standing.UNKNOWN
        if not app.granted:
            return Standing.REVOKED
        older = self._survivors.get(app.id, {})
        until = app.token_expires_at if token == app.token else older.get(token, -math.inf)
        return Standing.EXPIRED if until is not None and self.clock() >= until else Standing.VALID

    # --- the rest ----------------------------------------------------------------------------------------------------

    def _next_review(self) -> int:
        self.reviews += 1
        return self.reviews

    def _known(self, app: str) -> App:
        if app not in self.apps:
            message = f"{self.name} has no app {app!r}"
            raise InvalidArgument(message)
        return self.apps[app]

    def _made(self, app: str) -> App:
        one = self.apps[app] = self.make(app, len(self.apps))
        self.spent[app] = Spent()
        return one

    def _code(self, app: str, life: float | None) -> str:
        self.spent[app].codes += 1
        return self._codes.issue(life, app)

    def _end_tokens(self, app: str) -> None:
        self.apps[app].token_expires_at = self.clock()
        self._survivors.pop(app, None)

    def _pair(self, app: App) -> Pair:
        if self.rules.old_tokens_survive:
            self._survivors.setdefault(app.id, {})[app.token] = app.token_expires_at
        else:
            self._survivors.pop(app.id, None)
            self._refreshers.void_all_of(app.id, Standing.SPENT)
        access_token = self.rotate(app)
        app.token_expires_at = self.clock() + self.terms.access_life
        self._newest[app.id] = self._refreshers.issue(self.terms.refresh_token.life, app.id)
        self.spent[app.id].pairs += 1
        return Pair(app.id, access_token, self._newest[app.id])
