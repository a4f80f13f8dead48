"""The other codes of Baidu's service: of tokens, of packages, and what only its SDKs list (wire/baidu.md § 6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from miniapp_tp.providers.baidu.errors.kinds import (
    ALL_USED,
    BUSY,
    COMPONENT,
    DOWN,
    FORBIDDEN,
    LOST,
    MISSING,
    STATE,
    TOKEN,
    UNCLEAR,
    UNLISTED_IP,
    USED,
    WRONG,
)

if TYPE_CHECKING:
    from miniapp_tp.wire.meaning import Codes

_FLOW: Final = (
    "Baidu's SDK lists it among the states of flow control; nothing more is published.",
    "百度 SDK 将其列为流量控制的状态；未公开更多说明。",
)
_PACKAGE_STATE: Final = (
    "Baidu's SDK lists it among the states of packages; nothing more is published.",
    "百度 SDK 将其列为代码包的状态；未公开更多说明。",
)
_PERMISSION: Final = (
    "Baidu's SDK lists it among missing permissions; nothing more is published.",
    "百度 SDK 将其列为权限不足；未公开更多说明。",
)
_ALLOWANCE: Final = (
    "Baidu's SDK lists it among allowances that are used up; nothing more is published.",
    "百度 SDK 将其列为额度用尽；未公开更多说明。",
)

PLATFORM: Final[Codes] = {
    **BUSY.rows(
        {
            500: ("Baidu's service failed.", "百度服务内部错误。"),
            501: ("Baidu's service is busy.", "百度服务繁忙。"),
            1000: ("Baidu's service failed inside.", "百度服务内部错误。"),
            1009: ("Baidu failed inside while it delivered a message.", "消息投递时百度内部错误。"),
            6002: ("A service behind Baidu's failed.", "百度上游服务调用失败。"),
            50015: ("A task for this app is running.", "该小程序有任务正在执行。"),
            50031: ("It is being processed already.", "正在处理中。"),
            50050: ("It is being processed already.", "正在处理中。"),
            470022: ("The app is still being created.", "小程序正在创建中。"),
            110001: (
                "Baidu's SDK lists it among passing failures of flow control; nothing more is published.",
                "百度 SDK 将其列为流量控制的暂时性失败；未公开更多说明。",
            ),
        }
    ),
    **DOWN.rows(
        {
            5000: ("Baidu has reduced its service.", "百度服务已降级。"),
            69009: ("Baidu's package service is down.", "百度代码包服务异常。"),
            69011: ("Baidu's review service is down.", "百度审核服务异常。"),
            69012: ("Baidu's release service is down.", "百度发布服务异常。"),
        }
    ),
    **WRONG.rows(
        {
            2002: ("A parameter is wrong.", "参数错误。"),
            30001: ("A parameter is wrong.", "参数错误。"),
            41000: ("A parameter is wrong.", "参数错误。"),
            40006: ("The file is too large.", "文件过大。"),
            30010002: ("A parameter of a delivery is wrong.", "投递参数错误。"),
        }
    ),
    **MISSING.rows(
        {
            404: ("It isn't there.", "资源不存在。"),
            45000: ("There is no such app.", "小程序不存在。"),
            69005: ("There is no such package.", "代码包不存在。"),
            69008: ("There is no such template.", "模板不存在。"),
        }
    ),
    **TOKEN.rows(
        {
            44000: ("The access token is wrong.", "access_token 无效。"),
            44001: ("The access token is wrong.", "access_token 无效。"),
            44002: ("The access token was revoked.", "access_token 已被撤销。"),
            44003: ("The access token has expired.", "access_token 已过期。"),
            44004: ("The access token couldn't be checked.", "access_token 校验失败。"),
        }
    ),
    **COMPONENT.rows(
        {
            502: ("The component couldn't prove who it is.", "第三方平台认证失败 (Client authentication failed)。"),
            50001: ("Baidu couldn't find the component's ticket.", "获取 ticket 失败。"),
            50002: ("There is no component with this Key.", "client_id 不存在。"),
            50003: ("The ticket is wrong or too old.", "ticket 无效。"),
        }
    ),
    **LOST.rows({50032: ("The app isn't authorized to your component.", "小程序与第三方平台没有授权关系。")}),
    **FORBIDDEN.rows(
        {
            6001: ("The permission for this call is missing.", "没有该接口的权限。"),
            40007: ("The component has no permission for this.", "第三方平台没有权限。"),
            45001: _PERMISSION,
            50053: _PERMISSION,
            61000: _PERMISSION,
            63000: _PERMISSION,
        }
    ),
    **UNLISTED_IP.rows({40008: ("Your IP address isn't on the component's list.", "请求 IP 不在第三方平台白名单内。")}),
    **ALL_USED.rows({50029: ("The component's calls are used up.", "第三方平台的调用次数已达上限。")}),
    **USED.rows(
        {
            30013: ("The allowance is used up.", "已超出配额。"),
            50045: ("There are as many domains as are allowed.", "域名数量已达上限。"),
            50046: ("There are as many domains as are allowed.", "域名数量已达上限。"),
            68002: _ALLOWANCE,
            68003: _ALLOWANCE,
            69013: ("The week's allowance of package reviews is used up.", "本周代码包提审次数已用完。"),
            116001: ("Too many messages were sent.", "消息发送数量超限。"),
        }
    ),
    **STATE.rows(
        {
            45003: ("The categories are under review.", "类目正在审核中。"),
            50051: ("Nothing would change.", "内容没有变化。"),
            50052: ("It is under review already.", "已在审核中。"),
            64001: (
                "Baidu's SDK lists it among conflicts of state; nothing more is published.",
                "百度 SDK 将其列为状态冲突；未公开更多说明。",
            ),
            69001: _PACKAGE_STATE,
            69002: _PACKAGE_STATE,
            69003: _PACKAGE_STATE,
            110002: _FLOW,
            110003: _FLOW,
            110004: _FLOW,
            110005: _FLOW,
        }
    ),
    **UNCLEAR.rows(
        {
            2003: (
                "At templates: there are as many as are allowed. At pushes: the form is wrong. Elsewhere nobody says.",
                "模板接口：模板数量已达上限；消息推送接口：表单校验失败。其他接口含义未公开。",
            ),
            47005: (
                "At changes of the icon: no more in this period. At sitemaps: the file couldn't be uploaded.",
                "修改头像接口：修改次数超限；sitemap 接口：文件上传失败。",
            ),
            50060: (
                "At changes of categories: more than 5. In Baidu's SDK: an account couldn't be created.",
                "修改类目接口：类目超过 5 个；百度 SDK 中：账号创建失败。",
            ),
            50037: (
                "The number has two meanings in Baidu's SDK, one of them a key that isn't 43 characters.",
                "百度 SDK 中此码有两种含义，其一为密钥不是 43 位。",
            ),
            50040: (
                "Either the component's domains aren't set, or the account is being registered.",
                "第三方平台未设置域名，或账号正在注册中。",
            ),
            60005: (
                "Either no Xiongzhang id is bound, or the length of an identity number is wrong.",
                "未绑定熊掌号，或身份证号长度错误。",
            ),
        }
    ),
}
"""`errno`, of everything else."""
