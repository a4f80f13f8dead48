"""Sealing bytes with AES-GCM under keys that rotate. Pure but for the dice that a nonce needs."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    from miniapp_tp.stores.base import Key

MAGIC: Final = b"\xe5mtp1"
"""What a sealed value begins with; no text in UTF-8 does."""

_KEY_BYTES: Final = 32
_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_HEADER: Final = len(MAGIC) + _ID_BYTES

Keys = bytes | str | Sequence[bytes | str]
"""A key is 32 bytes, or their Base64 as text; of several, the first seals and any of them opens."""


@frozen
class SealKey:
    """A key, and the name by which a sealed value tells which one it needs.

    Attributes:
        secret: The key.
        name: Says nothing about it.
    """

    secret: bytes = field(repr=False)
    name: bytes = field(init=False)

    def __attrs_post_init__(self) -> None:
        name = hmac.digest(self.secret, b"miniapp_tp name of a sealing key", "sha256")[:_ID_BYTES]
        object.__setattr__(self, "name", name)


def seal_keys(given: Keys) -> tuple[SealKey, ...] | InvalidArgument:
    """Read keys; if something isn't one, or there is none, the error is returned: no frame with them is in it."""
    several: Iterable[object] = given if isinstance(given, (list, tuple)) else (given,)
    texts = [_bytes(one) for one in several]
    found = [one for one in texts if one is not None and len(one) == _KEY_BYTES]
    if found and len(found) == len(texts):
        return tuple(map(SealKey, found))
    return InvalidArgument(
        f"a store's key is {_KEY_BYTES} random bytes, or their Base64 as text (or several of these, the newest first): "
        "python -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())'"
    )


def _bytes(one: object) -> bytes | None:
    if isinstance(one, bytes):
        return one
    if not isinstance(one, str):
        return None
    try:
        text = one.strip().translate(_URL_SAFE).rstrip("=")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


_URL_SAFE: Final = str.maketrans("-_", "+/")


def sealed(value: bytes, key: Key, version: int, by: SealKey) -> bytes:
    """Seal a value for one place and one version of it: anywhere else it doesn't open."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an extra

    header, nonce = MAGIC + by.name, secrets.token_bytes(_NONCE_BYTES)
    return header + nonce + AESGCM(by.secret).encrypt(nonce, value, _bound(header, key, version))


def is_sealed(value: bytes) -> bool:
    """Tell whether a value was sealed, by whatever key."""
    return value.startswith(MAGIC)


def is_by(value: bytes, by: SealKey) -> bool:
    """Tell whether a sealed value names a key."""
    return value[len(MAGIC) : _HEADER] == by.name


def opened(value: bytes, key: Key, version: int, keys: Iterable[SealKey]) -> bytes | None:
    """Open a sealed value; `None` if it wasn't sealed by any of the keys, for this place and version."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an extra

    header, nonce = value[:_HEADER], value[_HEADER : _HEADER + _NONCE_BYTES]
    by = next((one for one in keys if header == MAGIC + one.name), None)
    if by is None or len(nonce) < _NONCE_BYTES:
        return None
    try:
        return AESGCM(by.secret).decrypt(nonce, value[_HEADER + _NONCE_BYTES :], _bound(header, key, version))
    except InvalidTag:
        return None


def _bound(header: bytes, key: Key, version: int) -> bytes:
    """Write down what a value belongs to, so that no two places are written alike."""
    return header + json.dumps([key.component, key.kind, key.name, version]).encode()
