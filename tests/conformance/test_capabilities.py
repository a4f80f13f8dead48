"""What each provider has and lacks, by the contracts: what is there works, what is absent says so and sends nothing."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp import BaiduClient, Fleet, KuaishouClient, MiniAppClient, NotSupported, Options, open_store
from miniapp_tp.contract import OPERATIONS
from miniapp_tp.providers.baidu.endpoints import CONTRACT as BAIDU
from miniapp_tp.providers.kuaishou.endpoints import CONTRACT as KUAISHOU
from miniapp_tp.sandbox import Sandbox
from miniapp_tp.wire.endpoint import Absent
from tests.support.operations import CALLS, Place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator

    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.contract import Contract

CONTRACTS: dict[str, Contract] = {"baidu": BAIDU, "kuaishou": KUAISHOU}
PRESENT = [(name, operation) for name, has in CONTRACTS.items() for operation in OPERATIONS if has.supports(operation)]
ABSENT = [(name, one) for name, has in CONTRACTS.items() for one in OPERATIONS if not has.supports(one)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(apps=len(OPERATIONS)) as running:
        yield running


@pytest.fixture
async def clients(sandbox: Sandbox) -> AsyncIterator[dict[str, ComponentClient]]:
    """Give a client of each provider with grants of its own, so that it has the component's token too."""
    store = open_store("memory://")
    kuaishou = sandbox.kuaishou
    made: dict[str, ComponentClient] = {
        "baidu": BaiduClient(sandbox.baidu.component, store=store, base_url=sandbox.url),
        "kuaishou": KuaishouClient(kuaishou.component, kuaishou.secret, store=store, base_url=sandbox.url),
    }
    for name, client in made.items():
        await client.save_ticket(sandbox.provider(name).issue_ticket())
    yield made
    for client in made.values():
        await client.aclose()
    await store.aclose()


def test_every_operation_has_a_call_here() -> None:
    assert tuple(CALLS) == OPERATIONS
    assert len(PRESENT) + len(ABSENT) == len(CONTRACTS) * len(OPERATIONS)


@pytest.mark.parametrize(("name", "operation"), PRESENT)
async def test_what_a_provider_has_works(
    sandbox: Sandbox, clients: dict[str, ComponentClient], name: str, operation: str
) -> None:
    client, provider = clients[name], sandbox.provider(name)
    app = list(provider.apps)[OPERATIONS.index(operation)]
    await client.authorize(provider.authorize(app), app=app)
    provider.apps[app].status = {"baidu": 1, "kuaishou": 2}[name]
    assert client.supports(operation)
    assert await CALLS[operation](Place(client, app, provider))
    assert sandbox.count(provider=name, operation=operation) >= 1


class Forbidden(AssertionError):
    """Something reached for the network."""


@contextlib.contextmanager
def no_sockets() -> Generator[None]:
    """Refuse every new socket. The event loop has its own already."""

    def refuse(*_given: object, **_named: object) -> None:
        raise Forbidden

    with pytest.MonkeyPatch.context() as patch:
        for name in ("socket", "create_connection", "getaddrinfo"):
            patch.setattr(socket, name, refuse)
        yield


async def never_asked(_app: str) -> str:
    raise Forbidden


def without_network(name: str) -> ComponentClient:
    kind: Any = {"baidu": BaiduClient, "kuaishou": KuaishouClient}[name]
    made: ComponentClient = kind("a-component", tokens=never_asked, options=Options(attempts=1))
    return made


@pytest.mark.parametrize(("name", "operation"), ABSENT)
async def test_what_a_provider_lacks_says_why_and_opens_no_socket(sandbox: Sandbox, name: str, operation: str) -> None:
    client, provider = without_network(name), sandbox.provider(name)
    app = next(iter(provider.apps))
    missing = getattr(CONTRACTS[name], operation)
    assert isinstance(missing, Absent)
    assert not client.supports(operation)
    if hasattr(MiniAppClient, operation):
        with no_sockets(), pytest.raises(NotSupported) as caught:
            await CALLS[operation](Place(client, app, provider))
    else:
        assert not hasattr(client, operation)
        with no_sockets(), pytest.raises(NotSupported) as caught:
            await client.perform(lambda has: getattr(has, operation), app, lambda: None)
    error = caught.value
    assert missing.why in str(error)
    assert (error.provider, error.operation, error.app) == (name, operation, app)
    assert error.may_have_happened is False


def test_a_fleet_supports_what_all_its_members_do() -> None:
    both = Fleet([without_network("baidu"), without_network("kuaishou")])
    alone = Fleet([without_network("baidu")])
    for operation in OPERATIONS:
        assert both.supports(operation) is all(has.supports(operation) for has in CONTRACTS.values())
        assert alone.supports(operation) is BAIDU.supports(operation)
