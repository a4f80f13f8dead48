"""Host names: what callers may write, what providers may answer, and the one spelling of both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models import received_hosts, with_scheme
from miniapp_tp.models.hosts import bare_hosts, checked_hosts, same_hosts, split_scheme

HOSTS = st.one_of(
    st.text(max_size=40),
    st.text("aAzZ09.-:/_%,，。：\uff0f\uff20éß\u03c3ς中文\u017f\u004b", max_size=40),
    st.from_regex(r"(https?://|wss://|[a-z\u017f\u004b]+://)?[a-zéü0-9.-]{1,20}(:[0-9]{1,8})?", fullmatch=True),
)


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("api.example.com", "api.example.com"),
        ("API.Example.COM", "api.example.com"),
        ("api.example.com:8443", "api.example.com:8443"),
        ("api.example.com:0443", "api.example.com:443"),
        ("api.example.com:65535", "api.example.com:65535"),
        ("https://api.example.com", "api.example.com"),
        ("HTTPS://api.example.com:8443", "api.example.com:8443"),
        ("http://api.example.com", "http://api.example.com"),
        ("WSS://api.example.com", "wss://api.example.com"),
        ("例子.example.com", "xn--fsqu00a.example.com"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("例子。example。com", "xn--fsqu00a.example.com"),
        ("xn--fsqu00a.example.com", "xn--fsqu00a.example.com"),
        ("localhost", "localhost"),
        ("192.0.2.1:80", "192.0.2.1:80"),
        ("under_score.example.com", "under_score.example.com"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        (".".join(["a" * 62] * 4), ".".join(["a" * 62] * 4)),
        (".".join(["a" * 63] * 3 + ["a" * 61]), ".".join(["a" * 63] * 3 + ["a" * 61])),
    ],
)
def test_a_host_is_brought_to_the_common_spelling(written: str, host: str) -> None:
    assert checked_hosts([written]) == (host,)


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", ".", "https://", "a..example.com", ".example.com", "example.com."),
        *(" example.com", "example.com ", "exa mple.com", "example.com\n", "exa\x00mple.com", "exa\u3000mple.com"),
        *("example.com/", "example.com/path", "example.com?q=1", "example.com#part", "example.com\\path"),
        *("user@example.com", "user:pass@example.com", "a.example.com,b.example.com", "a.example.com;b.example.com"),
        *("example.com:", "example.com:0", "example.com:65536", "example.com:port", "example.com:-1"),
        *("example.com:\uff18\uff14\uff14\uff13", "example.com:1:2", "[::1]", "::1", "https://https://example.com"),
        *("%65xample.com", "a&b.example.com", "a=b.example.com", "'example.com'", '"example.com"', "<example.com>"),
        *("a" * 64 + ".example", ".".join(["a" * 63] * 3 + ["a" * 62]), "中" * 64 + ".example"),
        *("straße.example", "νόμος.example", "a\u200cb.example", "a\u200db.example"),
        *("a\ud800.example", "אa.example"),
    ],
)
def test_what_is_no_host_is_refused_and_named(written: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        checked_hosts(["good.example.com", written])
    assert repr(written) in str(caught.value)
    assert "api.example.com:8443" in str(caught.value)


@pytest.mark.parametrize("lookalike", ["，", "\uff0f", "：", "\uff20", "？", "\uff03", "\uff05", "\uff3c", "\u2100"])
def test_a_lookalike_that_idna_would_turn_into_punctuation_is_refused(lookalike: str) -> None:
    with pytest.raises(InvalidArgument):
        checked_hosts([f"a{lookalike}b.example.com"])


@pytest.mark.parametrize("port", ["0000099999", "000001" + "1" * 5000, "9" * 5000], ids=["padded", "long", "huge"])
def test_a_long_port_is_refused_like_any_other_that_is_none(port: str) -> None:
    with pytest.raises(InvalidArgument, match="is no port"):
        checked_hosts([f"example.com:{port}"])


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("a b.example", "' ' can't be part of it"),
        ("straße.example", "xn--"),
        ("example.com:x", "'x' is no port"),
        ("a..example", "each part between dots has 1 to 63 characters"),
        (".".join(["a" * 63] * 4), "longer than 253 characters"),
    ],
)
def test_the_refusal_says_what_is_wrong(written: str, why: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        checked_hosts([written])
    assert why in str(caught.value)


@pytest.mark.parametrize("hosts", ["api.example.com", b"api.example.com", 5, None], ids=repr)
def test_anything_but_several_hosts_is_refused(hosts: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match="given as a list of host names"):
        checked_hosts(hosts)


@pytest.mark.parametrize("host", [None, 5, b"api.example.com", ["api.example.com"]], ids=repr)
def test_a_host_that_is_no_text_is_refused(host: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match="a host name is text"):
        checked_hosts([host])


def test_hosts_keep_their_order_and_stand_there_once() -> None:
    written = ("b.example", "https://a.example", "B.EXAMPLE", "a.example", "http://a.example")
    assert checked_hosts(iter(written)) == ("b.example", "a.example", "http://a.example")


def test_the_scheme_that_goes_without_saying_depends_on_the_kind() -> None:
    assert checked_hosts(["wss://a.example", "https://a.example"], scheme="wss") == ("a.example", "https://a.example")


def test_what_a_provider_returned_is_tidied() -> None:
    returned = [" https://A.example/ ", "a.example", None, "", "   ", "wss://b.example"]
    assert received_hosts(returned) == ("a.example", "wss://b.example")


@pytest.mark.parametrize("host", ["not a host", "*.example.com/x", "https://", "a.example:99999", "straße.example"])
def test_what_a_provider_returned_is_never_refused(host: str) -> None:
    assert received_hosts([host, "A.example"]) == (host, "a.example")


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("a.example", (None, "a.example")),
        ("WSS://a.example", ("wss", "a.example")),
        ("//a.example", (None, "//a.example")),
        ("1a://b", (None, "1a://b")),
        ("http\u017f://b", (None, "http\u017f://b")),
    ],
)
def test_a_scheme_is_ascii_and_starts_with_a_letter(written: str, parts: tuple[str | None, str]) -> None:
    assert split_scheme(written) == parts


def test_a_scheme_is_written_unless_another_one_is_there() -> None:
    assert with_scheme("a.example", "https") == "https://a.example"
    assert with_scheme("http://a.example", "https") == "http://a.example"


def test_hosts_are_the_same_whatever_their_order_and_schemes() -> None:
    assert same_hosts(["a.example", "wss://b.example"], ["b.example", "https://a.example", "a.example"])
    assert not same_hosts(["a.example"], ["a.example", "b.example"])
    assert not same_hosts(["a.example:1"], ["a.example"])
    assert bare_hosts(["http://a.example", "a.example"]) == {"a.example"}


@given(HOSTS, st.sampled_from(["https", "wss"]))
def test_what_is_accepted_is_lower_case_ascii_without_separators_and_stays_as_it_is(host: str, scheme: str) -> None:
    try:
        (once,) = checked_hosts([host], scheme=scheme)
    except InvalidArgument:
        return
    assert once.isascii()
    assert once == once.lower()
    assert not any(letter.isspace() or letter in ",;/@?#" for letter in split_scheme(once)[1])
    assert not once.startswith(f"{scheme}://")
    assert checked_hosts([once], scheme=scheme) == (once,)
    assert received_hosts([with_scheme(once, scheme)], scheme=scheme) == (once,)


@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(), HOSTS)))
def test_whatever_a_provider_returns_gives_texts_that_are_not_empty_each_once(hosts: list[object]) -> None:
    found = received_hosts(hosts)
    assert all(found)
    assert len(set(found)) == len(found)
