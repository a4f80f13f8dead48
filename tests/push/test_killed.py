"""What was acknowledged is handled, however often those who receive it are killed."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field

from miniapp_tp.sandbox import Fate, Sandbox, Sending
from tests.support.figures import say
from tests.support.servers import place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from miniapp_tp.sandbox.provider import Provider

RECEIVER = Path(__file__).with_name("receiver.py")
RECEIVERS = 2
CONCURRENCY = 16
PATIENCE = 300.0
EVENTS = int(os.environ.get("PUSH_EVENTS", "20000"))


@define
class Receivers:
    """Processes that share a journal, each on a port of its own."""

    order: dict[str, Any]
    ports: list[int]
    processes: list[subprocess.Popen[str]] = field(factory=list[subprocess.Popen[str]])
    killed: list[int] = field(factory=list[int])

    def start(self, place: int) -> subprocess.Popen[str]:
        order = json.dumps({**self.order, "port": self.ports[place]})
        process = subprocess.Popen([sys.executable, RECEIVER, order], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def start_all(self) -> None:
        self.processes = [self.start(place) for place in range(len(self.ports))]

    def kill(self, place: int) -> None:
        """Kill one while it is at work, and put another in its place."""
        process = self.processes[place]
        process.kill()
        self.end(process)
        self.killed.append(process.pid)
        self.processes[place] = self.start(place)

    def end(self, process: subprocess.Popen[str]) -> None:
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            self.end(process)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(apps=5) as sandbox:
        yield sandbox


@pytest.fixture
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of an empty journal; of SQLite's, unless a test says otherwise."""
    with asyncio.Runner() as runner:
        found = place(getattr(request, "param", "sqlite"), tmp_path)
        yield runner.run(found.__aenter__())
        runner.run(found.__aexit__(None, None, None))


@pytest.fixture
def receivers(sandbox: Sandbox, journal: str, tmp_path: Path, free_ports: list[int]) -> Iterator[Receivers]:
    order = {
        "store": journal,
        "key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "url": sandbox.url,
        "notes": f"{tmp_path}/notes",
        "concurrency": CONCURRENCY,
        "baidu": keys_of(sandbox.baidu),
        "kuaishou": keys_of(sandbox.kuaishou),
    }
    running = Receivers(order, free_ports[:RECEIVERS])
    running.start_all()
    yield running
    running.stop()


def keys_of(provider: Provider) -> dict[str, str]:
    return {
        "component": provider.component,
        "secret": provider.secret,
        "token": provider.push_token,
        "key": provider.push_key,
    }


def push_all(sandbox: Sandbox, events: int) -> None:
    """Push events of both providers, one in twenty of them twice."""
    rules = sandbox.outbox.rules
    rules.repeats, rules.pause = 10_000, 0.2
    apps = {"baidu": list(sandbox.baidu.apps), "kuaishou": list(sandbox.kuaishou.apps)}
    for serial in range(events):
        provider = sandbox.provider(("baidu", "kuaishou")[serial % 2])
        provider.pushes.event(
            "APP_NAME_AUDIT_FAIL",
            apps[provider.name][serial % 5],
            fields={"reason": f"{serial}"},
            sending=Sending(again=int(serial % 20 < 2)),
        )


def has_acknowledged(sandbox: Sandbox, events: int) -> bool:
    return sum(one.fate is Fate.ACKNOWLEDGED for one in sandbox.outbox.pushed) >= events


def noted(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def prove(sandbox: Sandbox, receivers: Receivers, *, events: int, kills: int) -> None:
    """Push, kill at random, and then compare what was acknowledged with what was handled."""
    chance = random.Random(5)  # noqa: S311 - when to kill
    started = time.monotonic()
    ports = receivers.ports
    sandbox.push_to([f"http://127.0.0.1:{port}" for port in ports])
    push_all(sandbox, events)
    marks = sorted(chance.sample(range(events // 20, events * 19 // 20), kills))
    for number, mark in enumerate(marks):
        wait_for(partial(has_acknowledged, sandbox, mark))
        receivers.kill(number % len(ports))
    wait_for(partial(has_acknowledged, sandbox, events))
    pushed_in = time.monotonic() - started
    path = Path(receivers.order["notes"])
    wait_for(lambda: len({line["serial"] for line in noted(path) if line["what"] == "end"}) == events)
    judge(noted(path), receivers, events=events)
    tries = sum(len(one.answers) for one in sandbox.outbox.pushed)
    begun = Counter(line["serial"] for line in noted(path) if line["what"] == "begin")
    say(
        f"{events} events, {len(ports)} receivers on one journal in {receivers.order['store'].partition(':')[0]}, "
        f"{kills} killed: 0 acknowledged events unhandled; "
        f"{sum(times > 1 for times in begun.values())} were in hand at a kill and handled again, each so marked; "
        f"{tries - events} pushes repeated; {events / pushed_in:.0f} events/s acknowledged"
    )


def judge(lines: list[dict[str, Any]], receivers: Receivers, *, events: int) -> None:
    begins: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        if line["what"] == "begin":
            begins[line["serial"]].append(line)
    ended = {line["serial"] for line in lines if line["what"] == "end"}
    assert ended == {f"{serial}" for serial in range(events)}
    at_kills: Counter[int] = Counter()
    for attempts in begins.values():
        assert [line["attempt"] for line in attempts] == sorted({line["attempt"] for line in attempts})
        for line in attempts[:-1]:
            assert line["pid"] in receivers.killed, (line, receivers.killed)
            at_kills[line["pid"]] += 1
        assert all(line["attempt"] > 1 for line in attempts[1:])
    assert all(times <= CONCURRENCY for times in at_kills.values()), at_kills


def wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_nothing_acknowledged_is_lost(sandbox: Sandbox, receivers: Receivers) -> None:
    prove(sandbox, receivers, events=600, kills=2)


@pytest.mark.soak
@pytest.mark.parametrize("journal", ["sqlite", "redis", "postgres"], indirect=True)
def test_nothing_acknowledged_is_lost_in_the_long_run(sandbox: Sandbox, receivers: Receivers) -> None:
    prove(sandbox, receivers, events=EVENTS, kills=max(2, EVENTS // 2000))
