"""The promise of the public face: fields of values, words of vocabularies, the tree of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import fields

import miniapp_tp
from miniapp_tp import (
    AppInfo,
    Attempt,
    DomainAction,
    EditsLeft,
    Endpoint,
    ServerDomains,
)

if TYPE_CHECKING:
    from enum import Enum

EVENT = "name app component time id attempt fields raw"
FIELDS = {
    miniapp_tp.Event: EVENT,
    miniapp_tp.TicketPushed: f"{EVENT} ticket",
    miniapp_tp.AppAuthorized: f"{EVENT} authorization_code",
    miniapp_tp.AppAuthorizationUpdated: f"{EVENT} authorization_code",
    miniapp_tp.AppUnauthorized: EVENT,
    miniapp_tp.AuditFinished: f"{EVENT} subject passed reason",
    miniapp_tp.AppStatusChanged: f"{EVENT} status reason",
    miniapp_tp.UrlVerification: f"{EVENT} echo",
    Attempt: "provider operation app number elapsed status error code request_id retry_in",
    AppInfo: "app name icon_url description status subject categories name_audit icon_audit description_audit"
    " edits_left raw",
    EditsLeft: "name icon description categories",
    ServerDomains: "request socket upload download udp",
    miniapp_tp.Audit: "proposed status reason",
    miniapp_tp.Category: "id name status reason",
    miniapp_tp.Grant: "app permissions expires_at",
    miniapp_tp.Done: "app value",
    miniapp_tp.Failed: "app error",
    miniapp_tp.Unknown: "code",
    miniapp_tp.NameCheck: "result words required optional raw",
    miniapp_tp.SupportVersions: "current available raw",
    miniapp_tp.MobileAuth: "status reason raw",
}


@pytest.mark.parametrize(("kind", "names"), FIELDS.items(), ids=[kind.__name__ for kind in FIELDS])
def test_fields(kind: Any, names: str) -> None:  # noqa: ANN401 - whatever a caller may give
    assert [one.name for one in fields(kind)] == names.split()
    one = fields(kind)[0].name
    with pytest.raises(AttributeError):
        setattr(object.__new__(kind), one, None)


def test_a_subject_has_a_name_and_a_type() -> None:
    assert [one.name for one in fields(miniapp_tp.Subject)][:2] == ["name", "type"]


def test_an_endpoint_of_ones_own_needs_little() -> None:
    made = Endpoint[None, object](name="mine", path="/mine", decode=lambda _app, data: data)
    assert (made.method, made.changes, made.idempotent, made.read_back) == ("GET", False, True, None)


WORDS: dict[type[Enum], str] = {
    DomainAction: "SET ADD DELETE",
    miniapp_tp.AppStatus: "ONLINE NOT_ONLINE INCOMPLETE AUDITING PAUSED FORCED_OFFLINE RECTIFYING FLOW_OFFLINE BANNED",
    miniapp_tp.Actor: "YOU MERCHANT PROVIDER TIME",
    miniapp_tp.Scope: "APP COMPONENT PROVIDER",
}


@pytest.mark.parametrize(("vocabulary", "words"), WORDS.items(), ids=[kind.__name__ for kind in WORDS])
def test_vocabularies(vocabulary: type[Enum], words: str) -> None:
    assert [member.name for member in vocabulary] == words.split()


TREE = {
    "MiniAppError": "Exception",
    "InvalidArgument": "MiniAppError ValueError",
    "NotSupported": "MiniAppError",
    "NoAnswer": "MiniAppError",
    "ConnectFailed": "NoAnswer",
    "DeadlineExceeded": "NoAnswer TimeoutError",
    "ConnectionLost": "NoAnswer",
    "ReplyNotUnderstood": "MiniAppError",
    "TicketMissing": "MiniAppError",
    "PushRejected": "MiniAppError",
    "StoreError": "MiniAppError",
    "ProviderError": "MiniAppError",
    **dict.fromkeys(
        [
            "CredentialRejected",
            "AuthorizationLost",
            "PermissionDenied",
            "RateLimited",
            "QuotaExhausted",
            "InvalidRequest",
            "NotFound",
            "Conflict",
            "ProviderUnavailable",
        ],
        "ProviderError",
    ),
}


@pytest.mark.parametrize(("name", "bases"), TREE.items())
def test_the_tree_of_errors(name: str, bases: str) -> None:
    assert [base.__name__ for base in getattr(miniapp_tp, name).__bases__] == bases.split()
