"""How a provider speaks, as data: what all its operations share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from hashlib import sha256
from typing import Any, TypeAlias
from urllib.parse import urlencode

from attrs import field, frozen

from miniapp_tp.wire.meaning import Code, Codes, Meaning
from miniapp_tp.wire.messages import File


class Credential(Enum):
    """Whose token a call carries."""

    APP = "app"
    COMPONENT = "component"

    __hash__ = object.__hash__  # Enum's own is written in Python, and every call looks tokens up by it


@frozen
class Refusal:
    """A provider's no, as its body says it.

    Attributes:
        code: Its number or word.
        text: Its explanation.
    """

    code: Code | None
    text: str


@frozen
class Consent:
    """A provider's yes.

    Attributes:
        data: What came with it.
    """

    data: Any


Verdict: TypeAlias = Refusal | Consent | None
"""What a body says; `None` if it isn't this provider's."""

Body: TypeAlias = tuple[tuple[tuple[str, str], ...], bytes]
"""Headers and bytes of a request's body."""


def form(fields: Mapping[str, Any]) -> Body:
    """Write fields as a form, as browsers do: of several parts if a file is among them."""
    if any(isinstance(value, File) for value in fields.values()):
        return _of_parts(fields)
    return (("content-type", "application/x-www-form-urlencoded"),), urlencode(fields).encode()


def _of_parts(fields: Mapping[str, Any]) -> Body:
    """Write fields as `multipart/form-data`.

    The boundary follows from what it separates, so that the same request is always written the same, and no part can
    hold it but by breaking the hash.
    """
    parts = [_part(name, value) for name, value in fields.items()]
    boundary = sha256(b"".join(parts)).hexdigest()
    line = f"--{boundary}".encode()
    body = b"".join(b"%s\r\n%s\r\n" % (line, part) for part in parts)
    return (("content-type", f"multipart/form-data; boundary={boundary}"),), body + line + b"--\r\n"


def _part(name: str, value: object) -> bytes:
    about = f'Content-Disposition: form-data; name="{name}"'
    if isinstance(value, File):
        about += f'; filename="{value.name}"\r\nContent-Type: {value.content_type}'
        return f"{about}\r\n\r\n".encode() + value.data
    return f"{about}\r\n\r\n{value}".encode()


def json_object(fields: Mapping[str, Any]) -> Body:
    """Write fields as a JSON object."""
    return (("content-type", "application/json"),), json.dumps(fields, ensure_ascii=False).encode()


@frozen(kw_only=True)
class Dialect:
    """What all operations of a provider share.

    Attributes:
        provider: The provider's name.
        body: How the fields of a request are written.
        token_fields: The query's name for each kind of token.
        judge: What a reply's object says.
        codes: The provider's codes.
        request_ids: The names under which a body says which request it answers.
        own_codes: The user's additions, which outrank the others.
        always: What every query carries besides: Kuaishou's component.
    """

    provider: str
    body: Callable[[Mapping[str, Any]], Body]
    token_fields: Mapping[Credential, str]
    judge: Callable[[Mapping[str, Any]], Verdict]
    codes: Codes
    request_ids: tuple[str, ...] = ()
    own_codes: Codes = field(factory=dict[Code, Meaning])
    always: tuple[tuple[str, str], ...] = ()
