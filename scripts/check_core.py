"""Import the installed package where nothing but the core's dependencies is installed.

Run by `make build` with the interpreter of a clean environment. What needs an extra is left out; anything else that
imports more than the core's dependencies fails here.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.resources
import pkgutil
import re
import sys

import miniapp_tp

NEED_AN_EXTRA = (
    "miniapp_tp.cli",
    "miniapp_tp.sandbox",
    "miniapp_tp.testing",
    "miniapp_tp.transport.fast_aiohttp",
    "miniapp_tp.transport.fast_pyreqwest",
)
CORE = {"anyio", "attrs", "cattrs", "httpx"}


def core_modules() -> list[str]:
    """The package's modules that a plain install has to be able to import."""
    names = (module.name for module in pkgutil.walk_packages(miniapp_tp.__path__, "miniapp_tp."))
    return [name for name in names if not f"{name}.".startswith(tuple(f"{left_out}." for left_out in NEED_AN_EXTRA))]


def main() -> None:
    """Check what was built as a user gets it."""
    required = importlib.metadata.requires("miniapp_tp") or []
    plain = {re.split(r"[^\w.-]", line)[0] for line in required if "extra ==" not in line}
    assert plain == CORE, f"the core's dependencies are {sorted(CORE)}, the wheel asks for {sorted(plain)}"
    assert importlib.resources.files("miniapp_tp").joinpath("py.typed").is_file(), "the wheel lacks py.typed"

    before = set(sys.modules)
    modules = core_modules()
    for name in modules:
        importlib.import_module(name)
    loaded = {name.partition(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names
    came = ", ".join(sorted(loaded - {"miniapp_tp"}))
    print(f"{len(modules)} core modules imported; with them came {came}")


if __name__ == "__main__":
    main()
