"""The command in a folder with settings, and a sandbox behind it."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from click.testing import CliRunner, Result

from miniapp_tp.cli.commands import command
from miniapp_tp.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import pytest

TOML = """
journal = "sqlite:///runs.db"
[components.baidu]
id = "sandbox-client"
base_url = "{url}"
tokens = {{ file = "tokens.json" }}
"""
APPS = "app\n15000001\n15000002\n15000003\n"
WHY = ("--why", "a test")
SET = ("run", "set_server_domain", "--apps", "apps.csv", "--set", 'domains={"request":["api.example.com"]}', *WHY)


def write(folder: Path, sandbox: Sandbox, apps: str = APPS) -> None:
    folder.joinpath("miniapp-tp.toml").write_text(TOML.format(url=sandbox.url), "utf-8")
    folder.joinpath("tokens.json").write_text(json.dumps(dict(sandbox.baidu.tokens)), "utf-8")
    folder.joinpath("apps.csv").write_text(apps, "utf-8")


def call(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(command, words, input=given)


def domains_of(sandbox: Sandbox, kind: str = "request") -> list[list[str]]:
    return [app.domains[kind] for app in sandbox.baidu.apps.values()]


@contextmanager
def sandboxed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Sandbox]:
    """Stand in a folder whose settings lead to a sandbox."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("MINIAPP_TP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MINIAPP_TP_LANG", "en")
    with Sandbox(apps=3) as made:
        write(tmp_path, made)
        yield made
