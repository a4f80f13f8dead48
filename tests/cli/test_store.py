"""`miniapp-tp store migrate`: for every store, in both languages, and without a password being shown."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner, Result

from miniapp_tp import open_store
from miniapp_tp.cli.commands import command
from miniapp_tp.stores import Key
from tests.cli.processes import COMMAND, PATIENCE, environment
from tests.support.servers import place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(params=["sqlite", "redis", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    where = place(request.param, tmp_path)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(where) as url:
        yield url


def migrated(url: str | None, **environ: str) -> Result:
    arguments = ["store", "migrate", *([url] if url else [])]
    return CliRunner(env={"MINIAPP_TP_LANG": "en", **environ}).invoke(command, arguments)


def test_a_store_is_made_once(url: str) -> None:
    first, second, chinese = migrated(url), migrated(None, MINIAPP_TP_STORE=url), migrated(url, MINIAPP_TP_LANG="zh")
    up_to_date = "the store is up to date: nothing to change\n"
    assert first.output == (up_to_date if url.startswith("sqlite") else "changed from version 0 to 1\n")
    assert second.output == up_to_date
    assert chinese.exit_code == second.exit_code == first.exit_code == 0


def test_a_sealed_store(url: str) -> None:
    async def seal() -> None:
        store = open_store(url, key=KEY)
        await store.save(Key("c", "app", "1"), b"one", version=0)
        await store.aclose()

    anyio.run(seal)
    assert migrated(url, MINIAPP_TP_STORE_KEY=f"{base64.b64encode(b'n' * 32).decode()},{KEY}").exit_code == 0
    refused = migrated(url)
    assert refused.exit_code == 1
    assert "Error: the token store is sealed: open the store with its key" in refused.output


@pytest.mark.parametrize(
    ("address", "key", "says"),
    [
        ("redis://:hunter2@127.0.0.1:1", "", "Error: the token store in Redis (prefix miniapp_tp) can't be used"),
        ("postgresql://u:hunter2@127.0.0.1:1/d", "", "Error: the token store in PostgreSQL (schema miniapp_tp)"),
        ("mysql://u:hunter2@127.0.0.1", "", "Error: there is no store mysql://"),
        ("memory://", "hunter2", "Error: a store's key is 32 random bytes"),
    ],
)
def test_what_goes_wrong_is_said_in_a_line(address: str, key: str, says: str) -> None:
    result = migrated(address, MINIAPP_TP_STORE_KEY=key)
    assert result.exit_code == 1
    assert says in result.output
    assert "hunter2" not in result.output


def test_as_a_process() -> None:
    done = subprocess.run(
        [*COMMAND, "store", "migrate", "memory://"],
        env=environment(),
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, b"")
