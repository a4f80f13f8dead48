"""Developer services as data: a mini app's own (seed 003), and what a component may do of them (wire/baidu.md § 5).

The address of a service that Baidu doesn't publish comes from the caller.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import evolve, frozen

from miniapp_tp.contract import Issued, MaterialContract
from miniapp_tp.errors import Actor, Conflict, CredentialRejected, PermissionDenied
from miniapp_tp.models import (
    Broadcast,
    FeedCard,
    FeedSubmission,
    Material,
    Message,
    Of,
    Push,
    SitemapSubmission,
    Unknown,
)
from miniapp_tp.providers.baidu.errors.kinds import BUSY, WRONG
from miniapp_tp.wire.endpoint import Absent, Endpoint, Operation, no_result
from miniapp_tp.wire.meaning import Meaning
from miniapp_tp.wire.messages import Secret
from miniapp_tp.wire.tolerance import integer, lifetime, mapping, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import Enum

    from miniapp_tp.wire.meaning import Codes

P = TypeVar("P")
R = TypeVar("R")

_ACCESS: Final = "/rest/2.0/smartapp/access"
_TOKEN_LIFE: Final = 86_400


@frozen
class Keys:
    """What a mini app's own token is had with.

    Attributes:
        key: Its AppKey.
        secret: Its AppSecret.
    """

    key: Secret
    secret: Secret


# --- fields ---------------------------------------------------------------------------------------------------------


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _message_fields(app: str, message: Message) -> dict[str, str]:
    content = {
        "title": message.heading or message.title,
        "first": {"value": message.first},
        "keywords": [{"name": keyword.name, "value": keyword.value} for keyword in message.keywords],
    }
    return {
        "app_id": app,
        "title": message.title,
        "description": message.description,
        "path_url": message.path,
        "content": _written(content),
    }


def _push_fields(asked: Of[Push]) -> dict[str, str]:
    return {**_message_fields(asked.app, asked.value.message), "swan_ids": ",".join(asked.value.swan_ids)}


def _broadcast_fields(asked: Of[Broadcast]) -> dict[str, str]:
    return _message_fields(asked.app, asked.value.message)


def _feed_fields(asked: Of[FeedSubmission]) -> dict[str, str]:
    feed = asked.value
    return {
        "app_id": asked.app,
        "mcard_title": feed.title,
        "templete_type": _id(feed.template),  # spelled so by Baidu (wire/baidu.md § 5)
        "scard_list": _written([_card(card) for card in feed.cards]),
    }


def _card(card: FeedCard) -> dict[str, str]:
    known = {
        "scard_title": card.title,
        "scard_desc": card.description,
        "img_url": card.image_url,
        "path_url": card.path,
    }
    return {name: value for name, value in known.items() if value is not None}


def material_entry(app: str, material: Material) -> dict[str, Any]:
    """Write a material as it stands in the files of a sitemap: `images` and `ext` are JSON values there."""
    known = {
        "app_id": app,
        "title": material.title,
        "body": material.body,
        "path": material.path,
        "images": list(material.images),
        "mapp_type": _id(material.type),
        "mapp_sub_type": _id(material.sub_type),
        "feed_type": material.feed_type,
        "feed_sub_type": material.feed_sub_type,
        "tags": ",".join(material.tags) or None,
        "ext": None if material.ext is None else dict(material.ext),
    }
    return {name: value for name, value in known.items() if value is not None}


def _material_fields(asked: Of[Material]) -> dict[str, str]:
    entry = material_entry(asked.app, asked.value)
    return {name: value if isinstance(value, str) else _written(value) for name, value in entry.items()}


def _sitemap_fields(asked: Of[SitemapSubmission]) -> dict[str, str]:
    sitemap = asked.value
    return {
        "app_id": asked.app,
        "url": sitemap.url,
        "desc": sitemap.description,
        "type": _id(sitemap.type),
        "frequency": _id(sitemap.frequency),
    }


def _id(word: Enum | Unknown) -> str:
    return str(word.code if isinstance(word, Unknown) else word.value)


# --- replies --------------------------------------------------------------------------------------------------------


def _message_key(_app: str, data: object) -> int | None:
    """Read the key of a message, if there is one: `data` may be an object, a text or nothing (wire/baidu.md § 5)."""
    return integer(mapping(data).get("msg_key"))


def _issued(_app: str, body: object) -> Issued:
    """Read a token; for how long it lives only `expires_in` tells the truth (wire/baidu.md § 1.8)."""
    found = mapping(body)
    token = text(found.get("access_token"))
    if token is None:
        raise ValueError
    return Issued(Secret(token), lifetime(found.get("expires_in")) or _TOKEN_LIFE)


# --- endpoints ------------------------------------------------------------------------------------------------------

_NOT_INVITED: Final[Codes] = (
    Meaning(PermissionDenied, Actor.YOU)
    .but_then("Apply to Baidu for this service: it is by invitation.", "请向百度申请开通该服务：仅限受邀使用。")
    .rows({6001: ("The app isn't invited to this service.", "小程序没有该服务的权限。")})
)
_PUSH_CODES: Final[Codes] = {
    **_NOT_INVITED,
    **WRONG.rows({2003: ("The form of the message is wrong.", "表单校验失败。")}),
}
_SITEMAP_CODES: Final[Codes] = {
    **BUSY.rows({47005: ("The file of the sitemap couldn't be taken over.", "sitemap 文件上传失败。")}),
    **Meaning(Conflict)
    .but_then("Bind a Xiongzhang id to the app first.", "请先为小程序绑定熊掌号。")
    .rows({60005: ("No Xiongzhang id is bound to the app.", "小程序未绑定熊掌号。")}),
}
"""Of a sitemap: its file couldn't be fetched; no Xiongzhang id (熊掌号) is bound to the app."""

_KEYS: Final = Meaning(CredentialRejected).but_then(
    "Check the app's AppKey and AppSecret.", "请检查该小程序的 AppKey 与 AppSecret。"
)
DEVELOPER_TOKEN: Final = Endpoint[Keys, Issued](
    name="get_developer_token",
    method="POST",
    path="/oauth/2.0/token",
    fixed={"grant_type": "client_credentials", "scope": "smartapp_snsapi_base"},
    encode=lambda keys: {"client_id": keys.key, "client_secret": keys.secret},
    decode=_issued,
    credential=None,
    secret=True,
    # The keys are one app's, and nobody has granted anything that could be lost.
    codes=_KEYS.for_codes("invalid_client", "unauthorized_client", "invalid_grant", 101),
)
_PUSH_MESSAGE: Final = partial(
    Endpoint[Of[Push], "int | None"],
    name="push_message",
    method="POST",
    fixed={"type": "21"},
    encode=_push_fields,
    decode=_message_key,
    changes=True,
    idempotent=False,
    codes=_PUSH_CODES,
)
_BROADCAST_MESSAGE: Final = partial(
    Endpoint[Of[Broadcast], "int | None"],
    name="broadcast_message",
    method="POST",
    fixed={"type": "21"},
    encode=_broadcast_fields,
    decode=_message_key,
    changes=True,
    idempotent=False,
    codes=_PUSH_CODES,
)
_SUBMIT_FEED_CARDS: Final = partial(
    Endpoint[Of[FeedSubmission], None],
    name="submit_feed_cards",
    method="POST",
    fixed={"recommend_type": "3"},
    encode=_feed_fields,
    decode=no_result,
    changes=True,
    idempotent=False,
    codes=_NOT_INVITED,
)
SUBMIT_MATERIAL: Final = Endpoint[Of[Material], None](
    name="submit_material",
    method="POST",
    path=f"{_ACCESS}/submitresource",
    encode=_material_fields,
    decode=no_result,
    changes=True,
    idempotent=False,
    codes=_NOT_INVITED,
)
DELETE_MATERIAL: Final = Endpoint[Of[str], None](
    name="delete_material",
    method="POST",
    path=f"{_ACCESS}/deleteresource",
    encode=lambda asked: {"app_id": asked.app, "path": asked.value},
    decode=no_result,
    changes=True,
    codes=_NOT_INVITED,
)
SUBMIT_SITEMAP: Final = Endpoint[Of[SitemapSubmission], None](
    name="submit_sitemap",
    method="POST",
    path=f"{_ACCESS}/submitsitemap",
    encode=_sitemap_fields,
    decode=no_result,
    changes=True,
    idempotent=False,
    codes={**_NOT_INVITED, **_SITEMAP_CODES},
)
DELETE_SITEMAP: Final = Endpoint[Of[str], None](
    name="delete_sitemap",
    method="POST",
    path=f"{_ACCESS}/deletesitemap",
    encode=lambda asked: {"app_id": asked.app, "url": asked.value},
    decode=no_result,
    changes=True,
    codes={**_NOT_INVITED, **_SITEMAP_CODES},
)

# --- contracts ------------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class DeveloperContract(MaterialContract):
    """The developer services of a mini app, by the names of the methods."""

    push_message: Operation[Of[Push], int | None]
    broadcast_message: Operation[Of[Broadcast], int | None]
    submit_feed_cards: Operation[Of[FeedSubmission], None]


COMPONENT_MATERIALS: Final = MaterialContract(
    submit_material=evolve(SUBMIT_MATERIAL, path=f"{_ACCESS}/resource/submit", codes={}),
    delete_material=evolve(DELETE_MATERIAL, path=f"{_ACCESS}/resource/delete", codes={}),
    submit_sitemap=evolve(SUBMIT_SITEMAP, path=f"{_ACCESS}/sitemap/submit", codes=_SITEMAP_CODES),
    delete_sitemap=evolve(DELETE_SITEMAP, path=f"{_ACCESS}/sitemap/delete", codes=_SITEMAP_CODES),
)
"""A component's own paths; they carry the token of an authorized app (wire/baidu.md § 5)."""

ENDPOINTS: Final = (SUBMIT_MATERIAL, DELETE_MATERIAL, SUBMIT_SITEMAP, DELETE_SITEMAP)
"""The services whose address is published."""
SERVICES: Final = ("push_message", "broadcast_message", "submit_feed_cards", *(one.name for one in ENDPOINTS))
"""The names of all services, in the seed's order."""


def developer_contract(urls: Mapping[str, str]) -> DeveloperContract:
    """Say what can be done with a mini app's own keys.

    Args:
        urls: Whole addresses, by service; they go before the published ones.
    """
    return DeveloperContract(
        push_message=_given(urls, "push_message", _PUSH_MESSAGE),
        broadcast_message=_given(urls, "broadcast_message", _BROADCAST_MESSAGE),
        submit_feed_cards=_given(urls, "submit_feed_cards", _SUBMIT_FEED_CARDS),
        submit_material=_moved(urls, SUBMIT_MATERIAL),
        delete_material=_moved(urls, DELETE_MATERIAL),
        submit_sitemap=_moved(urls, SUBMIT_SITEMAP),
        delete_sitemap=_moved(urls, DELETE_SITEMAP),
    )


def _given(urls: Mapping[str, str], name: str, make: Callable[..., Endpoint[P, R]]) -> Endpoint[P, R] | Absent:
    if name in urls:
        return make(path=urls[name])
    why = f"Baidu publishes no address for it; if it gave you one, pass urls={{{name!r}: 'https://…'}}"
    return Absent(why, f"百度未公开其地址；若已向你提供，请传入 urls={{{name!r}: 'https://…'}}", name)


def _moved(urls: Mapping[str, str], endpoint: Endpoint[P, R]) -> Endpoint[P, R]:
    return evolve(endpoint, path=urls.get(endpoint.name, endpoint.path))
