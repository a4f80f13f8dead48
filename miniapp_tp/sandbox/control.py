"""Control over HTTP, for a sandbox that runs in another process. All of it is JSON.

| request | does |
|---|---|
| `GET /_sandbox/apps` | tells, by provider, the `component` and the `tokens` by app id |
| `GET /_sandbox/report` | tells what was injected, called and edited: `Sandbox.report()` |
| `GET /_sandbox/state?provider=baidu&app=15000001` | tells all about an app, its `calls` by operation included |
| `GET /_sandbox/grants` | tells, by provider and app, whether it is granted, its newest tokens and what was `spent` |
| `GET /_sandbox/pushes` | tells the `counts` of pushed messages by provider and fate, and the last thousand, `recent` |
| `GET /_sandbox/developer` | tells the `credentials` of Baidu's apps, and the unpublished `paths` of services |
| `POST /_sandbox/faults` | orders a fault, or drops what was ordered |
| `POST /_sandbox/grants` | does what a provider or a merchant does of itself, or moves the clock |
| `POST /_sandbox/pushes` | pushes a message, or tells where messages go, how they are repeated and how reviews end |

The body that orders a fault is an object. `do` is `inject` or `clear`; the others are the arguments of
`Sandbox.inject` and `Sandbox.clear`, with the fault by its value:

```json
{"do": "inject", "fault": "expired_token", "provider": "baidu", "app": "15000001", "times": 2, "rotate": true}
{"do": "clear", "provider": "baidu"}
```

That about grants is one as well, with the arguments of the method of `Provider` (or `Sandbox.advance`) that `do` names:

```json
{"do": "issue_ticket", "provider": "baidu"}
{"do": "authorize", "provider": "baidu", "app": "15000001", "permissions": ["开发管理权限"], "code_life": 60}
{"do": "revoke", "provider": "kuaishou", "app": "ks600000000000000001"}
{"do": "expire_tokens", "provider": "baidu"}
{"do": "advance", "seconds": 3600}
```

And so is that about pushes, with the arguments of the method of `Pushes` that `do` names, and those of `Sending`; or
`do` is `rules`, with `push_to` and those of `PushRules` that are to change:

```json
{"do": "rules", "push_to": ["http://127.0.0.1:8000/push"], "repeats": 5, "pause": 0.2, "tickets": 600}
{"do": "ticket", "provider": "baidu"}
{"do": "authorized", "provider": "baidu", "app": "15000001", "permissions": ["开发管理权限"], "updated": false}
{"do": "unauthorized", "provider": "kuaishou", "app": "ks600000000000000001", "delay": 2.5}
{"do": "audit", "provider": "baidu", "app": "15000005", "subject": "name", "passed": false, "reason": "名称过长"}
{"do": "status", "provider": "baidu", "app": "15000001", "name": "APP_SERVER_PAUSE", "again": 3}
{"do": "event", "provider": "baidu", "name": "APP_NAME_CLEAR", "fields": {"reason": "…"}, "manner": "forged"}
```

`verdict` takes the arguments of `Reviewer.decide` and of `Verdict` instead: how reviews end that the component begins.
`passed` is `null` if they don't end yet:

```json
{"do": "verdict", "provider": "baidu", "passed": false, "reason": "名称过长", "subject": "name", "app": "15000001"}
{"do": "verdict", "provider": "baidu", "passed": null}
```

All answer `{"ok": true}`, beside it the `ticket`, the `authorization_code` or the `id` of what is pushed, or with
status 400 `{"error": "…"}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import asdict

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.sandbox.developer import OWN_PATHS
from miniapp_tp.sandbox.exchange import Reply, Request, json_reply
from miniapp_tp.sandbox.faults import PROVIDERS, Fault
from miniapp_tp.sandbox.push_orders import push_order, recent_pushes

if TYPE_CHECKING:
    from collections.abc import Collection

    from miniapp_tp.sandbox.provider import Provider
    from miniapp_tp.sandbox.world import World

PREFIX: Final = "/_sandbox/"

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "provider": (str, type(None)),
    "app": (str, type(None)),
    "operation": (str, type(None)),
    "times": (int, type(None)),
    "seconds": (int, float),
    "rotate": (bool,),
    "permissions": (list, type(None)),
    "code_life": (int, float),
}
_CLEARS: Final = frozenset({"provider", "app"})
_INJECTS: Final = frozenset({"provider", "app", "operation", "times", "seconds", "rotate"})
_DOES: Final = {
    "issue_ticket": ({"provider"}, frozenset[str]()),
    "authorize": ({"provider", "app"}, frozenset({"permissions", "code_life"})),
    "revoke": ({"provider", "app"}, frozenset[str]()),
    "expire_tokens": ({"provider"}, frozenset({"app"})),
    "advance": ({"seconds"}, frozenset[str]()),
}
"""What may be done, with the arguments that it needs and those that it may have."""


def control(world: World, request: Request) -> Reply:
    """Answer a request for control."""
    handler = _HANDLERS.get((request.method, request.path.removeprefix(PREFIX)))
    if handler is None:
        return json_reply({"error": "no such control; see miniapp_tp.sandbox.control"}, status=404)
    try:
        return json_reply(handler(world, request))
    except InvalidArgument as error:
        return json_reply({"error": str(error)}, status=400)


def _apps(world: World, _request: Request) -> dict[str, Any]:
    providers = {name: world.provider(name) for name in PROVIDERS}
    return {name: {"component": one.component, "tokens": dict(one.tokens)} for name, one in providers.items()}


def _report(world: World, _request: Request) -> dict[str, Any]:
    return world.report()


def _state(world: World, request: Request) -> dict[str, Any]:
    query = dict(request.query)
    provider, app = query.get("provider", ""), query.get("app", "")
    state = world.app(provider, app).as_dict()
    calls = {called[1]: times for called, times in world.calls.items() if called[::2] == (provider, app)}
    return {**state, "calls": calls}


def _faults(world: World, request: Request) -> dict[str, Any]:
    order = _order(request)
    do = order.pop("do", None)
    fault = _fault(order.pop("fault", None))
    _check(order, _INJECTS if do == "inject" else _CLEARS)
    match do, fault:
        case "inject", Fault():
            world.inject(fault, **order)
        case "clear", _:
            world.clear(fault, **order)
        case _:
            raise _invalid("do is inject (with a fault) or clear")
    return {"ok": True}


def _grants(world: World, _request: Request) -> dict[str, Any]:
    return {name: _told(world.provider(name)) for name in PROVIDERS}


def _told(provider: Provider) -> dict[str, Any]:
    with provider.lock:
        return {
            app: {
                "granted": one.granted,
                "access_token": provider.tokens.get(app),
                "refresh_token": provider.refresh_tokens.get(app),
                "spent": asdict(provider.spent[app]),
            }
            for app, one in provider.apps.items()
        }


def _developer(world: World, _request: Request) -> dict[str, Any]:
    return {"credentials": world.developer.credentials, "paths": OWN_PATHS}


def _do(world: World, request: Request) -> dict[str, Any]:
    order = {name: value for name, value in _order(request).items() if value is not None}
    do = str(order.pop("do", ""))
    if do not in _DOES:
        raise _invalid(f"do is one of {', '.join(_DOES)}")
    needed, optional = _DOES[do]
    _check(order, needed | optional)
    if missing := sorted(needed - order.keys()):
        raise _invalid(f"{missing[0]} is missing")
    return {"ok": True, **_done(world, do, order)}


def _done(world: World, do: str, order: dict[str, Any]) -> dict[str, Any]:
    if do == "advance":
        world.advance(order["seconds"])
        return {}
    provider = world.provider(order.pop("provider"))
    match do:
        case "issue_ticket":
            return {"ticket": provider.issue_ticket()}
        case "authorize":
            return {"authorization_code": provider.authorize(order.pop("app"), **order)}
        case "revoke":
            provider.revoke(order["app"])
        case _:
            provider.expire_tokens(order.get("app"))
    return {}


def _pushes(world: World, _request: Request) -> dict[str, Any]:
    return recent_pushes(world)


def _push(world: World, request: Request) -> dict[str, Any]:
    return {"ok": True, **push_order(world, _order(request))}


def _check(order: dict[str, Any], known: Collection[str]) -> None:
    wrong = [name for name, value in order.items() if name not in known or not isinstance(value, _TYPES[name])]
    if wrong:
        raise _invalid(f"{wrong[0]} isn't known, or its value isn't of the right type")


def _order(request: Request) -> dict[str, Any]:
    try:
        order: Any = json.loads(request.body)
    except ValueError:
        raise _invalid("the body is no JSON") from None
    if not isinstance(order, dict):
        raise _invalid("the body is no object")
    return cast("dict[str, Any]", order)


def _fault(value: object) -> Fault | None:
    if value is None:
        return None
    try:
        return Fault(value)
    except ValueError:
        raise _invalid(f"fault is one of {', '.join(fault.value for fault in Fault)}") from None


def _invalid(message: str) -> InvalidArgument:
    return InvalidArgument(message)


_HANDLERS: Final = {
    ("GET", "apps"): _apps,
    ("GET", "report"): _report,
    ("GET", "state"): _state,
    ("GET", "grants"): _grants,
    ("GET", "pushes"): _pushes,
    ("GET", "developer"): _developer,
    ("POST", "faults"): _faults,
    ("POST", "pushes"): _push,
    ("POST", "grants"): _do,
}
