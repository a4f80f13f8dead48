"""Taking secrets out of what a provider sent, before it becomes evidence in an error.

Providers echo what they were sent: plainly, percent-encoded (also twice, in a redirect), as JSON or HTML escapes,
or cut off in the middle. So text is read character by character as its reader would, and whatever then spells
the first letters of a secret is masked as far as it goes on spelling it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import evolve

from miniapp_tp.wire.messages import MASK, Reply, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_EVIDENCE: Final = 16 * 1024
_TELLING: Final = 8
_UNIT: Final = re.compile(
    r"%(?:25)*(?P<percent>[0-9a-f]{2})|\\{1,7}u(?P<json>[0-9a-f]{4})|\\{1,7}(?P<slash>/)|&#(?P<decimal>\d{1,7});"
    r"|&#x(?P<hex>[0-9a-f]{1,6});|&(?P<name>amp|lt|gt|quot|apos);|(?P<plain>.)",
    re.IGNORECASE | re.DOTALL,
)
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
# Every repetition is bounded: a provider's text of any kind is read in a time that grows as its length does.
_QUOTE: Final = r"(?:\\{0,7}[\"']|%(?:25){0,3}2[27]|&(?:quot|apos|#3[49]|#x2[27]);)?"
_CREDENTIAL: Final = re.compile(
    r"((?:(?:access|refresh|session|component|authoriz)\w{0,32}(?:token|key|secret|ticket)|(?:client|app)_?secret"
    rf"|authorization_?code|pre_?auth_?code|ticket){_QUOTE}\s{{0,9}}(?:=|:|%(?:25){{0,3}}3[ad])\s{{0,9}}{_QUOTE})"
    r"(?:[\w.~+/%=-]|\\{1,7}(?:/|u[0-9a-f]{4})|&#x?[0-9a-f]{1,6};){6,}",
    re.IGNORECASE,
)


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """Mask every spelling of the secrets and whatever is labelled as a credential; cut what is too long to keep."""
    text = text[:_EVIDENCE]
    known = [secret for secret in (secret.reveal() for secret in secrets) if secret]
    return _CREDENTIAL.sub(rf"\1{MASK}", _masked(text, sorted(_places(text, known))))


def evidence(reply: Reply, secrets: Iterable[Secret]) -> Reply:
    """Make of a reply what may be kept: the beginning of its body, and its headers, without secrets."""
    known = tuple(secrets)
    headers = {name: redact(value, known) for name, value in reply.headers.items()}
    body = redact(evolve(reply, body=reply.body[:_EVIDENCE]).text, known).encode()
    return evolve(reply, headers=headers, body=body)


def _places(text: str, secrets: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find all secrets in the text as it came: two may begin alike, so masking one could hide where another begins."""
    # Also as it stands: `%45.…` may be a token after a percent sign as well as an escape.
    for read in (_as_read, _as_it_stands):
        letters, starts = read(text)
        for secret in secrets:
            for first, last in _spellings(letters, read(secret)[0]):
                yield starts[first], starts[last]


def _masked(text: str, places: Iterable[tuple[int, int]]) -> str:
    parts: list[str] = []
    done = 0
    for first, last in places:
        if first >= done:
            parts += [text[done:first], MASK]
        done = max(done, last)
    return "".join([*parts, text[done:]])


def _as_it_stands(text: str) -> tuple[str, Sequence[int]]:
    """Give the letters of a text, and where each of them starts (and the last one ends)."""
    return "".join(map(_folded, text)), range(len(text) + 1)


def _as_read(text: str) -> tuple[str, Sequence[int]]:
    """Give the letters that a reader of its escapes sees, and where each of them starts (and the last one ends)."""
    letters: list[str] = []
    starts: list[int] = []
    for unit in _UNIT.finditer(text):
        letters.append(_folded(_letter(unit)))
        starts.append(unit.start())
    return "".join(letters), [*starts, len(text)]


def _letter(unit: re.Match[str]) -> str:
    kind, value = unit.lastgroup, unit[unit.lastgroup or 0]
    if kind in {"percent", "json", "hex"}:
        return chr(min(int(value, 16), 0x10FFFF))
    if kind == "decimal":
        return chr(min(int(value), 0x10FFFF))
    return _NAMED.get(value.lower(), value) if kind == "name" else value


def _folded(letter: str) -> str:
    """Make upper and lower case the same, of letters that stay one letter."""
    folded = letter.casefold()
    return folded if len(folded) == 1 else letter


def _spellings(letters: str, secret: str) -> Iterator[tuple[int, int]]:
    telling = secret[:_TELLING]
    first = letters.find(telling)
    while first >= 0:
        last = first + len(telling)
        while last < len(letters) and letters[first : last + 1] == secret[: last + 1 - first]:
            last += 1
        yield first, last
        first = letters.find(telling, last)
