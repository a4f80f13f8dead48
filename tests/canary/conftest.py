"""What all that look for secrets share: an ear at every logger."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from tests.support.canaries import Listening, sings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(autouse=True)
async def logs() -> AsyncIterator[Listening]:
    """Listen to every logger at every level, and look through it all at the end."""
    heard, root = Listening(), logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    yield heard
    root.setLevel(level)
    root.removeHandler(heard)
    assert [text for text in heard.texts if sings(text)] == []
