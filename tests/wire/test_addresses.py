"""Addresses that tokens may be sent to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.wire.addresses import checked_address, is_loopback


@pytest.mark.parametrize(
    ("address", "checked"),
    [
        ("https://openapi.example", "https://openapi.example"),
        ("https://openapi.example/", "https://openapi.example"),
        ("https://openapi.example/X", "https://openapi.example/X"),
        ("https://openapi.example:8443/base//", "https://openapi.example:8443/base"),
        ("HTTPS://openapi.example", "HTTPS://openapi.example"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://LOCALHOST", "http://LOCALHOST"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_https_and_this_machine_are_accepted_without_the_slashes_at_the_end(address: str, checked: str) -> None:
    assert checked_address(address) == checked


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://openapi.example", "must start with https://"),
        ("http://localhost.example", "must start with https://"),
        ("http://127.0.0.1.example", "must start with https://"),
        ("http://192.0.2.1", "must start with https://"),
        ("http://0.0.0.0", "must start with https://"),
        ("ftp://openapi.example", "must start with https://"),
        ("//openapi.example", "must start with https://"),
        ("https://user:word@openapi.example", "no user, query or fragment"),
        ("https://@openapi.example", "no user, query or fragment"),
        ("https://openapi.example?x=1", "no user, query or fragment"),
        ("https://openapi.example?", "no user, query or fragment"),
        ("https://openapi.example/#", "no user, query or fragment"),
        ("", "names no host"),
        ("openapi.example", "names no host"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://open api.example", "names no host"),
        ("https://openapi.example\n", "names no host"),
        (" https://openapi.example", "names no host"),
        ("https://openapi.example:port", "can't be read"),
        ("https://openapi.example:99999", "can't be read"),
        ("https://[::1", "can't be read"),
    ],
)
def test_other_addresses_are_refused_with_the_reason(address: str, why: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        checked_address(address)
    assert why in str(caught.value)


def test_the_refusal_does_not_repeat_an_address_that_may_hold_a_password() -> None:
    with pytest.raises(InvalidArgument) as caught:
        checked_address("https://user:pass-word@openapi.example")
    assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize("address", [None, 5, b"https://openapi.example", ["https://openapi.example"]], ids=repr)
def test_what_is_no_text_is_refused(address: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match="it is no text"):
        checked_address(address)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 - nothing listens
        ("128.0.0.1", False),
        ("::2", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_this_machine_is_known_by_name_or_number_alone(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@given(st.one_of(st.text(), st.text().map("https://{}".format), st.text().map("http://127.0.0.1:{}".format)))
def test_any_text_is_either_refused_or_an_address_that_is_accepted_again(address: str) -> None:
    try:
        checked = checked_address(address)
    except InvalidArgument:
        return
    assert checked_address(checked) == checked
    assert not checked.endswith("/")
