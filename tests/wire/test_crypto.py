"""Digests, base64, padding and AES as the providers use them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.wire.crypto import decoded, decrypt, key_of, same, sha1, unpad


def test_sha1_of_parts_is_that_of_the_whole() -> None:
    assert sha1(b"a", b"", b"bc") == sha1(b"abc") == "a9993e364706816aba3e25717850c26c9cd0d89d"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [("abc", "abc", True), ("abc", "abd", False), ("abc", "abcd", False), ("é", "é", True), ("", "", True)],
)
def test_comparing(one: str, other: str, *, alike: bool) -> None:
    assert same(one, other) is alike


# NIST SP 800-38A, F.2.5, its first block; our vector of initialization is the key's beginning.
def test_aes_256_in_cbc_mode() -> None:
    key = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    data = bytes.fromhex("f58c4c04d6e5f1ba779eabfb5f7bfbd6")
    expected = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")
    iv = bytes(range(16))
    plain = decrypt(key, data)
    assert bytes(one ^ two ^ three for one, two, three in zip(plain, key[:16], iv, strict=True)) == expected


@pytest.mark.parametrize(
    ("padded", "plain"),
    [
        (b"abc\x01", b"abc"),
        (b"a" + b"\x20" * 32, b"a"),
        (b"\x20" * 32, b""),
        (b"\x01", b""),
        (b"abc\x00", None),
        (b"a" * 15 + b"\x21" * 33, None),
        (b"abc\x02", None),
        (b"\x02\x01\x02", None),
        (b"\x03\x03", None),
    ],
)
def test_padding(padded: bytes, plain: bytes | None) -> None:
    assert unpad(padded) == plain


@given(st.binary(max_size=100))
def test_base64_as_encoders_write_it(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    assert decoded(text) == data
    for other in (f"{text}=", f"{text}\n", f" {text}", f"{text}é", text.rstrip("=") + "?"):
        assert decoded(other) is None


@pytest.mark.parametrize("text", ["QQ", "QQ=", "QR==", "QQ==QQ==", "Q-==", "=", "Q"])
def test_base64_that_no_encoder_writes(text: str) -> None:
    assert decoded(text) is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("QUI=", b"AB"),
        ("QUI", b"AB"),
        ("QUJ", b"AB"),
        ("-_-_", b"\xfb\xff\xbf"),
        ("QUJX", b"ABW"),
        ("Q", None),
        ("é", None),
    ],
)
def test_keys_of_either_alphabet_with_spare_bits(text: str, key: bytes | None) -> None:
    assert key_of(text) == key
