"""Catching up on what Baidu couldn't deliver: spans, pages, and messages that can't be opened."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest

from miniapp_tp import (
    InvalidArgument,
    NotSupported,
    PushRejected,
    Reply,
    ReplyNotUnderstood,
    Request,
    open_store,
)
from tests.support.pushing import (
    BAIDU_KEY,
    NOW,
    baidu_client,
    baidu_plain,
    baidu_push,
    encrypted,
    kuaishou_client,
    opened,
    padded,
)
from tests.support.scripted import Scripted, answer, script

if TYPE_CHECKING:
    from miniapp_tp import BaiduClient

DAY: Final = 86_400
TOKEN: Final = answer({"errno": 0, "data": {"access_token": "42.made-up", "expires_in": 2_592_000}})


@pytest.fixture(autouse=True)
def at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock."""
    monkeypatch.setattr(time, "time", lambda: float(NOW))


def message(number: int) -> bytes:
    return json.dumps({"event": "X", "number": number}).encode()


def content(number: int) -> str:
    return encrypted(BAIDU_KEY, padded(baidu_plain(message(number)), 32))


def page(*contents: str, total: int | None = None) -> Reply:
    """Give a page as wire/baidu.md § 2.5 has it."""
    items = [{"id": 1, "content": one, "status": 2} for one in contents]
    count = {} if total is None else {"count": total}
    return answer({"errno": 0, "msg": "success", "data": {**count, "list": items, "page": 1, "pageSize": 100}})


async def asking(transport: Scripted, **more: Any) -> BaiduClient:  # noqa: ANN401 - whatever a caller may give
    client = baidu_client(tokens=None, store=open_store("memory://"), transport=transport, **more)
    await client.save_ticket("made-up-ticket", at=NOW)
    return client


def query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


async def test_what_was_missed_comes_as_if_it_had_been_pushed() -> None:
    transport = script(TOKEN, page(content(1), content(2), total=2))
    client = await asking(transport)
    events = [event async for event in client.missed_events(NOW - DAY)]
    assert events == [opened(baidu_client(), baidu_push(message(number))) for number in (1, 2)]
    request = transport.requests[-1]
    assert (request.method, urlsplit(request.url).path) == ("GET", "/rest/2.0/smartapp/pushmsg/getmsg")
    assert query(request) == {
        "start": str(NOW - DAY),
        "end": str(NOW),
        "push_type": "2",
        "offset": "0",
        "count": "100",
        "access_token": "42.made-up",
    }


async def test_pages_are_asked_for_until_all_is_known() -> None:
    transport = script(TOKEN, page(*map(content, range(3)), total=5), page(content(3), content(4), total=5))
    client = await asking(transport)
    numbers = [event.fields["number"] async for event in client.missed_events(datetime.fromtimestamp(NOW - 5, UTC))]
    assert numbers == [0, 1, 2, 3, 4]
    assert [query(request)["offset"] for request in transport.requests[1:]] == ["0", "3"]


async def test_without_a_total_an_empty_page_is_the_last() -> None:
    transport = script(TOKEN, page(content(0)), page())
    client = await asking(transport)
    assert len([event async for event in client.missed_events(NOW - 5)]) == 1
    assert [query(request)["offset"] for request in transport.requests[1:]] == ["0", "1"]


async def test_a_month_is_asked_for_week_by_week() -> None:
    transport = script(TOKEN, *[page(content(number), total=1) for number in range(5)])
    client = await asking(transport)
    assert len([event async for event in client.missed_events(NOW - 30 * DAY)]) == 5
    spans = [(int(query(one)["start"]) - NOW, int(query(one)["end"]) - NOW) for one in transport.requests[1:]]
    assert spans == [(-days * DAY, -max(days - 7, 0) * DAY) for days in (30, 23, 16, 9, 2)]


async def test_nothing_is_asked_for_that_lies_ahead() -> None:
    transport = script()
    client = await asking(transport)
    assert [event async for event in client.missed_events(NOW + 5)] == []
    assert transport.requests == []


async def test_one_that_cant_be_opened_stops_no_other() -> None:
    transport = script(TOKEN, page(content(1), "no base64", "", content(2), total=4))
    client = await asking(transport)
    events = client.missed_events(NOW - 5)
    assert [(await anext(events)).fields["number"] for _ in range(2)] == [1, 2]
    with pytest.raises(PushRejected, match="2 of the missed events couldn't be opened") as caught:
        await anext(events)
    assert (caught.value.step, caught.value.operation) == ("base64", "missed_events")


@pytest.mark.parametrize("data", [{}, {"items": []}, [], "", {"count": 3}], ids=repr)
async def test_a_reply_that_isnt_understood_is_not_nothing_missed(data: object) -> None:
    client = await asking(script(TOKEN, answer({"errno": 0, "data": data})))
    with pytest.raises(ReplyNotUnderstood):
        await anext(client.missed_events(NOW - 5))


async def test_a_count_of_none_needs_no_list() -> None:
    client = await asking(script(TOKEN, answer({"errno": 0, "data": {"count": 0}})))
    assert [event async for event in client.missed_events(NOW - 5)] == []


async def test_what_cant_be_asked() -> None:
    client = await asking(script())
    for since in (NOW - 30 * DAY - 1, NOW * 1000, "yesterday", datetime(2019, 1, 1)):  # noqa: DTZ001 - naive, that's it
        with pytest.raises(InvalidArgument) as caught:
            await anext(client.missed_events(since))  # type: ignore[arg-type]
        assert (caught.value.provider, caught.value.operation) == ("baidu", "missed_events")
    with pytest.raises(InvalidArgument, match="push_token and push_key"):
        await anext((await asking(script(), push_token=None, push_key=None)).missed_events(NOW))
    with pytest.raises(InvalidArgument, match="store"):
        await anext(baidu_client().missed_events(NOW))
    with pytest.raises(NotSupported, match="Kuaishou"):
        await anext(kuaishou_client(tokens=None, store=open_store("memory://")).missed_events(NOW))
