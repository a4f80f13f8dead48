"""What a component's client is set up with: its arguments looked through, and its desk for grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from miniapp_tp.client.grants import GrantDesk
from miniapp_tp.errors import InvalidArgument
from miniapp_tp.transport.component_token import ComponentToken
from miniapp_tp.transport.following import FollowedComponent, FollowedGrants
from miniapp_tp.transport.grants import Grants
from miniapp_tp.transport.keeping import Keeping
from miniapp_tp.transport.limits import Limits
from miniapp_tp.wire.dialect import Credential

if TYPE_CHECKING:
    from collections.abc import Mapping

    from miniapp_tp.contract import TokenContract
    from miniapp_tp.stores.base import TokenStore
    from miniapp_tp.transport.base import Transport
    from miniapp_tp.transport.options import Options
    from miniapp_tp.transport.session import Session
    from miniapp_tp.transport.tokens import AppTokens, Tokens

TOKEN_CALLS: Final = 32
"""How many calls for tokens are under way at once."""

_TOKEN_TIMEOUT: Final = 30.0
_TOKEN_ATTEMPT_TIMEOUT: Final = 10.0


def problem_of(
    component: object,
    tokens: AppTokens | None,
    store: TokenStore | None,
    transport: Transport | None,
    options: Options,
) -> InvalidArgument | None:
    """Say what is wrong with a client's arguments."""
    if not isinstance(component, str) or not component.strip():
        return InvalidArgument("a component is named by its id, a text that isn't empty")
    if (tokens is None) == (store is None):
        return InvalidArgument(
            "give either tokens (app id → token, or an async callable) or a store for the SDK's own grants"
        )
    if transport is not None and (options.proxy is not None or options.verify is not True):
        return InvalidArgument(
            "proxy and verify belong to the connections, and those to the transport: give them to it"
        )
    if options.follow and store is None:
        return InvalidArgument("follow is for a client with a store: with tokens=… nothing is ever renewed anyway")
    return None


def patient(options: Options) -> Options:
    """Give calls for tokens time of their own: a caller's short patience may not break off a spend."""
    return evolve(
        options,
        timeout=max(options.timeout, _TOKEN_TIMEOUT),
        attempt_timeout=max(options.attempt_timeout, _TOKEN_ATTEMPT_TIMEOUT),
    )


def desk_of(component: str, store: TokenStore, contract: TokenContract, session: Session) -> GrantDesk:
    """Set up what gets and keeps tokens.

    Its calls have turns of their own, since those who wait for them hold the others; and so has the component's token,
    for which all of them may be waiting. They have their own time too: a short patience may not break off a spend.
    """
    provider = session.dialect.provider
    keeping = Keeping(store, f"{provider}:{component}")
    options = patient(session.options)
    bare = evolve(session, limits=Limits(1), tokens={}, options=options)
    component_token = ComponentToken(keeping, contract, bare)
    asking = evolve(bare, limits=Limits(TOKEN_CALLS), tokens={Credential.COMPONENT: component_token})
    followed = _followed(keeping, component_token) if options.follow else None
    return GrantDesk(provider, contract, asking, component_token, Grants(keeping, contract, asking), followed)


def _followed(keeping: Keeping, component_token: ComponentToken) -> Mapping[Credential, Tokens]:
    """Take all tokens as their owner keeps them."""
    component = FollowedComponent(keeping, component_token)
    return {Credential.APP: FollowedGrants(keeping), Credential.COMPONENT: component}
