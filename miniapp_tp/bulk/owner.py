"""Who is at a run: this process, in words from which another one can tell whether it is still there."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_UNKNOWN: Final = "?"


def this_process() -> str:
    """Name this process, differently each time it is asked: `host pid start place uuid`."""
    return f"{socket.gethostname()} {os.getpid()} {_started(os.getpid())} {_place()} {uuid.uuid4().hex[:8]}"


def is_gone(owner: str) -> bool:
    """Tell whether a process is certainly gone: one of this machine that doesn't run any more.

    Of another machine, or where the system doesn't tell, nothing is certain: its lease has to run out.
    """
    words = owner.split()
    if len(words) != len(this_process().split()):
        return False
    host, pid, started, place, _one = words
    if host != socket.gethostname() or place != _place() or _UNKNOWN in {place, started} or not pid.isdigit():
        return False
    return _started(int(pid)) != started


def _place() -> str:
    """Name this boot of this machine, and this space of process numbers: containers have their own."""
    try:
        return f"{_BOOT.read_text('ascii').strip()}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return _UNKNOWN


def _started(pid: int) -> str:
    """Tell when a process started, in the system's ticks: its number may be another's meanwhile."""
    try:
        # The name, in parentheses, may hold anything; behind it the 20th word is the start.
        state, *words = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return _UNKNOWN if not _BOOT.exists() else "gone"
    return "gone" if state in {"Z", "X"} else words[18]
