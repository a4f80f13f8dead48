"""The kinds of no that Baidu has, each with what to do next."""

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
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    Scope,
)
from miniapp_tp.wire.meaning import Meaning

TOKEN: Final = Meaning(CredentialRejected).but_then(
    "A fresh token has been tried already; see why yours is stale, or recover the app's grant.",
    "SDK 已换过一次新 token 仍被拒绝；请检查 token 来源，或找回该小程序的授权。",
)
COMPONENT: Final = Meaning(CredentialRejected, scope=Scope.COMPONENT).but_then(
    "Check the component's Key and its newest ticket; every app of the component is affected.",
    "请检查第三方平台的 Key 与最新的 ticket；该平台的所有小程序都会受影响。",
)
LOST: Final = Meaning(AuthorizationLost).but_then(
    "Ask the merchant to authorize your component again.", "请商家重新授权给第三方平台。"
)
FORBIDDEN: Final = Meaning(PermissionDenied).but_then(
    "Ask the merchant to grant the permission that this call needs, in Baidu's console.",
    "请商家在百度后台把该接口所需的权限集授权给第三方平台。",
)
UNLISTED_IP: Final = Meaning(PermissionDenied, Actor.YOU, Scope.COMPONENT).but_then(
    "List your server's outgoing IP address in the settings of the component; until then every call fails.",
    "请在第三方平台的设置中把服务器出口 IP 加入白名单；在此之前所有调用都会失败。",
)
RATE: Final = Meaning(RateLimited).but_then(
    "Call more slowly: lower Options.concurrency, and come back after a pause.",
    "请放慢调用：调低 Options.concurrency，稍后再试。",
)
ALL_USED: Final = Meaning(QuotaExhausted, scope=Scope.COMPONENT).but_then(
    "Stop, and go on when the allowance resets; asking again before that changes nothing.",
    "请停止调用，待额度重置后再继续；提前重试没有作用。",
)
USED: Final = Meaning(QuotaExhausted).but_then(
    "Wait for the next period; get_info shows the changes that remain, where Baidu tells. The period isn't published.",
    "请等到下一个周期；剩余次数见 get_info (若百度返回)。周期长度未公开。",
)
WRONG: Final = Meaning(InvalidRequest).but_then(
    "Correct what was sent; the same call won't succeed as it is.", "请修正参数；原样重试不会成功。"
)
MISSING: Final = Meaning(NotFound).but_then(
    "Read the present state, and name what is there.", "请先查询现状，再操作存在的对象。"
)
STATE: Final = Meaning(Conflict).but_then(
    "Read the app's state; finish, withdraw or wait for what is under way.",
    "请查询小程序状态；等待、撤回或完成正在进行的操作。",
)
BUSY: Final = Meaning(ProviderUnavailable).but_then(
    "Come back later. Where the error says may_have_happened, read the state first.",
    "请稍后再试；若错误标明 may_have_happened，请先查询现状。",
)
DOWN: Final = Meaning(ProviderUnavailable, scope=Scope.PROVIDER).but_then(
    "Baidu itself is in trouble: wait, and come back later.", "百度侧服务异常：请等待后再试。"
)
UNCLEAR: Final = Meaning(ProviderError).but_then(
    "Read the error's message; teach the client its class with error_codes once you know.",
    "请查看错误信息；确认含义后可用 error_codes 为客户端补充分类。",
)
