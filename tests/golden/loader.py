"""The files next to this one: what crosses the wire, by the vendors' documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from attrs import field, frozen

_HERE: Final = Path(__file__).parent
CASES: Final = sorted(
    (path.parent.name, path.name.removesuffix(".request.json")) for path in _HERE.glob("*/*.request.json")
)
"""Provider and name of every pair of files."""


@frozen
class GoldenRequest:
    """A request as the documents have it; `form` and `json` are the fields of its body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str] | None = None
    json: dict[str, Any] | None = field(default=None)

    def body(self) -> bytes:
        """Write the body as any client would."""
        if self.form is not None:
            return urlencode(self.form).encode()
        return b"" if self.json is None else json.dumps(self.json).encode()


def golden_request(provider: str, name: str) -> GoldenRequest:
    """Read a request."""
    return GoldenRequest(**_read(provider, f"{name}.request.json"))


def golden_reply(provider: str, name: str) -> dict[str, Any]:
    """Read the body of a reply."""
    return _read(provider, f"{name}.reply.json")


def _read(provider: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_HERE / provider / name).read_text("utf-8"))
    return found
