"""The adapter against the documents: it writes their requests and reads their replies."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import HTTP
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import pytest

from miniapp_tp.models import (
    AppInfo,
    AppStatus,
    Audit,
    AuditStatus,
    Category,
    DomainAction,
    EditsLeft,
    ServerDomainChange,
    ServerDomains,
    Subject,
    SubjectType,
    Unknown,
    WebviewDomainChange,
)
from miniapp_tp.providers.baidu import dialect as baidu_dialect
from miniapp_tp.providers.baidu import endpoints as baidu
from miniapp_tp.providers.kuaishou import dialect as kuaishou_dialect
from miniapp_tp.providers.kuaishou import endpoints as kuaishou
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.exchange import build, parse, sign
from miniapp_tp.wire.messages import Reply, Secret
from tests.golden.loader import CASES, golden_answer, golden_reply, golden_request
from tests.golden.settings import SETTINGS_PARAMS, SETTINGS_RESULTS

if TYPE_CHECKING:
    from miniapp_tp.wire.dialect import Dialect
    from miniapp_tp.wire.endpoint import Endpoint
    from miniapp_tp.wire.messages import Request

APP: Final = "10000001"
BASES: Final = {"baidu": "https://openapi.baidu.com", "kuaishou": "https://open.kuaishou.com"}
TOKENS: Final = {"baidu": Secret("45.golden-app-token"), "kuaishou": Secret("golden-app-token")}
COMPONENT_TOKEN: Final = Secret("42.golden-component-token")
DIALECTS: Final = {
    "baidu": baidu_dialect.DIALECT,
    "kuaishou": kuaishou_dialect.for_component(kuaishou_dialect.ON_BEHALF, "ks000000000000000001"),
}
ENDPOINTS: Final[dict[tuple[str, str], Endpoint[Any, Any]]] = {
    (provider, endpoint.name): endpoint
    for provider, endpoints in {"baidu": baidu.ENDPOINTS, "kuaishou": kuaishou.ENDPOINTS}.items()
    for endpoint in endpoints
}
SET, ADD, DELETE = DomainAction.SET, DomainAction.ADD, DomainAction.DELETE
FULL: Final = {
    "request": ("a.example.com", "b.example.com:8443"),
    "socket": ("ws.example.com",),
    "upload": ("up.example.com",),
    "download": ("files.example.com",),
}
ADDED: Final = ServerDomains(request=("c.example.com",), socket=("ws3.example.com",))
GONE: Final = ServerDomains(download=("files.example.com",))

PARAMS: Final[dict[tuple[str, str], Any]] = {
    ("baidu", "set_server_domain.set"): ServerDomainChange(SET, ServerDomains(**FULL)),
    ("kuaishou", "set_server_domain.set"): ServerDomainChange(SET, ServerDomains(**FULL, udp=("udp.example.com",))),
    **{(provider, "set_server_domain.add"): ServerDomainChange(ADD, ADDED) for provider in DIALECTS},
    **{(provider, "set_server_domain.delete"): ServerDomainChange(DELETE, GONE) for provider in DIALECTS},
    **{
        (provider, f"set_webview_domain.{action.value}"): WebviewDomainChange(action, hosts)
        for provider in DIALECTS
        for action, hosts in {
            SET: ("www.example.com", "m.example.com"),
            ADD: ("shop.example.com",),
            DELETE: ("m.example.com",),
        }.items()
    },
    **{("baidu", name): params for name, params in SETTINGS_PARAMS.items()},
}
"""What is asked for, by provider and name; reads take nothing."""

RESULTS: Final[dict[tuple[str, str], Any]] = {
    ("baidu", "get_info"): AppInfo(
        app=APP,
        name="金样小程序",
        icon_url="https://img.example.com/icon.png",
        description="只在测试里出现的小程序",
        status=AppStatus.ONLINE,
        subject=Subject("金样科技有限公司", SubjectType.ENTERPRISE, AuditStatus.PASSED),
        categories=(
            Category("201", "记事本", AuditStatus.PASSED, None),
            Category("202", "日程", AuditStatus.REJECTED, "缺少资质"),
        ),
        name_audit=Audit("新金样小程序", AuditStatus.AUDITING),
        icon_audit=Audit("https://img.example.com/new.png", AuditStatus.AUDITING),
        description_audit=Audit("新的介绍", AuditStatus.REJECTED, "介绍过短"),
        edits_left=EditsLeft(name=2, icon=6, description=5, categories=0),
        raw=golden_reply("baidu", "get_info")["data"],
    ),
    ("kuaishou", "get_info"): AppInfo(
        app=APP,
        name="金样小程序",
        icon_url="http://img.example.com/icon.png",
        description="只在测试里出现的小程序",
        status=AppStatus.ONLINE,
        subject=Subject("金样科技有限公司", SubjectType.ENTERPRISE, Unknown(None)),
        categories=(
            Category("7,70", "工具-记事", AuditStatus.PASSED, None),
            Category("7,71", "工具-日程", AuditStatus.REJECTED, "缺少资质"),
        ),
        name_audit=Audit("新金样小程序", AuditStatus.AUDITING),
        icon_audit=Audit("http://img.example.com/new.png", AuditStatus.PASSED),
        description_audit=Audit("新的介绍", AuditStatus.REJECTED, "介绍过短"),
        edits_left=EditsLeft(name=2, icon=1, description=5),
        raw=golden_reply("kuaishou", "get_info"),
    ),
    ("baidu", "get_server_domain"): (
        ("a.example.com", "b.example.com:8443"),
        ("ws.example.com", "ws2.example.com"),
        ("files.example.com", "up.example.com"),
        ("wss://files.example.com", "files.example.com"),
        None,
    ),
    ("kuaishou", "get_server_domain"): (*FULL.values(), ("udp.example.com",)),
    **{(provider, "get_webview_domain"): ("www.example.com", "m.example.com") for provider in DIALECTS},
    **{("baidu", name): result for name, result in SETTINGS_RESULTS.items()},
}
"""What is given back, by provider and name; changes give nothing. Server domains stand here by kind."""


def setting_of(provider: str, name: str) -> tuple[Dialect, Endpoint[Any, Any]]:
    return DIALECTS[provider], ENDPOINTS[provider, name.partition(".")[0]]


def written(provider: str, name: str) -> Request:
    dialect, endpoint = setting_of(provider, name)
    request = build(dialect, endpoint, PARAMS.get((provider, name)), BASES[provider])
    assert endpoint.credential is not None
    token = TOKENS[provider] if endpoint.credential is Credential.APP else COMPONENT_TOKEN
    return sign(dialect, endpoint.credential, request, token)


def test_every_call_of_both_providers_has_golden_files() -> None:
    assert {(provider, name.partition(".")[0]) for provider, name in CASES} == set(ENDPOINTS)


@pytest.mark.parametrize(("provider", "name"), CASES)
def test_method_address_query_and_headers_are_the_documented_ones(provider: str, name: str) -> None:
    request, golden = written(provider, name), golden_request(provider, name)
    assert request.method == golden.method
    assert request.address == BASES[provider] + golden.path
    assert sorted(request.query) == sorted(golden.query.items())
    headers = {name: value.partition("; boundary=")[0] for name, value in request.headers}
    assert headers == golden.headers


def in_parts(request: Request) -> dict[str, str | bytes]:
    """Read a `multipart/form-data` as mail is read: neither the way it was written, nor the sandbox's."""
    head = f"content-type: {dict(request.headers)['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + request.body, policy=HTTP)
    found: dict[str, str | bytes] = {}
    for part in message.iter_parts():
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        name = part.get_param("name", header="content-disposition")
        found[str(name)] = data if part.get_filename() else data.decode()
    return found


@pytest.mark.parametrize(("provider", "name"), CASES)
def test_the_body_holds_the_documented_fields_and_no_others(provider: str, name: str) -> None:
    request, golden = written(provider, name), golden_request(provider, name)
    body = request.body
    if golden.parts is not None:
        assert in_parts(request) == golden.values()
    elif golden.form is not None:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body))
        assert sorted(pairs) == sorted(golden.form.items())
    elif golden.json is not None:
        assert json.loads(body) == golden.json
    else:
        assert body == b""


@pytest.mark.parametrize(("provider", "name"), CASES)
def test_the_documented_reply_is_read_to_the_last_field(provider: str, name: str) -> None:
    dialect, endpoint = setting_of(provider, name)
    kind, body = golden_answer(provider, name)
    found = parse(dialect, endpoint, APP, Reply(200, {"content-type": kind}, body), (TOKENS[provider],))
    if isinstance(found, ServerDomains):
        found = (found.request, found.socket, found.upload, found.download, found.udp)
    assert found == RESULTS.get((provider, name))
