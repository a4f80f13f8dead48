"""The tokens that a caller brings, and what a rejected one leads to."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, cast

import pytest
from attrs import define, field

from miniapp_tp import CredentialRejected, InvalidArgument, RateLimited, TokenSource
from miniapp_tp.transport.tokens import AppTokens, OwnTokens
from tests.support.scripted import baidu_yes, gateway_no, script
from tests.support.sessions import APP, READ, TOKEN, watched

OLD, NEW = "45.old-token-of-the-app", "45.new-token-of-the-app"


@define
class Cache:
    """A source that caches, and so has to learn of rejections."""

    tokens: list[str]
    asked: list[str] = field(factory=list[str])
    rejected: list[tuple[str, str]] = field(factory=list[tuple[str, str]])

    async def get(self, app: str) -> str:
        self.asked.append(app)
        return self.tokens[0]

    async def reject(self, app: str, token: str) -> None:
        self.rejected.append((app, token))
        if len(self.tokens) > 1:
            self.tokens.pop(0)


async def test_a_source_is_asked_once_a_call() -> None:
    cache = Cache([TOKEN])
    transport = script(gateway_no(18), baidu_yes())
    await watched(transport, tokens=cache).session.call(READ, APP, None)
    assert isinstance(cache, TokenSource)
    assert cache.asked == [APP]
    assert transport.tokens == [TOKEN, TOKEN]
    assert cache.rejected == []


async def test_a_source_learns_of_the_rejection_and_the_retry_carries_the_new_token() -> None:
    cache = Cache([OLD, NEW])
    transport = script(gateway_no(111), baidu_yes())
    made = watched(transport, tokens=cache)
    await made.session.call(READ, APP, None)
    assert cache.rejected == [(APP, OLD)]
    assert transport.tokens == [OLD, NEW]
    assert made.pauses == [0.0]


async def test_a_callable_is_called_again() -> None:
    tokens = iter([OLD, NEW])

    async def ask(app: str) -> str:
        assert app == APP
        return next(tokens)

    transport = script(gateway_no(110), baidu_yes())
    await watched(transport, tokens=ask).session.call(READ, APP, None)
    assert transport.tokens == [OLD, NEW]


async def test_once_and_no_more() -> None:
    cache = Cache([OLD, NEW, "45.a-third-token-of-the-app"])
    transport = script(gateway_no(111), gateway_no(111))
    with pytest.raises(CredentialRejected):
        await watched(transport, tokens=cache).session.call(READ, APP, None)
    assert transport.tokens == [OLD, NEW]
    assert cache.rejected == [(APP, OLD), (APP, NEW)]  # so that the next call starts with another one


@pytest.mark.parametrize("attempts", [1, 2, 3])
async def test_another_token_comes_on_top_of_the_attempts(attempts: int) -> None:
    too_fast = [gateway_no(18) for _ in range(attempts)]
    transport = script(gateway_no(111), *too_fast)
    made = watched(transport, tokens=Cache([OLD, NEW]), attempts=attempts)
    with pytest.raises(RateLimited):
        await made.session.call(READ, APP, None)
    assert transport.tokens == [OLD] + [NEW] * attempts
    assert made.pauses == [0.0, 1.0, 2.0][:attempts]
    assert [one.number for one in made.attempts] == list(range(1, attempts + 2))


async def test_the_same_token_again_is_no_reason_to_ask_again() -> None:
    cache = Cache([OLD])
    transport = script(gateway_no(111))
    with pytest.raises(CredentialRejected):
        await watched(transport, tokens=cache).session.call(READ, APP, None)
    assert cache.rejected == [(APP, OLD)]
    assert len(transport.requests) == 1


async def test_a_mapping_has_no_other_token() -> None:
    transport = script(gateway_no(111))
    with pytest.raises(CredentialRejected):
        await watched(transport, tokens=MappingProxyType({APP: TOKEN})).session.call(READ, APP, None)
    assert len(transport.requests) == 1


async def test_a_mapping_may_be_changed_while_it_is_used() -> None:
    tokens = {APP: OLD}
    transport = script(baidu_yes(), baidu_yes())
    session = watched(transport, tokens=tokens).session
    await session.call(READ, APP, None)
    tokens[APP] = NEW
    await session.call(READ, APP, None)
    assert transport.tokens == [OLD, NEW]


async def test_a_mapping_that_lacks_the_app() -> None:
    with pytest.raises(InvalidArgument, match="no token for this app"):
        await watched(script()).session.call(READ, "another", None)


@pytest.mark.parametrize("token", [None, "", "  ", b"bytes", 45], ids=repr)
async def test_what_is_no_token(token: object) -> None:
    async def ask(_app: str) -> str:
        return cast("str", token)

    with pytest.raises(InvalidArgument, match="token"):
        await watched(script(), tokens=ask).session.call(READ, APP, None)


class NoAccess(Exception):
    """What a caller's own code raises."""


async def test_what_the_callable_raises_comes_through_and_isnt_tried_again() -> None:
    calls: list[str] = []
    raised = NoAccess()

    async def ask(app: str) -> str:
        calls.append(app)
        raise raised

    with pytest.raises(NoAccess) as caught:
        await watched(script(), tokens=ask).session.call(READ, APP, None)
    assert caught.value is raised
    assert calls == [APP]


async def test_what_the_callable_raises_the_second_time_comes_through_too() -> None:
    tokens = iter([OLD])

    async def ask(_app: str) -> str:
        token = next(tokens, None)
        if token is None:
            raise NoAccess
        return token

    transport = script(gateway_no(111))
    made = watched(transport, tokens=ask)
    with pytest.raises(NoAccess):
        await made.session.call(READ, APP, None)
    assert [attempt.error for attempt in made.attempts] == ["CredentialRejected"]  # it was sent, so it is told


@pytest.mark.parametrize("tokens", [42, "45.a-token", ["45.a-token"], object()], ids=lambda it: type(it).__name__)
def test_tokens_of_another_form(tokens: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    with pytest.raises(InvalidArgument, match="an async callable") as caught:
        AppTokens(tokens)
    assert "45." not in str(caught.value)


async def test_tokens_stay_out_of_reprs() -> None:
    for tokens in ({APP: TOKEN}, Cache([TOKEN])):
        kept = AppTokens(cast("OwnTokens", tokens))
        assert TOKEN not in repr(kept)
        assert TOKEN not in repr(await kept.get(APP))
        assert (await kept.get(APP)).reveal() == TOKEN
