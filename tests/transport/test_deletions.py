"""A deletion whose answer was lost, and whose retry hears that there is nothing to delete."""

from __future__ import annotations

import pytest

from miniapp_tp import ConnectionLost, DomainAction, NotFound, Reply, ServerDomains
from tests.support.scripted import Step, baidu_yes, kuaishou_yes, page, script
from tests.support.sides import BAIDU, SIDES, Call, Side, delete, delete_webview

ONE = pytest.mark.parametrize(
    "remove", [delete("a.example.com"), delete_webview("a.example.com")], ids=["server", "webview"]
)
BOTH = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)


def lost() -> ConnectionLost:
    return ConnectionLost("cut", may_have_happened=True)


def hosts(side: Side, *names: str) -> Reply:
    if side is BAIDU:
        return baidu_yes({"request_domain": ",".join(f"https://{name}" for name in names)})
    return kuaishou_yes(request=list(names))


@BOTH
@ONE
@pytest.mark.parametrize("failure", [lost(), page(502)], ids=["lost", "502"])
async def test_of_one_host_it_is_done(side: Side, remove: Call, failure: Step) -> None:
    transport = script(failure, side.not_there)
    assert await remove(side.client(transport), side.app) is None
    assert len(transport.requests) == 2


@BOTH
@ONE
async def test_also_if_something_harmless_came_between(side: Side, remove: Call) -> None:
    transport = script(lost(), side.rate, side.not_there)
    await remove(side.client(transport), side.app)
    assert len(transport.requests) == 3


@BOTH
@ONE
async def test_without_a_lost_answer_it_is_an_error(side: Side, remove: Call) -> None:
    with pytest.raises(NotFound) as caught:
        await remove(side.client(script(side.rate, side.not_there)), side.app)
    assert caught.value.may_have_happened is False


@BOTH
async def test_of_several_hosts_it_is_done_if_none_is_left(side: Side) -> None:
    transport = script(lost(), side.not_there, hosts(side, "c.example.com"))
    await delete("a.example.com", "b.example.com")(side.client(transport), side.app)
    assert transport.actions == ["delete", "delete", "get"]


@BOTH
async def test_of_several_hosts_an_error_if_one_is_left(side: Side) -> None:
    transport = script(lost(), side.not_there, hosts(side, "b.example.com"))
    with pytest.raises(NotFound) as caught:
        await delete("a.example.com", "b.example.com")(side.client(transport), side.app)
    assert caught.value.may_have_happened is True
    assert transport.actions == ["delete", "delete", "get"]


@BOTH
async def test_of_several_hosts_an_error_if_looking_fails(side: Side) -> None:
    transport = script(lost(), side.not_there, side.refused)
    with pytest.raises(NotFound) as caught:
        await delete("a.example.com", "b.example.com")(side.client(transport), side.app)
    assert caught.value.may_have_happened is True


@BOTH
async def test_one_host_of_each_of_two_kinds_is_several(side: Side) -> None:
    transport = script(lost(), side.not_there, hosts(side))
    two = ServerDomains(request=["a.example.com"], upload=["a.example.com"])
    await side.client(transport).set_server_domain(side.app, two, action=DomainAction.DELETE)
    assert transport.actions == ["delete", "delete", "get"]


@BOTH
async def test_an_addition_is_never_done_by_not_being_there(side: Side) -> None:
    with pytest.raises(NotFound) as caught:
        await side.client(script(lost(), side.not_there)).set_webview_domain(
            side.app, ["a.example.com"], action=DomainAction.ADD
        )
    assert caught.value.may_have_happened is True
