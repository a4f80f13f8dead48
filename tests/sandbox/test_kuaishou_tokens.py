"""The imitated Kuaishou's side of the life of a grant against wire/kuaishou.md §§ 1, 4.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from miniapp_tp.sandbox import Fault
from miniapp_tp.sandbox.exchange import Request
from tests.sandbox.conftest import KUAISHOU_APP as APP
from tests.sandbox.conftest import told

if TYPE_CHECKING:
    from miniapp_tp.sandbox.exchange import Answer
    from miniapp_tp.sandbox.world import World
    from tests.sandbox.conftest import KuaishouTokens

OK = {"result": 1, "errorMsg": "error message"}


def refused(answer: Answer) -> int:
    body = told(answer)
    assert body.keys() == {"result", "errorMsg"}
    result: int = body["result"]
    return result


class TestTicketPush:
    def test_it_is_promised(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        answer = kuaishou_tokens.oauth("start_push_ticket", component_app_secret="sandbox-secret")

        assert told(answer) == OK
        assert world.kuaishou.ticket_push_started
        assert world.count(operation="start_ticket_push") == 1

    def test_a_wrong_secret_is_100200101(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        assert refused(kuaishou_tokens.oauth("start_push_ticket", component_app_secret="s")) == 100200101
        assert not world.kuaishou.ticket_push_started


class TestComponentToken:
    def test_a_ticket_gives_a_token_of_two_hours(self, kuaishou_tokens: KuaishouTokens) -> None:
        token = {"componentAccessToken": "sandbox-component-token-2", "expiresIn": 7200}

        assert kuaishou_tokens.component_token() == {**OK, **token}

    def test_a_new_one_leaves_the_old_one_alive_for_two_hours(
        self, kuaishou_tokens: KuaishouTokens, world: World
    ) -> None:
        kuaishou_tokens.component_token()

        world.advance(7200 - 1)
        assert told(kuaishou_tokens.with_token("pre_auth_code"))["result"] == 1
        world.advance(1)
        assert refused(kuaishou_tokens.with_token("pre_auth_code")) == 100200108

    def test_a_bad_ticket_is_100200102(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        old = world.kuaishou.issue_ticket()
        assert kuaishou_tokens.component_token("guessed")["result"] == 100200102

        world.kuaishou.revoke_tickets()
        assert kuaishou_tokens.component_token(old)["result"] == 100200102

    def test_a_wrong_secret_or_id_is_100200101(self, kuaishou_tokens: KuaishouTokens) -> None:
        query = {"component_app_id": "ks2", "component_access_token": kuaishou_tokens.token}

        assert kuaishou_tokens.component_token(secret="guessed")["result"] == 100200101
        assert refused(kuaishou_tokens.ask("/mp/tp/oauth/pre_auth_code", **query)) == 100200101

    def test_what_is_missing_or_strange_is_100200100(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        assert refused(kuaishou_tokens.oauth("access_token")) == 100200100
        assert refused(kuaishou_tokens.oauth("pre_auth_code")) == 100200100
        assert refused(kuaishou_tokens.ask("/mp/tp/oauth/pre_auth_code", component_access_token="t")) == 100200100
        assert refused(kuaishou_tokens.with_token("pre_auth_code", grant_type="x")) == 100200100
        query = (("component_app_id", "a"), ("component_app_id", "a"))
        assert refused(world.answer(Request("GET", "/mp/tp/oauth/pre_auth_code", query))) == 100200100

    def test_a_component_token_that_never_was_is_100200102(self, kuaishou_tokens: KuaishouTokens) -> None:
        kuaishou_tokens.token = "guessed"

        assert refused(kuaishou_tokens.recover()) == 100200102


class TestPreAuthCode:
    def test_it_lives_ten_minutes(self, kuaishou_tokens: KuaishouTokens) -> None:
        code = {"preAuthCode": "sandbox-pre-auth-code-1", "expiresIn": 600}

        assert told(kuaishou_tokens.with_token("pre_auth_code")) == {**OK, **code}


class TestExchange:
    def test_the_answer_names_the_app_and_what_was_granted(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        answer = kuaishou_tokens.exchange(world.kuaishou.authorize(APP, permissions=["one", "two"]))

        assert told(answer) == {
            **OK,
            "authorizerAccessToken": f"sandbox-token-{APP}~2",
            "expiresIn": 7200,
            "authorizerRefreshToken": f"sandbox-refresh-token-{APP}~2",
            "refreshExpiresIn": 2592000,
            "authorizerAppId": APP,
            "authorizePermission": [
                {"id": 1, "category": "one", "description": "one"},
                {"id": 2, "category": "two", "description": "two"},
            ],
        }

    def test_a_bad_code_is_100200105(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        used, late = world.kuaishou.authorize(APP), world.kuaishou.authorize(APP, code_life=60)
        kuaishou_tokens.exchange(used)
        world.advance(60)

        for code in (used, late, "guessed"):
            assert refused(kuaishou_tokens.exchange(code)) == 100200105


class TestRefresh:
    def test_a_refresh_token_works_once(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        first = world.kuaishou.refresh_tokens[APP]

        answer = kuaishou_tokens.refresh(first)

        assert told(answer)["authorizerRefreshToken"] == world.kuaishou.refresh_tokens[APP] != first
        again = kuaishou_tokens.refresh(first)
        assert refused(again) == 100200102
        assert told(again)["errorMsg"] == "refreshToken.discarded"

    def test_one_that_never_was_is_100200102(self, kuaishou_tokens: KuaishouTokens) -> None:
        answer = kuaishou_tokens.refresh("guessed")

        assert (refused(answer), told(answer)["errorMsg"]) == (100200102, "invalid refresh token")

    def test_one_expires_after_thirty_days(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        kuaishou_tokens.refresh(world.kuaishou.refresh_tokens[APP])
        world.advance(2592000)
        kuaishou_tokens.begin()

        assert refused(kuaishou_tokens.refresh(world.kuaishou.refresh_tokens[APP])) == 100200113

    def test_the_path_is_a_rule(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        world.kuaishou.rules.refresh_path = "/somewhere/else"
        query = {"component_app_id": world.kuaishou.component, "component_access_token": kuaishou_tokens.token}
        query["authorizer_refresh_token"] = world.kuaishou.refresh_tokens[APP]

        assert told(kuaishou_tokens.ask("/somewhere/else", **query))["result"] == 1
        assert kuaishou_tokens.refresh("any").reply.status == 404
        world.kuaishou.rules.refresh_path = None
        assert kuaishou_tokens.ask("/somewhere/else", **query).reply.status == 404


class TestRecovery:
    def test_a_code_of_an_hour(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        body = told(kuaishou_tokens.recover())

        assert body == {**OK, "authorizationCode": f"sandbox-code-{APP}~1", "expiresIn": 3600}
        world.advance(3600)
        assert refused(kuaishou_tokens.exchange(body["authorizationCode"])) == 100200105

    def test_without_a_grant(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        world.kuaishou.revoke(APP)

        assert refused(kuaishou_tokens.recover()) == 100200109
        assert refused(kuaishou_tokens.recover("ks1")) == 100200111


def test_revocation_ends_tokens_and_codes(kuaishou_tokens: KuaishouTokens, world: World) -> None:
    code = world.kuaishou.authorize(APP)
    token, refresh_token = world.kuaishou.tokens[APP], world.kuaishou.refresh_tokens[APP]

    world.kuaishou.revoke(APP)

    assert kuaishou_tokens.info(token)["result"] == 100200109
    assert refused(kuaishou_tokens.refresh(refresh_token)) == 100200109
    assert refused(kuaishou_tokens.exchange(code)) == 100200105


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "result"),
        [(Fault.RATE_LIMITED, 100200410), (Fault.EXPIRED_TOKEN, 100200108), (Fault.REVOKED, 100200109)],
    )
    def test_a_refresh_that_is_refused_spends_nothing(
        self, kuaishou_tokens: KuaishouTokens, world: World, fault: Fault, result: int
    ) -> None:
        refresh_token = world.kuaishou.refresh_tokens[APP]
        world.inject(fault, provider="kuaishou", app=APP)

        assert refused(kuaishou_tokens.refresh(refresh_token)) == result
        world.clear()
        assert told(kuaishou_tokens.refresh(refresh_token))["result"] == 1

    def test_a_ticket_may_be_refused(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        world.inject(Fault.EXPIRED_TOKEN, provider="kuaishou")

        assert kuaishou_tokens.component_token()["result"] == 100200102

    def test_odd_text_beside_a_pair(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        world.inject(Fault.ODD_TEXT, provider="kuaishou")

        body = told(kuaishou_tokens.refresh(world.kuaishou.refresh_tokens[APP]))

        assert body["result"] == 100200500
        assert body["authorizerRefreshToken"] == world.kuaishou.refresh_tokens[APP]
