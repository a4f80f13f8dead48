"""Server and webview domains, and changes of them."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models import KINDS, SCHEMES, DomainAction, Received, ServerDomainChange, ServerDomains
from miniapp_tp.models import WebviewDomainChange as WebviewChange

ADD, DELETE, SET = DomainAction.ADD, DomainAction.DELETE, DomainAction.SET
SOME_HOSTS = st.lists(st.sampled_from([f"{name}.example.com" for name in "abcd"]), max_size=4)
SOME_DOMAINS = st.fixed_dictionaries({kind: st.none() | SOME_HOSTS for kind in KINDS}).map(
    lambda kinds: ServerDomains(**kinds)
)


def test_there_are_five_kinds_in_a_fixed_order_and_each_has_a_scheme() -> None:
    assert KINDS == ("request", "socket", "upload", "download", "udp")
    assert tuple(SCHEMES) == KINDS
    assert [SCHEMES[kind] for kind in KINDS] == ["https", "wss", "https", "https", "https"]


def test_a_kind_that_is_not_given_is_none_and_an_empty_one_is_empty() -> None:
    domains = ServerDomains(request=["a.example"], udp=[])
    assert domains.given() == {"request": ("a.example",), "udp": ()}
    assert (domains.socket, domains.upload, domains.download) == (None, None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_brought_to_the_common_spelling_with_its_own_scheme_taken_off(kind: str) -> None:
    written = [f"{SCHEMES[kind].upper()}://A.Example", "a.example", "ftp://b.example"]
    assert ServerDomains(**{kind: written}).given() == {kind: ("a.example", "ftp://b.example")}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", ["a.example", ["a.example/path"], [None], 5])
def test_every_kind_is_checked(kind: str, wrong: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument):
        ServerDomains(**{kind: wrong})


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_provider_returned_is_taken_as_it_is(kind: str) -> None:
    domains = ServerDomains(**{kind: Received(["not a host", "HTTPS://A.example"])})
    assert domains.given() == {kind: ("not a host", "HTTPS://A.example")}
    assert type(getattr(domains, kind)) is tuple


def test_server_domains_are_values() -> None:
    one, other = ServerDomains(request=["A.example"]), ServerDomains(request=("https://a.example",))
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own
    with pytest.raises(FrozenInstanceError):
        one.request = ()  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("action", DomainAction)
def test_a_change_of_nothing_is_refused(action: DomainAction) -> None:
    with pytest.raises(InvalidArgument, match="no domains are given"):
        ServerDomainChange(action, ServerDomains())


@pytest.mark.parametrize("action", [ADD, DELETE])
def test_an_empty_kind_has_nothing_to_add_or_delete(action: DomainAction) -> None:
    with pytest.raises(InvalidArgument, match=f"nothing to {action.value} in socket, udp;"):
        ServerDomainChange(action, ServerDomains(request=["a.example"], socket=[], udp=[]))


def test_a_set_may_empty_a_kind() -> None:
    assert ServerDomainChange(SET, ServerDomains(socket=())).domains.socket == ()


@pytest.mark.parametrize("action", ["set", None, "get", 1])
def test_an_action_is_one_of_the_three(action: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match=r"DomainAction\.ADD"):
        ServerDomainChange(action, ServerDomains(request=["a.example"]))
    with pytest.raises(InvalidArgument, match=r"DomainAction\.ADD"):
        WebviewChange(action, ("a.example",))


@pytest.mark.parametrize("domains", [None, ["a.example"], {"request": ["a.example"]}])
def test_server_domains_are_given_as_such(domains: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument, match=r"ServerDomains\(request="):
        ServerDomainChange(SET, domains)


@pytest.mark.parametrize("action", DomainAction)
def test_a_webview_change_of_nothing_is_refused(action: DomainAction) -> None:
    with pytest.raises(InvalidArgument, match=f"nothing to {action.value}"):
        WebviewChange(action, ())


@pytest.mark.parametrize("wrong", ["a.example", ["a.example?q"], None])
def test_webview_domains_are_checked(wrong: Any) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(InvalidArgument):
        WebviewChange(SET, wrong)


def test_webview_domains_are_brought_to_the_common_spelling() -> None:
    change = WebviewChange(ADD, ("https://A.example", "a.example", "wss://a.example"))
    assert change.domains == ("a.example", "wss://a.example")


HELD = [
    (SET, ("a.example", "b.example"), ("b.example", "a.example"), True),
    (SET, ("a.example",), ("https://a.example",), True),
    (SET, ("a.example",), ("a.example", "b.example"), False),
    (SET, ("a.example",), (), False),
    (ADD, ("a.example",), ("a.example", "b.example"), True),
    (ADD, ("a.example", "c.example"), ("a.example", "b.example"), False),
    (DELETE, ("a.example",), ("b.example",), True),
    (DELETE, ("a.example",), (), True),
    (DELETE, ("a.example", "b.example"), ("b.example",), False),
]


@pytest.mark.parametrize(("action", "asked", "found", "held"), HELD)
def test_whether_a_change_was_made_shows_in_what_is_read_back(
    action: DomainAction, asked: tuple[str, ...], found: tuple[str, ...], *, held: bool
) -> None:
    assert WebviewChange(action, asked).holds_in(found) is held
    change = ServerDomainChange(action, ServerDomains(socket=asked))
    assert change.holds_in(ServerDomains(request=["other.example"], socket=found)) is held


def test_every_kind_that_was_given_counts_when_read_back() -> None:
    change = ServerDomainChange(SET, ServerDomains(request=["a.example"], socket=[]))
    assert change.holds_in(ServerDomains(request=["a.example"], socket=[], upload=["b.example"]))
    assert not change.holds_in(ServerDomains(request=["a.example"], socket=["b.example"]))


def test_a_kind_that_is_not_in_what_is_read_back_counts_as_empty() -> None:
    found = ServerDomains(request=["a.example"])
    assert ServerDomainChange(SET, ServerDomains(udp=[])).holds_in(found)
    assert ServerDomainChange(DELETE, ServerDomains(udp=["a.example"])).holds_in(found)
    assert not ServerDomainChange(ADD, ServerDomains(udp=["a.example"])).holds_in(found)


@pytest.mark.parametrize(("action", "number"), [(SET, 0), (ADD, 0), (DELETE, 3)])
def test_only_what_a_deletion_names_is_taken_away_by_name(action: DomainAction, number: int) -> None:
    domains = ServerDomains(request=["a.example", "b.example"], udp=["a.example"])
    assert ServerDomainChange(action, domains).deletions() == number
    assert WebviewChange(action, ("a.example", "b.example", "c.example")).deletions() == number


def applied(change: ServerDomainChange, before: ServerDomains) -> ServerDomains:
    """Do what the documents say that the three actions do."""
    after: dict[str, Any] = {kind: hosts or () for kind, hosts in before.given().items()}
    for kind, hosts in change.domains.given().items():
        there = after.get(kind, ())
        after[kind] = {
            SET: hosts,
            ADD: (*there, *hosts),
            DELETE: [host for host in there if host not in hosts],
        }[change.action]
    return ServerDomains(**after)


@given(st.sampled_from(DomainAction), SOME_DOMAINS, SOME_DOMAINS)
def test_a_change_that_was_made_always_holds(action: DomainAction, asked: ServerDomains, before: ServerDomains) -> None:
    try:
        change = ServerDomainChange(action, asked)
    except InvalidArgument:
        return
    assert change.holds_in(applied(change, before))


@given(SOME_DOMAINS, SOME_DOMAINS, st.sampled_from(KINDS))
def test_a_set_does_not_hold_where_a_given_kind_has_another_host(
    asked: ServerDomains, found: ServerDomains, kind: str
) -> None:
    given_kinds = {**asked.given(), kind: ("only.example",)}
    change = ServerDomainChange(SET, ServerDomains(**given_kinds))
    assert not change.holds_in(found)
