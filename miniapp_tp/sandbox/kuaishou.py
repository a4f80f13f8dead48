"""Kuaishou's side of the wire: component and token in the query, parameters in JSON, verdict in `result`.

The life of a grant is in `kuaishou_tokens`.

Sources: seed 001 and wire/kuaishou.md §§ 1 (the on-behalf dialect), 3.1, 4, 5, 6.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from miniapp_tp.providers.kuaishou.endpoints import ENDPOINTS
from miniapp_tp.providers.kuaishou.tokens import ENDPOINTS as TOKEN_ENDPOINTS
from miniapp_tp.sandbox import domains, kuaishou_tokens
from miniapp_tp.sandbox.exchange import Call, Refused, Reply, Request, Route, html_reply, json_reply, routes
from miniapp_tp.sandbox.faults import Fault
from miniapp_tp.sandbox.kuaishou_replies import (
    BAD_COMPONENT,
    BAD_PARAMETER,
    BAD_TOKEN,
    FORBIDDEN,
    NOT_SET,
    RATE_LIMITED,
    REVOKED,
    refused,
)
from miniapp_tp.sandbox.provider import Provider
from miniapp_tp.sandbox.register import Standing
from miniapp_tp.sandbox.state import App, Audit, Category, numbered

COMPONENT: Final = "ks000000000000000001"
SECRET: Final = kuaishou_tokens.SECRET
TERMS: Final = kuaishou_tokens.TERMS
_PERMISSIONS: Final = ("功能开发和开发设置",)
_COMPONENT, _TOKEN = "component_app_id", "authorizer_access_token"
_KINDS: Final = {
    "request": "request",
    "socket": "socket",
    "upload_file": "upload",
    "download_file": "download",
    "udp": "udp",
}
_WEBVIEW: Final = {"webview": domains.WEBVIEW}
_ACTIONS: Final = ("add", "delete", "set", "get")

Handler = Callable[[Provider, App, Mapping[str, Any]], Mapping[str, Any]]
"""Serves an operation: what is answered beside `result`."""


def refusal(fault: Fault) -> Refused | None:
    """Say the no that a fault stands for, if it is one."""
    match fault:
        case Fault.RATE_LIMITED:
            return refused(RATE_LIMITED, "api rate limited")
        case Fault.EXPIRED_TOKEN:
            return refused(BAD_TOKEN, "access token expired")
        case Fault.REVOKED:
            return refused(REVOKED, "authorization revoked")
        case Fault.FORBIDDEN:
            return refused(FORBIDDEN, "scope not granted")
        case _:
            return None


def read(found: Route, request: Request) -> Call:
    """Read a request."""
    if kuaishou_tokens.concerns(found):
        return kuaishou_tokens.read(found, request)
    query = dict(request.query)
    params: dict[str, Any] = {}
    problem = None
    try:
        params = _json(request) if found.method == "POST" else {}
        _check_query(query, request)
    except Refused as error:
        problem = error
    params = {**params, _COMPONENT: query.get(_COMPONENT)}
    return Call(found.name(params.get("action")), query.get(_TOKEN), params, problem)


def _check_query(query: Mapping[str, str], request: Request) -> None:
    if len(query) != len(request.query):
        raise refused(BAD_PARAMETER, "a parameter is given twice")
    if unknown := sorted(query.keys() - {_COMPONENT, _TOKEN}):
        raise refused(BAD_PARAMETER, f"unknown parameter {unknown[0]} in the query")


def _json(request: Request) -> dict[str, Any]:
    if request.media_type != "application/json":
        raise refused(BAD_PARAMETER, "the body must be application/json")
    try:
        body = json.loads(request.body)
    except ValueError:
        raise refused(BAD_PARAMETER, "the body is no JSON") from None
    if not isinstance(body, dict) or _COMPONENT in body:
        raise refused(BAD_PARAMETER, f"the body must be an object without {_COMPONENT}")
    return body  # pyright: ignore[reportUnknownVariableType]


def subject(provider: Provider, call: Call) -> App | None:
    """Find the app that a call is about."""
    return kuaishou_tokens.subject(provider, call) if call.for_component else provider.owner(call.token)


def respond(provider: Provider, call: Call, fault: Fault | None = None) -> Reply:
    """Answer a call, if need be with the no that a fault stands for."""
    if call.for_component:
        return kuaishou_tokens.respond(provider, call, fault)
    try:
        if no := fault and refusal(fault):
            raise no
        body = {"result": 1, **_serve(provider, call)}
    except Refused as error:
        body = dict(error.body)
    return json_reply(body)


def unknown_path(_provider: Provider) -> Reply:
    """Answer for a path that isn't imitated."""
    return html_reply(404, "Not Found")


def html(_provider: Provider, status: int, title: str) -> Reply:
    """Answer with a page."""
    return html_reply(status, title)


def _serve(provider: Provider, call: Call) -> Mapping[str, Any]:
    _check_component(provider, call.params[_COMPONENT])
    app = _owner(provider, call.token)
    if call.problem:
        raise call.problem
    return HANDLERS[call.operation](provider, app, call.params)


def _check_component(provider: Provider, component: str | None) -> None:
    if component is None:
        raise refused(BAD_PARAMETER, f"{_COMPONENT} is missing")
    if component != provider.component:
        raise refused(BAD_COMPONENT, "the third-party application is unknown")


def _owner(provider: Provider, token: str | None) -> App:
    if token is None:
        raise refused(BAD_PARAMETER, f"{_TOKEN} is missing")
    app = provider.owner(token)
    if app is None:
        raise refused(BAD_TOKEN, "access token invalid")
    match provider.standing(token):
        case Standing.REVOKED:
            raise refused(REVOKED, "authorization revoked")
        case Standing.EXPIRED:
            raise refused(BAD_TOKEN, "access token expired")
        case _:
            return app


# --- domains (seed 001 设置服务器域名, 设置业务域名) ------------------------------------------------------------


def server_domain(provider: Provider, app: App, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List or change the server domains; all are answered either way."""
    return _modify(app, params, _KINDS, ("set_server_domain", provider.server_domains))


def webview_domain(provider: Provider, app: App, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """List or change the webview domains; all are answered either way."""
    return _modify(app, params, _WEBVIEW, ("set_webview_domain", provider.webview_domains))


def _modify(
    app: App, params: Mapping[str, Any], kinds: Mapping[str, str], what: tuple[str, tuple[str, ...]]
) -> Mapping[str, Any]:
    operation, registered = what
    if unknown := sorted(params.keys() - {_COMPONENT, "action", *kinds}):
        raise refused(BAD_PARAMETER, f"unknown parameter {unknown[0]}")
    action = params.get("action")
    if action not in _ACTIONS:
        raise refused(BAD_PARAMETER, "action must be add, delete, set or get")
    if action != "get":
        given = {kind: _domains(params, name) for name, kind in kinds.items()}
        _change(app, action, given, registered)
        app.use_edit(operation)
    # "sucess" is the seed's own spelling, on these two pages only.
    return {"error_msg": "sucess", **{name: app.domains[kind] for name, kind in kinds.items()}}


def _domains(params: Mapping[str, Any], name: str) -> list[str]:
    given: Any = params.get(name)
    if not isinstance(given, list):
        raise refused(BAD_PARAMETER, f"{name} must be a string array")
    texts: list[str] = []
    for domain in given:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(domain, str) or domains.host_of(domain, domains.BARE) is None:
            raise refused(BAD_PARAMETER, f"{name} holds what is no domain")
        texts.append(domain)
    return texts


def _change(app: App, action: str, given: Mapping[str, list[str]], registered: Iterable[str]) -> None:
    if action == "delete":
        if any(domains.lacks(app.domains[kind], gone) for kind, gone in given.items()):
            raise refused(NOT_SET, "要删除的域名不存在")
    elif not all(_is_registered(domain, registered) for several in given.values() for domain in several):
        # No code is published for this (wire/kuaishou.md § 5, which domains are allowed).
        raise refused(BAD_PARAMETER, "the domain is not registered on the third-party application")
    for kind, several in given.items():
        app.domains[kind] = domains.changed(app.domains[kind], action, several)


def _is_registered(domain: str, registered: Iterable[str]) -> bool:
    host = domains.host_of(domain, domains.BARE)
    return host is not None and domains.is_covered(host, registered)


# --- info (seed 001 获取小程序基本信息) ---------------------------------------------------------------------

_AUDITS: Final = {"name": "name_audit", "icon": "avatar_audit", "intro": "intro_audit"}
_ALLOWED: Final = {"name": ("set_name", 2), "icon": ("set_icon", 5), "intro": ("set_description", 5)}
_NOTHING: Final = Audit("")


def get_info(_provider: Provider, app: App, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Tell all about an app, flat; its id isn't among it."""
    return {
        "error_msg": "success",
        "status": app.status,
        "app_name": app.name,
        "app_avatar": app.icon,
        "app_intro": app.intro,
        **{name: _audit(app, about) for about, name in _AUDITS.items()},
        "subject": {"name": app.subject, "type": app.subject_type},
        "app_category": [_category(category) for category in app.categories],
    }


def _audit(app: App, about: str) -> Mapping[str, Any]:
    audit = app.audits.get(about, _NOTHING)
    operation, allowed = _ALLOWED[about]
    left = max(0, allowed - app.edits[operation])
    return {"new_name": audit.proposed, "remaining_times": left, "status": audit.status, "reason": audit.reason}


def _category(category: Category) -> Mapping[str, Any]:
    return {
        "category_id": category.id,
        "category_name": category.name,
        "status": category.status,
        "reason": category.reason,
    }


HANDLERS: Final[Mapping[str, Handler]] = {
    "get_info": get_info,
    "get_server_domain": server_domain,
    "set_server_domain": server_domain,
    "get_webview_domain": webview_domain,
    "set_webview_domain": webview_domain,
}
_PUBLISHED: Final = [endpoint for endpoint in TOKEN_ENDPOINTS if endpoint.name not in kuaishou_tokens.REFRESH.names]
ROUTES: Final = {**routes(ENDPOINTS, HANDLERS), **routes(_PUBLISHED, kuaishou_tokens.HANDLERS)}


def route(provider: Provider, path: str) -> Route | None:
    """Find what is at a path; the refresh is where the rules say."""
    return kuaishou_tokens.REFRESH if path == provider.rules.refresh_path else ROUTES.get(path)


def ids(count: int) -> Iterable[str]:
    """Make ids of apps."""
    return numbered(count, 600000000000000001, "ks")


def new_app(app: str, place: int) -> App:
    """Make an app; every fifth has a name under review, every seventh isn't online yet."""
    return App(
        id=app,
        token=f"sandbox-token-{app}",
        name=f"示例小程序{place + 1}",
        icon=f"https://img.example.com/{app}.png",
        intro="沙盒里的小程序，只用来测试",
        status=3 if (place + 1) % 7 == 0 else 2,
        subject="示例科技有限公司",
        subject_type=1,
        permissions=_PERMISSIONS,
        categories=[Category("1,10", "电商-家具", 1), Category("1,11", "电商-母婴", 2, "资质不符")],
        audits={"name": Audit(f"新名称{place + 1}")} if (place + 1) % 5 == 0 else {},
    )
