"""What follows from what `doctor` found: pure."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from attrs import evolve

from miniapp_tp import Secret
from miniapp_tp.cli.health import DAY, Grants, Health, Severity
from miniapp_tp.cli.moments import moment, span
from miniapp_tp.stores.records import AppRecord, KeeperRecord

NOW = 1_700_000_000.0
LIFE = 30 * DAY
REFRESH = Secret("46.q7zcanary-refresh")
GOOD = AppRecord(
    access=Secret("45.q7zcanary-access"),
    refresh=REFRESH,
    obtained_at=NOW - 60,
    expires_at=NOW + 3600,
    refresh_expires_at=NOW + LIFE,
    permissions=("1", "2"),
)


def counted(*records: AppRecord | None, days: float = 7.0) -> Grants:
    grants = Grants(NOW, days * DAY, LIFE)
    for record in records:
        grants.add(record)
    return grants


def health(*records: AppRecord | None, **more: Any) -> Health:  # noqa: ANN401 - the fields of Health
    given: dict[str, Any] = {
        "provider": "baidu",
        "component": "a-client-id",
        "now": NOW,
        "store": {"store": "sqlite"},
        "risks": (),
        "ticket_at": NOW - 60,
        "token_ends_at": NOW + DAY,
        "grants": counted(*records),
        "unnamed": 0,
        "keeper": None,
        **more,
    }
    return Health(**given)


def round_of(ago: float, failed: int = 0) -> KeeperRecord:
    return KeeperRecord(at=NOW - ago, apps=3, renewed=1, failed=failed)


HOUR = 3600.0
ENDING = evolve(GOOD, refresh_expires_at=NOW + 6 * DAY)
CASES: dict[str, tuple[Health, list[tuple[str, Severity]]]] = {
    "all is well": (health(GOOD, GOOD), []),
    "no grants": (health(), []),
    "no ticket": (health(GOOD, ticket_at=None), [("no_ticket", Severity.BAD)]),
    "a ticket was missed": (health(GOOD, ticket_at=NOW - 1700), []),
    "three were": (health(GOOD, ticket_at=NOW - 1900), [("old_ticket", Severity.NOTE)]),
    "all were": (health(GOOD, ticket_at=NOW - 4 * HOUR), [("old_ticket", Severity.BAD)]),
    "no token yet": (health(GOOD, token_ends_at=None), []),
    "ending, and nobody renews": (health(GOOD, ENDING), [("ending", Severity.BAD)]),
    "ending, under a keeper": (health(ENDING, keeper=round_of(HOUR)), [("ending", Severity.NOTE)]),
    "a keeper that stopped": (
        health(ENDING, keeper=round_of(4 * HOUR)),
        [("ending", Severity.BAD), ("keeper_stopped", Severity.BAD)],
    ),
    "a keeper that failed": (health(GOOD, keeper=round_of(60, failed=2)), [("keeper_failed", Severity.NOTE)]),
    "ended": (health(evolve(GOOD, refresh_expires_at=NOW - 1)), [("ended", Severity.NOTE)]),
    "a doubt": (health(GOOD.with_intent("refresh")), [("open_intents", Severity.NOTE)]),
    "unnamed": (health(GOOD, unnamed=1), [("unnamed", Severity.NOTE)]),
    "unreadable": (health(GOOD, None), [("unreadable", Severity.BAD)]),
    "the store": (health(GOOD, risks=("set it", "and that")), [("store", Severity.NOTE)] * 2),
    "the provider answers": (health(GOOD, online="", push_key=""), []),
    "the provider refuses": (health(GOOD, online="TicketMissing: none"), [("online", Severity.BAD)]),
    "the address": (health(GOOD, online="PermissionDenied: no", is_address_refused=True), [("address", Severity.BAD)]),
    "the push key": (health(GOOD, push_key="no padding"), [("push_key", Severity.BAD)]),
}


@pytest.mark.parametrize(("found", "expected"), CASES.values(), ids=CASES)
def test_what_follows(found: Health, expected: list[tuple[str, Severity]]) -> None:
    assert [(one.name, one.severity) for one in found.findings] == expected
    assert found.is_healthy == (Severity.BAD not in {severity for _, severity in expected})
    assert all(one.english.isascii() and not one.chinese.isascii() for one in found.findings)


@pytest.mark.parametrize("found", [found for found, _ in CASES.values()], ids=CASES)
def test_as_json(found: Health) -> None:
    said = json.dumps(found.as_dict(chinese=False))
    assert "canary" not in said + repr(found)
    told = json.loads(said)
    assert told["healthy"] == found.is_healthy
    assert [one["name"] for one in told["findings"]] == [one.name for one in found.findings]
    chinese = found.as_dict(chinese=True)
    assert [one["text"] for one in chinese["findings"]] == [one.chinese for one in found.findings]


def test_all_of_it_as_json() -> None:
    found = health(GOOD, ENDING, keeper=round_of(HOUR), online="", unnamed=2, risks=("set it",))
    told = found.as_dict(chinese=False)
    assert told["at"] == "2023-11-14T22:13:20+00:00"
    assert told["ticket"] == {"at": "2023-11-14T22:12:20+00:00", "age": 60}
    assert told["component_token"] == {"expires_at": "2023-11-15T22:13:20+00:00"}
    assert told["grants"] == {
        "apps": 2,
        "access_token_good": 2,
        "refresh_token_ending": 1,
        "refresh_token_ended": 0,
        "refresh_token_end_unknown": 0,
        "unreadable": 0,
        "open_intents": {},
        "permissions": {"1": 2, "2": 2},
        "days": 7.0,
        "unnamed": 2,
    }
    assert told["keeper"] == {"at": "2023-11-14T21:13:20+00:00", "apps": 3, "renewed": 1, "failed": 0}
    assert told["online"] == {"asked": True, "ok": True, "error": None, "address_refused": False}
    assert told["push_key"] == {"asked": False, "ok": None, "error": None}
    empty = health(ticket_at=None, token_ends_at=None).as_dict(chinese=False)
    assert empty["ticket"] == {"at": None, "age": None}
    assert empty["keeper"] is None


def test_grants_are_counted() -> None:
    grants = counted(
        GOOD,
        evolve(GOOD, expires_at=NOW),
        evolve(GOOD, access=None),
        evolve(GOOD, refresh_expires_at=None),
        evolve(GOOD, refresh_expires_at=None, expires_at=0.0),
        evolve(GOOD, refresh_expires_at=None, expires_at=NOW - 29 * DAY),
        evolve(GOOD, refresh=None, refresh_expires_at=None),
        AppRecord(intent="exchange"),
        GOOD.with_intent("refresh"),
        None,
    )
    assert (grants.apps, grants.good, grants.unreadable) == (10, 4, 1)
    assert (grants.ending, grants.ended, grants.unknown) == (1, 0, 1)
    assert grants.intents == Counter(refresh=1, exchange=1)
    assert grants.permissions == {"1": 8, "2": 8}


@pytest.mark.parametrize(("days", "ending"), [(0.0, 0), (5.9, 0), (6.0, 1), (7.0, 1), (31.0, 2)])
def test_one_looks_as_far_as_was_asked(days: float, ending: int) -> None:
    assert counted(GOOD, ENDING, days=days).ending == ending


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (172_800, "2 d"), (8e6, "93 d")],
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_moments() -> None:
    assert moment(0.0) == "1970-01-01T00:00:00+00:00"
    assert moment(None) is None
