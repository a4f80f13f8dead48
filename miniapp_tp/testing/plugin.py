"""The pytest plugin. It is loaded in every run of pytest, so it imports the sandbox only when a test asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from miniapp_tp.sandbox import Sandbox


@pytest.fixture
def miniapp_sandbox() -> Iterator[Sandbox]:
    """Give a running sandbox of both providers, with ten apps each. It needs the extra `sandbox`."""
    from miniapp_tp.sandbox import Sandbox  # noqa: PLC0415

    with Sandbox() as sandbox:
        yield sandbox
