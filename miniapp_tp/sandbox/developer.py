"""Baidu's developer services: what a mini app's own keys open (seed 003), and a component's share (wire/baidu.md § 5).

The seed writes `GET&POST`: the token in the query, the rest in a form. Three services have no published address; here
they have one of ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from attrs import frozen

from miniapp_tp.providers.baidu.developer import COMPONENT_MATERIALS, DEVELOPER_TOKEN, ENDPOINTS
from miniapp_tp.sandbox.baidu_replies import gateway, oauth, traced, with_id
from miniapp_tp.sandbox.exchange import Call, Refused, Reply, Route, routes
from miniapp_tp.sandbox.faults import Fault
from miniapp_tp.sandbox.provider import Provider
from miniapp_tp.sandbox.register import Standing
from miniapp_tp.sandbox.services import TOKEN_LIFE, HandedIn
from miniapp_tp.sandbox.state import App
from miniapp_tp.wire.endpoint import Endpoint

TOKEN: Final = "get_developer_token"  # noqa: S105 - the name of an operation
OWN_PATHS: Final = {
    "push_message": "/rest/2.0/smartapp/sandbox/push",
    "broadcast_message": "/rest/2.0/smartapp/sandbox/broadcast",
    "submit_feed_cards": "/rest/2.0/smartapp/sandbox/feed",
}
"""Ours: where these services are is published nowhere (wire/baidu.md § 5)."""
_MESSAGE: Final = {"app_id", "title", "description", "path_url", "type", "content"}
_NEEDED: Final = {
    "push_message": _MESSAGE | {"swan_ids"},
    "broadcast_message": _MESSAGE,
    "submit_feed_cards": {"app_id", "mcard_title", "recommend_type", "templete_type", "scard_list"},
    "submit_material": {"app_id", "title", "body", "path", "images", "mapp_type", "mapp_sub_type"},
    "delete_material": {"app_id", "path"},
    "submit_sitemap": {"app_id", "url", "desc", "type", "frequency"},
    "delete_sitemap": {"app_id", "url"},
}
_ALLOWED: Final = {"submit_material": {"tags", "ext", "feed_type", "feed_sub_type"}}
_SUB_TYPES: Final = {
    "1000": {"1001", "1002", "1003", "1004", "1005", "1006"},
    "2000": {"2001", "2002", "2003", "2004"},
    "3000": {"3001", "3002", "3003", "3004"},
    "4000": {"4001", "4007"},
}
_CARD: Final = {"scard_title", "img_url", "path_url"}
_TITLES: Final = {"1": 8, "2": 20}
_TEXTS: Final = {
    2002: "参数错误",
    2003: "表单校验失败",
    6001: "无权限",
    116001: "发送消息次数过多",
    30010002: "消息下发参数错误",
}

Handler = Callable[[Provider, App, Mapping[str, str]], Mapping[str, Any]]
"""Serves an operation: what is answered beside `errno` and `msg`."""


@frozen
class DeveloperRoute(Route):
    """A path that a mini app's own token opens, or gives."""

    def takes(self, method: str) -> bool:
        """Take a POST; for a token a GET is documented as well (seed 003, 例如)."""
        return method == "POST" or (method == "GET" and TOKEN in self.names)


# --- the wire -------------------------------------------------------------------------------------------------------


def read(found: Route, token: str | None, params: Mapping[str, str], problem: Refused | None) -> Call | None:
    """Read a request for a developer service, if it is one."""
    if not isinstance(found, DeveloperRoute):
        return None
    return Call(found.names[0], token, params, problem, for_developer=True)


def subject(provider: Provider, call: Call) -> App | None:
    """Find the app that a call is about: whose the token is, or whose the key is that one is asked for with."""
    services = provider.services
    if call.operation == TOKEN:
        app = services.owner_of_key(call.params.get("client_id"))
    else:
        app = services.tokens.app(call.token)
    return provider.apps.get(app) if app is not None else None


def respond(provider: Provider, call: Call, fault: Fault | None) -> Reply:
    """Answer a call, if need be with the no that a fault stands for."""
    flat = call.operation == TOKEN
    try:
        if no := fault and refusal(fault):
            raise no
        body = _token(provider, call) if flat else {"errno": 0, "msg": "success", **_serve(provider, call)}
    except Refused as error:
        return with_id(provider, error.body, error.status) if flat else traced(provider, error.body)
    return with_id(provider, body) if flat else traced(provider, body)


def refusal(fault: Fault) -> Refused | None:
    """Say the no that a fault stands for, if it is one. There is no grant here: whose is gone isn't allowed to."""
    match fault:
        case Fault.RATE_LIMITED:
            return gateway(18)
        case Fault.EXPIRED_TOKEN:
            return gateway(111)
        case Fault.FORBIDDEN | Fault.REVOKED:
            return _no(6001)
        case Fault.IP_NOT_LISTED:
            return gateway(5)
        case _:
            return None


def _no(errno: int, detail: str = "") -> Refused:
    return Refused({"errno": errno, "msg": f"{_TEXTS[errno]}{detail and ': '}{detail}"})


def _token(provider: Provider, call: Call) -> Mapping[str, Any]:
    """Give a token (seed 003 响应数据包格式); nobody uses its refresh token and session."""
    params = call.params
    if call.problem or set(params) != {"grant_type", "client_id", "client_secret", "scope"}:
        raise oauth("invalid_request", "invalid parameters")
    if params["grant_type"] != "client_credentials":
        raise oauth("unsupported_grant_type", "The grant type is not supported")
    if params["scope"] != "smartapp_snsapi_base":
        raise oauth("invalid_scope", "The requested scope is invalid")
    if provider.services.owner_of_key(params["client_id"]) is None:
        raise oauth("invalid_client", "unknown client id")
    token = provider.services.token(params["client_id"], params["client_secret"])
    if token is None:
        raise oauth("invalid_client", "Client authentication failed")
    unused = dict.fromkeys(("refresh_token", "session_key", "session_secret"), "sandbox-unused")
    return {"access_token": token, "expires_in": TOKEN_LIFE, "scope": params["scope"], **unused}


def _serve(provider: Provider, call: Call) -> Mapping[str, Any]:
    if call.token is None:
        raise gateway(100)
    app = subject(provider, call)
    if app is None:
        raise gateway(110)
    if provider.services.tokens.standing(call.token) is not Standing.VALID:
        raise gateway(111)
    if call.problem:
        raise _no(2002, call.problem.body["msg"])
    return HANDLERS[call.operation](provider, app, call.params)


def _check(operation: str, app: App, params: Mapping[str, str]) -> None:
    needed = _NEEDED[operation]
    if missing := sorted(name for name in needed if not params.get(name)):
        raise _no(2002, f"{missing[0]} is missing")
    if unknown := sorted(params.keys() - needed - _ALLOWED.get(operation, set())):
        raise _no(2002, f"unknown parameter {unknown[0]}")
    if params["app_id"] != app.id:
        raise _no(6001, "app_id is another app's")


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]] | None:
    """Give a list of objects; `None` if it is none."""
    several = list(cast("list[object]", value)) if isinstance(value, list) else [None]
    found = [cast("dict[str, Any]", one) for one in several if isinstance(one, dict)]
    return found if len(found) == len(several) else None


def _is_text(value: object, longest: int | None = None) -> bool:
    return isinstance(value, str) and bool(value) and (longest is None or len(value) <= longest)


# --- messages and feeds (seed 003 §§ 1 to 3) ------------------------------------------------------------------------


def push_message(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Send a message to some users."""
    _check("push_message", app, params)
    ids = params["swan_ids"].split(",")
    if len(ids) > 100 or not all(ids):  # noqa: PLR2004 - the seed's own limit
        raise _no(2003, "swan_ids are 1 to 100")
    return _send(provider, app, "push_message", params)


def broadcast_message(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Send a message to all users."""
    _check("broadcast_message", app, params)
    return _send(provider, app, "broadcast_message", params)


def _send(provider: Provider, app: App, operation: str, params: Mapping[str, str]) -> Mapping[str, Any]:
    if params["type"] != "21":
        raise _no(2003, "type is 21")
    if not _is_content(_json(params["content"])):
        raise _no(30010002, "content")
    if not provider.services.use_message(app.id):
        raise _no(116001)
    provider.services.sent.append(HandedIn(operation, app.id, params))
    return {"data": {"msg_key": 123456789 + len(provider.services.sent)}}


def _is_content(value: object) -> bool:
    content = _object(value)
    keywords = _objects(content.get("keywords"))
    if set(content) != {"title", "first", "keywords"} or not _is_text(content["title"]) or keywords is None:
        return False
    return _is_line(_object(content["first"]), {"value"}) and all(_is_line(one, {"name", "value"}) for one in keywords)


def _is_line(line: Mapping[str, Any], names: set[str]) -> bool:
    return set(line) == names and all(_is_text(text) for text in line.values())


def submit_feed_cards(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Take cards for a feed."""
    _check("submit_feed_cards", app, params)
    longest = _TITLES.get(params["templete_type"])
    if params["recommend_type"] != "3" or longest is None:
        raise _no(2002, "recommend_type is 3, templete_type 1 or 2")
    if not _is_text(params["mcard_title"], 10):
        raise _no(2002, "mcard_title has at most 10 characters")
    cards = _objects(_json(params["scard_list"])) or []
    needed = _CARD | {"scard_desc"} if params["templete_type"] == "1" else _CARD
    if not 5 <= len(cards) <= 9 or not all(_is_card(card, needed, longest) for card in cards):  # noqa: PLR2004 - as above
        raise _no(2002, "scard_list")
    provider.services.sent.append(HandedIn("submit_feed_cards", app.id, params))
    return {"data": ""}


def _is_card(card: Mapping[str, Any], needed: set[str], longest: int) -> bool:
    limits = {"scard_title": longest, "scard_desc": 20, "img_url": 500, "path_url": 500}
    texts = all(name in limits and _is_text(value, limits[name]) for name, value in card.items())
    return texts and card.keys() >= needed


# --- materials and sitemaps (seed 003 §§ 4 to 7) --------------------------------------------------------------------


def submit_material(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Take a material; one with the same path is replaced."""
    _check("submit_material", app, params)
    images, ext = _json(params["images"]), _json(params.get("ext", "{}"))
    several = cast("list[object]", images) if isinstance(images, list) else []
    if not several or not all(map(_is_text, several)):
        raise _no(2002, "images")
    if not isinstance(ext, dict):
        raise _no(2002, "ext")
    if params["mapp_sub_type"] not in _SUB_TYPES.get(params["mapp_type"], ()):
        raise _no(2002, "mapp_type, mapp_sub_type")
    provider.services.materials[app.id][params["path"]] = params
    return {"data": ""}


def delete_material(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Drop a material; no code is documented for one that isn't there."""
    _check("delete_material", app, params)
    provider.services.materials[app.id].pop(params["path"], None)
    return {"data": ""}


def submit_sitemap(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Take a sitemap's address; nothing is fetched."""
    _check("submit_sitemap", app, params)
    if params["type"] not in {"0", "1"} or params["frequency"] not in {"1", "2", "3", "4", "5", "6"}:
        raise _no(2002, "type is 0 or 1, frequency 1 to 6")
    if not params["url"].startswith(("https://", "http://")):
        raise _no(2002, "url")
    provider.services.sitemaps[app.id][params["url"]] = params
    return {"data": ""}


def delete_sitemap(provider: Provider, app: App, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Drop a sitemap; no code is documented for one that isn't there."""
    _check("delete_sitemap", app, params)
    provider.services.sitemaps[app.id].pop(params["url"], None)
    return {"data": ""}


MATERIAL_HANDLERS: Final[Mapping[str, Handler]] = {
    "submit_material": submit_material,
    "delete_material": delete_material,
    "submit_sitemap": submit_sitemap,
    "delete_sitemap": delete_sitemap,
}
HANDLERS: Final[Mapping[str, Handler]] = {
    "push_message": push_message,
    "broadcast_message": broadcast_message,
    "submit_feed_cards": submit_feed_cards,
    **MATERIAL_HANDLERS,
}
_COMPONENT: Final = (
    COMPONENT_MATERIALS.submit_material,
    COMPONENT_MATERIALS.delete_material,
    COMPONENT_MATERIALS.submit_sitemap,
    COMPONENT_MATERIALS.delete_sitemap,
)
_PATHS: Final = {endpoint.name: endpoint.path for endpoint in (DEVELOPER_TOKEN, *ENDPOINTS)} | OWN_PATHS
ROUTES: Final[Mapping[str, Route]] = {
    **routes([one for one in _COMPONENT if isinstance(one, Endpoint)], MATERIAL_HANDLERS),
    **{path: DeveloperRoute("POST", (name,)) for name, path in _PATHS.items()},
}
