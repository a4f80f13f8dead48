"""Digests, base64 and AES as both providers use them for what they push; which parts, in which order, is theirs.

AES comes from `cryptography`, which the extra `push` installs; it is imported when it is first needed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from miniapp_tp.errors import NotSupported

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK: Final = 16
"""Bytes of an AES block, and of the initialization vector that both providers take from the key's beginning."""
WIDEST_PADDING: Final = 32


def missing() -> NotSupported | None:
    """Say what to install, if `cryptography` isn't."""
    try:
        _cipher()
    except ImportError:
        return NotSupported("pushed messages are encrypted, which takes a package more: pip install 'miniapp_tp[push]'")
    return None


@cache
def _cipher() -> Callable[[bytes], Any]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 - an extra

    return lambda key: Cipher(algorithms.AES(key), modes.CBC(key[:BLOCK]))


def decrypt(key: bytes, data: bytes) -> bytes:
    """Decrypt whole blocks; the padding stays on."""
    decryptor = _cipher()(key).decryptor()
    plain: bytes = decryptor.update(data) + decryptor.finalize()
    return plain


def unpad(padded: bytes) -> bytes | None:
    """Take the padding off, of 1 to 32 bytes; `None` if there is none."""
    count = padded[-1]
    if not 1 <= count <= min(WIDEST_PADDING, len(padded)) or padded[-count:] != bytes([count]) * count:
        return None
    return padded[:-count]


def sha1(*parts: bytes) -> str:
    """Give the SHA-1 of some parts in a row, in lower-case hexadecimal digits: what both providers sign with."""
    digest = hashlib.sha1(usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def same(one: str, other: str) -> bool:
    """Compare in a time that tells nothing of where two texts differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def decoded(text: str) -> bytes | None:
    """Decode base64 that is written in the one way that encoders write it; `None` for any other text."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None


def key_of(text: str) -> bytes | None:
    """Decode the text of a key: base64 of either alphabet, without its padding and maybe with spare bits in the end.

    A provider's console makes up such a text letter by letter, so its last letter may hold more bits than the key has.
    """
    plain = text.rstrip("=").translate(STANDARD)
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return None


STANDARD: Final = str.maketrans("-_", "+/")
"""From the URL-safe alphabet of base64 to the standard one."""
