"""Pushed messages in the envelopes of their providers (§ 2 of wire/baidu.md and wire/kuaishou.md).

Written from those pages, not from the SDK's own opening of them.
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


@frozen
class PushKeys:
    """What is entered at the provider so that its pushes can be told from others'.

    Attributes:
        token: What messages are signed with.
        key: What they are encrypted with, 43 characters.
        component: The component they are for.
        tail: What follows the message in Baidu's plain text: the platform's number.
    """

    token: str = field(repr=False)
    key: str = field(repr=False)
    component: str
    tail: str = ""


@frozen
class Envelope:
    """A message as it is posted."""

    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


class Sealing(Protocol):
    """How a provider puts a message into its envelope, and what it takes for an acknowledgement."""

    def __call__(self, keys: PushKeys, message: Mapping[str, Any], stamp: float, msg_id: str, /) -> Envelope: ...  # noqa: D102


def seal_baidu(keys: PushKeys, message: Mapping[str, Any], stamp: float, _msg_id: str) -> Envelope:
    """Wrap a message as Baidu does (wire/baidu.md § 2.1 to § 2.3)."""
    text = _text(message)
    plain = secrets.token_bytes(16) + len(text).to_bytes(4, "big") + text + keys.tail.encode()
    encrypted = base64.b64encode(_encrypt(keys.key, plain, _BAIDU_BLOCK)).decode()
    timestamp, nonce = f"{int(stamp):010d}", f"{secrets.randbelow(10**7)}"
    signed = "".join(sorted([keys.token, timestamp, nonce, encrypted])).encode()
    body = {
        "Nonce": nonce,
        "TimeStamp": timestamp,
        "Encrypt": encrypted,
        "MsgSignature": hashlib.sha1(signed).hexdigest(),  # noqa: S324 - Baidu's choice
    }
    return Envelope((_JSON,), _text(body))


def seal_kuaishou(keys: PushKeys, message: Mapping[str, Any], stamp: float, msg_id: str) -> Envelope:
    """Wrap a message as Kuaishou does (wire/kuaishou.md § 2.1, § 2.3 and § 2.4)."""
    encrypted = base64.b64encode(_encrypt(keys.key, _text(message), _KUAISHOU_BLOCK)).decode()
    body = _text(
        {
            "encryptedMsg": encrypted,
            "msgId": msg_id,
            "componentAppId": keys.component,
            "timestamp": int(stamp * 1000),
        }
    )
    signature = hashlib.sha1(body + keys.token.encode()).hexdigest()  # noqa: S324 - Kuaishou's choice
    return Envelope((_JSON, ("kwaisign", signature)), body)


def forged(envelope: Envelope) -> Envelope:
    """Give an envelope whose signature somebody made up who hasn't got the token."""
    made_up = secrets.token_hex(20)
    if any(name == "kwaisign" for name, _ in envelope.headers):
        headers = tuple((name, made_up if name == "kwaisign" else value) for name, value in envelope.headers)
        return Envelope(headers, envelope.body)
    return Envelope(envelope.headers, _text({**json.loads(envelope.body), "MsgSignature": made_up}))


def acknowledges_baidu(body: bytes, _msg_id: str) -> bool:
    """Tell whether an answer is what Baidu waits for (wire/baidu.md § 2.4)."""
    return body == b"success"


def acknowledges_kuaishou(body: bytes, msg_id: str) -> bool:
    """Tell whether an answer is what Kuaishou waits for (wire/kuaishou.md § 2.2)."""
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return bool(answer == {"result": 1, "message_id": msg_id})


def _text(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _encrypt(key: str, plain: bytes, block: int) -> bytes:
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 - an extra
    except ImportError:
        raise NotSupported("the sandbox needs cryptography to push: pip install 'miniapp_tp[push]'") from None
    raw = base64.b64decode(key + "=")
    pad = block - len(plain) % block
    encryptor = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).encryptor()
    return encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
