"""Opening pushed messages against what isn't ours: published vectors, openssl, the documents' events."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import pytest

from miniapp_tp import (
    AppAuthorizationUpdated,
    AppAuthorized,
    AppStatus,
    AppStatusChanged,
    AppUnauthorized,
    AuditFinished,
    AuditSubject,
    Event,
    TicketPushed,
)
from tests.support.pushing import (
    COMPONENT,
    MESSAGE_ID,
    TAIL,
    Vector,
    baidu_client,
    baidu_push,
    golden_messages,
    kuaishou_client,
    kuaishou_push,
    opened,
    step_of,
    vectors,
)

PUSHES: Final = Path(__file__).parent / "pushes"
BEIJING: Final = timezone(timedelta(hours=8))
THEN: Final = datetime(2019, 1, 14, 12, 45, 10, tzinfo=BEIJING)
KS_THEN: Final = datetime(2021, 7, 8, 10, 41, 52, 167000, tzinfo=UTC)
SUBJECTS: Final = {
    "APP_NAME": AuditSubject.NAME,
    "APP_ICON": AuditSubject.ICON,
    "APP_DESC": AuditSubject.DESCRIPTION,
    "APP_CATEGORY": AuditSubject.CATEGORIES,
    "FLOW_CLOSE": AuditSubject.RECOVERY,
    "BASE_INFO_OFFLINE": AuditSubject.BASIC_INFO,
    "APPLY_APP_MOBILE_AUTH": AuditSubject.MOBILE_AUTH,
    "APP_MOBILE_AUTH": AuditSubject.MOBILE_AUTH,
    "PACKAGE": AuditSubject.PACKAGE,
    "ACCOUNT_AND_APP_CREATE": AuditSubject.ACCOUNT_AND_APP,
    "APP_PAYMENT_CREATE_ACCOUNT": AuditSubject.PAYMENT_ACCOUNT,
    "APP_PAYMENT_CREATE_PAYMENT": AuditSubject.PAYMENT_SERVICE,
    "APP_PAYMENT_UPDATE_DEVELOP_CONFIG": AuditSubject.PAYMENT_CONFIG,
    "AUDIT_SUB_CHAIN": AuditSubject.SUBCHAIN,
    "BRAND_WORD": AuditSubject.BRAND_WORD,
    "APP_SEARCH_PATH": AuditSubject.SEARCH_PATH,
    "ARTICLE_MOUNT": AuditSubject.ARTICLE_MOUNT,
}
STATUSES: Final = {
    "APP_FORCE_OFFLINE": AppStatus.FORCED_OFFLINE,
    "APP_SERVER_PAUSE": AppStatus.PAUSED,
    "APP_SERVER_RESUME": AppStatus.ONLINE,
    "TIME_LIMIT_RECTIFY_NOTIFY": AppStatus.RECTIFYING,
    "FLOW_CLOSE_NOTIFY": AppStatus.FLOW_OFFLINE,
}
GRANTS: Final[dict[str, tuple[type[Event], dict[str, Any]]]] = {
    "AUTHORIZED": (AppAuthorized, {"authorization_code": "made-up-code-0001"}),
    "UPDATE_AUTHORIZED": (AppAuthorizationUpdated, {"authorization_code": "made-up-code-0002"}),
    "UNAUTHORIZED": (AppUnauthorized, {}),
}
# Their meaning isn't shared by both providers, or their fields are published nowhere.
PLAIN: Final = {
    "APP_CREATE_FAIL",
    "BATCH_TASK_UPLOAD_PACKAGE_FAIL",
    "BATCH_TASK_UPLOAD_SUBMIT_AUDIT_FAIL",
    "BATCH_TASK_UPLOAD_RELEASE_FAIL",
    "BATCH_TASK_UPLOAD_RELEASE_SUCCESS",
    "ADVANCED_AUDIT_CHANGED",
    "CREATE_APP_AUTH_CANCEL",
    "ANNUAL_REVIEW_PENDING",
    "ANNUAL_REVIEW_OVERDUE",
    "ANNUAL_REVIEW_PASS",
    "APP_CREATE_SUCCESS_AND_AUTH_FAIL",
    "REGISTER_AUTH_SUCCESS",
    "BATCH_UPLOAD_SUBMIT_SUCCESS",
    "BATCH_UPLOAD_SUBMIT_FAIL",
    "APP_NAME_CLEAR",
    "SERVER_RESOURCE_PASS",
    "SERVER_RESOURCE_REJECT",
    "SERVER_RESOURCE_WAIT",
    "SERVER_RESOURCE_CANCEL",
    "SERVER_RESOURCE_DELIVER_WAIT",
    "SERVER_RESOURCE_DELETE",
    "BATCH_TASK_UPLOAD_PACKAGE_SUCCESS",
    "APP_PAY_CLOSE",
    "user_get_coupon",
    "text",
    "image",
}
BAIDU_MESSAGES: Final = golden_messages("baidu")
KUAISHOU_MESSAGES: Final = golden_messages("kuaishou")


def read_plainly(message: str) -> dict[str, Any]:
    r"""Read a message as a person would: `\_` is an underscore."""
    found: dict[str, Any] = json.loads(message.replace("\\_", "_"))
    return found


# --- vectors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.name)
def test_a_vector_opens(vector: Vector) -> None:
    event = opened(vector.client, vector.push, vector.now)
    assert event.raw.decode() == vector.message
    assert event.fields == json.loads(vector.message)


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.name)
def test_a_vector_opens_for_nobody_else(vector: Vector) -> None:
    make = baidu_client if vector.provider == "baidu" else kuaishou_client
    assert step_of(make(push_token=f"{vector.token}.", push_key=vector.key), vector.push, vector.now) == "signature"
    another = make(push_token=vector.token, push_key=chr(ord(vector.key[0]) + 1) + vector.key[1:])
    assert step_of(another, vector.push, vector.now) in {"padding", "layout", "json"}


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl on this machine")
def test_the_vectors_are_what_openssl_makes_of_them() -> None:
    made = subprocess.run([PUSHES / "make.sh"], capture_output=True, text=True, check=True).stdout
    assert made == (PUSHES / "vectors.json").read_text("utf-8")


def test_the_vectors_have_every_pad_value_that_is_odd() -> None:
    names = {vector.name for vector in vectors()}
    assert {f"Baidu, pad {pad}" for pad in (1, 16, 17, 31, 32)} < names
    assert {one.key for one in vectors() if "AES-128" in one.name or "AES-192" in one.name}


# --- the events of the documents ------------------------------------------------------------------------------------


def event_of(message: str) -> Event:
    return opened(baidu_client(), baidu_push(message.encode()))


def named(name: str) -> list[str]:
    return [message for message in BAIDU_MESSAGES if read_plainly(message).get("event", "").strip() == name]


def test_every_event_is_expected_to_be_something() -> None:
    for message in BAIDU_MESSAGES:
        kinds = {AuditFinished, AppStatusChanged, TicketPushed, *(kind for kind, _ in GRANTS.values())}
        event = event_of(message)
        assert (type(event) in kinds) == (event.name not in PLAIN), event.name


@pytest.mark.parametrize("message", BAIDU_MESSAGES)
def test_an_event_of_baidu(message: str) -> None:
    fields = read_plainly(message)
    event = event_of(message)
    name = fields.get("event") or fields.get("Event") or fields["MsgType"]
    assert event.name == name.strip()
    assert event.fields == fields
    assert event.raw == message.encode()
    app = fields.get("appId") or fields.get("ToUserName")
    assert event.app == (None if app is None else str(app))
    assert event.component == TAIL
    assert event.time == (THEN if "eventTime" in fields else datetime.fromtimestamp(int(fields["CreateTime"]), UTC))
    assert event.attempt == 1


@pytest.mark.parametrize("message", [one for one in BAIDU_MESSAGES if "PASS" in one or "FAIL" in one or "REJ" in one])
def test_the_end_of_a_review(message: str) -> None:
    fields = read_plainly(message)
    name = fields["event"].strip()
    event = event_of(message)
    if name in PLAIN:
        assert type(event) is Event
        return
    assert isinstance(event, AuditFinished)
    subject = name.rpartition("_")[0].removesuffix("_AUDIT")
    assert event.subject is SUBJECTS[subject]
    assert event.passed is name.endswith(("_PASS", "_SUCCESS"))
    assert event.reason == fields.get("reason", fields.get("reson"))


def test_a_permission_that_is_cancelled_holds_no_longer() -> None:
    (message,) = named("APP_MOBILE_AUTH_CANCEL")
    event = event_of(message)
    assert isinstance(event, AuditFinished)
    assert (event.subject, event.passed, event.reason) == (AuditSubject.MOBILE_AUTH, False, "主体信息变更")


def test_a_pass_with_a_reason_is_told_as_it_came() -> None:
    _, message = named("APPLY_APP_MOBILE_AUTH_PASS")
    event = event_of(message)
    assert isinstance(event, AuditFinished)
    assert (event.passed, event.reason) == (True, "主体信息变更")


@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_a_change_of_status(name: str, status: AppStatus) -> None:
    (message,) = named(name)
    event = event_of(message)
    assert isinstance(event, AppStatusChanged)
    assert event.status is status
    assert event.reason == read_plainly(message).get("reason")


@pytest.mark.parametrize(("name", "expected"), GRANTS.items())
def test_what_a_merchant_did_with_the_grant(name: str, expected: tuple[type[Event], dict[str, Any]]) -> None:
    kind, more = expected
    event = event_of(*named(name))
    assert type(event) is kind
    assert {key: getattr(event, key) for key in more} == more


def test_tickets_of_baidu() -> None:
    tickets = [event_of(message) for message in BAIDU_MESSAGES if '"ticket"' in message]
    assert [one.ticket for one in tickets if isinstance(one, TicketPushed)] == [
        "made-up-ticket-0001",
        "made-up-ticket-0002",
    ]


@pytest.mark.parametrize("message", KUAISHOU_MESSAGES)
def test_an_event_of_kuaishou(message: str) -> None:
    fields = read_plainly(message)
    event = opened(kuaishou_client(), kuaishou_push(message.encode()))
    assert (event.name, event.fields, event.raw) == (fields["event"], fields, message.encode())
    assert (event.component, event.id, event.attempt) == (COMPONENT, MESSAGE_ID, 1)
    app = next((fields[name] for name in ("authorizerAppId", "authorizedAppId", "appId") if name in fields), None)
    assert event.app == app
    assert event.time == (KS_THEN if "eventTime" in fields else None)
    kind, more = GRANTS.get(event.name, (Event, {}))
    if event.name == "COMPONENT_TICKET":
        kind, more = TicketPushed, {"ticket": "made-up-ticket-0001"}
    assert type(event) is kind
    assert {key: getattr(event, key) for key in more} == more
