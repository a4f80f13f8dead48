"""`miniapp-tp store`: what is done to a store as a whole, without one of its tokens being shown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import anyio
import click

from miniapp_tp.cli.language import say
from miniapp_tp.errors import MiniAppError
from miniapp_tp.stores.address import open_store
from miniapp_tp.stores.migrating import migrate_store

if TYPE_CHECKING:
    from miniapp_tp.stores.base import TokenStore


@click.group(name="store", help=say("The store of tokens.", "凭据存储。"))
def store() -> None:
    """Group what is done to a store."""


@store.command(
    help=say(
        "Make a store's tables, or bring them to this version, as a user who may. URL: as for open_store; "
        "$MINIAPP_TP_STORE if it is left out. The key of a sealed store is read from $MINIAPP_TP_STORE_KEY "
        "(Base64; several: separated by commas, the newest first).",
        "创建存储的数据表, 或将其升级到本版本所需的结构 (需有相应权限)。URL 与 open_store 相同, "
        "省略时取 $MINIAPP_TP_STORE。加密存储的密钥取自 $MINIAPP_TP_STORE_KEY (Base64; 多个以逗号分隔, 最新的在前)。",
    )
)
@click.argument("url", envvar="MINIAPP_TP_STORE")
def migrate(url: str) -> None:
    """Change a store's layout, and say from which version to which."""
    try:
        found = anyio.run(_migrate, url)
    except (MiniAppError, ModuleNotFoundError) as error:
        raise click.ClickException(str(error)) from None
    if found is None or found[0] == found[1]:
        click.echo(say("the store is up to date: nothing to change", "存储已是最新, 无需更改"))
    else:
        click.echo(say(f"changed from version {found[0]} to {found[1]}", f"已从版本 {found[0]} 升级到 {found[1]}"))


def store_from(url: str) -> TokenStore:
    """Open the store at an address, with the keys that the environment names."""
    keys = [key for key in os.environ.get("MINIAPP_TP_STORE_KEY", "").split(",") if key.strip()]
    return open_store(url, key=keys or None)


async def _migrate(url: str) -> tuple[int, int] | None:
    found = store_from(url)
    try:
        return await migrate_store(found)
    finally:
        await found.aclose()
