"""Apps in files: one id a line, CSV, JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from miniapp_tp import InvalidArgument, Item, read_apps
from miniapp_tp.bulk.sources import apps_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text",
    [
        "a\nb\n",
        "\n  a  \n\nb",
        "app\na\nb\n",
        "name,app\n,a\n,b\n",
        "\ufeffapp\r\na\r\nb\r\n",
        '{"app": "a"}\n\n{"app": "b"}\n',
    ],
)
def test_ids(text: str) -> None:
    assert list(apps_in(text.splitlines(keepends=True))) == [Item("a"), Item("b")]


def test_arguments_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "apps.csv"
    path.write_text('app,name,url\na,"One, two",\n', "utf-8")
    assert list(read_apps(path)) == [Item("a", {"name": "One, two"})]
    path.write_text('{"app": "a", "domains": {"request": ["x.example.com"]}}', "utf-8")
    assert list(read_apps(path)) == [Item("a", {"domains": {"request": ["x.example.com"]}})]


def test_nothing() -> None:
    assert list(apps_in([])) == []
    assert list(apps_in(["\n", " \n"])) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n", "line 1 .* a header with a column `app`"),
        ("app,name\na,b,c\n", "line 2 .* more cells than the header"),
        ("app,name\n,b\n", "line 2 .* names no `app`"),
        ('{"app": "a"}\nb\n', "line 2 .* no JSON"),
        ('{"app": "a"}\n[]\n', "line 2 .* no JSON object"),
        ('{"app": 15263713}\n', "line 1 .* names no `app`, a text"),
    ],
)
def test_what_names_no_app(text: str, why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        list(apps_in(text.splitlines()))
