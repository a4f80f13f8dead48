"""Which store an address means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.stores.memory import MemoryStore
from miniapp_tp.stores.postgres import PostgresStore
from miniapp_tp.stores.redis import RedisStore
from miniapp_tp.stores.sealed import SealedStore, UnsealedStore
from miniapp_tp.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from miniapp_tp.stores.base import TokenStore
    from miniapp_tp.stores.sealing import Keys

_FORMS: Final = (
    "memory://, sqlite:///relative.db, sqlite:////absolute.db, redis://host:6379/0, postgresql://host:5432/database"
)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,30}", re.IGNORECASE)
_EXTRAS: Final = {"redis": "redis", "rediss": "redis", "postgres": "postgres", "postgresql": "postgres"}


def open_store(url: str, *, key: Keys | None = None) -> TokenStore:
    """Make the store that an address means. Nothing is opened before its first use.

    Args:
        url: `memory://`, which forgets everything with the process; `sqlite:///relative.db` (relative to the current
            folder) or `sqlite:////absolute.db`, whose folder must exist, and whose path is taken as it stands, without
            percent-decoding; `redis://` or `rediss://` (TLS), as redis-py reads it, with `?prefix=` for what all keys
            begin with (`miniapp_tp`); `postgresql://`, as libpq reads it, with `?schema=` for the tables' schema
            (`miniapp_tp`).
        key: Seals what is kept: 32 bytes, or their Base64 as text; or a sequence of these: the first seals, any of them
            opens. See `SealedStore`.

    Raises:
        InvalidArgument: Another address, or no such key; the message lists what there is, and shows neither the
            address, which may hold a password, nor the key.
        ModuleNotFoundError: What the address or the key needs isn't installed; the message names the extra.
    """
    store = _meant(url)
    if not isinstance(store, Exception):
        store = _guarded(store, key)
    del url, key  # or else the traceback's locals would show a password, or a key
    if isinstance(store, Exception):
        raise store
    return store


def _guarded(store: TokenStore, key: Keys | None) -> TokenStore | Exception:
    if key is None:
        return store if isinstance(store, MemoryStore) else UnsealedStore(store)
    try:
        return SealedStore(store, key)
    except (InvalidArgument, ModuleNotFoundError) as problem:
        return problem.with_traceback(None)


def _meant(url: str) -> TokenStore | Exception:
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
    if kind in _EXTRAS:
        return _server(kind, url)
    return InvalidArgument(f"there is no store {kind}://; there are {_FORMS}")


def _server(kind: str, url: str) -> TokenStore | Exception:
    extra = _EXTRAS[kind]
    try:
        if extra == "redis":
            url, prefix = own_option(url, "prefix")
            return RedisStore.from_url(url, prefix=prefix)
        url, schema = own_option(url, "schema")
        return PostgresStore.from_url(url, schema=schema)
    except InvalidArgument as problem:
        return problem.with_traceback(None)
    except ModuleNotFoundError as missing:
        message = f"a store in {kind}:// needs a package that isn't installed: pip install 'miniapp_tp[{extra}]'"
        return ModuleNotFoundError(message, name=missing.name)
    except (ValueError, TypeError):  # what redis-py says of an option that it doesn't know, or can't read
        return InvalidArgument(f"the driver can't read that address of a {kind} store; there are {_FORMS}")


def own_option(url: str, name: str) -> tuple[str, str]:
    """Take an option that is ours out of an address."""
    parts = urlsplit(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    given = dict(options).get(name, "miniapp_tp")
    query = urlencode([one for one in options if one[0] != name])
    return urlunsplit(parts._replace(query=query)), given
