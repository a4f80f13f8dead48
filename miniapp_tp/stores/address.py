"""Which store an address means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from miniapp_tp.stores.base import TokenStore

_FORMS: Final = "memory://, sqlite:///relative.db, sqlite:////absolute.db"
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,30}", re.IGNORECASE)


def open_store(url: str) -> TokenStore:
    """Make the store that an address means. Nothing is opened before its first use.

    Args:
        url: `memory://`, which forgets everything with the process; `sqlite:///relative.db` (relative to the current
            folder) or `sqlite:////absolute.db`, whose folder must exist. The path is taken as it stands, without
            percent-decoding.

    Raises:
        InvalidArgument: Another address; the message lists what there is, and doesn't show the address, which may
            hold a password.
    """
    store = _meant(url)
    del url  # or else the traceback's locals would show a password
    if isinstance(store, InvalidArgument):
        raise store
    return store


def _meant(url: str) -> TokenStore | InvalidArgument:
    scheme, separator, rest = str(url).partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        return InvalidArgument(f"a store's address is one of {_FORMS}")
    kind = scheme.lower()
    if kind == "memory" and not rest:
        return MemoryStore()
    if kind == "sqlite" and rest.startswith("/") and rest[1:] and "?" not in rest:
        return SqliteStore(rest[1:])
    if kind in {"memory", "sqlite"}:
        return InvalidArgument(f"write the address of a {kind} store like one of {_FORMS}, without host or options")
    return InvalidArgument(f"there is no store {kind}://; there are {_FORMS}")
