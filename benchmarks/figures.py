"""What has to be shown, and whether it is: each figure with its bound, computed from the results of one run."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

Results: TypeAlias = dict[str, Any]
_SIGNS: Final[dict[str, Callable[[float, float], bool]]] = {"≥": operator.ge, "≤": operator.le}


@frozen
class Figure:
    """One promise.

    Attributes:
        name: What it says.
        sign: `"≥"` or `"≤"`.
        bound: What it must reach, or may not pass.
        value: What was measured.
        unit: Its unit.
    """

    name: str
    sign: str
    bound: float
    value: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is reached."""
        return _SIGNS[self.sign](self.value, self.bound)


def _rates(results: Results, figure: str = "per_second") -> dict[tuple[str, int], float]:
    rows = results["throughput"]["medians"]
    return {(row["contender"], row["at_once"]): row[figure] for row in rows if row["operation"] == "get_info"}


_RATIOS: Final = (
    ("SDK default", "naive httpx", 100, 4.0),
    ("SDK default", "naive httpx", 500, 8.0),
    ("SDK fast", "naive httpx", 100, 20.0),
    ("SDK fast", "naive httpx", 500, 40.0),
    ("SDK fast", "aiohttp by hand", 10, 0.75),
    ("SDK fast", "aiohttp by hand", 100, 0.9),
    ("SDK fast", "aiohttp by hand", 500, 1.1),
)
# The bound on the SDK's own cost was drawn where a naive call costs this much; elsewhere it moves along.
_NAIVE_US: Final = 150.0
_OWN_US: Final = 30.0


def figures(results: Results) -> list[Figure]:
    """Compute all figures of a run."""
    rates, cost, start = _rates(results), results["own_cost"], results["startup"]
    return [
        *(
            Figure(f"{one} ÷ {other}, calls/s at {at} at once", "≥", bound, rates[one, at] / rates[other, at])
            for one, other, at, bound in _RATIOS
        ),
        Figure("SDK fast at 1,000 at once ÷ at 10", "≥", 0.8, rates["SDK fast", 1000] / rates["SDK fast", 10]),
        Figure("the SDK's own cost of a call", "≤", _OWN_US, cost["sdk_us"], "µs of CPU"),
        Figure("the same ÷ naive AsyncClient's", "≤", _OWN_US / _NAIVE_US, cost["ratio"]),
        Figure("import miniapp_tp ÷ httpx, attrs, cattrs", "≤", 1.5, start["ratio"]),
        Figure("from miniapp_tp import BaiduClient ÷ the same", "≤", 2.5, start["client_ratio"]),
        Figure("optional packages loaded by it", "≤", 0, len(start["extras_loaded"])),
        Figure("100,000 apps through each: memory growth", "≤", 32, results["bulk"]["growth_mib"], "MiB"),
    ]


def table(results: Results) -> str:
    """Write the figures as a table in Markdown."""
    lines = ["| figure | bound | measured | |", "|---|---|---|---|"]
    return "\n".join([*lines, *map(_line, figures(results))])


def _line(one: Figure) -> str:
    measured = f"{one.value:.2f} {one.unit}".rstrip()
    return f"| {one.name} | {one.sign} {one.bound:g} | {measured} | {'✓' if one.holds else '✗'} |"


def rates_table(results: Results, figure: str = "per_second", title: str = "calls/s") -> str:
    """Write the calls per second, or another figure of theirs, as a table in Markdown."""
    rates = _rates(results, figure)
    levels = sorted({at for _, at in rates})
    lines = [f"| {title} of `get_info` | {' | '.join(f'{at:,} at once' for at in levels)} |"]
    lines.append("|---|" + "---:|" * len(levels))
    for name in dict.fromkeys(name for name, _ in rates):
        cells = " | ".join(f"{rates[name, at]:,.0f}" for at in levels)
        lines += [f"| {name} | {cells} |"]
    return "\n".join(lines)
