"""Requests, replies and secrets, and that none of their reprs gives anything away."""

from __future__ import annotations

import pickle

import pytest
from multidict import CIMultiDict

from miniapp_tp.wire.messages import Reply, Request, Secret

TOKEN = Secret("45.a-made-up-token/+=")
REQUEST = Request(
    method="POST",
    address="https://openapi.example:8443/path",
    query=(("access_token", TOKEN.reveal()), ("q", "中 文")),
    headers=(("x-odd", "in a header"),),
    body=b"in the body",
    secrets=(TOKEN,),
)


def test_a_secret_is_given_away_by_reveal_alone() -> None:
    assert TOKEN.reveal() == "45.a-made-up-token/+="
    assert repr(TOKEN) == str(TOKEN) == f"{TOKEN}" == "Secret('***')"
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert pickle.loads(pickle.dumps(TOKEN)) == TOKEN  # noqa: S301 - our own


@pytest.mark.parametrize("shown", [repr(REQUEST), str(REQUEST), f"{REQUEST}"], ids=["repr", "str", "format"])
def test_a_request_shows_where_it_goes_and_nothing_else(shown: str) -> None:
    assert shown == "<Request POST https://openapi.example:8443/path>"


def test_the_url_has_the_whole_query_percent_encoded() -> None:
    query = "access_token=45.a-made-up-token%2F%2B%3D&q=%E4%B8%AD%20%E6%96%87"
    assert REQUEST.url == f"https://openapi.example:8443/path?{query}"
    assert Request(method="GET", address="https://openapi.example/path").url == "https://openapi.example/path"


def test_the_origin_is_scheme_host_and_port() -> None:
    assert REQUEST.origin == "https://openapi.example:8443"
    assert Request(method="GET", address="https://openapi.example/a/b").origin == "https://openapi.example"


def test_names_of_headers_are_read_in_lower_case() -> None:
    assert Reply(200, {"X-B3-TraceId": "Abc"}).headers == {"x-b3-traceid": "Abc"}


def test_a_reply_is_whole_and_empty_unless_it_says_otherwise() -> None:
    reply = Reply(204)
    assert (reply.headers, reply.body, reply.complete, reply.text) == ({}, b"", True, "")


def test_a_text_replaces_what_is_not_utf_8() -> None:
    assert Reply(200, body="中".encode() + b"\xff").text == "中\ufffd"


def test_a_reply_shows_its_status_and_size_alone() -> None:
    reply = Reply(502, {"x-odd": "in a header"}, b"in the body")
    assert repr(reply) == str(reply) == "<Reply 502, 11 bytes>"


def test_what_came_under_one_name_several_times_is_joined() -> None:
    reply = Reply(200, CIMultiDict([("Via", "a"), ("VIA", "b"), ("Age", "1")]))
    assert reply.headers == {"via": "a, b", "age": "1"}
    assert reply == Reply(200, {"via": "a, b", "age": "1"})
