"""Pushed messages for tests: sealed step by step, so that each step can go wrong on its own.

Written from wire/baidu.md § 2 and wire/kuaishou.md § 2 alone; it shares nothing with what opens them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from miniapp_tp import BaiduClient, Event, KuaishouClient, PushRejected

if TYPE_CHECKING:
    from miniapp_tp.client.component import ComponentClient

NOW: Final = 1_600_000_000
TOKEN: Final = "made-up-push-token"
BAIDU_KEY: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
KUAISHOU_KEY: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
CLIENT_ID: Final = "OdxUiUVpVxH2Ai7G02cIjXGnnnMEUntD"
COMPONENT: Final = "ks000000000000000001"
TAIL: Final = "14242323"
MESSAGE_ID: Final = "00000000-0000-4000-8000-000000000001"
RANDOM: Final = b"0123456789abcdef"
MESSAGE: Final = b'{"appId":15263713,"tpAppId":14242323,"eventTime":"2019-01-14 12:45:10","event":"APP_SERVER_PAUSE"}'

_GOLDEN: Final = Path(__file__).parent.parent / "golden"


@frozen
class Push:
    """A request, as `open_push` takes it."""

    body: bytes
    headers: dict[str, str] = field(factory=dict[str, str])
    query: str = ""


def baidu_client(**more: Any) -> BaiduClient:  # noqa: ANN401 - whatever a caller may give
    """Make a client that opens Baidu's pushes."""
    given: dict[str, Any] = {"tokens": {}, "push_token": TOKEN, "push_key": BAIDU_KEY, **more}
    return BaiduClient(CLIENT_ID, **given)


def kuaishou_client(**more: Any) -> KuaishouClient:  # noqa: ANN401 - whatever a caller may give
    """Make a client that opens Kuaishou's pushes."""
    given: dict[str, Any] = {"tokens": {}, "push_token": TOKEN, "push_key": KUAISHOU_KEY, **more}
    return KuaishouClient(COMPONENT, **given)


def opened(client: ComponentClient, push: Push, now: float = NOW) -> Event:
    """Open a request."""
    return client.open_push(push.headers, push.body, push.query, now)


def step_of(client: ComponentClient, push: Push, now: float = NOW) -> str:
    """Give the step at which a request is turned away; `"accepted"` if it isn't."""
    try:
        opened(client, push, now)
    except PushRejected as error:
        return error.step
    return "accepted"


def sha1(data: bytes) -> str:
    """Digest as both providers do."""
    return hashlib.sha1(data).hexdigest()  # noqa: S324 - their choice


def key_bytes(text: str) -> bytes:
    """Decode the text of a key."""
    return base64.b64decode(text + "=" * (-len(text) % 4))


def padded(plain: bytes, width: int) -> bytes:
    """Fill up to a multiple of `width` bytes."""
    count = width - len(plain) % width
    return plain + bytes([count]) * count


def encrypted(key: str, whole_blocks: bytes) -> str:
    """Encrypt, and write base64."""
    key_itself = key_bytes(key)
    encryptor = Cipher(algorithms.AES(key_itself), modes.CBC(key_itself[:16])).encryptor()
    return base64.b64encode(encryptor.update(whole_blocks) + encryptor.finalize()).decode()


def baidu_plain(message: bytes, tail: str = TAIL, length: int | None = None, random: bytes = RANDOM) -> bytes:
    """Put a message between random bytes and its length, and the component."""
    return random + (len(message) if length is None else length).to_bytes(4, "big") + message + tail.encode()


def baidu_signature(*parts: str, token: str = TOKEN) -> str:
    """Sign some parts."""
    return sha1("".join(sorted([token, *parts])).encode())


def baidu_signed(
    encrypt: str,
    *,
    stamp: str = str(NOW),
    nonce: str = "4464221",
    token: str = TOKEN,
) -> Push:
    """Sign what is encrypted."""
    parts = {"Nonce": nonce, "TimeStamp": stamp, "Encrypt": encrypt}
    signature = baidu_signature(*parts.values(), token=token)
    return Push(json.dumps({**parts, "MsgSignature": signature}, separators=(",", ":")).encode())


def baidu_push(message: bytes = MESSAGE, *, tail: str = TAIL, random: bytes = RANDOM, **more: Any) -> Push:  # noqa: ANN401
    """Seal a message as Baidu does."""
    return baidu_signed(encrypted(BAIDU_KEY, padded(baidu_plain(message, tail, random=random), 32)), **more)


def kuaishou_signed(body: bytes, token: str = TOKEN) -> Push:
    """Sign a body."""
    return Push(body, {"content-type": "application/json", "kwaisign": sha1(body + token.encode())})


def kuaishou_body(encrypt: str, **more: Any) -> bytes:  # noqa: ANN401 - whatever JSON can hold
    """Write an envelope; `more` replaces its parts."""
    fields = {"encryptedMsg": encrypt, "msgId": MESSAGE_ID, "componentAppId": COMPONENT, "timestamp": NOW * 1000 + 123}
    return json.dumps({**fields, **more}, separators=(",", ":")).encode()


def kuaishou_push(message: bytes = MESSAGE, **more: Any) -> Push:  # noqa: ANN401 - whatever JSON can hold
    """Seal a message as Kuaishou does."""
    return kuaishou_signed(kuaishou_body(encrypted(KUAISHOU_KEY, padded(message, 16)), **more))


@frozen
class Vector:
    """A pushed message that wasn't made by any code of ours."""

    provider: str
    name: str
    token: str = field(repr=False)
    key: str = field(repr=False)
    now: int
    headers: dict[str, str]
    message: str
    body: str

    @property
    def client(self) -> ComponentClient:
        """A client that opens it."""
        make = baidu_client if self.provider == "baidu" else kuaishou_client
        return make(push_token=self.token, push_key=self.key)

    @property
    def push(self) -> Push:
        """The request."""
        return Push(self.body.encode(), self.headers)


def vectors() -> list[Vector]:
    """Read the vectors of wire/, and those made with openssl."""
    names = ("published.json", "vectors.json")
    return [Vector(**one) for name in names for one in json.loads((_GOLDEN / "pushes" / name).read_text("utf-8"))]


def golden_messages(provider: str) -> list[str]:
    """Read a provider's messages, written as its documents write them."""
    return (_GOLDEN / provider / "events.txt").read_text("utf-8").splitlines()
