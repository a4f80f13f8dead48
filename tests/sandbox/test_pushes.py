"""What the imitated providers push, really sent, and repeated until it is acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from miniapp_tp import AppAuthorized, AuditFinished, InvalidArgument, NotSupported, TicketPushed
from miniapp_tp.sandbox import Fate, Manner, Sandbox, Sending
from miniapp_tp.stores.memory import MemoryStore
from tests.support.acknowledging import Service, until
from tests.support.receiving import clients_of, world_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from miniapp_tp import Event
    from miniapp_tp.sandbox import Pushed
    from miniapp_tp.sandbox.world import World

APP = "15000001"
KS_APP = "ks600000000000000001"


@pytest.fixture
def pushing(sandbox: Sandbox, service: Service) -> Sandbox:
    sandbox.push_to(f"{service.address}/push/")
    sandbox.outbox.rules.pause = 0.01
    return sandbox


def settled(*pushed: Pushed) -> list[Fate]:
    until(lambda: all(one.fate is not Fate.WAITING for one in pushed))
    return [one.fate for one in pushed]


# --- what is sent -----------------------------------------------------------------------------------------------------


def opened(world: World, pushed: Pushed) -> Event:
    """Open a message as the SDK does, whose opening is tested against the documents' own vectors."""
    client = next(one for one in clients_of(world, MemoryStore()) if one.provider == pushed.provider)
    letter = pushed.letter()
    return client.open_push(letter.headers, letter.body)


def test_tells_tickets_that_work() -> None:
    world = world_of()
    for provider in (world.baidu, world.kuaishou):
        event = opened(world, provider.pushes.ticket())
        assert isinstance(event, TicketPushed)
        assert provider.ticket_standing(event.ticket).value == "valid"


def test_tells_of_authorizations_with_codes_that_work() -> None:
    world = world_of()
    for provider, app in ((world.baidu, APP), (world.kuaishou, KS_APP)):
        event = opened(world, provider.pushes.authorized(app, permissions=["开发管理权限"]))
        assert isinstance(event, AppAuthorized)
        assert event.app == app
        assert provider.apps[app].permissions == ("开发管理权限",)
        pair = provider.exchange(event.authorization_code)
        assert getattr(pair, "app", None) == app
        assert opened(world, provider.pushes.authorized(app, updated=True)).name == "UPDATE_AUTHORIZED"
        assert opened(world, provider.pushes.unauthorized(app)).name == "UNAUTHORIZED"
        assert not provider.apps[app].granted


def test_a_review_ends_as_it_is_told_to() -> None:
    world = world_of(apps=5)
    app = world.baidu.apps["15000005"]
    proposed = app.audits["name"].proposed
    event = opened(world, world.baidu.pushes.audit(app.id, "name", passed=False, reason="名称过长"))
    assert isinstance(event, AuditFinished)
    assert (event.passed, event.reason, event.app) == (False, "名称过长", app.id)
    assert (app.audits["name"].status, app.audits["name"].reason) == (3, "名称过长")
    event = opened(world, world.baidu.pushes.audit(app.id, "name", passed=True))
    assert getattr(event, "passed", None) is True
    assert app.name == proposed
    assert app.audits == {}
    assert opened(world, world.baidu.pushes.audit(APP, "icon", passed=True)).name == "APP_ICON_AUDIT_PASS"


def test_a_status_changes_as_it_is_told_to() -> None:
    world = world_of()
    fields = {"reason": "违规", "offlineReason": 1, "illegalFields": "appName"}
    event = opened(world, world.baidu.pushes.status(APP, "APP_FORCE_OFFLINE", fields=fields))
    assert (event.name, event.fields["offlineReason"]) == ("APP_FORCE_OFFLINE", 1)
    assert world.baidu.apps[APP].status == 5
    assert opened(world, world.baidu.pushes.status("404", "APP_SERVER_PAUSE")).app == "404"


def test_a_provider_pushes_only_what_its_documents_name() -> None:
    world = world_of()
    orders: list[Callable[[], Pushed]] = [
        lambda: world.baidu.pushes.audit(APP, "colour", passed=True),
        lambda: world.baidu.pushes.status(APP, "APP_NAME_AUDIT_PASS"),
        lambda: world.kuaishou.pushes.audit(KS_APP, "name", passed=True),
        lambda: world.kuaishou.pushes.status(KS_APP, "APP_SERVER_PAUSE"),
    ]
    for order in orders:
        with pytest.raises(InvalidArgument, match="pushes nothing about"):
            order()
    assert opened(world, world.kuaishou.pushes.event("SOMETHING", KS_APP, fields={"a": 1})).fields["a"] == 1


def test_the_same_message_in_another_envelope_each_time() -> None:
    world = world_of()
    pushed = world.baidu.pushes.status(APP, "APP_SERVER_PAUSE")
    assert pushed.letter().body != pushed.letter().body
    assert opened(world, pushed).id == opened(world, pushed).id
    assert "sandbox" not in repr(pushed).replace("sandbox-client", "")
    assert world.baidu.push_key not in repr(world.baidu)


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    pushed = world_of().baidu.pushes.ticket()
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives.ciphers", None)
    with pytest.raises(NotSupported, match=r"miniapp_tp\[push\]"):
        pushed.letter()


# --- how it is sent ---------------------------------------------------------------------------------------------------


def test_repeats_what_isnt_acknowledged(pushing: Sandbox, service: Service) -> None:
    service.answers = [500, None, 403]
    pushed = pushing.baidu.pushes.status(APP, "APP_SERVER_PAUSE")
    assert settled(pushed) == [Fate.ACKNOWLEDGED]
    assert pushed.answers == [500, 0, 403, 200]
    assert [path for path, _ in service.got] == ["/push/baidu"] * 4


def test_gives_up_in_the_end(pushing: Sandbox, service: Service) -> None:
    service.answers = [500] * 9
    pushed = pushing.kuaishou.pushes.event("E", KS_APP)
    assert settled(pushed) == [Fate.GIVEN_UP]
    assert len(pushed.answers) == 4
    assert len({body["msgId"] for _, body in service.got}) == 1


def test_what_is_no_acknowledgement(pushing: Sandbox) -> None:
    baidu, kuaishou = pushing.baidu.pushes.ticket(), pushing.kuaishou.pushes.ticket()
    for body in (b'"success"', b"", b"SUCCESS", b'{"result":1}'):
        assert not baidu.acknowledges(body)
    for body in (b"success", b"{}", b'{"result":1}', b'{"result":1,"message_id":"other"}', b"\xff"):
        assert not kuaishou.acknowledges(body)


def test_forged_and_stale_ones_are_sent_once(pushing: Sandbox, service: Service) -> None:
    service.answers = [403, 403]
    manners = (Manner.FORGED, Manner.STALE)
    pushed = [pushing.baidu.pushes.status(APP, "APP_SERVER_PAUSE", sending=Sending(one)) for one in manners]
    assert settled(*pushed) == [Fate.GIVEN_UP] * 2
    assert len(service.got) == 2
    forged = pushing.kuaishou.pushes.event("E", sending=Sending(Manner.FORGED))
    assert settled(forged) == [Fate.ACKNOWLEDGED]  # by a service that doesn't look


def test_duplicates_on_demand(pushing: Sandbox, service: Service) -> None:
    pushed = pushing.kuaishou.pushes.event("TWICE", KS_APP, sending=Sending(again=2))
    until(lambda: pushed.acknowledged == 3)
    assert len({body["msgId"] for _, body in service.got}) == 1
    assert len(service.got) == 3


def test_disorder_on_demand(pushing: Sandbox, service: Service) -> None:
    """What is late tells of the time at which it should have been sent."""
    late = pushing.baidu.pushes.event("LATE", APP, sending=Sending(delay=1.0))
    soon = pushing.kuaishou.pushes.event("SOON", KS_APP)
    assert late.at <= soon.at
    assert settled(late, soon) == [Fate.ACKNOWLEDGED] * 2
    assert [path for path, _ in service.got] == ["/push/kuaishou", "/push/baidu"]


def test_several_addresses_take_turns(sandbox: Sandbox, service: Service) -> None:
    sandbox.push_to({"baidu": [f"{service.address}/1", f"{service.address}/2"], "kuaishou": f"{service.address}/k"})
    pushed = [sandbox.baidu.pushes.event("E", f"{number}") for number in range(4)]
    settled(*pushed, sandbox.kuaishou.pushes.event("E"))
    assert sorted(path for path, _ in service.got) == ["/1", "/1", "/2", "/2", "/k"]


def test_nowhere_to_push(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidArgument, match="push_to"):
        sandbox.baidu.pushes.unauthorized(APP)
    assert sandbox.baidu.apps[APP].granted
    with pytest.raises(InvalidArgument, match="unlike 'ftp"):
        sandbox.push_to("ftp://example.com")


def test_pushes_tickets_by_the_clock(service: Service) -> None:
    with Sandbox(apps=1, push_to=service.address) as sandbox:
        sandbox.outbox.rules.tickets = 0.05
        until(lambda: len(service.got) >= 3)
        assert {path for path, _ in service.got} == {"/baidu"}  # Kuaishou waits to be asked
        sandbox.kuaishou.ticket_push_started = True
        until(lambda: "/kuaishou" in {path for path, _ in service.got})


# --- in another process -----------------------------------------------------------------------------------------------


def test_control_over_http(sandbox: Sandbox, service: Service, http: httpx.Client) -> None:
    def order(**order: object) -> dict[str, Any]:
        answer: dict[str, Any] = http.post("/_sandbox/pushes", json=order).json()
        return answer

    assert order(do="rules", push_to=[service.address], repeats=1, pause=0.01, patience=2, tickets=None) == {"ok": True}
    ids = [
        order(do="ticket", provider="baidu")["id"],
        order(do="authorized", provider="kuaishou", app=KS_APP, permissions=["开发管理权限"])["id"],
        order(do="audit", provider="baidu", app=APP, subject="name", passed=True)["id"],
        order(do="status", provider="baidu", app=APP, name="APP_SERVER_PAUSE", again=1)["id"],
        order(do="event", provider="baidu", name="APP_NAME_CLEAR", fields={"reason": "…"}, manner="stale")["id"],
        order(do="unauthorized", provider="baidu", app=APP, delay=0.01)["id"],
    ]
    settled(*sandbox.outbox.pushed)
    told = http.get("/_sandbox/pushes").json()
    assert [one["id"] for one in told["recent"]] == ids
    assert told["recent"][4]["manner"] == "stale"
    assert told["counts"]["kuaishou"] == {"acknowledged": 1, "tries": 1}


@pytest.mark.parametrize(
    "order",
    [
        {"do": "sing"},
        {"do": "ticket"},
        {"do": "ticket", "provider": "nobody"},
        {"do": "ticket", "provider": "baidu", "manner": "rude"},
        {"do": "ticket", "provider": "baidu", "again": "twice"},
        {"do": "audit", "provider": "baidu", "app": APP, "subject": "name"},
        {"do": "event", "provider": "baidu", "name": 7},
        {"do": "rules", "volume": 11},
        {"do": "rules", "push_to": "nowhere"},
    ],
    ids=str,
)
def test_orders_that_cant_be_meant(pushing: Sandbox, http: httpx.Client, order: dict[str, Any]) -> None:
    answer = http.post("/_sandbox/pushes", json=order)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert pushing.outbox.pushed == []
