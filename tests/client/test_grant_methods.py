"""The life of a grant through the clients, on the sandbox's real socket."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from miniapp_tp import (
    Actor,
    Attempt,
    AuthorizationLost,
    BaiduClient,
    Done,
    Failed,
    InvalidArgument,
    InvalidRequest,
    NotSupported,
    Options,
)
from miniapp_tp.sandbox import Fault, Sandbox
from tests.support.granting import APP, Noting
from tests.support.merchants import BACK, BOTH, CASES, Case, Opened
from tests.support.renewing import each_of
from tests.support.scripted import script

# --- authorizing ------------------------------------------------------------------------------------------------


@BOTH
async def test_from_a_ticket_to_a_call(case: Case, sandbox: Sandbox, opened: Opened) -> None:
    client = await opened(case)
    address = urlsplit(await client.get_authorization_url(f"{BACK}?shop=7#top", state="a state/+&="))
    query = parse_qs(address.query)
    back = urlsplit(query["redirect_uri"][0])
    assert f"{back.scheme}://{back.netloc}{back.path}#{back.fragment}" == f"{BACK}#top"
    assert parse_qs(back.query) == {"shop": ["7"], "state": ["a state/+&="]}
    provider = case.provider(sandbox)
    assert provider.pre_auth_codes.standing(query["pre_auth_code"][0]).value == "valid"
    assert provider.component in query[{"baidu": "client_id", "kuaishou": "component_app_id"}[case.name]]

    grant = await client.authorize(provider.authorize(case.app))
    assert grant.app == case.app
    assert grant.permissions
    assert grant.expires_at.tzinfo is UTC
    assert grant.expires_at > datetime.now(UTC)
    assert (await client.get_info(case.app)).app == case.app
    assert await each_of(client.apps()) == [case.app]


async def test_an_address_without_a_state(opened: Opened) -> None:
    client = await opened(CASES[0])
    address = urlsplit(await client.get_authorization_url(BACK))
    assert parse_qs(address.query)["redirect_uri"] == [BACK]


@BOTH
@pytest.mark.parametrize(
    "address", ["merchant.example/x", "ftp://merchant.example", "https://", "", "https://[x", None]
)
async def test_an_address_that_is_none(case: Case, sandbox: Sandbox, opened: Opened, address: Any) -> None:  # noqa: ANN401
    client = await opened(case)
    with pytest.raises(InvalidArgument, match="whole address"):
        await client.get_authorization_url(address, state="a state")
    assert sandbox.count() == 0


async def test_kuaishou_without_its_page(sandbox: Sandbox, opened: Opened) -> None:
    client = await opened(CASES[1], authorization_page=None)
    with pytest.raises(NotSupported, match="authorization_page") as caught:
        await client.get_authorization_url(BACK)
    assert (caught.value.provider, caught.value.operation) == ("kuaishou", "get_authorization_url")
    assert sandbox.count() == 0


@BOTH
async def test_events_know_the_app_and_come_twice(case: Case, sandbox: Sandbox, opened: Opened) -> None:
    client = await opened(case)
    code = case.provider(sandbox).authorize(case.app, code_life=60)
    first = await client.authorize(code, app=case.app)
    assert await client.authorize(code, app=case.app) == first
    assert case.provider(sandbox).spent[case.app].pairs == 1


@BOTH
async def test_a_code_that_is_none(case: Case, opened: Opened) -> None:
    client = await opened(case)
    with pytest.raises(InvalidRequest) as caught:
        await client.authorize("no-such-code")
    assert (caught.value.provider, caught.value.operation, caught.value.app) == (case.name, "authorize", None)
    assert caught.value.reply is None
    with pytest.raises(AuthorizationLost) as lost:
        await client.authorize("no-such-code", app=case.app)
    assert (lost.value.operation, lost.value.app) == ("authorize", case.app)


# --- recovering -------------------------------------------------------------------------------------------------


@BOTH
async def test_a_store_that_was_lost(case: Case, sandbox: Sandbox, opened: Opened) -> None:
    client = await opened(case)
    provider = case.provider(sandbox)
    apps = [f"{case.app}{number}" for number in range(5)]
    for app in apps:
        provider.authorize(app)
    grant = await client.recover(apps[0])
    assert grant.app == apps[0]
    outcomes = await client.recover_all([*apps, "no-such-app"], concurrency=3)
    assert sorted(one.value.app for one in outcomes if isinstance(one, Done)) == apps
    (failed,) = [one for one in outcomes if isinstance(one, Failed)]
    assert failed.app == "no-such-app"
    assert isinstance(failed.error, AuthorizationLost)
    assert (failed.error.operation, failed.error.app) == ("recover", "no-such-app")
    assert sorted(await each_of(client.apps())) == apps


async def test_all_of_a_text_is_a_mistake(opened: Opened) -> None:
    client = await opened(CASES[0])
    with pytest.raises(InvalidArgument):
        await client.recover_all("15000001")


@BOTH
async def test_unknown_apps_are_recovered_only_for_who_asks_for_it(
    case: Case, sandbox: Sandbox, opened: Opened
) -> None:
    client = await opened(case)
    case.provider(sandbox).authorize(case.app)
    with pytest.raises(AuthorizationLost) as caught:
        await client.get_info(case.app)
    assert (caught.value.actor, caught.value.operation, caught.value.app) == (Actor.YOU, "get_info", case.app)
    asking = client.with_options(recover_unknown=True)
    assert (await asking.get_info(case.app)).app == case.app
    assert (await client.get_info(case.app)).app == case.app


@BOTH
async def test_unknown_apps_are_recovered_by_a_client_made_so(case: Case, sandbox: Sandbox, opened: Opened) -> None:
    client = await opened(case, options=Options(recover_unknown=True))
    case.provider(sandbox).authorize(case.app)
    assert (await client.get_info(case.app)).app == case.app
    with pytest.raises(AuthorizationLost):
        await client.with_options(recover_unknown=False).get_info(f"{case.app}9")


@BOTH
async def test_a_dead_token_is_renewed_on_the_way(case: Case, sandbox: Sandbox, opened: Opened) -> None:
    attempts: list[Attempt] = []
    client = await opened(case, hooks=[attempts.append])
    provider = case.provider(sandbox)
    await client.authorize(provider.authorize(case.app), app=case.app)
    provider.expire_tokens(case.app)
    attempts.clear()
    infos = await asyncio.gather(*(client.get_info(case.app) for _ in range(50)))
    assert {info.app for info in infos} == {case.app}
    assert provider.spent[case.app].used == 1
    refreshes = [attempt for attempt in attempts if attempt.operation == "refresh_grant"]
    assert [(one.provider, one.app, one.error) for one in refreshes] == [(case.name, case.app, None)]


@BOTH
@pytest.mark.parametrize(
    "fault", [Fault.CUT_AFTER, Fault.HTML_AFTER, Fault.TRUNCATED, Fault.ODD_STATUS, Fault.ODD_TEXT]
)
async def test_a_refresh_whose_answer_is_spoilt(case: Case, sandbox: Sandbox, opened: Opened, fault: Fault) -> None:
    client = await opened(case)
    provider = case.provider(sandbox)
    await client.authorize(provider.authorize(case.app), app=case.app)
    provider.expire_tokens(case.app)
    sandbox.inject(fault, provider=case.name, app=case.app, operation="refresh_grant")
    assert (await client.get_info(case.app)).app == case.app
    readable = fault in {Fault.ODD_STATUS, Fault.ODD_TEXT}
    assert sandbox.count(operation="recover_code") == (0 if readable else 1)


# --- adopting, forgetting ---------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("access", [True, False])
async def test_moving_in(case: Case, sandbox: Sandbox, opened: Opened, access: bool) -> None:  # noqa: FBT001 - a parameter of the test
    client = await opened(case)
    provider = case.provider(sandbox)
    pair = provider.exchange(provider.authorize(case.app))
    assert not hasattr(pair, "value")
    token, refresh = provider.tokens[case.app], provider.refresh_tokens[case.app]
    end = datetime.now(UTC) + timedelta(hours=1)
    given = {"access_token": token if access else None, "refresh_token": refresh, "expires_at": end}
    assert await client.adopt(case.app, **given)  # type: ignore[arg-type]
    assert not await client.adopt(case.app, **given, replace=False)  # type: ignore[arg-type]
    assert (await client.get_info(case.app)).app == case.app
    assert provider.spent[case.app].used == (0 if access else 1)
    await client.forget(case.app)
    assert await each_of(client.apps()) == []
    with pytest.raises(AuthorizationLost):
        await client.get_info(case.app)


@pytest.mark.parametrize("token", ["", "  ", None, 46, b"46.x"], ids=repr)
async def test_what_is_no_token_ticket_or_code(token: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    store = Noting()
    client = BaiduClient("a-client", store=store, transport=script())
    for call, name in (
        (client.save_ticket(token), "ticket"),
        (client.authorize(token), "authorization code"),
        (client.adopt(APP, access_token="45.x", refresh_token=token, expires_at=0), "refresh token"),
    ):
        with pytest.raises(InvalidArgument, match=f"the {name} is text") as caught:
            await call
        assert caught.value.provider == "baidu"
    assert store.notes == []


@pytest.mark.parametrize("app", ["", "  ", 15000001, b"15000001"], ids=repr)
async def test_what_is_no_app(app: Any) -> None:  # noqa: ANN401 - whatever a caller may give
    client = BaiduClient("a-client", store=Noting(), transport=script())
    for call in (
        client.recover(app),
        client.forget(app),
        client.authorize("a code", app=app),
        client.adopt(app, access_token=None, refresh_token="46.x", expires_at=0),
    ):
        with pytest.raises(InvalidArgument, match="an app's id is text"):
            await call
