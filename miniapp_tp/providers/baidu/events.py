"""How Baidu pushes events (wire/baidu.md § 2): its envelope, its signature, its encryption, its names.

Nothing separates the parts that are signed, so each of them is also held to its form: otherwise letters could move
from one to the next under a signature that stays good.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

from attrs import frozen

from miniapp_tp.contract import MissedContract, PushContract
from miniapp_tp.models import (
    AppStatus,
    AppStatusChanged,
    AuditFinished,
    AuditSubject,
    Event,
    TicketPushed,
    UrlVerification,
)
from miniapp_tp.wire.crypto import decoded, decrypt, same, sha1, unpad
from miniapp_tp.wire.dialect import Credential
from miniapp_tp.wire.endpoint import Endpoint
from miniapp_tp.wire.pushes import (
    STALE,
    Answer,
    Found,
    MissedPage,
    Pushed,
    PushKeys,
    Rejection,
    Span,
    Window,
    as_kind,
    authorization,
    json_of,
    message_of,
    moment,
    object_of,
)
from miniapp_tp.wire.tolerance import integer, listed, mapping, text

KEY_LETTERS: Final = 43
BLOCK: Final = 32
"""Bytes that a message is padded to a multiple of: twice an AES block."""
RANDOM: Final = 16
HEAD: Final = RANDOM + 4
"""Bytes before the message: random ones, and its length."""

_DAY: Final = 86_400
_WEEK: Final = 7 * _DAY
_MONTH: Final = 30 * _DAY
_STAMP: Final = re.compile(r"[0-9]{10}")
_NONCE: Final = re.compile(r"[0-9A-Za-z]{1,32}")
_KEY: Final = re.compile(rf"[0-9A-Za-z+/]{{{KEY_LETTERS}}}")
_TAIL: Final = re.compile(rb"[0-9A-Za-z_-]{1,64}")

_STATUSES: Final = {
    "APP_FORCE_OFFLINE": AppStatus.FORCED_OFFLINE,
    "APP_SERVER_PAUSE": AppStatus.PAUSED,
    "APP_SERVER_RESUME": AppStatus.ONLINE,
    "TIME_LIMIT_RECTIFY_NOTIFY": AppStatus.RECTIFYING,
    "FLOW_CLOSE_NOTIFY": AppStatus.FLOW_OFFLINE,
}
_REVIEWS: Final = {
    "APP_NAME_AUDIT": AuditSubject.NAME,
    "APP_ICON_AUDIT": AuditSubject.ICON,
    "APP_DESC_AUDIT": AuditSubject.DESCRIPTION,
    "APP_CATEGORY_AUDIT": AuditSubject.CATEGORIES,
    "BASE_INFO_OFFLINE_AUDIT": AuditSubject.BASIC_INFO,
    "FLOW_CLOSE_AUDIT": AuditSubject.RECOVERY,
    "APPLY_APP_MOBILE_AUTH": AuditSubject.MOBILE_AUTH,
    "PACKAGE_AUDIT": AuditSubject.PACKAGE,
    "ACCOUNT_AND_APP_CREATE_AUDIT": AuditSubject.ACCOUNT_AND_APP,
    "APP_PAYMENT_CREATE_ACCOUNT": AuditSubject.PAYMENT_ACCOUNT,
    "APP_PAYMENT_CREATE_PAYMENT": AuditSubject.PAYMENT_SERVICE,
    "APP_PAYMENT_UPDATE_DEVELOP_CONFIG": AuditSubject.PAYMENT_CONFIG,
    "AUDIT_SUB_CHAIN": AuditSubject.SUBCHAIN,
    "BRAND_WORD_AUDIT": AuditSubject.BRAND_WORD,
    "APP_SEARCH_PATH_AUDIT": AuditSubject.SEARCH_PATH,
    "ARTICLE_MOUNT_AUDIT": AuditSubject.ARTICLE_MOUNT,
}
# The documents end the name of one event now in this way, now in that.
_ENDINGS: Final = {"PASS": True, "SUCCESS": True, "FAIL": False, "FAILED": False, "REJECT": False}
_RESULTS: Final = {
    **{f"{name}_{end}": (subject, passed) for name, subject in _REVIEWS.items() for end, passed in _ENDINGS.items()},
    # What was granted after a review holds no longer, and takes another one.
    "APP_MOBILE_AUTH_CANCEL": (AuditSubject.MOBILE_AUTH, False),
}


@frozen
class Envelope:
    """What a message travels in.

    Attributes:
        stamp: When it was sent, in epoch seconds.
        nonce: A text that is used once.
        encrypted: The encrypted message, in base64; or the text to send back, which isn't signed.
        signature: Over all of it and the token.
    """

    stamp: str
    nonce: str
    encrypted: str
    signature: str


_Parts: TypeAlias = Mapping[str, Any]


def push_key(written: str) -> bytes | None:
    """Decode the text of a message key; its last letter may carry spare bits."""
    return base64.b64decode(f"{written}=") if _KEY.fullmatch(written) else None


def signature(keys: PushKeys, *parts: str) -> str:
    """Sign some parts as Baidu does (wire/baidu.md § 2.2)."""
    return sha1("".join(sorted([keys.token.reveal(), *parts])).encode("utf-8", "surrogatepass"))


def open_push(keys: PushKeys, pushed: Pushed, window: Window) -> Event | Rejection:
    """Verify, decrypt and read a pushed message, or a question whether the address is the component's."""
    if too_long := pushed.too_long():
        return too_long
    query = dict(parse_qsl(pushed.query, keep_blank_values=True))
    if _asks(query):
        return _answered(keys, query, window)
    body = json_of(pushed.body)
    if body is ...:
        return Rejection("json", "the body isn't JSON in UTF-8")
    fields = object_of(body) or {}
    if _asks(fields):
        return _answered(keys, fields, window)
    envelope = _envelope(fields, "TimeStamp", "Nonce", "Encrypt", "MsgSignature")
    if isinstance(envelope, Rejection):
        return envelope
    return _unverified(keys, envelope, window, envelope.encrypted) or open_message(keys, envelope.encrypted)


def _asks(fields: _Parts) -> bool:
    """Tell whether this is a URL verification, which comes in a query or as JSON (wire/baidu.md § 2.4)."""
    return any(name.lower() == "echostr" for name in fields)


def _answered(keys: PushKeys, asked: _Parts, window: Window) -> Event | Rejection:
    found = {name.lower(): value for name, value in asked.items()}
    envelope = _envelope(found, "timestamp", "nonce", "echostr", "signature")
    if isinstance(envelope, Rejection):
        return envelope
    if rejection := _unverified(keys, envelope, window):
        return rejection
    echo, raw = envelope.encrypted, envelope.encrypted.encode("utf-8", "surrogatepass")
    id_ = hashlib.sha256(raw).hexdigest()
    return UrlVerification("echoStr", None, None, moment(envelope.stamp), id_, fields=dict(asked), raw=raw, echo=echo)


def _envelope(fields: _Parts, stamp: str, nonce: str, encrypted: str, signed: str) -> Envelope | Rejection:
    found = Envelope(*(_part(fields.get(name)) for name in (stamp, nonce, encrypted, signed)))
    if not _STAMP.fullmatch(found.stamp):
        return Rejection("layout", f"{stamp} isn't ten digits")
    if not _NONCE.fullmatch(found.nonce):
        return Rejection("layout", f"{nonce} isn't 1 to 32 letters and digits")
    if not found.encrypted or not found.signature:
        return Rejection("layout", f"{encrypted} and {signed} aren't text")
    return found


def _part(value: object) -> str:
    """Read a part: the time may come as a number, whose decimal text is what is signed."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _unverified(keys: PushKeys, envelope: Envelope, window: Window, *more: str) -> Rejection | None:
    if not same(signature(keys, envelope.stamp, envelope.nonce, *more), envelope.signature):
        return Rejection("signature", "the signature isn't made with this component's push_token")
    return None if int(envelope.stamp) in window else STALE


def open_message(keys: PushKeys, encrypted: str) -> Event | Rejection:
    """Decrypt and read a message that is known to come from Baidu (wire/baidu.md § 2.3)."""
    data = decoded(encrypted)
    if not data or len(data) % BLOCK:
        return Rejection("base64", f"Encrypt isn't canonical base64 of whole blocks of {BLOCK} bytes")
    plain = unpad(decrypt(keys.key, data))
    if plain is None:
        return Rejection("padding", "no padding came out: push_key isn't the key it was encrypted with")
    end = HEAD + int.from_bytes(plain[RANDOM:HEAD], "big")
    if not HEAD < end <= len(plain):
        return Rejection("layout", "the length of the message isn't the one that is written before it")
    tail = plain[end:]
    if keys.recipients and not any(same(tail.decode("latin-1"), one) for one in keys.recipients):
        return Rejection("component", "the id after the message is none of push_ids")
    message = plain[HEAD:end]
    component = tail.decode() if _TAIL.fullmatch(tail) else None
    return read(message, hashlib.sha256(message).hexdigest(), component)


def read(message: bytes, id_: str, component: str | None) -> Event | Rejection:
    """Make an event of a decrypted message.

    Args:
        message: The message.
        id_: What tells it from others.
        component: The component, where the message itself doesn't name it.
    """
    fields = message_of(message)
    if fields is None:
        return Rejection("json", "the message isn't a JSON object in UTF-8")
    found = Found(fields)
    common = Event(
        name=found.name("event", "msgtype"),
        app=found.text("appid", "tousername"),
        component=found.text("tpappid") or component,
        time=found.time("eventtime", "createtime"),
        id=id_,
        fields=fields,
        raw=message,
    )
    return _ticket(common, found) or _review(common, found) or authorization(common, found)


def _ticket(common: Event, found: Found) -> Event | None:
    ticket = found.text("ticket") if (found.text("msgtype") or "").lower() == "ticket" else None
    return as_kind(TicketPushed, common, ticket=ticket) if ticket else None


def _review(common: Event, found: Found) -> Event | None:
    """Read the end of a review or a change of status; two samples misspell the reason."""
    reason = found.text("reason", "reson")
    name = common.name.upper()
    if status := _STATUSES.get(name):
        return as_kind(AppStatusChanged, common, status=status, reason=reason)
    if result := _RESULTS.get(name):
        return as_kind(AuditFinished, common, subject=result[0], passed=result[1], reason=reason)
    return None


def acknowledge(event: Event) -> Answer:
    """Answer as Baidu wants it: `success`, or the text that it asked with (wire/baidu.md § 2.4)."""
    body = event.raw if isinstance(event, UrlVerification) else b"success"
    # The text to send back isn't signed, so no browser may take it for a page.
    return 200, {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}, body


def _span_fields(span: Span) -> dict[str, int]:
    return {"start": span.start, "end": span.end, "offset": span.offset}


def _missed_page(_app: str, data: object) -> MissedPage:
    found = mapping(data)
    total = integer(found.get("count"))
    if "list" not in found and total != 0:
        raise TypeError
    messages = (text(mapping(item).get("content")) for item in listed(found.get("list")))
    return MissedPage(total, tuple(message or "" for message in messages))


MISSED: Final = Endpoint[Span, MissedPage](
    name="missed_events",
    path="/rest/2.0/smartapp/pushmsg/getmsg",
    # 2: those that failed.
    fixed={"push_type": "2", "count": "100"},
    encode=_span_fields,
    decode=_missed_page,
    credential=Credential.COMPONENT,
)
"""Gives failed pushes again (wire/baidu.md § 2.5)."""

PUSHES: Final = PushContract(
    key=push_key,
    key_form=f"{KEY_LETTERS} letters and digits",
    open=open_push,
    read=read,
    acknowledge=acknowledge,
    missed=MissedContract(endpoint=MISSED, span=_WEEK, reach=_MONTH, open=open_message),
)
"""How Baidu pushes."""
