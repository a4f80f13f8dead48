"""Print how long functions and modules are; fail where the package goes beyond the hard limits.

The aims are a mirror: a median of 8 lines, nine functions in ten within 25. The limits are a gate. A docstring doesn't
count towards its function.
"""

from __future__ import annotations

import ast
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
GATED = "miniapp_tp"
FOLDERS = (GATED, "tests", "benchmarks", "scripts")
LONGEST_FUNCTION = 50
LONGEST_MODULE = 400


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """A function's lines from `def` on, its docstring aside."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        docstring = node.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def functions(path: Path, source: str) -> Iterator[tuple[int, str]]:
    """Every function of a module, nested ones too: its lines and where it stands."""
    for node in ast.walk(ast.parse(source, path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield lines_of(node), f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def measure(folder: str) -> list[str]:
    """Print a folder's figures and return what is beyond the limits."""
    sources = {path: path.read_text("utf-8") for path in sorted((ROOT / folder).rglob("*.py"))}
    sized = sorted(size for path, source in sources.items() for size in functions(path, source))
    modules = sorted((source.count("\n"), str(path.relative_to(ROOT))) for path, source in sources.items())
    if not sized:
        return []
    lengths = [length for length, _ in sized]
    print(
        f"{folder:<11} {len(sized):>5} functions: median {statistics.median(lengths):g}, "
        f"90 % within {lengths[int(0.9 * (len(lengths) - 1))]}, longest {sized[-1][0]} ({sized[-1][1]})\n"
        f"{'':<11} {len(modules):>5} modules:   median {statistics.median(size for size, _ in modules):g}, "
        f"longest {modules[-1][0]} ({modules[-1][1]}), {sum(size for size, _ in modules)} lines in all"
    )
    return [f"{where}: {size} lines" for size, where in sized if size > LONGEST_FUNCTION] + [
        f"{where}: {size} lines" for size, where in modules if size > LONGEST_MODULE
    ]


def main() -> int:
    """Measure every folder; only the package's limits count."""
    beyond = {folder: measure(folder) for folder in FOLDERS}[GATED]
    if beyond:
        print(
            f"\nBeyond {LONGEST_FUNCTION} lines for a function or {LONGEST_MODULE} for a module:", *beyond, sep="\n  "
        )
    return bool(beyond)


if __name__ == "__main__":
    sys.exit(main())
