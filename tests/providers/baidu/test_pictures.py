"""An image or an error: decided by what came, whatever it calls itself (wire/baidu.md § 4 row 7)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from miniapp_tp.errors import InvalidRequest, MiniAppError, ProviderUnavailable, RateLimited, ReplyNotUnderstood
from miniapp_tp.providers.baidu.dialect import DIALECT
from miniapp_tp.providers.baidu.endpoints import GET_INFO, GET_QRCODE
from miniapp_tp.wire.exchange import parse
from miniapp_tp.wire.messages import Reply

PNG = b"\x89PNG\r\n\x1a\n and so on"
REFUSAL = json.dumps({"errno": 470018, "msg": "no"}).encode()


def read(body: bytes, content_type: str | None = None, status: int = 200, *, complete: bool = True) -> Any:  # noqa: ANN401 - a value or an error
    headers = {} if content_type is None else {"content-type": content_type}
    return parse(DIALECT, GET_QRCODE, "an-app", Reply(status, headers, body, complete), ())


@pytest.mark.parametrize("content_type", ["image/png", "application/octet-stream", "text/html", None], ids=str)
@pytest.mark.parametrize("body", [PNG, b"\xff\xd8\xff\xe0jpeg", b"GIF89a", b"BM bitmap"], ids=repr)
def test_bytes_of_an_image_are_one_whatever_they_are_called(body: bytes, content_type: str | None) -> None:
    assert read(body, content_type) == body


@pytest.mark.parametrize("content_type", ["image/webp", "IMAGE/PNG; x=y"])
def test_what_is_called_an_image_is_one_unless_it_is_text(content_type: str) -> None:
    assert read(b"RIFF....WEBP", content_type) == b"RIFF....WEBP"
    for body in (b"", b"  ", b"<html>", b" {broken", b"[1]"):
        assert type(read(body, content_type)) is ReplyNotUnderstood


@pytest.mark.parametrize("content_type", ["image/png", "application/json", None], ids=str)
def test_an_error_comes_in_json_under_status_200_too(content_type: str | None) -> None:
    error = read(REFUSAL, content_type)
    assert (type(error), error.code) == (InvalidRequest, 470018)


def test_a_yes_without_an_image_is_not_understood() -> None:
    assert type(read(b'{"errno": 0, "msg": "success"}')) is ReplyNotUnderstood


@pytest.mark.parametrize(
    ("status", "kind"), [(404, ReplyNotUnderstood), (429, RateLimited), (502, ProviderUnavailable)]
)
def test_an_image_under_another_status_is_none(status: int, kind: type[MiniAppError]) -> None:
    assert type(read(PNG, "image/png", status)) is kind


def test_half_an_image_is_none() -> None:
    assert type(read(PNG, "image/png", complete=False)) is ReplyNotUnderstood


def test_an_image_is_no_answer_to_anything_else() -> None:
    found = parse(DIALECT, GET_INFO, "an-app", Reply(200, {"content-type": "image/png"}, PNG), ())
    assert type(found) is ReplyNotUnderstood
