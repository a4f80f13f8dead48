"""Pushed messages per second on one core: verified, decrypted, read and made into a typed event.

    python -m benchmarks.pushes

Beside it runs what is usually written by hand instead, after the encryption class that WeChat's documents hand out: it
verifies, decrypts and gives the object, and checks no form, no age and no padding. Time is the process's own, so other
work on the machine does little to the figures; of several rounds, in which both take turns, the best one counts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from miniapp_tp import BaiduClient, KuaishouClient, PushRejected

if TYPE_CHECKING:
    from miniapp_tp.client.component import ComponentClient

ROUNDS: Final = 7
MESSAGES: Final = 4_000
NOW: Final = 1_600_000_000
TOKEN: Final = "made-up-push-token"  # noqa: S105
KEY_TEXT: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
KEY: Final = base64.b64decode(f"{KEY_TEXT}=")
COMPONENT: Final = "ks000000000000000001"
AUDIT: Final = {
    "appId": 15263713,
    "tpAppId": 14242323,
    "eventTime": "2019-01-14 12:45:10",
    "event": "APP_NAME_AUDIT_FAIL",
    "reason": "名称过长（名称控制在10个字以内）。",
}
TICKET: Final = {
    "componentAppId": COMPONENT,
    "componentTicket": "made-up-ticket-0001",
    "event": "COMPONENT_TICKET",
    "eventTime": NOW * 1000,
    "expiresIn": 10800,
}

Body = tuple[dict[str, str], bytes]
Opening = Callable[[dict[str, str], bytes], object]


def sha1(data: bytes) -> str:
    """Digest as both providers do."""
    return hashlib.sha1(data).hexdigest()  # noqa: S324 - their choice


def encrypted(plain: bytes, width: int) -> str:
    """Pad and encrypt."""
    count = width - len(plain) % width
    encryptor = Cipher(algorithms.AES(KEY), modes.CBC(KEY[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([count]) * count) + encryptor.finalize()).decode()


def baidu_pushes(count: int) -> list[Body]:
    """Seal messages as Baidu does, each with other random bytes."""
    message = json.dumps(AUDIT, ensure_ascii=False).encode()
    made: list[Body] = []
    for number in range(count):
        text = encrypted(os.urandom(16) + struct.pack(">I", len(message)) + message + b"14242323", 32)
        parts = {"TimeStamp": str(NOW), "Nonce": str(number), "Encrypt": text}
        signature = sha1("".join(sorted([TOKEN, *parts.values()])).encode())
        made.append(({}, json.dumps({**parts, "MsgSignature": signature}).encode()))
    return made


def kuaishou_pushes(count: int) -> list[Body]:
    """Seal messages as Kuaishou does, each with an id of its own."""
    made: list[Body] = []
    for number in range(count):
        text = encrypted(json.dumps({**TICKET, "number": number}).encode(), 16)
        fields = {"encryptedMsg": text, "msgId": f"id-{number}", "componentAppId": COMPONENT, "timestamp": NOW * 1000}
        body = json.dumps(fields).encode()
        made.append(({"content-type": "application/json", "kwaisign": sha1(body + TOKEN.encode())}, body))
    return made


class HandWritten:
    """What is usually written instead: right as long as nobody sends anything odd."""

    def baidu(self, _headers: dict[str, str], body: bytes) -> dict[str, Any]:
        """Open one of Baidu's."""
        envelope = json.loads(body)
        parts = sorted([TOKEN, envelope["TimeStamp"], envelope["Nonce"], envelope["Encrypt"]])
        if sha1("".join(parts).encode()) != envelope["MsgSignature"]:
            raise ValueError
        plain = self._decrypted(envelope["Encrypt"])
        (length,) = struct.unpack(">I", plain[16:20])
        found: dict[str, Any] = json.loads(plain[20 : 20 + length])
        return found

    def kuaishou(self, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        """Open one of Kuaishou's."""
        if sha1(body + TOKEN.encode()) != headers["kwaisign"]:
            raise ValueError
        found: dict[str, Any] = json.loads(self._decrypted(json.loads(body)["encryptedMsg"]))
        return found

    def _decrypted(self, text: str) -> bytes:
        decryptor = Cipher(algorithms.AES(KEY), modes.CBC(KEY[:16])).decryptor()
        plain: bytes = decryptor.update(base64.b64decode(text)) + decryptor.finalize()
        return plain[: -plain[-1]]


def seconds(open_one: Opening, pushes: list[Body]) -> float:
    """Give the processor's seconds that opening them all takes."""
    before = time.process_time()
    for headers, body in pushes:
        open_one(headers, body)
    return time.process_time() - before


def opening(client: ComponentClient) -> Opening:
    """Open as a receiver does."""
    return lambda headers, body: client.open_push(headers, body, now=NOW)


def rejecting(open_one: Opening) -> Opening:
    """Make of opening a good message the turning away of a bad one."""

    def turned_away(headers: dict[str, str], body: bytes) -> None:
        try:
            open_one(headers, body)
        except PushRejected as error:
            assert error.step == "signature"  # noqa: PT017 - no test
        else:
            raise AssertionError

    return turned_away


def measure() -> dict[str, dict[str, float]]:
    """Give events per second and core, by provider: opened by the SDK, by hand, and forged ones turned away."""
    keys: dict[str, Any] = {"tokens": {}, "push_token": TOKEN, "push_key": KEY_TEXT}
    forged: dict[str, Any] = {**keys, "push_token": "another-token"}
    by_hand = HandWritten()
    return {
        "baidu": _rates(
            baidu_pushes(MESSAGES),
            opening(BaiduClient("a-client-id", **keys)),
            by_hand.baidu,
            rejecting(opening(BaiduClient("a-client-id", **forged))),
        ),
        "kuaishou": _rates(
            kuaishou_pushes(MESSAGES),
            opening(KuaishouClient(COMPONENT, **keys)),
            by_hand.kuaishou,
            rejecting(opening(KuaishouClient(COMPONENT, **forged))),
        ),
    }


def _rates(pushes: list[Body], *ways: Opening) -> dict[str, float]:
    """Time all ways in turn."""
    rounds = [[seconds(way, pushes) for way in ways] for _ in range(ROUNDS)]
    ours, theirs, refused = (MESSAGES / min(times) for times in zip(*rounds, strict=True))
    return {"bytes": len(pushes[0][1]), "sdk": ours, "by_hand": theirs, "ratio": ours / theirs, "turned_away": refused}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
