"""Messages to users, and cards in feeds (seed 003 §§ 1 to 3; Baidu only).

The seed's limits are checked here, before anything is sent. Lengths are counted in characters (字): a Chinese
character, a letter and a digit are one each. A vocabulary's values are the ids of the seed's lists.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models.given import address, chosen, given_text, several, text, text_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SWAN_IDS: Final = 100
"""Users that one push may name."""
MIN_CARDS: Final = 5
MAX_CARDS: Final = 9

_TITLE: Final = 10
_CARD_TEXT: Final = 20
_CARD_ADDRESS: Final = 500


# --- messages (seed 003 §§ 1 and 2) ---------------------------------------------------------------------------------


def _keywords(values: Iterable[Keyword]) -> tuple[Keyword, ...]:
    return several("keywords", values, Keyword)


@frozen
class Keyword:
    """A line of a message: what it is about, and what is said of it (seed 003 § 1, `keywords`)."""

    name: str = field(validator=text())
    value: str = field(validator=text())


@frozen
class Message:
    """A message to users (seed 003 §§ 1 and 2).

    Attributes:
        title: The title in the phone's notifications.
        description: The text in the phone's notifications.
        path: The page of the app that it opens, `"/pages/detail/detail/"`.
        first: What the message itself begins with.
        keywords: Its lines.
        heading: The title of the message itself; the one in the notifications, if `None`.

    Raises:
        InvalidArgument: A text that is missing or empty.
    """

    title: str = field(validator=text())
    description: str = field(validator=text())
    path: str = field(validator=text())
    first: str = field(validator=text())
    keywords: tuple[Keyword, ...] = field(default=(), converter=_keywords)
    heading: str | None = field(default=None, validator=text_or_none())


def _a_message(message: object) -> Message:
    if not isinstance(message, Message):
        raise InvalidArgument(f"a message is a Message(title=…, description=…, …), not {type(message).__name__}")
    return message


def _swan_ids(values: Iterable[str]) -> tuple[str, ...]:
    ids = several("swan_ids", values, str, MAX_SWAN_IDS)
    if not 1 <= len(ids) <= MAX_SWAN_IDS:
        many = f"more than {MAX_SWAN_IDS}" if ids else "none"
        raise InvalidArgument(
            f"swan_ids are 1 to {MAX_SWAN_IDS} per call, not {many}: make a call for each {MAX_SWAN_IDS}"
        )
    for one in ids:
        if "," in given_text("a swan id", one):
            raise InvalidArgument("a swan id has no comma: give each user as a text of its own")
    return ids


@frozen
class Push:
    """A message to some users.

    Raises:
        InvalidArgument: Not 1 to 100 users, an id that is empty or has a comma, or no `Message`.
    """

    swan_ids: tuple[str, ...] = field(converter=_swan_ids)
    message: Message = field(converter=_a_message)


@frozen
class Broadcast:
    """A message to all users.

    Raises:
        InvalidArgument: No `Message`.
    """

    message: Message = field(converter=_a_message)


# --- cards in feeds (seed 003 § 3) ----------------------------------------------------------------------------------


class FeedTemplate(Enum):
    """How the cards of a feed look (seed 003 § 3, `templete_type`)."""

    WITH_SUMMARY = 1
    """大图有摘要: card titles of at most 8 characters, and each card has a description."""
    WITHOUT_SUMMARY = 2
    """大图无摘要: card titles of at most 20 characters."""


_CARD_TITLE: Final = {FeedTemplate.WITH_SUMMARY: 8, FeedTemplate.WITHOUT_SUMMARY: 20}


def _cards(values: Iterable[FeedCard]) -> tuple[FeedCard, ...]:
    return several("cards", values, FeedCard, MAX_CARDS)


def _template(value: FeedTemplate | int) -> FeedTemplate:
    return chosen(FeedTemplate, value)


@frozen
class FeedCard:
    """A card in a feed (seed 003 § 3, `scard_list`).

    Attributes:
        title: Its title: at most 8 characters with a summary, 20 without (see `FeedTemplate`).
        image_url: The address of its picture, at most 500 characters; a JPG of 456 × 306 pixels.
        path: The page of the app that it opens, at most 500 characters.
        description: Its summary, at most 20 characters; `FeedTemplate.WITH_SUMMARY` needs one.

    Raises:
        InvalidArgument: A text that is missing, empty or too long.
    """

    title: str = field(validator=text(_CARD_TITLE[FeedTemplate.WITHOUT_SUMMARY]))
    image_url: str = field(validator=address(_CARD_ADDRESS))
    path: str = field(validator=text(_CARD_ADDRESS))
    description: str | None = field(default=None, validator=text_or_none(_CARD_TEXT))


@frozen
class FeedSubmission:
    """Cards for a feed, under one title.

    Raises:
        InvalidArgument: Not 5 to 9 cards, a title that is too long for the template, or a summary that it needs.
    """

    title: str = field(validator=text(_TITLE))
    cards: tuple[FeedCard, ...] = field(converter=_cards)
    template: FeedTemplate = field(converter=_template)

    def __attrs_post_init__(self) -> None:
        if not MIN_CARDS <= len(self.cards) <= MAX_CARDS:
            many = len(self.cards) if len(self.cards) < MIN_CARDS else f"more than {MAX_CARDS}"
            raise InvalidArgument(f"a feed has {MIN_CARDS} to {MAX_CARDS} cards, not {many}")
        for place, card in enumerate(self.cards, start=1):
            given_text(f"the title of card {place}", card.title, _CARD_TITLE[self.template])
            if self.template is FeedTemplate.WITH_SUMMARY and card.description is None:
                raise InvalidArgument(
                    f"card {place} lacks its description, which FeedTemplate.WITH_SUMMARY needs;"
                    " give one to each card, or choose FeedTemplate.WITHOUT_SUMMARY"
                )
