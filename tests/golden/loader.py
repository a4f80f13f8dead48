"""The files next to this one: what crosses the wire, by the vendors' documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from attrs import field, frozen

_HERE: Final = Path(__file__).parent
FILE: Final = "multipartFile"
"""The part that is a file (wire/baidu.md § 7.1)."""
CASES: Final = sorted(
    (path.parent.name, path.name.removesuffix(".request.json")) for path in _HERE.glob("*/*.request.json")
)
"""Provider and name of every pair of files."""


@frozen
class GoldenRequest:
    """A request as the documents have it; `form`, `json` and `parts` are the fields of its body.

    Of `parts`, a `multipart/form-data`, the one called `multipartFile` is a file, its bytes written as characters.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str] | None = None
    json: dict[str, Any] | None = field(default=None)
    parts: dict[str, str] | None = None

    @property
    def content_type(self) -> str:
        """The header of that name, with what the parts are told apart by."""
        return self.headers.get("content-type", "") + ("; boundary=golden" if self.parts else "")

    def values(self) -> dict[str, str | bytes]:
        """Give the parts, the file as bytes."""
        parts = (self.parts or {}).items()
        return {name: text.encode("latin-1") if name == FILE else text for name, text in parts}

    def body(self) -> bytes:
        """Write the body as any client would."""
        if self.parts is not None:
            pieces = [_part(name, value) for name, value in self.values().items()]
            return b"".join(b"--golden\r\n%s\r\n" % piece for piece in pieces) + b"--golden--\r\n"
        if self.form is not None:
            return urlencode(self.form).encode()
        return b"" if self.json is None else json.dumps(self.json).encode()


def _part(name: str, value: str | bytes) -> bytes:
    about = f'Content-Disposition: form-data; name="{name}"'
    if isinstance(value, str):
        return f"{about}\r\n\r\n{value}".encode()
    return f'{about}; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'.encode() + value


def golden_request(provider: str, name: str) -> GoldenRequest:
    """Read a request."""
    return GoldenRequest(**_read(provider, f"{name}.request.json"))


def golden_answer(provider: str, name: str) -> tuple[str, bytes]:
    """Read a reply's media type and body, whether it is JSON or a picture."""
    picture = _HERE / provider / f"{name}.reply.png"
    if picture.exists():
        return "image/png", picture.read_bytes()
    return "application/json", (_HERE / provider / f"{name}.reply.json").read_bytes()


def golden_reply(provider: str, name: str) -> dict[str, Any]:
    """Read the body of a reply."""
    return _read(provider, f"{name}.reply.json")


def _read(provider: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_HERE / provider / name).read_text("utf-8"))
    return found
