"""What Kuaishou's codes mean (wire/kuaishou.md § 4).

Only 403106 is published for these operations. The others are the open platform's own, shared by its other
products on the same host; a number in no table stays a plain `ProviderError`. Each row says what happened and what to
do next, in English and Chinese, for `miniapp-tp explain`.
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
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Scope,
)
from miniapp_tp.wire.meaning import ByText, Codes, Meaning

_TOKEN: Final = Meaning(CredentialRejected).but_then(
    "A fresh token has been tried already; see why yours is stale, or recover the app's grant.",
    "SDK 已换过一次新 token 仍被拒绝；请检查 token 来源，或找回该小程序的授权。",
)
_COMPONENT: Final = Meaning(CredentialRejected, scope=Scope.COMPONENT).but_then(
    "Check the component's id and secret; every app of the component is affected.",
    "请检查第三方应用的 appid 与 secret；该应用的所有小程序都会受影响。",
)
_LOST: Final = Meaning(AuthorizationLost).but_then(
    "Ask the merchant to authorize your component again.", "请商家重新授权给第三方应用。"
)
_FORBIDDEN: Final = Meaning(PermissionDenied).but_then(
    "Ask the merchant to grant the permission that this call needs.", "请商家授予该接口所需的权限。"
)
_RATE: Final = Meaning(RateLimited).but_then(
    "Call more slowly: lower Options.concurrency, and come back after a pause.",
    "请放慢调用：调低 Options.concurrency，稍后再试。",
)
_BLOCKED: Final = Meaning(PermissionDenied, Actor.PROVIDER).but_then(
    "Stop for a long while, and ask Kuaishou's support why.", "请停止较长时间，并向快手客服了解原因。"
)
_WRONG: Final = Meaning(InvalidRequest).but_then(
    "Correct what was sent; the same call won't succeed as it is.", "请修正参数；原样重试不会成功。"
)
_MISSING: Final = Meaning(NotFound).but_then(
    "Read the present domains, and delete those that are there.", "请先查询现有域名，只删除存在的域名。"
)
_DOWN: Final = Meaning(ProviderUnavailable).but_then(
    "Come back later. Where the error says may_have_happened, read the state first.",
    "请稍后再试；若错误标明 may_have_happened，请先查询现状。",
)
_FOREIGN: Final = Meaning(ProviderError).but_then(
    "These operations aren't known to answer it: read the error's message, and is base_url right?",
    "这些接口未知会返回此码：请查看错误信息，并检查 base_url。",
)
_OTHER_PRODUCT: Final = "A code of Kuaishou's live or content interfaces.", "快手直播或内容接口的错误码。"

TOKEN_OR_GRANT: Final = ByText(
    ("refresh", "discarded", "revoke"),
    _LOST.rows(
        {
            100200102: (
                "The refresh token was used already, or the grant was revoked.",
                "refresh_token 已使用或授权已撤销。",
            )
        }
    )[100200102],
    _TOKEN.rows({100200102: ("The request was refused, most often for a bad token.", "请求被拒绝，多因 token 无效。")})[
        100200102
    ],
)
"""100200102: the text tells whether the token or the grant is meant."""

CODES: Final[Codes] = {
    **_MISSING.rows({403106: ("A domain to be deleted isn't there.", "要删除的域名不存在。")}),
    **_WRONG.rows(
        {
            100200100: (
                "A parameter is missing, or of the wrong type; a domain that isn't registered, perhaps.",
                "参数缺失或类型错误，也可能是域名未登记。",
            ),
            100200103: ("The response type is wrong.", "response_type 错误。"),
            100200104: ("The grant type is wrong.", "grant_type 错误。"),
            100200105: ("The authorization code is wrong, spent or too old.", "授权码无效、已使用或已过期。"),
            100200107: ("The open id is wrong.", "open_id 错误。"),
            100200114: ("The signature is wrong.", "签名校验失败。"),
            100400: ("A parameter is wrong.", "参数错误。"),
            400001: ("A parameter is wrong.", "参数错误。"),
        }
    ),
    **_COMPONENT.rows(
        {100200101: ("The component isn't known, or its secret is wrong.", "第三方应用无效或 secret 错误。")}
    ),
    100200102: TOKEN_OR_GRANT,
    **_FORBIDDEN.rows(
        {
            100200106: ("The permission is wrong, or wasn't granted.", "权限范围错误或未授权。"),
            100200115: ("The linked authorization isn't legal.", "关联授权不合法。"),
            400006: ("The permission is missing (live interfaces).", "无权限 (直播接口)。"),
            400008: ("The permission is missing (live interfaces).", "无权限 (直播接口)。"),
            400013: ("It isn't authorized (live interfaces).", "未授权 (直播接口)。"),
        }
    ),
    **_TOKEN.rows(
        {
            100200108: ("The access token has expired.", "access_token 已过期。"),
            100200112: ("The token of the bundle is wrong.", "bundle token 无效。"),
        }
    ),
    **_LOST.rows(
        {
            100200109: ("The merchant took the grant back.", "商家已取消授权。"),
            100200110: ("The grant has expired.", "授权已过期。"),
            100200111: ("The merchant never gave the grant.", "商家未授权。"),
            100200113: ("The refresh token has expired.", "refresh_token 已过期。"),
        }
    ),
    **_BLOCKED.rows({100200301: ("Kuaishou's risk control stopped it.", "触发快手风控。")}),
    **_RATE.rows(
        {
            100200410: ("Too many calls.", "接口调用过于频繁。"),
            400002: ("Too many calls (live interfaces).", "接口限速 (直播接口)。"),
        }
    ),
    **_DOWN.rows(
        {
            100200500: ("Kuaishou's service failed.", "快手服务端错误。"),
            400003: ("Kuaishou's service failed (live interfaces).", "服务端错误 (直播接口)。"),
        }
    ),
    **_FOREIGN.rows(
        {
            100200130: ("The phone number is bound already.", "手机号已绑定。"),
            100200300: ("The code from the text message is wrong.", "短信验证码错误。"),
            10000200: ("A file has sensitive content.", "文件含敏感内容。"),
            120001: _OTHER_PRODUCT,
            120002: _OTHER_PRODUCT,
            120003: _OTHER_PRODUCT,
            400000: _OTHER_PRODUCT,
            400005: _OTHER_PRODUCT,
            400009: _OTHER_PRODUCT,
            400014: _OTHER_PRODUCT,
        }
    ),
}
"""`result`, where it isn't 1."""
