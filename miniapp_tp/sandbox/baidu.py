"""Baidu's side of the wire: token in the query, parameters in a form, verdict in `errno` or `error_code`.

The life of a grant is in `baidu_tokens`, developer services are in `developer`.

Sources: seed 000 (设置小程序服务器域名, 设置小程序业务域名) and wire/baidu.md §§ 1.9, 3, 4, 6.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from miniapp_tp.providers.baidu.endpoints import ENDPOINTS
from miniapp_tp.providers.baidu.events import MISSED
from miniapp_tp.providers.baidu.tokens import ENDPOINTS as TOKEN_ENDPOINTS
from miniapp_tp.sandbox import baidu_settings, baidu_tokens, developer, domains, multipart
from miniapp_tp.sandbox.baidu_replies import business, gateway, picture_reply, trace, traced
from miniapp_tp.sandbox.baidu_settings import PICTURE, QUOTAS
from miniapp_tp.sandbox.exchange import Call, Refused, Reply, Request, Route, html_reply, routes
from miniapp_tp.sandbox.faults import Fault
from miniapp_tp.sandbox.provider import Provider
from miniapp_tp.sandbox.register import Standing
from miniapp_tp.sandbox.state import App, Audit, Category, numbered

COMPONENT: Final = "sandbox-client"
SECRET: Final = ""
TERMS: Final = baidu_tokens.TERMS
_FORM: Final = "application/x-www-form-urlencoded"
_KINDS: Final = {f"{kind}_domain": kind for kind in ("download", "request", "socket", "upload")}
_ACTIONS: Final = frozenset({"add", "delete", "set", "get"})
_PERMISSIONS: Final = ("基本信息管理权限", "开发管理权限")
_UPLOAD: Final = "upload_image"

Handler = Callable[[Provider, App, Mapping[str, str]], Mapping[str, Any]]
"""Serves an operation: what is answered beside `errno` and `msg`."""


def refusal(fault: Fault, operation: str) -> Refused | None:
    """Say the no that a fault stands for, if it is one."""
    match fault:
        case Fault.RATE_LIMITED:
            return gateway(18)
        case Fault.EXPIRED_TOKEN:
            return gateway(111)
        case Fault.QUOTA:
            return business(QUOTAS[operation])
        case Fault.REVOKED | Fault.FORBIDDEN | Fault.IP_NOT_LISTED:
            return business({Fault.REVOKED: 50032, Fault.FORBIDDEN: 6001, Fault.IP_NOT_LISTED: 40008}[fault])
        case _:
            return None


def read(found: Route, request: Request) -> Call:
    """Read a request: the token from the query, the rest from query and form alike (wire/baidu.md § 4)."""
    token = next((value for name, value in request.query if name == "access_token"), None)
    params: dict[str, Any] = {}
    problem = None
    try:
        params = _params(request)
    except Refused as error:
        problem = error
    if call := developer.read(found, token, params, problem):
        return call
    if operation := _UPLOAD if _UPLOAD in found.names else baidu_tokens.operation(found, params):
        return Call(operation, token, params, problem, for_component=True)
    return Call(found.name(params.get("action")), token, params, problem)


def _params(request: Request) -> dict[str, Any]:
    pairs: list[tuple[str, Any]] = [*request.query, *_form(request)]
    params = dict(pairs)
    if len(params) != len(pairs):
        raise business(40001, "a parameter is given twice")
    params.pop("access_token", None)
    return params


def _form(request: Request) -> list[tuple[str, Any]]:
    if not request.body:
        return []
    if request.media_type not in _READERS:
        raise business(40001, f"the body must be {_FORM}")
    try:
        pairs = _READERS[request.media_type](request)
    except ValueError:
        raise business(40001, "the body is no form") from None
    if any(name == "access_token" for name, _ in pairs):
        raise business(40001, "access_token belongs in the query")
    return pairs


def _urlencoded(request: Request) -> list[tuple[str, Any]]:
    return list(parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"))


_READERS: Final[Mapping[str, Callable[[Request], list[tuple[str, Any]]]]] = {
    _FORM: _urlencoded,
    "multipart/form-data": lambda request: list(multipart.parts(request.content_type, request.body)),
}


def subject(provider: Provider, call: Call) -> App | None:
    """Find the app that a call is about."""
    if call.for_developer:
        return developer.subject(provider, call)
    return baidu_tokens.subject(provider, call) if call.for_component else provider.owner(call.token)


def respond(provider: Provider, call: Call, fault: Fault | None = None) -> Reply:
    """Answer a call, if need be with the no that a fault stands for."""
    if call.for_developer:
        return developer.respond(provider, call, fault)
    if call.for_component and call.operation != _UPLOAD:
        return baidu_tokens.respond(provider, call, fault)
    try:
        if no := fault and refusal(fault, call.operation):
            raise no
        body: dict[str, Any] = {"errno": 0, "msg": "success", **_serve(provider, call)}
    except Refused as error:
        body = dict(error.body)
    return picture_reply(provider, body[PICTURE]) if PICTURE in body else traced(provider, body)


def unknown_path(provider: Provider) -> Reply:
    """Answer for a path that isn't imitated."""
    return traced(provider, gateway(3).body)


def html(provider: Provider, status: int, title: str) -> Reply:
    """Answer with a page."""
    return html_reply(status, title, (b"x-b3-traceid", trace(provider).encode()))


def _serve(provider: Provider, call: Call) -> Mapping[str, Any]:
    if call.operation == _UPLOAD:
        baidu_tokens.check_token(provider, call)
        if call.problem:
            raise call.problem
        return {"data": baidu_settings.upload_image(provider, call.params)}
    return HANDLERS[call.operation](provider, _app(provider, call), call.params)


def _app(provider: Provider, call: Call) -> App:
    if call.token is None:
        raise gateway(100)
    app = provider.owner(call.token)
    if app is None:
        raise gateway(110)
    match provider.standing(call.token):
        case Standing.REVOKED:
            raise business(50032)
        case Standing.EXPIRED:
            raise gateway(111)
        case _:
            pass
    if call.problem:
        raise call.problem
    return app


# --- domains (seed 000 设置小程序服务器域名, 设置小程序业务域名) ------------------------------------------------------


def get_server_domain(_provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """List the server domains as comma texts."""
    _check(params, {"action", *_KINDS})
    return {"data": {name: ",".join(app.domains[kind]) for name, kind in _KINDS.items()}}


def set_server_domain(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Change the server domains of the kinds given. Without an action, all that are registered are added."""
    _check(params, {"action", *_KINDS})
    if "action" in params:
        given = _given(params, _KINDS, provider.server_domains)
    else:
        given = {kind: _with_scheme(kind, provider.server_domains) for kind in _KINDS.values()}
    return _change(app, "set_server_domain", params.get("action", "add"), given)


def get_webview_domain(_provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """List the webview domains as one comma text."""
    _check(params, {"action", "web_view_domain"})
    return {"data": ",".join(app.webview_domains)}


def set_webview_domain(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Change the webview domains. Without an action, all that are registered are added."""
    _check(params, {"action", "web_view_domain"})
    if "action" in params:
        given = _given(params, {"web_view_domain": domains.WEBVIEW}, provider.webview_domains)
    else:
        given = {domains.WEBVIEW: _with_scheme(domains.WEBVIEW, provider.webview_domains)}
    return _change(app, "set_webview_domain", params.get("action", "add"), given)


def _check(params: Mapping[str, str], known: set[str]) -> None:
    if unknown := sorted(params.keys() - known):
        raise business(40001, f"unknown parameter {unknown[0]}")
    if params.get("action", "get") not in _ACTIONS:
        raise business(40001, "action is add, delete, set or get")


def _given(params: Mapping[str, str], kinds: Mapping[str, str], registered: Iterable[str]) -> dict[str, list[str]]:
    texts = {kind: params[name] for name, kind in kinds.items() if name in params}
    if not texts:
        raise business(470013)
    if not all(texts.values()):
        raise business(470015)
    given = {kind: text.split(",") for kind, text in texts.items()}
    for domain in (domain for several in given.values() for domain in several):
        _check_domain(domain, registered if params["action"] != "delete" else None)
    return given


def _check_domain(domain: str, registered: Iterable[str] | None) -> None:
    host = domains.host_of(domain, domains.WITH_SCHEME)
    if host is None:
        raise business(470014)
    if registered is not None and not domains.is_covered(host, registered):
        raise business(470016)


def _with_scheme(kind: str, hosts: Iterable[str]) -> list[str]:
    scheme = "wss" if kind == "socket" else "https"
    return [f"{scheme}://{host}" for host in hosts]


def _change(app: App, operation: str, action: str, given: Mapping[str, list[str]]) -> Mapping[str, Any]:
    if action == "delete" and any(domains.lacks(app.domains[kind], gone) for kind, gone in given.items()):
        raise business(470017)
    if not app.use_edit(operation):
        raise business(QUOTAS[operation])
    for kind, several in given.items():
        app.domains[kind] = domains.changed(app.domains[kind], action, several)
    return {}


# --- info (wire/baidu.md § 3) ----------------------------------------------------------------------

_AUDITED: Final = {"name": "app_name", "intro": "app_desc", "icon": "photo_addr"}
_LIMITED: Final = {"name": ("set_name", 3), "signature": ("set_description", 5), "image": ("set_icon", 5)}
_CATEGORIES: Final = ("set_categories", 5)


def get_info(_provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Tell all about an app."""
    if unknown := sorted(params):
        raise business(40001, f"unknown parameter {unknown[0]}")
    return {"data": {**_basics(app), **_standing(app)}}


def _basics(app: App) -> Mapping[str, Any]:
    return {
        "app_id": int(app.id) if app.id.isdecimal() else app.id,
        "app_name": app.name,
        "app_key": f"sandbox-key-{app.id}",
        "app_desc": app.intro,
        "photo_addr": _photo(app.icon),
        "category": [_category(category) for category in app.categories],
        "min_swan_version": "3.10.4",
        "status": app.status,
        "web_status": 1,
    }


def _standing(app: App) -> Mapping[str, Any]:
    spelling = "satus" if app.spells_satus else "status"
    return {
        "qualification": {"name": app.subject, "type": app.subject_type, spelling: 1, "ad_type": 0, "ad_status": 1},
        "audit_info": _audit_info(app),
        "modify_count": _modify_count(app),
        "auth_info": [{"scope_name": name, "type": 0} for name in app.permissions],
        "annual_review_info": {"annual_review_status": 1, "annual_review_overdue_time": 4102416000},
        "app_offline_info": [],
    }


def _photo(address: str) -> str:
    return json.dumps([{"cover": address}])


def _category(category: Category) -> Mapping[str, Any]:
    return {
        "category_id": int(category.id),
        "category_name": category.name,
        "category_desc": f"{category.name}类",
        "audit_status": category.status,
        "reason": category.reason,
        "parent": {"category_id": 1, "category_name": "工具", "category_desc": "工具类"},
    }


def _audit_info(app: App) -> Mapping[str, Any]:
    info: dict[str, Any] = {}
    for about, audit in app.audits.items():
        key = f"audit_{_AUDITED[about]}"
        info[key] = _photo(audit.proposed) if about == "icon" else audit.proposed
        info |= {f"{key}_status": audit.status, f"{key}_reason": audit.reason}
    return info


def _modify_count(app: App) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for field, (operation, quota) in {**_LIMITED, "category": _CATEGORIES}.items():
        counts |= {f"{field}_modify_used": app.edits[operation], f"{field}_modify_quota": quota}
    return counts


HANDLERS: Final[Mapping[str, Handler]] = {
    "get_info": get_info,
    "get_server_domain": get_server_domain,
    "set_server_domain": set_server_domain,
    "get_webview_domain": get_webview_domain,
    "set_webview_domain": set_webview_domain,
    **baidu_settings.HANDLERS,
    **developer.MATERIAL_HANDLERS,
}
ROUTES: Final = {
    **developer.ROUTES,
    **routes(ENDPOINTS, {*HANDLERS, _UPLOAD}),
    **routes([*TOKEN_ENDPOINTS, MISSED], baidu_tokens.HANDLERS),
}


def route(_provider: Provider, path: str) -> Route | None:
    """Find what is at a path."""
    return ROUTES.get(path)


def ids(count: int) -> Iterable[str]:
    """Make ids of apps."""
    return numbered(count, 15000001)


def new_app(app: str, place: int) -> App:
    """Make an app; every fifth has a name under review, every seventh is paused."""
    return App(
        id=app,
        token=f"45.sandbox-{app}",
        name=f"示例小程序{place + 1}",
        icon=f"https://img.example.com/{app}.png",
        intro="沙盒里的小程序，只用来测试",
        status=4 if (place + 1) % 7 == 0 else 1,
        subject="示例科技有限公司",
        subject_type=2,
        permissions=_PERMISSIONS,
        categories=[Category("2", "信息查询", 2), Category("3", "效率", 3, "资质不符")],
        audits={"name": Audit(f"新名称{place + 1}", 1)} if (place + 1) % 5 == 0 else {},
        spells_satus=place % 2 == 0,
    )
