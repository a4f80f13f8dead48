"""Which journal an address means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from miniapp_tp.bulk.journal_postgres import PostgresJournal
from miniapp_tp.bulk.journal_sqlite import SqliteJournal
from miniapp_tp.errors import InvalidArgument
from miniapp_tp.stores.address import own_option

if TYPE_CHECKING:
    from miniapp_tp.bulk.journal import Journal

_FORMS: Final = "sqlite:///relative.db, sqlite:////absolute.db, postgresql://host:5432/database"


def open_journal(url: str) -> Journal:
    """Make the journal that an address means. Nothing is opened before its first use.

    Args:
        url: `sqlite:///relative.db` (relative to the current folder) or `sqlite:////absolute.db`, whose folder must
            exist: a file of its own, beside that of the tokens. Or `postgresql://`, as libpq reads it, with `?schema=`
            for the tables' schema (`miniapp_tp`).

    Raises:
        InvalidArgument: Another address; the message lists what there is, and doesn't show the address, which may hold
            a password.
        ModuleNotFoundError: What the address needs isn't installed; the message names the extra.
    """
    journal = _meant(url)
    del url  # or else the traceback's locals would show a password
    if isinstance(journal, Exception):
        raise journal
    return journal


def _meant(url: str) -> Journal | Exception:
    scheme, _, rest = str(url).partition("://")
    if scheme.lower() == "sqlite" and rest.startswith("/") and rest[1:] and "?" not in rest:
        return SqliteJournal(rest[1:])
    if scheme.lower() not in {"postgres", "postgresql"}:
        return InvalidArgument(f"a journal's address is one of {_FORMS}")
    try:
        url, schema = own_option(url, "schema")
        return PostgresJournal.from_url(url, schema=schema)
    except ModuleNotFoundError as missing:
        message = "a journal in postgresql:// needs a package that isn't installed: pip install 'miniapp_tp[postgres]'"
        return ModuleNotFoundError(message, name=missing.name)
    except ValueError:
        return InvalidArgument(f"the driver can't read that address of a journal; there are {_FORMS}")
