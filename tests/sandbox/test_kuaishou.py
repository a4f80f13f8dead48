"""The imitated Kuaishou against its documents: seed 001 and wire/kuaishou.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from miniapp_tp.sandbox import Sandbox
    from tests.sandbox.conftest import Kuaishou

JSON = {"content-type": "application/json"}
KINDS = ("request", "socket", "upload_file", "download_file", "udp")
NOTHING: dict[str, list[str]] = {kind: [] for kind in KINDS}


class TestServerDomains:
    def test_every_action_answers_the_whole_present_arrays(self, kuaishou: Kuaishou) -> None:
        kinds = {kind: [f"{place}.example.com"] for place, kind in enumerate(KINDS)}

        for body in (kuaishou.domains("set", **kinds), kuaishou.domains("get")):
            assert body == {"result": 1, "error_msg": "sucess", **kinds}

        body = kuaishou.domains("add", udp=["new.example.com", "4.example.com"])
        assert body["udp"] == ["4.example.com", "new.example.com"]
        assert body["request"] == ["0.example.com"]
        body = kuaishou.domains("delete", request=["0.example.com"])
        assert body["request"] == []
        assert body["socket"] == ["1.example.com"]

    def test_set_replaces_every_list_even_by_nothing(self, kuaishou: Kuaishou) -> None:
        kuaishou.domains("set", request=["a.example.com"], udp=["b.example.com"])

        body = kuaishou.domains("set", request=["c.example.com:8443"])

        assert body == {"result": 1, "error_msg": "sucess", **NOTHING, "request": ["c.example.com:8443"]}

    @pytest.mark.parametrize("action", ["set", "add", "delete"])
    @pytest.mark.parametrize("missing", KINDS)
    def test_all_five_arrays_are_required(self, kuaishou: Kuaishou, action: str, missing: str) -> None:
        arrays = {kind: several for kind, several in NOTHING.items() if kind != missing}

        body = kuaishou.post("server_domain", {"action": action, **arrays}).json()

        assert body["result"] == 100200100
        assert missing in body["error_msg"]
        assert body.keys() == {"result", "error_msg"}

    @pytest.mark.parametrize(
        "change",
        [
            {"request": ["https://a.example.com"]},
            {"request": ["a.example.com/path"]},
            {"request": [""]},
            {"request": [1]},
            {"request": "a.example.com"},
            {"request": None},
            {"upload": ["a.example.com"]},
            {"action": None},
            {"action": "overwrite"},
            {"action": ["set"]},
            {"component_app_id": "ks000000000000000001"},
            {"request": ["a.example.org"]},
        ],
    )
    def test_what_the_document_does_not_allow_is_a_bad_parameter(
        self, kuaishou: Kuaishou, change: dict[str, Any]
    ) -> None:
        body = kuaishou.post("server_domain", {"action": "set", **NOTHING, **change}).json()

        assert body["result"] == 100200100
        assert kuaishou.domains("get") == {"result": 1, "error_msg": "sucess", **NOTHING}

    def test_a_domain_that_is_not_registered_is_refused_in_words(self, kuaishou: Kuaishou) -> None:
        assert "not registered" in kuaishou.domains("add", request=["a.example.org"])["error_msg"]

    def test_deleting_what_is_not_set_is_403106_and_deletes_nothing(self, kuaishou: Kuaishou) -> None:
        kuaishou.domains("set", request=["a.example.com"])

        body = kuaishou.domains("delete", request=["a.example.com"], socket=["a.example.com"])

        assert body["result"] == 403106
        assert kuaishou.domains("get")["request"] == ["a.example.com"]


class TestWebviewDomains:
    def test_every_action_answers_the_whole_present_array(self, kuaishou: Kuaishou) -> None:
        assert kuaishou.webview("get") == {"result": 1, "error_msg": "sucess", "webview": []}
        assert kuaishou.webview("set", ["a.example.com"])["webview"] == ["a.example.com"]
        assert kuaishou.webview("add", ["b.example.com"])["webview"] == ["a.example.com", "b.example.com"]
        assert kuaishou.webview("delete", ["a.example.com"])["webview"] == ["b.example.com"]
        assert kuaishou.webview("get") == {"result": 1, "error_msg": "sucess", "webview": ["b.example.com"]}

    def test_refusals(self, kuaishou: Kuaishou) -> None:
        assert kuaishou.webview("delete", ["a.example.com"])["result"] == 403106
        assert kuaishou.webview("set")["result"] == 100200100
        assert kuaishou.webview("set", ["a.example.org"])["result"] == 100200100


class TestInfo:
    def test_is_flat_in_the_shape_of_the_seed(self, kuaishou: Kuaishou) -> None:
        body = kuaishou.info()

        assert body.keys() == {
            *("result", "error_msg", "status", "app_name", "name_audit", "app_avatar", "avatar_audit", "app_intro"),
            *("intro_audit", "subject", "app_category"),
        }
        assert (body["result"], body["error_msg"]) == (1, "success")
        for audit in ("name_audit", "avatar_audit", "intro_audit"):
            assert body[audit].keys() == {"new_name", "remaining_times", "status", "reason"}
        assert body["subject"].keys() == {"name", "type"}
        assert body["app_category"][0] == {
            "category_id": "1,10",
            "category_name": "电商-家具",
            "status": 1,
            "reason": "",
        }

    def test_an_audit_shows_what_was_proposed(self, kuaishou: Kuaishou, sandbox: Sandbox) -> None:
        from miniapp_tp.sandbox.state import Audit

        app = sandbox.kuaishou.apps[kuaishou.app]
        app.audits["name"] = Audit("新名称", 2, "过长")
        app.edits["set_name"] = 3

        audit = {"new_name": "新名称", "remaining_times": 0, "status": 2, "reason": "过长"}
        assert kuaishou.info()["name_audit"] == audit


class TestTransport:
    @pytest.mark.parametrize(
        ("query", "result"),
        [
            ({"component_app_id": None}, 100200100),
            ({"authorizer_access_token": None}, 100200100),
            ({"component_app_id": "ks999"}, 100200101),
            ({"authorizer_access_token": "nobody"}, 100200108),
            ({"app_id": "ks1"}, 100200100),
        ],
    )
    def test_the_query_is_checked(self, kuaishou: Kuaishou, query: dict[str, str | None], result: int) -> None:
        given = {name: value for name, value in {**kuaishou.query, **query}.items() if value is not None}

        body = kuaishou.http.get("/openapi/mp/auth/app/info", params=given).json()

        assert body.keys() == {"result", "error_msg"}
        assert body["result"] == result

    def test_a_parameter_given_twice_is_refused(self, kuaishou: Kuaishou) -> None:
        twice = {name: [value, value] for name, value in kuaishou.query.items()}

        body = kuaishou.http.get("/openapi/mp/auth/app/info", params=twice).json()

        assert body["result"] == 100200100

    def test_a_rotated_token_has_expired(self, kuaishou: Kuaishou, sandbox: Sandbox) -> None:
        old = kuaishou.query["authorizer_access_token"]
        sandbox.kuaishou.rotate(sandbox.kuaishou.apps[kuaishou.app])

        assert kuaishou.get("info", authorizer_access_token=old).json()["result"] == 100200108
        assert kuaishou.info()["result"] == 1

    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            ({"content-type": "application/x-www-form-urlencoded"}, b"action=get"),
            ({"content-type": "text/plain"}, b'{"action":"get"}'),
            ({}, b'{"action":"get"}'),
            (JSON, b""),
            (JSON, b"{"),
            (JSON, b'"\xff"'),
            (JSON, b"[]"),
        ],
    )
    def test_what_is_no_json_object_is_refused(
        self, kuaishou: Kuaishou, http: httpx.Client, headers: dict[str, str], body: bytes
    ) -> None:
        reply = http.post("/openapi/mp/auth/app/server_domain", params=kuaishou.query, headers=headers, content=body)

        assert reply.json()["result"] == 100200100

    def test_a_charset_beside_the_media_type_is_fine(self, kuaishou: Kuaishou, http: httpx.Client) -> None:
        headers = {"content-type": "application/json; charset=utf-8"}

        reply = http.post(
            "/openapi/mp/auth/app/server_domain", params=kuaishou.query, headers=headers, content=b'{"action":"get"}'
        )

        assert reply.json()["result"] == 1

    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "info"), ("GET", "server_domain"), ("GET", "webview_domain")]
    )
    def test_a_wrong_method_is_405_with_a_page(self, http: httpx.Client, method: str, path: str) -> None:
        reply = http.request(method, f"/openapi/mp/auth/app/{path}")

        assert reply.status_code == 405
        assert reply.headers["content-type"].startswith("text/html")

    @pytest.mark.parametrize("path", ["/openapi/mp/auth/app/nothing", "/elsewhere"])
    def test_an_unknown_path_is_404(self, http: httpx.Client, path: str) -> None:
        assert http.get(path).status_code == 404
