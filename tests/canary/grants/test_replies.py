"""No ticket, code, token or secret gets out while grants are had, renewed and lost: each of them is planted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import anyio.lowlevel
import pytest

from miniapp_tp import (
    ConnectionLost,
    Reply,
    Request,
    open_store,
)
from miniapp_tp.sandbox import Fault, Sandbox
from miniapp_tp.sandbox.faults import can_hit
from miniapp_tp.sandbox.world import World
from tests.support.canaries import Listening, sings
from tests.support.granting import APP, KS_APP, Noting, Worldly
from tests.support.scripted import answer, page
from tests.support.watching import BOTH, OPERATIONS, Case, watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine


async def test_what_is_planted_sings() -> None:
    world = World(apps=1)
    for provider in (world.baidu, world.kuaishou):
        app = next(iter(provider.apps))
        pair = provider.exchange(provider.authorize(app))
        found = [provider.issue_ticket(), provider.authorize(app), provider.tokens[app], provider.refresh_tokens[app]]
        found += [provider.component_tokens.issue(None), provider.pre_auth_codes.issue(None)]
        assert all(sings(text) for text in found)
        assert not sings(repr(pair))


# --- a provider that echoes -------------------------------------------------------------------------------------

SPELLED: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "json": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
}


def echo(case: Case, spell: Callable[[str], str], shape: str) -> Callable[[Request], Awaitable[Reply]]:
    """Show everything secret that a request holds, in a no of some shape."""

    async def show(request: Request) -> Reply:
        said = " ".join(spell(secret.reveal()) for secret in request.secrets)
        headers = {"x-b3-traceid": said, "location": f"https://elsewhere.example/?{said}", "x-echo": said}
        bodies: dict[str, dict[str, Any]] = {
            "no": {"errno": 987654, "result": 987654, "msg": said, "errorMsg": said, "request_id": said},
            "token": {"error_code": 110, "error_msg": said, "result": 100200102, "errorMsg": f"{said} discarded"},
            "word": {"error": said, "error_description": said, "result": 100200108, "error_msg": said},
            "lost": {"errno": 50032, "msg": said, "result": 100200109, "errorMsg": said},
            "junk": {"errno": 0, "data": [said], "result": 1, "said": said},
        }
        if shape in bodies:
            return answer(bodies[shape], 400, headers)
        return page(int(shape), headers, f"<html>{said}</html>")

    return show


@BOTH
@pytest.mark.parametrize(
    ("shape", "spelling"),
    [
        *((shape, "plain") for shape in ("no", "token", "word", "lost", "junk", "200", "302", "429", "502")),
        *((shape, spelling) for shape in ("no", "302") for spelling in ("percent", "json")),
    ],
)
async def test_a_provider_that_echoes(case: Case, spelling: str, shape: str) -> None:
    for operation in OPERATIONS:
        world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
        transport = Worldly(world)
        one = watch(case, world, store=Noting(), transport=transport)
        await one.begin()
        transport.play(operation, *[echo(case, SPELLED[spelling], shape)] * 200)
        await one.everything()
        assert one.errors
        one.assert_silent()
        assert not [request for request in transport.requests if sings(repr(request))]


@BOTH
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_connections_that_are_lost(case: Case, operation: str) -> None:
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    transport = Worldly(world)
    one = watch(case, world, store=Noting(), transport=transport)
    await one.begin()
    transport.play(operation, *[ConnectionLost("cut", may_have_happened=True)] * 200)
    await one.everything()
    assert one.errors
    one.assert_silent()


# --- the sandbox's own faults, on a real socket -----------------------------------------------------------------

FAULTS: Final = (
    Fault.HTML_5XX,
    Fault.CUT_AFTER,
    Fault.TRUNCATED,
    Fault.EXPIRED_TOKEN,
    Fault.ODD_STATUS,
    Fault.ODD_TEXT,
    Fault.REVOKED,
)


@BOTH
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.value)
async def test_the_sandboxs_faults(case: Case, fault: Fault) -> None:
    async with Sandbox(apps={"baidu": [APP], "kuaishou": [KS_APP]}) as sandbox:
        store = open_store("memory://")
        for operation in OPERATIONS:
            sandbox.clear()
            if not can_hit(fault, operation):
                continue
            one = watch(case, sandbox, store=store, base_url=sandbox.url)
            await one.begin()
            sandbox.inject(fault, provider=case.name, operation=operation, times=None)
            await one.everything()
            await one.client.aclose()
            assert one.errors
            one.assert_silent()


# --- while it is under way --------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("operation", ["get_component_token", "refresh_grant", "recover_code", "exchange_code"])
@pytest.mark.parametrize("anyio_backend", [("asyncio", {"debug": True})], ids=["debug"])
async def test_tasks_under_way_with_each_step_written_down(case: Case, operation: str, logs: Listening) -> None:
    asyncio.get_running_loop().slow_callback_duration = 0.0
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    transport = Worldly(world)
    one = watch(case, world, store=Noting(), transport=transport)
    await one.begin()
    gate = transport.gate(operation)
    code = one.provider.authorize(case.app)
    client, app = one.client, case.app
    calls: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "get_component_token": lambda: client.recover(app),
        "refresh_grant": lambda: client.get_info(app),
        "recover_code": lambda: client.recover(app),
        "exchange_code": lambda: client.authorize(code),
    }
    tasks = [asyncio.create_task(calls[operation]())]
    await gate.came.wait()
    tasks += [asyncio.create_task(call()) for call in calls.values()]
    for _ in range(20):
        await anyio.lowlevel.checkpoint()
    shown = [*asyncio.all_tasks(), *(task.get_name() for task in asyncio.all_tasks())]
    assert any("miniapp_tp tokens of" in repr(one) for one in shown)
    assert not [text for text in shown if sings(repr(text))]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    gate.opened.set()
    await one.client.aclose()
    one.assert_silent()
    assert any("Executing" in text for text in logs.texts)
