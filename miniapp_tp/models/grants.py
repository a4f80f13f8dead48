"""What a merchant gave a component: the right to act for an app."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from miniapp_tp.models.info import OfApp


@frozen
class Grant(OfApp):
    """A live grant; it holds no token.

    Attributes:
        app: The app.
        permissions: What the merchant granted, by the provider's names or ids, as far as it told.
        expires_at: When the present access token ends, in UTC; the grant itself goes on.
    """

    permissions: tuple[str, ...]
    expires_at: datetime
