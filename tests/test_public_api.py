"""The promise of the public face: names, parameters and defaults."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from attrs import fields

import miniapp_tp
from miniapp_tp import (
    AppInfo,
    Attempt,
    BaiduClient,
    CategoryKind,
    DomainAction,
    EditsLeft,
    Endpoint,
    Fleet,
    HttpxTransport,
    ImageKind,
    KuaishouClient,
    MiniAppClient,
    Options,
    ServerDomains,
    each,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum

PROMISED = [
    "BaiduClient",
    "KuaishouClient",
    "MiniAppClient",
    "Fleet",
    "Options",
    "Attempt",
    "Endpoint",
    "HttpxTransport",
    "Transport",
    "TokenSource",
    "DomainAction",
    "ServerDomains",
    "AppInfo",
    "AppStatus",
    "Subject",
    "SubjectType",
    "Category",
    "Audit",
    "AuditStatus",
    "EditsLeft",
    "Unknown",
    "CategoryChoice",
    "CategoryGroup",
    "CategoryKind",
    "ImageKind",
    "MobileAuth",
    "MobileAuthReason",
    "MobileAuthScene",
    "MobileAuthStatus",
    "NameCheck",
    "NameCheckResult",
    "NameQualifications",
    "Qualification",
    "SupportVersions",
    "Violation",
    "Outcome",
    "Done",
    "Failed",
    "each",
    "Request",
    "Reply",
    "Secret",
    "Actor",
    "Scope",
    "MiniAppError",
    "InvalidArgument",
    "NotSupported",
    "NoAnswer",
    "ConnectFailed",
    "DeadlineExceeded",
    "ConnectionLost",
    "ReplyNotUnderstood",
    "ProviderError",
    "CredentialRejected",
    "AuthorizationLost",
    "PermissionDenied",
    "RateLimited",
    "QuotaExhausted",
    "InvalidRequest",
    "NotFound",
    "Conflict",
    "ProviderUnavailable",
    "PushApp",
    "PushRejected",
    "Event",
    "TicketPushed",
    "AppAuthorized",
    "AppAuthorizationUpdated",
    "AppUnauthorized",
    "AuditFinished",
    "AuditSubject",
    "AppStatusChanged",
    "UrlVerification",
    "TicketMissing",
    "StoreError",
    "open_store",
    "TokenStore",
    "RedisStore",
    "PostgresStore",
    "SealedStore",
]


@pytest.mark.parametrize("name", PROMISED)
def test_what_is_promised_is_there(name: str) -> None:
    assert name in miniapp_tp.__all__
    assert getattr(miniapp_tp, name) is not None


def test_all_is_sorted_and_true() -> None:
    assert miniapp_tp.__all__ == sorted(set(miniapp_tp.__all__))
    assert all(hasattr(miniapp_tp, name) for name in miniapp_tp.__all__)
    assert set(miniapp_tp.__all__) <= set(dir(miniapp_tp))
    assert not hasattr(miniapp_tp, "NoSuchName")


def test_importing_the_package_alone_loads_nothing_yet() -> None:
    script = "import sys, miniapp_tp; print(sorted(one for one in sys.modules if one.startswith('miniapp_tp.')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_everything_public_is_documented() -> None:
    named = {name: getattr(miniapp_tp, name) for name in miniapp_tp.__all__}
    assert [name for name, one in named.items() if inspect.isclass(one) and not one.__doc__] == []


def shape(function: Callable[..., Any]) -> list[str]:
    """Write a signature without annotations: names, defaults, and what is keyword-only."""
    shown: list[str] = []
    star = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            star = True
            shown.append("*")
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        shown.append(parameter.name + default)
    return shown


DRIVERS = ("redis", "psycopg", "psycopg_pool", "asyncpg", "cryptography", "starlette")


def test_importing_it_imports_no_driver() -> None:
    """What a store needs beyond the core is imported when one is made."""
    script = f"import sys, miniapp_tp; miniapp_tp.PostgresStore; print(*(set(sys.modules) & set({DRIVERS})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True, timeout=60)
    assert done.stdout == "\n"


METHODS: list[tuple[Callable[..., Any], str]] = [
    (MiniAppClient.get_info, "app"),
    (MiniAppClient.get_server_domain, "app"),
    (MiniAppClient.set_server_domain, f"app, domains, *, action={DomainAction.SET!r}"),
    (MiniAppClient.get_webview_domain, "app"),
    (MiniAppClient.set_webview_domain, f"app, domains, *, action={DomainAction.SET!r}"),
    (MiniAppClient.set_name, "app, name, *, materials=()"),
    (MiniAppClient.set_icon, "app, image_url"),
    (MiniAppClient.set_description, "app, text"),
    (MiniAppClient.set_categories, "app, choices"),
    (MiniAppClient.list_categories, f"app, *, kind={CategoryKind.ENTERPRISE!r}"),
    (MiniAppClient.pause, "app"),
    (MiniAppClient.resume, "app"),
    (MiniAppClient.get_qrcode, "app, *, path=None, package_id=None, width=None"),
    (MiniAppClient.check_name, "app, name"),
    (BaiduClient.get_support_version, "app"),
    (BaiduClient.set_support_version, "app, version"),
    (BaiduClient.apply_recovery, "app, description"),
    (BaiduClient.update_offline, "app, *, name=None, description=None, icon_url=None, name_materials=()"),
    (BaiduClient.apply_mobile_auth, "app, *, reason, scene, description, demo_url"),
    (BaiduClient.cancel_mobile_auth, "app"),
    (BaiduClient.get_mobile_auth_status, "app"),
    (BaiduClient.upload_image, f"data, *, kind={ImageKind.ICON!r}"),
    (BaiduClient.control_flow, "app, *, open"),
    (BaiduClient.get_violations, "app"),
    (MiniAppClient.supports, "operation"),
    (MiniAppClient.call, "endpoint, app, params"),
    (MiniAppClient.with_options, "changes"),
    (MiniAppClient.aclose, ""),
    (BaiduClient.open_push, "headers, body, query='', now=None"),
    (BaiduClient.acknowledge, "event"),
    (Fleet, "members"),
    (each, f"function, apps, *, concurrency=100, catch={Exception!r}"),
    (HttpxTransport.send, "request, *, timeout"),
    (HttpxTransport.aclose, ""),
    (miniapp_tp.open_store, "url, *, key=None"),
    (miniapp_tp.RedisStore, "client, *, prefix='miniapp_tp', patience=15.0"),
    (miniapp_tp.PostgresStore, "pool, *, schema='miniapp_tp', patience=15.0"),
    (miniapp_tp.SealedStore, "store, key"),
    (
        ServerDomains,
        "request=None, socket=None, upload=None, download=None, udp=None",
    ),
]


@pytest.mark.parametrize(("function", "parameters"), METHODS, ids=[one.__qualname__ for one, _ in METHODS])
def test_signatures(function: Callable[..., Any], parameters: str) -> None:
    assert ", ".join(shape(function)) == parameters


def test_the_first_argument_of_the_default_transport() -> None:
    assert shape(HttpxTransport)[0] == "inner=None"


COMMON = {
    "tokens": None,
    "push_token": None,
    "push_key": None,
    "transport": None,
    "options": Options(),
    "hooks": (),
    "error_codes": None,
}


@pytest.mark.parametrize(
    ("client", "positional", "address"),
    [
        (BaiduClient, ["client_id"], "https://openapi.baidu.com"),
        (KuaishouClient, ["component_app_id", "component_app_secret"], "https://open.kuaishou.com"),
    ],
    ids=["baidu", "kuaishou"],
)
def test_constructors_of_clients(client: type, positional: list[str], address: str) -> None:
    parameters = inspect.signature(client).parameters
    by_place = [one.name for one in parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD]
    by_name = {one.name: one.default for one in parameters.values() if one.kind is one.KEYWORD_ONLY}
    assert by_place == positional
    assert by_name.items() >= {**COMMON, "base_url": address}.items()


def test_the_components_secret_may_be_left_out() -> None:
    assert inspect.signature(KuaishouClient).parameters["component_app_secret"].default is None


def test_options_and_their_defaults() -> None:
    assert {one.name: getattr(Options(), one.name) for one in fields(Options)} == {
        "timeout": 30.0,
        "attempt_timeout": 10.0,
        "attempts": 4,
        "backoff": 0.2,
        "backoff_max": 5.0,
        "concurrency": 256,
        "push_tolerance": 86400.0,
        "proxy": None,
        "verify": True,
        "recover_unknown": False,
        "follow": False,
    }


EVENT = "name app component time id attempt fields raw"
FIELDS = {
    miniapp_tp.Event: EVENT,
    miniapp_tp.TicketPushed: f"{EVENT} ticket",
    miniapp_tp.AppAuthorized: f"{EVENT} authorization_code",
    miniapp_tp.AppAuthorizationUpdated: f"{EVENT} authorization_code",
    miniapp_tp.AppUnauthorized: EVENT,
    miniapp_tp.AuditFinished: f"{EVENT} subject passed reason",
    miniapp_tp.AppStatusChanged: f"{EVENT} status reason",
    miniapp_tp.UrlVerification: f"{EVENT} echo",
    Attempt: "provider operation app number elapsed status error code request_id retry_in",
    AppInfo: "app name icon_url description status subject categories name_audit icon_audit description_audit"
    " edits_left raw",
    EditsLeft: "name icon description categories",
    ServerDomains: "request socket upload download udp",
    miniapp_tp.Audit: "proposed status reason",
    miniapp_tp.Category: "id name status reason",
    miniapp_tp.Done: "app value",
    miniapp_tp.Failed: "app error",
    miniapp_tp.Unknown: "code",
    miniapp_tp.NameCheck: "result words required optional raw",
    miniapp_tp.SupportVersions: "current available raw",
    miniapp_tp.MobileAuth: "status reason raw",
}


@pytest.mark.parametrize(("kind", "names"), FIELDS.items(), ids=[kind.__name__ for kind in FIELDS])
def test_fields(kind: Any, names: str) -> None:  # noqa: ANN401 - whatever a caller may give
    assert [one.name for one in fields(kind)] == names.split()
    one = fields(kind)[0].name
    with pytest.raises(AttributeError):
        setattr(object.__new__(kind), one, None)


def test_a_subject_has_a_name_and_a_type() -> None:
    assert [one.name for one in fields(miniapp_tp.Subject)][:2] == ["name", "type"]


def test_an_endpoint_of_ones_own_needs_little() -> None:
    made = Endpoint[None, object](name="mine", path="/mine", decode=lambda _app, data: data)
    assert (made.method, made.changes, made.idempotent, made.read_back) == ("GET", False, True, None)


WORDS: dict[type[Enum], str] = {
    DomainAction: "SET ADD DELETE",
    miniapp_tp.AppStatus: "ONLINE NOT_ONLINE INCOMPLETE AUDITING PAUSED FORCED_OFFLINE RECTIFYING FLOW_OFFLINE BANNED",
    miniapp_tp.Actor: "YOU MERCHANT PROVIDER TIME",
    miniapp_tp.Scope: "APP COMPONENT PROVIDER",
}


@pytest.mark.parametrize(("vocabulary", "words"), WORDS.items(), ids=[kind.__name__ for kind in WORDS])
def test_vocabularies(vocabulary: type[Enum], words: str) -> None:
    assert [member.name for member in vocabulary] == words.split()


TREE = {
    "MiniAppError": "Exception",
    "InvalidArgument": "MiniAppError ValueError",
    "NotSupported": "MiniAppError",
    "NoAnswer": "MiniAppError",
    "ConnectFailed": "NoAnswer",
    "DeadlineExceeded": "NoAnswer TimeoutError",
    "ConnectionLost": "NoAnswer",
    "ReplyNotUnderstood": "MiniAppError",
    "PushRejected": "MiniAppError",
    "ProviderError": "MiniAppError",
    **dict.fromkeys(
        [
            "CredentialRejected",
            "AuthorizationLost",
            "PermissionDenied",
            "RateLimited",
            "QuotaExhausted",
            "InvalidRequest",
            "NotFound",
            "Conflict",
            "ProviderUnavailable",
        ],
        "ProviderError",
    ),
}


@pytest.mark.parametrize(("name", "bases"), TREE.items())
def test_the_tree_of_errors(name: str, bases: str) -> None:
    assert [base.__name__ for base in getattr(miniapp_tp, name).__bases__] == bases.split()
