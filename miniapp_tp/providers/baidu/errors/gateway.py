"""The codes that come before the service is asked: the gateway's numbers, and the words of the token service."""

from __future__ import annotations

from typing import Final

from miniapp_tp.providers.baidu.errors.kinds import (
    ALL_USED,
    COMPONENT,
    DOWN,
    FORBIDDEN,
    LOST,
    RATE,
    TOKEN,
    UNLISTED_IP,
    WRONG,
)
from miniapp_tp.wire.meaning import ByText, Codes

_PARAMETER: Final = "The gateway found a parameter wrong.", "网关认为参数有误。"
_NO_TOKEN: Final = "The access token is missing or wrong.", "access_token 缺失或无效。"
_LEGACY: Final = "Nothing to expect of calls that carry a token: something between you and Baidu changed the request?"
_LEGACY_ZH: Final = "携带 token 的调用不应出现此码：请检查中间代理是否改动了请求。"
_SIGNED: Final = WRONG.but_then(_LEGACY, _LEGACY_ZH)

GATEWAY: Final[Codes] = {
    **DOWN.rows(
        {
            1: ("Baidu's gateway met an error that it doesn't name.", "百度网关发生未说明的错误。"),
            2: ("Baidu's service is temporarily unavailable.", "百度服务暂时不可用。"),
        }
    ),
    **WRONG.rows(
        {
            3: (
                "There is no such path or method at Baidu's gateway; is base_url right?",
                "网关没有此路径或方法；base_url 是否正确？",
            ),
            7: ("The gateway refused the Referer header.", "网关拒绝了请求的 Referer。"),
        }
    ),
    **_SIGNED.rows(
        {
            104: ("The signature is wrong (signed calls of old).", "签名错误 (旧式签名调用)。"),
            105: ("There are too many parameters (signed calls of old).", "参数过多 (旧式签名调用)。"),
            106: ("The signature method is unknown (signed calls of old).", "签名算法未知 (旧式签名调用)。"),
            107: (
                "The timestamp is wrong or was used already (signed calls of old).",
                "时间戳无效或已使用 (旧式签名调用)。",
            ),
        }
    ),
    **RATE.rows(
        {
            4: ("The gateway's request limit is reached.", "已达到网关的请求上限。"),
            18: ("Too many requests per second.", "每秒请求数超限。"),
        }
    ),
    **UNLISTED_IP.rows({5: ("Your IP address isn't on the component's list.", "调用方 IP 不在第三方平台白名单内。")}),
    **FORBIDDEN.rows(
        {
            6: ("The token has no permission for these data.", "该 token 无权访问这些数据。"),
            210: (
                "The user isn't visible to the token (from copies of the gateway's list only).",
                "用户对该 token 不可见 (仅见于转载)。",
            ),
            211: ("A permission is missing (from copies of the gateway's list only).", "缺少权限 (仅见于转载)。"),
        }
    ),
    **COMPONENT.rows(
        {
            13: ("The gateway couldn't get the service's own token.", "网关获取服务 token 失败。"),
            14: ("The gateway's identity check (IAM) failed.", "网关身份校验 (IAM) 失败。"),
            101: ("The component's API key is wrong.", "API Key 错误。"),
        }
    ),
    **ALL_USED.rows(
        {
            17: ("The daily request limit is reached.", "已达到每日请求上限。"),
            19: ("The total request limit is reached.", "已达到请求总量上限。"),
        }
    ),
    **TOKEN.rows(
        {
            110: ("The access token is invalid, or valid no longer.", "access_token 无效或已失效。"),
            111: ("The access token has expired.", "access_token 已过期。"),
        }
    ),
    100: ByText(("token",), TOKEN.rows({100: _NO_TOKEN})[100], WRONG.rows({100: _PARAMETER})[100]),
}
"""`error_code`, from the gateway before the service (wire/baidu.md § 6.1)."""

OAUTH: Final[Codes] = {
    **WRONG.rows(
        {
            "invalid_request": (
                "A parameter of the token call is wrong, or the refresh token is dead.",
                "token 请求参数有误，或 refresh_token 已失效。",
            ),
            "unsupported_grant_type": ("The grant type is unknown.", "不支持的 grant_type。"),
            "invalid_scope": ("The scope is wrong.", "scope 无效。"),
            "redirect_uri_mismatch": (
                "The redirect address isn't the registered one.",
                "redirect_uri 与登记的不一致。",
            ),
            "unsupported_response_type": ("The response type is unknown.", "不支持的 response_type。"),
        }
    ),
    **COMPONENT.rows(
        {
            "invalid_client": ("The component's Key, or its token, isn't known.", "第三方平台的 Key 或 token 无效。"),
            "unauthorized_client": ("The component may not use this grant type.", "第三方平台无权使用该 grant_type。"),
        }
    ),
    **LOST.rows(
        {
            "invalid_grant": (
                "The authorization code or refresh token is wrong, spent or revoked.",
                "授权码或 refresh_token 无效、已使用或已撤销。",
            ),
            "expired_token": (
                "The refresh token was used already, or has expired.",
                "refresh_token 已被使用或已过期。",
            ),
        }
    ),
    **RATE.rows({"slow_down": ("The token service is asked too often.", "token 请求过于频繁。")}),
}
"""`error`, from the token service (wire/baidu.md § 1.9)."""
