"""What runs the blocks of a document: as printed, in their order, and compared with the output printed below them.

Marks are comments on the line before a block:

- `<!-- output -->` before a text block: it is what the python block above prints.
- `<!-- explain -->` before a text block: it is what `miniapp-tp explain` says; compared in `test_structure.py`.
- `<!-- pytest -->` before a python block: it is a file of tests, and pytest runs it.
- `<!-- compile only: reason -->` before a python block: it can't run here; imports, names and calls are checked.

A block that calls `asyncio.run` is a program of its own, in a namespace of its own. The others continue one another,
and may `await` at the top level.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import contextlib
import inspect
import io
import subprocess
import sys
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final

import click

from miniapp_tp.cli.commands import command
from tests.docs.documents import commands, mark_of, parsed

if TYPE_CHECKING:
    from pathlib import Path

    from sybil import Example

COMPILE_ONLY: Final = "compile only: "
_MAKE_FILE: Final = "Makefile"


class Examples:
    """The blocks of one document.

    Args:
        path: The document.
        folder: Where test files may be written.
        root: Where the repository is.
    """

    def __init__(self, path: Path, folder: Path, root: Path) -> None:
        self._path = path
        self._folder = folder
        self._root = root
        self._printed = ""
        self._runner = asyncio.Runner()
        self.ran = 0

    def run(self) -> None:
        """Run them all."""
        evaluators = {"python": self._python, "text": self._text, "bash": self._bash}
        with self._runner:
            for example in parsed(self._path, evaluators).examples():
                example.evaluate()
        self._nothing_unread()

    def _nothing_unread(self) -> None:
        assert not self._printed, f"what a block prints is shown below it: {self._printed}"

    def _python(self, example: Example) -> None:
        mark = mark_of(example)
        if mark == "pytest":
            self._pytest(str(example.parsed))
        elif mark.startswith(COMPILE_ONLY):
            _compiled(example)
            check(str(example.parsed))
        else:
            self._nothing_unread()
            self._printed = self._execute(example)
            self.ran += 1

    def _execute(self, example: Example) -> str:
        is_program = "asyncio.run(" in example.parsed
        namespace: dict[str, Any] = {} if is_program else example.namespace
        namespace.update(__name__="__main__", __builtins__=builtins)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            result = FunctionType(_compiled(example), namespace)()
            if inspect.iscoroutine(result):
                self._runner.run(result)
        return printed.getvalue()

    def _text(self, example: Example) -> None:
        if mark_of(example) == "output":
            assert str(example.parsed) == self._printed, f"line {example.line}: the block above prints {self._printed}"
            self._printed = ""

    def _pytest(self, source: str) -> None:
        self._folder.joinpath("test_as_printed.py").write_text(source, "utf-8")
        arguments = ("-q", "-W", "error", "-p", "no:cacheprovider", "test_as_printed.py")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments], cwd=self._folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "passed" in done.stdout
        self.ran += 1

    def _bash(self, example: Example) -> None:
        for program, *words in commands(str(example.parsed)):
            match program:
                case "miniapp-tp":
                    _check_command(words)
                case "make":
                    targets = self._root.joinpath(_MAKE_FILE).read_text("utf-8")
                    assert all(f"\n{target}:" in targets for target in words), words
                case "pip":
                    assert words[0] == "install"
                case _:
                    assert self._root.joinpath(program).is_file(), program


def _compiled(example: Example) -> CodeType:
    padded = "\n" * (example.line + example.parsed.line_offset) + str(example.parsed)
    code = compile(padded, example.path, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    assert isinstance(code, CodeType)
    return code


def check(source: str) -> None:
    """Check what can be known of a block without running it: imports, names, and calls of what was imported."""
    nodes = list(ast.walk(ast.parse(source)))
    imported: dict[str, Any] = {"__builtins__": builtins}
    imports: list[ast.stmt] = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    FunctionType(compile(ast.Module(imports, []), "imports", "exec"), imported)()
    known = {*imported, *vars(builtins), *(name for node in nodes if (name := _defined(node)))}
    for node in nodes:
        if isinstance(node, ast.Name):
            assert node.id in known, f"{node.id} isn't defined"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in imported:
            keywords = {keyword.arg: None for keyword in node.keywords if keyword.arg}
            inspect.signature(imported[node.func.id]).bind(*node.args, **keywords)


def _defined(node: ast.AST) -> str | None:
    """Give the name that a node defines, if it does."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name
        case ast.arg():
            return node.arg
        case ast.Name(ctx=ast.Store()):
            return node.id
        case _:
            return None


def _check_command(words: list[str]) -> None:
    """Let the command itself read the words, without running it."""
    chosen: click.Command | None = command
    name: str | None = None
    while isinstance(chosen, click.Group):
        name, chosen, words = chosen.resolve_command(click.Context(chosen), words)
    assert chosen is not None
    chosen.make_context(name, words)
