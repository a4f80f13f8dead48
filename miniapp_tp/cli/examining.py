"""Finding out how a component is doing: reads the store, and asks the provider if that is wanted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import evolve, frozen

from miniapp_tp.cli.health import DAY, Grants, Health
from miniapp_tp.client.component import BaiduClient, KuaishouClient
from miniapp_tp.errors import MiniAppError, PermissionDenied, Scope, StoreError
from miniapp_tp.providers.baidu.tokens import token_contract as baidu_tokens
from miniapp_tp.providers.kuaishou.tokens import token_contract as kuaishou_tokens
from miniapp_tp.sandbox.letters import Sealing, baidu_letter, kuaishou_letter
from miniapp_tp.stores.describing import describe_store, risks_of_store
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.records import AppRecord, KeeperRecord, TicketRecord, TokenRecord
from miniapp_tp.transport.keeping import Keeping
from miniapp_tp.wire.crypto import STANDARD
from miniapp_tp.wire.messages import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.stores.base import TokenStore

K = TypeVar("K")

_NOWHERE: Final = "https://localhost/"
_MESSAGE: Final = {"event": "DOCTOR"}
_WRITING: Final = {"baidu": baidu_letter, "kuaishou": kuaishou_letter}


@frozen
class Side:
    """A component at a provider.

    Attributes:
        provider: The provider's name.
        component: The component's id.
        base_url: Another address than the provider's.
        secret: Kuaishou's component secret.
    """

    provider: str
    component: str
    base_url: str | None = None
    secret: Secret | None = None

    @property
    def refresh_life(self) -> float:
        """Seconds that the provider's refresh tokens live."""
        if self.provider == "baidu":
            return baidu_tokens(self.component).refresh_life
        return kuaishou_tokens(self.component, None, None, None).refresh_life

    def client(self, store: TokenStore, **more: Any) -> ComponentClient:  # noqa: ANN401 - what a client takes
        """Make a client on a store."""
        if self.base_url is not None:
            more["base_url"] = self.base_url
        if self.provider == "baidu":
            return BaiduClient(self.component, store=store, **more)
        # Which page it is doesn't matter: only the code for it is asked for.
        return KuaishouClient(self.component, self.secret, store=store, authorization_page=_NOWHERE, **more)


@frozen
class PushKeys:
    """What was entered at the provider so that its pushes can be told from others'.

    Attributes:
        token: The message verification token.
        key: The message encryption key.
    """

    token: Secret
    key: Secret

    def sealing(self, component: str) -> Sealing:
        """Give it as the other side takes it: the key in the standard alphabet, and padded."""
        text = self.key.reveal().strip().rstrip("=").translate(STANDARD)
        return Sealing(token=self.token.reveal().strip(), key=text + "=" * (-len(text) % 4), component=component)


async def examine(side: Side, store: TokenStore, *, days: float, clock: Callable[[], float] = time.time) -> Health:
    """Read what a store keeps of a component, and count; nothing is changed, and no app's record is held.

    Raises:
        StoreError: The store can't be read at all.
    """
    keeping = Keeping(store, f"{side.provider}:{side.component}", clock=clock)
    ticket = await _read(keeping, "ticket", TicketRecord)
    token = await _read(keeping, "component", TokenRecord)
    grants = Grants(clock(), days * DAY, side.refresh_life)
    async for _app, record in records(side, store):
        grants.add(record)
    return Health(
        provider=side.provider,
        component=side.component,
        now=clock(),
        store=await describe_store(store),
        risks=await risks_of_store(store),
        ticket_at=None if ticket is None else ticket.at,
        token_ends_at=None if token is None else token.expires_at,
        grants=grants,
        unnamed=len([name async for name in store.names(keeping.component, "unnamed")]),
        keeper=await _read(keeping, "keeper", KeeperRecord),
    )


async def records(side: Side, store: TokenStore) -> AsyncIterator[tuple[str, AppRecord | None]]:
    """Give the apps of a component and what is kept of each, one after the other; `None` for what can't be read."""
    keeping = Keeping(store, f"{side.provider}:{side.component}")
    async for app in store.names(keeping.component, "app"):
        try:
            found = await keeping.load(keeping.key("app", app), AppRecord)
        except StoreError as error:
            if error.retryable:  # the store itself, and not this record
                raise
            yield app, None
        else:
            if found.record is not None:
                yield app, found.record


async def asked_online(side: Side, store: TokenStore, health: Health) -> Health:
    """Ask the provider for what shows whether it takes the component's token, from this address: a pre-auth code.

    It spends nothing; the component's token is had anew from the newest ticket if it has ended.
    """
    try:
        async with side.client(store) as client:
            await client.get_authorization_url(_NOWHERE)
    except MiniAppError as error:
        is_address = isinstance(error, PermissionDenied) and error.scope is Scope.COMPONENT
        return evolve(health, online=f"{type(error).__name__}: {error}", is_address_refused=is_address)
    return evolve(health, online="")


async def opened_push(side: Side, keys: PushKeys, health: Health) -> Health:
    """Open a message that is made here as the provider makes them, with the token and key that were entered there.

    It shows that both have the right form, and that what decrypts is installed; nobody is asked. Whether they are those
    that were entered, only a message that was really pushed can show.
    """
    given = {"push_token": keys.token, "push_key": keys.key}
    try:
        async with side.client(MemoryStore(), **given) as client:
            letter = _WRITING[side.provider](keys.sealing(side.component), _MESSAGE, health.now, "doctor")
            client.open_push(letter.headers, letter.body, now=health.now)
    except (MiniAppError, ValueError) as error:
        said = f": {error}" if isinstance(error, MiniAppError) else ""
        return evolve(health, push_key=f"{type(error).__name__}{said}")
    return evolve(health, push_key="")


async def _read(keeping: Keeping, kind: str, record: type[K]) -> K | None:
    return (await keeping.load(keeping.key(kind), record)).record
