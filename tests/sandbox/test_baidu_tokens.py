"""The imitated Baidu's side of the life of a grant against wire/baidu.md § 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp.sandbox import EVENT_CODE_LIFE, Fate, Fault
from miniapp_tp.sandbox.exchange import Request
from tests.sandbox.conftest import BAIDU_APP as APP
from tests.sandbox.conftest import FORM, told

if TYPE_CHECKING:
    from miniapp_tp.sandbox.exchange import Answer
    from miniapp_tp.sandbox.world import World
    from tests.sandbox.conftest import BaiduTokens, Now

TOKEN = "/public/2.0/smartapp/auth/tp/token"
GRANT = "/rest/2.0/oauth/token"


def error(answer: Answer) -> tuple[int, str]:
    assert told(answer).keys() == {"error", "error_description"}
    return answer.reply.status, told(answer)["error"]


class TestComponentToken:
    def test_a_ticket_gives_a_token_of_thirty_days(self, baidu_tokens: BaiduTokens) -> None:
        assert baidu_tokens.component_token() == {
            "errno": 0,
            "msg": "success",
            "data": {
                "access_token": "42.sandbox-2",
                "expires_in": 2592000,
                "scope": "smartapp_tp_smtapp_common public",
            },
        }

    def test_a_wrong_client_id_is_50002(self, baidu_tokens: BaiduTokens, world: World) -> None:
        answer = baidu_tokens.ask(TOKEN, client_id="somebody", ticket=world.baidu.issue_ticket())

        assert told(answer)["errno"] == 50002
        assert answer.reply.status == 200

    def test_a_wrong_ticket_is_50003(self, baidu_tokens: BaiduTokens) -> None:
        assert baidu_tokens.component_token("guessed")["errno"] == 50003

    def test_a_superseded_ticket_works_until_all_are_revoked(self, baidu_tokens: BaiduTokens, world: World) -> None:
        old, new = world.baidu.issue_ticket(), world.baidu.issue_ticket()
        world.advance(10 * 86400)

        assert [baidu_tokens.component_token(one)["errno"] for one in (old, new)] == [0, 0]
        world.baidu.revoke_tickets()
        assert [baidu_tokens.component_token(one)["errno"] for one in (old, new)] == [50003, 50003]
        assert baidu_tokens.component_token()["errno"] == 0

    def test_tickets_may_be_given_a_life(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.baidu.rules.ticket_life = 1800
        ticket = world.baidu.issue_ticket()

        world.advance(1799)
        assert baidu_tokens.component_token(ticket)["errno"] == 0
        world.advance(1)
        assert baidu_tokens.component_token(ticket)["errno"] == 50003

    def test_a_new_one_leaves_the_old_one_alive_for_thirty_days(self, baidu_tokens: BaiduTokens, world: World) -> None:
        baidu_tokens.component_token()

        world.advance(2592000 - 1)
        assert told(baidu_tokens.pre_auth_code())["errno"] == 0
        world.advance(1)
        assert told(baidu_tokens.recover())["error_code"] == 111

    @pytest.mark.parametrize(
        "params",
        [
            {},
            {"client_id": "sandbox-client"},
            {"client_id": "sandbox-client", "ticket": ""},
            {"client_id": "sandbox-client", "ticket": "t", "client_secret": "s"},
        ],
    )
    def test_other_parameters_are_refused(self, baidu_tokens: BaiduTokens, params: dict[str, str]) -> None:
        assert told(baidu_tokens.ask(TOKEN, **params))["errno"] == 40001

    def test_a_parameter_given_twice_is_refused(self, world: World) -> None:
        query = (("client_id", "sandbox-client"), ("ticket", "a"), ("ticket", "b"))

        assert told(world.answer(Request("GET", TOKEN, query)))["errno"] == 40001

    def test_a_wrong_method_is_405(self, world: World) -> None:
        assert world.answer(Request("POST", TOKEN)).reply.status == 405


class TestPreAuthCode:
    def test_it_lives_twenty_minutes(self, baidu_tokens: BaiduTokens) -> None:
        data = {"pre_auth_code": "sandbox-pre-auth-code-1", "expires_in": 1200}

        assert told(baidu_tokens.pre_auth_code()) == {"errno": 0, "msg": "success", "data": data}

    def test_a_bad_token_is_refused_in_oauths_words(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.baidu.expire_component_tokens()
        assert error(baidu_tokens.pre_auth_code()) == (400, "expired_token")

        baidu_tokens.token = world.baidu.tokens[APP]
        assert error(baidu_tokens.pre_auth_code()) == (400, "invalid_client")

    def test_other_parameters_are_refused(self, baidu_tokens: BaiduTokens) -> None:
        query = {"access_token": baidu_tokens.token, "type": "1"}

        assert told(baidu_tokens.ask("/rest/2.0/smartapp/tp/createpreauthcode", **query))["errno"] == 40001


class TestExchange:
    def test_the_answer_is_flat_and_names_no_app(self, baidu_tokens: BaiduTokens, world: World) -> None:
        answer = baidu_tokens.exchange(world.baidu.authorize(APP))

        assert answer.reply.status == 200
        assert b"request_id" not in answer.reply.body
        assert dict(answer.reply.headers)[b"x-b3-traceid"]
        assert told(answer) == {
            "access_token": "45.sandbox-15000001~2",
            "refresh_token": "46.sandbox-15000001~2",
            "expires_in": 3600,
        }

    def test_the_new_token_says_whose_it_is_and_what_was_granted(self, baidu_tokens: BaiduTokens, world: World) -> None:
        pair = told(baidu_tokens.exchange(world.baidu.authorize("15999999", permissions=["数据权限", "推广权限"])))

        data = baidu_tokens.info(pair["access_token"])["data"]

        assert data["app_id"] == 15999999
        assert data["auth_info"] == [{"scope_name": "数据权限", "type": 0}, {"scope_name": "推广权限", "type": 0}]

    def test_a_code_works_once(self, baidu_tokens: BaiduTokens, world: World) -> None:
        code = world.baidu.authorize(APP)
        baidu_tokens.exchange(code)

        again = baidu_tokens.exchange(code)

        assert error(again) == (400, "invalid_grant")
        assert "Invalid authorization code" in told(again)["error_description"]

    @pytest.mark.parametrize("life", [3600.0, EVENT_CODE_LIFE])
    def test_a_code_expires(self, baidu_tokens: BaiduTokens, world: World, life: float) -> None:
        early, late = (world.baidu.authorize(APP, code_life=life) for _ in range(2))

        world.advance(life - 1)
        assert told(baidu_tokens.exchange(early))["expires_in"] == 3600
        world.advance(1)
        assert error(baidu_tokens.exchange(late)) == (400, "invalid_grant")

    def test_a_code_that_never_was_is_invalid(self, baidu_tokens: BaiduTokens) -> None:
        assert error(baidu_tokens.exchange("guessed")) == (400, "invalid_grant")

    @pytest.mark.parametrize(
        ("params", "word"),
        [
            ({}, "unsupported_grant_type"),
            ({"grant_type": "refresh_token", "refresh_token": "r"}, "unsupported_grant_type"),
            ({"grant_type": "app_to_tp_authorization_code"}, "invalid_request"),
            ({"grant_type": "app_to_tp_authorization_code", "code": ""}, "invalid_request"),
            ({"grant_type": "app_to_tp_refresh_token", "code": "c"}, "invalid_request"),
            ({"grant_type": "app_to_tp_refresh_token", "refresh_token": "r", "app_id": "1"}, "invalid_request"),
        ],
    )
    def test_other_parameters_are_refused(self, baidu_tokens: BaiduTokens, params: dict[str, str], word: str) -> None:
        assert error(baidu_tokens.grant(**params)) == (400, word)

    def test_a_parameter_given_twice_is_refused(self, baidu_tokens: BaiduTokens, world: World) -> None:
        query = (("access_token", baidu_tokens.token), ("code", "a"), ("code", "b"))

        assert error(world.answer(Request("GET", GRANT, query))) == (400, "invalid_request")

    @pytest.mark.parametrize(("token", "code"), [({}, 100), ({"access_token": "42.guessed"}, 110)])
    def test_a_bad_platform_token_is_refused_by_the_gateway(
        self, baidu_tokens: BaiduTokens, token: dict[str, str], code: int
    ) -> None:
        query = {"grant_type": "app_to_tp_authorization_code", "code": "c", **token}

        answer = baidu_tokens.ask(GRANT, **query)

        assert (answer.reply.status, told(answer)["error_code"]) == (200, code)

    def test_an_expired_platform_token_is_111_and_spends_nothing(self, baidu_tokens: BaiduTokens, world: World) -> None:
        code = world.baidu.authorize(APP)
        world.baidu.expire_component_tokens()

        assert told(baidu_tokens.exchange(code))["error_code"] == 111
        assert told(baidu_tokens.refresh(world.baidu.refresh_tokens[APP]))["error_code"] == 111
        baidu_tokens.begin()
        assert told(baidu_tokens.exchange(code))["expires_in"] == 3600


class TestRefresh:
    def test_a_refresh_token_works_once_and_gives_another(self, baidu_tokens: BaiduTokens, world: World) -> None:
        first = world.baidu.refresh_tokens[APP]

        answer = baidu_tokens.refresh(first)

        assert told(answer) == {
            "access_token": "45.sandbox-15000001~2",
            "refresh_token": "46.sandbox-15000001~2",
            "expires_in": 3600,
        }
        assert error(baidu_tokens.refresh(first))[0] == 400
        assert told(baidu_tokens.refresh("46.sandbox-15000001~2"))["refresh_token"] == "46.sandbox-15000001~3"

    def test_a_spent_one_is_refused_in_three_words_in_turn(self, baidu_tokens: BaiduTokens, world: World) -> None:
        spent = world.baidu.refresh_tokens[APP]
        baidu_tokens.refresh(spent)

        words = [error(baidu_tokens.refresh(spent)) for _ in range(4)]

        assert words == [(400, one) for one in ("expired_token", "invalid_grant", "invalid_request", "expired_token")]

    def test_the_words_can_be_chosen(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.baidu.rules.spent_words = ("invalid_request",)
        spent = world.baidu.refresh_tokens[APP]
        baidu_tokens.refresh(spent)

        assert [error(baidu_tokens.refresh(spent))[1] for _ in range(2)] == ["invalid_request"] * 2

    def test_one_that_never_was_is_invalid(self, baidu_tokens: BaiduTokens) -> None:
        assert error(baidu_tokens.refresh("46.guessed")) == (400, "invalid_grant")

    def test_one_expires_after_ten_years(self, baidu_tokens: BaiduTokens, world: World) -> None:
        refresh_token = told(baidu_tokens.exchange(world.baidu.authorize(APP)))["refresh_token"]
        world.advance(315360000)
        baidu_tokens.begin()

        assert error(baidu_tokens.refresh(refresh_token)) == (400, "expired_token")


class TestRecovery:
    @pytest.mark.parametrize("query", [False, True])
    def test_a_code_of_five_hours_for_the_form_or_the_query(
        self, baidu_tokens: BaiduTokens, world: World, *, query: bool
    ) -> None:
        body = told(baidu_tokens.recover(query=query))

        data = {"authorization_code": "sandbox-code-15000001~1", "expires_in": 18000}
        assert body == {"errno": 0, "msg": "success", "data": data}
        world.advance(18000 - 1)
        assert told(baidu_tokens.exchange(data["authorization_code"]))["expires_in"] == 3600  # type: ignore[arg-type]

    def test_that_code_expires(self, baidu_tokens: BaiduTokens, world: World) -> None:
        code = told(baidu_tokens.recover())["data"]["authorization_code"]
        world.advance(18000)

        assert error(baidu_tokens.exchange(code)) == (400, "invalid_grant")

    def test_without_a_relation_it_is_50032(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.baidu.revoke(APP)

        assert told(baidu_tokens.recover())["errno"] == 50032
        assert told(baidu_tokens.recover("15999999"))["errno"] == 50032

    def test_what_is_no_form_is_refused(self, baidu_tokens: BaiduTokens, world: World) -> None:
        path, query = "/rest/2.0/smartapp/auth/retrieve/authorizationcode", (("access_token", baidu_tokens.token),)

        assert told(world.answer(Request("POST", path, query, "application/json", b"{}")))["errno"] == 40001
        assert told(world.answer(Request("POST", path, query, FORM, b"app=1")))["errno"] == 40001


class TestRevocation:
    def test_it_ends_tokens_and_codes(self, baidu_tokens: BaiduTokens, world: World) -> None:
        pair = told(baidu_tokens.exchange(world.baidu.authorize(APP)))
        code = world.baidu.authorize(APP)

        world.baidu.revoke(APP)

        assert baidu_tokens.info(pair["access_token"])["errno"] == 50032
        assert error(baidu_tokens.refresh(pair["refresh_token"])) == (400, "expired_token")
        assert error(baidu_tokens.exchange(code)) == (400, "invalid_grant")

    def test_a_later_authorization_brings_none_back(self, baidu_tokens: BaiduTokens, world: World) -> None:
        pair = told(baidu_tokens.exchange(world.baidu.authorize(APP)))
        world.baidu.revoke(APP)

        code = world.baidu.authorize(APP)

        assert baidu_tokens.info(pair["access_token"])["error_code"] == 111
        assert error(baidu_tokens.refresh(pair["refresh_token"]))[0] == 400
        assert baidu_tokens.info(told(baidu_tokens.exchange(code))["access_token"])["errno"] == 0


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "key", "code"),
        [
            (Fault.RATE_LIMITED, "error_code", 18),
            (Fault.EXPIRED_TOKEN, "error_code", 111),
            (Fault.REVOKED, "error", "invalid_grant"),
            (Fault.IP_NOT_LISTED, "error_code", 5),
        ],
    )
    def test_a_refresh_that_is_refused_spends_nothing(
        self, baidu_tokens: BaiduTokens, world: World, fault: Fault, key: str, code: object
    ) -> None:
        refresh_token = world.baidu.refresh_tokens[APP]
        world.inject(fault, provider="baidu", operation="refresh_grant")

        assert told(baidu_tokens.refresh(refresh_token))[key] == code
        world.clear()
        assert told(baidu_tokens.refresh(refresh_token))["expires_in"] == 3600

    @pytest.mark.parametrize(
        ("fault", "errno"), [(Fault.EXPIRED_TOKEN, 50003), (Fault.REVOKED, 0), (Fault.IP_NOT_LISTED, 40008)]
    )
    def test_for_the_platforms_token(self, baidu_tokens: BaiduTokens, world: World, fault: Fault, errno: int) -> None:
        world.inject(fault, provider="baidu")

        assert baidu_tokens.component_token()["errno"] == errno

    def test_for_a_pre_auth_code_and_a_recovery(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.inject(Fault.EXPIRED_TOKEN, provider="baidu")
        assert error(baidu_tokens.pre_auth_code()) == (400, "expired_token")

        world.inject(Fault.REVOKED, provider="baidu", app=APP)
        assert told(baidu_tokens.recover())["errno"] == 50032
        assert told(baidu_tokens.recover("15000002"))["errno"] == 0
        assert told(baidu_tokens.pre_auth_code())["errno"] == 0

    def test_odd_text_beside_a_pair(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.inject(Fault.ODD_TEXT, provider="baidu")

        assert told(baidu_tokens.pre_auth_code())["errno"] == 0
        body = told(baidu_tokens.refresh(world.baidu.refresh_tokens[APP]))
        assert body["error_code"] == 2
        assert body["refresh_token"] == world.baidu.refresh_tokens[APP]


def test_lists_what_was_pushed(world: World, baidu_tokens: BaiduTokens, now: Now) -> None:
    """Of a week at most, of the last month; a page at a time (wire/baidu.md § 2.5)."""
    world.push_to("http://push.example")
    fates = [Fate.ACKNOWLEDGED, Fate.GIVEN_UP, Fate.WAITING]
    for fate in fates:
        world.baidu.pushes.event("E", "1").fate = fate

    def ask(**params: object) -> dict[str, Any]:
        path = "/rest/2.0/smartapp/pushmsg/getmsg"
        given = {name: f"{value}" for name, value in params.items()}
        return told(baidu_tokens.ask(path, access_token=baidu_tokens.token, **given))

    data = ask()["data"]
    assert (data["count"], [one["status"] for one in data["list"]]) == (3, [1, 2, 0])
    assert [one["id"] for one in ask(push_type=2)["data"]["list"]] == [1]
    assert [one["status"] for one in ask(offset=1, count=1)["data"]["list"]] == [2]
    end = int(now.at)
    for wrong in (
        {"start": end - 8 * 86_400},
        {"start": end - 31 * 86_400, "end": end - 30 * 86_400},
        {"start": end + 1},
        {"count": 101},
        {"offset": -1},
        {"count": "many"},
        {"colour": 1},
    ):
        assert ask(**wrong)["errno"] == 40001
    now.at += 2 * 86_400
    assert ask()["data"]["list"] == []
