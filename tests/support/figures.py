"""Showing what a long test measured."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Show figures; `pytest -s` lets them through."""
    sys.stdout.write(f"\n{line}\n")
    sys.stdout.flush()
