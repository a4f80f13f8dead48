"""What every transport says of an exchange that failed: in our words, since a library's own may hold the address.

Only what provably never left is `ConnectFailed`: a call that must not be made twice is made again after that one.
"""

from __future__ import annotations

from miniapp_tp.errors import ConnectFailed, ConnectionLost, DeadlineExceeded


def never_sent(kind: str) -> ConnectFailed:
    """Say that nothing was sent."""
    return ConnectFailed(f"no connection could be made ({kind}); is the address right, and the network up?")


def too_late(kind: str) -> DeadlineExceeded:
    """Say that no answer came in time, or not all of it."""
    return DeadlineExceeded(f"no answer in time ({kind})", may_have_happened=True)


def broken_off(kind: str) -> ConnectionLost:
    """Say that the answer broke off, or never began."""
    return ConnectionLost(f"the connection broke before the answer was there ({kind})", may_have_happened=True)
