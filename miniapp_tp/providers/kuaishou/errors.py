"""What Kuaishou's codes mean (wire/kuaishou.md § 4).

Only 403106 is published for these operations. The others are the open platform's own, shared by its other
products on the same host; a number in no table stays a plain `ProviderError`.
"""

from __future__ import annotations

from typing import Final

from miniapp_tp.errors import (
    Actor,
    AuthorizationLost,
    CredentialRejected,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
    Scope,
)
from miniapp_tp.wire.meaning import Codes, Meaning

_TOKEN: Final = Meaning(CredentialRejected)
_COMPONENT: Final = Meaning(CredentialRejected, scope=Scope.COMPONENT)
_LOST: Final = Meaning(AuthorizationLost)
_FORBIDDEN: Final = Meaning(PermissionDenied)
_RATE: Final = Meaning(RateLimited)
_BLOCKED: Final = Meaning(PermissionDenied, Actor.PROVIDER)
_WRONG: Final = Meaning(InvalidRequest)
_DOWN: Final = Meaning(ProviderUnavailable)


def _token_or_grant(text: str) -> Meaning:
    gone = any(word in text for word in ("refresh", "discarded", "revoke"))
    return _LOST if gone else _TOKEN


CODES: Final[Codes] = {
    403106: Meaning(NotFound),
    **_WRONG.for_codes(100200100, 100200103, 100200104, 100200105, 100200107, 100200114, 100400, 400001),
    **_COMPONENT.for_codes(100200101),
    100200102: _token_or_grant,
    **_FORBIDDEN.for_codes(100200106, 100200115, 400006, 400008, 400013),
    **_TOKEN.for_codes(100200108, 100200112),
    **_LOST.for_codes(100200109, 100200110, 100200111, 100200113),
    **_BLOCKED.for_codes(100200301),
    **_RATE.for_codes(100200410, 400002),
    **_DOWN.for_codes(100200500, 400003),
}
"""`result`, where it isn't 1."""
