"""What a terminal of 80 columns shows: a bar that moves while the demo runs, and tables that fit."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from typing import Final

from rich.cells import cell_len

from tests.cli.processes import COMMAND, PATIENCE, environment

_CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ARGUMENTS: Final = ("demo", "--apps", "20", "--fault-rate", "0", "--permanent", "0.05")


def on_a_terminal(*arguments: str, **variables: str) -> tuple[int, str]:
    """Run the command on a terminal of 80 columns; give its exit code and all that was written."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    own = {name: value for name, value in environment(TERM="xterm", **variables).items() if name != "COLUMNS"}
    try:
        with subprocess.Popen([*COMMAND, *arguments], env=own, stdin=theirs, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            written = _read(ours)
            return process.wait(PATIENCE), written
    finally:
        os.close(ours)


def _read(terminal: int) -> str:
    written = b""
    deadline = time.monotonic() + PATIENCE
    while select.select([terminal], [], [], max(deadline - time.monotonic(), 0))[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # on Linux a terminal that the other side has closed ends like this
            break
        if not part:
            break
        written += part
    return written.decode()


def test_the_bar_moves_and_everything_fits() -> None:
    code, written = on_a_terminal(*_ARGUMENTS, MINIAPP_TP_LANG="en")
    assert code == 0
    assert "\x1b[1A" in written, "nothing was ever drawn over"
    counts = {int(count) for count in re.findall(r"(\d+)/40", _CONTROL.sub("", written))}
    assert min(counts) < 40
    assert max(counts) == 40
    lines = _CONTROL.sub("", written).replace("\r", "\n").splitlines()
    assert max(map(cell_len, lines)) <= 80


def test_chinese_fits_too() -> None:
    code, written = on_a_terminal(*_ARGUMENTS, MINIAPP_TP_LANG="zh")
    assert code == 0
    assert "失败" in written
    assert max(map(cell_len, _CONTROL.sub("", written).replace("\r", "\n").splitlines())) <= 80


def test_without_a_terminal_there_is_no_bar() -> None:
    done = subprocess.run(
        [*COMMAND, *_ARGUMENTS], env=environment(), capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True
    )
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "set_server_domain" in done.stdout
