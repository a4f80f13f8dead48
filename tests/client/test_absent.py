"""Operations that a provider lacks."""

from __future__ import annotations

import pytest
from attrs import evolve

from miniapp_tp import InvalidArgument, NotSupported
from miniapp_tp.client.component import ComponentClient
from miniapp_tp.client.pushes import PushDesk
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.providers.baidu.endpoints import CONTRACT
from miniapp_tp.providers.baidu.events import PUSHES
from miniapp_tp.providers.baidu.tokens import token_contract
from miniapp_tp.transport.options import Options
from miniapp_tp.transport.tokens import AppTokens
from miniapp_tp.wire.endpoint import absent
from tests.support.scripted import Scripted, script


async def never_asked(_app: str) -> str:
    message = "a token was asked for"
    raise AssertionError(message)


def lacking(transport: Scripted) -> ComponentClient:
    return ComponentClient(
        "a-client-id",
        dialect=DIALECT,
        contract=evolve(CONTRACT, get_webview_domain=absent("it shows no pages")),
        tokens=AppTokens(never_asked),
        store=None,
        token_contract=token_contract("a-client-id"),
        pushes=PushDesk(PUSHES, None),
        base_url="https://openapi.example",
        transport=transport,
        options=Options(),
        hooks=(),
        error_codes=None,
    )


async def test_calling_one_is_refused_before_anything_is_sent() -> None:
    transport = script()
    client = lacking(transport)
    with pytest.raises(NotSupported, match="it shows no pages") as caught:
        await client.get_webview_domain("15263713")
    error = caught.value
    assert (error.provider, error.operation, error.app) == ("baidu", "get_webview_domain", "15263713")
    assert transport.requests == []
    assert not client.supports("get_webview_domain")
    assert client.supports("get_info")


async def test_it_is_said_also_of_a_closed_client_and_of_a_wrong_id() -> None:
    client = lacking(script())
    with pytest.raises(NotSupported):
        await client.get_webview_domain("")
    with pytest.raises(InvalidArgument):
        await client.get_info("")
