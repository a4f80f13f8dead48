"""What callers give for the settings of an app: taken as it should be, or refused before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models import (
    CategoryChange,
    CategoryChoice,
    CategoryKind,
    Image,
    ImageKind,
    MobileAuthReason,
    MobileAuthRequest,
    MobileAuthScene,
    NameChange,
    NameCheck,
    NameCheckResult,
    NameQualifications,
    OfflineUpdate,
    QrCode,
    Qualification,
    QualifiedName,
    Unknown,
    chosen,
    given_address,
    given_flag,
    given_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS: Final = "https://img.example.com/one.png"
PNG: Final = b"\x89PNG\r\n\x1a\n"
NO_TEXTS: Final = [None, "", "  ", 5, b"text", ["text"]]
NO_ADDRESSES: Final = [
    None,
    "",
    "img.example.com/one.png",
    "ftp://img.example.com/x",
    "https://",
    "https://a b",
    "https://[",
    5,
]


def mobile(**other: Any) -> MobileAuthRequest:  # noqa: ANN401 - wrong on purpose
    given: dict[str, Any] = {
        "reason": MobileAuthReason.LOGIN,
        "scene": MobileAuthScene.SHOPPING,
        "description": "d",
        "demo_url": ADDRESS,
    }
    return MobileAuthRequest(**{**given, **other})


TAKES_TEXT: Final[dict[str, Callable[[Any], object]]] = {
    "name": NameChange,
    "qualified name": lambda text: QualifiedName(text, NameQualifications()),
    "offline name": lambda text: OfflineUpdate(name=text),
    "offline description": lambda text: OfflineUpdate(description=text),
    "path": lambda text: QrCode(path="" if text is None else text),
    "scene": lambda text: mobile(description=text),
    "text": lambda text: given_text("text", text),
}
TAKES_ADDRESS: Final[dict[str, Callable[[Any], object]]] = {
    "material": lambda address: NameChange("n", [address]),
    "qualification": lambda address: NameQualifications(others=[address]),
    "paper": lambda address: Qualification(1, address),
    "offline icon": lambda address: OfflineUpdate(icon_url=address),
    "offline material": lambda address: OfflineUpdate(name="n", name_materials=[address]),
    "demo": lambda address: mobile(demo_url=address),
    "address": lambda address: given_address("image_url", address),
}


@pytest.mark.parametrize("text", NO_TEXTS, ids=repr)
@pytest.mark.parametrize("where", TAKES_TEXT)
def test_a_text_is_a_text_that_isnt_empty(where: str, text: object) -> None:
    with pytest.raises(InvalidArgument):
        TAKES_TEXT[where](text)


@pytest.mark.parametrize("address", NO_ADDRESSES, ids=repr)
@pytest.mark.parametrize("where", TAKES_ADDRESS)
def test_an_address_is_one_of_an_uploaded_image(where: str, address: object) -> None:
    with pytest.raises(InvalidArgument):
        TAKES_ADDRESS[where](address)


@pytest.mark.parametrize("where", ["material", "qualification", "offline material"])
def test_addresses_that_share_a_text_have_no_comma(where: str) -> None:
    with pytest.raises(InvalidArgument, match="an address can't have one"):
        TAKES_ADDRESS[where](f"{ADDRESS}?a,b")


@pytest.mark.parametrize("several", [ADDRESS, ADDRESS.encode(), None, 5], ids=repr)
def test_several_addresses_are_a_list(several: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match="given as a list"):
        NameChange("n", several)


def test_names_and_their_papers() -> None:
    assert NameChange("n", iter([ADDRESS])).materials == (ADDRESS,)
    shown = NameQualifications(icp=[ADDRESS], others=(ADDRESS,))
    assert shown.given() == {"icp": (ADDRESS,), "others": (ADDRESS,)}
    assert QualifiedName("n", shown).qualifications is shown
    with pytest.raises(InvalidArgument, match="NameQualifications"):
        QualifiedName("n", [ADDRESS])


@pytest.mark.parametrize("number", [None, "", " ", 1.0, True, []], ids=repr)
def test_an_id_is_text_or_a_number(number: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match="id"):
        CategoryChoice(number)
    with pytest.raises(InvalidArgument, match="id"):
        Qualification(number, ADDRESS)


def test_categories_are_one_to_five_choices_or_their_ids() -> None:
    change = CategoryChange([CategoryChoice(" 2 ", [Qualification(1, ADDRESS)]), 3, "4"])
    assert [(one.id, len(one.qualifications)) for one in change.choices] == [("2", 1), ("3", 0), ("4", 0)]
    assert len(CategoryChange(range(5)).choices) == 5
    for count in (0, 6):
        with pytest.raises(InvalidArgument, match="1 to 5 categories"):
            CategoryChange(range(count))
    with pytest.raises(InvalidArgument, match="given as a list"):
        CategoryChange("12")
    with pytest.raises(InvalidArgument, match="qualifications are Qualification each"):
        CategoryChoice(2, [ADDRESS])  # type: ignore[list-item]


@pytest.mark.parametrize("width", [199, 1281, 200.0, "200", True], ids=repr)
def test_a_qr_code_is_200_to_1280_pixels_wide(width: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match="from 200 to 1280"):
        QrCode(width=width)
    assert [QrCode(width=fine).width for fine in (None, 200, 1280)] == [None, 200, 1280]


def test_a_package_is_named_by_its_id() -> None:
    assert (QrCode(package_id=7).package_id, QrCode().package_id) == ("7", None)
    with pytest.raises(InvalidArgument, match="package_id"):
        QrCode(package_id="")


def test_an_update_changes_something() -> None:
    with pytest.raises(InvalidArgument, match="nothing is to be changed"):
        OfflineUpdate()
    assert OfflineUpdate(name_materials=[ADDRESS]).name is None


def test_an_application_for_phone_numbers() -> None:
    assert len(mobile(description="字" * 500).description) == 500
    with pytest.raises(InvalidArgument, match="501 characters; at most 500 are allowed"):
        mobile(description="字" * 501)
    with pytest.raises(InvalidArgument, match=r"MobileAuthReason\.LOGIN"):
        mobile(reason=0)
    with pytest.raises(InvalidArgument, match=r"MobileAuthScene\.APPOINTMENT"):
        mobile(scene=MobileAuthReason.LOGIN)


def test_members_and_flags() -> None:
    assert chosen(CategoryKind, CategoryKind.PERSONAL) is CategoryKind.PERSONAL
    assert given_flag("open", value=False) is False
    for wrong in (0, 1, None, "yes"):
        with pytest.raises(InvalidArgument, match="open is True or False"):
            given_flag("open", wrong)


@pytest.mark.parametrize(("data", "name"), [(PNG, "png"), (b"\xff\xd8\xff\xe0", "jpeg"), (b"BM1234", "bmp")])
def test_images_are_known_by_their_first_bytes(data: bytes, name: str) -> None:
    assert Image(data).format == name
    assert Image(bytearray(data)).data == data
    assert repr(data) not in repr(Image(data))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg>", "text", None, 5], ids=repr)
def test_other_bytes_are_no_image(data: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match="an image is"):
        Image(data)


@pytest.mark.parametrize(("kind", "megabytes"), [*zip(ImageKind, (2, 5, 5), strict=True)])
def test_an_image_has_a_limit_by_what_it_is_for(kind: ImageKind, megabytes: int) -> None:
    largest = PNG.ljust(megabytes << 20, b"\0")
    assert Image(largest, kind).kind is kind
    with pytest.raises(InvalidArgument, match=f"{megabytes << 20} bytes at most"):
        Image(largest + b"\0", kind)
    with pytest.raises(InvalidArgument, match=r"ImageKind\.ICON"):
        Image(PNG, 1)  # type: ignore[arg-type]


def test_a_name_has_passed_where_nothing_speaks_against_it() -> None:
    assert NameCheck(NameCheckResult.PASSED).passed
    assert not NameCheck(NameCheckResult.TAKEN).passed
    assert not NameCheck(Unknown(6)).passed
