"""Baidu's names and odd encodings. Rows are those of wire/baidu.md § 8, S000, and § 4."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from attrs import fields_dict
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.errors import InvalidArgument, NotSupported, ReplyNotUnderstood
from miniapp_tp.models import (
    AppInfo,
    AppStatus,
    Audit,
    AuditStatus,
    Category,
    DomainAction,
    EditsLeft,
    ServerDomainChange,
    ServerDomains,
    Subject,
    SubjectType,
    Unknown,
    WebviewDomainChange,
)
from miniapp_tp.providers.baidu import codec
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.providers.baidu.endpoints import (
    GET_INFO,
    GET_SERVER_DOMAIN,
    GET_WEBVIEW_DOMAIN,
    SET_SERVER_DOMAIN,
    SET_WEBVIEW_DOMAIN,
)
from miniapp_tp.wire.exchange import build
from tests.golden.loader import golden_reply
from tests.providers.reading import APP, HOSTS, Reader

if TYPE_CHECKING:
    from miniapp_tp.wire.endpoint import Endpoint

BAIDU = Reader(DIALECT)
DOMAINS = (GET_SERVER_DOMAIN, SET_SERVER_DOMAIN, GET_WEBVIEW_DOMAIN, SET_WEBVIEW_DOMAIN)
NO_HOSTS = ServerDomains(request=(), socket=(), upload=(), download=())


def yes(data: object) -> dict[str, Any]:
    return {"errno": 0, "msg": "success", "data": data}


def info(data: dict[str, Any]) -> AppInfo:
    return BAIDU.value(GET_INFO, yes({"app_name": "a name", **data}))


def server(data: object) -> ServerDomains:
    return BAIDU.value(GET_SERVER_DOMAIN, yes(data))


def form_of(endpoint: Endpoint[Any, Any], params: object) -> dict[str, str]:
    body = build(DIALECT, endpoint, params, "https://openapi.baidu.com").body
    return {name: text for name, (text,) in parse_qs(body.decode("ascii")).items()}


# --- server and webview domains -------------------------------------------------------------------------------------


def test_row_12_comma_texts_and_lists_are_read_alike() -> None:
    text = {"request_domain": "https://a.example.com, https://b.example.com", "socket_domain": "wss://s.example.com"}
    several = {"request_domain": ["https://a.example.com", "b.example.com"], "socket_domain": ["wss://s.example.com"]}
    assert server(text) == server(several)
    assert server(text).request == ("a.example.com", "b.example.com")


def test_row_12_without_an_action_the_server_would_add_everything_so_it_is_always_sent() -> None:
    params: dict[str, Any] = {
        SET_SERVER_DOMAIN.name: ServerDomainChange(DomainAction.SET, ServerDomains(request=["a.example.com"])),
        SET_WEBVIEW_DOMAIN.name: WebviewDomainChange(DomainAction.SET, ("a.example.com",)),
    }
    for endpoint in DOMAINS:
        action = "set" if endpoint.changes else "get"
        assert form_of(endpoint, params.get(endpoint.name))["action"] == action


def test_row_13_webview_domains_are_comma_text_or_a_list() -> None:
    hosts = ("a.example.com", "b.example.com:8443")
    assert BAIDU.value(GET_WEBVIEW_DOMAIN, yes("https://a.example.com,https://b.example.com:8443")) == hosts
    assert BAIDU.value(GET_WEBVIEW_DOMAIN, yes(["https://A.example.com", "b.example.com:8443", None])) == hosts


@pytest.mark.parametrize("data", [None, "", {}, [], {"request_domain": None, "socket_domain": ""}], ids=repr)
def test_row_14_an_absent_or_empty_data_means_no_server_domains(data: object) -> None:
    assert server(data) == NO_HOSTS
    assert BAIDU.value(GET_SERVER_DOMAIN, {"errno": 0}) == NO_HOSTS


@pytest.mark.parametrize("data", [None, "", {}, [], "  ", ","], ids=repr)
def test_row_14_an_absent_or_empty_data_means_no_webview_domains(data: object) -> None:
    assert BAIDU.value(GET_WEBVIEW_DOMAIN, yes(data)) == ()
    assert BAIDU.value(GET_WEBVIEW_DOMAIN, {"errno": 0}) == ()


@pytest.mark.parametrize("data", [None, "ok", {}, {"anything": 1}, True], ids=repr)
def test_row_14_what_comes_with_the_yes_to_a_change_does_not_matter(data: object) -> None:
    assert BAIDU.value(SET_SERVER_DOMAIN, yes(data)) is None
    assert BAIDU.value(SET_WEBVIEW_DOMAIN, yes(data)) is None


@pytest.mark.parametrize("data", ["https://a.example.com", ["a.example.com"], 5, True], ids=repr)
def test_server_domains_of_another_shape_are_not_understood(data: object) -> None:
    assert type(BAIDU.read(GET_SERVER_DOMAIN, yes(data))) is ReplyNotUnderstood


def test_webview_domains_of_another_shape_are_not_understood() -> None:
    answer = yes({"web_view_domain": "https://a.example.com"})
    assert type(BAIDU.read(GET_WEBVIEW_DOMAIN, answer)) is ReplyNotUnderstood


def test_server_domains_may_be_json_in_a_text() -> None:
    assert server('{"request_domain": "https://a.example.com"}').request == ("a.example.com",)


@pytest.mark.parametrize("host", ["http://a.example.com", "ws://a.example.com", "odd://a.example.com", "odd host"])
def test_row_18_schemes_and_hosts_of_an_answer_are_not_validated(host: str) -> None:
    assert server({"request_domain": host}).request == (host,)
    assert BAIDU.value(GET_WEBVIEW_DOMAIN, yes(host)) == (host,)


def test_row_18_another_scheme_that_a_caller_gave_is_sent_as_it_is() -> None:
    change = ServerDomainChange(DomainAction.ADD, ServerDomains(request=["http://a.example.com", "b.example.com"]))
    fields = {"action": "add", "request_domain": "http://a.example.com,https://b.example.com"}
    assert codec.server_domain_fields(change) == fields


def test_row_19_wss_under_download_and_upload_is_kept() -> None:
    data = dict.fromkeys(codec.DOMAIN_FIELDS.values(), "wss://a.example.com,https://b.example.com")
    kept = ("wss://a.example.com", "b.example.com")
    assert server(data) == ServerDomains(
        request=kept, socket=("a.example.com", "https://b.example.com"), upload=kept, download=kept
    )


def test_row_22_a_change_names_its_action_and_the_kinds_given_alone() -> None:
    change = ServerDomainChange(DomainAction.DELETE, ServerDomains(socket=["a.example.com"], upload=["b.example.com"]))
    fields = {"action": "delete", "socket_domain": "wss://a.example.com", "upload_domain": "https://b.example.com"}
    assert codec.server_domain_fields(change) == fields


def test_there_is_no_udp_in_an_answer_and_none_may_be_sent() -> None:
    assert server({"udp_domain": "udp.example.com"}).udp is None
    with pytest.raises(NotSupported):
        codec.server_domain_fields(ServerDomainChange(DomainAction.ADD, ServerDomains(udp=["a.example.com"])))


def test_domains_as_stored_are_read_letter_by_letter() -> None:
    data = {"request_domain": "HTTPS://A.example.com/,odd host", "socket_domain": ["wss://s.example.com"]}
    stored = codec.server_domains_as_stored(APP, data)
    assert (stored.request, stored.socket) == (("HTTPS://A.example.com/", "odd host"), ("wss://s.example.com",))


# --- app/info (§ 3) -------------------------------------------------------------------------------------------------


def test_every_field_is_filled_from_a_full_answer() -> None:
    full = BAIDU.value(GET_INFO, golden_reply("baidu", "get_info"))
    empty = AppInfo("another-app")
    assert [name for name in fields_dict(AppInfo) if getattr(full, name) == getattr(empty, name)] == []
    assert full.categories[1] == Category("202", "日程", AuditStatus.REJECTED, "缺少资质")
    assert None not in (full.edits_left.name, full.edits_left.icon, full.edits_left.description)
    assert full.edits_left.categories is not None


def test_the_app_is_the_one_that_was_asked_for_and_raw_has_all_the_rest() -> None:
    read = info({"app_id": 77, "app": "other", " app": "other", "raw": "other", "new_field": [1]})
    assert read.app == APP
    assert read.raw["new_field"] == [1]
    assert read.raw["raw"] == "other"


def test_row_20_ids_may_be_numbers_or_digits() -> None:
    assert info({"app_id": "9223372036854775807"}).raw["app_id"] == "9223372036854775807"
    assert info({"category": [{"category_id": "5"}]}).categories == info({"category": [{"category_id": 5}]}).categories


def test_an_app_of_which_only_the_name_is_told() -> None:
    assert info({}) == AppInfo(APP, name="a name", raw={"app_name": "a name"})


@pytest.mark.parametrize("data", [None, "", {}, [], [{"app_name": "a"}], "text", 5], ids=repr)
def test_an_answer_without_an_app_is_not_understood(data: object) -> None:
    assert type(BAIDU.read(GET_INFO, yes(data))) is ReplyNotUnderstood


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (-1, AppStatus.BANNED),
        (1, AppStatus.ONLINE),
        (2, AppStatus.AUDITING),
        (4, AppStatus.PAUSED),
        (5, AppStatus.FORCED_OFFLINE),
        (6, AppStatus.RECTIFYING),
        (7, AppStatus.FLOW_OFFLINE),
        (3, Unknown(3)),
        ("4", AppStatus.PAUSED),
        ("-1", AppStatus.BANNED),
        (8, Unknown(8)),
        ("odd", Unknown("odd")),
        (None, Unknown(None)),
    ],
    ids=repr,
)
def test_a_status_is_a_word_or_keeps_its_code(code: object, status: object) -> None:
    assert info({"status": code}).status == status


@pytest.mark.parametrize(
    ("photo", "address"),
    [
        ('[{"cover": "https://img.example.com/a.png"}]', "https://img.example.com/a.png"),
        ([{"cover": "https://img.example.com/a.png"}], "https://img.example.com/a.png"),
        ({"cover": "https://img.example.com/a.png"}, "https://img.example.com/a.png"),
        ('[{"x": 1}, {"cover": ""}, {"cover": "https://img.example.com/b.png"}]', "https://img.example.com/b.png"),
        ("https://img.example.com/a.png", "https://img.example.com/a.png"),
        ('"https://img.example.com/a.png"', "https://img.example.com/a.png"),
        ("", None),
        ("[]", None),
        ("null", None),
        (None, None),
        (5, None),
        ([["odd"]], None),
    ],
    ids=repr,
)
def test_an_icon_is_json_in_a_text_or_a_bare_address(photo: object, address: str | None) -> None:
    assert info({"photo_addr": photo}).icon_url == address


@pytest.mark.parametrize("field", ["satus", "status"])
@pytest.mark.parametrize(
    ("code", "status"),
    [(1, AuditStatus.PASSED), (2, AuditStatus.AUDITING), (3, AuditStatus.REJECTED), (4, Unknown(4)), (0, Unknown(0))],
)
def test_a_subject_spells_its_status_in_two_ways(field: str, code: int, status: object) -> None:
    subject = info({"qualification": {"name": "a body", "type": "2", field: code}}).subject
    assert subject == Subject("a body", SubjectType.ENTERPRISE, status)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, SubjectType.PERSON),
        (2, SubjectType.ENTERPRISE),
        (3, SubjectType.GOVERNMENT),
        (4, SubjectType.MEDIA),
        (5, SubjectType.OTHER),
        (6, Unknown(6)),
        (None, Unknown(None)),
    ],
)
def test_a_subject_has_a_kind(code: object, kind: object) -> None:
    subject = info({"qualification": {"name": "a body", "type": code}}).subject
    assert subject is not None
    assert subject.type == kind


@pytest.mark.parametrize("nothing", [None, {}, "", []], ids=repr)
def test_where_no_subject_is_told_there_is_none(nothing: object) -> None:
    assert info({"qualification": nothing}).subject is None


@pytest.mark.parametrize(
    ("category", "read"),
    [
        ([{"category_id": 1, "audit_status": 1}], (Category("1", None, AuditStatus.AUDITING),)),
        ([{"category_id": "1", "audit_status": "2"}], (Category("1", None, AuditStatus.PASSED),)),
        ({"category_id": 1, "audit_status": 3, "reason": "no"}, (Category("1", None, AuditStatus.REJECTED, "no"),)),
        ('[{"category_name": "a"}]', ()),
        ([{"category_name": "a", "audit_status": 9, "reason": ""}], (Category(None, "a", Unknown(9), None),)),
        (["odd", None, {}, {"category_id": 1}], (Category("1"),)),
        (None, ()),
        ("", ()),
        ([], ()),
    ],
    ids=str,
)
def test_categories_are_a_list_of_objects(category: object, read: tuple[Category, ...]) -> None:
    assert info({"category": category}).categories == read


@pytest.mark.parametrize(
    ("field", "wire", "value"),
    [
        ("name_audit", "audit_app_name", "proposed"),
        ("description_audit", "audit_app_desc", "proposed"),
        ("icon_audit", "audit_photo_addr", json.dumps([{"cover": "proposed"}])),
    ],
)
@pytest.mark.parametrize(
    ("code", "status"), [(1, AuditStatus.AUDITING), ("3", AuditStatus.REJECTED), (2, Unknown(2)), (None, Unknown(None))]
)
def test_a_review_stands_under_three_keys(field: str, wire: str, value: str, code: object, status: object) -> None:
    read = info({"audit_info": {wire: value, f"{wire}_status": code, f"{wire}_reason": "too short"}})
    assert getattr(read, field) == Audit("proposed", status, "too short")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    others = {"name_audit", "description_audit", "icon_audit"} - {field}
    assert [getattr(read, other) for other in others] == [None, None]


@pytest.mark.parametrize("audit", [None, {}, "", [], {"audit_app_name": "", "audit_app_name_status": 1}], ids=repr)
def test_without_a_proposed_value_there_is_no_review(audit: object) -> None:
    assert info({"audit_info": audit}).name_audit is None


@pytest.mark.parametrize(
    ("field", "wire"),
    [("name", "name"), ("icon", "image"), ("description", "signature"), ("categories", "category")],
)
@pytest.mark.parametrize(
    ("quota", "used", "left"),
    [(5, 2, 3), ("5", "2", 3), (5, 5, 0), (5, 7, 0), (5, None, None), (None, 2, None), ("odd", 2, None)],
    ids=repr,
)
def test_what_is_left_is_the_quota_without_what_was_used(
    field: str, wire: str, quota: object, used: object, left: int | None
) -> None:
    read = info({"modify_count": {f"{wire}_modify_quota": quota, f"{wire}_modify_used": used}}).edits_left
    assert read == EditsLeft(**{field: left})


# --- both ways ------------------------------------------------------------------------------------------------------


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(codec.DOMAIN_FIELDS, HOSTS)), st.sampled_from(DomainAction))
def test_what_is_sent_is_what_would_be_read(kinds: dict[str, list[str]], action: DomainAction) -> None:
    domains = ServerDomains(**kinds)
    try:
        change = ServerDomainChange(action, domains)
    except InvalidArgument:
        assert not kinds
        return
    sent = form_of(SET_SERVER_DOMAIN, change)
    assert sent.pop("action") == action.value
    assert server(sent).given() == {**NO_HOSTS.given(), **domains.given()}


@given(HOSTS)
def test_what_is_sent_of_webview_domains_is_what_would_be_read(hosts: list[str]) -> None:
    change = WebviewDomainChange(DomainAction.SET, tuple(hosts))
    sent = form_of(SET_WEBVIEW_DOMAIN, change)
    assert BAIDU.value(GET_WEBVIEW_DOMAIN, yes(sent["web_view_domain"])) == change.domains
