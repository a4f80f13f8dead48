"""Texts in English and Chinese: which one is shown follows `MINIAPP_TP_LANG`, else the locale."""

from __future__ import annotations

import os


def speaks_chinese() -> bool:
    """Tell whether the user reads Chinese."""
    names = ("MINIAPP_TP_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return chosen.lower().startswith("zh")


def say(english: str, chinese: str) -> str:
    """Choose a text by the user's language."""
    return chinese if speaks_chinese() else english
