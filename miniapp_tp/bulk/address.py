"""Which journal an address means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from miniapp_tp.bulk.journal_sqlite import SqliteJournal
from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    from miniapp_tp.bulk.journal import Journal

_FORMS: Final = "sqlite:///relative.db, sqlite:////absolute.db"


def open_journal(url: str) -> Journal:
    """Make the journal that an address means. Nothing is opened before its first use.

    Args:
        url: `sqlite:///relative.db` (relative to the current folder) or `sqlite:////absolute.db`, whose folder must
            exist. A file of its own, beside that of the tokens.

    Raises:
        InvalidArgument: Another address; the message lists what there is, and doesn't show the address, which may hold
            a password.
    """
    scheme, _, path = str(url).partition(":///")
    del url  # or else the traceback's locals would show a password
    if scheme.lower() != "sqlite" or not path or "?" in path:
        raise InvalidArgument(f"a journal's address is one of {_FORMS}")
    return SqliteJournal(path)
