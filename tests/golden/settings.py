"""What Baidu's other operations are asked for and give back, by the names of the golden files."""

from __future__ import annotations

import json
from typing import Any, Final

from miniapp_tp.models import (
    CategoryChange,
    CategoryChoice,
    CategoryGroup,
    CategoryKind,
    Image,
    MobileAuth,
    MobileAuthReason,
    MobileAuthRequest,
    MobileAuthScene,
    MobileAuthStatus,
    NameChange,
    NameCheck,
    NameCheckResult,
    NameQualifications,
    OfflineUpdate,
    QrCode,
    Qualification,
    QualificationItem,
    QualificationRule,
    QualifiedName,
    Subcategory,
    SupportVersions,
    Violation,
)
from tests.golden.loader import golden_answer, golden_reply

IMAGE: Final = "https://img.example.com/uploads/3f1cf99b1c7a21a4.png"
"""The address of an uploaded image in all golden requests."""

SETTINGS_PARAMS: Final[dict[str, Any]] = {
    "set_name": NameChange("新金样", [IMAGE, IMAGE]),
    "set_name_with_qualifications": QualifiedName("新金样", NameQualifications(trademark=[IMAGE], icp=[IMAGE])),
    "set_icon": IMAGE,
    "set_description": "一个金样小程序的功能介绍",
    "set_categories": CategoryChange([CategoryChoice("2", [Qualification(1, IMAGE)]), 6]),
    "list_categories": CategoryKind.ENTERPRISE,
    "apply_recovery": "已修复",
    "get_qrcode": QrCode(path="pages/index", package_id="1", width=430),
    "check_name.passed": "金样",
    "check_name.found": "百度金样",
    "check_name_with_qualifications": QualifiedName("百度金样", NameQualifications(others=[IMAGE])),
    "set_support_version": "3.20.1",
    "update_offline": OfflineUpdate(name="新金样", description="改好了", icon_url=IMAGE, name_materials=[IMAGE]),
    "apply_mobile_auth": MobileAuthRequest(
        reason=MobileAuthReason.DELIVERY_CONTACT,
        scene=MobileAuthScene.TICKET_BOOKING,
        description="购票时填写联系方式",
        demo_url=IMAGE,
    ),
    "control_flow.open": True,
    "control_flow.close": False,
    "upload_image": Image(b"\x89PNG\r\n\x1a\n golden"),
}
"""What is asked for."""


def _data(name: str) -> Any:  # noqa: ANN401 - JSON of any kind
    return golden_reply("baidu", name)["data"]


_GROUP: Final = _data("list_categories")[0]
_RULE: Final = json.loads(_GROUP["sub_items"]["12"]["category_quali"])
_PAPER: Final = QualificationItem(id="7", required=True, name="金样许可证", raw=_RULE["list"][0][0])

SETTINGS_RESULTS: Final[dict[str, Any]] = {
    "set_name_with_qualifications": 1,
    "update_offline": 123,
    "upload_image": "https://img.example.com/uploads/golden.png",
    "get_qrcode": golden_answer("baidu", "get_qrcode")[1],
    "check_name.passed": NameCheck(NameCheckResult.PASSED, raw=_data("check_name.passed")),
    "check_name.found": NameCheck(NameCheckResult.HAS_BRAND, ("百度",), raw=_data("check_name.found")),
    "check_name_with_qualifications": NameCheck(
        NameCheckResult.HAS_BRAND,
        ("百度",),
        required=(1,),
        optional=(2,),
        raw=_data("check_name_with_qualifications"),
    ),
    "get_support_version": SupportVersions("3.10.4", ("3.10.4", "3.20.1"), raw=_data("get_support_version")),
    "get_mobile_auth_status.pending": MobileAuth(
        MobileAuthStatus.AUDITING, raw=_data("get_mobile_auth_status.pending")
    ),
    "get_mobile_auth_status.refused": MobileAuth(
        MobileAuthStatus.REJECTED, "描述不清", raw=_data("get_mobile_auth_status.refused")
    ),
    "get_violations": (
        Violation(
            id="31",
            status=1,
            description="页面打不开",
            path="pages/index",
            screenshots=(IMAGE,),
            raw=_data("get_violations")["problemDetails"][0],
        ),
    ),
    "list_categories": (
        CategoryGroup(
            id="11",
            name="金样类",
            kind=CategoryKind.ENTERPRISE,
            items=(
                Subcategory(
                    id="12",
                    name="金样小类",
                    kind=CategoryKind.ENTERPRISE,
                    needs_qualification=True,
                    qualification=QualificationRule("请上传《金样许可证》", ((_PAPER,),), raw=_RULE),
                    raw=_GROUP["sub_items"]["12"],
                ),
                Subcategory(
                    id="13",
                    name="无资质小类",
                    kind=CategoryKind.ENTERPRISE,
                    needs_qualification=False,
                    raw=_GROUP["sub_items"]["13"],
                ),
            ),
            raw=_GROUP,
        ),
    ),
}
"""What is given back; the other changes give nothing."""
