"""Parameters into a request, a reply into a value or the right error: what holds for every provider."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.errors import (
    Actor,
    InvalidArgument,
    MiniAppError,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ReplyNotUnderstood,
    Scope,
)
from miniapp_tp.wire.dialect import Consent, Credential, Dialect, Refusal, Verdict, form, json_object
from miniapp_tp.wire.endpoint import Endpoint, no_result
from miniapp_tp.wire.exchange import build, parse, sign
from miniapp_tp.wire.meaning import Meaning
from miniapp_tp.wire.messages import Reply, Request, Secret

TOKEN = Secret("45.token-of-the-app/1+2==")
BASE = "https://openapi.example"


def judge(found: Any) -> Verdict:  # noqa: ANN401 - a mapping of anything
    if "yes" in found:
        return Consent(found["yes"])
    return Refusal(found["no"], str(found.get("why", ""))) if "no" in found else None


DIALECT = Dialect(
    provider="example",
    body=form,
    token_fields={Credential.APP: "app_token", Credential.COMPONENT: "component_token"},
    judge=judge,
    codes={1: Meaning(NotFound), 2: Meaning(RateLimited), 3: Meaning(ProviderUnavailable)},
    request_ids=("request_id", "trace"),
    always=(("component", "a-component"),),
)


def fields_of(params: dict[str, Any] | None) -> dict[str, Any]:
    return params or {}


def value_of(_app: str, data: Any) -> int:  # noqa: ANN401 - anything
    number: int = data["value"]
    return number


READ = Endpoint[dict[str, Any] | None, int](name="get", path="/get", encode=fields_of, decode=value_of)
WRITE = evolve(READ, name="set", method="POST", path="/set", fixed={"action": "set"}, changes=True)


def read(
    body: object,
    status: int = 200,
    headers: dict[str, str] | None = None,
    *,
    endpoint: Endpoint[Any, Any] = READ,
    dialect: Dialect = DIALECT,
    complete: bool = True,
) -> Any:  # noqa: ANN401 - a value or an error
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(dialect, endpoint, "an-app", Reply(status, headers or {}, raw, complete), (TOKEN,))


class TestBuild:
    """Writing a request."""

    def test_with_get_the_fields_travel_in_the_query_after_what_every_query_carries(self) -> None:
        request = build(DIALECT, READ, {"b": 2, "a": "中"}, BASE)
        assert request == Request(
            method="GET", address=f"{BASE}/get", query=(("component", "a-component"), ("b", "2"), ("a", "中"))
        )

    def test_otherwise_in_the_body_after_the_fixed_ones(self) -> None:
        request = build(DIALECT, WRITE, {"a": "x y"}, BASE)
        assert request.query == (("component", "a-component"),)
        assert (request.headers[0][1], request.body) == ("application/x-www-form-urlencoded", b"action=set&a=x+y")

    def test_the_body_is_written_as_the_dialect_says(self) -> None:
        request = build(evolve(DIALECT, body=json_object), WRITE, {"a": [1]}, BASE)
        assert json.loads(request.body) == {"action": "set", "a": [1]}

    @pytest.mark.parametrize("endpoint", [READ, WRITE], ids=["get", "post"])
    def test_what_is_none_is_not_sent(self, endpoint: Endpoint[Any, Any]) -> None:
        request = build(DIALECT, endpoint, {"a": None, "b": ""}, BASE)
        assert "b=" in request.url + request.body.decode()
        assert "a=" not in request.url.partition("?")[2] + request.body.decode()

    def test_an_endpoint_may_be_a_whole_address(self) -> None:
        endpoint = evolve(READ, path="https://other.example/get")
        assert build(DIALECT, endpoint, None, BASE).address == "https://other.example/get"

    @pytest.mark.parametrize("address", ["http://other.example/get", "https://user@other.example/get"])
    def test_a_whole_address_must_be_one_that_tokens_may_be_sent_to(self, address: str) -> None:
        with pytest.raises(InvalidArgument):
            build(DIALECT, evolve(READ, path=address), None, BASE)

    def test_a_path_that_looks_like_another_host_stays_below_the_base(self) -> None:
        assert build(DIALECT, evolve(READ, path="//other.example"), None, BASE).origin == BASE


class TestSign:
    """Adding the token."""

    @pytest.mark.parametrize(
        ("credential", "field"), [(Credential.APP, "app_token"), (Credential.COMPONENT, "component_token")]
    )
    def test_the_token_goes_last_into_the_query_under_its_name(self, credential: Credential, field: str) -> None:
        signed = sign(DIALECT, credential, build(DIALECT, READ, None, BASE), TOKEN)
        assert signed.query == (("component", "a-component"), (field, TOKEN.reveal()))
        assert signed.secrets == (TOKEN,)

    def test_the_unsigned_request_stays_as_it_was(self) -> None:
        request = build(DIALECT, WRITE, None, BASE)
        sign(DIALECT, Credential.APP, request, TOKEN)
        assert (request.query, request.secrets) == ((("component", "a-component"),), ())


class TestVerdict:
    """Reading what a body says."""

    @pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 404, 429, 500, 503])
    def test_a_yes_outranks_the_http_status(self, status: int) -> None:
        assert read({"yes": {"value": 5}}, status) == 5

    @pytest.mark.parametrize("status", [200, 302, 400, 429, 500, 503])
    def test_a_no_outranks_the_http_status(self, status: int) -> None:
        error = read({"no": 1, "why": "gone"}, status, endpoint=WRITE)
        assert type(error) is NotFound
        assert (error.code, error.message, error.status) == (1, "gone", status)
        assert not error.may_have_happened

    @pytest.mark.parametrize("code", [99, "odd", None])
    def test_a_code_in_no_table_is_a_plain_error(self, code: object) -> None:
        error = read({"no": code, "why": "odd"})
        assert type(error) is ProviderError
        assert error.code == code

    def test_the_tables_outrank_each_other_user_endpoint_provider(self) -> None:
        endpoint = evolve(READ, codes={1: Meaning(RateLimited), 4: Meaning(RateLimited)})
        dialect = evolve(DIALECT, own_codes={4: Meaning(ProviderUnavailable)})
        kinds: list[Any] = [type(read({"no": code}, endpoint=endpoint, dialect=dialect)) for code in (1, 2, 4)]
        assert kinds == [RateLimited, RateLimited, ProviderUnavailable]

    def test_a_meaning_names_actor_and_scope(self) -> None:
        dialect = evolve(DIALECT, codes={1: Meaning(NotFound, Actor.TIME, Scope.PROVIDER)})
        error = read({"no": 1}, dialect=dialect)
        assert (error.actor, error.scope) == (Actor.TIME, Scope.PROVIDER)

    def test_the_reply_is_kept_as_evidence(self) -> None:
        error = read({"no": 1}, headers={"X-Odd": "a header"})
        assert (error.reply.status, error.reply.headers, error.reply.text) == (200, {"x-odd": "a header"}, '{"no": 1}')

    @pytest.mark.parametrize(
        ("more", "headers", "request_id"),
        [
            ({"request_id": "r-1", "trace": "t-1"}, {"x-b3-traceid": "b-1"}, "r-1"),
            ({"request_id": "", "trace": 77}, {"x-b3-traceid": "b-1"}, "77"),
            ({"request_id": {"odd": 1}}, {"X-B3-TraceId": "b-1"}, "b-1"),
            ({}, {"X-B3-TraceId": "b-1"}, "b-1"),
            ({}, {"x-b3-traceid": ""}, None),
            ({}, {}, None),
        ],
        ids=str,
    )
    def test_the_request_id_is_the_bodys_first_or_else_the_trace_header(
        self, more: dict[str, Any], headers: dict[str, str], request_id: str | None
    ) -> None:
        assert read({"no": 1, **more}, headers=headers).request_id == request_id

    def test_a_yes_that_lacks_what_is_documented_is_not_understood(self) -> None:
        error = read({"yes": {"other": 5}}, endpoint=WRITE)
        assert type(error) is ReplyNotUnderstood
        assert "lacks what is documented" in str(error)
        assert error.may_have_happened
        assert not read({"yes": None}).may_have_happened

    def test_a_broken_decoder_is_an_error_that_holds_no_traceback(self) -> None:
        error = read({"yes": None})
        assert (error.__cause__, error.__context__, error.__traceback__) == (None, None, None)


WITHOUT_VERDICT: list[Any] = [
    pytest.param(b"<html>Bad</html>", id="html"),
    pytest.param(b'{"yes": {"val', id="truncated"),
    pytest.param(b"", id="empty"),
    pytest.param(b" \r\n", id="blank"),
    pytest.param(b"[1]", id="list"),
    pytest.param(b'"yes"', id="text"),
    pytest.param(b"1", id="number"),
    pytest.param(b"null", id="null"),
    pytest.param(b"{}", id="nothing-said"),
    pytest.param(b"\xff\xfe\xfa", id="not-utf-8"),
    pytest.param(b"[" * 100_000, id="deep"),
    pytest.param(b'{"a":' * 100_000, id="deep-objects"),
    pytest.param(b'{"no": ' + b"9" * 5000 + b"}", id="huge-number"),
    pytest.param(b'{"yes": {"value": 5}} more', id="more-after-it"),
]


class TestWithoutVerdict:
    """Reading what says nothing."""

    @pytest.mark.parametrize("body", WITHOUT_VERDICT)
    @pytest.mark.parametrize("status", [200, 204, 301, 302, 400, 401, 403, 404, 499])
    def test_it_is_not_understood_under_most_statuses(self, body: bytes, status: int) -> None:
        error = read(body, status)
        assert type(error) is ReplyNotUnderstood
        assert f"HTTP {status}" in str(error)
        assert error.reply is not None
        assert error.reply.status == status
        assert (error.retryable, error.may_have_happened, error.actor) == (False, False, Actor.PROVIDER)

    @pytest.mark.parametrize("body", WITHOUT_VERDICT)
    @pytest.mark.parametrize("status", [500, 502, 503, 599])
    def test_a_server_error_means_that_the_provider_is_unavailable(self, body: bytes, status: int) -> None:
        error = read(body, status, {"retry-after": "3", "x-b3-traceid": "b-1"})
        assert type(error) is ProviderUnavailable
        assert (error.status, error.code, error.retry_after, error.request_id) == (status, None, 3.0, "b-1")
        assert error.reply is not None
        assert error.reply.status == status
        assert not error.may_have_happened

    @pytest.mark.parametrize("body", WITHOUT_VERDICT)
    def test_429_means_too_fast(self, body: bytes) -> None:
        error = read(body, 429, {"Retry-After": "7"}, endpoint=WRITE)
        assert type(error) is RateLimited
        assert (error.code, error.retry_after, error.scope) == (None, 7.0, Scope.COMPONENT)
        assert not error.may_have_happened

    @pytest.mark.parametrize(("body", "status"), [(b"<html>", 200), (b"<html>", 502), (b"", 302)])
    def test_a_change_may_have_been_made_all_the_same(self, body: bytes, status: int) -> None:
        assert read(body, status, endpoint=WRITE).may_have_happened

    @pytest.mark.parametrize(
        ("body", "status", "headers", "why"),
        [
            (b"<html>", 200, {"content-type": "text/html;charset=utf-8"}, "(text/html, 6 bytes)"),
            (b"<html>", 200, {}, "(no content type, 6 bytes)"),
            (b"<html>", 404, {"content-type": "x" * 500}, f"({'x' * 80}, 6 bytes)"),
            (b"<html>", 302, {}, "it redirects"),
            (b"", 399, {}, "it redirects"),
            (b" \n", 200, {}, "its body is empty"),
        ],
    )
    def test_the_message_says_what_is_odd(self, body: bytes, status: int, headers: dict[str, str], why: str) -> None:
        assert why in str(read(body, status, headers))

    def test_a_body_without_end_is_not_believed_even_if_its_beginning_says_yes(self) -> None:
        error = read({"yes": {"value": 5}}, complete=False, endpoint=WRITE)
        assert type(error) is ReplyNotUnderstood
        assert "larger than any documented one" in str(error)
        assert error.may_have_happened
        assert type(read({"no": 1}, 503, complete=False)) is ProviderUnavailable

    def test_a_byte_order_mark_is_no_obstacle(self) -> None:
        assert read(b'\xef\xbb\xbf{"yes": {"value": 5}}') == 5


class TestWaiting:
    """Reading when to come again."""

    @pytest.mark.parametrize(("code", "kind"), [(2, RateLimited), (3, ProviderUnavailable)])
    def test_a_wait_is_read_with_a_verdict_too(self, code: int, kind: type[ProviderError]) -> None:
        error = read({"no": code}, headers={"retry-after": "9"}, endpoint=WRITE)
        assert (type(error), error.retry_after) == (kind, 9.0)
        assert error.may_have_happened is (kind is ProviderUnavailable)
        assert not read({"no": code}).may_have_happened


class TestSecrets:
    """Keeping the token of the call out of whatever becomes an error."""

    @pytest.mark.parametrize("status", [200, 302, 429, 500])
    def test_no_part_of_an_error_holds_it(self, status: int) -> None:
        token = TOKEN.reveal()
        bodies = [
            {"no": 1, "why": f"bad token {token}", "request_id": token},
            {"no": token, "why": token},
            {"no": 2, "trace": f"a{token}b"},
            {"yes": {"echo": token}},
            {"other": token},
            f"<a href='/?t={token}'>".encode(),
        ]
        headers = {"location": f"https://other.example/?t={token}", "x-b3-traceid": token, "content-type": token}
        for body in bodies:
            error = read(body, status, headers)
            told: list[str] = [str(error), repr(error), *map(str, error.args), repr(error.__dict__)]
            kept: list[str] = [*error.reply.headers.values(), error.reply.text]
            assert isinstance(error, MiniAppError)
            assert not [part for part in [*told, *kept] if token[:12] in part]

    def test_a_decoded_value_is_none_of_our_business(self) -> None:
        assert read({"yes": {"value": TOKEN.reveal()}}) == TOKEN.reveal()


@given(st.binary(), st.integers(100, 599), st.booleans())
def test_no_bytes_break_it(body: bytes, status: int, complete: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    endpoint = Endpoint[None, None](name="get", path="/get", decode=no_result)
    assert isinstance(read(body, status, endpoint=endpoint, complete=complete), MiniAppError | None)
