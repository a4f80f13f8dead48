"""The main job, on a sandbox with faults: change and read thousands of apps, then check every one of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from miniapp_tp.bulk.each import each
from miniapp_tp.cli.language import say
from miniapp_tp.cli.sandbox_process import SandboxProcess, sandbox_process
from miniapp_tp.client.component import BaiduClient, KuaishouClient
from miniapp_tp.client.fleet import Fleet
from miniapp_tp.errors import MiniAppError
from miniapp_tp.models import SCHEMES, Failed, Outcome, ServerDomains, received_hosts
from miniapp_tp.sandbox import Fault
from miniapp_tp.transport.options import Options

if TYPE_CHECKING:
    from miniapp_tp.transport.hooks import Attempt

_LATE: Final = 1.5
_EXPECTED: Final = {
    Fault.REVOKED: "AuthorizationLost",
    Fault.FORBIDDEN: "PermissionDenied",
    Fault.QUOTA: "QuotaExhausted",
}
_CUT: Final = "cut"
_SEEN_AS: Final = {
    Fault.LATENCY: "latency",
    Fault.HTML_5XX: "html_5xx",
    Fault.RATE_LIMITED: "rate_limited",
    Fault.EXPIRED_TOKEN: "expired_token",
    # Whoever is cut off can't see where it happened.
    Fault.CUT_BEFORE: _CUT,
    Fault.CUT_AFTER: _CUT,
    Fault.TRUNCATED: _CUT,
    Fault.REVOKED: "revoked",
    Fault.FORBIDDEN: "forbidden",
    Fault.QUOTA: "quota",
}
_SEEN_BY: Final = {
    "ProviderUnavailable": "html_5xx",
    "RateLimited": "rate_limited",
    "CredentialRejected": "expired_token",
    "ConnectionLost": _CUT,
    "AuthorizationLost": "revoked",
    "PermissionDenied": "forbidden",
    "QuotaExhausted": "quota",
}
_UNLUCKY: Final = frozenset({"ProviderUnavailable", "RateLimited", "CredentialRejected", "ConnectionLost"})
"""What a call may come to that transient faults hit again and again."""
_WEBVIEW: Final = "webview"
Hosts = Mapping[str, tuple[str, ...]]
Method = Callable[[str], Awaitable[Any]]


@frozen
class DemoOptions:
    """How much the demo does.

    Attributes:
        apps: Apps per provider.
        concurrency: Calls at once.
        fault_rate: The share of requests that fail.
        permanent: The share of apps that always fail.
        seed: Chooses who is hit.
    """

    apps: int = 1000
    concurrency: int = 200
    fault_rate: float = 0.03
    permanent: float = 0.006
    seed: int = 7


@define
class Step:
    """What one operation over all apps came to.

    Attributes:
        operation: The name of the method.
        seconds: How long it took.
        done: The values, by app.
        failed: The errors, by app.
        times: How long each call took, in seconds.
    """

    operation: str
    seconds: float = 0.0
    done: dict[str, Any] = field(factory=dict[str, Any], repr=False)
    failed: dict[str, MiniAppError] = field(factory=dict[str, MiniAppError], repr=False)
    times: list[float] = field(factory=list[float], repr=False)

    def take(self, outcome: Outcome[tuple[Any, float]]) -> None:
        """Write down an outcome."""
        match outcome:
            case Failed(app, MiniAppError() as error):
                self.failed[app] = error
            case Failed(_app, error):
                raise error
            case _:
                value, seconds = outcome.value
                self.done[outcome.app] = value
                self.times.append(seconds)

    def percentile(self, share: float) -> float:
        """Give the time within which this share of the calls were done, in seconds."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def by_class(self) -> Counter[tuple[str, str]]:
        """Count the failures by error class and actor."""
        return Counter((type(error).__name__, error.actor.value) for error in self.failed.values())


@define
class Seen:
    """What the clients' hooks saw."""

    attempts: int = 0
    retried: Counter[str] = field(factory=Counter[str])
    faults: Counter[str] = field(factory=Counter[str])

    def __call__(self, attempt: Attempt) -> None:
        """Count one attempt."""
        self.attempts += 1
        self.retried[attempt.operation] += attempt.retry_in is not None
        if attempt.error is not None:
            self.faults[_SEEN_BY.get(attempt.error, attempt.error)] += 1
        elif attempt.elapsed >= _LATE:
            self.faults[_SEEN_AS[Fault.LATENCY]] += 1


@frozen
class DemoResult:
    """Everything there is to tell.

    Attributes:
        steps: The operations, in their order.
        seen: What the hooks saw.
        injected: The faults that the sandbox injected, by the name they are seen under.
        afflicted: The apps with a permanent fault, by qualified id.
        wrong: A sentence for each thing that isn't as it should be.
    """

    steps: tuple[Step, ...]
    seen: Seen
    injected: Counter[str]
    afflicted: Mapping[str, Fault]
    wrong: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether everything is as it should be."""
        return not self.wrong

    def as_dict(self) -> dict[str, Any]:
        """Give the result as JSON values."""
        return {
            "right": self.is_right,
            "wrong": list(self.wrong),
            "operations": [self._step(step) for step in self.steps],
            "faults": {kind: {"injected": self.injected[kind], "seen": self.seen.faults[kind]} for kind in self.kinds},
            "requests": self.seen.attempts,
        }

    @property
    def kinds(self) -> list[str]:
        """The kinds of faults that were injected or seen."""
        return sorted({*self.injected, *self.seen.faults})

    def _step(self, step: Step) -> dict[str, Any]:
        classes = [{"error": error, "actor": who, "apps": n} for (error, who), n in sorted(step.by_class().items())]
        return {
            "operation": step.operation,
            "done": len(step.done),
            "failed": classes,
            "retried": self.seen.retried[step.operation],
            "seconds": round(step.seconds, 3),
            "calls_per_second": round((len(step.done) + len(step.failed)) / step.seconds, 1),
            "p50": round(step.percentile(0.5), 4),
            "p99": round(step.percentile(0.99), 4),
        }


@define
class _FreshTokens:
    """The tokens of one provider's apps; a rejected one is asked for anew, as a service would ask its own store."""

    provider: str
    sandbox: SandboxProcess
    known: dict[str, str] = field(repr=False)

    async def get(self, app: str) -> str:
        return self.known[app]

    async def reject(self, app: str, token: str) -> None:
        if self.known[app] == token:
            state = await self.sandbox.ask("state", provider=self.provider, app=app)
            self.known[app] = state["token"]


async def run_demo(options: DemoOptions) -> DemoResult:
    """Start a sandbox, do the main job on it, and check everything.

    Args:
        options: How much of it.
    """
    arguments = {
        "--apps": options.apps,
        "--fault-rate": options.fault_rate,
        "--permanent": options.permanent,
        "--seed": options.seed,
        "--latency": _LATE,
    }
    words = [str(word) for pair in arguments.items() for word in pair]
    async with sandbox_process("--rotate", *words) as sandbox:
        seen = Seen()
        told = await sandbox.ask("apps")
        bounds = Options(concurrency=options.concurrency)
        baidu, kuaishou = (
            kind(
                told[name]["component"],
                tokens=_FreshTokens(name, sandbox, told[name]["tokens"]),
                base_url=sandbox.url,
                transport=sandbox.transport,
                options=bounds,
                hooks=[seen],
            )
            for name, kind in (("baidu", BaiduClient), ("kuaishou", KuaishouClient))
        )
        apps = [f"{name}:{app}" for name in ("baidu", "kuaishou") for app in told[name]["tokens"]]
        async with Fleet([baidu, kuaishou]) as fleet:
            steps = await _steps(fleet, apps, options.concurrency)
        stored = {app: await _stored(sandbox, app) for app in _unread(steps)}
        report = await sandbox.ask("report")
    afflicted = {
        f"{name}:{app}": Fault(kinds[0]) for name, those in report["permanent"].items() for app, kinds in those.items()
    }
    injected = Counter[str]()
    for kinds in report["injected"].values():
        for kind, times in kinds.items():
            injected[_SEEN_AS[Fault(kind)]] += times
    return DemoResult(steps, seen, injected, afflicted, tuple(_wrong(steps, afflicted, stored)))


def server_domains_for(app: str) -> ServerDomains:
    """Choose domains of its own for an app, so that a mix-up would show."""
    own = app.rpartition(":")[2]
    return ServerDomains(request=[f"api-{own}.example.com", "example.com"], socket=[f"ws-{own}.example.com"])


def webview_domains_for(app: str) -> tuple[str, ...]:
    """Choose webview domains of its own for an app."""
    return (f"h5-{app.rpartition(':')[2]}.example.com",)


async def _steps(fleet: Fleet, apps: list[str], concurrency: int) -> tuple[Step, ...]:
    methods: dict[str, Method] = {
        "set_server_domain": lambda app: fleet.set_server_domain(app, server_domains_for(app)),
        "set_webview_domain": lambda app: fleet.set_webview_domain(app, webview_domains_for(app)),
        "get_info": fleet.get_info,
        "get_server_domain": fleet.get_server_domain,
        "get_webview_domain": fleet.get_webview_domain,
    }
    bar = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*bar, console=console, disable=not console.is_terminal) as progress:
        # A task's clock starts when it is added, so each is added when its turn comes.
        return tuple(
            [
                await _step(
                    name, method, apps, concurrency, partial(progress.advance, progress.add_task(name, total=len(apps)))
                )
                for name, method in methods.items()
            ]
        )


async def _step(name: str, method: Method, apps: list[str], concurrency: int, advance: Callable[[], object]) -> Step:
    step = Step(name)
    started = time.perf_counter()
    async with each(lambda app: _timed(method, app), apps, concurrency=concurrency) as outcomes:
        async for outcome in outcomes:
            step.take(outcome)
            advance()
    step.seconds = time.perf_counter() - started
    return step


async def _timed(method: Method, app: str) -> tuple[Any, float]:
    started = time.perf_counter()
    return await method(app), time.perf_counter() - started


def _unread(steps: tuple[Step, ...]) -> set[str]:
    """Find the apps that were changed, but were out of luck when they were read."""
    set_server, set_webview, _info, get_server, get_webview = steps
    return (set_server.done.keys() - get_server.done) | (set_webview.done.keys() - get_webview.done)


async def _stored(sandbox: SandboxProcess, app: str) -> Hosts:
    """Ask the sandbox itself for an app's domains."""
    provider, _, own = app.partition(":")
    state = await sandbox.ask("state", provider=provider, app=own)
    return {kind: received_hosts(hosts, scheme=SCHEMES.get(kind, "https")) for kind, hosts in state["domains"].items()}


def _wrong(steps: tuple[Step, ...], afflicted: Mapping[str, Fault], stored: Mapping[str, Hosts]) -> list[str]:
    """Find what isn't as it should be: other domains, another class for a permanent fault, a failure without cause."""
    set_server, set_webview, _info, get_server, get_webview = steps
    server = {**stored, **{app: domains.given() for app, domains in get_server.done.items()}}
    webview = {**stored, **{app: {_WEBVIEW: hosts} for app, hosts in get_webview.done.items()}}
    asked_and_there = [
        *((app, server_domains_for(app).given(), server[app]) for app in set_server.done),
        *((app, {_WEBVIEW: webview_domains_for(app)}, webview[app]) for app in set_webview.done),
    ]
    found = [f"{app}: {what}" for app, asked, there in asked_and_there if (what := _difference(asked, there))]
    for step in steps:
        found += [problem for app, fault in afflicted.items() if (problem := _misreported(step, app, fault))]
        found += [_unexplained(step, app) for app in step.failed.keys() - afflicted if _kind(step, app) not in _UNLUCKY]
    return found


def _difference(asked: Hosts, there: Hosts) -> str | None:
    wrong = [kind for kind, hosts in asked.items() if there.get(kind) != hosts]
    return say(f"{', '.join(wrong)} isn't what was asked for", f"{', '.join(wrong)} 与所设不符") if wrong else None


def _misreported(step: Step, app: str, fault: Fault) -> str | None:
    got = _kind(step, app)
    if fault is Fault.QUOTA and step.operation.startswith("get_"):
        # Reading costs no edit, so such an app is one like all others here.
        return None if got is None or got in _UNLUCKY else _unexplained(step, app)
    expected = _EXPECTED[fault]
    if got == expected:
        return None
    return say(
        f"{app}: {step.operation} met {fault.value} as {got}, not {expected}",
        f"{app}: {step.operation} 的 {fault.value} 报告为 {got}, 应为 {expected}",
    )


def _unexplained(step: Step, app: str) -> str:
    kind = _kind(step, app)
    return say(
        f"{app}: {step.operation} failed with {kind}, which no fault explains",
        f"{app}: {step.operation} 报告 {kind}, 但没有故障可以解释",
    )


def _kind(step: Step, app: str) -> str | None:
    return type(step.failed[app]).__name__ if app in step.failed else None
