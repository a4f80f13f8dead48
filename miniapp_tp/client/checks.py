"""What every client looks at before a call."""

from __future__ import annotations

from miniapp_tp.errors import InvalidArgument


def check_app(app: object) -> None:
    """Refuse what can't be an app's id.

    Raises:
        InvalidArgument: It isn't text, or empty.
    """
    if not isinstance(app, str) or not app.strip():
        raise InvalidArgument(f"an app's id is text like '15263713', not {app!r}")


def check_open(*, closed: bool) -> None:
    """Refuse calls of a client that is closed.

    Raises:
        InvalidArgument: It is.
    """
    if closed:
        raise InvalidArgument("this client is closed; make one that lives as long as the process")
