"""Putting messages into the envelopes that the providers push them in: the other side of `open_push`.

It is written from wire/baidu.md § 2 and wire/kuaishou.md § 2 alone, and shares nothing with what opens the envelopes
but the primitives. Stamps, nonces and random bytes are the caller's.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from attrs import field, frozen

from miniapp_tp.wire import crypto

_WIDTH: Final = {"baidu": 32, "kuaishou": 16}


@frozen(kw_only=True)
class Sealing:
    """What a component entered at its provider for pushed messages.

    Attributes:
        token: The message verification token.
        key: The text of the message encryption key.
        component: What stands after a message of Baidu's, or in an envelope of Kuaishou's.
    """

    token: str = field(repr=False)
    key: str = field(repr=False)
    component: str

    @property
    def key_bytes(self) -> bytes:
        """The key itself."""
        return base64.b64decode(self.key.rstrip("=") + "=" * (-len(self.key.rstrip("=")) % 4))


def written(fields: dict[str, Any]) -> bytes:
    """Write JSON as the providers' samples have it: compact, and Chinese as it is."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def baidu_push(sealing: Sealing, message: bytes, *, stamp: int, nonce: str, random: bytes) -> bytes:
    """Encrypt and sign a message as Baidu does.

    Args:
        sealing: Keys.
        message: The message.
        stamp: Epoch seconds.
        nonce: Up to 32 letters and digits.
        random: 16 bytes that no two messages share.

    Returns:
        The body.
    """
    encrypted = baidu_encrypted(sealing, message, random=random)
    parts = {"TimeStamp": str(stamp), "Nonce": nonce, "Encrypt": encrypted}
    return written({**parts, "MsgSignature": baidu_signature(sealing, *parts.values())})


def baidu_encrypted(sealing: Sealing, message: bytes, *, random: bytes) -> str:
    """Encrypt a message as Baidu does: random bytes, the length, the message, the component."""
    plain = random + len(message).to_bytes(4, "big") + message + sealing.component.encode()
    return base64.b64encode(crypto.encrypt(sealing.key_bytes, crypto.pad(plain, _WIDTH["baidu"]))).decode()


def baidu_signature(sealing: Sealing, *parts: str) -> str:
    """Sign as Baidu does: the parts and the token in the order of their letters."""
    return crypto.sha1(*(part.encode() for part in sorted([sealing.token, *parts])))


def kuaishou_push(
    sealing: Sealing, message: bytes, *, message_id: str, milliseconds: int
) -> tuple[dict[str, str], bytes]:
    """Encrypt and sign a message as Kuaishou does.

    Args:
        sealing: Keys.
        message: The message.
        message_id: The same for every delivery.
        milliseconds: Of the epoch.

    Returns:
        The headers and the body.
    """
    data = crypto.encrypt(sealing.key_bytes, crypto.pad(message, _WIDTH["kuaishou"]))
    body = written(
        {
            "encryptedMsg": base64.b64encode(data).decode(),
            "msgId": message_id,
            "componentAppId": sealing.component,
            "timestamp": milliseconds,
        }
    )
    signature = crypto.sha1(body, sealing.token.encode())
    return {"content-type": "application/json", "kwaisign": signature}, body
