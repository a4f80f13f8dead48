"""A process that is at a run, to be killed: `python worker.py URL JOURNAL COMPONENT TOKENS RUN`; it tells when it goes.

With RUN 0 it makes the run first, of all apps in the file of tokens.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import aclosing
from pathlib import Path

from miniapp_tp import BaiduClient, Run, RunOptions, ServerDomains, open_journal

_OPTIONS = RunOptions(concurrency=32, settle_after=0.5, beat=0.2)


async def work(url: str, journal_url: str, component: str, tokens: dict[str, str], run: int) -> None:
    """Be at the run until it is over."""
    async with (
        aclosing(open_journal(journal_url)) as journal,
        BaiduClient(component, tokens=tokens, base_url=url) as client,
    ):
        if run:
            mine = await Run.open(client, run, journal=journal, options=_OPTIONS)
        else:
            arguments = {"domains": ServerDomains(request=["api.example.com"])}
            mine = await Run.create(
                client,
                "set_server_domain",
                tokens,
                journal=journal,
                arguments=arguments,
                why="to be killed",
                options=_OPTIONS,
            )
        print("going", mine.id, flush=True)  # noqa: T201 - it tells whoever kills it
        report = await mine.go()
        print(json.dumps(report.as_dict()), flush=True)  # noqa: T201


if __name__ == "__main__":
    address, place, who, file, number = sys.argv[1:]
    asyncio.run(work(address, place, who, json.loads(Path(file).read_text("utf-8")), int(number)))
