"""The command `miniapp-tp`. It needs the extra `cli`, which is imported only when the command runs."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command, or say what has to be installed for it."""
    try:
        from miniapp_tp.cli.commands import command  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        if missing.name not in {"click", "rich"}:
            raise
        sys.exit("miniapp-tp needs click and rich / 需要 click 和 rich: pip install 'miniapp_tp[cli]'")
    command(prog_name="miniapp-tp")  # also where it was started as a module
