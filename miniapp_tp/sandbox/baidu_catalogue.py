"""What the imitated Baidu has to choose from: categories and what they ask for, versions of the base library."""

from __future__ import annotations

import json
from typing import Any, Final

VERSIONS: Final = ("3.10.4", "3.20.1", "3.30.0", "3.40.2")
"""The versions of the base library."""
CATALOGUE: Final[list[dict[str, Any]]] = [
    {
        "id": 1,
        "category_name": "快递业与邮政",
        "category_type": 2,
        "sub_items": {
            "2": {
                "id": "2",
                "category_name": "快递",
                "category_type": 2,
                "need_quali": 1,
                "category_quali": json.dumps(
                    {
                        "desc": "请上传《快递业务经营许可证》",
                        "list": [[{"id": 1, "must": 1, "name": "快递业务经营许可证", "desc": ""}]],
                    },
                    ensure_ascii=False,
                ),
            },
            "3": {
                "id": "3",
                "category_name": "邮政",
                "category_type": 2,
                "need_quali": "0",
                "category_quali": "",
            },
        },
    },
    {
        "id": 4,
        "category_name": "工具",
        "category_type": 1,
        "sub_items": {
            str(number): {
                "id": str(number),
                "category_name": name,
                "category_type": 1,
                "need_quali": "0",
                "category_quali": "",
            }
            for number, name in enumerate(("信息查询", "记事本", "日历", "计算器", "效率"), 5)
        },
    },
]
"""The categories, in the shapes of seed 000: ids as numbers and texts, qualifications as JSON in a text."""
CATEGORIES: Final[dict[str, dict[str, Any]]] = {
    id_: category for group in CATALOGUE for id_, category in group["sub_items"].items()
}
"""The categories that an app may have, by id."""
