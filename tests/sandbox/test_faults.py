"""Each kind of fault as a foreign client meets it, and what the sandbox keeps of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.sandbox import Fault, Faults, Sandbox
from miniapp_tp.sandbox.exchange import Delivery, Request
from miniapp_tp.sandbox.world import World

if TYPE_CHECKING:
    from tests.sandbox.conftest import Baidu, Kuaishou

CUT = (httpx.RemoteProtocolError, httpx.ReadError)


class TestOnTheWire:
    def test_html_5xx(self, baidu: Baidu, kuaishou: Kuaishou, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.HTML_5XX)

        for reply in (baidu.get("info"), kuaishou.get("info")):
            assert reply.status_code == 502
            assert reply.text.startswith("<html>")
        assert baidu.get("info").status_code == 200

    def test_rate_limited(self, baidu: Baidu, kuaishou: Kuaishou, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.RATE_LIMITED)

        assert baidu.domains(action="set", request_domain="https://a.example.com")["error_code"] == 18
        assert kuaishou.domains("set", request=["a.example.com"])["result"] == 100200410
        assert baidu.domains(action="get")["data"]["request_domain"] == ""
        assert kuaishou.domains("get")["request"] == []

    def test_expired_token_of_one_request(self, baidu: Baidu, kuaishou: Kuaishou, sandbox: Sandbox) -> None:
        token = baidu.token
        sandbox.inject(Fault.EXPIRED_TOKEN)

        assert baidu.info()["error_code"] == 111
        assert kuaishou.info()["result"] == 100200108
        assert baidu.info()["errno"] == 0
        assert kuaishou.info()["result"] == 1
        assert baidu.token == token

    def test_expired_token_that_is_really_replaced(self, baidu: Baidu, sandbox: Sandbox) -> None:
        old = baidu.token
        sandbox.inject(Fault.EXPIRED_TOKEN, provider="baidu", rotate=True)

        assert baidu.info()["error_code"] == 111
        assert baidu.get("info", access_token=old).json()["error_code"] == 111
        assert baidu.token != old
        assert baidu.info()["errno"] == 0

    def test_cut_before_changes_nothing(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.CUT_BEFORE, provider="baidu")

        with pytest.raises(CUT):
            baidu.domains(action="set", request_domain="https://a.example.com")

        assert baidu.domains(action="get")["data"]["request_domain"] == ""

    def test_cut_after_has_made_the_change(self, kuaishou: Kuaishou, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.CUT_AFTER, provider="kuaishou")

        with pytest.raises(CUT):
            kuaishou.domains("set", request=["a.example.com"])

        assert kuaishou.domains("get")["request"] == ["a.example.com"]

    def test_truncated_breaks_off_within_the_body(self, kuaishou: Kuaishou, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.TRUNCATED, provider="kuaishou")

        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            kuaishou.domains("set", request=["a.example.com"])

        assert kuaishou.domains("get")["request"] == ["a.example.com"]

    def test_latency_answers_late_and_has_made_the_change_by_then(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.LATENCY, provider="baidu", seconds=0.1)

        began = time.monotonic()
        body = baidu.domains(action="set", request_domain="https://a.example.com")

        assert time.monotonic() - began >= 0.1
        assert body["errno"] == 0
        assert baidu.domains(action="get")["data"]["request_domain"] == "https://a.example.com"

    def test_a_client_that_gives_up_waiting_leaves_the_change_made(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.LATENCY, provider="baidu", seconds=60)
        baidu.http.timeout = httpx.Timeout(0.1)

        with pytest.raises(httpx.ReadTimeout):
            baidu.domains(action="set", request_domain="https://a.example.com")

        baidu.http.timeout = httpx.Timeout(5)
        assert baidu.domains(action="get")["data"]["request_domain"] == "https://a.example.com"

    @pytest.mark.parametrize(("fault", "errno"), [(Fault.REVOKED, 50032), (Fault.FORBIDDEN, 6001)])
    def test_permanent_at_baidu(self, baidu: Baidu, sandbox: Sandbox, fault: Fault, errno: int) -> None:
        sandbox.inject(fault, provider="baidu", app=baidu.app)

        assert [baidu.info()["errno"] for _ in range(3)] == [errno] * 3
        baidu.app = "15000002"
        assert baidu.info()["errno"] == 0

    @pytest.mark.parametrize(("fault", "result"), [(Fault.REVOKED, 100200109), (Fault.FORBIDDEN, 100200106)])
    def test_permanent_at_kuaishou(self, kuaishou: Kuaishou, sandbox: Sandbox, fault: Fault, result: int) -> None:
        sandbox.inject(fault, provider="kuaishou", app=kuaishou.app)

        assert [kuaishou.info()["result"] for _ in range(3)] == [result] * 3
        sandbox.clear(provider="kuaishou", app=kuaishou.app)
        assert kuaishou.info()["result"] == 1

    def test_quota_concerns_edits_only(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.QUOTA, app=baidu.app)

        assert baidu.domains(action="set", request_domain="https://a.example.com")["errno"] == 470011
        assert baidu.webview(action="set", web_view_domain="https://a.example.com")["errno"] == 470012
        assert baidu.domains(action="get")["errno"] == 0
        assert baidu.info()["errno"] == 0

    def test_an_address_that_is_not_listed_is_refused_whatever_the_token(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.IP_NOT_LISTED, provider="baidu")

        assert baidu.info()["errno"] == 40008
        assert baidu.get("info", access_token="45.nobody").json()["errno"] == 40008
        sandbox.clear(Fault.IP_NOT_LISTED)
        assert baidu.info()["errno"] == 0


class TestOrders:
    def test_one_app_one_operation_a_number_of_times(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.RATE_LIMITED, provider="baidu", app=baidu.app, operation="get_server_domain", times=2)

        assert "errno" in baidu.info()
        codes = [baidu.domains(action="get").get("error_code") for _ in range(3)]
        assert codes == [18, 18, None]

    def test_until_cleared(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.RATE_LIMITED, provider="baidu", times=None)

        assert [baidu.info().get("error_code") for _ in range(3)] == [18] * 3
        sandbox.clear()
        assert baidu.info()["errno"] == 0

    def test_clearing_one_kind_leaves_the_others(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.RATE_LIMITED, provider="baidu", app=baidu.app)
        sandbox.inject(Fault.REVOKED, provider="baidu", app=baidu.app)

        sandbox.clear(Fault.RATE_LIMITED, provider="baidu", app=baidu.app)

        assert baidu.info()["errno"] == 50032

    def test_an_id_is_looked_for_where_it_is(self, baidu: Baidu, kuaishou: Kuaishou, sandbox: Sandbox) -> None:
        sandbox.inject(Fault.REVOKED, app=kuaishou.app)

        assert baidu.info()["errno"] == 0
        assert kuaishou.info()["result"] == 100200109

    @pytest.mark.parametrize(
        ("fault", "where"),
        [
            (Fault.QUOTA, {"provider": "kuaishou"}),
            (Fault.IP_NOT_LISTED, {"provider": "kuaishou"}),
            (Fault.IP_NOT_LISTED, {"provider": "baidu", "app": "15000001"}),
            (Fault.REVOKED, {"provider": "nobody"}),
            (Fault.REVOKED, {"provider": "baidu", "app": "ks600000000000000001"}),
            (Fault.REVOKED, {"app": "nobody"}),
            (Fault.LATENCY, {"times": 0}),
        ],
    )
    def test_what_cannot_be_is_refused(self, fault: Fault, where: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgument):
            World(apps=1).inject(fault, **where)


def calls(world: World, times: int) -> list[Any]:
    """Call every app so often, and give what the client would see."""
    seen: list[Any] = []
    for _ in range(times):
        for app in list(world.baidu.apps.values()):
            answer = world.answer(Request("GET", "/rest/2.0/smartapp/app/info", (("access_token", app.token),)))
            seen.append((app.id, answer.delivery, answer.delay, answer.reply.status, len(answer.reply.body)))
    return seen


class TestRates:
    def test_the_same_seed_hits_the_same_requests(self) -> None:
        one, same, other = (calls(World(50, faults=Faults(0.3, seed=seed)), 10) for seed in (7, 7, 8))

        assert one == same
        assert one != other

    def test_the_order_of_the_requests_does_not_matter(self) -> None:
        faults = Faults(0.3, seed=7)
        forth, back = World(20, faults=faults), World([*reversed(World(20).baidu.apps)], faults=faults)
        calls(forth, 5)
        calls(back, 5)

        forth_report, back_report = forth.report(), back.report()

        assert forth_report["injected"] == back_report["injected"]
        hit = [{(one["app"], one["fault"]) for one in report["recent"]} for report in (forth_report, back_report)]
        assert hit[0] == hit[1]

    def test_about_the_share_asked_for_is_hit_by_every_kind(self) -> None:
        world = World(100, faults=Faults(0.1, seed=1, latency=0.2))

        seen = calls(world, 50)

        injected = world.report()["injected"]["baidu"]
        assert 400 <= sum(injected.values()) <= 600
        assert injected.keys() == {
            *("latency", "html_5xx", "rate_limited", "expired_token", "cut_before", "cut_after", "truncated")
        }
        assert {delay for _, _, delay, _, _ in seen} == {0.0, 0.2}
        assert {delivery for _, delivery, *_ in seen} == set(Delivery)

    def test_only_the_kinds_asked_for(self) -> None:
        world = World(100, faults=Faults(1.0, kinds=(Fault.EXPIRED_TOKEN,), rotate=True))

        calls(world, 1)

        assert world.report()["injected"] == {"baidu": {"expired_token": 100}, "kuaishou": {}}
        assert world.baidu.tokens["15000001"] == "45.sandbox-15000001~2"
        assert world.baidu.rotate(world.baidu.apps["15000001"]) == "45.sandbox-15000001~3"

    def test_permanent_faults_strike_the_share_asked_for(self) -> None:
        world = World(250, faults=Faults(permanent=0.01, seed=7))

        permanent = world.report()["permanent"]

        assert sorted(kind for kinds in permanent["baidu"].values() for kind in kinds) == [
            "forbidden",
            "quota",
            "revoked",
        ]
        assert {kind for kinds in permanent["kuaishou"].values() for kind in kinds} == {"forbidden", "revoked"}
        assert permanent["kuaishou"].keys() < world.kuaishou.apps.keys()
        assert permanent == World(250, faults=Faults(permanent=0.01, seed=7)).report()["permanent"]

    @pytest.mark.parametrize(
        "nonsense", [{"rate": 1.5}, {"permanent": -0.1}, {"kinds": ()}, {"kinds": (Fault.REVOKED,)}]
    )
    def test_nonsense_is_refused(self, nonsense: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgument):
            Faults(**nonsense)


class TestCounting:
    def test_calls_edits_and_faults(self, baidu: Baidu, kuaishou: Kuaishou, sandbox: Sandbox) -> None:
        baidu.info()
        baidu.domains(action="get")
        baidu.domains(action="set", request_domain="https://a.example.com")
        baidu.domains(action="set", request_domain="a.example.com")
        baidu.get("info", access_token="45.nobody")
        kuaishou.webview("set", ["a.example.com"])
        sandbox.inject(Fault.RATE_LIMITED, provider="baidu")
        sandbox.inject(Fault.REVOKED, provider="baidu", app="15000002")
        sandbox.inject(Fault.LATENCY, provider="kuaishou")
        sandbox.inject(Fault.IP_NOT_LISTED)
        baidu.info()

        assert sandbox.calls["baidu", "get_info", baidu.app] == 2
        assert sandbox.calls["baidu", "get_info", None] == 1
        assert sandbox.count(provider="baidu", operation="set_server_domain") == 2
        assert sandbox.count(app=kuaishou.app) == 1
        assert sandbox.count() == 7
        report = sandbox.report()
        (recent,) = report.pop("recent")
        assert report == {
            "injected": {"baidu": {"rate_limited": 1}, "kuaishou": {}},
            "permanent": {"baidu": {"15000002": ["revoked"], "*": ["ip_not_listed"]}, "kuaishou": {}},
            "calls": {
                "baidu": {"get_info": 3, "get_server_domain": 1, "set_server_domain": 2},
                "kuaishou": {"set_webview_domain": 1},
            },
            "edits": {"baidu": {"set_server_domain": 1}, "kuaishou": {"set_webview_domain": 1}},
        }
        assert recent["fault"] == "rate_limited"
        assert recent.keys() == {"provider", "app", "operation", "fault", "at"}
