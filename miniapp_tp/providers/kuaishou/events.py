"""How Kuaishou pushes events (wire/kuaishou.md § 2): its envelope, its signature, its encryption, its names."""

from __future__ import annotations

import base64
import json
import re
from typing import Final

from attrs import frozen

from miniapp_tp.contract import PushContract
from miniapp_tp.models import Event, TicketPushed
from miniapp_tp.wire.crypto import BLOCK, STANDARD, decrypt, key_of, same, sha1, unpad
from miniapp_tp.wire.endpoint import absent
from miniapp_tp.wire.pushes import (
    STALE,
    Answer,
    Found,
    Pushed,
    PushKeys,
    Rejection,
    Window,
    as_kind,
    authorization,
    json_of,
    message_of,
    object_of,
)
from miniapp_tp.wire.tolerance import integer

HEADER: Final = "kwaisign"
KEY_BYTES: Final = (16, 24, 32)

_YEAR_10000: Final = 253_402_300_800_000
_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_ENCRYPTED: Final = re.compile(r"[0-9A-Za-z+/]+={0,2}")


@frozen
class Envelope:
    """What a message travels in.

    Attributes:
        encrypted: The encrypted message, in base64 of either alphabet.
        id: The same for every delivery.
        component: The component it is for.
        milliseconds: When it was sent.
    """

    encrypted: str
    id: str
    component: str
    milliseconds: int


def push_key(text: str) -> bytes | None:
    """Decode the text of a message key."""
    key = key_of(text)
    return key if key is not None and len(key) in KEY_BYTES else None


def signature(keys: PushKeys, body: bytes) -> str:
    """Sign a raw body as Kuaishou does (wire/kuaishou.md § 2.3)."""
    return sha1(body, keys.token.reveal().encode("utf-8", "surrogatepass"))


def open_push(keys: PushKeys, pushed: Pushed, window: Window) -> Event | Rejection:
    """Verify, decrypt and read a pushed message."""
    if too_long := pushed.too_long():
        return too_long
    if not same(signature(keys, pushed.body), (pushed.header(HEADER) or "").lower()):
        return Rejection("signature", f"{HEADER} isn't made with this component's push_token")
    envelope = _envelope(pushed.body)
    if isinstance(envelope, Rejection):
        return envelope
    if envelope.milliseconds / 1000 not in window:
        return STALE
    if envelope.component not in keys.recipients:
        return Rejection("component", "componentAppId is another component's")
    return _opened(keys, envelope)


def _envelope(body: bytes) -> Envelope | Rejection:
    found = json_of(body)
    if found is ...:
        return Rejection("json", "the body isn't JSON in UTF-8")
    fields = object_of(found) or {}
    texts = [fields.get(name) for name in ("encryptedMsg", "msgId", "componentAppId")]
    encrypted, id_, component = (value if isinstance(value, str) else "" for value in texts)
    milliseconds = integer(fields.get("timestamp"))
    if not encrypted or not component or milliseconds is None or not 0 <= milliseconds < _YEAR_10000:
        return Rejection("layout", "encryptedMsg, componentAppId or timestamp is missing, or no text or number")
    if not _ID.fullmatch(id_):
        return Rejection("layout", "msgId isn't 1 to 128 printable characters")
    return Envelope(encrypted, id_, component, milliseconds)


def _opened(keys: PushKeys, envelope: Envelope) -> Event | Rejection:
    data = _decoded(envelope.encrypted)
    if not data or len(data) % BLOCK:
        return Rejection("base64", f"encryptedMsg isn't base64 of whole blocks of {BLOCK} bytes")
    message = unpad(decrypt(keys.key, data))
    if message is None:
        return Rejection("padding", "no padding came out: push_key isn't the key it was encrypted with")
    return read(message, envelope.id, envelope.component)


def _decoded(text: str) -> bytes | None:
    """Decode base64 of either alphabet, with or without its padding."""
    standard = text.translate(STANDARD)
    if not _ENCRYPTED.fullmatch(standard):
        return None
    plain = standard.rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4)) if len(plain) % 4 != 1 else None


def read(message: bytes, id_: str, component: str | None) -> Event | Rejection:
    """Make an event of a decrypted message.

    Args:
        message: The message.
        id_: What tells it from others.
        component: The component it was pushed to.
    """
    fields = message_of(message)
    if fields is None:
        return Rejection("json", "the message isn't a JSON object in UTF-8")
    found = Found(fields)
    common = Event(
        name=found.name("event"),
        app=found.text("authorizerappid", "authorizedappid", "appid"),
        component=component,
        time=found.time("eventtime"),
        id=id_,
        fields=fields,
        raw=message,
    )
    ticket = found.text("componentticket")
    if common.name.upper() == "COMPONENT_TICKET" and ticket:
        return as_kind(TicketPushed, common, ticket=ticket)
    return authorization(common, found)


def acknowledge(event: Event) -> Answer:
    """Answer as Kuaishou wants it; anything else makes it push again (wire/kuaishou.md § 2.2)."""
    return 200, {"content-type": "application/json"}, json.dumps({"result": 1, "message_id": event.id}).encode()


PUSHES: Final = PushContract(
    key=push_key,
    key_form="base64 of 16, 24 or 32 bytes",
    open=open_push,
    read=read,
    acknowledge=acknowledge,
    missed=absent("Kuaishou pushes three times and keeps nothing that could be asked for later"),
)
"""How Kuaishou pushes."""
