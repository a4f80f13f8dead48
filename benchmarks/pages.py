"""Puts the tables of a run into the documents, between the comments that name them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.figures import rates_table, table

if TYPE_CHECKING:
    from benchmarks.figures import Results

_DOCS: Final = Path(__file__).parents[1] / "docs"
PLOT: Final = _DOCS / "performance.svg"
_PAGES: Final = tuple(_DOCS / name for name in ("performance.md", "performance.zh-CN.md"))


def machine_line(results: Results) -> str:
    """Say on what it ran."""
    one, server = results["machine"], results["throughput"]["server"]
    libraries = ", ".join(f"{name} {number}" for name, number in one["libraries"].items())
    where = f"{one['system']}, {one['cores']} cores, load {one['load']:.1f} as it began"
    pace = f"a naive AsyncClient call without a network: {results['own_cost']['naive_us']:,.0f} µs of CPU"
    return f"CPython {one['python']}, {where}, {server}; {libraries}; {pace}"


def write(results: Results) -> None:
    """Write them."""
    parts = {
        "machine": machine_line(results),
        "rates": rates_table(results),
        "cpu": rates_table(results, "cpu_us", "µs of CPU"),
        "figures": table(results),
    }
    for page in _PAGES:
        text = page.read_text(encoding="utf-8")
        for name, part in parts.items():
            text = _put(text, name, part)
        page.write_text(text, encoding="utf-8")


def _put(text: str, name: str, part: str) -> str:
    """Replace what stands between a table's comments."""
    before, begin, rest = text.partition(f"<!-- bench: {name} -->\n")
    _, end, after = rest.partition("<!-- bench: end -->")
    return f"{before}{begin}\n{part}\n\n{end}{after}"
