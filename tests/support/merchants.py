"""Clients of both providers that live with grants, by case: on a sandbox without apps, or without a socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen

from miniapp_tp import (
    BaiduClient,
    KuaishouClient,
    Options,
    open_store,
)
from miniapp_tp.client.component import ComponentClient
from miniapp_tp.sandbox import Sandbox
from tests.support.granting import APP, KS_APP

if TYPE_CHECKING:
    from miniapp_tp.sandbox.provider import Provider
    from miniapp_tp.sandbox.world import World

BACK = "https://merchant.example/authorized"
PAGE = "https://page.example/authorize"
Make = Callable[..., ComponentClient]


@frozen
class Case:
    """A provider, and how a client of it is made."""

    name: str
    app: str
    make: Make

    def provider(self, world: World) -> Provider:
        return world.provider(self.name)


def baidu(world: World, **more: Any) -> ComponentClient:  # noqa: ANN401 - whatever a caller may give
    return BaiduClient(world.baidu.component, **_given(world, more))


def kuaishou(world: World, **more: Any) -> ComponentClient:  # noqa: ANN401 - whatever a caller may give
    one = world.kuaishou
    extra = {"refresh_path": one.rules.refresh_path, "authorization_page": PAGE}
    return KuaishouClient(one.component, one.secret, **_given(world, {**extra, **more}))


def _given(world: World, more: dict[str, Any]) -> dict[str, Any]:
    url = {"base_url": world.url} if isinstance(world, Sandbox) and "transport" not in more else {}
    return {"store": open_store("memory://"), "options": Options(backoff=0.0), **url, **more}


CASES = (Case("baidu", APP, baidu), Case("kuaishou", KS_APP, kuaishou))
BOTH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


async def with_ticket(client: ComponentClient, case: Case, world: World) -> None:
    await client.save_ticket(case.provider(world).issue_ticket())


Opened = Callable[..., Awaitable[ComponentClient]]
