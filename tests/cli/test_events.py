"""`miniapp-tp events`: what waits and what was parked, without what is secret in it."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from click.testing import CliRunner, Result

from miniapp_tp import Event, open_store
from miniapp_tp.cli.commands import command
from miniapp_tp.push.journal import Journal, name_of

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "q7zcanary"
WHOSE = ("--provider", "baidu", "--component", "c")


async def fill(url: str, key: str | None) -> None:
    """Leave two parked events and a waiting one."""
    store = open_store(url, key=key)
    journal = Journal(store, "baidu:c")
    for number in range(3):
        raw = json.dumps({"Ticket": f"{SECRET}{number}"}).encode()
        await journal.note(Event("ticket", f"1500000{number}", None, None, f"id-{number}", raw=raw))
    for number in range(2):
        async with journal.claim(name_of(f"id-{number}")) as claim:
            assert claim is not None
            await claim.park("ValueError at service.py:7")
    await store.aclose()


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/tokens.db"
    anyio.run(fill, url, None)
    return url


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env={"MINIAPP_TP_LANG": "en", "COLUMNS": "200", **environment}).invoke(
        command, ["events", *arguments]
    )


def listed(url: str) -> list[dict[str, Any]]:
    result = run("list", *WHOSE, "--store", url, "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.output)
    return found


def test_lists_events(url: str) -> None:
    found = listed(url)
    assert [one["state"] for one in found] == ["parked", "parked", "waiting"]
    assert {one["id"] for one in found} == {"id-0", "id-1", "id-2"}
    parked = next(one for one in found if one["id"] == "id-0")
    assert (parked["event"], parked["app"], parked["attempts"]) == ("ticket", "15000000", 1)
    assert (parked["error"], parked["due"]) == ("ValueError at service.py:7", None)
    assert SECRET not in str(found)


def test_lists_them_in_a_table(url: str) -> None:
    result = run("list", *WHOSE, "--store", url)
    assert "3 events" in result.output
    assert "parked" in result.output
    assert "service.py:7" in result.output
    assert SECRET not in result.output
    result = run("list", *WHOSE, MINIAPP_TP_STORE=url, MINIAPP_TP_LANG="zh")
    assert "已搁置" in result.output
    assert "3 个事件" in result.output
    result = run("list", "--provider", "kuaishou", "--component", "k", "--store", url)
    assert result.output == "0 events\n"


def test_replays_what_is_named(url: str) -> None:
    result = run("replay", "id-0", *WHOSE, "--store", url)
    assert (result.exit_code, result.output) == (0, "1 to be handled again\n")
    assert [one["state"] for one in listed(url)] == ["parked", "waiting", "waiting"]
    result = run("replay", "id-0", "id-1", "nobody's", *WHOSE, "--store", url)
    assert result.exit_code == 1
    assert "neither parked nor put off: nobody's" in result.output
    result = run("replay", "id-1", *WHOSE, "--store", url, "--json")
    assert (result.exit_code, json.loads(result.output)) == (1, {"replayed": [], "unknown": ["id-1"]})


def test_replays_all(url: str) -> None:
    result = run("replay", "--all", *WHOSE, "--store", url)
    assert (result.exit_code, result.output) == (0, "2 to be handled again\n")
    assert [one["state"] for one in listed(url)] == ["waiting"] * 3


@pytest.mark.parametrize("arguments", [(), ("id-0", "--all")], ids=["none", "both"])
def test_wants_ids_or_all(url: str, arguments: tuple[str, ...]) -> None:
    result = run("replay", *arguments, *WHOSE, "--store", url)
    assert result.exit_code == 2
    assert "--all" in result.output


def test_a_sealed_store(tmp_path: Path) -> None:
    url, key = f"sqlite:///{tmp_path}/sealed.db", base64.b64encode(secrets.token_bytes(32)).decode()
    anyio.run(fill, url, key)
    assert "3 events" in run("list", *WHOSE, "--store", url, MINIAPP_TP_STORE_KEY=key).output
    result = run("list", *WHOSE, "--store", url)
    assert result.exit_code == 1
    assert "is sealed" in result.output


def test_a_store_that_cant_be_used(tmp_path: Path) -> None:
    result = run("list", *WHOSE, "--store", f"sqlite:///{tmp_path}/missing/tokens.db")
    assert result.exit_code == 1
    assert "folder" in result.output
