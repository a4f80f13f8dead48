"""A foreign client: bare httpx, which knows nothing of the SDK."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import httpx
import pytest
from attrs import define

from miniapp_tp.sandbox import Sandbox
from miniapp_tp.sandbox.exchange import Answer, Request
from miniapp_tp.sandbox.world import World
from tests.support.acknowledging import Service

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


FORM: Final = "application/x-www-form-urlencoded"


def told(answer: Answer) -> dict[str, Any]:
    """Read what is answered, without the id of the reply."""
    body: dict[str, Any] = json.loads(answer.reply.body)
    body.pop("request_id", None)
    return body


class Now:
    """A clock that a test moves by hand."""

    at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@define
class BaiduTokens:
    """What a platform asks the imitated Baidu for, without a socket."""

    world: World
    app: str = BAIDU_APP
    token: str = ""

    def ask(self, path: str, **params: str) -> Answer:
        return self.world.answer(Request("GET", path, tuple(params.items())))

    def component_token(self, ticket: str | None = None) -> dict[str, Any]:
        ticket = self.world.baidu.issue_ticket() if ticket is None else ticket
        component = self.world.baidu.component
        return told(self.ask("/public/2.0/smartapp/auth/tp/token", client_id=component, ticket=ticket))

    def begin(self) -> str:
        """Take a platform token to go on with."""
        self.token = self.component_token()["data"]["access_token"]
        return self.token

    def pre_auth_code(self) -> Answer:
        return self.ask("/rest/2.0/smartapp/tp/createpreauthcode", access_token=self.token)

    def grant(self, **params: str) -> Answer:
        return self.ask("/rest/2.0/oauth/token", access_token=self.token, **params)

    def exchange(self, code: str) -> Answer:
        return self.grant(grant_type="app_to_tp_authorization_code", code=code)

    def refresh(self, refresh_token: str) -> Answer:
        return self.grant(grant_type="app_to_tp_refresh_token", refresh_token=refresh_token)

    def recover(self, app: str | None = None, *, query: bool = False) -> Answer:
        fields = {"app_id": app or self.app}
        path, token = "/rest/2.0/smartapp/auth/retrieve/authorizationcode", ("access_token", self.token)
        if query:
            return self.world.answer(Request("POST", path, (token, *fields.items())))
        return self.world.answer(Request("POST", path, (token,), FORM, urlencode(fields).encode()))

    def info(self, token: str) -> dict[str, Any]:
        return told(self.ask("/rest/2.0/smartapp/app/info", access_token=token))


@define
class KuaishouTokens:
    """What an application asks the imitated Kuaishou for, without a socket."""

    world: World
    app: str = KUAISHOU_APP
    token: str = ""

    def ask(self, path: str, **params: str) -> Answer:
        return self.world.answer(Request("GET", path, tuple(params.items())))

    def oauth(self, name: str, **params: str) -> Answer:
        return self.ask(f"/mp/tp/oauth/{name}", component_app_id=self.world.kuaishou.component, **params)

    def component_token(self, ticket: str | None = None, secret: str | None = None) -> dict[str, Any]:
        ticket = self.world.kuaishou.issue_ticket() if ticket is None else ticket
        params = {"component_app_secret": secret or self.world.kuaishou.secret, "component_verify_ticket": ticket}
        return told(self.oauth("access_token", **params))

    def begin(self) -> str:
        """Take a component token to go on with."""
        self.token = self.component_token()["componentAccessToken"]
        return self.token

    def with_token(self, name: str, **params: str) -> Answer:
        return self.oauth(name, component_access_token=self.token, **params)

    def exchange(self, code: str) -> Answer:
        return self.with_token("authorizer_access_token", authorization_code=code)

    def refresh(self, refresh_token: str) -> Answer:
        return self.with_token("refresh_authorizer_token", authorizer_refresh_token=refresh_token)

    def recover(self, app: str | None = None) -> Answer:
        return self.with_token("re_authorization_code", authorized_app_id=app or self.app)

    def info(self, token: str) -> dict[str, Any]:
        component = self.world.kuaishou.component
        query = {"component_app_id": component, "authorizer_access_token": token}
        return told(self.ask("/openapi/mp/auth/app/info", **query))


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def world(now: Now) -> World:
    return World(apps=3, clock=now)


@pytest.fixture
def baidu_tokens(world: World) -> BaiduTokens:
    tokens = BaiduTokens(world)
    tokens.begin()
    return tokens


@pytest.fixture
def kuaishou_tokens(world: World) -> KuaishouTokens:
    tokens = KuaishouTokens(world)
    tokens.begin()
    return tokens


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
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


@pytest.fixture
def baidu(http: httpx.Client, sandbox: Sandbox) -> Baidu:
    return Baidu(http, sandbox)


@pytest.fixture
def kuaishou(http: httpx.Client, sandbox: Sandbox) -> Kuaishou:
    return Kuaishou(http, sandbox)
