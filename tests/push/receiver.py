"""A process that receives pushes, for tests that kill it: `python receiver.py '{"port": …}'`.

What its handler does is written to a file, a line when it begins an event and one when it has done with it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import sys
from typing import TYPE_CHECKING, Any

import uvicorn

from miniapp_tp import BaiduClient, Fleet, KuaishouClient, PushApp, open_store

if TYPE_CHECKING:
    from miniapp_tp import Event


def fleet(order: dict[str, Any]) -> Fleet:
    """Make clients of the sandbox's components."""
    store = open_store(order["store"], key=order.get("key"))
    options: dict[str, Any] = {"store": store, "base_url": order["url"]}
    baidu, kuaishou = order["baidu"], order["kuaishou"]
    return Fleet(
        [
            BaiduClient(baidu["component"], push_token=baidu["token"], push_key=baidu["key"], **options),
            KuaishouClient(
                kuaishou["component"],
                kuaishou["secret"],
                push_token=kuaishou["token"],
                push_key=kuaishou["key"],
                **options,
            ),
        ]
    )


async def main(order: dict[str, Any]) -> None:
    """Receive until killed."""
    notes = os.open(order["notes"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(what: str, event: Event) -> None:
        line = {"what": what, "serial": event.fields.get("reason"), "attempt": event.attempt, "pid": os.getpid()}
        os.write(notes, json.dumps(line).encode() + b"\n")

    async def handle(event: Event) -> None:
        note("begin", event)
        await asyncio.sleep(random.choice((0.0, 0.002, 0.02)))  # noqa: S311 - how long a handler takes
        note("end", event)

    push = PushApp(fleet(order), handle, concurrency=order["concurrency"])
    listener = socket.create_server(("127.0.0.1", order["port"]), backlog=512, reuse_port=False)
    server = uvicorn.Server(uvicorn.Config(push, log_level="error", lifespan="on"))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve([listener])


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
