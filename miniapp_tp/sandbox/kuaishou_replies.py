"""How Kuaishou says no: the same codes in two spellings (wire/kuaishou.md §§ 1, 4.2)."""

from __future__ import annotations

from typing import Final

from miniapp_tp.sandbox.exchange import Refused

BAD_PARAMETER: Final = 100200100
BAD_COMPONENT: Final = 100200101
DENIED: Final = 100200102
BAD_CODE: Final = 100200105
FORBIDDEN: Final = 100200106
BAD_TOKEN: Final = 100200108
REVOKED: Final = 100200109
NEVER_GRANTED: Final = 100200111
REFRESH_EXPIRED: Final = 100200113
RATE_LIMITED: Final = 100200410
BROKEN: Final = 100200500
NOT_SET: Final = 403106


def refused(result: int, error_msg: str) -> Refused:
    """Make a no of the calls on behalf of an app."""
    return Refused({"result": result, "error_msg": error_msg})


def refused_tokens(result: int, error_msg: str) -> Refused:
    """Make a no of the token service."""
    return Refused({"result": result, "errorMsg": error_msg})
