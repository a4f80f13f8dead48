"""Print the CPythons of this machine that the package supports: one line per minor version, `3.12 /path/to/python`.

A name on PATH proves nothing (version managers leave stand-ins that fail to start), so every candidate is asked.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NAME = re.compile(r"python3\.\d+")
PLACES = (
    "~/.pyenv/versions/*/bin",
    "~/.local/share/uv/python/*/bin",
    "~/.local/bin",
    "/opt/*/bin",
    "/opt/python/*/bin",
    "/usr/local/bin",
    "/usr/local/opt/python@*/bin",
    "/opt/homebrew/opt/python@*/bin",
    "/usr/bin",
)
# An environment needs venv and ensurepip, which some distributions split off.
QUESTION = """
import sys, ensurepip, venv
version = sys.version_info
usable = sys.implementation.name == "cpython" and version.releaselevel == "final"
print(*version[:3] if usable else (0, 0, 0))
"""


def folders() -> list[Path]:
    """Where interpreters may be: PATH first, then the usual places."""
    found = [Path(name) for name in os.get_exec_path()]
    for place in PLACES:
        pattern = Path(place).expanduser()
        found += sorted(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))))
    return found


def version_of(executable: Path) -> tuple[int, ...] | None:
    """Ask an interpreter what it is; None if it doesn't answer."""
    try:
        answer = subprocess.run(
            [executable, "-I", "-c", QUESTION], capture_output=True, check=True, text=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(int(part) for part in answer.stdout.split())


def pythons() -> dict[tuple[int, ...], Path]:
    """The newest patch release of each supported minor version."""
    best: dict[tuple[int, ...], tuple[tuple[int, ...], Path]] = {}
    for folder in dict.fromkeys(folders()):
        for executable in sorted(folder.glob("python3.*")):
            version = version_of(executable) if NAME.fullmatch(executable.name) else None
            if version and version[:2] >= OLDEST and version > best.get(version[:2], ((), executable))[0]:
                best[version[:2]] = (version, executable)
    return {minor: executable for minor, (_, executable) in sorted(best.items())}


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--others", action="store_true", help="leave out the minor version that runs this script")
    others = parser.parse_args().others
    for minor, executable in pythons().items():
        if not (others and minor == sys.version_info[:2]):
            print(".".join(map(str, minor)), executable)


if __name__ == "__main__":
    main()
