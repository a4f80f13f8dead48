"""How the reviews end that a component begins: the verdict that was told, what is in force then, and its push.

Sources: seed 000 (基本信息审核通知 and every 审核结果推送) and wire/baidu.md §§ 2.7, 3, 8.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from attrs import define, field, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.sandbox.outbox import USUAL, Sending
from miniapp_tp.sandbox.state import App, Audit

ONLINE: Final = 1
_FORCED_OFFLINE, _FLOW_OFFLINE = 5, 7
_UNDER_REVIEW, _APPROVED, _REFUSED = 1, 2, 3
_MOBILE_REFUSED, _MOBILE_APPROVED = 2, 3
BASIC_INFO: Final = "basic_info"


@frozen
class Verdict:
    """How a review ends.

    Attributes:
        passed: Whether what was proposed comes into force.
        reason: Why it doesn't.
        sending: How that is pushed: with a `delay`, say. The app changes at once.
    """

    passed: bool = True
    reason: str = ""
    sending: Sending = USUAL


PASS: Final = Verdict()


@frozen
class Ending:
    """What is pushed at the end of a review.

    Attributes:
        name: The event's name, without its ending.
        passed: Its ending if it passed.
        failed: Its ending if it didn't.
        reason: What the reason is called: three samples misspell it (wire/baidu.md § 8).
    """

    name: str
    passed: str = "PASS"
    failed: str = "FAIL"
    reason: str = "reason"

    def event(self, *, passed: bool) -> str:
        """Name the event."""
        return f"{self.name}_{self.passed if passed else self.failed}"


BAIDU_ENDINGS: Final[Mapping[str, Ending]] = {
    "name": Ending("APP_NAME_AUDIT"),
    "icon": Ending("APP_ICON_AUDIT"),
    "intro": Ending("APP_DESC_AUDIT"),
    "category": Ending("APP_CATEGORY_AUDIT"),
    "package": Ending("PACKAGE_AUDIT"),
    BASIC_INFO: Ending("BASE_INFO_OFFLINE_AUDIT", passed="SUCCESS", reason="reson"),
    "recovery": Ending("FLOW_CLOSE_AUDIT", reason="reson"),
    "mobile_auth": Ending("APPLY_APP_MOBILE_AUTH", failed="REJECT", reason="reson"),
}
"""Baidu's events by what was reviewed."""


# --- what is in force afterwards --------------------------------------------------------------------------------------


def settle(app: App, subject: str, *, passed: bool, reason: str) -> int | None:
    """Put in force what was proposed, or keep why it was refused; give the number of the review, if it has one."""
    number = app.reviews.pop(subject, None)
    match subject:
        case "category":
            _settle_categories(app, passed=passed, reason=reason)
        case "recovery":
            app.status = ONLINE if passed and app.status == _FLOW_OFFLINE else app.status
        case "mobile_auth":
            app.mobile_auth = (_MOBILE_APPROVED, "") if passed else (_MOBILE_REFUSED, reason)
        case _:
            for about, audit in _audits_of(app, subject, number).items():
                _settle_value(app, about, audit, passed=passed, reason=reason)
    if subject == BASIC_INFO and passed and app.status == _FORCED_OFFLINE:
        app.status = ONLINE
    return number


def _audits_of(app: App, subject: str, number: int | None) -> Mapping[str, Audit]:
    """Find what a review is about: one value, or all that were changed at once."""
    if subject == BASIC_INFO:
        return {about: audit for about, audit in app.audits.items() if number and audit.review == number}
    return {subject: app.audits[subject]} if subject in app.audits else {}


def _settle_value(app: App, about: str, audit: Audit, *, passed: bool, reason: str) -> None:
    if passed:
        setattr(app, about, audit.proposed)
        del app.audits[about]
    else:
        audit.status, audit.reason = _REFUSED, reason


def _settle_categories(app: App, *, passed: bool, reason: str) -> None:
    if passed and app.proposed_categories:
        app.categories = [one for one in app.categories if one.id in app.proposed_categories]
    for one in app.categories:
        if one.status == _UNDER_REVIEW:
            one.status, one.reason = (_APPROVED, "") if passed else (_REFUSED, reason)
    app.proposed_categories = []


# --- who ends them ----------------------------------------------------------------------------------------------------


class Announcing(Protocol):
    """What a reviewer takes of a provider's pushes."""

    @property
    def go_somewhere(self) -> bool: ...  # noqa: D102

    def check_subject(self, subject: str | None, /) -> None: ...  # noqa: D102
    def audit(self, app: str, subject: str, *, passed: bool, reason: str, sending: Sending) -> object: ...  # noqa: D102


@define
class Reviewer:
    """Ends the reviews that the component's operations begin: all pass at once, unless another verdict is told.

    What ends is pushed if pushes go somewhere; the app changes either way.
    """

    _apps: Mapping[str, App] = field(repr=False)
    _pushes: Announcing = field(repr=False)
    _lock: threading.RLock = field(repr=False)
    _number: Callable[[], int] = field(repr=False)
    _verdicts: dict[tuple[str | None, str | None], Verdict | None] = field(
        factory=lambda: {(None, None): PASS}, init=False
    )

    def decide(self, verdict: Verdict | None = PASS, *, app: str | None = None, subject: str | None = None) -> None:
        """Tell how reviews end from now on, and those that wait for their end.

        Args:
            verdict: The verdict; none yet if `None`: they wait until one is told, here or by `pushes.audit`.
            app: Of which app; of all that nothing else was told about, if `None`.
            subject: About what: `name`, `icon`, `intro`, `category`, `basic_info` (of `update_offline`), `recovery` or
                `mobile_auth`; about all that nothing else was told about, if `None`.

        Raises:
            InvalidArgument: There is no such app, or the provider pushes nothing of the kind.
        """
        self._pushes.check_subject(subject)
        if app is not None and app not in self._apps:
            message = f"there is no app {app!r}"
            raise InvalidArgument(message)
        with self._lock:
            self._verdicts[app, subject] = verdict
            for one in list(self._apps.values()):
                for waiting in list(one.reviews):
                    self._end(one, waiting)

    def begin(self, app: App, subject: str, proposed: Mapping[str, str] | None = None) -> int:
        """Begin a review of what is proposed, end it if its verdict is told already, and give its number."""
        app.reviews[subject] = number = self._number()
        app.audits |= {about: Audit(value, _UNDER_REVIEW, review=number) for about, value in (proposed or {}).items()}
        self._end(app, subject)
        return number

    def _end(self, app: App, subject: str) -> None:
        verdict = self._verdict(app.id, subject)
        if verdict is None:
            return
        told: dict[str, Any] = {"passed": verdict.passed, "reason": verdict.reason}
        if self._pushes.go_somewhere:
            self._pushes.audit(app.id, subject, **told, sending=verdict.sending)
        else:
            settle(app, subject, **told)

    def _verdict(self, app: str, subject: str) -> Verdict | None:
        """Find what was told most precisely."""
        keys = ((app, subject), (app, None), (None, subject), (None, None))
        return next(self._verdicts[key] for key in keys if key in self._verdicts)
