"""Images that are uploaded, recognized by their first bytes."""

from __future__ import annotations

from typing import Final, cast

from attrs import field, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models.given import chosen
from miniapp_tp.models.vocabulary import ImageKind

_MEGABYTE: Final = 1024 * 1024
LARGEST: Final = {
    ImageKind.ICON: 2 * _MEGABYTE,
    ImageKind.CATEGORY_QUALIFICATION: 5 * _MEGABYTE,
    ImageKind.NAME_MATERIAL: 5 * _MEGABYTE,
}
"""Bytes of an image of each kind (wire/baidu.md § 7.1)."""
_SIGNATURES: Final = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"BM": "bmp"}


def format_of(data: bytes) -> str | None:
    """Tell what an image is written in: `png`, `jpeg` or `bmp`; `None` if it is none of these."""
    return next((name for signature, name in _SIGNATURES.items() if data.startswith(signature)), None)


def _data(value: object) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise InvalidArgument(f"an image is given as bytes, not as {type(value).__name__}")
    data = bytes(cast("bytes", value))
    if format_of(data) is None:
        raise InvalidArgument("an image is a PNG, a JPEG or a BMP; these bytes begin like none of them")
    return data


def _kind(value: ImageKind) -> ImageKind:
    return chosen(ImageKind, value)


@frozen
class Image:
    """An image to be uploaded.

    Attributes:
        data: Its bytes: a PNG, a JPEG or a BMP.
        kind: What for.

    Raises:
        InvalidArgument: Other bytes, or more than the kind allows.
    """

    data: bytes = field(converter=_data, repr=False)
    kind: ImageKind = field(default=ImageKind.ICON, converter=_kind)

    def __attrs_post_init__(self) -> None:
        if len(self.data) > LARGEST[self.kind]:
            raise InvalidArgument(
                f"an image for {self.kind.value} has {LARGEST[self.kind]} bytes at most, not {len(self.data)}"
            )

    @property
    def format(self) -> str:
        """What it is written in: `png`, `jpeg` or `bmp`."""
        return format_of(self.data) or ""
