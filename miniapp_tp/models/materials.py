"""Materials that a search or feed shows of an app, and sitemaps of them (seed 003 §§ 4 to 7; Baidu only).

A vocabulary's values are the ids of the seed's lists.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from attrs import Attribute, field, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models.given import (
    address,
    chosen,
    chosen_or_unknown,
    given_address,
    given_text,
    several,
    text,
    text_or_none,
)
from miniapp_tp.models.vocabulary import Unknown

V = TypeVar("V")

_THOUSAND: Final = 1000


class MaterialType(Enum):
    """What a material is (seed 003 § 4, mapp_type列表)."""

    CONTENT = 1000
    SERVICE = 2000
    TOOL = 3000
    GAME = 4000


class MaterialSubType(Enum):
    """What a material is, more closely (seed 003 § 4, mapp_sub_type列表)."""

    ARTICLE = 1001
    """图文"""
    VIDEO = 1002
    LIVE = 1003
    AUDIO = 1004
    MAIN_CARD = 1005
    """横滑卡主卡"""
    SUB_CARD = 1006
    """横滑卡子卡"""
    HOTEL = 2001
    SIGHT = 2002
    GOODS = 2003
    CAR = 2004
    """汽车"""
    FINANCE = 3001
    WEATHER = 3002
    VEHICLE = 3003
    """车辆"""
    ENTERTAINMENT = 3004
    VERSUS = 4001
    """对战"""
    SINGLE_PLAYER = 4007
    """单机"""

    @property
    def type(self) -> MaterialType:
        """The type that it belongs to (the list's `pid`)."""
        return MaterialType(self.value // _THOUSAND * _THOUSAND)


class SitemapType(Enum):
    """What a sitemap's materials are for (seed 003 § 6, `type`)."""

    OFFLINE = 0
    """下线: they are taken away."""
    INCREMENT = 1
    """增量: they are added or brought up to date."""


class SitemapFrequency(Enum):
    """How often a sitemap changes (seed 003 § 6). Later documents keep only `DAILY` and `WEEKLY`."""

    MINUTELY = 1
    HOURLY = 2
    DAILY = 3
    WEEKLY = 4
    MONTHLY = 5
    YEARLY = 6


def _images(values: Iterable[str]) -> tuple[str, ...]:
    images = tuple(given_address("an image", one) for one in several("images", values, str))
    if not images:
        raise InvalidArgument("a material has at least one image: give its address")
    return images


def _tags(values: Iterable[str]) -> tuple[str, ...]:
    tags = tuple(given_text("a tag", one) for one in several("tags", values, str))
    if any("," in tag for tag in tags):
        raise InvalidArgument("a tag has no comma, which stands between tags: give each as a text of its own")
    return tags


def _material_type(value: MaterialType | Unknown | int | str) -> MaterialType | Unknown:
    return chosen_or_unknown(MaterialType, value)


def _material_sub_type(value: MaterialSubType | Unknown | int | str) -> MaterialSubType | Unknown:
    return chosen_or_unknown(MaterialSubType, value)


def _extension(_material: object, _attribute: Attribute[Any], value: object) -> None:
    if value is None:
        return
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False).encode() if isinstance(value, Mapping) else b""
    except (TypeError, ValueError, RecursionError):
        written = b""
    if not written:
        raise InvalidArgument(
            "Material.ext is a mapping that can be written as JSON: {'publish_time': '2018-11-01'}, say"
        )


@frozen(kw_only=True)
class Material:
    """What a search or feed can show of an app: a page, and how to present it (seed 003 § 4).

    Attributes:
        title: Its title.
        body: Its text.
        path: The page of the app, `"/pages/index/index"`.
        images: The addresses of its pictures, at least one.
        type: What it is; an id of the list, or `Unknown(id)` for one that it doesn't have yet.
        sub_type: What it is, more closely; the same.
        tags: What it is tagged with.
        ext: More about it, which differs by type.
        feed_type: The feed's own class for it, which later documents require (wire/baidu.md § 5).
        feed_sub_type: The same, more closely.

    Raises:
        InvalidArgument: Something is missing or empty, an address isn't whole, or `sub_type` is of another `type`.
    """

    title: str = field(validator=text())
    body: str = field(validator=text())
    path: str = field(validator=text())
    images: tuple[str, ...] = field(converter=_images)
    type: MaterialType | Unknown = field(converter=_material_type)
    sub_type: MaterialSubType | Unknown = field(converter=_material_sub_type)
    tags: tuple[str, ...] = field(default=(), converter=_tags)
    ext: Mapping[str, Any] | None = field(default=None, validator=_extension, hash=False)
    feed_type: str | None = field(default=None, validator=text_or_none())
    feed_sub_type: str | None = field(default=None, validator=text_or_none())

    def __attrs_post_init__(self) -> None:
        if isinstance(self.type, MaterialType) and isinstance(self.sub_type, MaterialSubType):
            belongs = self.sub_type.type
            if belongs is not self.type:
                raise InvalidArgument(f"{self.sub_type} belongs to {belongs}, not to {self.type}")


def _sitemap_type(value: SitemapType | int) -> SitemapType:
    return chosen(SitemapType, value)


def _frequency(value: SitemapFrequency | int) -> SitemapFrequency:
    return chosen(SitemapFrequency, value)


@frozen
class SitemapSubmission:
    """A sitemap to be fetched by the provider (seed 003 § 6). `write_sitemap` makes its files.

    Attributes:
        url: The address of its index.
        description: What it is.
        type: Whether its materials are added or taken away.
        frequency: How often it changes.

    Raises:
        InvalidArgument: No whole address, no description, or none of the vocabulary's words.
    """

    url: str = field(validator=address())
    description: str = field(validator=text())
    type: SitemapType = field(default=SitemapType.INCREMENT, converter=_sitemap_type)
    frequency: SitemapFrequency = field(default=SitemapFrequency.DAILY, converter=_frequency)


@frozen
class Of(Generic[V]):
    """What is handed in, and for which app: a developer service wants its id beside the token.

    Attributes:
        app: The app's id.
        value: What is handed in.
    """

    app: str
    value: V
