"""How bodies are written."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp.wire.dialect import form, json_object

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
