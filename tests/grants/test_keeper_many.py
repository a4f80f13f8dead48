"""How long a keeper takes to look after thousands of grants of which none is due, and that it asks nobody."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from miniapp_tp import Secret
from miniapp_tp.sandbox import Sandbox
from miniapp_tp.stores import Key
from miniapp_tp.stores.records import AppRecord, to_bytes
from miniapp_tp.stores.sqlite import SqliteStore
from tests.grants.conftest import client_on, order_for, say
from tests.support.loopback import until

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 300.0
YEAR = 365 * 86_400.0


def fill(path: Path, component: str, record: bytes, apps: int) -> None:
    """Put a record under many apps at once: saving each by itself takes longer than anything that is looked at."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        rows = ((component, "app", f"{number}", 1, record) for number in range(apps))
        connection.executemany(
            "INSERT INTO entries (component, kind, name, version, value) VALUES (?, ?, ?, ?, ?)", rows
        )


async def look_after(folder: Path, apps: int) -> None:
    record = to_bytes(
        AppRecord(
            access=Secret("45.made-up"),
            refresh=Secret("46.made-up"),
            obtained_at=time.time(),
            expires_at=time.time() - 60.0,
            refresh_expires_at=time.time() + YEAR,
            permissions=("1", "2", "3"),
        )
    )
    with Sandbox(apps=0) as sandbox:
        order = order_for(sandbox, "baidu", store="", flow="", app="")
        async with contextlib.aclosing(SqliteStore(folder / "tokens.db")) as store, client_on(order, store) as client:
            await store.load(Key("any", "any"))
            fill(folder / "tokens.db", f"baidu:{order.component}", record, apps)
            began = time.monotonic()
            async with client.keeper() as keeper:
                await until(lambda: keeper.last is not None, PATIENCE)
            seconds = time.monotonic() - began
        assert sandbox.count() == 0
    assert keeper.last is not None
    assert (keeper.last.apps, keeper.last.renewed, keeper.last.failed) == (apps, 0, 0)
    say(f"a keeper's round over {apps} grants in SQLite, none due: {seconds:.1f} s, {apps / seconds:.0f} grants/s")


async def test_a_thousand(tmp_path: Path) -> None:
    await look_after(tmp_path, 1_000)


@pytest.mark.soak
async def test_thirty_thousand(tmp_path: Path) -> None:
    await look_after(tmp_path, 30_000)
