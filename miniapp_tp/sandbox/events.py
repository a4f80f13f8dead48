"""What the imitated providers say in their pushes, in the documents' own words and fields.

Sources: wire/baidu.md §§ 1.1, 1.7, 2.7; wire/kuaishou.md § 2.5 (names of its grants' events are inferred there).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_BEIJING: Final = timezone(timedelta(hours=8))
_TICKET_LIFE: Final = 10_800

BAIDU_TP_APP: Final = 14_242_323
"""The platform's number in Baidu's messages (`tpAppId`); its Key is another thing."""


def baidu_ticket(ticket: str, now: float) -> dict[str, Any]:
    """Say which ticket is the newest (wire/baidu.md § 1.1)."""
    return {"Ticket": ticket, "FromUserName": "SmartAPP", "CreateTime": int(now), "MsgType": "ticket", "Event": "push"}


def baidu_event(name: str, app: str | None, now: float, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Say what happened, with the fields that all events share (wire/baidu.md § 2.7)."""
    when = datetime.fromtimestamp(now, UTC).astimezone(_BEIJING)
    about = {} if app is None else {"appId": int(app) if app.isdigit() else app}
    common = {"tpAppId": BAIDU_TP_APP, "eventTime": f"{when:%Y-%m-%d %H:%M:%S}", "event": name}
    return {**about, **common, **fields}


def baidu_code(code: str, life: float) -> dict[str, Any]:
    """Give the fields of an authorization (wire/baidu.md § 1.7)."""
    return {"authorizationCode": code, "authorizationCodeExpiresIn": int(life)}


def kuaishou_ticket(component: str, ticket: str, now: float) -> dict[str, Any]:
    """Say which ticket is the newest (wire/kuaishou.md § 2.5)."""
    return {
        "componentAppId": component,
        "componentTicket": ticket,
        "event": "COMPONENT_TICKET",
        "eventTime": int(now * 1000),
        "expiresIn": _TICKET_LIFE,
    }


def kuaishou_event(component: str, name: str, app: str | None, now: float, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Say what happened."""
    about = {} if app is None else {"authorizerAppId": app}
    return {"componentAppId": component, **about, "event": name, "eventTime": int(now * 1000), **fields}


def kuaishou_code(code: str, life: float) -> dict[str, Any]:
    """Give the fields of an authorization."""
    return {"authorizationCode": code, "expiresIn": int(life)}
