"""What both imitated providers do with grants: old tokens, the clock, counts, faults that lose an answer, control."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.sandbox import Fault, Faults, Pair, Sandbox, Spent
from miniapp_tp.sandbox.exchange import Call, Delivery
from miniapp_tp.sandbox.register import Standing
from miniapp_tp.sandbox.world import World
from tests.sandbox.conftest import BAIDU_APP as APP
from tests.sandbox.conftest import KUAISHOU_APP, BaiduTokens, told

if TYPE_CHECKING:
    from tests.sandbox.conftest import KuaishouTokens, Now


class TestOldTokens:
    def test_a_new_pair_ends_them_at_once(self, baidu_tokens: BaiduTokens, world: World) -> None:
        access, refresh = world.baidu.tokens[APP], world.baidu.refresh_tokens[APP]

        baidu_tokens.exchange(world.baidu.authorize(APP))

        assert baidu_tokens.info(access)["error_code"] == 111
        assert told(baidu_tokens.refresh(refresh))["error"] == "expired_token"
        assert world.baidu.spent[APP].used == 0

    def test_that_includes_one_of_a_second_exchange(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        codes = [told(kuaishou_tokens.recover())["authorizationCode"] for _ in range(2)]
        first, second = (told(kuaishou_tokens.exchange(code)) for code in codes)

        assert kuaishou_tokens.info(first["authorizerAccessToken"])["result"] == 100200108
        assert kuaishou_tokens.info(second["authorizerAccessToken"])["result"] == 1
        assert told(kuaishou_tokens.refresh(first["authorizerRefreshToken"]))["errorMsg"] == "refreshToken.discarded"

    def test_they_may_survive_until_they_expire(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.baidu.rules.old_tokens_survive = True
        first = told(baidu_tokens.exchange(world.baidu.authorize(APP)))
        world.advance(1000)
        baidu_tokens.refresh(world.baidu.refresh_tokens[APP])

        assert baidu_tokens.info(first["access_token"])["errno"] == 0
        assert baidu_tokens.info("45.sandbox-15000001")["errno"] == 0
        assert told(baidu_tokens.refresh("46.sandbox-15000001~1"))["expires_in"] == 3600
        assert told(baidu_tokens.refresh(first["refresh_token"]))["error"]
        world.advance(2600)
        assert baidu_tokens.info(first["access_token"])["error_code"] == 111

    def test_survivors_end_with_a_revocation_and_with_the_rule(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.baidu.rules.old_tokens_survive = True
        first = told(baidu_tokens.exchange(world.baidu.authorize(APP)))
        baidu_tokens.refresh(world.baidu.refresh_tokens[APP])
        world.baidu.rules.old_tokens_survive = False
        baidu_tokens.refresh(world.baidu.refresh_tokens[APP])

        assert baidu_tokens.info(first["access_token"])["error_code"] == 111


class TestClock:
    def test_what_an_app_has_from_the_start_never_expires(
        self, baidu_tokens: BaiduTokens, kuaishou_tokens: KuaishouTokens, world: World
    ) -> None:
        world.advance(20 * 365 * 86400)
        baidu_tokens.begin()
        kuaishou_tokens.begin()

        assert baidu_tokens.info(world.baidu.tokens[APP])["errno"] == 0
        assert kuaishou_tokens.info(world.kuaishou.tokens[KUAISHOU_APP])["result"] == 1
        assert told(baidu_tokens.refresh(world.baidu.refresh_tokens[APP]))["expires_in"] == 3600
        assert told(kuaishou_tokens.refresh(world.kuaishou.refresh_tokens[KUAISHOU_APP]))["result"] == 1

    def test_access_tokens_expire(
        self, baidu_tokens: BaiduTokens, kuaishou_tokens: KuaishouTokens, world: World
    ) -> None:
        baidu_tokens.refresh(world.baidu.refresh_tokens[APP])
        kuaishou_tokens.refresh(world.kuaishou.refresh_tokens[KUAISHOU_APP])

        def codes() -> tuple[object, object]:
            baidu = baidu_tokens.info(world.baidu.tokens[APP])
            return baidu.get("error_code"), kuaishou_tokens.info(world.kuaishou.tokens[KUAISHOU_APP])["result"]

        world.advance(3599)
        assert codes() == (None, 1)
        world.advance(1)
        assert codes() == (111, 1)
        world.advance(3600)
        assert codes() == (111, 100200108)

    def test_the_base_clock_counts_as_well(self, baidu_tokens: BaiduTokens, world: World, now: Now) -> None:
        code = world.baidu.authorize(APP, code_life=60)
        now.at += 30
        world.advance(30)

        assert told(baidu_tokens.exchange(code))["error"] == "invalid_grant"

    def test_tokens_may_expire_now(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.baidu.expire_tokens(APP)
        assert [baidu_tokens.info(token).get("error_code") for token in world.baidu.tokens.values()] == [
            111,
            None,
            None,
        ]

        world.baidu.expire_tokens()
        assert {baidu_tokens.info(token).get("error_code") for token in world.baidu.tokens.values()} == {111}
        assert told(baidu_tokens.refresh(world.baidu.refresh_tokens[APP]))["expires_in"] == 3600


class TestKnowledge:
    def test_of_a_new_merchant(self, baidu_tokens: BaiduTokens, world: World) -> None:
        code = world.baidu.authorize("15999999")

        assert world.baidu.newest_pair("15999999") is None
        assert "15999999" not in world.baidu.tokens
        pair = told(baidu_tokens.exchange(code))
        expected = Pair("15999999", pair["access_token"], pair["refresh_token"])
        assert world.baidu.newest_pair("15999999") == expected
        assert world.baidu.tokens["15999999"] == pair["access_token"]
        assert "sandbox-" not in repr(expected)

    def test_of_a_grant_taken_back(self, world: World) -> None:
        world.baidu.revoke(APP)

        assert world.baidu.newest_pair(APP) is None
        assert APP not in world.baidu.refresh_tokens

    def test_of_no_token(self, world: World) -> None:
        assert world.baidu.standing(None) is Standing.UNKNOWN
        assert world.baidu.standing("45.guessed") is Standing.UNKNOWN

    def test_of_nobody(self, world: World) -> None:
        with pytest.raises(InvalidArgument, match="no app"):
            world.baidu.revoke("nobody")
        with pytest.raises(InvalidArgument, match="no app"):
            world.baidu.expire_tokens("nobody")

    def test_of_what_is_lost(self, baidu_tokens: BaiduTokens, world: World) -> None:
        held = dict(world.baidu.refresh_tokens)
        assert world.baidu.lost(held) == []

        baidu_tokens.refresh(held[APP])
        del held["15000002"]
        world.baidu.revoke("15000003")

        assert world.baidu.lost(held) == [APP, "15000002"]

    def test_counts(self, baidu_tokens: BaiduTokens, world: World) -> None:
        spent = world.baidu.refresh_tokens[APP]
        baidu_tokens.refresh(spent)
        baidu_tokens.refresh(spent)
        baidu_tokens.refresh("46.guessed")
        baidu_tokens.exchange(told(baidu_tokens.recover())["data"]["authorization_code"])
        baidu_tokens.pre_auth_code()

        assert world.baidu.spent[APP] == Spent(used=1, refused=1, pairs=2, codes=1)
        assert world.baidu.spent["15000002"] == Spent()
        assert world.count(provider="baidu", operation="refresh_grant", app=APP) == 2
        assert world.calls["baidu", "refresh_grant", None] == 1
        assert world.report()["calls"]["baidu"] == {
            "get_component_token": 1,
            "refresh_grant": 3,
            "recover_code": 1,
            "exchange_code": 1,
            "get_pre_auth_code": 1,
        }

    def test_reprs_hold_no_secret(self, baidu_tokens: BaiduTokens, world: World) -> None:
        code = world.baidu.authorize(APP)
        call = Call("exchange_code", baidu_tokens.token, {"code": code})

        for text in (repr(world.baidu), repr(world.kuaishou), repr(call)):
            assert not any(kind in text for kind in ("~1", "sandbox-secret", "42.sandbox-1", "sandbox-ticket-1"))


class TestFaults:
    @pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.HTML_5XX])
    def test_a_refresh_that_never_arrived(self, baidu_tokens: BaiduTokens, world: World, fault: Fault) -> None:
        refresh_token = world.baidu.refresh_tokens[APP]
        world.inject(fault, provider="baidu", app=APP)

        baidu_tokens.refresh(refresh_token)

        assert world.baidu.spent[APP] == Spent()
        assert told(baidu_tokens.refresh(refresh_token))["expires_in"] == 3600

    @pytest.mark.parametrize(
        ("fault", "delivery", "status"),
        [
            (Fault.CUT_AFTER, Delivery.CUT, 200),
            (Fault.TRUNCATED, Delivery.TRUNCATED, 200),
            (Fault.HTML_AFTER, Delivery.WHOLE, 502),
            (Fault.ODD_STATUS, Delivery.WHOLE, 500),
        ],
    )
    def test_a_refresh_whose_answer_is_lost_or_odd(
        self, baidu_tokens: BaiduTokens, world: World, fault: Fault, delivery: Delivery, status: int
    ) -> None:
        refresh_token = world.baidu.refresh_tokens[APP]
        world.inject(fault, provider="baidu", operation="refresh_grant")

        answer = baidu_tokens.refresh(refresh_token)

        assert (answer.delivery, answer.reply.status) == (delivery, status)
        assert world.baidu.spent[APP] == Spent(used=1, pairs=1)
        assert told(baidu_tokens.refresh(refresh_token))["error"] == "expired_token"

    def test_an_odd_status_leaves_the_pair_readable(self, kuaishou_tokens: KuaishouTokens, world: World) -> None:
        world.inject(Fault.ODD_STATUS, provider="kuaishou")

        answer = kuaishou_tokens.refresh(world.kuaishou.refresh_tokens[KUAISHOU_APP])

        assert told(answer)["authorizerRefreshToken"] == world.kuaishou.refresh_tokens[KUAISHOU_APP]

    def test_an_expired_component_token_may_really_end(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.inject(Fault.EXPIRED_TOKEN, provider="baidu", rotate=True, times=2)
        token = world.baidu.tokens[APP]

        assert told(baidu_tokens.recover())["error_code"] == 111
        assert baidu_tokens.info("45.nobody")["error_code"] == 111
        assert told(baidu_tokens.recover())["error_code"] == 111
        baidu_tokens.begin()
        assert told(baidu_tokens.recover())["errno"] == 0
        assert world.baidu.tokens[APP] == token

    def test_with_a_ticket_there_is_no_token_to_end(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.inject(Fault.EXPIRED_TOKEN, provider="baidu", rotate=True)

        assert baidu_tokens.component_token()["errno"] == 50003
        assert told(baidu_tokens.recover())["errno"] == 0

    def test_a_missing_permission_concerns_no_tokens(self, baidu_tokens: BaiduTokens, world: World) -> None:
        world.inject(Fault.FORBIDDEN, provider="baidu", app=APP)

        assert told(baidu_tokens.refresh(world.baidu.refresh_tokens[APP]))["expires_in"] == 3600
        assert baidu_tokens.info(world.baidu.tokens[APP])["errno"] == 6001

    def test_rare_ones_by_rate_hit_only_where_they_make_sense(self) -> None:
        tokens = BaiduTokens(World(apps=3, faults=Faults(1.0, kinds=(Fault.ODD_TEXT,))))
        tokens.begin()

        assert told(tokens.recover())["errno"] == 0
        assert told(tokens.refresh(tokens.world.baidu.refresh_tokens[APP]))["error_code"] == 2
        assert tokens.world.report()["injected"]["baidu"] == {"odd_text": 1}


class TestOnTheWire:
    def test_a_life_of_a_grant(self, sandbox: Sandbox, http: httpx.Client) -> None:
        def get(path: str, **params: str) -> httpx.Response:
            return http.get(path, params=params)

        ticket = http.post("/_sandbox/grants", json={"do": "issue_ticket", "provider": "baidu"}).json()["ticket"]
        answer = get("/public/2.0/smartapp/auth/tp/token", client_id=sandbox.baidu.component, ticket=ticket)
        token = answer.json()["data"]["access_token"]
        code = sandbox.baidu.authorize(APP)
        grant = {"access_token": token, "grant_type": "app_to_tp_authorization_code", "code": code}

        pair = get("/rest/2.0/oauth/token", **grant)
        again = get("/rest/2.0/oauth/token", **grant)

        assert pair.json()["access_token"] == sandbox.baidu.tokens[APP]
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
        assert pair.headers["x-b3-traceid"]

    def test_an_answer_that_is_lost(self, sandbox: Sandbox, http: httpx.Client) -> None:
        query = {"client_id": sandbox.baidu.component, "ticket": sandbox.baidu.issue_ticket()}
        sandbox.inject(Fault.CUT_AFTER, provider="baidu", operation="get_component_token")

        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            http.get("/public/2.0/smartapp/auth/tp/token", params=query)


class TestControl:
    def do(self, http: httpx.Client, **order: Any) -> dict[str, Any]:  # noqa: ANN401
        reply = http.post("/_sandbox/grants", json=order)
        assert reply.status_code == 200
        body: dict[str, Any] = reply.json()
        assert body.pop("ok")
        return body

    def test_what_merchants_and_providers_do(self, http: httpx.Client, sandbox: Sandbox) -> None:
        permissions = {"permissions": ["one"], "code_life": 60}

        code = self.do(http, do="authorize", provider="baidu", app=APP, **permissions)
        assert code == {"authorization_code": f"sandbox-code-{APP}~1"}
        assert sandbox.baidu.apps[APP].permissions == ("one",)
        assert self.do(http, do="revoke", provider="kuaishou", app=KUAISHOU_APP) == {}
        assert not sandbox.kuaishou.apps[KUAISHOU_APP].granted
        assert self.do(http, do="expire_tokens", provider="baidu", app=None) == {}
        assert all(app.token_expires_at is not None for app in sandbox.baidu.apps.values())
        assert self.do(http, do="advance", seconds=60) == {}
        assert isinstance(sandbox.baidu.exchange(code["authorization_code"]), Pair) is False

    def test_grants(self, http: httpx.Client, sandbox: Sandbox) -> None:
        sandbox.baidu.refresh(sandbox.baidu.refresh_tokens[APP])
        sandbox.baidu.revoke("15000002")

        grants = http.get("/_sandbox/grants").json()

        assert grants["baidu"][APP] == {
            "granted": True,
            "access_token": sandbox.baidu.tokens[APP],
            "refresh_token": sandbox.baidu.refresh_tokens[APP],
            "spent": {"used": 1, "refused": 0, "pairs": 1, "codes": 0},
        }
        assert grants["baidu"]["15000002"]["granted"] is False
        assert grants["baidu"]["15000002"]["refresh_token"] is None
        assert list(grants["kuaishou"]) == list(sandbox.kuaishou.apps)

    @pytest.mark.parametrize(
        "order",
        [
            {},
            {"do": "explode"},
            {"do": "advance"},
            {"do": "advance", "seconds": "1"},
            {"do": "authorize", "provider": "baidu"},
            {"do": "authorize", "provider": "baidu", "app": None},
            {"do": "authorize", "provider": "baidu", "app": "1", "times": 1},
            {"do": "issue_ticket", "provider": "nobody"},
            {"do": "revoke", "provider": "baidu", "app": "nobody"},
        ],
    )
    def test_nonsense_is_refused_in_words(self, http: httpx.Client, order: dict[str, Any]) -> None:
        reply = http.post("/_sandbox/grants", content=json.dumps(order))

        assert reply.status_code == 400
        assert reply.json()["error"]
