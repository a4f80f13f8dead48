"""Looking for secrets that sing: in every text that an error, a log or a record can be made into."""

from __future__ import annotations

import html
import logging
import pickle
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from attrs import define, field

from miniapp_tp import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

CORE: Final = "q7zcanary"
"""What every planted secret has in it; letters and digits, so that no encoding changes it by itself."""
TOKEN: Final = f"45.{CORE}/tok+en of=the&app%20"
SECRET: Final = f"{CORE}-component-secret"
PASSWORD: Final = f"{CORE}-proxy-password"

_TESTS: Final = str(Path(__file__).parent.parent)


def sings(text: str) -> bool:
    """Tell whether a text holds a planted secret, in one of the encodings that providers echo in."""
    seen = {text}
    for _ in range(3):
        seen |= {html.unescape(unquote(one)) for one in seen if "%" in one or "&" in one}
    if "\\u" in text:
        seen.add(text.encode("latin-1", "replace").decode("unicode_escape", "replace"))
    return any(CORE in one.lower() for one in seen)


def texts_of(error: BaseException) -> Iterator[tuple[str, str]]:
    """Give everything that an error, and those it comes from, can be made into."""
    for one in _chain(error):
        yield "str", str(one)
        yield "repr", repr(one)
        yield "args", repr(one.args)
        yield "attributes", repr(vars(one))
        yield "pickle", pickle.dumps(one, protocol=0).decode("latin-1")
        yield from (("frame", text) for text in _frames(one.__traceback__))
        reply = getattr(one, "reply", None)
        if isinstance(reply, Reply):
            yield "evidence", f"{reply.text} {dict(reply.headers)}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: list[BaseException | None] = [error]
    seen: set[int] = set()
    while found:
        one = found.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        found += [one.__cause__, one.__context__]


def _frames(trace: TracebackType | None) -> Iterator[str]:
    """Give the frames as error trackers show them, locals included; those of the tests hold the secrets."""
    for frame, line in traceback.walk_tb(trace):
        if not frame.f_code.co_filename.startswith(_TESTS):
            shown = {name: _shown(value) for name, value in frame.f_locals.items()}
            yield f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name} {shown}"


def _shown(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:
        return "half made"  # an object whose constructor raised


def frames_of(error: BaseException) -> list[str]:
    """Give the files of the frames that are searched, to show that there are some."""
    return list(_frames(error.__traceback__))


@define(eq=False)
class Listening(logging.Handler):
    """Keeps every text that a log record can be made into."""

    texts: list[str] = field(factory=list[str])

    def __attrs_pre_init__(self) -> None:
        super().__init__(logging.DEBUG)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, formatted and raw."""
        self.texts += [self.format(record), repr(record.__dict__), repr(record.args)]
