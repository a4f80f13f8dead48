"""Whatever is sealed as the provider seals it opens to what it was."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from miniapp_tp import PushRejected
from tests.support.pushing import (
    KUAISHOU_KEY,
    NOW,
    baidu_client,
    baidu_push,
    encrypted,
    kuaishou_body,
    kuaishou_client,
    kuaishou_push,
    kuaishou_signed,
    opened,
    padded,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = st.text(st.characters(codec="utf-8"), max_size=80)
VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXTS | st.lists(TEXTS, max_size=3)
FIELDS = st.dictionaries(TEXTS, VALUES, max_size=8)
NAMES = st.sampled_from(
    ["ticket", "AUTHORIZED", "UNAUTHORIZED", "APP_NAME_AUDIT_FAIL", "APP_SERVER_PAUSE", "COMPONENT_TICKET", "push", ""]
)
KNOWN = st.fixed_dictionaries(
    {"event": NAMES | VALUES},
    optional=dict.fromkeys(
        ["appId", "tpAppId", "eventTime", "CreateTime", "Ticket", "MsgType", "authorizationCode", "reason"], VALUES
    ),
)
LETTERS = st.text("0123456789abcdefXYZ", min_size=1, max_size=32)


def written(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


@given(fields=FIELDS | KNOWN, random=st.binary(min_size=16, max_size=16), nonce=LETTERS, tail=LETTERS)
def test_baidu(fields: dict[str, Any], random: bytes, nonce: str, tail: str) -> None:
    message = written(fields)
    event = opened(baidu_client(), baidu_push(message, random=random, nonce=nonce, tail=tail, stamp=str(NOW - 5)))
    assert (event.fields, event.raw) == (fields, message)
    assert event.time is None or event.time.utcoffset() is not None
    assert event.app is None or event.app == event.app.strip()
    assert event.component is not None


@given(fields=FIELDS | KNOWN, message_id=LETTERS, url_safe=st.booleans())
def test_kuaishou(fields: dict[str, Any], message_id: str, *, url_safe: bool) -> None:
    message = written(fields)
    text = encrypted(KUAISHOU_KEY, padded(message, 16))
    if url_safe:
        text = text.replace("+", "-").replace("/", "_")
    event = opened(kuaishou_client(), kuaishou_signed(kuaishou_body(text, msgId=message_id)))
    assert (event.fields, event.raw, event.id) == (fields, message, message_id)
    assert opened(kuaishou_client(), kuaishou_push(message, msgId=message_id)) == event


@given(first=FIELDS, second=FIELDS)
def test_baidus_ids_are_as_different_as_the_messages(first: dict[str, Any], second: dict[str, Any]) -> None:
    one, other = (opened(baidu_client(), baidu_push(written(fields))) for fields in (first, second))
    assert (one.id == other.id) == (one.raw == other.raw)


@given(garbage=st.binary(min_size=1, max_size=200))
def test_what_is_signed_but_garbage_is_still_turned_away_quietly(garbage: bytes) -> None:
    for push in (kuaishou_signed(garbage), kuaishou_push(garbage), baidu_push(garbage)):
        client = kuaishou_client() if push.headers else baidu_client()
        with contextlib.suppress(PushRejected):
            assert opened(client, push).raw == garbage
