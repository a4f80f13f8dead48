"""What becomes of the failures that providers and networks have, the same on every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from miniapp_tp import (
    Actor,
    AuthorizationLost,
    ConnectionLost,
    CredentialRejected,
    DomainAction,
    MiniAppError,
    NotFound,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
    ServerDomains,
)
from miniapp_tp.sandbox import Fault

if TYPE_CHECKING:
    from miniapp_tp.client.component import ComponentClient
    from tests.support.platforms import Platform

ONE = ServerDomains(request=["a.example.com"])
ADD, DELETE = DomainAction.ADD, DomainAction.DELETE


async def request_domains(client: ComponentClient, platform: Platform) -> tuple[str, ...] | None:
    return (await client.get_server_domain(platform.app)).request


@pytest.mark.parametrize("operation", ["get_info", "set_server_domain"])
async def test_a_token_that_expired_is_asked_for_once_more(platform: Platform, operation: str) -> None:
    platform.inject(Fault.EXPIRED_TOKEN, operation, rotate=True)
    client = platform.client()
    if operation == "get_info":
        await client.get_info(platform.app)
    else:
        await client.set_server_domain(platform.app, ONE, action=ADD)
    assert platform.calls(operation) == 2


async def test_a_token_that_stays_rejected(platform: Platform) -> None:
    client = platform.client(tokens={platform.app: "a-token-that-nobody-gave"})
    with pytest.raises(CredentialRejected) as caught:
        await client.get_info(platform.app)
    assert caught.value.retryable is False
    assert platform.calls("get_info") == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(Fault.REVOKED, AuthorizationLost), (Fault.FORBIDDEN, PermissionDenied)],
    ids=["revoked", "forbidden"],
)
async def test_what_the_merchant_must_do(platform: Platform, fault: Fault, kind: type[MiniAppError]) -> None:
    platform.inject(fault, app=platform.app)
    client = platform.client()
    with pytest.raises(kind) as caught:
        await client.get_info(platform.app)
    assert type(caught.value) is kind
    assert (caught.value.actor, caught.value.retryable) == (Actor.MERCHANT, False)
    assert platform.calls("get_info") == 1


@pytest.mark.parametrize(
    "fault", [Fault.RATE_LIMITED, Fault.HTML_5XX, Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.TRUNCATED, Fault.LATENCY]
)
async def test_what_passes_is_ridden_out(platform: Platform, fault: Fault) -> None:
    client = platform.client()
    platform.inject(fault, "get_info", seconds=0.0)
    await client.get_info(platform.app)
    assert platform.calls("get_info") == (1 if fault is Fault.LATENCY else 2)
    platform.inject(fault, "set_server_domain", seconds=0.0)
    await client.set_server_domain(platform.app, ONE, action=ADD)
    assert await request_domains(client, platform) == ("a.example.com",)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.RATE_LIMITED, RateLimited),
        (Fault.HTML_5XX, ProviderUnavailable),
        (Fault.CUT_BEFORE, ConnectionLost),
        (Fault.TRUNCATED, ConnectionLost),
    ],
    ids=["rate", "html", "cut", "truncated"],
)
async def test_what_doesnt_pass(platform: Platform, fault: Fault, kind: type[MiniAppError]) -> None:
    platform.inject(fault, times=None)
    client = platform.client(attempts=3)
    with pytest.raises(kind) as caught:
        await client.get_info(platform.app)
    assert type(caught.value) is kind
    assert (caught.value.retryable, caught.value.may_have_happened) == (True, False)
    assert platform.calls("get_info") == 3
    with pytest.raises(kind) as caught:
        await client.set_server_domain(platform.app, ONE, action=ADD)
    assert caught.value.may_have_happened is (fault is not Fault.RATE_LIMITED)


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER, Fault.TRUNCATED])
async def test_a_change_that_was_made_and_not_answered_is_settled(platform: Platform, fault: Fault) -> None:
    client = platform.client()
    two = ServerDomains(request=["a.example.com", "b.example.com"])
    platform.inject(fault, "set_server_domain")
    await client.set_server_domain(platform.app, two)
    assert await request_domains(client, platform) == ("a.example.com", "b.example.com")
    platform.inject(fault, "set_server_domain")
    await client.set_server_domain(platform.app, ONE, action=DELETE)  # its retry hears that it isn't there
    assert await request_domains(client, platform) == ("b.example.com",)


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER, Fault.TRUNCATED])
async def test_a_deletion_of_several_that_was_made_and_not_answered_is_settled(
    platform: Platform, fault: Fault
) -> None:
    client = platform.client()
    two = ServerDomains(request=["a.example.com"], socket=["a.example.com"])
    await client.set_server_domain(platform.app, two)
    platform.inject(fault, "set_server_domain")
    await client.set_server_domain(platform.app, two, action=DELETE)
    assert await request_domains(client, platform) == ()
    hosts = ["a.example.com", "b.example.com"]
    await client.set_webview_domain(platform.app, hosts)
    platform.inject(fault, "set_webview_domain")
    await client.set_webview_domain(platform.app, hosts, action=DELETE)
    assert await client.get_webview_domain(platform.app) == ()


async def test_a_deletion_of_several_one_of_which_was_never_there(platform: Platform) -> None:
    client = platform.client()
    await client.set_server_domain(platform.app, ONE)
    platform.inject(Fault.CUT_BEFORE, "set_server_domain")
    with pytest.raises(NotFound) as caught:
        await client.set_server_domain(
            platform.app, ServerDomains(request=["a.example.com", "b.example.com"]), action=DELETE
        )
    assert caught.value.may_have_happened is True
    assert await request_domains(client, platform) == ("a.example.com",)


async def test_a_failure_in_the_middle_of_several_steps(platform: Platform) -> None:
    client = platform.client(attempts=1)
    await client.set_server_domain(platform.app, ServerDomains(request=["a.example.com"], socket=["s.example.com"]))
    platform.inject(Fault.CUT_BEFORE, "get_server_domain")
    with pytest.raises(ConnectionLost) as caught:
        await client.set_server_domain(platform.app, ServerDomains(request=["b.example.com"], socket=()))
    made = await request_domains(client, platform)
    assert caught.value.may_have_happened is (made == ("b.example.com",))
    await client.set_server_domain(platform.app, ServerDomains(request=["b.example.com"], socket=()))
    assert await client.get_server_domain(platform.app) == ServerDomains(
        request=["b.example.com"], socket=[], upload=[], download=[], udp=[] if platform.has_udp else None
    )
