"""What an imitated provider pushes of itself: tickets, authorizations, results of reviews, changes of a status."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import evolve, field, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.sandbox import events
from miniapp_tp.sandbox.grants import EVENT_CODE_LIFE
from miniapp_tp.sandbox.letters import (
    Letter,
    Posting,
    Sealing,
    baidu_is_content,
    baidu_letter,
    forged,
    kuaishou_is_content,
    kuaishou_letter,
)
from miniapp_tp.sandbox.outbox import USUAL, Manner, Outbox, Pushed, Sending
from miniapp_tp.sandbox.reviews import BAIDU_ENDINGS, BASIC_INFO, Ending, settle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from miniapp_tp.sandbox.state import App

STALE_BY: Final = 3 * 86_400.0

_UNAUTHORIZED: Final = "UNAUTHORIZED"
_STATUSES: Final = {
    "APP_SERVER_PAUSE": 4,
    "APP_SERVER_RESUME": 1,
    "APP_FORCE_OFFLINE": 5,
    "TIME_LIMIT_RECTIFY_NOTIFY": 6,
    "FLOW_CLOSE_NOTIFY": 7,
}


class Merchants(Protocol):
    """What pushes take of a provider."""

    @property
    def component(self) -> str: ...  # noqa: D102

    @property
    def apps(self) -> Mapping[str, App]: ...  # noqa: D102

    def issue_ticket(self) -> str: ...  # noqa: D102
    def authorize(self, app: str, *, permissions: Iterable[str] | None = None, code_life: float) -> str: ...  # noqa: D102
    def revoke(self, app: str) -> None: ...  # noqa: D102


@frozen
class Words:
    """How a provider says things in its pushes.

    Attributes:
        ticket: Makes the message about a ticket.
        event: Makes any other, from its name, app, time and further fields.
        code: Makes the fields of an authorization.
        letter: Writes a letter.
        acknowledges: Tells whether an answer is an acknowledgement.
        audits: The events at the end of reviews, by their subject.
        statuses: The number of an app's status by the name of the event that sets it.
    """

    ticket: Callable[[str, str, float], Mapping[str, Any]]
    event: Callable[[str, str, str | None, float, Mapping[str, Any]], Mapping[str, Any]]
    code: Callable[[str, float], Mapping[str, Any]]
    letter: Posting
    acknowledges: Callable[[bytes, str], bool]
    audits: Mapping[str, Ending] = field(factory=dict[str, Ending])
    statuses: Mapping[str, int] = field(factory=dict[str, int])


WORDS: Final = {
    "baidu": Words(
        ticket=lambda _component, ticket, now: events.baidu_ticket(ticket, now),
        event=lambda _component, name, app, now, fields: events.baidu_event(name, app, now, fields),
        code=events.baidu_code,
        letter=baidu_letter,
        acknowledges=baidu_is_content,
        audits=BAIDU_ENDINGS,
        statuses=_STATUSES,
    ),
    "kuaishou": Words(
        ticket=events.kuaishou_ticket,
        event=events.kuaishou_event,
        code=events.kuaishou_code,
        letter=kuaishou_letter,
        acknowledges=kuaishou_is_content,
    ),
}
_SEALINGS: Final = {
    "baidu": Sealing(
        token="sandbox-baidu-push-token",  # noqa: S106 - made up
        key="sandboxBaiduPushKey000000000000000000000000",
        component=f"{events.BAIDU_TP_APP}",
    ),
    "kuaishou": Sealing(
        token="sandbox-kuaishou-push-token",  # noqa: S106 - made up
        key="sandboxKuaishouPushKey000000000000000000000",
        component="",
    ),
}


def sealing_of(name: str, component: str) -> Sealing:
    """Give what a provider's messages are signed and encrypted with."""
    return evolve(_SEALINGS[name], component=_SEALINGS[name].component or component)


@frozen
class Pushes:
    """A provider's pushes. They are really sent, to where `Sandbox.push_to` says.

    Every method takes how the message is sent, and gives the record that tells what became of it.

    Attributes:
        name: The provider's name.
        sealing: What messages are signed and encrypted with.
        merchants: The provider.
        outbox: Where messages wait to be sent.
        clock: Tells the time in seconds.
    """

    name: str
    sealing: Sealing
    merchants: Merchants = field(repr=False)
    outbox: Outbox = field(repr=False)
    clock: Callable[[], float] = field(repr=False)

    def ticket(self, *, sending: Sending = USUAL) -> Pushed:
        """Push a new ticket."""
        self._check_address()
        message = self._words.ticket(self.merchants.component, self.merchants.issue_ticket(), self.clock())
        return self._post("ticket", None, message, sending)

    def authorized(
        self,
        app: str,
        *,
        permissions: Iterable[str] | None = None,
        updated: bool = False,
        sending: Sending = USUAL,
    ) -> Pushed:
        """Let a merchant agree, or (`updated`) change what it grants, and push its code, which lives a minute."""
        self._check_address()
        code = self.merchants.authorize(app, permissions=permissions, code_life=EVENT_CODE_LIFE)
        name = "UPDATE_AUTHORIZED" if updated else "AUTHORIZED"
        fields = self._words.code(code, EVENT_CODE_LIFE)
        return self.event(name, app, fields=fields, sending=sending)

    def unauthorized(self, app: str, *, sending: Sending = USUAL) -> Pushed:
        """Let a merchant take the grant back, and push that."""
        self._check_address()
        self.merchants.revoke(app)
        return self.event(_UNAUTHORIZED, app, sending=sending)

    def audit(  # noqa: D417 - the rest is the class's
        self,
        app: str,
        subject: str,
        *,
        passed: bool,
        reason: str = "",
        sending: Sending = USUAL,
    ) -> Pushed:
        """End a review, and push its verdict; what was proposed is in force if it passed.

        Args:
            app: The app.
            subject: What was reviewed: `name`, `icon`, `intro`, `category`, `package`, `basic_info` (of
                `update_offline`), `recovery` or `mobile_auth`.
            passed: The verdict.
            reason: Why it didn't pass.

        Raises:
            InvalidArgument: The provider pushes no such thing.
        """
        self._check_address()
        ending: Ending = self._known(self._words.audits, subject)
        one = self.merchants.apps.get(app)
        number = settle(one, subject, passed=passed, reason=reason) if one else None
        fields: dict[str, Any] = {} if passed else {ending.reason: reason}
        if number and subject == BASIC_INFO:
            fields["examineId"] = number
        return self.event(ending.event(passed=passed), app, fields=fields, sending=sending)

    def status(
        self,
        app: str,
        name: str,
        *,
        fields: Mapping[str, Any] | None = None,
        sending: Sending = USUAL,
    ) -> Pushed:
        """Change an app's status, and push the event of that name: `APP_SERVER_PAUSE`, say.

        Raises:
            InvalidArgument: The provider pushes no such thing.
        """
        self._check_address()
        status = self._known(self._words.statuses, name)
        if app in self.merchants.apps:
            self.merchants.apps[app].status = status
        return self.event(name, app, fields=fields, sending=sending)

    def event(
        self,
        name: str,
        app: str | None = None,
        *,
        fields: Mapping[str, Any] | None = None,
        sending: Sending = USUAL,
    ) -> Pushed:
        """Push any event by the provider's own name, with fields beside those that all events have."""
        message = self._words.event(self.merchants.component, name, app, self.clock(), fields or {})
        return self._post(name, app, message, sending)

    @property
    def go_somewhere(self) -> bool:
        """Whether there is an address to push to."""
        return self.outbox.goes_somewhere(self.name)

    def check_subject(self, subject: str | None) -> None:
        """Refuse a review that the provider has no event for; `None` stands for all that it has.

        Raises:
            InvalidArgument: It pushes nothing of the kind.
        """
        if subject is not None or not self._words.audits:
            self._known(self._words.audits, subject or "reviews")

    @property
    def _words(self) -> Words:
        return WORDS[self.name]

    def _check_address(self) -> None:
        """Change nothing if the message can't be sent."""
        self.outbox.check(self.name)

    def _known(self, table: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - of two tables
        if name not in table:
            message = f"{self.name} pushes nothing about {name!r}; it does about {', '.join(table) or 'none of these'}"
            raise InvalidArgument(message)
        return table[name]

    def _post(self, name: str, app: str | None, message: Mapping[str, Any], sending: Sending) -> Pushed:
        msg_id = f"{uuid.uuid4()}"
        pushed = Pushed(
            provider=self.name,
            name=name,
            app=app,
            id=msg_id,
            at=self.clock(),
            sending=sending,
            letter=partial(self._letter, message, msg_id, sending.manner),
            acknowledges=lambda body: self._words.acknowledges(body, msg_id),
        )
        return self.outbox.post(pushed)

    def _letter(self, message: Mapping[str, Any], msg_id: str, manner: Manner) -> Letter:
        """Write a message anew for each try: the stamp is that of the try, as far as anybody knows."""
        stamp = self.clock() - (STALE_BY if manner is Manner.STALE else 0.0)
        letter = self._words.letter(self.sealing, message, stamp, msg_id)
        return forged(letter) if manner is Manner.FORGED else letter
