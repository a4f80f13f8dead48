"""What the sandbox does by itself after an operation: reviews end as told, the app follows, and both are pushed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import pytest

from miniapp_tp import AppStatus, AppStatusChanged, AuditFinished, AuditSubject, Event, InvalidArgument
from miniapp_tp.sandbox import Fate, Sandbox, Sending, Verdict
from miniapp_tp.sandbox.exchange import Request
from miniapp_tp.sandbox.world import World
from miniapp_tp.stores.memory import MemoryStore
from tests.support.acknowledging import Service, until
from tests.support.receiving import clients_of, world_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

APP: Final = "15000001"
OTHER: Final = "15000002"
PNG: Final = b"\x89PNG\r\n\x1a\n an image"
NAME: Final = {"nick_name": "新名称"}
REFUSED: Final = Verdict(passed=False, reason="名称过长")
PATHS: Final = {
    "set_name": "app/setnickname",
    "set_icon": "app/modifyheadimage",
    "set_description": "app/modifysignature",
    "set_categories": "app/category/update",
    "update_offline": "app/offline/update",
    "apply_recovery": "appflow/applyRecovery",
    "apply_mobile_auth": "app/apply/mobileauth",
    "cancel_mobile_auth": "app/cancel/mobileauth",
    "pause": "app/pause",
    "resume": "app/resume",
    "control_flow": "appflow/control",
}


def ask(world: World, operation: str, app: str = APP, **fields: str) -> Any:  # noqa: ANN401 - JSON of any kind
    query = (("access_token", world.baidu.tokens[app]),)
    kind, path = "application/x-www-form-urlencoded", f"/rest/2.0/smartapp/{PATHS[operation]}"
    answer = world.answer(Request("POST", path, query, kind, urlencode(fields).encode()))
    body: dict[str, Any] = json.loads(answer.reply.body)
    assert body["errno"] == 0
    return body.get("data")


def info(world: World, app: str = APP) -> dict[str, Any]:
    answer = world.answer(Request("GET", "/rest/2.0/smartapp/app/info", (("access_token", world.baidu.tokens[app]),)))
    data: dict[str, Any] = json.loads(answer.reply.body)["data"]
    return data


def events(world: World) -> list[Event]:
    """Open all that was pushed, as the SDK does."""
    client = next(one for one in clients_of(world, MemoryStore()) if one.provider == "baidu")
    letters = [pushed.letter() for pushed in world.outbox.pushed]
    return [client.open_push(letter.headers, letter.body) for letter in letters]


def reviewed(world: World) -> AuditFinished:
    """Open the one event that was pushed: the end of a review."""
    (event,) = events(world)
    assert isinstance(event, AuditFinished)
    return event


# --- one operation after the other ------------------------------------------------------------------------------------


IMAGE: Final = World({"baidu": 1}).baidu.keep_image(PNG)
BEGUN: Final[dict[AuditSubject, tuple[str, dict[str, str]]]] = {
    AuditSubject.NAME: ("set_name", NAME),
    AuditSubject.ICON: ("set_icon", {"image_url": IMAGE}),
    AuditSubject.DESCRIPTION: ("set_description", {"signature": "新介绍"}),
    AuditSubject.CATEGORIES: ("set_categories", {"categorys": '[{"sub_category_id": 5}]'}),
    AuditSubject.BASIC_INFO: ("update_offline", {"app_name": "新名称", "app_desc": "新介绍"}),
    AuditSubject.RECOVERY: ("apply_recovery", {"audit_desc": "已修复"}),
    AuditSubject.MOBILE_AUTH: (
        "apply_mobile_auth",
        {"reason": "1", "used_scene": "2", "scene_desc": "d", "scene_demo": IMAGE},
    ),
}
"""The operation that begins a review, by what is reviewed."""
BEFORE: Final = {AuditSubject.BASIC_INFO: 5, AuditSubject.RECOVERY: 7}
"""The status that an app must have for it."""


def begin(world: World, subject: AuditSubject) -> Any:  # noqa: ANN401 - JSON of any kind
    """Begin a review as a platform does."""
    world.baidu.keep_image(PNG)
    world.baidu.apps[APP].status = BEFORE.get(subject, 1)
    operation, fields = BEGUN[subject]
    return ask(world, operation, **fields)


Looked = dict[str, object]


def look(world: World) -> Looked:
    """Tell what a platform sees of the app, as far as reviews can change it."""
    told = info(world)
    categories = [(one["category_id"], one["audit_status"], one["reason"]) for one in told["category"]]
    kept = world.baidu.apps[APP].mobile_auth
    about = {name: told[name] for name in ("app_name", "app_desc", "photo_addr", "status", "audit_info")}
    return {**about, "category": categories, "mobile_auth": kept}


def audited(field: str, proposed: str, status: int, reason: str = "") -> Looked:
    key = f"audit_{field}"
    return {key: proposed, f"{key}_status": status, f"{key}_reason": reason}


ICON: Final = json.dumps([{"cover": IMAGE}])
CASES: Final[dict[AuditSubject, tuple[Looked, Looked, Looked]]] = {
    AuditSubject.NAME: (
        {"audit_info": audited("app_name", "新名称", 1)},
        {"app_name": "新名称"},
        {"audit_info": audited("app_name", "新名称", 3, "不符")},
    ),
    AuditSubject.ICON: (
        {"audit_info": audited("photo_addr", ICON, 1)},
        {"photo_addr": ICON},
        {"audit_info": audited("photo_addr", ICON, 3, "不符")},
    ),
    AuditSubject.DESCRIPTION: (
        {"audit_info": audited("app_desc", "新介绍", 1)},
        {"app_desc": "新介绍"},
        {"audit_info": audited("app_desc", "新介绍", 3, "不符")},
    ),
    AuditSubject.CATEGORIES: (
        {"category": [(2, 2, ""), (5, 1, "")]},
        {"category": [(5, 2, "")]},
        {"category": [(2, 2, ""), (5, 3, "不符")]},
    ),
    AuditSubject.BASIC_INFO: (
        {"status": 5, "audit_info": audited("app_name", "新名称", 1) | audited("app_desc", "新介绍", 1)},
        {"status": 1, "app_name": "新名称", "app_desc": "新介绍"},
        {
            "status": 5,
            "audit_info": audited("app_name", "新名称", 3, "不符") | audited("app_desc", "新介绍", 3, "不符"),
        },
    ),
    AuditSubject.RECOVERY: ({"status": 7}, {"status": 1}, {"status": 7}),
    AuditSubject.MOBILE_AUTH: ({"mobile_auth": (1, "")}, {"mobile_auth": (3, "")}, {"mobile_auth": (2, "不符")}),
}
"""What differs then, by what is reviewed: while it waits, when it passed, when it didn't."""
MISSPELT: Final = {AuditSubject.BASIC_INFO, AuditSubject.RECOVERY, AuditSubject.MOBILE_AUTH}
"""Whose samples say `reson`."""
subjects = pytest.mark.parametrize("subject", CASES)


@subjects
@pytest.mark.parametrize("push_to", ["", "http://push.example"])
def test_reviews_pass_unless_told_otherwise(subject: AuditSubject, push_to: str) -> None:
    """The app changes alike whether pushes go somewhere or not."""
    world = World(apps=3, push_to=push_to or ())
    before = look(world)
    begin(world, subject)
    assert look(world) == before | CASES[subject][1]
    assert world.baidu.apps[APP].reviews == {}
    assert len(world.outbox.pushed) == bool(push_to)


@subjects
def test_the_end_is_pushed_as_the_documents_have_it(subject: AuditSubject) -> None:
    world = world_of()
    data = begin(world, subject)
    event = reviewed(world)
    assert (event.subject, event.passed, event.reason, event.app) == (subject, True, None, APP)
    # The documents name the review in the event of one operation only.
    named = subject is AuditSubject.BASIC_INFO
    assert event.fields.get("examineId") == (data["examine_id"] if named else None)


@subjects
def test_reviews_fail_for_a_reason_if_told_so(subject: AuditSubject) -> None:
    world = world_of()
    world.baidu.reviewer.decide(Verdict(passed=False, reason="不符"))
    before = look(world)
    begin(world, subject)
    assert look(world) == before | CASES[subject][2]
    event = reviewed(world)
    assert (event.subject, event.passed, event.reason) == (subject, False, "不符")
    assert ("reson" in event.fields) == (subject in MISSPELT)


@subjects
def test_reviews_wait_for_a_verdict_that_isnt_told_yet(subject: AuditSubject) -> None:
    world = world_of()
    world.baidu.reviewer.decide(None)
    before = look(world)
    data = begin(world, subject)
    assert look(world) == before | CASES[subject][0]
    assert list(world.baidu.apps[APP].reviews.values()) == [world.baidu.reviews]
    assert not data or data["examine_id"] == world.baidu.reviews
    assert not world.outbox.pushed
    world.baidu.reviewer.decide()
    assert look(world) == before | CASES[subject][1]
    assert reviewed(world).passed


# --- which verdict ----------------------------------------------------------------------------------------------------


def test_the_verdict_that_was_told_most_precisely() -> None:
    world = world_of()
    decide = world.baidu.reviewer.decide
    decide(REFUSED)
    decide(app=APP)
    decide(None, subject="name")
    decide(Verdict(passed=False, reason="不符"), app=APP, subject="intro")
    for app in (APP, OTHER):
        ask(world, "set_name", app, **NAME)
        ask(world, "set_description", app, signature="新介绍")
    told = [(event.app, event.fields["event"], event.fields.get("reason")) for event in events(world)]
    assert told == [
        (APP, "APP_NAME_AUDIT_PASS", None),
        (APP, "APP_DESC_AUDIT_FAIL", "不符"),
        (OTHER, "APP_DESC_AUDIT_FAIL", "名称过长"),
    ]
    assert list(world.baidu.apps[OTHER].reviews) == ["name"]


def test_a_waiting_review_ends_by_a_push_on_demand_too() -> None:
    world = world_of()
    world.baidu.reviewer.decide(None)
    data = begin(world, AuditSubject.BASIC_INFO)
    world.baidu.pushes.audit(APP, "basic_info", passed=False, reason="不符")
    assert reviewed(world).fields["examineId"] == data["examine_id"]
    world.baidu.reviewer.decide()
    assert len(world.outbox.pushed) == 1


def test_a_later_proposal_takes_the_place_of_one_that_waits() -> None:
    world = world_of()
    world.baidu.reviewer.decide(None)
    begin(world, AuditSubject.BASIC_INFO)
    ask(world, "set_name", nick_name="又一名称")
    world.baidu.reviewer.decide(subject="basic_info")
    assert (info(world)["app_name"], info(world)["app_desc"]) == ("示例小程序1", "新介绍")
    ask(world, "set_categories", categorys='[{"sub_category_id": 5}]')
    ask(world, "set_categories", categorys='[{"sub_category_id": 6}, {"sub_category_id": 6}]')
    world.baidu.reviewer.decide()
    assert info(world)["app_name"] == "又一名称"
    assert [one["category_id"] for one in info(world)["category"]] == [6]


def test_what_was_under_review_from_the_start_stays_so() -> None:
    world = world_of(apps=5)
    world.baidu.reviewer.decide(REFUSED)
    assert info(world, "15000005")["audit_info"]["audit_app_name_status"] == 1


def test_an_application_that_is_taken_back_has_no_end() -> None:
    world = world_of()
    world.baidu.reviewer.decide(None)
    begin(world, AuditSubject.MOBILE_AUTH)
    ask(world, "cancel_mobile_auth")
    world.baidu.reviewer.decide()
    assert look(world)["mobile_auth"] == (0, "")
    assert not world.outbox.pushed


def test_no_verdict_on_what_isnt_reviewed() -> None:
    world = world_of()
    wrong: list[Callable[[], None]] = [
        lambda: world.baidu.reviewer.decide(subject="colour"),
        world.kuaishou.reviewer.decide,
        lambda: world.baidu.reviewer.decide(app="404"),
    ]
    for order in wrong:
        with pytest.raises(InvalidArgument, match=r"pushes nothing about|there is no app"):
            order()


# --- changes of the status --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("push_to", ["", "http://push.example"])
def test_changes_of_the_status_are_pushed(push_to: str) -> None:
    world = World(apps=3, push_to=push_to or ())
    seen: list[int] = []
    for operation in ("resume", "pause", "pause", "resume", "resume"):
        ask(world, operation)
        seen.append(info(world)["status"])
    for kind in ("2", "2", "1"):
        ask(world, "control_flow", type=kind)
        seen.append(info(world)["status"])
    assert seen == [1, 4, 4, 1, 1, 7, 7, 1]
    changes = [event for event in events(world) if isinstance(event, AppStatusChanged)]
    pushed = [AppStatus.PAUSED, AppStatus.ONLINE, AppStatus.FLOW_OFFLINE]
    assert [change.status for change in changes] == (pushed if push_to else [])
    assert len(world.outbox.pushed) == len(changes)


# --- on a socket ------------------------------------------------------------------------------------------------------


def test_told_over_http_and_delivered(sandbox: Sandbox, service: Service, http: httpx.Client) -> None:
    def order(**order: object) -> dict[str, Any]:
        answer: dict[str, Any] = http.post("/_sandbox/pushes", json=order).json()
        return answer

    sandbox.push_to(service.address)
    assert order(do="verdict", provider="baidu", passed=None) == {"ok": True}
    ask(sandbox, "set_name", **NAME)
    assert http.get("/_sandbox/state?provider=baidu&app=15000001").json()["reviews"] == {"name": 1}
    verdict = {"do": "verdict", "provider": "baidu", "app": APP, "subject": "name", "delay": 0.01, "again": 1}
    assert order(**verdict, passed=False, reason="名称过长") == {"ok": True}
    assert info(sandbox)["audit_info"]["audit_app_name_reason"] == "名称过长"
    (pushed,) = sandbox.outbox.pushed
    until(lambda: pushed.acknowledged == 2)
    assert (pushed.name, pushed.fate) == ("APP_NAME_AUDIT_FAIL", Fate.ACKNOWLEDGED)
    assert pushed.sending == Sending(delay=0.01, again=1)
    for wrong in ({"subject": "colour", "passed": True}, {"passed": "yes"}, {}):
        assert "error" in order(do="verdict", provider="baidu", **wrong)
