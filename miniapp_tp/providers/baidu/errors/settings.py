"""The codes of an app's settings: basic information, domains, QR codes, flow (seed 000; wire/baidu.md § 6.2, § 7.1)."""

from __future__ import annotations

from typing import Final

from miniapp_tp.errors import Actor, Conflict
from miniapp_tp.providers.baidu.errors.kinds import BUSY, FORBIDDEN, MISSING, STATE, USED, WRONG
from miniapp_tp.wire.meaning import Codes, Meaning

_OF_MERCHANT: Final = Meaning(Conflict, Actor.MERCHANT).but_then(
    "The merchant must complete the subject's information in Baidu's console.", "请商家在百度后台补全主体信息。"
)
_UPLOAD: Final = WRONG.but_then(
    "Upload the image with upload_image, and send the address that it returns.",
    "请用 upload_image 上传图片，并使用其返回的地址。",
)
_UNSUPPORTED: Final = Meaning(Conflict, Actor.PROVIDER).but_then(
    "There is nothing to do: Baidu doesn't offer this for mini games.", "无需处理：百度暂不对小游戏开放此接口。"
)
_REGISTER: Final = WRONG.but_then(
    "Register the domain (or the one above it) on the component in Baidu's console, then call again.",
    "请先在百度后台把该域名 (或其上级域名) 登记到第三方平台，再调用。",
)
_DOMAINS_USED: Final = USED.but_then(
    "Wait for the next period; Baidu tells neither how long it is nor how many changes remain.",
    "请等到下一个周期；百度未公开周期长度，也不返回剩余次数。",
)
_NAME_PACKAGE: Final = WRONG.but_then(
    "Give package_id, or publish a package first.", "请传入 package_id，或先发布线上版本。"
)
_PUBLISH: Final = STATE.but_then(
    "Publish a package, or let one pass its review, first.", "请先发布代码包，或使其通过审核。"
)

SETTINGS: Final[Codes] = {
    **WRONG.rows(
        {
            40001: ("A parameter's content or format is wrong.", "请求参数内容或格式非法。"),
            50061: ("A category's id is wrong.", "类目 id 不正确。"),
            50062: ("The list of categories is malformed.", "categorys 格式非法。"),
            50063: ("The qualifications of a category are wrong or missing.", "类目资质信息不正确或缺失。"),
            470013: ("No kind of domain was given.", "未传入任何要操作的域名类型。"),
            470014: (
                "A domain is malformed; https://, http:// and wss:// are allowed.",
                "域名格式非法，协议仅支持 http:// https:// wss://。",
            ),
            470015: ("A kind of domain was given empty.", "传入的域名为空。"),
            470018: ("The QR code's width is outside 200 to 1280 pixels.", "二维码 width 不在 200 至 1280 之间。"),
            470019: (
                "The package isn't one under review, in development or online.",
                "package_id 非法，只支持审核、开发、线上版本的包。",
            ),
            470021: ("The version of the base library is wrong.", "基础库版本输入错误。"),
            47000: ("The image's format isn't BMP, JPEG or PNG.", "图片格式错误，应为 bmp、jpeg、jpg 或 png。"),
            47003: (
                "The image is too large: icons 2 MB and 256 × 256, others 5 MB.",
                "图片过大：icon 限 2 MB 且 256×256，其他限 5 MB。",
            ),
        }
    ),
    **_UPLOAD.rows(
        {
            47008: (
                "An image's address didn't come from Baidu's image upload.",
                "图片来源非法，不是图片上传接口返回的地址。",
            )
        }
    ),
    **_REGISTER.rows(
        {
            470016: (
                "A domain is neither registered on the component nor below one that is.",
                "域名不是第三方平台中已登记的域名或其子域名。",
            ),
        }
    ),
    **_NAME_PACKAGE.rows(
        {
            470020: (
                "The app has no package online, and none was named.",
                "小程序没有线上版本的包，且未指定 package_id。",
            )
        }
    ),
    **MISSING.rows({470017: ("A domain to be deleted isn't set.", "要删除的域名没有设置过。")}),
    **USED.rows(
        {
            47004: ("No more changes of the name in this period.", "修改名称超过限制次数。"),
            47006: ("No more changes of the description in this period.", "修改简介超过限制次数。"),
            47007: ("No more changes of the categories in this period.", "修改服务分类超过限制次数。"),
        }
    ),
    **_DOMAINS_USED.rows(
        {
            470011: ("No more changes of the server domains in this period.", "修改服务器域名超过限制次数。"),
            470012: ("No more changes of the webview domains in this period.", "修改业务域名超过限制次数。"),
        }
    ),
    **FORBIDDEN.rows({30007: ("The account behind the call may not do this.", "当前登录账号无操作权限。")}),
    **_UNSUPPORTED.rows({50013: ("Mini games aren't supported here yet.", "暂时不支持小游戏。")}),
    **_OF_MERCHANT.rows({40028: ("Nothing is known of the app's subject.", "未查询到主体信息。")}),
    **_PUBLISH.rows(
        {40032: ("The app has no package that is online or has passed its review.", "未查询到线上包或审核通过的包。")}
    ),
    **STATE.rows({40045: ("The app isn't in the state that this call is for.", "小程序状态不正确。")}),
    **BUSY.rows({47002: ("The QR code couldn't be made just now.", "获取二维码失败。")}),
}
"""`errno`, of the operations of seed 000 and the image upload."""
