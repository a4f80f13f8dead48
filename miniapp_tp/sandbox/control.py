"""Control over HTTP, for a sandbox that runs in another process. All of it is JSON.

| request | does |
|---|---|
| `GET /_sandbox/apps` | tells, by provider, the `component` and the `tokens` by app id |
| `GET /_sandbox/report` | tells what was injected, called and edited: `Sandbox.report()` |
| `GET /_sandbox/state?provider=baidu&app=15000001` | tells all about an app, its `calls` by operation included |
| `POST /_sandbox/faults` | orders a fault, or drops what was ordered |

The body of the last is an object. `do` is `inject` or `clear`; the others are the arguments of `Sandbox.inject` and
`Sandbox.clear`, with the fault by its value:

```json
{"do": "inject", "fault": "expired_token", "provider": "baidu", "app": "15000001", "times": 2, "rotate": true}
{"do": "clear", "provider": "baidu"}
```

It answers `{"ok": true}`, or with status 400 `{"error": "…"}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.sandbox.exchange import Reply, Request, json_reply
from miniapp_tp.sandbox.faults import PROVIDERS, Fault

if TYPE_CHECKING:
    from miniapp_tp.sandbox.world import World

PREFIX: Final = "/_sandbox/"

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "provider": (str, type(None)),
    "app": (str, type(None)),
    "operation": (str, type(None)),
    "times": (int, type(None)),
    "seconds": (int, float),
    "rotate": (bool,),
}
_CLEARS: Final = frozenset({"provider", "app"})


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
    known = _TYPES.keys() if do == "inject" else _CLEARS
    wrong = [name for name, value in order.items() if name not in known or not isinstance(value, _TYPES[name])]
    if wrong:
        raise _invalid(f"{wrong[0]} isn't known, or its value isn't of the right type")
    match do, fault:
        case "inject", Fault():
            world.inject(fault, **order)
        case "clear", _:
            world.clear(fault, **order)
        case _:
            raise _invalid("do is inject (with a fault) or clear")
    return {"ok": True}


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
    ("POST", "faults"): _faults,
}
