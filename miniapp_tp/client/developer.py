"""A mini app's own developer on Baidu: services that its AppKey and AppSecret open (seed 003)."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypeVar, cast

from attrs import evolve

from miniapp_tp.client.checks import check_app, check_open
from miniapp_tp.client.materials import MaterialMethods
from miniapp_tp.client.setting_up import TOKEN_CALLS, patient
from miniapp_tp.errors import InvalidArgument, MiniAppError, NotSupported, ProviderError
from miniapp_tp.models import Broadcast, FeedCard, FeedSubmission, FeedTemplate, Message, Of, Push
from miniapp_tp.providers.baidu.developer import DEVELOPER_TOKEN, SERVICES, Keys, developer_contract
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.transport.client_credentials import ClientCredentials
from miniapp_tp.transport.hooks import Hook, Hooks
from miniapp_tp.transport.http import HttpxTransport
from miniapp_tp.transport.limits import Limits
from miniapp_tp.transport.options import Options
from miniapp_tp.transport.session import Session
from miniapp_tp.wire.addresses import checked_address
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Absent, Endpoint, Operation, Procedure
from miniapp_tp.wire.meaning import own_meanings
from miniapp_tp.wire.messages import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from miniapp_tp.providers.baidu.developer import DeveloperContract
    from miniapp_tp.transport.base import Transport
    from miniapp_tp.wire.meaning import Code

P = TypeVar("P")
R = TypeVar("R")

KeyPair: TypeAlias = tuple[str | Secret, str | Secret]
"""An app's AppKey and AppSecret."""
Credentials: TypeAlias = Mapping[str, KeyPair] | Callable[[str], Awaitable[KeyPair]]
"""What a caller may bring: a mapping from app id to keys, or an asynchronous callable."""


class BaiduDeveloperClient(MaterialMethods):
    """The developer of mini apps on Baidu: messages to their users, cards in feeds, materials and sitemaps.

    AppKey and AppSecret belong to one mini app each, and so do the tokens that they give: they are asked for when they
    are needed, kept in memory, and renewed before they end.

    Args:
        credentials: AppKey and AppSecret by app id: a mapping, or an async callable `(app) -> (key, secret)`, called
            for each request for a token.
        urls: Whole addresses, by the name of a method. Baidu gives those of `push_message`, `broadcast_message` and
            `submit_feed_cards` to whom it invites; without them these raise `NotSupported`.
        base_url: Another address than Baidu's: a sandbox, a gateway.
        transport: The network; not closed with the client. `None` for connections of its own.
        options: Bounds on time, attempts and concurrency.
        hooks: Called with every `Attempt`.
        error_codes: Additions to Baidu's codes: code → class of error.

    Raises:
        InvalidArgument: A value that can't be used; the message says which.
    """

    provider: Final = "baidu"

    def __init__(
        self,
        credentials: Credentials,
        *,
        urls: Mapping[str, str] | None = None,
        base_url: str = "https://openapi.baidu.com",
        transport: Transport | None = None,
        options: Options = Options(),  # noqa: B008 - frozen
        hooks: Iterable[Hook] = (),
        error_codes: Mapping[Code, type[ProviderError]] | None = None,
    ) -> None:
        # Rebound at once: an error tracker would show the argument itself as a local of this frame.
        ask, credentials = _asker(credentials), {}
        if isinstance(ask, InvalidArgument):
            raise ask.within(provider=self.provider)
        self._contract = developer_contract(_checked(urls))
        self._own_transport = transport is None
        self._root: BaiduDeveloperClient = self
        self._closed = False
        bare = Session(
            dialect=evolve(DIALECT, own_codes=own_meanings(error_codes)),
            base_url=checked_address(base_url),
            tokens={},
            transport=HttpxTransport(proxy=options.proxy, verify=options.verify) if transport is None else transport,
            limits=Limits(options.concurrency),
            hooks=Hooks(hooks),
            options=options,
        )
        self._tokens = ClientCredentials(ask, DEVELOPER_TOKEN, _for_tokens(bare))
        self._session = evolve(bare, tokens={Credential.APP: self._tokens})

    async def push_message(self, app: str, swan_ids: Iterable[str], message: Message) -> int | None:
        """Send a message to some users of an app.

        Source: seed 003 § 1 消息推送服务单播接口.

        Args:
            app: The app's id.
            swan_ids: The users' ids, 1 to 100.
            message: The message.

        Returns:
            The message's key, if Baidu gave one.

        Raises:
            InvalidArgument: Not 1 to 100 users, or no `Message`.
            NotSupported: No address was given for it in `urls`.
            PermissionDenied: The app isn't invited to this service (6001).
            QuotaExhausted: Too many messages (116001).
            InvalidRequest: Something in it isn't as Baidu wants it (2002, 2003, 30010002).
            ProviderUnavailable: It couldn't be sent on (1009); see `may_have_happened`.
        """
        return await self._perform(lambda has: has.push_message, app, lambda: Of(app, Push(swan_ids, message)))

    async def broadcast_message(self, app: str, message: Message) -> int | None:
        """Send a message to all users of an app.

        Source: seed 003 § 2 消息推送服务组播接口. Its errors are those of `push_message`.

        Args:
            app: The app's id.
            message: The message.

        Returns:
            The message's key, if Baidu gave one.
        """
        return await self._perform(lambda has: has.broadcast_message, app, lambda: Of(app, Broadcast(message)))

    async def submit_feed_cards(
        self, app: str, title: str, cards: Iterable[FeedCard], *, template: FeedTemplate
    ) -> None:
        """Hand in cards for a feed, which users swipe through.

        Source: seed 003 § 3 Feeds横滑卡片推广接口.

        Args:
            app: The app's id.
            title: What stands above them, at most 10 characters.
            cards: The cards, 5 to 9.
            template: How they look.

        Raises:
            InvalidArgument: Not 5 to 9 cards, a title that is too long, or a summary that the template needs.
            NotSupported: No address was given for it in `urls`.
            PermissionDenied: The app isn't invited to this service (6001).
        """
        await self._perform(
            lambda has: has.submit_feed_cards, app, lambda: Of(app, FeedSubmission(title, cards, template))
        )

    def supports(self, operation: str) -> bool:
        """Tell whether a service can be called, by the name of its method: three of them need an address."""
        return self._contract.supports(operation)

    async def call(self, endpoint: Endpoint[P, R] | Procedure[P, R], app: str, params: P) -> R:
        """Call any endpoint with the app's own token, through the same pipe as the methods.

        Args:
            endpoint: What to call.
            app: The app to call it for.
            params: What the endpoint takes.
        """
        return await self._perform(lambda _has: endpoint, app, lambda: params)

    async def hand_in(self, pick: Callable[[DeveloperContract], Operation[P, R]], app: str, make: Callable[[], P]) -> R:
        """Do it by the developer's paths, with the app's own token."""
        return await self._perform(pick, app, make)

    def with_options(self, **changes: Any) -> Self:  # noqa: ANN401 - the fields of Options, checked by it
        """Give a second client that shares connections, tokens and limits, and differs in some options.

        Raises:
            InvalidArgument: An option that doesn't exist, or that belongs to the connections.
        """
        other = copy.copy(self)
        other._session = self._session.with_options(self._session.options.changed(changes))  # noqa: SLF001 - a copy
        return other

    async def aclose(self) -> None:
        """Close what the client opened itself; closing twice, or one of `with_options`, does nothing."""
        if self._root is self and not self._closed:
            self._closed = True
            await self._tokens.land()
            if self._own_transport:
                await self._session.transport.aclose()

    async def __aenter__(self) -> Self:
        """Enter a block at whose end the client is closed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close the client."""
        await self.aclose()

    def __repr__(self) -> str:
        """Show where it calls, and no key."""
        return f"<{type(self).__name__} {self._session.base_url}>"

    async def _perform(
        self, pick: Callable[[DeveloperContract], Operation[P, R]], app: str, make: Callable[[], P]
    ) -> R:
        operation = pick(self._contract)
        try:
            if isinstance(operation, Absent):
                raise NotSupported(operation.why)
            check_open(closed=self._root._closed)  # noqa: SLF001 - the client that this one shares everything with
            check_app(app)
            return await self._session.call(operation, app, make())
        except MiniAppError as error:
            error.within(provider=self.provider, operation=operation.name, app=app if isinstance(app, str) else None)
            raise


def _for_tokens(session: Session) -> Session:
    """Give the calls for tokens turns and time of their own: those who wait for them hold the others."""
    return evolve(session, limits=Limits(TOKEN_CALLS), options=patient(session.options))


def _checked(urls: Mapping[str, str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, address in (urls or {}).items():
        if name not in SERVICES:
            message = f"urls has an address for {name!r}, which is none of the services {', '.join(SERVICES)}"
            raise InvalidArgument(message)
        found[name] = checked_address(address)
    return found


class _Asker:
    """Gives an app's keys, wherever the caller has them; they are in no repr and in no local of a frame that raises."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def __call__(self, app: str) -> Keys:
        keys = _keys(await self._found(app))
        if isinstance(keys, str):
            raise InvalidArgument(keys)
        return keys

    async def _found(self, app: str) -> object:
        if isinstance(self._credentials, Mapping):
            return cast("Mapping[str, object]", self._credentials).get(app)
        return await self._credentials(app)


def _asker(credentials: object) -> _Asker | InvalidArgument:
    """Take the caller's credentials; what is wrong with them is given back, without the frames that hold them."""
    if isinstance(credentials, Mapping) or callable(credentials):
        return _Asker(cast("Credentials", credentials))
    kind = type(credentials).__name__
    return InvalidArgument(
        f"credentials is a mapping from app id to (AppKey, AppSecret), or an async callable (app) -> pair; not {kind}"
    )


def _keys(found: object) -> Keys | str:
    """Wrap an app's keys, or say what is wrong with them without showing them."""
    if found is None:
        return "credentials has no AppKey and AppSecret for this app"
    kind = type(found).__name__
    pair = list(cast("tuple[object, ...]", found)) if isinstance(found, tuple | list) else []
    plain = [one.reveal() if isinstance(one, Secret) else one for one in pair]
    texts = [one for one in plain if isinstance(one, str) and one.strip() and one.isascii()]
    if len(texts) != len(plain) or len(texts) != len(("key", "secret")):
        return f"an app's credentials are a pair (AppKey, AppSecret) of texts; what came was {kind}"
    return Keys(Secret(texts[0]), Secret(texts[1]))
