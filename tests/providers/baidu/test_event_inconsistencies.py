"""The rows of wire/baidu.md § 8, S000, that are about what Baidu pushes: one test each, named by row."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import pytest

from miniapp_tp import AppStatusChanged, AuditFinished, AuditSubject, Event
from miniapp_tp.providers.baidu import events

E = TypeVar("E", bound=Event)
COMMON = '"appId":15263713,"tpAppId": 14242323,"eventTime":"2019-01-14 12:45:10"'


def read(kind: type[E], rest: str) -> E:
    """Read a message as Baidu's documents print it."""
    event = events.read(f"{{{COMMON},{rest}}}".encode(), "an id", None)
    assert isinstance(event, kind)
    return event


@pytest.mark.parametrize(
    "name", ["FLOW_CLOSE_AUDIT_FAIL", "BASE_INFO_OFFLINE_AUDIT_FAIL", "APPLY_APP_MOBILE_AUTH_REJECT"]
)
@pytest.mark.parametrize("key", ["reason", "reson"])
def test_row_01_the_reason_is_read_under_both_spellings(name: str, key: str) -> None:
    event = read(AuditFinished, f'"event":"{name}","{key}":"审核失败原因"')
    assert (event.passed, event.reason) == (False, "审核失败原因")
    assert event.fields[key] == "审核失败原因"


def test_row_01_the_right_spelling_outranks_the_wrong_one() -> None:
    assert read(AuditFinished, '"event":"FLOW_CLOSE_AUDIT_FAIL","reson":"旧","reason":"新"').reason == "新"


@pytest.mark.parametrize(("end", "passed"), [("SUCCESS", True), ("FAIL", False)])
def test_row_02_a_space_before_a_name_is_taken_off(end: str, passed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    event = read(AuditFinished, f'"event":" BASE_INFO_OFFLINE_AUDIT_{end}"')
    assert event.name == f"BASE_INFO_OFFLINE_AUDIT_{end}"
    assert (event.subject, event.passed) == (AuditSubject.BASIC_INFO, passed)


def test_row_03_an_escape_that_isnt_one_in_json_is_taken_out() -> None:
    event = read(AuditFinished, r'"event":"APPLY_APP\_MOBILE_AUTH_PASS"')
    assert (event.name, event.subject, event.passed) == ("APPLY_APP_MOBILE_AUTH_PASS", AuditSubject.MOBILE_AUTH, True)
    assert read(AuditFinished, json.dumps({"event": r"APPLY_APP\_MOBILE_AUTH_PASS"})[1:-1]).name == event.name


def test_row_04_mobile_authentication_that_is_cancelled_and_the_sample_of_it() -> None:
    cancelled = read(AuditFinished, '"event":"APP_MOBILE_AUTH_CANCEL","reason":"主体信息变更"')
    assert (cancelled.subject, cancelled.passed) == (AuditSubject.MOBILE_AUTH, False)
    odd = read(AuditFinished, r'"event":"APPLY_APP\_MOBILE_AUTH_PASS","reson":"主体信息变更"')
    assert (odd.passed, odd.reason) == (True, "主体信息变更")  # as received: `get_mobile_auth_status` tells


@pytest.mark.parametrize(
    ("name", "subject"),
    [("FLOW_CLOSE_AUDIT", AuditSubject.RECOVERY), ("BASE_INFO_OFFLINE_AUDIT", AuditSubject.BASIC_INFO)],
)
@pytest.mark.parametrize(("end", "passed"), [("PASS", True), ("SUCCESS", True), ("FAIL", False)])
def test_row_05_a_recovery_ends_under_the_samples_names_and_the_tables(
    name: str,
    subject: AuditSubject,
    end: str,
    passed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    event = read(AuditFinished, f'"event":"{name}_{end}"')
    assert (event.subject, event.passed) == (subject, passed)


@pytest.mark.parametrize("examined", [{"examineId": 15237}, {"examineId": "15237"}, {}])
def test_row_21_the_number_of_a_review_may_be_there(examined: dict[str, Any]) -> None:
    rest = json.dumps({**examined, "event": "BASE_INFO_OFFLINE_AUDIT_SUCCESS"})[1:-1]
    event = read(AuditFinished, rest)
    assert event.passed is True
    assert event.fields.get("examineId") == examined.get("examineId")


@pytest.mark.parametrize("kind", ["APP_NAME_AUDIT_PASS", "APP_FORCE_OFFLINE"])
def test_row_24_reviews_and_changes_of_status_come_to_one_address(kind: str) -> None:
    event = read(Event, f'"event":"{kind}"')
    assert isinstance(event, AuditFinished | AppStatusChanged)
    assert (event.app, event.component) == ("15263713", "14242323")
