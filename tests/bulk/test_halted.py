"""An address that isn't listed any more, in the middle of a run, at a provider on a real socket."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import anyio
import pytest

from miniapp_tp import BaiduClient, Run, RunOptions, Status, open_journal
from miniapp_tp.sandbox import Fault, Sandbox
from tests.support.running import DOMAINS

if TYPE_CHECKING:
    from pathlib import Path


async def halt_and_mend(folder: Path, apps: int) -> tuple[int, float]:
    """Give how many further calls were made, and how many seconds it took until the run was paused."""
    with Sandbox(apps={"baidu": apps}) as sandbox:
        async with (
            aclosing(open_journal(f"sqlite:///{folder}/runs.db")) as journal,
            BaiduClient(sandbox.baidu.component, tokens=sandbox.baidu.tokens, base_url=sandbox.url) as client,
        ):
            # With the defaults: they are what keeps the promise.
            run = await Run.create(
                client,
                "set_server_domain",
                sandbox.baidu.tokens,
                journal=journal,
                arguments=DOMAINS,
                why="a test",
                options=RunOptions(),
            )
            moments: list[float] = []
            made = 0

            async def unlist() -> None:
                nonlocal made
                while sandbox.count() < apps // 3:  # noqa: ASYNC110 - it is the sandbox that is watched
                    await anyio.sleep(0.005)
                sandbox.inject(Fault.IP_NOT_LISTED, provider="baidu")
                made = sandbox.count()
                moments.append(anyio.current_time())

            async with anyio.create_task_group() as group:
                group.start_soon(unlist)
                await run.go()
                moments.append(anyio.current_time())
            report = await run.report()
            assert report.status is Status.PAUSED
            assert "PermissionDenied" in report.reason
            assert report.counts.failed == report.counts.unknown == 0
            further = sandbox.count() - made
            sandbox.clear(Fault.IP_NOT_LISTED)
            assert (await run.go()).is_complete
            assert {app.edits["set_server_domain"] for app in sandbox.baidu.apps.values()} == {1}
            return further, moments[1] - moments[0]


async def test_it_is_paused_at_once_and_resumed_after_the_mend(tmp_path: Path) -> None:
    further, _seconds = await halt_and_mend(tmp_path, 400)
    assert further <= 20


@pytest.mark.soak
async def test_thirty_thousand_are_not_failed_one_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    further, seconds = await halt_and_mend(tmp_path, 30_000)
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what it is for
            f"\nan address unlisted in the middle of 30,000 apps: paused within {further} further calls and "
            f"{seconds:.2f} s; resumed after the mend, 30,000 done once, 0 failed"
        )
    assert further <= 20
