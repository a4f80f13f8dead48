"""What a call costs besides the network: CPU on a transport that does nothing but give the reply."""

from __future__ import annotations

import asyncio
import cProfile
import io
import json
import pstats
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import httpx

from benchmarks.work import APP, INFO, INFO_PATH, NAME, TOKEN
from miniapp_tp import BaiduClient, Reply, Request
from miniapp_tp.providers.baidu.codec import app_info

if TYPE_CHECKING:
    from benchmarks.contenders import Call

_CALLS: Final = 2000
_BATCH: Final = 50
_URL: Final = "https://openapi.baidu.com"
_HEADERS: Final = {"content-type": "application/json", "content-length": str(len(INFO)), "server": "none"}


class NullTransport:
    """Writes the address as a transport has to, and gives the reply."""

    async def send(self, request: Request, *, timeout: float) -> Reply:  # noqa: ARG002 - nothing takes time here
        """Answer at once."""
        assert request.url
        return Reply(200, _HEADERS, INFO)

    async def aclose(self) -> None:
        """Do nothing."""


class NullHttpx(httpx.AsyncBaseTransport):
    """The same for httpx."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer at once."""
        assert request.url.host
        return httpx.Response(200, headers=_HEADERS, content=INFO)


async def _cpu(call: Call) -> float:
    """Give the microseconds of CPU for a call; the event loop gets its turn now and then, as it does in a service."""
    begun = time.process_time()
    for number in range(_CALLS):
        await call()
        if number % _BATCH == 0:
            await asyncio.sleep(0)
    return (time.process_time() - begun) / _CALLS * 1e6


async def _costs(rounds: int) -> dict[str, float]:
    client = BaiduClient("a-client-id", tokens={APP: TOKEN}, transport=NullTransport())
    async with httpx.AsyncClient(base_url=_URL, transport=NullHttpx()) as bare:

        async def naive() -> None:
            got = await bare.get(INFO_PATH, params={"access_token": TOKEN})
            found = json.loads(got.content)
            assert got.status_code == httpx.codes.OK
            assert found["errno"] == 0
            assert app_info(APP, found["data"]).name == NAME

        async def sdk() -> None:
            assert (await client.get_info(APP)).name == NAME

        turns = [(await _cpu(naive), await _cpu(sdk)) for _ in range(rounds + 1)]
    pairs = turns[1:]  # the first one warmed up
    return {
        "naive_us": median(one for one, _ in pairs),
        "sdk_us": median(two for _, two in pairs),
        "ratio": median(two / one for one, two in pairs),
    }


def measure(rounds: int = 9) -> dict[str, Any]:
    """Compare the two, in turn, both decoded to the same model."""
    found: dict[str, Any] = dict(asyncio.run(_costs(rounds)))
    return {**found, "uvloop": _on_uvloop(rounds)}


def _on_uvloop(rounds: int) -> dict[str, float] | None:
    try:
        import uvloop  # noqa: PLC0415 - it may be missing
    except ImportError:
        return None
    return uvloop.run(_costs(rounds))


def profile(lines: int = 25) -> str:
    """Show where the SDK's own time goes."""

    async def run() -> None:
        client = BaiduClient("a-client-id", tokens={APP: TOKEN}, transport=NullTransport())
        for _ in range(_CALLS):
            await client.get_info(APP)

    profiler, shown = cProfile.Profile(), io.StringIO()
    profiler.runcall(asyncio.run, run())
    pstats.Stats(profiler, stream=shown).strip_dirs().sort_stats("tottime").print_stats(lines)
    return shown.getvalue()


if __name__ == "__main__":
    print(profile() if sys.argv[1:] == ["profile"] else json.dumps(measure(), indent=2))
