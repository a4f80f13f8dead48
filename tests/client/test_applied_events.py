"""What clients do with events by themselves, in whatever order and how often these come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from miniapp_tp import AppAuthorized, BaiduClient, ConnectionLost, Event, MiniAppError
from miniapp_tp.stores import Key
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.records import TicketRecord, from_bytes
from tests.support.granting import Worldly
from tests.support.receiving import clients_of, world_of

if TYPE_CHECKING:
    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.sandbox import Pushed
    from miniapp_tp.sandbox.provider import Provider
    from miniapp_tp.sandbox.world import World

APPS = {"baidu": "15000001", "kuaishou": "ks600000000000000001"}
PROVIDERS = tuple(APPS)


class Merchant:
    """A merchant of one app, a component's client, and what is pushed to it."""

    def __init__(self, name: str) -> None:
        self.world: World = world_of()
        self.provider: Provider = self.world.provider(name)
        self.store = MemoryStore()
        self.transport = Worldly(self.world)
        clients = clients_of(self.world, self.store, transport=self.transport)
        self.client: ComponentClient = clients[PROVIDERS.index(name)]
        self.app = APPS[name]

    def opened(self, pushed: Pushed) -> Event:
        letter = pushed.letter()
        return self.client.open_push(letter.headers, letter.body)

    async def begin(self) -> None:
        await self.client.apply_event(self.opened(self.provider.pushes.ticket()))

    def authorized(self, *, updated: bool = False) -> Event:
        return self.opened(self.provider.pushes.authorized(self.app, updated=updated))

    def unauthorized(self) -> Event:
        return self.opened(self.provider.pushes.unauthorized(self.app))

    async def apps(self) -> list[str]:
        return [app async for app in self.client.apps()]

    def exchanges(self) -> int:
        return self.world.count(operation="exchange_code")


@pytest.fixture(params=PROVIDERS)
async def merchant(request: pytest.FixtureRequest) -> Merchant:
    merchant = Merchant(request.param)
    await merchant.begin()
    return merchant


def at(event: Event, seconds: float) -> Event:
    """Give an event of another time: so many seconds from now."""
    return evolve(event, time=datetime.now(UTC) + timedelta(seconds=seconds))


async def test_the_newest_ticket_is_kept(merchant: Merchant) -> None:
    older = merchant.opened(merchant.provider.pushes.ticket())
    newer = merchant.opened(merchant.provider.pushes.ticket())
    await merchant.client.apply_event(at(newer, 60))
    await merchant.client.apply_event(at(older, 30))
    entry = await merchant.store.load(Key(f"{merchant.provider.name}:{merchant.provider.component}", "ticket"))
    assert from_bytes(TicketRecord, entry.value or b"").ticket.reveal() == getattr(newer, "ticket", None)


async def test_a_grant_comes_and_goes(merchant: Merchant) -> None:
    await merchant.client.apply_event(merchant.authorized())
    assert await merchant.apps() == [merchant.app]
    assert (await merchant.client.get_info(merchant.app)).app == merchant.app
    await merchant.client.apply_event(merchant.unauthorized())
    assert await merchant.apps() == []


async def test_an_update_brings_what_is_allowed_now(merchant: Merchant) -> None:
    await merchant.client.apply_event(merchant.authorized())
    await merchant.client.apply_event(at(merchant.authorized(updated=True), 60))
    assert await merchant.apps() == [merchant.app]
    assert merchant.exchanges() == 2


async def test_a_repeated_authorization_harms_nothing(merchant: Merchant) -> None:
    """Its code is spent."""
    event = merchant.authorized()
    for _ in range(3):
        await merchant.client.apply_event(event)
    assert (await merchant.client.get_info(merchant.app)).app == merchant.app
    assert merchant.exchanges() == 1


async def test_a_late_authorization_leaves_newer_tokens_alone(merchant: Merchant) -> None:
    """As when the merchant's browser came back first: the code of the event isn't even spent."""
    event = at(merchant.authorized(), -60)
    await merchant.client.authorize(merchant.provider.authorize(merchant.app), app=merchant.app)
    kept = merchant.provider.newest_pair(merchant.app)
    await merchant.client.apply_event(event)
    assert merchant.provider.newest_pair(merchant.app) == kept
    assert merchant.exchanges() == 1


async def test_a_spent_code_never_harms_a_live_grant(merchant: Merchant) -> None:
    """Of an event that seems to be new: the grant is recovered, and lives."""
    event = merchant.authorized()
    await merchant.client.apply_event(event)
    await merchant.client.recover(merchant.app)
    merchant.world.advance(3600)
    await merchant.client.apply_event(at(event, 3600))
    assert (await merchant.client.get_info(merchant.app)).app == merchant.app


async def test_an_expired_code_is_made_up_for(merchant: Merchant) -> None:
    """A code of an event lives a minute; one that is handled later is followed by a recovery."""
    event = merchant.authorized()
    merchant.world.advance(120)
    await merchant.client.apply_event(event)
    assert (await merchant.client.get_info(merchant.app)).app == merchant.app


async def test_a_late_withdrawal_leaves_the_new_grant_alone(merchant: Merchant) -> None:
    withdrawal = at(merchant.unauthorized(), -60)
    await merchant.client.apply_event(merchant.authorized())
    await merchant.client.apply_event(withdrawal)
    assert (await merchant.client.get_info(merchant.app)).app == merchant.app


async def test_a_withdrawal_within_the_same_second_counts(merchant: Merchant) -> None:
    """Baidu's times are in whole seconds, ours aren't."""
    await merchant.client.apply_event(merchant.authorized())
    event = merchant.unauthorized()
    assert event.time is not None
    await merchant.client.apply_event(evolve(event, time=event.time.replace(microsecond=0)))
    assert await merchant.apps() == []


async def test_a_withdrawal_without_a_time_counts(merchant: Merchant) -> None:
    await merchant.client.apply_event(merchant.authorized())
    await merchant.client.apply_event(evolve(merchant.unauthorized(), time=None))
    assert await merchant.apps() == []


async def test_an_authorization_that_was_taken_back_since(merchant: Merchant) -> None:
    """The events come in the wrong order: nothing is left, and nothing is wrong."""
    event = merchant.authorized()
    await merchant.client.apply_event(merchant.unauthorized())
    await merchant.client.apply_event(event)
    assert await merchant.apps() == []


async def test_what_fails_can_be_applied_again(merchant: Merchant) -> None:
    event = merchant.authorized()
    lost = [ConnectionLost("cut", may_have_happened=True)] * 9
    merchant.transport.play("exchange_code", *lost)
    merchant.transport.play("recover_code", *lost)
    with pytest.raises(MiniAppError):
        await merchant.client.apply_event(event)
    merchant.transport.plays.clear()
    await merchant.client.apply_event(event)
    assert (await merchant.client.get_info(merchant.app)).app == merchant.app


async def test_an_authorization_that_names_no_app() -> None:
    """Baidu tells of an app that was just registered by its code alone: it is asked whose that is."""
    merchant = Merchant("baidu")
    await merchant.begin()
    event = merchant.authorized()
    assert isinstance(event, AppAuthorized)
    await merchant.client.apply_event(evolve(event, app=None))
    assert await merchant.apps() == [merchant.app]


async def test_other_events_and_other_peoples_tokens_are_left_alone(merchant: Merchant) -> None:
    await merchant.client.apply_event(merchant.opened(merchant.provider.pushes.event("SOMETHING", merchant.app)))
    await merchant.client.apply_event(evolve(merchant.unauthorized(), app=None))
    client = BaiduClient("c", tokens={"1": "t"})
    await client.apply_event(merchant.authorized())
    assert client.store is None
    assert merchant.exchanges() == 0
