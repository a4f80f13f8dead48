"""No key, secret or token of a developer gets out, whatever a provider echoes and whatever fails."""

from __future__ import annotations

from typing import Any, Final

import anyio
import pytest

from miniapp_tp import (
    Attempt,
    BaiduDeveloperClient,
    ConnectFailed,
    ConnectionLost,
    InvalidArgument,
    MiniAppError,
    Options,
    Reply,
    Request,
)
from tests.client.test_developer import APP, CALLS, URLS
from tests.support.canaries import CORE, PASSWORD, SECRET, TOKEN, frames_of, sings, texts_of
from tests.support.loopback import Exchange, reply, serving
from tests.support.scripted import Step, answer, page, script

KEY: Final = f"{CORE}-app-key"
PAIR: Final = (KEY, SECRET)
GIVEN: Final = answer({"access_token": TOKEN, "expires_in": 86400, "refresh_token": TOKEN, "session_secret": SECRET})
EACH: Final = pytest.mark.parametrize("name", CALLS)


def client_of(*steps: Step, credentials: Any = None, **more: Any) -> BaiduDeveloperClient:  # noqa: ANN401 - whatever a caller may give
    options = Options(attempts=2, backoff=0.0, timeout=5.0, verify=False)
    keys: Any = {APP: PAIR} if credentials is None else credentials
    transport = script(*steps) if steps or "base_url" not in more else None
    given: dict[str, Any] = {"urls": URLS, "options": options, **more}
    return BaiduDeveloperClient(keys, transport=transport, **given)


async def failure_of(client: BaiduDeveloperClient, name: str = "push_message") -> BaseException:
    try:
        await CALLS[name](client)
    except Exception as error:  # noqa: BLE001 - that is what is wanted
        assert not any(sings(repr(one)) for one in (client, vars(client), vars(client)["_tokens"]))
        return error
    raise AssertionError("the call went well")


def assert_silent(error: BaseException) -> None:
    assert frames_of(error)
    assert [(kind, text) for kind, text in texts_of(error) if sings(text)] == []


def echoes(planted: str) -> dict[str, Reply]:
    """Give the ways in which a reply can say no, each showing a planted secret."""
    text = f"bad '{planted}' given"
    headers = {"location": f"https://elsewhere.example/?next={planted}", "x-b3-traceid": planted}
    return {
        "oauth": answer({"error": "invalid_client", "error_description": text}, 400, headers),
        "word": answer({"error": planted, "error_description": text}, 400, headers),
        "gateway": answer({"error_code": 101, "error_msg": text}, 200, headers),
        "business": answer({"errno": 2002, "msg": text, "request_id": planted}, 200, headers),
        "no token": answer({"access_token": "", "session_secret": planted}, 200, headers),
        "page": page(200, headers, f"<html><!-- {text} -->"),
        "502": page(502, headers, f"<a href='?client_secret={planted}'>"),
        "truncated": Reply(200, headers, f'{{"errno": 2002, "msg": "{text}"'.encode()),
    }


@pytest.mark.parametrize(
    "planted", [KEY, SECRET, SECRET[:16], "".join(f"%{ord(letter):02x}" for letter in SECRET), SECRET.upper()]
)
async def test_a_token_request_whose_reply_echoes_the_keys(planted: str) -> None:
    for name, echo in echoes(planted).items():
        attempts: list[Attempt] = []
        error = await failure_of(client_of(*[echo] * 2, hooks=[attempts.append]))
        assert isinstance(error, MiniAppError), name
        assert_silent(error)
        assert attempts
        assert not any(sings(repr(one)) for one in attempts)


@EACH
async def test_a_reply_that_echoes_the_token(name: str) -> None:
    for echo in echoes(TOKEN).values():
        assert_silent(await failure_of(client_of(GIVEN, *[echo] * 2), name))


@EACH
async def test_no_answer(name: str) -> None:
    for problem in (ConnectionLost("cut", may_have_happened=True), ConnectFailed("down")):
        assert_silent(await failure_of(client_of(problem, problem), name))
        assert_silent(await failure_of(client_of(GIVEN, problem, problem), name))


async def test_time_that_runs_out() -> None:
    async def never(_request: Request) -> Reply:
        await anyio.sleep_forever()
        raise AssertionError

    for steps in ([never], [GIVEN, never]):
        assert_silent(await failure_of(client_of(*steps).with_options(timeout=0.02)))


@pytest.mark.parametrize(
    "pair", [SECRET, (SECRET,), (KEY, SECRET, SECRET), (KEY, SECRET.encode()), {KEY: SECRET}, (KEY, f"{SECRET}é")]
)
async def test_credentials_that_cant_be_used(pair: Any) -> None:  # noqa: ANN401 - as above
    async def ask(_app: str) -> Any:  # noqa: ANN401 - as above
        return pair

    for credentials in ({APP: pair}, ask):
        error = await failure_of(client_of(credentials=credentials))
        assert isinstance(error, InvalidArgument)
        assert_silent(error)


async def test_credentials_that_fail() -> None:
    async def ask(_app: str) -> tuple[str, str]:
        raise LookupError

    def not_awaited(_app: str) -> tuple[str, str]:
        return PAIR

    for credentials in (ask, not_awaited):
        assert_silent(await failure_of(client_of(credentials=credentials)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"credentials": [PAIR]},
        {"credentials": SECRET},
        {"urls": {"push": "https://a.example.com"}},
        {"base_url": "http://openapi.example"},
        {"error_codes": {1: ValueError}},
        {"hooks": [None]},
        {"options": Options(proxy=f"ftp://user:{PASSWORD}@proxy.example")},
    ],
    ids=["a list", "a text", "urls", "base_url", "error_codes", "hooks", "options"],
)
async def test_constructors_that_refuse(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"credentials": {APP: PAIR}, **wrong}
    with pytest.raises(InvalidArgument) as caught:
        BaiduDeveloperClient(given.pop("credentials"), **given)
    assert_silent(caught.value)


async def test_on_a_real_socket() -> None:
    async def show(exchange: Exchange) -> None:
        body = f'{{"errno": 2002, "msg": "{exchange.target} {SECRET}"}}'.encode()
        await exchange.send(reply(body, f"x-b3-traceid: {SECRET}"))

    async with serving(show) as server:
        async with client_of(base_url=server.url) as client:
            error = await failure_of(client)
        assert not sings(server.requests[0].target)
    assert_silent(error)
