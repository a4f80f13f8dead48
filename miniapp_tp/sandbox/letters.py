"""Pushed messages as the providers post them, and what they take for an acknowledgement.

Written from § 2 of wire/baidu.md and wire/kuaishou.md, not from the SDK's own opening of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import field, frozen

from miniapp_tp.errors import NotSupported

if TYPE_CHECKING:
    from collections.abc import Mapping

_JSON: Final = ("content-type", "application/json;charset=UTF-8")
_BAIDU_BLOCK: Final = 32
_KUAISHOU_BLOCK: Final = 16


@frozen(kw_only=True)
class Sealing:
    """What is entered at a provider so that its pushes can be told from others'.

    Attributes:
        token: What messages are signed with.
        key: What they are encrypted with: 43 characters.
        component: What stands after a message of Baidu's, or in an envelope of Kuaishou's.
    """

    token: str = field(repr=False)
    key: str = field(repr=False)
    component: str


@frozen
class Letter:
    """A message as it is posted."""

    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


class Posting(Protocol):
    """How a provider writes a letter: from its keys, the message, the time, and what stays the same in a repeat."""

    def __call__(self, sealing: Sealing, message: Mapping[str, Any], now: float, msg_id: str, /) -> Letter: ...  # noqa: D102


def baidu_letter(sealing: Sealing, message: Mapping[str, Any], now: float, _msg_id: str) -> Letter:
    """Write a letter of Baidu's (wire/baidu.md § 2.1 to § 2.3)."""
    text = written(message)
    plain = secrets.token_bytes(16) + len(text).to_bytes(4, "big") + text + sealing.component.encode()
    encrypted = base64.b64encode(_encrypted(sealing.key, plain, _BAIDU_BLOCK)).decode()
    stamp, nonce = f"{int(now):010d}", f"{secrets.randbelow(10**7)}"
    signature = _sha1("".join(sorted([sealing.token, stamp, nonce, encrypted])).encode())
    return Letter(
        (_JSON,), written({"Nonce": nonce, "TimeStamp": stamp, "Encrypt": encrypted, "MsgSignature": signature})
    )


def kuaishou_letter(sealing: Sealing, message: Mapping[str, Any], now: float, msg_id: str) -> Letter:
    """Write a letter of Kuaishou's (wire/kuaishou.md § 2.1, § 2.3 and § 2.4)."""
    encrypted = base64.b64encode(_encrypted(sealing.key, written(message), _KUAISHOU_BLOCK)).decode()
    envelope = {"encryptedMsg": encrypted, "msgId": msg_id, "componentAppId": sealing.component}
    body = written({**envelope, "timestamp": int(now * 1000)})
    return Letter((_JSON, ("kwaisign", _sha1(body + sealing.token.encode()))), body)


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


def written(fields: Mapping[str, Any]) -> bytes:
    """Write JSON as the providers' samples have it: compact, and Chinese as it is."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _encrypted(key: str, plain: bytes, block: int) -> bytes:
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 - an extra
    except ImportError:
        raise NotSupported(
            "what is pushed is encrypted, which takes a package more: pip install 'miniapp_tp[push]'"
        ) from None
    raw, pad = base64.b64decode(f"{key}="), block - len(plain) % block
    encryptor = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).encryptor()
    return encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
