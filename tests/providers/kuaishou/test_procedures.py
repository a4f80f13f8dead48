"""Setting Kuaishou's server domains takes one or two calls."""

from __future__ import annotations

from typing import Any

import pytest

from miniapp_tp.errors import InvalidArgument, NotFound
from miniapp_tp.models import KINDS, DomainAction, ServerDomainChange, ServerDomains
from miniapp_tp.providers.kuaishou.codec import server_domain_fields
from miniapp_tp.providers.kuaishou.endpoints import CONTRACT
from miniapp_tp.wire.endpoint import Procedure
from tests.providers.reading import APP, NotingCaller

ADD, DELETE, SET = DomainAction.ADD, DomainAction.DELETE, DomainAction.SET
GET = ("get_server_domain", APP, {"action": "get"})
NOTHING: dict[str, list[str]] = {"request": [], "socket": [], "upload_file": [], "download_file": [], "udp": []}
STORED = {
    "result": 1,
    "request": ["R1.example.com", "odd host"],
    "socket": [],
    "upload_file": "up.example.com",
    "download_file": None,
}


def change_of(action: DomainAction, **kinds: list[str]) -> ServerDomainChange:
    return ServerDomainChange(action, ServerDomains(**kinds))


def sent(action: str, **arrays: list[str]) -> tuple[str, str, dict[str, Any]]:
    return "set_server_domain", APP, {"action": action, **NOTHING, **arrays}


async def run(change: ServerDomainChange, *answers: object) -> list[Any]:
    assert isinstance(CONTRACT.set_server_domain, Procedure)
    caller = NotingCaller(list(answers))
    await CONTRACT.set_server_domain.run(caller, APP, change)
    assert not caller.answers
    return caller.asked


@pytest.mark.parametrize("action", [ADD, DELETE])
async def test_add_and_delete_send_all_five_arrays_at_once(action: DomainAction) -> None:
    asked = await run(change_of(action, request=["a.example.com"], upload=["u.example.com"]))
    assert asked == [sent(action.value, request=["a.example.com"], upload_file=["u.example.com"])]


async def test_a_set_of_all_five_kinds_is_sent_at_once() -> None:
    hosts = {kind: [f"{kind}.example.com"] for kind in KINDS}
    asked = await run(change_of(SET, **{**hosts, "socket": []}))
    assert asked == [
        sent(
            "set",
            request=["request.example.com"],
            upload_file=["upload.example.com"],
            download_file=["download.example.com"],
            udp=["udp.example.com"],
        )
    ]


async def test_kinds_that_are_not_given_are_read_and_sent_back_letter_by_letter() -> None:
    asked = await run(change_of(SET, socket=["s.example.com"]), STORED)
    fields = {"request": ["R1.example.com", "odd host"], "upload_file": ["up.example.com"]}
    assert asked == [GET, sent("set", **fields, socket=["s.example.com"])]


async def test_a_kind_that_is_set_to_nothing_is_emptied_and_the_others_stay() -> None:
    asked = await run(change_of(SET, request=[]), STORED)
    assert asked == [GET, sent("set", upload_file=["up.example.com"])]


async def test_what_is_given_outranks_what_was_read() -> None:
    asked = await run(change_of(SET, request=["a.example.com"], upload=[], udp=["u.example.com"]), STORED)
    assert asked == [GET, sent("set", request=["a.example.com"], udp=["u.example.com"])]


async def test_arrays_inside_data_are_found() -> None:
    asked = await run(change_of(SET, socket=[]), {"result": 1, "data": {"request": ["r.example.com"]}})
    assert asked == [GET, sent("set", request=["r.example.com"])]


@pytest.mark.parametrize(
    "answer", [{"result": 1}, {"result": 1, "webview": ["a.example.com"]}, {"result": 1, "data": {"x": 1}}], ids=str
)
async def test_an_answer_without_any_array_is_never_sent_back_for_that_would_empty_the_app(answer: object) -> None:
    assert isinstance(CONTRACT.set_server_domain, Procedure)
    caller = NotingCaller([answer])
    with pytest.raises(KeyError):
        await CONTRACT.set_server_domain.run(caller, APP, change_of(SET, socket=["s.example.com"]))
    assert caller.asked == [GET]


async def test_where_reading_fails_nothing_is_sent() -> None:
    assert isinstance(CONTRACT.set_server_domain, Procedure)
    caller = NotingCaller([NotFound("no such app")])
    with pytest.raises(NotFound):
        await CONTRACT.set_server_domain.run(caller, APP, change_of(SET, socket=["s.example.com"]))
    assert caller.asked == [GET]


@pytest.mark.parametrize("kind", KINDS)
def test_the_endpoint_alone_refuses_a_set_that_would_empty_what_is_not_given(kind: str) -> None:
    kinds = {other: ["a.example.com"] for other in KINDS if other != kind}
    with pytest.raises(InvalidArgument, match="give them all"):
        server_domain_fields(change_of(SET, **kinds))
