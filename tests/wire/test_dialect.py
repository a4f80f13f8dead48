"""How bodies are written."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.sandbox.multipart import parts
from miniapp_tp.wire.dialect import form, json_object
from miniapp_tp.wire.messages import File

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(TEXTS, TEXTS))
def test_a_form_says_what_it_was_given(fields: dict[str, str]) -> None:
    headers, body = form(fields)
    assert headers == (("content-type", "application/x-www-form-urlencoded"),)
    assert dict(parse_qsl(body.decode("ascii"), keep_blank_values=True)) == fields


@given(st.dictionaries(TEXTS, st.one_of(TEXTS, st.lists(TEXTS), st.integers())))
def test_a_json_object_says_what_it_was_given(fields: dict[str, object]) -> None:
    headers, body = json_object(fields)
    assert headers == (("content-type", "application/json"),)
    assert json.loads(body) == fields


def test_json_is_utf_8_rather_than_escapes() -> None:
    assert json_object({"a": "中"})[1] == '{"a": "中"}'.encode()


PARTS = st.dictionaries(st.from_regex(r"[A-Za-z]{1,9}", fullmatch=True), st.one_of(TEXTS, st.binary()), min_size=1)


@given(PARTS, st.binary())
def test_a_form_with_a_file_comes_in_parts(values: dict[str, str | bytes], data: bytes) -> None:
    files = {
        name: File(name="a.png", content_type="image/png", data=value)
        for name, value in values.items()
        if isinstance(value, bytes)
    }
    wanted = {**values, "multipartFile": data}
    headers, body = form({**values, **files, "multipartFile": File(name="b.png", content_type="image/png", data=data)})
    ((name, content_type),) = headers
    assert name == "content-type"
    assert dict(parts(content_type, body)) == wanted
    assert (
        form({**values, **files, "multipartFile": File(name="b.png", content_type="image/png", data=data)})[1] == body
    )


def test_a_file_shows_nothing_of_itself() -> None:
    assert "secret" not in repr(File(name="a.png", content_type="image/png", data=b"secret"))
