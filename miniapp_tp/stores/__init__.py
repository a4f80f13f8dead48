"""Where tickets and tokens are kept, so that they outlive the process: the promise, and the stores that keep it."""

from miniapp_tp.stores.address import open_store
from miniapp_tp.stores.base import Entry, Key, Lease, TokenStore
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.migrating import migrate_store
from miniapp_tp.stores.postgres import PostgresStore
from miniapp_tp.stores.redis import RedisStore
from miniapp_tp.stores.sealed import SealedStore
from miniapp_tp.stores.sqlite import SqliteStore

__all__ = [
    "Entry",
    "Key",
    "Lease",
    "MemoryStore",
    "PostgresStore",
    "RedisStore",
    "SealedStore",
    "SqliteStore",
    "TokenStore",
    "migrate_store",
    "open_store",
]
