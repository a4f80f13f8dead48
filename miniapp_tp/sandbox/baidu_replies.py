"""How Baidu says yes and no: three shapes of no (wire/baidu.md § 1.9), and an id of every reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from miniapp_tp.sandbox.exchange import Refused, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from miniapp_tp.sandbox.provider import Provider

_TEXTS: Final = {
    6001: "没有权限",
    40001: "参数错误",
    40008: "请求的IP不在白名单内",
    40032: "未查询到线上包或者审核通过的包",
    40045: "小程序状态不正确",
    47000: "图片格式错误",
    47003: "图片大小超过限制",
    47004: "修改名称超过限制次数",
    47005: "修改头像超过限制次数",
    47006: "修改简介超过限制次数",
    47007: "修改服务分类超过限制次数",
    47008: "图片来源非法",
    50002: "client_id不存在",
    50003: "ticket无效",
    50032: "没有授权关系",
    50060: "小程序类目上限为5个",
    50061: "类目id不正确，请检查",
    50062: "categorys格式非法，请检查",
    50063: "资质信息不正确，请检查",
    470011: "修改服务器域名超过限制次数",
    470012: "修改业务域名超过限制次数",
    470013: "至少传递一个要被操作的服务域名类型",
    470014: "域名格式非法，请检查格式，协议目前只支持http:// https:// wss://",
    470015: "被操作的域名不能为空",
    470016: "请求保存的域名不是第三方平台中已设置的小程序域名或子域名",
    470017: "删除的域名在小程序中没有设置过",
    470018: "二维码 width 字段超过指定范围",
    470019: "二维码 package_id 非法，只支持审核，开发，线上版本的 package",
    470020: "此小程序没有线上版本的包，需要指定 package_id",
    470021: "版本输入错误",
}
_GATEWAY_TEXTS: Final = {
    2: "Service temporarily unavailable",
    3: "Unsupported openapi method",
    5: "Unauthorized client IP address",
    18: "Open api qps request limit reached",
    100: "Invalid parameter: no access_token",
    110: "Access token invalid or no longer valid",
    111: "Access token expired",
}
_BAD_REQUEST: Final = 400


def business(errno: int, detail: str = "") -> Refused:
    """Make a no of the business service."""
    return Refused({"errno": errno, "msg": f"{_TEXTS[errno]}{detail and ': '}{detail}"})


def gateway(code: int) -> Refused:
    """Make a no of the gateway, which comes before the business service is asked."""
    return Refused({"error_code": code, "error_msg": _GATEWAY_TEXTS[code]})


def oauth(error: str, description: str) -> Refused:
    """Make a no of the token service; it comes with HTTP 400."""
    return Refused({"error": error, "error_description": description}, _BAD_REQUEST)


def traced(provider: Provider, body: Mapping[str, Any]) -> Reply:
    """Write a reply with the id that Baidu's support asks for, in its body and in a header."""
    return with_id(provider, {**body, "request_id": trace(provider)})


def picture_reply(provider: Provider, picture: bytes) -> Reply:
    """Answer with an image (seed 000 二维码)."""
    return Reply(200, ((b"content-type", b"image/png"), (b"x-b3-traceid", trace(provider).encode())), picture)


def with_id(provider: Provider, body: Mapping[str, Any], status: int = 200) -> Reply:
    """Write a reply with that id in a header only."""
    return json_reply(body, (b"x-b3-traceid", trace(provider).encode()), status=status)


def trace(provider: Provider) -> str:
    """Give the id of the reply that is being written."""
    return f"{provider.requests:016x}"
