"""Closing clients: once, in another task, with what they opened themselves."""

from __future__ import annotations

import anyio
import pytest

from miniapp_tp import (
    InvalidArgument,
    ServerDomains,
)
from tests.support.loopback import answering, reply, serving, until
from tests.support.scripted import Scripted, script
from tests.support.sides import BAIDU, SIDES, Side

BOTH = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
METHODS = ("get_info", "get_server_domain", "set_server_domain", "get_webview_domain", "set_webview_domain")


# --- closing ----------------------------------------------------------------------------------------------------


def closes() -> Scripted:
    return script()


@BOTH
async def test_a_transport_that_was_given_isnt_closed(side: Side) -> None:
    transport = script()
    async with side.client(transport):
        pass
    assert transport.closed == 0


class Empty(Scripted):
    """A transport that is false in a condition, as an empty collection is."""

    def __len__(self) -> int:
        return 0


async def test_a_transport_that_is_false_in_a_condition_is_used_all_the_same() -> None:
    transport = Empty([BAIDU.info])
    assert (await BAIDU.client(transport).get_info(BAIDU.app)).name == "a name"


@BOTH
async def test_connections_of_its_own_are_closed_once(side: Side) -> None:
    async with serving(answering(reply(side.info.body))) as server:
        client = side.client(None, base_url=server.url)
        async with client as entered:
            assert entered is client
            await client.get_info(side.app)
            assert server.open == 1
        await until(lambda: server.open == 0)
        await client.aclose()


@BOTH
async def test_closing_a_client_of_with_options_closes_nothing(side: Side) -> None:
    async with serving(answering(reply(side.info.body))) as server:
        client = side.client(None, base_url=server.url)
        async with client.with_options(timeout=5.0) as other:
            await other.get_info(side.app)
        await client.get_info(side.app)
        assert (server.connections, server.open) == (1, 1)
        await client.aclose()


@BOTH
async def test_a_closed_client_refuses_and_so_do_those_that_share_with_it(side: Side) -> None:
    transport = script()
    client = side.client(transport)
    other = client.with_options(timeout=5.0)
    await client.aclose()
    for one in (client, other):
        with pytest.raises(InvalidArgument, match="closed"):
            await one.set_server_domain(side.app, ServerDomains(request=["a.example.com"]))
    assert client.supports("get_info")
    assert transport.requests == []


@BOTH
async def test_entered_in_one_task_and_closed_in_another(side: Side) -> None:
    async with serving(answering(reply(side.info.body))) as server:
        client = side.client(None, base_url=server.url)

        async def enter() -> None:
            await client.__aenter__()
            await client.get_info(side.app)

        async def leave() -> None:
            await client.__aexit__(None, None, None)

        for step in (enter, leave):
            async with anyio.create_task_group() as group:
                group.start_soon(step)
        await until(lambda: server.open == 0)
