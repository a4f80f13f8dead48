"""What Baidu's codes mean, from all three shapes in which it says no (wire/baidu.md § 1.9 and § 6).

A number in no table stays a plain `ProviderError`: numbers repeat with other meanings, so only what is sure stands
here, and what means something else at one operation stands at that operation.
"""

from __future__ import annotations

from typing import Final

from miniapp_tp.errors import (
    Actor,
    AuthorizationLost,
    Conflict,
    CredentialRejected,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    Scope,
)
from miniapp_tp.wire.meaning import Codes, Meaning

_TOKEN: Final = Meaning(CredentialRejected)
_COMPONENT: Final = Meaning(CredentialRejected, scope=Scope.COMPONENT)
_LOST: Final = Meaning(AuthorizationLost)
_FORBIDDEN: Final = Meaning(PermissionDenied)
_UNLISTED_IP: Final = Meaning(PermissionDenied, Actor.YOU, Scope.COMPONENT)
_RATE: Final = Meaning(RateLimited)
_ALL_USED: Final = Meaning(QuotaExhausted, scope=Scope.COMPONENT)
_EDITS_USED: Final = Meaning(QuotaExhausted)
_WRONG: Final = Meaning(InvalidRequest)
_MISSING: Final = Meaning(NotFound)
_STATE: Final = Meaning(Conflict)
_STATE_OF_APP: Final = Meaning(Conflict, Actor.MERCHANT)
_BUSY: Final = Meaning(ProviderUnavailable)
_DOWN: Final = Meaning(ProviderUnavailable, scope=Scope.PROVIDER)


def _parameter_or_token(text: str) -> Meaning:
    return _TOKEN if "token" in text else _WRONG


GATEWAY: Final[Codes] = {
    **_DOWN.for_codes(1, 2),
    **_WRONG.for_codes(3, 7, 104, 105, 106, 107),
    **_RATE.for_codes(4, 18),
    **_UNLISTED_IP.for_codes(5),
    **_FORBIDDEN.for_codes(6, 210, 211),
    **_COMPONENT.for_codes(13, 14, 101),
    **_ALL_USED.for_codes(17, 19),
    **_TOKEN.for_codes(110, 111),
    100: _parameter_or_token,
}
"""`error_code`, from the gateway before the service (wire/baidu.md § 6.1)."""

BUSINESS: Final[Codes] = {
    **_BUSY.for_codes(500, 501, 1000, 1009, 6002, 47002, 50015, 50031, 50050, 470022, 110001),
    **_DOWN.for_codes(5000, 69009, 69011, 69012),
    **_WRONG.for_codes(2002, 30001, 40001, 41000, 50061, 50062, 50063, 50060, 47000, 47003, 40006, 47008, 30010002),
    **_WRONG.for_codes(470013, 470014, 470015, 470016, 470018, 470019, 470021),
    **_MISSING.for_codes(470017, 45000, 69005, 69008, 404),
    **_TOKEN.for_codes(44000, 44001, 44002, 44003, 44004),
    **_COMPONENT.for_codes(502, 50001, 50002, 50003),
    **_LOST.for_codes(50032),
    **_FORBIDDEN.for_codes(6001, 40007, 45001, 50053, 61000, 63000, 30007),
    **_UNLISTED_IP.for_codes(40008),
    **_EDITS_USED.for_codes(47004, 47005, 47006, 47007, 470011, 470012, 30013, 50045, 50046, 68002, 68003, 69013),
    **_ALL_USED.for_codes(50029),
    **_EDITS_USED.for_codes(116001),
    **_STATE.for_codes(45003, 50051, 50052, 64001, 69001, 69002, 69003, 110002, 110003, 110004, 110005, 470020),
    **_STATE_OF_APP.for_codes(40028, 40032, 40045),
}
"""`errno`, from the service itself (wire/baidu.md § 6.2; seed 000 错误码说明 of each operation)."""

OAUTH: Final[Codes] = {
    **_WRONG.for_codes("invalid_request", "unsupported_grant_type", "invalid_scope", "redirect_uri_mismatch"),
    **_WRONG.for_codes("unsupported_response_type"),
    **_COMPONENT.for_codes("invalid_client", "unauthorized_client"),
    **_LOST.for_codes("invalid_grant", "expired_token"),
    **_RATE.for_codes("slow_down"),
}
"""`error`, from the token service (wire/baidu.md § 1.9)."""

CODES: Final[Codes] = {**BUSINESS, **GATEWAY, **OAUTH}
"""All three tables: their codes don't overlap."""
