"""Where tickets and tokens are kept, so that they outlive the process: the promise, and the stores that keep it."""

from miniapp_tp.stores.address import open_store
from miniapp_tp.stores.base import Entry, Key, Lease, TokenStore
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.sqlite import SqliteStore

__all__ = ["Entry", "Key", "Lease", "MemoryStore", "SqliteStore", "TokenStore", "open_store"]
