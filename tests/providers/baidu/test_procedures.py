"""Setting Baidu's server domains takes one to three calls."""

from __future__ import annotations

from typing import Any

import pytest

from miniapp_tp.errors import NotFound, NotSupported
from miniapp_tp.models import DomainAction, ServerDomainChange, ServerDomains
from miniapp_tp.providers.baidu.endpoints import CONTRACT
from miniapp_tp.wire.endpoint import Procedure
from tests.providers.reading import APP, NotingCaller

ADD, DELETE, SET = DomainAction.ADD, DomainAction.DELETE, DomainAction.SET
GET = ("get_server_domain", APP, {"action": "get"})
STORED = {
    "request_domain": "https://R1.example.com,http://r2.example.com",
    "socket_domain": "wss://s.example.com",
    "upload_domain": "",
    "download_domain": "wss://d.example.com",
}


def change_of(action: DomainAction, **kinds: list[str]) -> ServerDomainChange:
    return ServerDomainChange(action, ServerDomains(**kinds))


def sent(action: str, **fields: str) -> tuple[str, str, dict[str, str]]:
    return "set_server_domain", APP, {"action": action, **fields}


async def run(change: ServerDomainChange, *answers: object) -> list[Any]:
    assert isinstance(CONTRACT.set_server_domain, Procedure)
    caller = NotingCaller(list(answers))
    await CONTRACT.set_server_domain.run(caller, APP, change)
    assert not caller.answers
    return caller.asked


@pytest.mark.parametrize("action", DomainAction)
async def test_kinds_with_hosts_are_sent_in_one_call_and_no_others(action: DomainAction) -> None:
    asked = await run(change_of(action, request=["a.example.com", "b.example.com"], socket=["s.example.com"]))
    fields = {"request_domain": "https://a.example.com,https://b.example.com", "socket_domain": "wss://s.example.com"}
    assert asked == [sent(action.value, **fields)]


async def test_a_kind_that_is_set_to_nothing_is_emptied_by_naming_what_is_in_it() -> None:
    asked = await run(change_of(SET, socket=[]), STORED)
    assert asked == [GET, sent("delete", socket_domain="wss://s.example.com")]


async def test_what_is_deleted_is_named_letter_by_letter_as_baidu_has_it() -> None:
    asked = await run(change_of(SET, request=[], download=[]), STORED)
    fields = {
        "request_domain": "https://R1.example.com,http://r2.example.com",
        "download_domain": "wss://d.example.com",
    }
    assert asked == [GET, sent("delete", **fields)]


async def test_kinds_with_hosts_are_set_before_the_others_are_emptied() -> None:
    asked = await run(change_of(SET, request=["a.example.com"], socket=[], upload=[]), STORED)
    assert asked == [
        sent("set", request_domain="https://a.example.com"),
        GET,
        sent("delete", socket_domain="wss://s.example.com"),
    ]


@pytest.mark.parametrize("stored", [STORED, {}, None, {"upload_domain": None}], ids=str)
async def test_a_kind_that_is_empty_already_is_left_alone(stored: object) -> None:
    assert await run(change_of(SET, upload=[]), stored) == [GET]


@pytest.mark.parametrize("action", DomainAction)
@pytest.mark.parametrize("more", [{}, {"request": ["a.example.com"]}], ids=["alone", "with-others"])
async def test_with_udp_nothing_is_sent(action: DomainAction, more: dict[str, list[str]]) -> None:
    assert isinstance(CONTRACT.set_server_domain, Procedure)
    caller = NotingCaller()
    with pytest.raises(NotSupported, match="no udp domains"):
        await CONTRACT.set_server_domain.run(caller, APP, change_of(action, udp=["u.example.com"], **more))
    assert caller.asked == []


async def test_with_an_empty_udp_nothing_is_sent_either() -> None:
    assert isinstance(CONTRACT.set_server_domain, Procedure)
    caller = NotingCaller()
    with pytest.raises(NotSupported):
        await CONTRACT.set_server_domain.run(caller, APP, change_of(SET, udp=[], request=["a.example.com"]))
    assert caller.asked == []


async def test_where_reading_fails_nothing_more_is_sent() -> None:
    assert isinstance(CONTRACT.set_server_domain, Procedure)
    caller = NotingCaller([NotFound("no such app")])
    with pytest.raises(NotFound):
        await CONTRACT.set_server_domain.run(caller, APP, change_of(SET, request=["a.example.com"], socket=[]))
    assert caller.asked == [sent("set", request_domain="https://a.example.com"), GET]
