"""Orders to push, as they come in over HTTP; `control` lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import fields

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.sandbox.outbox import Manner, PushRules, Sending
from miniapp_tp.sandbox.reviews import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from miniapp_tp.sandbox.provider import Provider
    from miniapp_tp.sandbox.world import World

_RECENT: Final = 1000
_NUMBER: Final = (int, float)
_SENDING: Final[dict[str, tuple[type, ...]]] = {"manner": (str,), "again": (int,), "delay": _NUMBER}
_RULES: Final[dict[str, tuple[type, ...]]] = {
    "push_to": (str, list, dict),
    "repeats": (int,),
    "pause": _NUMBER,
    "patience": _NUMBER,
    "tickets": (*_NUMBER, type(None)),
}
_TEXT: Final = (str,)
_VERDICT: Final = "verdict"
_PUSHES: Final[dict[str, dict[str, tuple[type, ...]]]] = {
    "ticket": {},
    "authorized": {"app": _TEXT, "permissions": (list,), "updated": (bool,)},
    "unauthorized": {"app": _TEXT},
    "audit": {"app": _TEXT, "subject": _TEXT, "passed": (bool,), "reason": _TEXT},
    "status": {"app": _TEXT, "name": _TEXT, "fields": (dict,)},
    "event": {"app": _TEXT, "name": _TEXT, "fields": (dict,)},
    _VERDICT: {"app": _TEXT, "subject": _TEXT, "passed": (bool, type(None)), "reason": _TEXT},
}
"""What may be pushed, or told about pushes to come, with the arguments that it takes."""
_NEEDED: Final = {
    "authorized": {"app"},
    "unauthorized": {"app"},
    "audit": {"app", "subject", "passed"},
    "status": {"app", "name"},
    "event": {"name"},
    _VERDICT: {"passed"},
}


def recent_pushes(world: World) -> dict[str, Any]:
    """Tell what became of the messages that were pushed."""
    return {
        "counts": world.outbox.counts(),
        "recent": [pushed.as_dict() for pushed in world.outbox.pushed[-_RECENT:]],
    }


def push_order(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Push what is ordered, tell how reviews end, or change the rules.

    Raises:
        InvalidArgument: No such order.
    """
    do = str(order.pop("do", ""))
    if do == "rules":
        _check(order, _RULES)
        return _ruled(world, order)
    if do not in _PUSHES:
        message = f"do is rules or one of {', '.join(_PUSHES)}"
        raise InvalidArgument(message)
    provider = world.provider(str(order.pop("provider", "")))
    sending = _sending({name: order.pop(name) for name in _SENDING if name in order})
    _check(order, _PUSHES[do])
    if missing := sorted(_NEEDED.get(do, set[str]()) - order.keys()):
        message = f"{missing[0]} is missing"
        raise InvalidArgument(message)
    if do == _VERDICT:
        return _decided(provider, order, sending)
    return {"id": getattr(provider.pushes, do)(**order, sending=sending).id}


def _decided(provider: Provider, order: dict[str, Any], sending: Sending) -> dict[str, Any]:
    passed, reason = order.pop("passed"), order.pop("reason", "")
    provider.reviewer.decide(None if passed is None else Verdict(passed, reason, sending), **order)
    return {}


def _ruled(world: World, order: dict[str, Any]) -> dict[str, Any]:
    if "push_to" in order:
        world.push_to(order.pop("push_to"))
    for rule in fields(PushRules):
        if rule.name in order:
            setattr(world.outbox.rules, rule.name, order[rule.name])
    return {}


def _sending(given: dict[str, Any]) -> Sending:
    _check(given, _SENDING)
    try:
        return Sending(Manner(given.pop("manner", Manner.TRUE.value)), **given)
    except ValueError:
        message = f"manner is one of {', '.join(manner.value for manner in Manner)}"
        raise InvalidArgument(message) from None


def _check(order: Mapping[str, Any], known: Mapping[str, tuple[type, ...]]) -> None:
    wrong = [name for name, value in order.items() if name not in known or not isinstance(value, known[name])]
    if wrong:
        message = f"{wrong[0]} isn't known, or its value isn't of the right type"
        raise InvalidArgument(message)
