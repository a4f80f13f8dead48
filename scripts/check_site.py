"""Fail unless every public name of the package stands in the built documentation site: `check_site.py build/site`."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.util.inventory import InventoryFile

import miniapp_tp


def missing(site: Path) -> list[str]:
    """The public names that the site's inventory lacks."""
    inventory = InventoryFile.loads(site.joinpath("objects.inv").read_bytes(), uri="")
    documented = {name for role in inventory.data.values() for name in role}
    return [name for name in miniapp_tp.__all__ if f"miniapp_tp.{name}" not in documented]


def main() -> int:
    """Check, and say what to add."""
    lacking = missing(Path(sys.argv[1]))
    for name in lacking:
        print(f"docs/reference.rst lacks {name}")
    return bool(lacking)


if __name__ == "__main__":
    sys.exit(main())
