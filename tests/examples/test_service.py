"""The example service, run as its users would run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from miniapp_tp.sandbox import Fate, Manner, Sandbox, Sending
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

EXAMPLES = Path(__file__).parents[2] / "examples"
APPS = {"baidu": "15000001", "kuaishou": "ks600000000000000001"}
OTHERS = {"baidu": "15000002", "kuaishou": "ks600000000000000002"}
DOMAINS = {"request": ["api.example.com"], "socket": ["ws.example.com"]}


def settings(sandbox: Sandbox, home: str, folder: Path) -> dict[str, str]:
    baidu, kuaishou = sandbox.baidu, sandbox.kuaishou
    return {
        "HOME_URL": home,
        "STORE_URL": f"sqlite:///{folder}/tokens.db",
        "BAIDU_CLIENT_ID": baidu.component,
        "BAIDU_PUSH_TOKEN": baidu.push_token,
        "BAIDU_PUSH_KEY": baidu.push_key,
        "BAIDU_URL": sandbox.url,
        "KUAISHOU_APP_ID": kuaishou.component,
        "KUAISHOU_APP_SECRET": kuaishou.secret,
        "KUAISHOU_PUSH_TOKEN": kuaishou.push_token,
        "KUAISHOU_PUSH_KEY": kuaishou.push_key,
        "KUAISHOU_AUTHORIZATION_PAGE": "https://open.example.com/authorize",
        "KUAISHOU_URL": sandbox.url,
    }


@contextmanager
def running(environment: dict[str, str], port: int) -> Generator[None]:
    command = [sys.executable, "-m", "uvicorn", "service:app", "--app-dir", str(EXAMPLES), "--port", f"{port}"]
    process = subprocess.Popen([*command, "--log-level", "warning"], env={**os.environ, **environment})
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(20) in {0, -signal.SIGTERM}  # how uvicorn ends depends on its version


def eventually(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def has_domains(sandbox: Sandbox, provider: str, app: str) -> bool:
    kept = sandbox.app(provider, app).domains
    return {kind: [one.partition("://")[2] or one for one in kept[kind]] for kind in DOMAINS} == DOMAINS


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(apps=2) as sandbox:
        sandbox.outbox.rules.repeats, sandbox.outbox.rules.pause = 1000, 0.1
        yield sandbox


@pytest.fixture(scope="module")
def home(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of the running service, which has been pushed its tickets."""
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    sandbox.push_to(f"{home}/push")
    with running(settings(sandbox, home, tmp_path_factory.mktemp("service")), port):
        tickets = [sandbox.baidu.pushes.ticket(), sandbox.kuaishou.pushes.ticket()]
        eventually(lambda: all(ticket.fate is Fate.ACKNOWLEDGED for ticket in tickets))
        yield home


@pytest.fixture
def browser(home: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=home, trust_env=False, timeout=30) as browser:
        yield browser


def test_sets_the_domains_of_each_new_app(sandbox: Sandbox, home: str) -> None:
    """Whoever authorizes, at whichever provider, in whatever order the pushes arrive."""
    for provider, app in APPS.items():
        pushes = sandbox.provider(provider).pushes
        pushes.authorized(app, sending=Sending(Manner.FORGED))
        pushes.authorized(app, sending=Sending(again=1))
    for provider, app in APPS.items():
        eventually(partial(has_domains, sandbox, provider, app))


@pytest.mark.parametrize("provider", OTHERS)
def test_a_browser_that_comes_back(sandbox: Sandbox, browser: httpx.Client, provider: str) -> None:
    """The merchant is sent to the provider, and comes back with a code and the state that was given along."""
    page = get_page(browser, provider)
    back = parse_qs(urlsplit(page).query)["redirect_uri"][0]
    app = OTHERS[provider]
    code = sandbox.provider(provider).authorize(app)
    answer = browser.get(f"{back}&authorization_code={code}")
    assert answer.text == f"{app} is connected"
    assert has_domains(sandbox, provider, app)


def get_page(browser: httpx.Client, provider: str) -> str:
    """Ask until the ticket has been handled."""
    found: list[str] = []

    def sent() -> bool:
        answer = browser.get(f"/authorize/{provider}")
        found.extend([answer.headers["location"]] if answer.is_redirect else [])
        return bool(found)

    eventually(sent)
    return found[-1]


def test_another_browser_is_turned_away(sandbox: Sandbox, browser: httpx.Client) -> None:
    """Who lures a merchant's browser here with a code of his own gets nowhere."""
    exchanged = sandbox.count(operation="exchange_code")
    get_page(browser, "baidu")
    for state in ("made-up", "", "状态"):
        answer = browser.get("/authorized/baidu", params={"authorization_code": "code", "state": state})
        assert answer.status_code == 403
    browser.cookies.clear()
    for state in ("made-up", ""):
        answer = browser.get("/authorized/baidu", params={"authorization_code": "code", "state": state})
        assert answer.status_code == 403
    assert browser.get("/authorize/nobody").status_code == 404
    assert sandbox.count(operation="exchange_code") == exchanged
