"""What numbers mean at one operation, where they mean something else at another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from miniapp_tp.providers.baidu.errors.kinds import USED, WRONG

if TYPE_CHECKING:
    from miniapp_tp.wire.meaning import Codes

ICON: Final[Codes] = USED.rows({47005: ("No more changes of the icon in this period.", "修改头像超过限制次数。")})
"""At `set_icon` and `update_offline` (seed 000 修改小程序icon); elsewhere 47005 is a sitemap that wasn't uploaded."""

CATEGORIES: Final[Codes] = WRONG.rows({50060: ("An app may have at most 5 categories.", "小程序类目上限为 5 个。")})
"""At `set_categories` (seed 000 修改小程序类目); Baidu's SDK has 50060 for an account that couldn't be created."""
