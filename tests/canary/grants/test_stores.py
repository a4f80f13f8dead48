"""No ticket, code, token or secret gets out when a store fails, or keeps what can't be read."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Final

import pytest

from miniapp_tp import (
    StoreError,
    open_store,
)
from miniapp_tp.sandbox.world import World
from miniapp_tp.stores import Key
from tests.support.canaries import CORE
from tests.support.databases import asked
from tests.support.granting import APP, KS_APP, Noting, Now, Worldly
from tests.support.servers import place
from tests.support.watching import BOTH, Case, watch

if TYPE_CHECKING:
    from pathlib import Path

    from miniapp_tp import TokenStore


NOTES: Final = [
    *(f"{what} {kind}" for kind in ("app", "component", "unnamed") for what in ("load", "acquire", "renew", "release")),
    "load ticket",
    "save ticket",
    "save component",
    "save app refresh",
    "save app recover",
    "save app exchange",
    "save app pair",
    "save unnamed",
    "drop app",
    "drop unnamed",
]


@BOTH
@pytest.mark.parametrize(
    ("how", "note"),
    [("fails", note) for note in NOTES] + [("breaks", note) for note in NOTES if note.startswith("save")],
)
async def test_a_store_that_fails(case: Case, note: str, how: str) -> None:
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    now = Now()
    store = Noting(now)
    one = watch(case, world, store=store, transport=Worldly(world))
    one.hurry(now)
    await one.begin()
    getattr(store, how)[note] = 1000
    await one.everything()
    one.assert_silent()
    if how == "fails" and note.partition(" ")[0] in {"load", "acquire"} and note != "acquire unnamed":
        assert any(isinstance(error, StoreError) for error in one.errors)


@BOTH
@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis", "postgres"])
async def test_records_that_cant_be_read(case: Case, kind: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        url = "memory://" if kind == "memory" else await stack.enter_async_context(place(kind, tmp_path))
        store = await stack.enter_async_context(aclosing(open_store(url)))
        await unreadable(case, store)


async def unreadable(case: Case, store: TokenStore) -> None:
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    one = watch(case, world, patience=60.0, store=store, transport=Worldly(world))
    component = f"{case.name}:{one.provider.component}"
    for kind, name in (("ticket", ""), ("component", ""), ("app", case.app)):
        spoilt = f'{{"format": 1, "access": "45.{CORE}", "ticket": "{CORE}", "token": "{CORE}"'.encode()
        assert await store.save(Key(component, kind, name), spoilt, version=0) is not None
    await one.everything()
    assert {type(error) for error in one.errors} == {StoreError} | (
        {error for error in map(type, one.errors) if error is not StoreError and case.name == "baidu"}
    )
    one.assert_silent()


@BOTH
async def test_a_database_that_echoes_rows(case: Case, tmp_path: Path) -> None:
    """Every row with a token in it is refused by PostgreSQL, which shows it in the error: "Failing row contains …"."""
    world = World(apps={"baidu": [APP], "kuaishou": [KS_APP]})
    async with place("postgres", tmp_path) as url, aclosing(open_store(url)) as store:
        await store.load(Key("c", "k"))
        schema = url.partition("schema=")[2]
        now = Now()
        one = watch(case, world, store=store, transport=Worldly(world))
        one.hurry(now)
        await one.begin()
        await asked(f'ALTER TABLE "{schema}".entries ADD CHECK (octet_length(value) < 3) NOT VALID')
        await one.everything()
        await one.client.aclose()
        assert any("it refused (23514)" in str(error) for error in one.errors)
        one.assert_silent()
