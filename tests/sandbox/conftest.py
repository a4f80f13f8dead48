"""A foreign client: bare httpx, which knows nothing of the SDK."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from attrs import define

from miniapp_tp.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the usual ones takes longer than most tests here, and nothing here speaks TLS."""
BAIDU_APP = "15000001"
KUAISHOU_APP = "ks600000000000000001"
KINDS = ("request", "socket", "upload_file", "download_file", "udp")
NOTHING: Mapping[str, Sequence[str]] = {kind: [] for kind in KINDS}


@define
class Baidu:
    """Calls to the imitated Baidu, as its documents show them."""

    http: httpx.Client
    sandbox: Sandbox
    app: str = BAIDU_APP

    @property
    def token(self) -> str:
        return self.sandbox.baidu.tokens[self.app]

    def get(self, path: str, **params: str) -> httpx.Response:
        return self.http.get(f"/rest/2.0/smartapp/app/{path}", params={"access_token": self.token, **params})

    def post(self, path: str, **form: str) -> httpx.Response:
        query = {"access_token": self.token}
        return self.http.post(f"/rest/2.0/smartapp/app/{path}", params=query, data=form)

    def info(self) -> dict[str, Any]:
        body: dict[str, Any] = self.get("info").json()
        return body

    def domains(self, **form: str) -> dict[str, Any]:
        body: dict[str, Any] = self.post("modifydomain", **form).json()
        return body

    def webview(self, **form: str) -> dict[str, Any]:
        body: dict[str, Any] = self.post("modifywebviewdomain", **form).json()
        return body


@define
class Kuaishou:
    """Calls to the imitated Kuaishou, as its documents show them."""

    http: httpx.Client
    sandbox: Sandbox
    app: str = KUAISHOU_APP

    @property
    def query(self) -> dict[str, str]:
        one = self.sandbox.kuaishou
        return {"component_app_id": one.component, "authorizer_access_token": one.tokens[self.app]}

    def get(self, path: str, **params: str) -> httpx.Response:
        return self.http.get(f"/openapi/mp/auth/app/{path}", params={**self.query, **params})

    def post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(f"/openapi/mp/auth/app/{path}", params=self.query, json=body)

    def info(self) -> dict[str, Any]:
        body: dict[str, Any] = self.get("info").json()
        return body

    def domains(self, action: str, **kinds: Sequence[str]) -> dict[str, Any]:
        arrays = {} if action == "get" else {**NOTHING, **kinds}
        body: dict[str, Any] = self.post("server_domain", {"action": action, **arrays}).json()
        return body

    def webview(self, action: str, webview: Sequence[str] | None = None) -> dict[str, Any]:
        array = {} if webview is None else {"webview": webview}
        body: dict[str, Any] = self.post("webview_domain", {"action": action, **array}).json()
        return body


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(apps=3) as running:
        yield running


@pytest.fixture
def client_of() -> Iterator[Callable[[Sandbox], httpx.Client]]:
    clients: list[httpx.Client] = []

    def make(sandbox: Sandbox) -> httpx.Client:
        clients.append(httpx.Client(base_url=sandbox.url, trust_env=False, verify=NO_CERTIFICATES))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def http(sandbox: Sandbox, client_of: Callable[[Sandbox], httpx.Client]) -> httpx.Client:
    return client_of(sandbox)


@pytest.fixture
def baidu(http: httpx.Client, sandbox: Sandbox) -> Baidu:
    return Baidu(http, sandbox)


@pytest.fixture
def kuaishou(http: httpx.Client, sandbox: Sandbox) -> Kuaishou:
    return Kuaishou(http, sandbox)
