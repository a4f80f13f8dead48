"""What Baidu's codes mean, from all three shapes in which it says no (wire/baidu.md § 1.9 and § 6).

A number in no table stays a plain `ProviderError`: numbers repeat with other meanings, so only what is sure stands
here, and what means something else at one operation stands at that operation (`overlays`). Each row says what happened
and what to do next, in English and Chinese, for `miniapp-tp explain`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from miniapp_tp.providers.baidu.errors.gateway import GATEWAY, OAUTH
from miniapp_tp.providers.baidu.errors.platform import PLATFORM
from miniapp_tp.providers.baidu.errors.settings import SETTINGS

if TYPE_CHECKING:
    from miniapp_tp.wire.meaning import Codes

BUSINESS: Final[Codes] = {**SETTINGS, **PLATFORM}
"""`errno`, from the service itself (wire/baidu.md § 6.2; seed 000 错误码说明 of each operation)."""

CODES: Final[Codes] = {**BUSINESS, **GATEWAY, **OAUTH}
"""All tables: their codes don't overlap."""

__all__ = ["BUSINESS", "CODES", "GATEWAY", "OAUTH"]
