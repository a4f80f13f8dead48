"""The imitated Baidu against its documents: seed 000 and wire/baidu.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from miniapp_tp.sandbox import Sandbox
    from tests.sandbox.conftest import Baidu

FORM = {"content-type": "application/x-www-form-urlencoded"}
EMPTY = {"download_domain": "", "request_domain": "", "socket_domain": "", "upload_domain": ""}


def without_id(body: dict[str, Any]) -> dict[str, Any]:
    assert body.pop("request_id")
    return body


class TestServerDomains:
    def test_get_answers_comma_texts_in_the_shape_of_the_seed(self, baidu: Baidu) -> None:
        baidu.domains(action="set", request_domain="https://a.example.com,https://b.example.com")
        baidu.domains(action="set", socket_domain="wss://a.example.com")

        assert without_id(baidu.domains(action="get")) == {
            "errno": 0,
            "msg": "success",
            "data": {
                "request_domain": "https://a.example.com,https://b.example.com",
                "socket_domain": "wss://a.example.com",
                "download_domain": "",
                "upload_domain": "",
            },
        }

    @pytest.mark.parametrize("action", ["set", "add"])
    def test_writes_answer_without_data(self, baidu: Baidu, action: str) -> None:
        body = baidu.domains(action=action, request_domain="https://a.example.com")

        assert without_id(body) == {"errno": 0, "msg": "success"}

    def test_delete_answers_without_data(self, baidu: Baidu) -> None:
        baidu.domains(action="set", request_domain="https://a.example.com")

        body = baidu.domains(action="delete", request_domain="https://a.example.com")

        assert without_id(body) == {"errno": 0, "msg": "success"}
        assert baidu.domains(action="get")["data"] == EMPTY

    def test_set_replaces_the_kinds_given_and_no_other(self, baidu: Baidu) -> None:
        baidu.domains(action="set", request_domain="https://a.example.com", upload_domain="https://u.example.com")

        baidu.domains(action="set", request_domain="https://b.example.com")

        data = baidu.domains(action="get")["data"]
        assert data["request_domain"] == "https://b.example.com"
        assert data["upload_domain"] == "https://u.example.com"

    def test_add_keeps_the_order_and_each_domain_once(self, baidu: Baidu) -> None:
        baidu.domains(action="set", request_domain="https://b.example.com,https://a.example.com")

        baidu.domains(action="add", request_domain="https://a.example.com,https://c.example.com,https://C.example.com")

        expected = "https://b.example.com,https://a.example.com,https://c.example.com"
        assert baidu.domains(action="get")["data"]["request_domain"] == expected

    def test_without_an_action_all_registered_domains_are_added(self, baidu: Baidu) -> None:
        assert baidu.domains(request_domain="https://a.example.com")["errno"] == 0

        assert baidu.domains(action="get")["data"] == {
            "request_domain": "https://example.com",
            "socket_domain": "wss://example.com",
            "download_domain": "https://example.com",
            "upload_domain": "https://example.com",
        }

    @pytest.mark.parametrize(
        ("form", "errno"),
        [
            ({}, 470013),
            ({"request_domain": ""}, 470015),
            ({"request_domain": "https://a.example.com", "socket_domain": ""}, 470015),
            ({"request_domain": "a.example.com"}, 470014),
            ({"request_domain": "ftp://a.example.com"}, 470014),
            ({"request_domain": "https://a.example.com/path"}, 470014),
            ({"request_domain": "https://a.example.com, https://b.example.com"}, 470014),
            ({"request_domain": "https://a.example.com,"}, 470014),
            ({"request_domain": "https://localhost"}, 470014),
            ({"request_domain": "https://-a.example.com"}, 470014),
            ({"request_domain": "https://a.example.org"}, 470016),
            ({"request_domain": "https://badexample.com"}, 470016),
            ({"udp_domain": "https://a.example.com"}, 40001),
        ],
    )
    @pytest.mark.parametrize("action", ["set", "add"])
    def test_what_the_document_forbids_is_refused_and_changes_nothing(
        self, baidu: Baidu, action: str, form: dict[str, str], errno: int
    ) -> None:
        body = baidu.domains(action=action, **form)

        assert body["errno"] == errno
        assert body["msg"]
        assert "data" not in body
        assert baidu.domains(action="get")["data"] == EMPTY

    @pytest.mark.parametrize("domain", ["http://a.example.com", "wss://example.com", "https://a.example.com:8443"])
    def test_documented_schemes_and_ports_are_accepted(self, baidu: Baidu, domain: str) -> None:
        assert baidu.domains(action="set", upload_domain=domain)["errno"] == 0
        assert baidu.domains(action="get")["data"]["upload_domain"] == domain

    def test_deleting_what_is_not_set_is_470017_and_deletes_nothing(self, baidu: Baidu) -> None:
        baidu.domains(action="set", request_domain="https://a.example.com")

        body = baidu.domains(action="delete", request_domain="https://a.example.com,https://b.example.com")

        assert body["errno"] == 470017
        assert baidu.domains(action="get")["data"]["request_domain"] == "https://a.example.com"

    def test_a_domain_that_is_no_longer_registered_can_be_deleted(self, baidu: Baidu, sandbox: Sandbox) -> None:
        baidu.domains(action="set", request_domain="https://a.example.com")
        sandbox.baidu.server_domains = ("example.net",)

        assert baidu.domains(action="delete", request_domain="https://a.example.com")["errno"] == 0

    def test_used_up_edits_are_470011(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.baidu.apps[baidu.app].edits_left["set_server_domain"] = 1

        first = baidu.domains(action="set", request_domain="https://a.example.com")
        second = baidu.domains(action="set", request_domain="https://b.example.com")

        assert (first["errno"], second["errno"]) == (0, 470011)
        assert baidu.domains(action="get")["data"]["request_domain"] == "https://a.example.com"

    def test_parameters_may_stand_in_the_query_as_in_the_seeds_example(self, baidu: Baidu) -> None:
        query = {"access_token": baidu.token, "action": "set", "request_domain": "https://a.example.com"}

        body = baidu.http.post("/rest/2.0/smartapp/app/modifydomain", params=query).json()

        assert body["errno"] == 0
        assert baidu.domains(action="get")["data"]["request_domain"] == "https://a.example.com"


class TestWebviewDomains:
    def test_get_answers_one_comma_text(self, baidu: Baidu) -> None:
        baidu.webview(action="set", web_view_domain="https://a.example.com,https://b.example.com")

        assert without_id(baidu.webview(action="get")) == {
            "errno": 0,
            "msg": "success",
            "data": "https://a.example.com,https://b.example.com",
        }

    def test_without_an_action_all_registered_domains_are_added(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.baidu.webview_domains = ("one.example", "two.example")

        assert without_id(baidu.webview()) == {"errno": 0, "msg": "success"}
        assert baidu.webview(action="get")["data"] == "https://one.example,https://two.example"

    @pytest.mark.parametrize(
        ("form", "errno"),
        [
            ({"action": "set"}, 470013),
            ({"action": "set", "web_view_domain": ""}, 470015),
            ({"action": "add", "web_view_domain": "a.example.com"}, 470014),
            ({"action": "add", "web_view_domain": "https://a.example.org"}, 470016),
            ({"action": "delete", "web_view_domain": "https://a.example.com"}, 470017),
            ({"action": "set", "request_domain": "https://a.example.com"}, 40001),
            ({"action": "overwrite", "web_view_domain": "https://a.example.com"}, 40001),
        ],
    )
    def test_what_the_document_forbids_is_refused(self, baidu: Baidu, form: dict[str, str], errno: int) -> None:
        assert baidu.webview(**form)["errno"] == errno
        assert baidu.webview(action="get")["data"] == ""

    def test_used_up_edits_are_470012(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.baidu.apps[baidu.app].edits_left["set_webview_domain"] = 0

        assert baidu.webview(action="set", web_view_domain="https://a.example.com")["errno"] == 470012

    def test_lists_for_server_and_webview_are_registered_apart(self, baidu: Baidu, sandbox: Sandbox) -> None:
        sandbox.baidu.webview_domains = ("example.net",)

        assert baidu.webview(action="set", web_view_domain="https://a.example.com")["errno"] == 470016
        assert baidu.domains(action="set", request_domain="https://a.example.com")["errno"] == 0


class TestInfo:
    def test_holds_every_field_of_the_document(self, baidu: Baidu) -> None:
        body = baidu.info()
        data = body["data"]

        assert (body["errno"], body["msg"]) == (0, "success")
        assert data.keys() == {
            *("app_id", "app_name", "app_key", "app_desc", "photo_addr", "qualification", "category", "audit_info"),
            *("modify_count", "auth_info", "annual_review_info", "app_offline_info", "min_swan_version", "status"),
            "web_status",
        }
        assert data["app_id"] == int(baidu.app)
        assert json.loads(data["photo_addr"])[0].keys() == {"cover"}
        assert data["qualification"].keys() == {"name", "type", "satus", "ad_type", "ad_status"}
        category = data["category"][0]
        assert category.keys() == {
            *("category_id", "category_name", "category_desc", "audit_status", "reason", "parent")
        }
        assert category["parent"].keys() == {"category_id", "category_name", "category_desc"}
        fields = ("name", "signature", "image", "category")
        assert data["modify_count"].keys() == {f"{one}_modify_{what}" for one in fields for what in ("used", "quota")}
        assert data["auth_info"][0].keys() == {"scope_name", "type"}

    def test_both_spellings_of_the_qualifications_status_occur(self, baidu: Baidu) -> None:
        baidu.app = "15000002"

        qualification = baidu.info()["data"]["qualification"]

        assert "status" in qualification
        assert "satus" not in qualification

    def test_pending_changes_are_told_as_triples(self, baidu: Baidu, sandbox: Sandbox) -> None:
        from miniapp_tp.sandbox.state import Audit

        app = sandbox.baidu.apps[baidu.app]
        app.audits = {"name": Audit("新名称", 3, "过长"), "icon": Audit("https://img.example.com/new.png", 1)}

        assert baidu.info()["data"]["audit_info"] == {
            "audit_app_name": "新名称",
            "audit_app_name_status": 3,
            "audit_app_name_reason": "过长",
            "audit_photo_addr": '[{"cover": "https://img.example.com/new.png"}]',
            "audit_photo_addr_status": 1,
            "audit_photo_addr_reason": "",
        }

    def test_unknown_parameters_are_refused(self, baidu: Baidu) -> None:
        assert baidu.get("info", app_id=baidu.app).json()["errno"] == 40001

    def test_ids_that_are_no_numbers_are_told_as_they_are(self) -> None:
        from miniapp_tp.sandbox.exchange import Request
        from miniapp_tp.sandbox.world import World

        world = World(apps={"baidu": ["mine"]})
        query = (("access_token", world.baidu.tokens["mine"]),)

        answer = world.answer(Request("GET", "/rest/2.0/smartapp/app/info", query))

        assert json.loads(answer.reply.body)["data"]["app_id"] == "mine"


class TestTransport:
    def test_every_reply_carries_the_trace_id_twice(self, baidu: Baidu) -> None:
        reply = baidu.get("info")

        assert reply.json()["request_id"] == reply.headers["x-b3-traceid"]
        assert reply.headers["x-b3-traceid"] != baidu.get("info").headers["x-b3-traceid"]

    def test_an_unknown_token_is_refused_by_the_gateway(self, baidu: Baidu) -> None:
        body = baidu.get("info", access_token="45.nobody").json()

        message = "Access token invalid or no longer valid"
        assert without_id(body) == {"error_code": 110, "error_msg": message}

    def test_a_rotated_token_has_expired_and_the_new_one_serves(self, baidu: Baidu, sandbox: Sandbox) -> None:
        old = baidu.token
        new = sandbox.baidu.rotate(sandbox.baidu.apps[baidu.app])

        assert baidu.get("info", access_token=old).json()["error_code"] == 111
        assert baidu.get("info", access_token=new).json()["errno"] == 0
        assert sandbox.baidu.tokens[baidu.app] == new

    def test_a_missing_token_is_named_in_the_text(self, baidu: Baidu) -> None:
        body = baidu.http.get("/rest/2.0/smartapp/app/info").json()

        assert body["error_code"] == 100
        assert "access_token" in body["error_msg"]

    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            ({"content-type": "application/json"}, b'{"action":"get"}'),
            ({}, b"action=get"),
            (FORM, b"action=get&action=get"),
            (FORM, b"action"),
            (FORM, b"action=%ff"),
            (FORM, "action=获取".encode()),
            (FORM, b"action=get&access_token=45.sandbox-15000001"),
        ],
    )
    def test_what_is_no_proper_form_is_refused(
        self, baidu: Baidu, http: httpx.Client, headers: dict[str, str], body: bytes
    ) -> None:
        query = {"access_token": baidu.token}

        reply = http.post("/rest/2.0/smartapp/app/modifydomain", params=query, headers=headers, content=body)

        assert reply.json()["errno"] == 40001

    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "info"), ("GET", "modifydomain"), ("PUT", "modifywebviewdomain")]
    )
    def test_a_wrong_method_is_405_with_a_page(self, http: httpx.Client, method: str, path: str) -> None:
        reply = http.request(method, f"/rest/2.0/smartapp/app/{path}")

        assert reply.status_code == 405
        assert reply.headers["content-type"].startswith("text/html")

    def test_an_unknown_path_is_refused_by_the_gateway(self, http: httpx.Client) -> None:
        assert http.get("/rest/2.0/smartapp/app/nothing").json()["error_code"] == 3
