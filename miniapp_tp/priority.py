"""Whether a call is one of many, which can wait, or somebody is waiting for it: bulk yields to what is interactive."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

_BULK: Final[ContextVar[bool]] = ContextVar("miniapp_tp_bulk", default=False)


def is_bulk() -> bool:
    """Tell whether the present call is one of many."""
    return _BULK.get()


@contextmanager
def in_bulk() -> Generator[None]:
    """Mark the calls made in this block, and in tasks started in it, as some of many."""
    token = _BULK.set(True)
    try:
        yield
    finally:
        _BULK.reset(token)
