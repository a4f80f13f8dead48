"""A refresh storm: all tokens are over, and thousands of calls come at once; each app is renewed once."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Final

from benchmarks.work import INFO, INFO_PATH
from miniapp_tp import BaiduClient, Options, Reply, Request, open_store

_APPS: Final = 200
_CALLS_EACH: Final = 50


class Provider:
    """Gives out tokens and information, after a turn of the event loop, and counts.

    Attributes:
        renewals: How many refresh tokens were spent.
        answered: How many calls were answered.
    """

    def __init__(self) -> None:
        self.renewals = 0
        self.answered = 0

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ARG002 - nothing takes time here
        """Answer."""
        await asyncio.sleep(0)
        if request.address.endswith(INFO_PATH):
            self.answered += 1
            return Reply(200, {}, INFO)
        if "smartapp/auth/tp/token" in request.address:
            data: dict[str, Any] = {"access_token": "42.component", "expires_in": 2_592_000}
            return Reply(200, {}, json.dumps({"errno": 0, "data": data}).encode())
        self.renewals += 1
        pair = {"access_token": f"45.{self.renewals}", "refresh_token": f"46.{self.renewals}", "expires_in": 3600}
        return Reply(200, {}, json.dumps(pair).encode())

    async def aclose(self) -> None:
        """Do nothing."""


async def _storm() -> dict[str, Any]:
    provider = Provider()
    store = open_store("memory://")
    options = Options(concurrency=1024)
    async with BaiduClient("a-client-id", store=store, transport=provider, options=options) as client:
        await client.save_ticket("a-ticket-that-opens-nothing")
        apps = [str(15_000_000 + number) for number in range(_APPS)]
        for app in apps:
            await client.adopt(app, access_token="45.over", refresh_token=f"46.{app}", expires_at=1.0)  # noqa: S106
        begun = time.perf_counter()
        await asyncio.gather(*(client.get_info(app) for app in apps for _ in range(_CALLS_EACH)))
        seconds = time.perf_counter() - begun
    calls = _APPS * _CALLS_EACH
    assert (provider.renewals, provider.answered) == (_APPS, calls)
    return {"apps": _APPS, "calls": calls, "renewals": provider.renewals, "seconds": seconds}


def measure() -> dict[str, Any]:
    """Let it come."""
    return asyncio.run(_storm())


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
