"""The documentation site: Markdown pages in two languages, and a reference made of the docstrings."""

from __future__ import annotations

import inspect
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any

from attrs import has

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "miniapp_tp"
author = "The miniapp_tp contributors"
project_copyright = author
release = version_of(project)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# Backticks mean code in docstrings, as they do in the Markdown around them.
default_role = "code"

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path: list[str] = []

# The docstrings carry the meaning, the signatures the types; members stand in the order of the source.
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 100
python_use_unqualified_type_names = True


def without_twins(_app: Sphinx, what: str, _name: str, thing: Any, _options: Any, lines: list[str]) -> None:  # noqa: ANN401 - what autodoc hands over
    """Drop the section Attributes of attrs classes where autodoc lists the same attributes as arguments' types."""
    if what == "class" and inspect.isclass(thing) and has(thing):
        lines[:] = [line.replace(":ivar ", ":param ") for line in lines if not line.startswith(":vartype")]


def setup(app: Sphinx) -> None:
    """Have docstrings looked through."""
    app.connect("autodoc-process-docstring", without_twins)
