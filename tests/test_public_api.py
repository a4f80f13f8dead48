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
    BaiduClient,
    CategoryKind,
    DomainAction,
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

PROMISED = [
    "BaiduClient",
    "BaiduDeveloperClient",
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
    "Grant",
    "fast_transport",
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


CORE = "import sys, httpx, attrs, cattrs.gen, anyio.lowlevel; core = {name.partition('.')[0] for name in sys.modules}"
LOADED = "sorted({name.partition('.')[0] for name in sys.modules} - core - sys.stdlib_module_names)"


def test_importing_it_imports_nothing_beyond_its_own_core() -> None:
    """What an extra is for is imported when it is used; httpx itself loads some of what is installed beside it."""
    script = f"{CORE}\nimport miniapp_tp\nfor name in miniapp_tp.__all__: getattr(miniapp_tp, name)\nprint({LOADED})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True, timeout=60)
    assert done.stdout == "['miniapp_tp']\n"


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
    (BaiduClient.submit_material, "app, material"),
    (BaiduClient.delete_material, "app, path"),
    (BaiduClient.submit_sitemap, "app, submission"),
    (BaiduClient.delete_sitemap, "app, url"),
    (KuaishouClient.save_ticket, "ticket, *, at=None"),
    (KuaishouClient.start_ticket_push, ""),
    (KuaishouClient.get_authorization_url, "redirect_uri, *, state=None"),
    (KuaishouClient.authorize, "authorization_code, *, app=None"),
    (KuaishouClient.recover, "app"),
    (KuaishouClient.recover_all, "apps, *, concurrency=20"),
    (KuaishouClient.adopt, "app, *, access_token, refresh_token, expires_at, replace=True"),
    (KuaishouClient.forget, "app, *, before=None"),
    (KuaishouClient.apps, ""),
    (KuaishouClient.keeper, ""),
    (miniapp_tp.Reply, "status, headers=NOTHING, body=b'', complete=True"),
    (miniapp_tp.ConnectFailed, "message"),
    (miniapp_tp.ConnectionLost, "message, *, may_have_happened=True"),
    (miniapp_tp.DeadlineExceeded, "message, *, may_have_happened=True"),
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


RETURNS: dict[Callable[..., Any], str] = {
    MiniAppClient.get_info: "AppInfo",
    MiniAppClient.get_server_domain: "ServerDomains",
    MiniAppClient.set_server_domain: "None",
    MiniAppClient.get_webview_domain: "tuple[str, ...]",
    MiniAppClient.set_webview_domain: "None",
    MiniAppClient.supports: "bool",
    MiniAppClient.set_name: "int | None",
    MiniAppClient.set_icon: "int | None",
    MiniAppClient.set_description: "int | None",
    MiniAppClient.set_categories: "int | None",
    MiniAppClient.get_qrcode: "bytes",
    MiniAppClient.check_name: "NameCheck",
    BaiduClient.get_support_version: "SupportVersions",
    BaiduClient.update_offline: "int | None",
    BaiduClient.get_mobile_auth_status: "MobileAuth",
    BaiduClient.upload_image: "str",
    KuaishouClient.authorize: "Grant",
    KuaishouClient.recover: "Grant",
    KuaishouClient.apps: "AsyncIterator[str]",
    KuaishouClient.open_push: "Event",
}


@pytest.mark.parametrize(("function", "kind"), RETURNS.items(), ids=[one.__qualname__ for one in RETURNS])
def test_return_types(function: Callable[..., Any], kind: str) -> None:
    assert inspect.signature(function).return_annotation == kind


COMMON = {
    "tokens": None,
    "store": None,
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


def test_what_only_kuaishous_constructor_takes_may_be_left_out() -> None:
    parameters = inspect.signature(KuaishouClient).parameters
    names = ("component_app_secret", "refresh_path", "authorization_page")
    assert [parameters[name].default for name in names] == [None, None, None]


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
