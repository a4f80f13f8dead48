"""Kuaishou's names and odd encodings. Rows are those of wire/kuaishou.md § 6, in their order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from attrs import fields_dict
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.errors import InvalidArgument, ReplyNotUnderstood
from miniapp_tp.models import (
    KINDS,
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
from miniapp_tp.providers.kuaishou import codec
from miniapp_tp.providers.kuaishou.dialect import ON_BEHALF, for_component
from miniapp_tp.providers.kuaishou.endpoints import (
    ENDPOINTS,
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

DIALECT = for_component(ON_BEHALF, "ks000000000000000001")
KUAISHOU = Reader(DIALECT)
BASE = "https://open.kuaishou.com"
NO_HOSTS = ServerDomains(**dict.fromkeys(KINDS, ()))


def info(body: dict[str, Any]) -> AppInfo:
    return KUAISHOU.value(GET_INFO, {"result": 1, "app_name": "a name", **body})


def server(body: dict[str, Any]) -> ServerDomains:
    return KUAISHOU.value(GET_SERVER_DOMAIN, {"result": 1, **body})


def webview(body: dict[str, Any]) -> tuple[str, ...]:
    return KUAISHOU.value(GET_WEBVIEW_DOMAIN, {"result": 1, **body})


def sent(endpoint: Endpoint[Any, Any], params: object = None) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(build(DIALECT, endpoint, params, BASE).body)
    return body


# --- server and webview domains -------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [DomainAction.ADD, DomainAction.DELETE])
def test_row_required_column_all_five_arrays_are_sent(action: DomainAction) -> None:
    body = sent(SET_SERVER_DOMAIN, ServerDomainChange(action, ServerDomains(socket=["a.example.com"])))
    arrays = {"request": [], "socket": ["a.example.com"], "upload_file": [], "download_file": [], "udp": []}
    assert body == {"action": action.value, **arrays}


@pytest.mark.parametrize("action", DomainAction)
def test_row_examples_omit_action_it_is_always_sent(action: DomainAction) -> None:
    domains = ServerDomains(**dict.fromkeys(KINDS, ("a.example.com",)))
    assert sent(SET_SERVER_DOMAIN, ServerDomainChange(action, domains))["action"] == action.value
    body = sent(SET_WEBVIEW_DOMAIN, WebviewDomainChange(action, ("a.example.com",)))
    assert body == {"action": action.value, "webview": ["a.example.com"]}


@pytest.mark.parametrize("endpoint", [GET_SERVER_DOMAIN, GET_WEBVIEW_DOMAIN], ids=lambda endpoint: endpoint.name)
def test_row_arrays_not_needed_for_get_only_action_is_sent(endpoint: Endpoint[Any, Any]) -> None:
    assert sent(endpoint) == {"action": "get"}


@pytest.mark.parametrize("text", ["sucess", "success", "error message", "", None, {"x": 1}], ids=repr)
def test_row_misspelt_error_msg_the_text_decides_nothing(text: object) -> None:
    assert webview({"error_msg": text, "webview": ["a.example.com"]}) == ("a.example.com",)
    assert KUAISHOU.error(GET_WEBVIEW_DOMAIN, {"result": 403106, "error_msg": text}).code == 403106


@pytest.mark.parametrize("result", [1, "1", " 1 ", 1.0], ids=repr)
def test_row_result_1_is_a_yes_as_number_or_text(result: object) -> None:
    assert KUAISHOU.value(GET_WEBVIEW_DOMAIN, {"result": result, "webview": ["a.example.com"]}) == ("a.example.com",)
    for endpoint in (SET_SERVER_DOMAIN, SET_WEBVIEW_DOMAIN):
        assert KUAISHOU.value(endpoint, {"result": result}) is None


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
@pytest.mark.parametrize("body", [{"webview": []}, {"result": None}, {"result": "yes"}, [1], "1"], ids=repr)
def test_row_result_missing_or_no_number_is_not_understood(endpoint: Endpoint[Any, Any], body: object) -> None:
    assert type(KUAISHOU.read(endpoint, body)) is ReplyNotUnderstood


@pytest.mark.parametrize("key", ["error_msg", "errorMsg", "error", "message"])
def test_row_text_key_differs_all_are_read(key: str) -> None:
    assert KUAISHOU.error(GET_INFO, {"result": 7, key: "as they say"}).message == "as they say"


@pytest.mark.parametrize("action", [["get"], "get", None], ids=repr)
def test_row_action_in_the_answer_is_ignored(action: object) -> None:
    assert server({"action": action, "udp": ["a.example.com"]}).udp == ("a.example.com",)
    assert webview({"action": action, "webview": ["a.example.com"]}) == ("a.example.com",)


@pytest.mark.parametrize("name", codec.DOMAIN_FIELDS.values())
def test_row_domain_arrays_may_be_absent_null_or_one_text(name: str) -> None:
    kind = {wire: kind for kind, wire in codec.DOMAIN_FIELDS.items()}[name]
    assert server({}) == server({name: None}) == server({name: []}) == server({name: ""}) == NO_HOSTS
    assert server({name: "A.example.com"}).given() == {**NO_HOSTS.given(), kind: ("a.example.com",)}
    assert server({name: ["A.example.com", None, "a.example.com"]}) == server({name: "a.example.com"})


def test_row_domain_arrays_of_webviews_too() -> None:
    assert webview({}) == webview({"webview": None}) == webview({"webview": []}) == ()
    assert webview({"webview": "A.example.com"}) == ("a.example.com",)


def test_row_body_flat_or_inside_data() -> None:
    assert server({"data": {"request": ["a.example.com"]}}).request == ("a.example.com",)
    assert webview({"data": {"webview": ["a.example.com"]}}) == ("a.example.com",)
    assert KUAISHOU.value(GET_INFO, {"result": 1, "data": {"app_name": "a name", "status": 2}}).name == "a name"


def test_row_body_flat_keys_outrank_those_inside_data() -> None:
    assert webview({"webview": ["a.example.com"], "data": {"webview": ["b.example.com"]}}) == ("a.example.com",)
    assert server({"udp": [], "data": {"udp": ["b.example.com"]}}).udp == ()
    assert info({"data": {"app_name": "another"}}).name == "a name"
    assert webview({"data": "odd"}) == ()


@pytest.mark.parametrize("host", ["https://A.example.com/", "A.EXAMPLE.COM", "a.example.com"])
def test_hosts_are_compared_without_scheme_trailing_slash_and_case(host: str) -> None:
    assert webview({"webview": [host]}) == server({"request": [host]}).request == ("a.example.com",)


@pytest.mark.parametrize("host", ["***.com", "http://a.example.com", "odd host"])
def test_what_is_no_host_comes_back_as_it_is(host: str) -> None:
    assert webview({"webview": [host]}) == server({"request": [host]}).request == (host,)


def test_hosts_are_sent_bare() -> None:
    domains = ServerDomains(request=["https://a.example.com"], socket=["wss://s.example.com"])
    body = sent(SET_SERVER_DOMAIN, ServerDomainChange(DomainAction.ADD, domains))
    assert (body["request"], body["socket"]) == (["a.example.com"], ["s.example.com"])


def test_domains_as_stored_are_read_letter_by_letter() -> None:
    stored = codec.server_domains_as_stored(APP, {"request": ["A.example.com", "odd host"], "udp": None})
    assert stored.given() == {**NO_HOSTS.given(), "request": ("A.example.com", "odd host")}


@pytest.mark.parametrize("body", [{}, {"result": 1}, {"data": {"webview": []}}], ids=str)
def test_domains_as_stored_are_never_made_up(body: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        codec.server_domains_as_stored(APP, body)


# --- app/info -------------------------------------------------------------------------------------------------------


def test_every_field_is_filled_from_a_full_answer() -> None:
    full = KUAISHOU.value(GET_INFO, golden_reply("kuaishou", "get_info"))
    empty = AppInfo("another-app")
    assert [name for name in fields_dict(AppInfo) if getattr(full, name) == getattr(empty, name)] == []
    assert full.categories[1] == Category("7,71", "工具-日程", AuditStatus.REJECTED, "缺少资质")
    assert None not in (full.edits_left.name, full.edits_left.icon, full.edits_left.description)


def test_the_app_is_the_one_that_was_asked_for_and_raw_is_the_whole_body() -> None:
    body: dict[str, Any] = {"result": 1, "app_name": "a name", " app": "other", " left": 5, "new": [1]}
    read = KUAISHOU.value(GET_INFO, body)
    assert (read.app, read.raw) == (APP, body)


def test_an_app_of_which_only_the_name_is_told() -> None:
    body = {"result": 1, "app_name": "a name"}
    assert KUAISHOU.value(GET_INFO, body) == AppInfo(APP, name="a name", raw=body)


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"app_avatar": "x"}, {"data": {"webview": []}}], ids=str)
def test_an_answer_without_an_app_is_not_understood(body: dict[str, Any]) -> None:
    assert type(KUAISHOU.read(GET_INFO, {"result": 1, **body})) is ReplyNotUnderstood


AUDITS = pytest.mark.parametrize(
    ("field", "wire", "edits"),
    [
        ("name_audit", "name_audit", "name"),
        ("icon_audit", "avatar_audit", "icon"),
        ("description_audit", "intro_audit", "description"),
    ],
)


@AUDITS
@pytest.mark.parametrize("key", ["new_name", "new_avatar", "new_icon", "new_intro"])
def test_row_new_name_reused_the_proposed_value_has_several_names(field: str, wire: str, edits: str, key: str) -> None:
    read = info({wire: {key: "proposed", "remaining_times": 3, "status": 2, "reason": "no"}})
    assert getattr(read, field) == Audit("proposed", AuditStatus.REJECTED, "no")
    assert read.edits_left == EditsLeft(**{edits: 3})


@AUDITS
@pytest.mark.parametrize(
    "audit",
    [
        None,
        {},
        "",
        {"new_name": "", "remaining_times": 0, "status": 0, "reason": ""},
        {"new_name": None, "remaining_times": None, "status": None, "reason": None},
    ],
    ids=repr,
)
def test_row_audit_objects_all_default_is_no_audit(field: str, wire: str, edits: str, audit: object) -> None:
    read = info({wire: audit})
    assert getattr(read, field) is None
    assert getattr(read.edits_left, edits) is None


@AUDITS
def test_row_audit_objects_without_a_proposal_still_tell_what_is_left(field: str, wire: str, edits: str) -> None:
    read = info({wire: {"new_name": "", "remaining_times": 4, "status": 0}})
    assert getattr(read, field) is None
    assert getattr(read.edits_left, edits) == 4
    assert getattr(info({wire: {"new_name": "x", "remaining_times": 0}}).edits_left, edits) == 0


@AUDITS
def test_row_audit_objects_have_optional_members(field: str, wire: str, edits: str) -> None:
    read = info({wire: {"new_name": "proposed"}})
    assert getattr(read, field) == Audit("proposed", Unknown(None), None)
    assert getattr(read.edits_left, edits) is None


def test_row_status_means_different_things_in_three_places() -> None:
    def statuses(code: object) -> tuple[object, object, object]:
        read = info(
            {"status": code, "name_audit": {"new_name": "x", "status": code}, "app_category": [{"status": code}]}
        )
        assert read.name_audit
        return read.status, read.name_audit.status, read.categories[0].status

    assert statuses(0) == (Unknown(0), AuditStatus.AUDITING, AuditStatus.AUDITING)
    assert statuses(1) == (AppStatus.INCOMPLETE, AuditStatus.PASSED, AuditStatus.PASSED)
    assert statuses(2) == (AppStatus.ONLINE, AuditStatus.REJECTED, AuditStatus.REJECTED)
    assert statuses(3) == (AppStatus.NOT_ONLINE, Unknown(3), Unknown(3))
    assert statuses("9") == (Unknown(9), Unknown(9), Unknown(9))
    assert statuses(None) == (Unknown(None), Unknown(None), Unknown(None))


def test_row_category_id_keeps_its_comma_and_the_name_its_dash() -> None:
    (category,) = info({"app_category": [{"category_id": "1,10,100", "category_name": "a-b-c"}]}).categories
    assert (category.id, category.name) == ("1,10,100", "a-b-c")


@pytest.mark.parametrize("category", [None, "", [], {}], ids=repr)
def test_row_app_category_missing_is_empty(category: object) -> None:
    assert info({}).categories == info({"app_category": category}).categories == ()


def test_row_app_category_may_be_one_object_and_hold_what_is_none() -> None:
    assert info({"app_category": {"category_id": 5}}).categories == (Category("5"),)
    assert info({"app_category": ["odd", None, {"category_id": "5"}]}).categories == (Category("5"),)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1, SubjectType.ENTERPRISE), ("1", SubjectType.ENTERPRISE), (2, Unknown(2)), (None, Unknown(None))],
    ids=repr,
)
def test_row_subject_type_is_open(code: object, kind: object) -> None:
    assert info({"subject": {"name": "a body", "type": code}}).subject == Subject("a body", kind)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("nothing", [None, {}, "", []], ids=repr)
def test_where_no_subject_is_told_there_is_none(nothing: object) -> None:
    assert info({"subject": nothing}).subject is None


@pytest.mark.parametrize("address", ["http://img.example.com/a.png", "//img.example.com/a", "odd"])
def test_row_app_avatar_is_a_plain_text(address: str) -> None:
    assert info({"app_avatar": address}).icon_url == address


@pytest.mark.parametrize("number", [2, 2.0, "2", " 2 "], ids=repr)
def test_row_numbers_may_be_floats_or_texts(number: object) -> None:
    read = info({"status": number, "intro_audit": {"new_name": "x", "remaining_times": number, "status": number}})
    assert read.status is AppStatus.ONLINE
    assert read.description_audit == Audit("x", AuditStatus.REJECTED)
    assert read.edits_left.description == 2


# --- both ways ------------------------------------------------------------------------------------------------------


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(KINDS, HOSTS)), st.sampled_from(DomainAction))
def test_what_is_sent_is_what_would_be_read(kinds: dict[str, list[str]], action: DomainAction) -> None:
    domains = ServerDomains(**kinds)
    try:
        body = sent(SET_SERVER_DOMAIN, ServerDomainChange(action, domains))
    except InvalidArgument:
        assert not kinds or (action is DomainAction.SET and len(kinds) < len(KINDS))
        return
    assert server(body).given() == {**NO_HOSTS.given(), **domains.given()}


@given(HOSTS)
def test_what_is_sent_of_webview_domains_is_what_would_be_read(hosts: list[str]) -> None:
    change = WebviewDomainChange(DomainAction.SET, tuple(hosts))
    assert webview(sent(SET_WEBVIEW_DOMAIN, change)) == change.domains
