"""Tokens of an app's own keys: asked for once for all who wait, renewed before the end, and after a rejection."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest
from attrs import define, evolve, field

from miniapp_tp import ConnectionLost, CredentialRejected, DeadlineExceeded, Options, Reply, Request, Secret
from miniapp_tp.providers.baidu.developer import DEVELOPER_TOKEN, Keys
from miniapp_tp.transport.client_credentials import ClientCredentials
from miniapp_tp.transport.windows import AGAIN
from tests.support.scripted import Scripted, Step, answer, script
from tests.support.sessions import watched

APP = "15263713"
KEYS = Keys(Secret("key"), Secret("secret"))
DAY = 86400.0


@define
class Now:
    """A clock that a test moves by hand."""

    at: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.at


@define
class Office:
    """Tokens of apps, and everything around them."""

    tokens: ClientCredentials[Keys]
    transport: Scripted
    now: Now
    asked: list[str] = field(factory=list[str])

    async def settle(self) -> None:
        """Wait for what goes on in the background."""
        await self.tokens.land()


def given(token: str, **more: Any) -> Reply:  # noqa: ANN401 - fields of the reply
    return answer({"access_token": token, "expires_in": DAY, **more})


def office(*steps: Step, chance: float = 1.0, **options: Any) -> Office:  # noqa: ANN401 - as above
    transport, now = script(*steps), Now()
    asked: list[str] = []

    async def ask(app: str) -> Keys:
        asked.append(app)
        return KEYS

    session = evolve(watched(transport, chance=chance, **options).session, tokens={})
    return Office(ClientCredentials(ask, DEVELOPER_TOKEN, session, now), transport, now, asked)


async def test_one_request_for_all_who_wait() -> None:
    gate = anyio.Event()

    async def slow(_request: Request) -> Reply:
        await gate.wait()
        return given("one")

    one = office(slow)
    waiting = [asyncio.create_task(one.tokens.get(APP)) for _ in range(500)]
    await anyio.wait_all_tasks_blocked()
    gate.set()
    found = await asyncio.gather(*waiting)
    assert {token.reveal() for token in found} == {"one"}
    assert len(one.transport.requests) == len(one.asked) == 1


async def test_each_app_has_a_token_of_its_own() -> None:
    one = office(given("one"), given("two"))
    assert [(await one.tokens.get(app)).reveal() for app in ("1", "2", "1", "2")] == ["one", "two"] * 2
    assert one.asked == ["1", "2"]


@pytest.mark.parametrize("life", [86400, 2592000])
async def test_a_token_is_used_for_as_long_as_its_reply_says(life: int) -> None:
    one = office(given("one", expires_in=life), given("two"))
    await one.tokens.get(APP)
    one.now.at += life - 601
    assert (await one.tokens.get(APP)).reveal() == "one"
    await one.settle()
    assert len(one.transport.requests) == 1


async def test_it_is_renewed_before_its_end_while_the_others_go_on_with_it() -> None:
    one = office(given("one"), given("two"))
    await one.tokens.get(APP)
    one.now.at += DAY - 599
    assert [(await one.tokens.get(APP)).reveal() for _ in range(3)] == ["one"] * 3
    await one.settle()
    assert (await one.tokens.get(APP)).reveal() == "two"
    assert len(one.transport.requests) == 2


async def test_nobody_uses_it_in_its_last_seconds() -> None:
    one = office(given("one"), given("two"))
    await one.tokens.get(APP)
    one.now.at += DAY - 29
    assert (await one.tokens.get(APP)).reveal() == "two"


async def test_a_renewal_that_failed_is_tried_again_later_while_the_token_is_good() -> None:
    one = office(given("one"), ConnectionLost("cut", may_have_happened=False), given("two"), attempts=1)
    await one.tokens.get(APP)
    one.now.at += DAY - 599
    for _ in range(3):
        assert (await one.tokens.get(APP)).reveal() == "one"
        await one.settle()
    assert len(one.transport.requests) == 2
    one.now.at += AGAIN
    assert (await one.tokens.get(APP)).reveal() == "one"
    await one.settle()
    assert (await one.tokens.get(APP)).reveal() == "two"


async def test_a_rejected_token_is_dropped_and_another_one_asked_for() -> None:
    one = office(given("one"), given("two"))
    first = await one.tokens.get(APP)
    await one.tokens.reject(APP, first)
    assert (await one.tokens.get(APP)).reveal() == "two"
    await one.tokens.reject(APP, first)
    await one.tokens.reject("another app", first)
    assert (await one.tokens.get(APP)).reveal() == "two"


async def test_a_refusal_reaches_all_who_wait_and_nothing_is_kept_of_it() -> None:
    no = answer({"error": "invalid_client", "error_description": "unknown client id"}, 400)
    one = office(no, given("one"))
    found = await asyncio.gather(*[one.tokens.get(APP) for _ in range(3)], return_exceptions=True)
    assert [type(error) for error in found] == [CredentialRejected] * 3
    assert len(set(map(id, found))) == 3, "each has an error of its own"
    assert (await one.tokens.get(APP)).reveal() == "one"
    assert one.asked == [APP, APP], "the keys may have been put right meanwhile"


async def test_a_caller_who_gives_up_leaves_the_request_to_the_others() -> None:
    gate = anyio.Event()

    async def slow(_request: Request) -> Reply:
        await gate.wait()
        return given("one")

    one = office(slow)
    with anyio.move_on_after(0):
        await one.tokens.get(APP)
    gate.set()
    assert (await one.tokens.get(APP)).reveal() == "one"
    assert len(one.transport.requests) == 1


async def test_credentials_that_never_come_hold_nobody_for_ever() -> None:
    async def never(_app: str) -> Keys:
        await anyio.sleep_forever()
        raise AssertionError

    one = office()
    one.tokens.ask = never
    one.tokens.session = evolve(one.tokens.session, options=Options(timeout=0.01))
    with pytest.raises(DeadlineExceeded, match=r"the app's credentials didn't come within 0\.01 s"):
        await one.tokens.get(APP)
    await one.tokens.land()


async def test_no_repr_holds_a_key_or_a_token() -> None:
    one = office(given("24.one"))
    await one.tokens.get(APP)
    assert "24.one" not in repr(one.tokens)
    assert "secret'" not in repr(one.tokens)
