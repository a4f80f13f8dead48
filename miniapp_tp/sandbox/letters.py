"""Pushed messages as they are posted, and what the providers take for an acknowledgement.

Sources: § 2 of wire/baidu.md and wire/kuaishou.md.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import field, frozen

from miniapp_tp.sandbox.envelopes import Sealing, baidu_push, kuaishou_push, written

if TYPE_CHECKING:
    from collections.abc import Mapping

_JSON: Final = ("content-type", "application/json;charset=UTF-8")
_RANDOM: Final = 16


@frozen
class Letter:
    """A message as it is posted."""

    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


class Posting(Protocol):
    """How a provider writes a letter: from its keys, the message, the time, and what stays the same in a repeat."""

    def __call__(self, sealing: Sealing, message: Mapping[str, Any], now: float, msg_id: str, /) -> Letter: ...  # noqa: D102


def baidu_letter(sealing: Sealing, message: Mapping[str, Any], now: float, _msg_id: str) -> Letter:
    """Write a letter of Baidu's."""
    nonce, random = f"{secrets.randbelow(10**7)}", secrets.token_bytes(_RANDOM)
    return Letter((_JSON,), baidu_push(sealing, written(dict(message)), stamp=int(now), nonce=nonce, random=random))


def kuaishou_letter(sealing: Sealing, message: Mapping[str, Any], now: float, msg_id: str) -> Letter:
    """Write a letter of Kuaishou's."""
    headers, body = kuaishou_push(sealing, written(dict(message)), message_id=msg_id, milliseconds=int(now * 1000))
    return Letter(tuple(headers.items()), body)


def forged(letter: Letter) -> Letter:
    """Give a letter whose signature somebody made up who hasn't got the token."""
    made_up = secrets.token_hex(20)
    if any(name == "kwaisign" for name, _ in letter.headers):
        headers = tuple((name, made_up if name == "kwaisign" else value) for name, value in letter.headers)
        return Letter(headers, letter.body)
    return Letter(letter.headers, written({**json.loads(letter.body), "MsgSignature": made_up}))


def baidu_is_content(body: bytes, _msg_id: str) -> bool:
    """Tell whether an answer is what Baidu waits for (wire/baidu.md § 2.4)."""
    return body == b"success"


def kuaishou_is_content(body: bytes, msg_id: str) -> bool:
    """Tell whether an answer is what Kuaishou waits for (wire/kuaishou.md § 2.2)."""
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return bool(answer == {"result": 1, "message_id": msg_id})
