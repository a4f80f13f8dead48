"""Where app tokens come from, when the caller brings them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, Final, Protocol, TypeAlias, cast, runtime_checkable

from attrs import frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.wire.messages import Secret


@runtime_checkable
class TokenSource(Protocol):
    """What knows the tokens of apps, and learns when one of them is rejected."""

    async def get(self, app: str) -> str:
        """Give the app's present token."""
        ...

    async def reject(self, app: str, token: str) -> None:
        """Learn that the provider rejected this token."""
        ...


OwnTokens: TypeAlias = Mapping[str, str] | Callable[[str], Awaitable[str]] | TokenSource
"""What a caller may bring: a mapping, an asynchronous callable, or a `TokenSource`."""

KEPT_RENEWALS: Final = 2
"""How often a call may ask where several processes keep tokens: what another one kept may be as dead."""


class Tokens(Protocol):
    """What a session asks for tokens: a `TokenSource` whose tokens can't be shown.

    Attributes:
        renewals: How often one call may ask for another token.
    """

    renewals: ClassVar[int]

    async def get(self, app: str) -> Secret:
        """Give the app's present token."""
        ...

    async def reject(self, app: str, token: Secret) -> None:
        """Learn that the provider rejected this token."""
        ...


class AppTokens:
    """The tokens that a caller brings, whatever their form; they are in no repr.

    Args:
        tokens: The caller's tokens.

    Raises:
        InvalidArgument: Something of another form.
    """

    renewals: ClassVar[int] = 1

    def __init__(self, tokens: OwnTokens) -> None:
        self._source = _source_of(tokens)

    async def get(self, app: str) -> Secret:
        """Give the app's present token.

        Raises:
            InvalidArgument: The mapping lacks the app, or what came is no token. What the caller's own code raises
                comes through as it is.
        """
        token = Secret(await self._source.get(app))
        problem = _problem(token.reveal())
        if problem:
            raise InvalidArgument(problem)
        return token

    async def reject(self, app: str, token: Secret) -> None:
        """Pass on that the provider rejected this token."""
        await self._source.reject(app, token.reveal())


@frozen
class FixedToken:
    """One token, for a call that carries it before it is kept under its app."""

    renewals: ClassVar[int] = 0
    token: Secret

    async def get(self, _app: str) -> Secret:
        """Give it."""
        return self.token

    async def reject(self, _app: str, token: Secret) -> None:
        """Keep it all the same: there is no other."""


def _problem(token: object) -> str | None:
    """Say what is wrong with a token, without showing it."""
    if isinstance(token, str) and token.strip():
        return None
    if token is None:
        return "tokens has no token for this app"
    return f"a token is text that isn't empty; what came was {type(token).__name__}"


class _Mapped:
    """A mapping as a source: it may be changed while it is used."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._tokens = tokens

    async def get(self, app: str) -> str:
        return cast("str", self._tokens.get(app))

    async def reject(self, app: str, token: str) -> None:
        """Forget nothing: whoever owns the mapping may put a new token there."""


class _Called:
    """A callable as a source: it keeps nothing, so there is nothing to reject."""

    def __init__(self, ask: Callable[[str], Awaitable[str]]) -> None:
        self._ask = ask

    async def get(self, app: str) -> str:
        return await self._ask(app)

    async def reject(self, app: str, token: str) -> None:
        """Forget nothing: the callable is simply asked again."""


def _source_of(tokens: object) -> TokenSource:
    if isinstance(tokens, Mapping):
        return _Mapped(cast("Mapping[str, str]", tokens))
    if isinstance(tokens, TokenSource):
        return tokens
    if callable(tokens):
        return _Called(cast("Callable[[str], Awaitable[str]]", tokens))
    kind = type(tokens).__name__
    del tokens
    message = f"tokens is a mapping, an async callable (app) -> token, or has async get and reject; not {kind}"
    raise InvalidArgument(message)
