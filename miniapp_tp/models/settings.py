"""What an app is to become: the parameters of the calls that change its basic information."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from attrs import field, fields, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models.given import chosen, given_address, given_id, given_images, given_text, several
from miniapp_tp.models.vocabulary import MobileAuthReason, MobileAuthScene

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_CATEGORIES: Final = 5
"""How many categories an app has at most (seed 000 修改小程序类目)."""
LONGEST_RECOVERY: Final = 100
"""Characters of an application for recovery (seed 000 申请恢复流量下线)."""
LONGEST_SCENE: Final = 500
"""Characters of the description of a scene (seed 000 申请手机号权限)."""
WIDTHS: Final = (200, 1280)
"""The narrowest and the widest QR code, in pixels (seed 000 二维码)."""


def _addresses(values: Iterable[str]) -> tuple[str, ...]:
    return given_images("materials", values)


def _name(value: str) -> str:
    return given_text("name", value)


def _optional_name(value: str | None) -> str | None:
    return None if value is None else given_text("name", value)


@frozen
class NameChange:
    """A new name.

    Attributes:
        name: The name.
        materials: Addresses of images that show the right to a brand in the name.

    Raises:
        InvalidArgument: An empty name, or a material that is no address.
    """

    name: str = field(converter=_name)
    materials: tuple[str, ...] = field(default=(), converter=_addresses)


@frozen(kw_only=True)
class NameQualifications:
    """What shows the right to a brand in a name, by kind: addresses of images, as `upload_image` returns them.

    Source: wire/baidu.md § 4 row 8, `qual_materials`.

    Attributes:
        trademark: Certificates of the trademark.
        authorization: Letters of authorization by its owner.
        icp: Screenshots of the ICP registration.
        ultimate: Baidu calls it `ultimate`, and publishes no more about it.
        professional: Qualifications of the trade.
        others: Anything else.

    Raises:
        InvalidArgument: Something that is no address.
    """

    trademark: tuple[str, ...] = field(default=(), converter=_addresses)
    authorization: tuple[str, ...] = field(default=(), converter=_addresses)
    icp: tuple[str, ...] = field(default=(), converter=_addresses)
    ultimate: tuple[str, ...] = field(default=(), converter=_addresses)
    professional: tuple[str, ...] = field(default=(), converter=_addresses)
    others: tuple[str, ...] = field(default=(), converter=_addresses)

    def given(self) -> dict[str, tuple[str, ...]]:
        """Give the kinds of which there is something, by name."""
        kinds = {one.name: getattr(self, one.name) for one in fields(NameQualifications)}
        return {kind: addresses for kind, addresses in kinds.items() if addresses}


def _qualifications(value: object) -> NameQualifications:
    if not isinstance(value, NameQualifications):
        raise InvalidArgument(f"qualifications are given as NameQualifications(trademark=[…]), not {value!r}")
    return value


@frozen
class QualifiedName:
    """A name with what shows the right to it.

    Raises:
        InvalidArgument: An empty name, or qualifications of another form.
    """

    name: str = field(converter=_name)
    qualifications: NameQualifications = field(converter=_qualifications)


def _qualification_id(value: str | int) -> str:
    return given_id("a qualification's id", value)


def _image_url(value: str) -> str:
    return given_address("image_url", value)


@frozen
class Qualification:
    """An image that shows what a category asks for.

    Attributes:
        id: The id of the `QualificationItem` that it shows.
        image_url: Its address, as `upload_image` returns it for `ImageKind.CATEGORY_QUALIFICATION`.

    Raises:
        InvalidArgument: No id, or no address.
    """

    id: str = field(converter=_qualification_id)
    image_url: str = field(converter=_image_url)


def _shown(values: Iterable[Qualification]) -> tuple[Qualification, ...]:
    return several("qualifications", values, Qualification)


def _category_id(value: str | int) -> str:
    return given_id("a category's id", value)


@frozen
class CategoryChoice:
    """A category that an app is to have.

    Attributes:
        id: The id of a subcategory, from `list_categories`.
        qualifications: What it asks for.

    Raises:
        InvalidArgument: No id, or qualifications of another form.
    """

    id: str = field(converter=_category_id)
    qualifications: tuple[Qualification, ...] = field(default=(), converter=_shown)


def _choices(values: Iterable[CategoryChoice | str | int]) -> tuple[CategoryChoice, ...]:
    taken = several("categories", values, object, MOST_CATEGORIES)
    if not 1 <= len(taken) <= MOST_CATEGORIES:
        raise InvalidArgument(f"an app has 1 to {MOST_CATEGORIES} categories; those given replace all that it has")
    return tuple(one if isinstance(one, CategoryChoice) else CategoryChoice(cast("str", one)) for one in taken)


@frozen
class CategoryChange:
    """The categories that an app is to have instead of all that it has.

    Raises:
        InvalidArgument: None, more than five, or one without an id.
    """

    choices: tuple[CategoryChoice, ...] = field(converter=_choices)


def _width(value: int | None) -> int | None:
    narrowest, widest = WIDTHS
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and narrowest <= value <= widest):
        return value
    raise InvalidArgument(f"width is a whole number of pixels from {narrowest} to {widest}, not {value!r}")


def _path(value: str | None) -> str | None:
    return None if value is None else given_text("path", value)


def _package_id(value: str | int | None) -> str | None:
    return None if value is None else given_id("package_id", value)


@frozen(kw_only=True)
class QrCode:
    """The QR code that is wanted.

    Attributes:
        path: The page that it opens; the first, if `None`.
        package_id: The package that it opens: under review, in development or online; the one online, if `None`.
        width: Pixels, from 200 to 1280; 200, if `None`.

    Raises:
        InvalidArgument: An empty path, no id, or another width.
    """

    path: str | None = field(default=None, converter=_path)
    package_id: str | None = field(default=None, converter=_package_id)
    width: int | None = field(default=None, converter=_width)


def _optional_description(value: str | None) -> str | None:
    return None if value is None else given_text("description", value)


def _optional_icon(value: str | None) -> str | None:
    return None if value is None else given_address("icon_url", value)


def _name_materials(values: Iterable[str]) -> tuple[str, ...]:
    return given_images("name_materials", values)


@frozen(kw_only=True)
class OfflineUpdate:
    """What is to be changed of an app that was forced offline; what is `None` stays as it is.

    Attributes:
        name: Its name.
        description: Its description.
        icon_url: The address of its icon.
        name_materials: Addresses of images that show the right to a brand in the name.

    Raises:
        InvalidArgument: Nothing to change, something empty, or what is no address.
    """

    name: str | None = field(default=None, converter=_optional_name)
    description: str | None = field(default=None, converter=_optional_description)
    icon_url: str | None = field(default=None, converter=_optional_icon)
    name_materials: tuple[str, ...] = field(default=(), converter=_name_materials)

    def __attrs_post_init__(self) -> None:
        if not (self.name or self.description or self.icon_url or self.name_materials):
            raise InvalidArgument("nothing is to be changed; give name, description, icon_url or name_materials")


def _reason(value: MobileAuthReason) -> MobileAuthReason:
    return chosen(MobileAuthReason, value)


def _scene(value: MobileAuthScene) -> MobileAuthScene:
    return chosen(MobileAuthScene, value)


def _scene_description(value: str) -> str:
    return given_text("description", value, limit=LONGEST_SCENE)


def _demo_url(value: str) -> str:
    return given_address("demo_url", value)


@frozen(kw_only=True)
class MobileAuthRequest:
    """An application for the permission to ask users for their phone numbers.

    Attributes:
        reason: What for.
        scene: Where.
        description: The scene in words, 1 to 500 characters.
        demo_url: The address of an image of it, as `upload_image` returns it.

    Raises:
        InvalidArgument: A description that is empty or too long, or what is no address or no member.
    """

    reason: MobileAuthReason = field(converter=_reason)
    scene: MobileAuthScene = field(converter=_scene)
    description: str = field(converter=_scene_description)
    demo_url: str = field(converter=_demo_url)
