"""`miniapp-tp doctor` and `apps`: on real stores, and against the sandbox."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from attrs import define, field
from click.testing import CliRunner

from miniapp_tp import BaiduClient, KuaishouClient, Options, Secret, StoreError, open_store
from miniapp_tp.cli.commands import command
from miniapp_tp.cli.examining import Side, examine, records
from miniapp_tp.sandbox import Fault, Sandbox
from miniapp_tp.stores import Key
from miniapp_tp.stores.records import AppRecord, KeeperRecord, TokenRecord, to_bytes
from tests.support.granting import Noting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from click.testing import Result

    from miniapp_tp.client.component import ComponentClient
    from miniapp_tp.stores import TokenStore

COMPONENT = "a-client-id"
DAY = 86_400.0
SEAL = "q7zcanaryq7zcanaryq7zcanaryq7zcanaryq7zcana="


@define
class Practice:
    """A store and what the commands say of it."""

    path: Path
    provider: str = "baidu"
    component: str = COMPONENT
    environ: dict[str, str] = field(factory=lambda: {"MINIAPP_TP_LANG": "en", "COLUMNS": "200"})

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def run(self, name: str, *options: str) -> Result:
        arguments = [name, "--provider", self.provider, "--component", self.component, "--store", self.url]
        result = CliRunner(env=self.environ).invoke(command, [*arguments, *options])
        assert "canary" not in result.output
        return result

    def doctor(self, *options: str) -> Result:
        return self.run("doctor", *options)

    def told(self, *options: str) -> dict[str, Any]:
        """Give what doctor says as JSON."""
        told: dict[str, Any] = json.loads(self.doctor("--json", *options).stdout)
        return told

    def with_store(self, work: Callable[[TokenStore], Awaitable[None]]) -> None:
        async def opened() -> None:
            store = open_store(self.url, key=self.environ.get("MINIAPP_TP_STORE_KEY"))
            await work(store)
            await store.aclose()

        anyio.run(opened)

    def with_client(self, work: Callable[[ComponentClient], Awaitable[None]]) -> None:
        async def opened(store: TokenStore) -> None:
            kind = {"baidu": BaiduClient, "kuaishou": KuaishouClient}[self.provider]
            async with kind(self.component, store=store, options=Options(verify=False)) as client:
                await work(client)

        self.with_store(opened)

    def put(self, kind: str, record: object, name: str = "") -> None:
        key = Key(f"{self.provider}:{self.component}", kind, name)
        value = record if isinstance(record, bytes) else to_bytes(record)

        async def save(store: TokenStore) -> None:
            assert await store.save(key, value, version=0) == 1

        self.with_store(save)

    def move_in(self, *apps: str, **more: Any) -> None:  # noqa: ANN401 - fields of a record
        given: dict[str, Any] = {
            "access": Secret("45.q7zcanary-access"),
            "refresh": Secret("46.q7zcanary-refresh"),
            "obtained_at": time.time(),
            "expires_at": time.time() + 3600.0,
            "refresh_expires_at": time.time() + 30 * DAY,
            "permissions": ("1", "scope.name"),
            **more,
        }
        for app in apps:
            self.put("app", AppRecord(**given), app)

    def push_ticket(self, *, ago: float = 60.0) -> None:
        self.with_client(lambda client: client.save_ticket("q7zcanary-ticket", at=time.time() - ago))


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    return Practice(tmp_path / "tokens.db")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(apps=1) as running:
        yield running


# --- doctor -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["baidu", "kuaishou"])
def test_one_that_is_well(practice: Practice, provider: str) -> None:
    practice.provider = provider
    practice.push_ticket()
    practice.move_in("1", "2")
    practice.put("component", TokenRecord(token=Secret("42.q7zcanary"), obtained_at=0, expires_at=time.time() + DAY))
    practice.put("keeper", KeeperRecord(at=time.time() - 60, apps=2, renewed=1, failed=0))
    result = practice.doctor()
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    for words in (
        f"{provider} {COMPONENT}",
        "newest ticket │ 60 s ago",
        "component token │ ends in 24 h",
        "keeper's last round │ 60 s ago, 2 grants, 1 renewed, 0 failed",
        "provider's answer │ not asked",
        "grants │ 2",
        "end within 7 days unless renewed │ 0",
        "permissions │ 1 2, scope.name 2",
        "journal_mode │ wal",
        "synchronous │ FULL",
        "schema_version │ 1",
        "sealed │ no",
    ):
        assert words in said, words
    assert said.endswith("healthy")
    assert "not healthy" not in said


def test_one_that_isnt(practice: Practice) -> None:
    practice.push_ticket(ago=5 * 3600)
    practice.move_in("1", refresh_expires_at=time.time() + DAY)
    practice.move_in("2", intent="refresh")
    practice.put("app", b"{}", "3")
    practice.put("unnamed", AppRecord(code="digest"), "digest")
    practice.put("component", TokenRecord(token=Secret("42.q7zcanary"), obtained_at=0, expires_at=time.time() - 90))
    result = practice.doctor()
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    for words in (
        "bad: the newest ticket is 5 h old, and one is pushed every 10 minutes",
        "bad: 1 records can't be read",
        "bad: 1 grants end within 7 days unless renewed: run a keeper",
        "note: 1 grants are being renewed, or were when a process died",
        "note: 1 authorizations don't say yet",
        "component token │ ended 90 s ago",
        "open intents │ refresh 1",
    ):
        assert words in said, words
    assert said.endswith("not healthy")
    told = practice.told("--days", "0.5")
    assert [one["name"] for one in told["findings"]] == ["old_ticket", "unreadable", "open_intents", "unnamed"]
    assert told["grants"]["days"] == 0.5


def test_chinese(practice: Practice) -> None:
    practice.environ["MINIAPP_TP_LANG"] = "zh"
    practice.push_ticket(ago=5 * 3600)
    practice.put("keeper", KeeperRecord(at=time.time() - 5 * 3600, apps=2, renewed=1, failed=1))
    result = practice.doctor()
    assert result.exit_code == 1
    for words in ("最新 ticket", "5 h前", "异常: 最新的 ticket 已有 5 h", "提示: keeper 有 1 个授权未能续期", "不健康"):
        assert words in result.output
    assert practice.told()["findings"][0]["text"].startswith("最新的 ticket 已有")


def test_nothing_is_changed(practice: Practice) -> None:
    practice.push_ticket()
    practice.move_in("1", refresh_expires_at=time.time() - DAY, intent="refresh")
    before = practice.path.read_bytes()
    practice.doctor()
    practice.run("apps")
    assert practice.path.read_bytes() == before


def test_a_store_that_isnt_there_isnt_made(practice: Practice) -> None:
    for name in ("doctor", "apps"):
        result = practice.run(name)
        assert (result.exit_code, result.output) == (1, "Error: there is no such file\n")
    assert not practice.path.exists()


def test_a_store_that_cant_be_read(practice: Practice) -> None:
    practice.path.write_text("canary: this is no database, but long enough that SQLite would notice" * 20)
    for name in ("doctor", "apps"):
        result = practice.run(name)
        assert result.exit_code == 1
        assert "this isn't an SQLite database" in result.output


def test_a_sealed_store_takes_its_key_from_the_environment(practice: Practice) -> None:
    practice.environ["MINIAPP_TP_STORE_KEY"] = SEAL
    practice.push_ticket()
    practice.move_in("1")
    told = practice.told()
    assert told["store"]["sealed"] == "AES-256-GCM"
    assert told["healthy"]
    practice.environ["MINIAPP_TP_STORE_KEY"] = f"{'A' * 43}=,{SEAL}"  # a newer one besides
    assert practice.told()["healthy"]
    del practice.environ["MINIAPP_TP_STORE_KEY"]
    result = practice.doctor()
    assert result.exit_code == 1
    assert "is sealed: open the store with its key" in result.output


def test_a_store_without_settings_is_named() -> None:
    arguments = ["doctor", "--provider", "baidu", "--component", "c", "--store", "memory://", "--json"]
    told = json.loads(CliRunner(env={"MINIAPP_TP_LANG": "en"}).invoke(command, arguments).stdout)
    assert told["store"] == {"store": "memory", "lasts": "until the process ends"}


# --- asking the provider ----------------------------------------------------------------------------------------------


def against(practice: Practice, sandbox: Sandbox, provider: str) -> None:
    side = sandbox.provider(provider)
    practice.provider, practice.component = provider, side.component
    practice.environ["MINIAPP_TP_BASE_URL"] = sandbox.url
    practice.environ["MINIAPP_TP_COMPONENT_SECRET"] = side.secret
    practice.with_client(lambda client: client.save_ticket(side.issue_ticket()))


@pytest.mark.parametrize("provider", ["baidu", "kuaishou"])
def test_the_provider_is_asked(practice: Practice, sandbox: Sandbox, provider: str) -> None:
    against(practice, sandbox, provider)
    told = practice.told("--online")
    assert told["online"] == {"asked": True, "ok": True, "error": None, "address_refused": False}
    assert told["healthy"]
    assert sandbox.count(operation="get_pre_auth_code") == 1
    assert "provider's answer │ good" in " ".join(practice.doctor("--online").output.split())
    assert sandbox.count(operation="get_component_token") == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_address_that_isnt_listed(practice: Practice, sandbox: Sandbox, when: str) -> None:
    against(practice, sandbox, "baidu")
    if when == "after":  # the component's token is kept already
        assert practice.doctor("--online").exit_code == 0
    sandbox.inject(Fault.IP_NOT_LISTED, provider="baidu")
    result = practice.doctor("--online")
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "bad: this machine's address isn't on the component's IP list" in said
    assert "provider's answer │ failed" in said
    assert practice.doctor().exit_code == 0  # nobody is asked


def test_a_secret_that_is_missing(practice: Practice, sandbox: Sandbox) -> None:
    against(practice, sandbox, "kuaishou")
    del practice.environ["MINIAPP_TP_COMPONENT_SECRET"]
    told = practice.told("--online")
    assert "give it to the client" in told["online"]["error"]
    assert [one["name"] for one in told["findings"]] == ["online"]


# --- the push key -----------------------------------------------------------------------------------------------------

PUSH_KEYS = {"baidu": "q7zcanary" * 4 + "1234567", "kuaishou": "q7zcanary-q7zcanary_q7zcanaryq7zcanary12345"}


@pytest.mark.parametrize("key", ["43", "padded", "16 bytes"])
@pytest.mark.parametrize("provider", ["baidu", "kuaishou"])
def test_a_push_key_that_opens(practice: Practice, provider: str, key: str) -> None:
    practice.provider = provider
    practice.push_ticket()
    text = {"43": PUSH_KEYS[provider], "padded": f"{PUSH_KEYS[provider]}=", "16 bytes": "q7zcanaryq7zcanaryq7zw"}[key]
    practice.environ |= {"MINIAPP_TP_PUSH_TOKEN": "q7zcanary-token", "MINIAPP_TP_PUSH_KEY": text}
    told = practice.told()
    if provider == "baidu" and key != "43":  # its keys have 43 letters
        assert [one["name"] for one in told["findings"]] == ["push_key"]
    else:
        assert told["push_key"] == {"asked": True, "ok": True, "error": None}
        assert "push key │ good" in " ".join(practice.doctor().output.split())


@pytest.mark.parametrize("provider", ["baidu", "kuaishou"])
@pytest.mark.parametrize(
    "given",
    [
        {"MINIAPP_TP_PUSH_TOKEN": "q7zcanary-token"},
        {"MINIAPP_TP_PUSH_KEY": PUSH_KEYS["baidu"]},
        {"MINIAPP_TP_PUSH_TOKEN": "q7zcanary-token", "MINIAPP_TP_PUSH_KEY": "q7zcanary"},
    ],
    ids=["token", "key", "form"],
)
def test_a_push_key_that_doesnt(practice: Practice, provider: str, given: dict[str, str]) -> None:
    practice.provider = provider
    practice.push_ticket()
    practice.environ |= given
    result = practice.doctor()
    assert result.exit_code == 1
    assert "bad: a message made with the push key can't be opened: InvalidArgument" in " ".join(result.output.split())


# --- apps -------------------------------------------------------------------------------------------------------------


def test_apps(practice: Practice) -> None:
    practice.move_in("1", expires_at=1_800_000_000.0, refresh_expires_at=1_900_000_000.0)
    practice.move_in("2", access=None, refresh_expires_at=None, expires_at=0.0, permissions=(), intent="refresh")
    practice.put("app", b"{}", "3")
    result = practice.run("apps")
    assert result.exit_code == 0
    said = " ".join(result.output.split())
    assert "│ 1 │ 2027-01-15T08:00:00+00:00 │ 2030-03-17T17:46:40+00:00 │ 1, scope.name │ - │" in said
    assert "│ 2 │ - │ - │ - │ refresh │" in said
    assert "│ 3 │ can't be read │ │ │ │" in said
    rows = [json.loads(line) for line in practice.run("apps", "--json").stdout.splitlines()]
    assert rows == [
        {
            "app": "1",
            "readable": True,
            "access_expires_at": "2027-01-15T08:00:00+00:00",
            "refresh_expires_at": "2030-03-17T17:46:40+00:00",
            "permissions": ["1", "scope.name"],
            "intent": None,
        },
        {
            "app": "2",
            "readable": True,
            "access_expires_at": None,
            "refresh_expires_at": None,
            "permissions": [],
            "intent": "refresh",
        },
        {"app": "3", "readable": False},
    ]


def test_no_apps(practice: Practice) -> None:
    practice.push_ticket()
    assert practice.run("apps", "--json").output == ""
    assert practice.run("apps").exit_code == 0


def test_apps_of_another_component_arent_shown(practice: Practice) -> None:
    practice.move_in("1")
    practice.component = "another"
    assert practice.run("apps", "--json").output == ""
    assert practice.told()["grants"]["apps"] == 0


# --- reading records one by one ---------------------------------------------------------------------------------------


async def test_a_record_that_goes_meanwhile_is_passed_over_and_a_store_that_fails_is_told() -> None:
    side, store = Side("baidu", COMPONENT), Noting()
    for app in ("1", "2"):
        record = AppRecord(refresh=Secret("46.made-up"))
        await store.save(Key(f"baidu:{COMPONENT}", "app", app), to_bytes(record), version=0)
    found: list[str] = []
    async for app, _record in records(side, store):
        found.append(app)
        await store.save(Key(f"baidu:{COMPONENT}", "app", "2"), None, version=1)
    assert found == ["1"]
    store.fails["load app"] = 1
    with pytest.raises(StoreError, match="the disk is full"):
        await examine(side, store, days=7.0)
