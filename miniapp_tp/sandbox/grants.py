"""What can be said of grants: how long tokens and codes last, what becomes of old ones, what was counted."""

from __future__ import annotations

from typing import Final

from attrs import define, field, frozen

CALLBACK_CODE_LIFE: Final = 3600.0
"""Seconds that a code lives which comes with the merchant's browser (wire/baidu.md § 1.4; wire/kuaishou.md § 1.1 e)."""
EVENT_CODE_LIFE: Final = 60.0
"""Seconds that a code lives which comes with an event (wire/baidu.md § 1.7)."""
REFRESH_PATH: Final = "/mp/tp/oauth/refresh_authorizer_token"
"""Ours: where Kuaishou refreshes is published nowhere (wire/kuaishou.md § 0)."""


@frozen
class Kind:
    """What a provider's tokens or codes of one kind begin with, and how many seconds they live."""

    prefix: str
    life: float | None


@frozen(kw_only=True)
class Terms:
    """What a provider hands out.

    Attributes:
        ticket: What it pushes to the component.
        component_token: The component's own token.
        pre_auth_code: What a merchant's authorization begins with.
        code: An authorization code; its life is that of a recovered one.
        refresh_token: An app's refresh token.
        access_life: Seconds that an app's access token lives.
    """

    ticket: Kind
    component_token: Kind
    pre_auth_code: Kind
    code: Kind
    refresh_token: Kind
    access_life: int


@define
class Rules:
    """What the documents leave open; change it at any time.

    Attributes:
        ticket_life: Seconds that a ticket works; `None` until `revoke_tickets`.
        old_tokens_survive: Whether a new pair leaves an app's older tokens alone: access tokens until they expire,
            refresh tokens until they are used. Without, they die at once.
        refresh_path: Where Kuaishou refreshes; `None` for nowhere.
        spent_words: The OAuth words by which Baidu refuses an app's spent refresh tokens, in turn (wire/baidu.md
            § 1.9).
    """

    ticket_life: float | None = None
    old_tokens_survive: bool = False
    refresh_path: str | None = REFRESH_PATH
    spent_words: tuple[str, ...] = ("expired_token", "invalid_grant", "invalid_request")


@frozen
class Pair:
    """The tokens of an app as they were handed out together."""

    app: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


@define
class Spent:
    """What was asked for an app's tokens.

    Attributes:
        used: Refresh tokens that were taken for a new pair, whether its answer arrived or not.
        refused: Refresh tokens of the app that were refused: spent, expired or revoked.
        pairs: Pairs handed out, by refresh and exchange together, without the one that it has from the start.
        codes: Authorization codes handed out, by merchant and recovery together.
    """

    used: int = 0
    refused: int = 0
    pairs: int = 0
    codes: int = 0
