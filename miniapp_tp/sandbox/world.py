"""Both providers without a network: a request in, an answer out, and everything counted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from attrs import evolve

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.sandbox import baidu, kuaishou
from miniapp_tp.sandbox.clock import Clock
from miniapp_tp.sandbox.exchange import Answer, Call, Delivery, Reply, Request, Route, html_reply
from miniapp_tp.sandbox.faults import PERMANENT, PROVIDERS, UNPUBLISHED, Fault, FaultBook, Faults, Hit, Order
from miniapp_tp.sandbox.outbox import Addresses, Outbox
from miniapp_tp.sandbox.provider import Provider
from miniapp_tp.sandbox.register import Standing
from miniapp_tp.sandbox.taken import Taken

if TYPE_CHECKING:
    from miniapp_tp.sandbox.grants import Terms
    from miniapp_tp.sandbox.state import App

Apps = int | Iterable[str] | Mapping[str, "int | Iterable[str]"]
"""How many apps each provider has, or their ids, or one of these by provider."""


Called = tuple[str, str, str | None]
"""What calls are counted by: the provider, the operation, the app, or `None` if the token is nobody's."""


class Side(Protocol):
    """How a provider speaks. The modules `baidu` and `kuaishou` are the two that do."""

    @property
    def COMPONENT(self) -> str: ...  # noqa: N802, D102 - a module's constant

    @property
    def SECRET(self) -> str: ...  # noqa: N802, D102

    @property
    def TERMS(self) -> Terms: ...  # noqa: N802, D102

    def ids(self, count: int, /) -> Iterable[str]: ...  # noqa: D102
    def new_app(self, app: str, place: int, /) -> App: ...  # noqa: D102
    def route(self, provider: Provider, path: str, /) -> Route | None: ...  # noqa: D102
    def subject(self, provider: Provider, call: Call, /) -> App | None: ...  # noqa: D102
    def read(self, route: Route, request: Request, /) -> Call: ...  # noqa: D102
    def respond(self, provider: Provider, call: Call, fault: Fault | None, /) -> Reply: ...  # noqa: D102
    def unknown_path(self, provider: Provider, /) -> Reply: ...  # noqa: D102
    def html(self, provider: Provider, status: int, title: str, /) -> Reply: ...  # noqa: D102


_SIDES: Final[Mapping[str, Side]] = {"baidu": baidu, "kuaishou": kuaishou}
_PREFIXES: Final = {
    "/rest/": "baidu",
    "/public/": "baidu",
    "/file/": "baidu",
    "/oauth/": "baidu",
    "/openapi/": "kuaishou",
    "/mp/": "kuaishou",
}


class World:
    """The two imitated providers.

    Safe to use from several threads: while a request is being answered nothing else happens.

    Attributes:
        baidu: The imitated Baidu.
        kuaishou: The imitated Kuaishou.
        developer: Baidu's developer services: `.credentials`, and what was handed in.
        calls: The requests that reached an operation, refused and cut ones included.
        outbox: What is pushed, and how; `baidu.pushes` and `kuaishou.pushes` fill it.
    """

    def __init__(
        self,
        apps: Apps = 10,
        *,
        faults: Faults | None = None,
        registered: Iterable[str] = ("example.com",),
        edit_quota: int | None = None,
        per_second: int | None = None,
        clock: Callable[[], float] = time.time,
        push_to: Addresses = (),
    ) -> None:
        """Make both providers.

        Args:
            apps: How many apps each provider has, or their ids, or one of these by provider.
            faults: Faults by rate; none without.
            registered: The domains that are registered on the components, for server and webview alike.
            edit_quota: How often the server domains, and the webview domains, of each Baidu app may be changed;
                without limit if `None`.
            per_second: How many requests each provider takes in any second; more are answered as `RATE_LIMITED` is.
            clock: Tells the time in seconds; `advance` moves it on.
            push_to: Where pushes go, as in `push_to`.
        """
        self.outbox = Outbox()
        self.push_to(push_to)
        self._lock = threading.RLock()
        self._clock = Clock(clock)
        self._providers = {name: self._provider(name, apps, tuple(registered)) for name in PROVIDERS}
        self.baidu = self._providers["baidu"]
        self.kuaishou = self._providers["kuaishou"]
        self.developer = self.baidu.services
        self.calls: Counter[Called] = Counter()
        self._taken = {name: Taken(per_second, self._clock) for name in PROVIDERS}
        rates = faults or Faults()
        self._faults = FaultBook(rates, self._clock)
        for name, provider in self._providers.items():
            for app, fault in rates.afflicted(name, provider.apps).items():
                self.inject(fault, provider=name, app=app)
        if edit_quota is not None:
            for one in self.baidu.apps.values():
                one.edits_left |= {"set_server_domain": edit_quota, "set_webview_domain": edit_quota}

    def answer(self, request: Request) -> Answer:
        """Do what a request asks for, or what a fault makes of it."""
        name = self._name_at(request.path)
        if name is None:
            return Answer(html_reply(404, "Not Found"))
        with self._lock:
            provider, side = self._providers[name], _SIDES[name]
            provider.requests += 1
            route = side.route(provider, request.path)
            if route is None:
                return Answer(side.unknown_path(provider))
            if not route.takes(request.method):
                return Answer(side.html(provider, 405, "Method Not Allowed"))
            call = side.read(route, request)
            return _answer(side, provider, call, self._hit(provider, call, side.subject(provider, call)))

    def _name_at(self, path: str) -> str | None:
        if path == self.kuaishou.rules.refresh_path:
            return "kuaishou"
        return next((name for prefix, name in _PREFIXES.items() if path.startswith(prefix)), None)

    def _hit(self, provider: Provider, call: Call, app: App | None) -> Hit | None:
        called = (provider.name, call.operation, app.id if app else None)
        self.calls[called] += 1
        if self._taken[provider.name].is_too_much():
            refused = Hit(Fault.RATE_LIMITED)
            self._faults.note(*called, refused)
            return refused
        hit = self._faults.draw(*called, turn=self.calls[called])
        if hit and hit.rotate and hit.fault is Fault.EXPIRED_TOKEN:
            _end_token(provider, call, app)
        return hit

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock on: what lives that long at most has expired then."""
        with self._lock:
            self._clock.advance(seconds)

    def _provider(self, name: str, apps: Apps, registered: tuple[str, ...]) -> Provider:
        side = _SIDES[name]
        return Provider(
            name=name,
            component=side.COMPONENT,
            secret=side.SECRET,
            terms=side.TERMS,
            make=side.new_app,
            apps={app: side.new_app(app, place) for place, app in enumerate(_ids(name, apps))},
            server_domains=registered,
            webview_domains=registered,
            clock=self._clock,
            lock=self._lock,
            outbox=self.outbox,
        )

    def push_to(self, addresses: Addresses) -> None:
        """Say where pushes go from now on.

        Args:
            addresses: Where `/baidu` and `/kuaishou` are, as `http://127.0.0.1:8000/push`; several are taken in turn,
                as by what distributes requests among processes. Or the whole addresses by provider.

        Raises:
            InvalidArgument: No such address.
        """
        self.outbox.send_to(addresses, PROVIDERS)

    def push_tickets(self) -> None:
        """Push the tickets that are due by the clock: Kuaishou's only once they were asked for."""
        for name, provider in self._providers.items():
            if self.outbox.goes_somewhere(name) and (name == "baidu" or provider.ticket_push_started):
                provider.pushes.ticket()

    def provider(self, name: str) -> Provider:
        """Give a provider by its name.

        Raises:
            InvalidArgument: There is no such provider.
        """
        if name not in self._providers:
            message = f"there is no provider {name!r}; there are {', '.join(self._providers)}"
            raise InvalidArgument(message)
        return self._providers[name]

    def app(self, provider: str, app: str) -> App:
        """Give an app.

        Raises:
            InvalidArgument: There is no such app.
        """
        apps = self.provider(provider).apps
        if app not in apps:
            message = f"{provider} has no app {app!r}"
            raise InvalidArgument(message)
        return apps[app]

    def inject(
        self,
        fault: Fault,
        *,
        provider: str | None = None,
        app: str | None = None,
        operation: str | None = None,
        times: int | None = 1,
        seconds: float = 0.05,
        rotate: bool = False,
    ) -> None:
        """Order a fault.

        Args:
            fault: What goes wrong.
            provider: Where; at all that can have it, if `None`.
            app: For which app; for any, if `None`.
            operation: For which operation (`get_info`, `set_server_domain`, …); for any, if `None`.
            times: For how many requests; for all until `clear`, if `None`. Permanent faults always hold until `clear`.
            seconds: How long `LATENCY` takes.
            rotate: Whether `EXPIRED_TOKEN` really ends the token: an app is given another, the component must ask.

        Raises:
            InvalidArgument: The provider publishes no code for it, or there is no such provider or app, or `times`
                isn't positive.
        """
        left = None if fault in PERMANENT else times
        if left is not None and left < 1:
            message = f"times is a positive number or None, not {times}"
            raise InvalidArgument(message)
        if app is not None and fault is Fault.IP_NOT_LISTED:
            message = "an address that isn't listed is refused whatever the app: leave app out"
            raise InvalidArgument(message)
        for name in self._suffering(fault, provider, app):
            with self._lock:
                self._faults.order(name, Order(Hit(fault, seconds, rotate), app, operation, left))

    def _suffering(self, fault: Fault, provider: str | None, app: str | None) -> list[str]:
        names = [self.provider(provider).name] if provider is not None else list(PROVIDERS)
        able = [name for name in names if fault not in UNPUBLISHED[name]]
        having = [name for name in able if app is None or app in self._providers[name].apps]
        if not able:
            message = f"{provider} publishes no code for {fault.value}, so it can't be imitated"
            raise InvalidArgument(message)
        if not having:
            message = f"there is no app {app!r} at {' or '.join(able)}"
            raise InvalidArgument(message)
        return having

    def clear(self, fault: Fault | None = None, *, provider: str | None = None, app: str | None = None) -> None:
        """Drop what was ordered, all of it or what is named. Faults by rate stay."""
        for name in [self.provider(provider).name] if provider is not None else PROVIDERS:
            with self._lock:
                self._faults.clear(name, fault, app)

    def count(self, *, provider: str | None = None, operation: str | None = None, app: str | None = None) -> int:
        """Count the requests that reached an operation, all of them or those named."""
        wanted = (provider, operation, app)
        with self._lock:
            return sum(times for called, times in self.calls.items() if _agrees(called, wanted))

    def report(self) -> dict[str, Any]:
        """Tell what was injected and what was called, as JSON values.

        Returns:
            `injected`: faults by provider and kind; `permanent`: kinds by provider and app; `calls` and `edits`: by
            provider and operation; `recent`: the last faults, with time, app and operation.
        """
        with self._lock:
            calls: dict[str, Counter[str]] = {name: Counter() for name in PROVIDERS}
            for (name, operation, _), times in self.calls.items():
                calls[name][operation] += times
            edits = {name: _edits(provider.apps.values()) for name, provider in self._providers.items()}
            return {
                "injected": self._faults.counts(),
                "permanent": self._faults.permanent(),
                "calls": {name: dict(operations) for name, operations in calls.items()},
                "edits": {name: dict(operations) for name, operations in edits.items()},
                "recent": [injected.as_dict() for injected in self._faults.recent],
            }


def _agrees(called: Called, wanted: tuple[str | None, ...]) -> bool:
    return all(want is None or have == want for have, want in zip(called, wanted, strict=True))


def _edits(apps: Iterable[App]) -> Counter[str]:
    return sum((app.edits for app in apps), Counter[str]())


def _end_token(provider: Provider, call: Call, app: App | None) -> None:
    if call.for_developer:
        provider.services.tokens.void(call.token, Standing.EXPIRED)
    elif call.for_component:
        provider.component_tokens.void(call.token, Standing.EXPIRED)
    elif app:
        provider.rotate(app)


def _ids(name: str, apps: Apps) -> Iterable[str]:
    mine = cast("Mapping[str, int | Iterable[str]]", apps).get(name, 0) if isinstance(apps, Mapping) else apps
    if isinstance(mine, str):
        message = f"apps are a number or a list of ids, not {mine!r}"
        raise InvalidArgument(message)
    return _SIDES[name].ids(mine) if isinstance(mine, int) else mine


def _answer(side: Side, provider: Provider, call: Call, hit: Hit | None) -> Answer:
    match hit.fault if hit else None:
        case Fault.HTML_5XX:
            return Answer(side.html(provider, 502, "Bad Gateway"))
        case Fault.CUT_BEFORE:
            return Answer(side.html(provider, 502, "Bad Gateway"), Delivery.CUT)
        case fault:
            answer = Answer(side.respond(provider, call, fault))
            if fault is Fault.HTML_AFTER:
                return Answer(side.html(provider, 502, "Bad Gateway"))
            return _spoilt(answer, hit) if hit else answer


def _spoilt(answer: Answer, hit: Hit) -> Answer:
    match hit.fault:
        case Fault.ODD_STATUS:
            return evolve(answer, reply=evolve(answer.reply, status=500))
        case Fault.LATENCY:
            return evolve(answer, delay=hit.seconds)
        case Fault.CUT_AFTER:
            return evolve(answer, delivery=Delivery.CUT)
        case Fault.TRUNCATED:
            return evolve(answer, delivery=Delivery.TRUNCATED)
        case _:
            return answer
