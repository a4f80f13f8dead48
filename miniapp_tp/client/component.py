"""A component at one provider: what Baidu's and Kuaishou's clients have in common, and what they don't."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import evolve

from miniapp_tp.client.baidu import BaiduMethods
from miniapp_tp.client.checks import check_app, check_open
from miniapp_tp.client.events import EventMethods
from miniapp_tp.client.grants import AskingGrants, epoch
from miniapp_tp.client.interface import MiniAppClient
from miniapp_tp.client.materials import ComponentMaterials
from miniapp_tp.client.missed import missed_events
from miniapp_tp.client.pushes import PushDesk, push_desk
from miniapp_tp.client.setting_up import desk_of, problem_of
from miniapp_tp.client.supporting import supported
from miniapp_tp.errors import InvalidArgument, MiniAppError, NotSupported, ProviderError
from miniapp_tp.providers.baidu.dialect import DIALECT as BAIDU
from miniapp_tp.providers.baidu.endpoints import CONTRACT as BAIDU_CONTRACT
from miniapp_tp.providers.baidu.events import PUSHES as BAIDU_PUSHES
from miniapp_tp.providers.baidu.tokens import token_contract as baidu_tokens
from miniapp_tp.providers.kuaishou.dialect import ON_BEHALF, for_component
from miniapp_tp.providers.kuaishou.endpoints import CONTRACT as KUAISHOU_CONTRACT
from miniapp_tp.providers.kuaishou.events import PUSHES as KUAISHOU_PUSHES
from miniapp_tp.providers.kuaishou.tokens import token_contract as kuaishou_tokens
from miniapp_tp.transport.hooks import Hook, Hooks
from miniapp_tp.transport.http import HttpxTransport
from miniapp_tp.transport.limits import Limits
from miniapp_tp.transport.options import Options
from miniapp_tp.transport.pacing import Pacing, Turns
from miniapp_tp.transport.session import Session
from miniapp_tp.transport.tokens import AppTokens, OwnTokens
from miniapp_tp.wire.addresses import checked_address
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Absent, Endpoint, Operation, Procedure
from miniapp_tp.wire.meaning import own_meanings
from miniapp_tp.wire.messages import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from miniapp_tp.client.grants import Moment
    from miniapp_tp.contract import Contract, TokenContract
    from miniapp_tp.models import Event
    from miniapp_tp.stores.base import TokenStore
    from miniapp_tp.transport.base import Transport
    from miniapp_tp.wire.dialect import Dialect
    from miniapp_tp.wire.meaning import Code

P = TypeVar("P")
R = TypeVar("R")


class ComponentClient(EventMethods, MiniAppClient):
    """A component at one provider, and through it the apps that merchants have authorized.

    Args:
        component: The component's id, for the repr.
        dialect: How the provider speaks.
        contract: What it can do.
        tokens: The caller's tokens of apps, or what is wrong with them; `None` if there is a store.
        store: Where the SDK keeps its own grants; not closed with the client.
        token_contract: How the provider gives out tokens.
        pushes: What opens pushed messages, or what is wrong with its keys.
        base_url: The provider's address.
        transport: The network; not closed with the client.
        options: Bounds.
        hooks: Who watches.
        error_codes: The user's additions to the provider's codes.
        pacing: How many calls, how fast.
    """

    def __init__(
        self,
        component: str,
        *,
        dialect: Dialect,
        contract: Contract,
        tokens: AppTokens | InvalidArgument | None,
        store: TokenStore | None,
        token_contract: TokenContract,
        pushes: PushDesk | MiniAppError,
        base_url: str,
        transport: Transport | None,
        options: Options,
        hooks: Iterable[Hook],
        error_codes: Mapping[Code, type[ProviderError]] | None,
        pacing: Pacing = Pacing(),  # noqa: B008 - frozen
    ) -> None:
        if isinstance(tokens, InvalidArgument):
            raise tokens.within(provider=dialect.provider)
        if isinstance(pushes, MiniAppError):
            raise pushes.within(provider=dialect.provider)
        problem = problem_of(component, tokens, store, transport, options)
        if problem is not None:
            raise problem.within(provider=dialect.provider)
        self.component = component
        self._contract = contract
        self._token_contract = token_contract
        self._pushes = pushes
        self._own_transport = transport is None
        self._root: ComponentClient = self
        self._closed = False
        self._session = Session(
            dialect=evolve(dialect, own_codes=own_meanings(error_codes)),
            base_url=checked_address(base_url),
            tokens={} if tokens is None else {Credential.APP: tokens},
            transport=HttpxTransport(proxy=options.proxy, verify=options.verify) if transport is None else transport,
            limits=Limits(options.concurrency),
            hooks=Hooks(hooks),
            options=options,
        )
        self._desk = None if store is None else desk_of(component, store, token_contract, self._session)
        turns = Turns((dialect.provider, self._session.base_url), component, pacing)
        self._session = evolve(self._with_grants(self._session), turns=turns)

    def _with_grants(self, session: Session) -> Session:
        """Let a session take its tokens from the grants, if there are any."""
        if self._desk is None:
            return session
        if self._desk.followed is not None:
            return evolve(session, tokens=self._desk.followed)
        asking = AskingGrants(self._desk.grants, session.options.recover_unknown)
        return evolve(session, tokens={Credential.APP: asking, Credential.COMPONENT: self._desk.component_token})

    @property
    def provider(self) -> str:
        """The provider's name: `"baidu"` or `"kuaishou"`."""
        return self._session.dialect.provider

    @property
    def store(self) -> TokenStore | None:
        """Where the SDK keeps its own grants; `None` if the caller keeps the tokens."""
        return None if self._desk is None else self._desk.grants.keeping.store

    @property
    def push_tolerance(self) -> float:
        """Seconds by which the stamp of a pushed message may differ from now."""
        return self._session.options.push_tolerance

    def supports(self, operation: str) -> bool:
        """Tell whether the provider has an operation, by the name of its method."""
        return supported(operation, self._contract, self._token_contract, self._pushes.contract)

    def name_of(self, pick: Callable[[Contract], Operation[Any, Any]]) -> str:
        """Give the name of an operation, which is the same at every provider."""
        return pick(self._contract).name

    async def perform(self, pick: Callable[[Contract], Operation[P, R]], app: str, make: Callable[[], P]) -> R:
        """Do what every method does: find the operation, make its parameters, and call."""
        operation = pick(self._contract)
        try:
            if isinstance(operation, Absent):
                raise NotSupported(operation.why)
            self._check(operation, app)
            return await self._session.call(operation, app, make())
        except MiniAppError as error:
            error.within(provider=self.provider, operation=operation.name, app=app if isinstance(app, str) else None)
            raise

    def _check(self, operation: Endpoint[Any, Any] | Procedure[Any, Any], app: object) -> None:
        check_open(closed=self._root._closed)  # noqa: SLF001 - the client that this one shares everything with
        endpoint = operation.endpoint if isinstance(operation, Procedure) else operation
        if endpoint.credential is Credential.APP:
            check_app(app)
        if endpoint.credential is not None and endpoint.credential not in self._session.tokens:
            message = "this call carries the component's token, which a client with tokens=… hasn't: give it a store"
            raise InvalidArgument(message)

    async def missed_events(self, since: Moment) -> AsyncIterator[Event]:
        """Give the events that the provider couldn't deliver; Baidu only, which knows them for 30 days.

        They may have been delivered since, or be given twice: `id` tells.

        Source: wire/baidu.md § 2.5.

        Args:
            since: The moment from which on they are asked for: epoch seconds or an aware datetime.

        Raises:
            NotSupported: Kuaishou keeps none.
            InvalidArgument: The client has no store or no push keys, or `since` lies more than 30 days back.
            PushRejected: Some couldn't be opened; raised after all others were given.
        """
        with self._working("missed_events") as desk:
            async for event in missed_events(desk, self._pushes, epoch(since), epoch(None)):
                yield event

    def with_options(self, **changes: Any) -> Self:  # noqa: ANN401 - the fields of Options, checked by it
        """Give a second client that shares connections, tokens and limits, and differs in some options."""
        other = copy.copy(self)
        session = self._session.with_options(self._session.options.changed(changes))
        other._session = self._with_grants(session)  # noqa: SLF001 - a copy of this
        return other

    async def aclose(self) -> None:
        """Close what the client opened itself; closing twice, or one of `with_options`, does nothing.

        A single-use token that is being spent is waited for.
        """
        if self._root is self and not self._closed:
            self._closed = True
            if self._desk is not None:
                await self._desk.land()
            if self._own_transport:
                await self._session.transport.aclose()

    def __repr__(self) -> str:
        """Show which component this is."""
        return f"<{type(self).__name__} {self.component}>"


class BaiduClient(BaiduMethods, ComponentMaterials, ComponentClient):
    """A third-party platform (第三方平台) on Baidu Smart Programs.

    Args:
        client_id: The platform's Key.
        tokens: The tokens of apps, if you keep them: a mapping, an asynchronous callable, or a `TokenSource`.
        store: Where tickets and tokens are kept, for the SDK's own grants; not closed with the client.
        push_token: The message verification token (消息校验 Token) that was entered at Baidu, for `open_push`.
        push_key: The message encryption key (消息加解密 Key) that was entered there: 43 letters and digits.
        push_ids: The ids one of which must stand after a pushed message: the platform's number, its Key. Baidu doesn't
            say which it writes, and its own samples don't look at it; nor does the client, if there are none.
        base_url: Another address than Baidu's: a sandbox, a gateway.
        transport: The network; not closed with the client. `None` for connections of its own.
        options: Bounds on time, attempts and concurrency.
        hooks: Called with every `Attempt`.
        error_codes: Additions to Baidu's codes: code → class of error.
        pacing: How many calls, how fast; what the provider's busy answers teach is heeded in any case.

    Raises:
        InvalidArgument: No tokens, or a value that can't be used; the message says which.
        NotSupported: `push_key` is given, and the extra `push` isn't installed.
    """

    def __init__(
        self,
        client_id: str,
        *,
        tokens: OwnTokens | None = None,
        store: TokenStore | None = None,
        push_token: str | Secret | None = None,
        push_key: str | Secret | None = None,
        push_ids: Iterable[str] = (),
        base_url: str = "https://openapi.baidu.com",
        transport: Transport | None = None,
        options: Options = Options(),  # noqa: B008 - frozen
        hooks: Iterable[Hook] = (),
        error_codes: Mapping[Code, type[ProviderError]] | None = None,
        pacing: Pacing = Pacing(),  # noqa: B008 - frozen
    ) -> None:
        # Rebound at once: an error tracker would show the arguments themselves as locals of this frame.
        kept, tokens = _kept(tokens), None
        pushes, push_token, push_key = push_desk(BAIDU_PUSHES, push_token, push_key, push_ids), None, None
        super().__init__(
            client_id,
            dialect=BAIDU,
            contract=BAIDU_CONTRACT,
            token_contract=baidu_tokens(client_id),
            pushes=pushes,
            tokens=kept,
            store=store,
            base_url=base_url,
            transport=transport,
            options=options,
            hooks=hooks,
            error_codes=error_codes,
            pacing=pacing,
        )


class KuaishouClient(ComponentClient):
    """A third-party application (第三方应用) on Kuaishou mini programs.

    Args:
        component_app_id: The application's id, `"ks…"`.
        component_app_secret: Its secret, which getting tokens takes.
        tokens: The tokens of apps, if you keep them: a mapping, an asynchronous callable, or a `TokenSource`.
        store: Where tickets and tokens are kept, for the SDK's own grants; not closed with the client.
        push_token: The message verification token that was entered at Kuaishou, for `open_push`.
        push_key: The message encryption key that was entered there: base64 of 16, 24 or 32 bytes.
        refresh_path: The path that refreshes an app's tokens, which Kuaishou doesn't publish; without it a grant is
            renewed by recovering and exchanging a code.
        authorization_page: The address of the page where merchants authorize, which Kuaishou doesn't publish either.
        base_url: Another address than Kuaishou's: a sandbox, a gateway.
        transport: The network; not closed with the client. `None` for connections of its own.
        options: Bounds on time, attempts and concurrency.
        hooks: Called with every `Attempt`.
        error_codes: Additions to Kuaishou's codes: code → class of error.
        pacing: How many calls, how fast; what the provider's busy answers teach is heeded in any case.

    Raises:
        InvalidArgument: No tokens, or a value that can't be used; the message says which.
        NotSupported: `push_key` is given, and the extra `push` isn't installed.
    """

    def __init__(
        self,
        component_app_id: str,
        component_app_secret: str | Secret | None = None,
        *,
        tokens: OwnTokens | None = None,
        store: TokenStore | None = None,
        push_token: str | Secret | None = None,
        push_key: str | Secret | None = None,
        refresh_path: str | None = None,
        authorization_page: str | None = None,
        base_url: str = "https://open.kuaishou.com",
        transport: Transport | None = None,
        options: Options = Options(),  # noqa: B008 - frozen
        hooks: Iterable[Hook] = (),
        error_codes: Mapping[Code, type[ProviderError]] | None = None,
        pacing: Pacing = Pacing(),  # noqa: B008 - frozen
    ) -> None:
        # Rebound at once: an error tracker would show the arguments themselves as locals of this frame.
        secret, component_app_secret = _own_secret(component_app_secret), None
        kept, tokens = _kept(tokens), None
        own = (component_app_id,)
        pushes, push_token, push_key = push_desk(KUAISHOU_PUSHES, push_token, push_key, own), None, None
        if isinstance(secret, InvalidArgument):
            raise secret.within(provider="kuaishou")
        super().__init__(
            component_app_id,
            dialect=for_component(ON_BEHALF, component_app_id),
            contract=KUAISHOU_CONTRACT,
            token_contract=kuaishou_tokens(component_app_id, secret, refresh_path, authorization_page),
            pushes=pushes,
            tokens=kept,
            store=store,
            base_url=base_url,
            transport=transport,
            options=options,
            hooks=hooks,
            error_codes=error_codes,
            pacing=pacing,
        )


def _own_secret(secret: object) -> Secret | InvalidArgument | None:
    """Wrap the component's secret; what is wrong with it is given back, without a frame that holds it."""
    if secret is None or isinstance(secret, Secret):
        return secret
    if isinstance(secret, str) and secret.strip():
        return Secret(secret)
    return InvalidArgument("component_app_secret is text that isn't empty, or left out")


def _kept(tokens: OwnTokens | None) -> AppTokens | InvalidArgument | None:
    """Take the caller's tokens; what is wrong with them is given back, without the frames that hold them."""
    if tokens is None:
        return None
    try:
        return AppTokens(tokens)
    except InvalidArgument as error:
        return error.with_traceback(None)
