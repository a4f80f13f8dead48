"""`miniapp-tp sandbox --push-to`: a sandbox in another process pushes to a service of ours."""

from __future__ import annotations

from miniapp_tp.cli.sandbox_process import sandbox_process
from tests.support.acknowledging import Service, until


async def test_pushes_tickets_to_where_it_is_told() -> None:
    service = Service()
    try:
        async with sandbox_process("--push-to", f"{service.address}/push", "--ticket-every", "0.05") as sandbox:
            until(lambda: len(service.got) >= 2)
            assert {path for path, _ in service.got} == {"/push/baidu"}
            assert (await sandbox.ask("pushes"))["counts"]["baidu"]["acknowledged"] >= 1
    finally:
        service.close()
