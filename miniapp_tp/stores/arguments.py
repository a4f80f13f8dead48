"""What stores refuse before they touch anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    from miniapp_tp.stores.base import Entry, Key, Lease


def check_entry(entry: Entry) -> None:
    """Refuse to save something else than bytes, or over a version that no store gives.

    It takes an entry, whose repr hides the value: a value as such would show up in a traceback's locals.

    Raises:
        InvalidArgument: It is one.
    """
    if entry.value is not None and type(entry.value) is not bytes:
        raise InvalidArgument(f"a store keeps bytes or None, not {type(entry.value).__name__}")
    if entry.version < 0:
        raise InvalidArgument(f"name the version as it was read (0 if nothing was there), not {entry.version}")


def check_forgetting(entry: Entry, forget_after: float | None) -> None:
    """Refuse to forget a value that is there.

    Raises:
        InvalidArgument: It isn't deleted, or the time isn't positive and finite.
    """
    if forget_after is None:
        return
    if entry.value is not None:
        raise InvalidArgument("only a deleted key can be forgotten: leave forget_after out, or delete the value")
    if not (math.isfinite(forget_after) and forget_after > 0):
        raise InvalidArgument(f"forget_after is a positive number of seconds or None, not {forget_after}")


def check_lease(key: Key, lease: Lease | None) -> None:
    """Refuse a lease on another key.

    Raises:
        InvalidArgument: It is one.
    """
    if lease is not None and lease.key != key:
        raise InvalidArgument(f"the lease is on {lease.key}, but {key} is to be saved")


def check_seconds(seconds: float) -> None:
    """Refuse what is no length of time.

    Raises:
        InvalidArgument: It isn't positive and finite.
    """
    if not (math.isfinite(seconds) and seconds > 0):
        raise InvalidArgument(f"a lease lasts a positive number of seconds, not {seconds}")
