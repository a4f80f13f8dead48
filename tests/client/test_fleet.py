"""Several clients as one."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from miniapp_tp import (
    AppInfo,
    CredentialRejected,
    Fleet,
    InvalidArgument,
    MiniAppClient,
    NotSupported,
    ServerDomains,
)
from miniapp_tp.providers.baidu.endpoints import GET_INFO
from tests.support.loopback import answering, reply, serving, until
from tests.support.scripted import Step, script
from tests.support.sides import BAIDU, KUAISHOU, Side


def fleet_of(baidu: list[Step], kuaishou: list[Step]) -> Fleet:
    return Fleet([BAIDU.client(script(*baidu)), KUAISHOU.client(script(*kuaishou))])


@pytest.mark.parametrize("side", [BAIDU, KUAISHOU], ids=["baidu", "kuaishou"])
async def test_results_carry_the_qualified_id(side: Side) -> None:
    fleet = fleet_of([BAIDU.info], [KUAISHOU.info])
    app = f"{side.name}:{side.app}"
    info = await fleet.get_info(app)
    assert isinstance(info, AppInfo)
    assert (info.app, info.name) == (app, "a name")


@pytest.mark.parametrize("side", [BAIDU, KUAISHOU], ids=["baidu", "kuaishou"])
async def test_all_methods_reach_the_member_that_is_named(side: Side) -> None:
    steps: list[Step] = [side.hosts, side.webview, side.done]
    fleet = fleet_of(steps, []) if side is BAIDU else fleet_of([], steps)
    app = f"{side.name}:{side.app}"
    assert (await fleet.get_server_domain(app)).request == ("a.example.com",)
    assert await fleet.get_webview_domain(app) == ("a.example.com",)
    await fleet.set_webview_domain(app, ["a.example.com"])


async def test_any_endpoint_can_be_called() -> None:
    info = await fleet_of([BAIDU.info], []).call(GET_INFO, f"baidu:{BAIDU.app}", None)
    assert info.app == f"baidu:{BAIDU.app}"


async def test_errors_carry_the_qualified_id() -> None:
    fleet = fleet_of([BAIDU.rejected], [])
    with pytest.raises(CredentialRejected) as caught:
        await fleet.get_info(f"baidu:{BAIDU.app}")
    assert (caught.value.provider, caught.value.app) == ("baidu", f"baidu:{BAIDU.app}")
    assert str(caught.value).startswith(f"baidu get_info baidu:{BAIDU.app}: ")
    with pytest.raises(NotSupported) as refused:
        await fleet.set_server_domain(f"baidu:{BAIDU.app}", ServerDomains(udp=["u.example.com"]))
    assert refused.value.app == f"baidu:{BAIDU.app}"


@pytest.mark.parametrize(
    "app", ["15263713", "douyin:15263713", ":15263713", "", "baidu", "Baidu:15263713", 15263713, None], ids=repr
)
async def test_ids_that_name_no_member(app: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match=r"baidu:…, kuaishou:…") as caught:
        await fleet_of([], []).get_info(app)
    known = app if isinstance(app, str) and app else None
    assert (caught.value.provider, caught.value.operation, caught.value.app) == (None, "get_info", known)


@pytest.mark.parametrize("app", ["baidu:", "baidu: "])
async def test_ids_that_name_no_app(app: str) -> None:
    with pytest.raises(InvalidArgument, match="an app's id is text"):
        await fleet_of([], []).get_info(app)


async def test_only_the_first_colon_separates() -> None:
    client = BAIDU.client(script(BAIDU.info), tokens={"a:b": "a-token-of-the-app"})
    assert (await Fleet([client]).get_info("baidu:a:b")).app == "baidu:a:b"


async def test_several_components_of_a_provider_have_names() -> None:
    one, other = BAIDU.client(script(BAIDU.info)), BAIDU.client(script(BAIDU.rejected))
    fleet = Fleet({"baidu": one, "baidu-2": other})
    assert (await fleet.get_info(f"baidu:{BAIDU.app}")).app == f"baidu:{BAIDU.app}"
    with pytest.raises(CredentialRejected) as caught:
        await fleet.get_info(f"baidu-2:{BAIDU.app}")
    assert caught.value.app == f"baidu-2:{BAIDU.app}"


def test_fleets_that_cant_be() -> None:
    one, other = BAIDU.client(script()), BAIDU.client(script())
    several: list[Any] = [[], {}, [one, other]]
    for members in several:
        with pytest.raises(InvalidArgument, match="different names"):
            Fleet(members)
    for name in ("", "a:b"):
        with pytest.raises(InvalidArgument, match="no colon"):
            Fleet({name: one})


def test_a_fleet_supports_what_all_its_members_do(monkeypatch: pytest.MonkeyPatch) -> None:
    baidu, kuaishou = BAIDU.client(script()), KUAISHOU.client(script())
    fleet = Fleet([baidu, kuaishou])
    assert fleet.supports("get_info")
    assert not fleet.supports("fly")
    assert fleet.supports("authorize")
    assert not fleet.supports("start_ticket_push")
    monkeypatch.setattr(kuaishou, "supports", "get_webview_domain".__eq__)
    assert not fleet.supports("get_info")
    assert fleet.supports("get_webview_domain")
    assert isinstance(fleet, MiniAppClient)


async def test_options_are_changed_for_all() -> None:
    transports = script(BAIDU.info, BAIDU.info), script(KUAISHOU.info)
    fleet = Fleet({"b": BAIDU.client(transports[0]), "k": KUAISHOU.client(transports[1])})
    other = fleet.with_options(attempt_timeout=3.0)
    await other.get_info(f"b:{BAIDU.app}")
    await other.get_info(f"k:{KUAISHOU.app}")
    await fleet.get_info(f"b:{BAIDU.app}")
    assert (transports[0].timeouts, transports[1].timeouts) == ([3.0, 10.0], [3.0])
    with pytest.raises(InvalidArgument, match="concurrency"):
        fleet.with_options(concurrency=5)


async def test_closing_a_fleet_closes_its_members() -> None:
    async with serving(answering(reply(BAIDU.info.body))) as server:
        members = {"one": BAIDU.client(None, base_url=server.url), "two": BAIDU.client(None, base_url=server.url)}
        async with Fleet(members) as fleet:
            for name in members:
                await fleet.get_info(f"{name}:{BAIDU.app}")
            assert server.open == 2
        await until(lambda: server.open == 0)
        await fleet.aclose()
        with pytest.raises(InvalidArgument, match="closed"):
            await members["two"].get_info(BAIDU.app)


@pytest.mark.parametrize("broken", [["a"], ["b"], ["c"], ["a", "c"], ["a", "b", "c"]], ids="".join)
async def test_closing_one_that_raises_closes_the_others(broken: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    members = {name: BAIDU.client(script()) for name in "abc"}
    closed: list[str] = []

    async def close(name: str) -> None:
        closed.append(name)
        if name in broken:
            raise OSError(name)

    for name, member in members.items():
        monkeypatch.setattr(member, "aclose", partial(close, name))
    with pytest.raises((OSError, ExceptionGroup)) as caught:
        await Fleet(members).aclose()
    assert closed == ["a", "b", "c"]
    error = caught.value
    raised = error.exceptions if isinstance(error, ExceptionGroup) else (error,)
    assert [str(one) for one in raised] == broken


async def test_closing_that_is_cancelled_closes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    members = {name: BAIDU.client(script()) for name in "abc"}
    closed: list[str] = []

    async def close(name: str) -> None:
        closed.append(name)
        await anyio.lowlevel.checkpoint()

    for name, member in members.items():
        monkeypatch.setattr(member, "aclose", partial(close, name))
    with anyio.CancelScope() as scope:
        scope.cancel()
        await Fleet(members).aclose()
    assert scope.cancelled_caught
    assert closed == ["a", "b", "c"]


def test_its_repr_names_the_members() -> None:
    assert repr(fleet_of([], [])) == "<Fleet baidu, kuaishou>"
