"""The running sandbox: starting, stopping, being controlled from outside, the command, the fixture."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from miniapp_tp.errors import InvalidArgument, NotSupported
from miniapp_tp.sandbox import Fault, Faults, Sandbox, SandboxOptions, run, server
from miniapp_tp.sandbox.exchange import Request, Route, routes
from miniapp_tp.sandbox.world import World
from miniapp_tp.wire.endpoint import Endpoint, no_result

if TYPE_CHECKING:
    from tests.sandbox.conftest import Baidu, Kuaishou

ClientOf = Callable[[Sandbox], httpx.Client]


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("miniapp_tp sandbox")]


class TestLife:
    def test_leaving_ends_the_thread_and_frees_the_port(self, client_of: ClientOf) -> None:
        with Sandbox(apps=1) as sandbox:
            http, port = client_of(sandbox), int(sandbox.url.rpartition(":")[2])
            assert http.get("/_sandbox/apps").status_code == 200
            assert threads() == [f"miniapp_tp sandbox {port}"]

        assert threads() == []
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with Sandbox(apps=1, port=port) as again:
            assert again.url.endswith(str(port))

    async def test_it_is_an_asynchronous_context_as_well(self) -> None:
        async with Sandbox(apps=1) as sandbox, httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as http:
            assert (await http.get("/_sandbox/apps")).status_code == 200
        assert threads() == []

    def test_starting_and_stopping_twice_does_nothing_more(self) -> None:
        sandbox = Sandbox(apps=1)
        sandbox.start()
        url = sandbox.url
        sandbox.start()
        assert sandbox.url == url
        sandbox.stop()
        sandbox.stop()
        with pytest.raises(RuntimeError, match="isn't running"):
            _ = sandbox.url

    def test_stopping_ends_answers_that_are_late(self, client_of: ClientOf) -> None:
        arrived = threading.Event()

        def clock() -> float:
            arrived.set()
            return 0.0

        errors: list[httpx.HTTPError] = []
        with Sandbox(apps=1, clock=clock) as sandbox:
            sandbox.inject(Fault.LATENCY, provider="baidu", seconds=3600)
            http = client_of(sandbox)

            def ask() -> None:
                try:
                    http.get("/rest/2.0/smartapp/app/info", params={"access_token": sandbox.baidu.tokens["15000001"]})
                except httpx.HTTPError as error:
                    errors.append(error)

            asking = threading.Thread(target=ask)
            asking.start()
            assert arrived.wait(5)
        asking.join(5)
        assert len(errors) == 1
        assert threads() == []

    def test_a_taken_port_is_an_os_error(self) -> None:
        with Sandbox(apps=1) as sandbox, pytest.raises(OSError, match="use"):
            Sandbox(apps=1, port=int(sandbox.url.rpartition(":")[2])).start()
        assert threads() == []

    def test_what_fails_in_the_thread_is_raised_to_who_starts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def fail(_running: object) -> None:
            raise OSError("no more files")

        monkeypatch.setattr(server.Running, "serve", fail)

        with pytest.raises(OSError, match="no more files"):
            Sandbox(apps=1).start()

    def test_what_fails_later_is_not_hidden(self, monkeypatch: pytest.MonkeyPatch) -> None:
        complaints: list[BaseException | None] = []

        def complain(args: threading.ExceptHookArgs) -> None:
            complaints.append(args.exc_value)

        monkeypatch.setattr(threading, "excepthook", complain)
        real = server.Running.serve

        async def serve_then_fail(running: server.Running) -> None:
            await real(running)
            raise OSError("broken")

        monkeypatch.setattr(server.Running, "serve", serve_then_fail)
        with Sandbox(apps=1):
            pass

        assert [str(error) for error in complaints] == ["broken"]

    def test_cuts_and_stops_leave_no_log(self, client_of: ClientOf, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(1)
        with Sandbox(apps=1) as sandbox:
            http = client_of(sandbox)
            query = {"access_token": sandbox.baidu.tokens["15000001"]}
            for fault in (Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.TRUNCATED):
                sandbox.inject(fault, provider="baidu")
                with pytest.raises(httpx.HTTPError):
                    http.get("/rest/2.0/smartapp/app/info", params=query)

        ours = [record for record in caplog.records if record.name.startswith(("uvicorn", "miniapp_tp", "asyncio"))]
        assert [record.getMessage() for record in ours if record.levelname != "DEBUG"] == []
        assert not any("45.sandbox" in record.getMessage() for record in ours)

    def test_without_the_extra_the_error_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "uvicorn", None)

        with pytest.raises(NotSupported, match=r"pip install 'miniapp_tp\[sandbox\]'"):
            Sandbox(apps=1).start()

    def test_without_httptools_h11_serves(self, monkeypatch: pytest.MonkeyPatch, client_of: ClientOf) -> None:
        monkeypatch.setitem(sys.modules, "uvicorn.protocols.http.httptools_impl", None)
        server.protocol_class.cache_clear()
        try:
            with Sandbox(apps=1) as sandbox:
                http = client_of(sandbox)
                assert http.get("/_sandbox/apps").status_code == 200
                sandbox.inject(Fault.CUT_BEFORE, provider="baidu")
                with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                    http.get("/rest/2.0/smartapp/app/info", params={"access_token": sandbox.baidu.tokens["15000001"]})
        finally:
            server.protocol_class.cache_clear()

    def test_a_body_without_end_is_refused(self, http: httpx.Client) -> None:
        assert http.post("/openapi/mp/auth/app/server_domain", content=b" " * 7_000_000).status_code == 413

    def test_a_client_that_leaves_within_its_body_is_forgotten(self, sandbox: Sandbox, http: httpx.Client) -> None:
        port = int(sandbox.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as half:
            half.sendall(b"POST /openapi/mp/auth/app/server_domain HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{")
        assert http.get("/_sandbox/report").json()["calls"]["kuaishou"] == {}

    def test_many_threads_at_once(self, sandbox: Sandbox, client_of: ClientOf) -> None:
        def work() -> None:
            with httpx.Client(base_url=sandbox.url, trust_env=False) as http:
                for app in ("15000001", "15000002"):
                    for _ in range(10):
                        query = {"access_token": sandbox.baidu.tokens[app]}
                        assert http.get("/rest/2.0/smartapp/app/info", params=query).json()["errno"] == 0

        several = [threading.Thread(target=work) for _ in range(4)]
        for one in several:
            one.start()
        for one in several:
            one.join()
        assert sandbox.count(provider="baidu", operation="get_info") == 80


class TestApps:
    def test_a_count(self) -> None:
        world = World(apps=10)

        assert list(world.baidu.tokens)[::9] == ["15000001", "15000010"]
        assert list(world.kuaishou.tokens)[::9] == ["ks600000000000000001", "ks600000000000000010"]
        assert world.baidu.tokens["15000001"] == "45.sandbox-15000001"
        assert world.kuaishou.tokens["ks600000000000000001"] == "sandbox-token-ks600000000000000001"
        assert (world.baidu.component, world.kuaishou.component) == ("sandbox-client", "ks000000000000000001")

    def test_ids(self) -> None:
        world = World(apps=["15263713", "15263714"])

        assert list(world.baidu.apps) == list(world.kuaishou.apps) == ["15263713", "15263714"]

    def test_by_provider(self) -> None:
        world = World(apps={"kuaishou": ["ks345"]})

        assert list(world.baidu.apps) == []
        assert list(world.kuaishou.apps) == ["ks345"]

    def test_a_bare_text_is_refused(self) -> None:
        with pytest.raises(InvalidArgument):
            World(apps="15263713")

    def test_tokens_expire_by_the_clock(self) -> None:
        now = [1000.0]
        world = World(apps=1, clock=lambda: now[0])
        app = world.baidu.apps["15000001"]
        app.token_expires_at = 2000.0

        def code() -> object:
            answer = world.answer(Request("GET", "/rest/2.0/smartapp/app/info", (("access_token", app.token),)))
            body: dict[str, Any] = json.loads(answer.reply.body)
            return body.get("error_code")

        assert code() is None
        now[0] = 2000.0
        assert code() == 111
        world.baidu.rotate(app)
        assert code() is None

    def test_domains_of_an_app(self) -> None:
        app = World(apps=1).kuaishou.apps["ks600000000000000001"]
        app.domains["udp"].append("a.example.com")

        assert app.server_domains == {
            "request": [],
            "socket": [],
            "upload": [],
            "download": [],
            "udp": ["a.example.com"],
        }
        assert app.webview_domains == []

    def test_edit_quota(self) -> None:
        edits = World(apps=1, edit_quota=2).baidu.apps["15000001"].edits_left

        assert edits == {"set_server_domain": 2, "set_webview_domain": 2}

    def test_a_repr_holds_no_token(self) -> None:
        world = World(apps=1)

        assert "45.sandbox" not in repr(world.baidu)
        assert "secret" not in repr(Request("GET", "/", (("access_token", "secret"),)))


class TestRoutes:
    def test_what_is_not_imitated_has_no_route(self) -> None:
        table: list[Endpoint[Any, None]] = [
            Endpoint(name="get_info", path="/info", decode=no_result),
            Endpoint(name="dance", path="/dance", decode=no_result),
        ]

        found = routes(table, {"get_info"})

        assert found == {"/info": Route("GET", ("get_info",))}
        assert found["/info"].name("get") == found["/info"].name(None) == "get_info"


class TestControl:
    def test_apps(self, http: httpx.Client, sandbox: Sandbox) -> None:
        assert http.get("/_sandbox/apps").json() == {
            "baidu": {"component": "sandbox-client", "tokens": sandbox.baidu.tokens},
            "kuaishou": {"component": "ks000000000000000001", "tokens": sandbox.kuaishou.tokens},
        }

    def test_report(self, http: httpx.Client, sandbox: Sandbox, baidu: Baidu) -> None:
        baidu.info()

        assert http.get("/_sandbox/report").json() == sandbox.report()

    def test_state(self, http: httpx.Client, kuaishou: Kuaishou) -> None:
        kuaishou.domains("set", request=["a.example.com"])
        kuaishou.info()

        state = http.get("/_sandbox/state", params={"provider": "kuaishou", "app": kuaishou.app}).json()

        assert state["domains"]["request"] == ["a.example.com"]
        assert state["edits"] == {"set_server_domain": 1}
        assert state["calls"] == {"set_server_domain": 1, "get_info": 1}

    @pytest.mark.parametrize("query", [{}, {"provider": "baidu"}, {"provider": "baidu", "app": "nobody"}])
    def test_state_of_nobody(self, http: httpx.Client, query: dict[str, str]) -> None:
        reply = http.get("/_sandbox/state", params=query)

        assert reply.status_code == 400
        assert reply.json()["error"]

    def test_inject_and_clear(self, http: httpx.Client, baidu: Baidu) -> None:
        order = {"do": "inject", "fault": "revoked", "provider": "baidu", "app": baidu.app}

        assert http.post("/_sandbox/faults", json=order).json() == {"ok": True}
        assert baidu.info()["errno"] == 50032
        assert http.post("/_sandbox/faults", json={"do": "clear"}).json() == {"ok": True}
        assert baidu.info()["errno"] == 0

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"[]",
            b"{}",
            b'{"do":"inject"}',
            b'{"do":"explode","fault":"latency"}',
            b'{"do":"inject","fault":"flood"}',
            b'{"do":"inject","fault":["latency"]}',
            b'{"do":"inject","fault":"latency","times":"3"}',
            b'{"do":"inject","fault":"latency","when":"now"}',
            b'{"do":"clear","times":1}',
            b'{"do":"clear","provider":"nobody"}',
        ],
    )
    def test_nonsense_is_refused_in_words(self, http: httpx.Client, body: bytes) -> None:
        reply = http.post("/_sandbox/faults", content=body)

        assert reply.status_code == 400
        assert reply.json()["error"]

    @pytest.mark.parametrize(("method", "path"), [("GET", "faults"), ("GET", "nothing"), ("POST", "apps")])
    def test_no_such_control(self, http: httpx.Client, method: str, path: str) -> None:
        assert http.request(method, f"/_sandbox/{path}").status_code == 404


COMMAND = """
import sys
from miniapp_tp.sandbox import SandboxOptions, run
sys.exit(run(SandboxOptions(port=0, apps=1000), lambda line: print(line, flush=True)))
"""


class TestCommand:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_stops_it_cleanly(self, number: signal.Signals) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", COMMAND], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("sandbox ready on http://127.0.0.1:")
            assert line.endswith(" (1000 apps per provider)\n")
            url = line.split()[3]
            assert len(httpx.get(f"{url}/_sandbox/apps", trust_env=False).json()["baidu"]["tokens"]) == 1000
            process.send_signal(number)
            rest, errors = process.communicate(timeout=20)

        assert (process.returncode, rest, errors) == (0, "", "")

    def test_in_this_process(self) -> None:
        lines: list[str] = []
        before = signal.getsignal(signal.SIGTERM)

        def announce(line: str) -> None:
            lines.append(line)
            os.kill(os.getpid(), signal.SIGTERM)

        code = run(SandboxOptions(port=0, apps=2, faults=Faults(0.1), edit_quota=3), announce)

        assert code == 0
        assert len(lines) == 1
        assert signal.getsignal(signal.SIGTERM) is before
        assert threads() == []


class TestFixture:
    def test_it_gives_a_running_sandbox(self, miniapp_sandbox: Sandbox) -> None:
        assert httpx.get(f"{miniapp_sandbox.url}/_sandbox/apps", trust_env=False).status_code == 200
        assert len(miniapp_sandbox.baidu.apps) == 10

    async def test_it_suits_asynchronous_tests(self, miniapp_sandbox: Sandbox) -> None:
        await asyncio.sleep(0)
        assert miniapp_sandbox.count() == 0

    def test_loading_the_plugin_imports_no_sandbox(self) -> None:
        code = (
            "import sys, miniapp_tp.testing.plugin as _; print(*({'uvicorn', 'miniapp_tp.sandbox'} & {*sys.modules}))"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

        assert done.stdout == "\n"
