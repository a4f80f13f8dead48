"""What an error means for a run: for its app alone, or for all that are still to be done. Pure, tested as a table."""

from __future__ import annotations

from enum import Enum

from miniapp_tp.errors import (
    Actor,
    ConnectFailed,
    DeadlineExceeded,
    InvalidArgument,
    MiniAppError,
    NotSupported,
    Scope,
)


class Verdict(Enum):
    """What a run does after an error."""

    FAILED = "failed"
    """This app is over."""
    AGAIN = "again"
    """This app is tried again later; the others go on."""
    WAIT = "wait"
    """Nothing goes on for a while; then one app finds out whether it works again."""
    HALT = "halt"
    """Nothing goes on until somebody has mended something."""


def judge(error: Exception) -> Verdict:
    """Tell what an error means for a run.

    An error whose scope is the component or the provider would hit every app that is left: the run is halted, and the
    app is left to be done. Where time alone heals (the provider is down or too busy, nothing connects, a store is
    locked, turns take too long), it waits instead.
    """
    if not isinstance(error, MiniAppError) or isinstance(error, InvalidArgument | NotSupported):
        return Verdict.FAILED
    wide = error.scope is not Scope.APP
    if isinstance(error, ConnectFailed) or (wide and error.retryable) or _was_not_sent(error):
        return Verdict.WAIT
    if wide:
        return Verdict.HALT
    if isinstance(error, DeadlineExceeded) or error.retryable:
        return Verdict.AGAIN
    return Verdict.FAILED


def _was_not_sent(error: MiniAppError) -> bool:
    """Whether a call waited in vain: more are in hand than the pace allows, or nobody gives out tokens."""
    return isinstance(error, DeadlineExceeded) and error.unsent


def advice(error: MiniAppError) -> str:
    """Say in one sentence who must do something before a halted run can go on."""
    who = {
        Actor.YOU: "mend it, then resume the run",
        Actor.MERCHANT: "the merchant must act, then resume the run",
        Actor.PROVIDER: "the provider must act, then resume the run",
        Actor.TIME: "wait, then resume the run",
    }
    return f"{error} — {who[error.actor]}"
