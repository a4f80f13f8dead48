"""Every error of the package, grouped by the question a caller asks.

```
MiniAppError                 .provider .operation .app .actor .retryable .scope .may_have_happened
├─ InvalidArgument           (also ValueError) refused here, nothing sent
├─ NotSupported              the provider has no such operation; nothing sent
├─ NoAnswer                  was anything changed? see .may_have_happened
│   ├─ ConnectFailed         no attempt of this call was ever sent
│   ├─ DeadlineExceeded      (also TimeoutError)
│   └─ ConnectionLost
├─ ReplyNotUnderstood        the reply isn't what the provider documents; .reply
├─ TicketMissing             no ticket yet, or the provider refuses it and no newer one came; .last_seen
├─ PushRejected              a pushed message that isn't theirs, is too old, or can't be decrypted; .step
├─ StoreError                tokens can't be read or kept
└─ ProviderError             they answered no: .code .message .status .request_id .reply
    ├─ CredentialRejected    the token isn't valid (any more)
    ├─ AuthorizationLost     the merchant's grant is gone
    ├─ PermissionDenied      the grant lacks a permission, or the IP address isn't listed
    ├─ RateLimited           too fast; .retry_after
    ├─ QuotaExhausted        too many; wait until it resets
    ├─ InvalidRequest        what was sent is wrong
    ├─ NotFound              what was named isn't there
    ├─ Conflict              not in this state
    └─ ProviderUnavailable   they are broken or busy just now
```

Messages, codes and replies are kept as evidence, with every secret of the call taken out before they get here.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from miniapp_tp.wire.messages import Reply


class Actor(Enum):
    """Who must act before the same call can succeed."""

    YOU = "you"
    MERCHANT = "merchant"
    PROVIDER = "provider"
    TIME = "time"


class Scope(Enum):
    """How much is affected: one app, all apps of the component, or everyone at the provider."""

    APP = "app"
    COMPONENT = "component"
    PROVIDER = "provider"


def _rebuild(kind: type[MiniAppError], message: str, state: dict[str, Any]) -> MiniAppError:
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


class MiniAppError(Exception):
    """The root of all errors that this package raises.

    Attributes:
        provider: `"baidu"`, `"kuaishou"`, or `None` where none is concerned.
        operation: The name of the method that was called.
        app: The app it was called for, as the caller named it.
        actor: Who must act before the call can succeed.
        scope: How much is affected.
        retryable: Whether the same call may succeed later without anybody changing anything, and may be
            made again without harm.
        may_have_happened: Whether the change asked for may have been made in spite of the error.
    """

    default_actor: ClassVar[Actor] = Actor.YOU
    default_scope: ClassVar[Scope] = Scope.APP
    retryable: bool = False
    may_have_happened: bool = False

    provider: str | None = None
    operation: str | None = None
    app: str | None = None

    def __init__(self, message: str, *, actor: Actor | None = None, scope: Scope | None = None) -> None:
        super().__init__(message)
        self.actor = actor or self.default_actor
        self.scope = scope or self.default_scope

    def within(self, *, provider: str | None = None, operation: str | None = None, app: str | None = None) -> Self:
        """Say where the error occurred, and return the error itself. What is `None` stays as it was."""
        self.provider = provider or self.provider
        self.operation = operation or self.operation
        self.app = app or self.app
        return self

    def __str__(self) -> str:
        """Give the place, as far as it is known, before the message."""
        place = " ".join(part for part in (self.provider, self.operation, self.app) if part)
        message = str(self.args[0])
        return f"{place}: {message}" if place else message

    def __reduce__(self) -> tuple[Callable[..., MiniAppError], tuple[Any, ...]]:
        """Make errors travel between processes although their arguments are keywords."""
        return _rebuild, (type(self), self.args[0], self.__dict__)


class InvalidArgument(MiniAppError, ValueError):
    """Refused here, before anything was sent; the message says what to write instead."""


class NotSupported(MiniAppError):
    """The provider has no such operation, or can't carry a field of it. Nothing was sent."""


class NoAnswer(MiniAppError):
    """Nothing readable came back.

    `may_have_happened` tells whether a change may have been made all the same; it is `False` for reads.
    """

    default_actor = Actor.PROVIDER
    retryable = True

    def __init__(self, message: str, *, may_have_happened: bool) -> None:
        super().__init__(message)
        self.may_have_happened = may_have_happened


class ConnectFailed(NoAnswer):
    """No connection could be made, so no attempt of this call was ever sent."""

    default_actor = Actor.YOU

    def __init__(self, message: str) -> None:
        super().__init__(message, may_have_happened=False)


class DeadlineExceeded(NoAnswer, TimeoutError):
    """Time ran out before anything was answered.

    Attributes:
        unsent: Whether it ran out while the call waited for its turn or for a token: nothing was sent at all.
    """

    default_actor = Actor.TIME
    unsent: bool = False


class ConnectionLost(NoAnswer):
    """The connection broke after (a part of) the request had been sent."""


class ReplyNotUnderstood(MiniAppError):
    """The reply isn't what the provider documents: HTML, cut or foreign JSON, a redirect, a body without end.

    Attributes:
        reply: What came, with secrets taken out; `None` on calls that return credentials.
    """

    default_actor = Actor.PROVIDER

    def __init__(self, message: str, *, reply: Reply | None = None) -> None:
        super().__init__(message)
        self.reply = reply


class ProviderError(MiniAppError):
    """The provider answered no. This class itself: with a code that isn't known.

    Attributes:
        code: The provider's number, an OAuth word, or `None`.
        message: The provider's own text, with secrets taken out.
        status: The HTTP status it came with.
        request_id: What the provider's support asks for.
        reply: What came, with secrets taken out; `None` on calls that return credentials.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int | str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        reply: Reply | None = None,
        actor: Actor | None = None,
        scope: Scope | None = None,
    ) -> None:
        super().__init__(message or "no message", actor=actor, scope=scope)
        self.message = message
        self.code = code
        self.status = status
        self.request_id = request_id
        self.reply = reply

    def __str__(self) -> str:
        """Give the place, the code, the provider's text and the request id."""
        known = {"code": self.code, "HTTP": self.status, "request id": self.request_id}
        details = [f"{name} {value}" for name, value in known.items() if value is not None]
        return f"{super().__str__()} ({', '.join([type(self).__name__, *details])})"


class CredentialRejected(ProviderError):
    """The token that was sent isn't valid, or no longer. A fresh one was asked for before this is raised."""


class AuthorizationLost(ProviderError):
    """The merchant's grant is revoked, expired, spent or was never given: it must be given again."""

    default_actor = Actor.MERCHANT


class PermissionDenied(ProviderError):
    """The grant lacks the permission, or (`scope` is `COMPONENT`) the IP address isn't on the component's list."""

    default_actor = Actor.MERCHANT


class RateLimited(ProviderError):
    """Too many calls in too short a time.

    Attributes:
        retry_after: Seconds that the provider asks to wait, if it said.
    """

    default_actor = Actor.TIME
    default_scope = Scope.COMPONENT
    retryable = True
    retry_after: float | None = None


class QuotaExhausted(ProviderError):
    """A daily, total or per-app allowance is used up; asking again before it resets changes nothing."""

    default_actor = Actor.TIME


class InvalidRequest(ProviderError):
    """What was sent is wrong, a domain that isn't registered on the component included."""


class NotFound(ProviderError):
    """What the request names isn't there."""


class Conflict(ProviderError):
    """The app isn't in a state that allows this, or the change is being made already."""


class ProviderUnavailable(ProviderError):
    """The provider is broken or overloaded just now. `may_have_happened` as with `NoAnswer`.

    Attributes:
        retry_after: Seconds that the provider asks to wait, if it said.
    """

    default_actor = Actor.PROVIDER
    retryable = True
    retry_after: float | None = None


class TicketMissing(MiniAppError):
    """The component has no ticket yet, or the provider refuses it and no newer one came.

    Attributes:
        last_seen: When the refused ticket was pushed, in epoch seconds; `None` if there never was one.
    """

    default_scope = Scope.COMPONENT
    default_actor = Actor.TIME

    def __init__(self, message: str, *, last_seen: float | None = None) -> None:
        super().__init__(message)
        self.last_seen = last_seen


PushStep: TypeAlias = Literal["size", "json", "layout", "signature", "age", "component", "base64", "padding"]
"""At which step of opening it a pushed message was turned away."""


class PushRejected(MiniAppError):
    """A pushed message that isn't the provider's, is too old, or can't be decrypted.

    It holds nothing of the message. One that comes again and again says that `push_token` or `push_key` isn't the one
    that was entered at the provider; a single one says that somebody else knows the address.

    Attributes:
        step: Where it failed: `size`, `json`, `layout`, `signature`, `age`, `component`, `base64` or `padding`.
    """

    default_scope = Scope.COMPONENT

    def __init__(self, message: str, *, step: PushStep) -> None:
        super().__init__(message)
        self.step = step


class StoreError(MiniAppError):
    """The store of tokens failed, or is too busy. Nothing single-use was spent without having been recorded."""

    default_scope = Scope.COMPONENT
    retryable = True
