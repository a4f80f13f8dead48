"""The work that every contender does: the same two calls, the replies decoded, and what they say checked."""

from __future__ import annotations

import json
from typing import Any, Final

APP: Final = "15263713"
TOKEN: Final = "45.a-token-that-opens-nothing"  # noqa: S105
INFO_PATH: Final = "/rest/2.0/smartapp/app/info"
DOMAIN_PATH: Final = "/rest/2.0/smartapp/app/modifydomain"
NAME: Final = "百度智能小程序"
FIELDS: Final = {
    "action": "set",
    "request_domain": "https://api.example.com",
    "socket_domain": "wss://ws.example.com",
}
DONE: Final = json.dumps({"errno": 0, "msg": "success", "data": None}).encode()
_LENGTH: Final = 540
_INFO: Final[dict[str, Any]] = {
    "app_id": int(APP),
    "app_name": NAME,
    "app_desc": "",
    "photo_addr": json.dumps([{"cover": "https://example.com/a.png"}]),
    "status": 1,
    "category": [{"category_id": 1, "category_name": "工具", "audit_status": 2, "reason": ""}],
    "qualification": {"name": "示例科技有限公司", "type": 2, "satus": 1},
    "modify_count": {"name_modify_quota": 5, "name_modify_used": 1, "image_modify_quota": 5, "image_modify_used": 0},
}


def _info() -> bytes:
    """Write the documented reply, and fill its description up to the length that the figures are for."""
    short = json.dumps({"errno": 0, "msg": "success", "data": _INFO}, ensure_ascii=False).encode()
    filled = {**_INFO, "app_desc": "x" * (_LENGTH - len(short))}
    return json.dumps({"errno": 0, "msg": "success", "data": filled}, ensure_ascii=False).encode()


INFO: Final = _info()
assert len(INFO) == _LENGTH


def check(status: int, body: bytes, name: str | None) -> None:
    """Decode a reply as somebody who writes it by hand does, and check what it says."""
    found = json.loads(body)
    assert status == 200  # noqa: PLR2004 - HTTP's
    assert found["errno"] == 0
    assert name is None or found["data"]["app_name"] == name
