"""The picture for the documents: calls per second over how many are under way."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

_COLOURS: Final = {
    "naive httpx": "#9aa0a6",
    "naive httpx2": "#c4c7cc",
    "aiohttp by hand": "#5b9bd5",
    "pyreqwest by hand": "#a78bd4",
    "SDK default": "#2e8b57",
    "SDK aiohttp": "#e0a030",
    "SDK fast": "#d1495b",
}


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw the medians of a run as an SVG."""
    mpl: Any = import_module("matplotlib")  # only `make bench` installs it
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "miniapp_tp"  # the same picture for the same figures
    pyplot: Any = import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(8, 4.6))
    rows = [row for row in results["throughput"]["medians"] if row["operation"] == "get_info"]
    for name, colour in _COLOURS.items():
        mine = [row for row in rows if row["contender"] == name]
        line = "-" if name.startswith("SDK") else "--"
        axes.plot(
            [row["at_once"] for row in mine],
            [row["per_second"] for row in mine],
            line,
            marker="o",
            color=colour,
            label=name,
        )
    axes.set(xscale="log", yscale="log", xlabel="calls under way", ylabel="calls per second (median)")
    axes.set_xticks([1, 10, 100, 500, 1000], ["1", "10", "100", "500", "1,000"])
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
