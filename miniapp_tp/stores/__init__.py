"""Where tickets and tokens are kept, so that they outlive the process: the promise, and the stores that keep it."""

from miniapp_tp.stores.base import Entry, Key, Lease, TokenStore

__all__ = ["Entry", "Key", "Lease", "TokenStore"]
