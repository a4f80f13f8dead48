"""Endpoints as data."""

from __future__ import annotations

from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Absent, Caller, Endpoint, Procedure, absent, no_fields, no_result

PLAIN = Endpoint[None, None](name="look", path="/look", decode=no_result)


def test_an_endpoint_that_says_nothing_else_reads_with_the_apps_token() -> None:
    assert (PLAIN.method, PLAIN.changes, PLAIN.idempotent, PLAIN.credential) == ("GET", False, True, Credential.APP)
    assert (PLAIN.fixed, PLAIN.codes, PLAIN.read_back, PLAIN.secret) == ({}, {}, None, False)
    assert PLAIN.encode is no_fields


def test_an_endpoint_is_a_value_that_stays_as_it_is() -> None:
    with pytest.raises(FrozenInstanceError):
        PLAIN.path = "/elsewhere"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("path", ["/look", "https://other.example/look", "http://127.0.0.1/look"])
def test_a_path_is_below_the_base_or_a_whole_address(path: str) -> None:
    assert Endpoint[None, None](name="look", path=path, decode=no_result).path == path


@pytest.mark.parametrize("path", ["look", "", "ftp://other.example", "other.example/look"])
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidArgument, match="starts with '/'"):
        Endpoint[None, None](name="look", path=path, decode=no_result)


def test_nothing_is_sent_and_nothing_returned_unless_an_endpoint_says_so() -> None:
    assert no_fields(object()) == {}
    no_result("an-app", {"anything": 1})


def test_a_procedure_is_named_after_its_endpoint() -> None:
    async def run(_call: Caller, _app: str, _params: None) -> None: ...

    assert Procedure[None, None](endpoint=PLAIN, run=run).name == "look"


def test_an_absent_operation_says_why() -> None:
    missing: Any = absent("there is no such thing")
    assert missing == Absent(why="there is no such thing", chinese="there is no such thing", name="")
    assert absent("no", "没有").chinese == "没有"
