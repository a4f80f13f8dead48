"""Messages and cards: the limits of seed 003 §§ 1 to 3, on both sides of each."""

from __future__ import annotations

from itertools import count, repeat
from typing import Any

import pytest

from miniapp_tp import FeedCard, FeedTemplate, InvalidArgument, Keyword, Message
from miniapp_tp.models import Broadcast, FeedSubmission, Push

MESSAGE = Message("优惠活动", "2018最大力度优惠", "/pages/detail/detail/", "亲爱的用户")
WITH, WITHOUT = FeedTemplate.WITH_SUMMARY, FeedTemplate.WITHOUT_SUMMARY


def card(**more: Any) -> FeedCard:  # noqa: ANN401 - whatever a caller may give
    given = {"title": "卡片", "image_url": "https://img.example.com/1.jpg", "path": "/pages/a/a", "description": "摘要"}
    return FeedCard(**{**given, **more})


def refused(match: str) -> Any:  # noqa: ANN401 - pytest's own
    return pytest.raises(InvalidArgument, match=match)


# --- messages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["title", "description", "path", "first", "heading"])
@pytest.mark.parametrize("value", ["", "  ", 5, b"text"], ids=repr)
def test_each_text_of_a_message_is_a_text_with_something_in_it(name: str, value: Any) -> None:  # noqa: ANN401 - as above
    given: dict[str, Any] = {"title": "a", "description": "b", "path": "/c", "first": "d", "heading": "e", name: value}
    with refused(rf"Message\.{name} is text that isn't empty"):
        Message(**given)


def test_what_no_encoding_can_carry_is_refused_here() -> None:
    with refused("half a character"):
        Message("\ud83d", "b", "/c", "d")
    assert Message("\U0001f600", "b", "/c", "d").title == "😀"


def test_keywords_are_taken_from_any_iterable_and_checked() -> None:
    lines = (Keyword(name, "全部9折") for name in ("服装", "日用品"))
    assert Message("a", "b", "/c", "d", lines).keywords == (Keyword("服装", "全部9折"), Keyword("日用品", "全部9折"))
    with refused("keywords are Keyword each, and one of them is dict"):
        Message("a", "b", "/c", "d", [{"name": "服装"}])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    with refused(r"Keyword\.value is text"):
        Keyword("服装", "")


@pytest.mark.parametrize("keywords", ["ab", b"ab", {"a": "b"}, 5, None], ids=repr)
def test_keywords_are_a_list(keywords: Any) -> None:  # noqa: ANN401 - as above
    with refused("keywords are given as a list of Keyword"):
        Message("a", "b", "/c", "d", keywords)


@pytest.mark.parametrize("number", [1, 2, 100])
def test_a_push_names_1_to_100_users(number: int) -> None:
    assert len(Push([f"USER{place}" for place in range(number)], MESSAGE).swan_ids) == number


@pytest.mark.parametrize(("ids", "why"), [([], "none"), (["a"] * 101, "more than 100: make a call for each 100")])
def test_a_push_names_no_fewer_and_no_more(ids: list[str], why: str) -> None:
    with refused(why):
        Push(ids, MESSAGE)


def test_an_endless_list_of_users_is_read_no_further_than_needed() -> None:
    with refused("more than 100"):
        Push((f"USER{place}" for place in count()), MESSAGE)


@pytest.mark.parametrize(
    ("ids", "why"), [("USER1", "a list of str"), ([5], "is int"), (["a,b"], "comma"), ([""], "empty one")]
)
def test_each_user_is_a_text_of_its_own(ids: Any, why: str) -> None:  # noqa: ANN401 - as above
    with refused(why):
        Push(ids, MESSAGE)


@pytest.mark.parametrize("message", ["text", None, {"title": "a"}], ids=repr)
def test_a_message_is_a_message(message: Any) -> None:  # noqa: ANN401 - as above
    with refused("a message is a Message"):
        Broadcast(message)
    with refused("a message is a Message"):
        Push(["a"], message)


# --- cards ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "longest"),
    [
        ("title", "字" * 20),
        ("description", "字" * 20),
        ("path", "/" + "p" * 499),
        ("image_url", "https://img.example.com/" + "p" * 476),
    ],
)
def test_the_texts_of_a_card_have_limits(name: str, longest: str) -> None:
    assert getattr(card(**{name: longest}), name) == longest
    with refused(rf"FeedCard\.{name} has {len(longest) + 1} characters; at most {len(longest)} are allowed"):
        card(**{name: longest + "字"})


@pytest.mark.parametrize(
    "address",
    [
        "1.jpg",
        "//img.example.com/1.jpg",
        "ftp://img.example.com/1.jpg",
        "https:///1.jpg",
        "https://[/1.jpg",
        "https://a.example.com/1 2.jpg",
    ],
)
def test_a_picture_has_a_whole_address(address: str) -> None:
    with refused(r"FeedCard\.image_url is a whole address"):
        card(image_url=address)


@pytest.mark.parametrize("number", [5, 9])
def test_a_feed_has_5_to_9_cards(number: int) -> None:
    assert len(FeedSubmission("精选", [card()] * number, WITH).cards) == number


@pytest.mark.parametrize(("number", "why"), [(0, "not 0"), (4, "not 4"), (10, "not more than 9")])
def test_a_feed_has_no_fewer_and_no_more(number: int, why: str) -> None:
    with refused(f"a feed has 5 to 9 cards, {why}"):
        FeedSubmission("精选", [card()] * number, WITH)


def test_an_endless_list_of_cards_is_read_no_further_than_needed() -> None:
    with refused("more than 9"):
        FeedSubmission("精选", repeat(card()), WITH)


def test_the_title_of_a_feed_has_10_characters() -> None:
    assert FeedSubmission("精选影视推荐2018", [card()] * 5, WITH).title
    with refused(r"FeedSubmission\.title has 11 characters; at most 10"):
        FeedSubmission("精选影视推荐2018年", [card()] * 5, WITH)


@pytest.mark.parametrize(("template", "longest"), [(WITH, 8), (WITHOUT, 20)])
def test_the_title_of_a_card_is_as_long_as_its_template_allows(template: FeedTemplate, longest: int) -> None:
    cards = [card()] * 4
    FeedSubmission("精选", [*cards, card(title="字" * longest)], template)
    if template is WITH:
        with refused("the title of card 5 has 9 characters; at most 8"):
            FeedSubmission("精选", [*cards, card(title="字" * 9)], template)


def test_a_summary_is_needed_where_the_template_shows_one() -> None:
    cards = [card(), card(description=None), *[card()] * 3]
    assert FeedSubmission("精选", cards, WITHOUT).cards[1].description is None
    with refused("card 2 lacks its description"):
        FeedSubmission("精选", cards, WITH)


@pytest.mark.parametrize(("given", "member"), [(WITH, WITH), (1, WITH), ("2", WITHOUT)])
def test_a_template_may_be_named_by_its_id(given: Any, member: FeedTemplate) -> None:  # noqa: ANN401 - as above
    assert FeedSubmission("精选", [card()] * 5, given).template is member


@pytest.mark.parametrize("given", [0, 3, True, "x", None, 1.0, "9" * 20], ids=repr)
def test_what_is_no_template_is_told_which_there_are(given: Any) -> None:  # noqa: ANN401 - as above
    with refused("none of FeedTemplate.WITH_SUMMARY, FeedTemplate.WITHOUT_SUMMARY"):
        FeedSubmission("精选", [card()] * 5, given)
