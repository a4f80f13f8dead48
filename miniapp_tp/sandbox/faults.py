"""What goes wrong on request: the kinds of faults, who gets them, and what was injected so far."""

from __future__ import annotations

import math
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from hashlib import blake2b
from typing import Any, Final

from attrs import define, field, frozen

from miniapp_tp.errors import InvalidArgument

PROVIDERS: Final = ("baidu", "kuaishou")

_RECORDED: Final = 10_000
_UNIT: Final = 2.0**32


class Fault(Enum):
    """What can go wrong.

    The first ten hit single requests. The last four are permanent: they hold until they are cleared. With an operation
    on tokens each says what it says elsewhere, in the shapes of that operation.
    """

    LATENCY = "latency"
    """The change is made, the answer comes late."""
    HTML_5XX = "html_5xx"
    """HTTP 502 with a page of a proxy. Nothing is changed."""
    RATE_LIMITED = "rate_limited"
    """Baidu `error_code` 18, Kuaishou `result` 100200410. Nothing is changed."""
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - the name of a fault
    """Baidu `error_code` 111, Kuaishou `result` 100200108. Nothing is changed. With an operation on tokens it is the
    component's token that has expired, or the ticket."""
    CUT_BEFORE = "cut_before"
    """The connection is cut without an answer. Nothing is changed."""
    CUT_AFTER = "cut_after"
    """The change is made, then the connection is cut without an answer."""
    TRUNCATED = "truncated"
    """The change is made, then the connection is closed in the middle of the answer's body."""
    HTML_AFTER = "html_after"
    """The change is made, then HTTP 502 with a page of a proxy. By order only, or where `Faults.kinds` names it."""
    ODD_STATUS = "odd_status"
    """The change is made and the answer is right, but with HTTP 500. As rare as the one before."""
    ODD_TEXT = "odd_text"
    """Of `exchange_code` and `refresh_grant`: the pair is there, beside Baidu's `error_code` 2 or Kuaishou's `result`
    100200500. As rare as the one before."""
    REVOKED = "revoked"
    """The merchant took the grant back: Baidu `errno` 50032 (`invalid_grant` to an exchange or refresh), Kuaishou
    `result` 100200109. `Provider.revoke` does it in earnest."""
    FORBIDDEN = "forbidden"
    """The grant lacks the permission: Baidu `errno` 6001, Kuaishou `result` 100200106. Tokens it has all the same."""
    QUOTA = "quota"
    """No edit is left: Baidu `errno` 470011, 470012 and 47004 to 47007. Kuaishou publishes no code for it."""
    IP_NOT_LISTED = "ip_not_listed"
    """The caller's address isn't on the component's list: Baidu `errno` 40008 (to an exchange or refresh `error_code`
    5), whatever the app."""


PERMANENT: Final = frozenset({Fault.REVOKED, Fault.FORBIDDEN, Fault.QUOTA, Fault.IP_NOT_LISTED})
"""What holds until it is cleared."""
UNPUBLISHED: Final = {"kuaishou": frozenset({Fault.QUOTA, Fault.IP_NOT_LISTED}), "baidu": frozenset[Fault]()}
"""What a provider has no published code for, so that it can't be imitated."""
RARE: Final = frozenset({Fault.HTML_AFTER, Fault.ODD_STATUS, Fault.ODD_TEXT})
"""What happens only where it is asked for by name."""
TRANSIENT: Final = tuple(fault for fault in Fault if fault not in PERMANENT | RARE)
"""What hits single requests, unless others are asked for."""
PAIRS: Final = frozenset({"exchange_code", "refresh_grant"})
"""The operations that hand out an app's tokens."""
OF_COMPONENT: Final = frozenset({"start_ticket_push", "get_component_token", "get_pre_auth_code", "missed_events"})
"""The operations on tokens that are about no app."""
OF_TOKENS: Final = PAIRS | OF_COMPONENT | {"recover_code"}
"""The operations on tokens."""
LIMITED: Final = frozenset(
    {
        "set_server_domain",
        "set_webview_domain",
        "set_name",
        "set_name_with_qualifications",
        "set_icon",
        "set_description",
        "set_categories",
    }
)
"""The operations of which an app may have no edit left."""
OF_KEYS: Final = "get_developer_token"
"""The operation by which a mini app's own keys give a token, without any token."""


def can_hit(fault: Fault, operation: str) -> bool:
    """Tell whether a fault makes sense with an operation."""
    match fault:
        case Fault.QUOTA:
            return operation in LIMITED
        case Fault.EXPIRED_TOKEN:
            return operation != OF_KEYS
        case Fault.FORBIDDEN:
            return operation not in OF_TOKENS | {OF_KEYS}
        case Fault.REVOKED:
            return operation not in OF_COMPONENT | {OF_KEYS, "upload_image"}
        case Fault.ODD_TEXT:
            return operation in PAIRS
        case _:
            return True


def _known(kinds: Iterable[Fault]) -> tuple[Fault, ...]:
    given = tuple(kinds)
    if not given or not PERMANENT.isdisjoint(given):
        message = "kinds name at least one fault, none of them permanent; those are given to apps, by permanent=…"
        raise InvalidArgument(message)
    return given


@frozen
class Faults:
    """Faults by rate. What hits whom follows from the seed alone, not from the order in which requests arrive.

    Attributes:
        rate: The share of requests that a fault hits, between 0 and 1.
        kinds: Which faults; each is as likely as the others.
        seed: Another one, other victims.
        permanent: The share of each provider's apps that have a permanent fault (`REVOKED`, `FORBIDDEN` or `QUOTA`
            in turn) from the start, rounded up.
        latency: Seconds that `LATENCY` takes.
        rotate: Whether `EXPIRED_TOKEN` really ends the token, so that it stays refused; an app gets another.
    """

    rate: float = 0.0
    kinds: tuple[Fault, ...] = field(default=TRANSIENT, converter=_known, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    permanent: float = field(default=0.0, kw_only=True)
    latency: float = field(default=0.05, kw_only=True)
    rotate: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check the shares."""
        if not (0 <= self.rate <= 1 and 0 <= self.permanent <= 1):
            message = f"rate and permanent are shares between 0 and 1, not {self.rate} and {self.permanent}"
            raise InvalidArgument(message)

    def strike(self, provider: str, app: str, operation: str, turn: int) -> Fault | None:
        """Tell what hits an app's call of an operation, the first being turn 1."""
        if not self.rate:
            return None
        text = f"{self.seed} {provider} {app} {operation} {turn}".encode()
        digest = blake2b(text, digest_size=8).digest()
        if int.from_bytes(digest[:4], "big") / _UNIT >= self.rate:
            return None
        return self.kinds[int.from_bytes(digest[4:], "big") % len(self.kinds)]

    def afflicted(self, provider: str, apps: Iterable[str]) -> dict[str, Fault]:
        """Choose the apps that have a permanent fault from the start, and which."""
        ids = list(apps)
        kinds = [kind for kind in (Fault.REVOKED, Fault.FORBIDDEN, Fault.QUOTA) if kind not in UNPUBLISHED[provider]]
        dice = random.Random(f"{self.seed} {provider}")  # noqa: S311 - a repeatable choice, no secret
        chosen = sorted(dice.sample(ids, math.ceil(len(ids) * self.permanent)))
        return {app: kinds[place % len(kinds)] for place, app in enumerate(chosen)}


@frozen
class Hit:
    """A fault that a request gets."""

    fault: Fault
    seconds: float = 0.0
    rotate: bool = False


@frozen
class Injected:
    """The record of a fault that a request got; `at` is in seconds of the sandbox's clock."""

    provider: str
    app: str | None
    operation: str
    fault: Fault
    at: float

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        place = {"provider": self.provider, "app": self.app, "operation": self.operation}
        return {**place, "fault": self.fault.value, "at": self.at}


@define
class Order:
    """A fault that was asked for."""

    hit: Hit
    app: str | None
    operation: str | None
    left: int | None

    def concerns(self, operation: str) -> bool:
        """Tell whether it hits an operation."""
        return self.operation in {None, operation} and can_hit(self.hit.fault, operation)

    def matches(self, fault: Fault | None, app: str | None) -> bool:
        """Tell whether it is (one of those) spoken of; `None` speaks of all."""
        return fault in {None, self.hit.fault} and app in {None, self.app}


Times = Mapping[str, dict[str, int]]


def _orders() -> dict[str, dict[str | None, list[Order]]]:
    return {provider: {} for provider in PROVIDERS}


@define
class FaultBook:
    """What was asked for, and what became of it.

    Attributes:
        rates: The faults by rate.
        clock: Tells the time in seconds.
        recent: The last faults injected.
    """

    rates: Faults
    clock: Callable[[], float]
    recent: deque[Injected] = field(factory=lambda: deque[Injected](maxlen=_RECORDED))
    _orders: dict[str, dict[str | None, list[Order]]] = field(factory=_orders)
    _counts: Counter[tuple[str, Fault]] = field(factory=Counter[tuple[str, Fault]])

    def order(self, provider: str, order: Order) -> None:
        """Take an order."""
        self._orders[provider].setdefault(order.app, []).append(order)

    def clear(self, provider: str, fault: Fault | None = None, app: str | None = None) -> None:
        """Drop the orders spoken of. Rates stay."""
        for orders in self._orders[provider].values():
            orders[:] = [order for order in orders if not order.matches(fault, app)]

    def draw(self, provider: str, operation: str, app: str | None, *, turn: int) -> Hit | None:
        """Tell what hits a request, and write it down. What was asked for goes before the rates."""
        hit = self._ordered(provider, app, operation) or self._by_rate(provider, app, operation, turn)
        if hit is not None:
            self.note(provider, operation, app, hit)
        return hit

    def note(self, provider: str, operation: str, app: str | None, hit: Hit) -> None:
        """Write down what hits a request."""
        self._counts[provider, hit.fault] += 1
        self.recent.append(Injected(provider, app, operation, hit.fault, self.clock()))

    def _ordered(self, provider: str, app: str | None, operation: str) -> Hit | None:
        by_app = self._orders[provider]
        if not by_app:
            return None
        for orders in (by_app.get(app, ()), by_app.get(None, ()) if app is not None else ()):
            for order in orders:
                if order.concerns(operation):
                    return self._taken(provider, order)
        return None

    def _taken(self, provider: str, order: Order) -> Hit:
        if order.left is not None:
            order.left -= 1
            if not order.left:
                self._orders[provider][order.app].remove(order)
        return order.hit

    def _by_rate(self, provider: str, app: str | None, operation: str, turn: int) -> Hit | None:
        fault = self.rates.strike(provider, app, operation, turn) if app is not None else None
        return Hit(fault, self.rates.latency, self.rates.rotate) if fault and can_hit(fault, operation) else None

    def counts(self) -> Times:
        """Count the faults injected, by provider and kind."""
        found: dict[str, dict[str, int]] = {provider: {} for provider in PROVIDERS}
        for (provider, fault), times in sorted(self._counts.items(), key=lambda item: item[0][1].value):
            found[provider][fault.value] = times
        return found

    def permanent(self) -> Mapping[str, dict[str, list[str]]]:
        """List which app has which permanent fault; the key `*` stands for a whole provider."""
        return {provider: _permanent(orders.values()) for provider, orders in self._orders.items()}


def _permanent(orders: Iterable[list[Order]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for order in (order for several in orders for order in several):
        if order.hit.fault in PERMANENT:
            found.setdefault(order.app or "*", []).append(order.hit.fault.value)
    return found
