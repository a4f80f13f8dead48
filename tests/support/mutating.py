"""A seeded mutator of pushed messages: what a forger, a broken proxy or a bad line could make of a good one."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, Final

from tests.support.pushing import NOW, Push, baidu_signature, kuaishou_signed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ODD: Final[list[Any]] = [
    None,
    True,
    0,
    -1,
    1e308,
    10**18,
    "",
    " ",
    "0",
    [],
    {},
    ["a"],
    {"a": 1},
    "\x00",
    "\ud800",
    "é" * 9,
]
LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=-_"
HUGE: Final = 1_200_000


class Mutator:
    """Makes other messages of good ones, each different in what it says.

    Args:
        seed: The same seed makes the same messages.
    """

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._ways: list[tuple[str, Callable[[Push], Push]]] = [
            ("bit", self._bit),
            ("cut", self._cut),
            ("bytes", self._bytes),
            ("doubled", self._doubled),
            ("header", self._header),
            ("swapped", self._swapped),
            ("moved", self._moved),
            ("odd", self._odd),
            ("removed", self._removed),
            ("letter", self._letter),
            ("signature", self._signature),
        ]
        # The costly ones.
        self.rare: list[tuple[str, Callable[[Push], Push]]] = [("huge", self._huge), ("deep", self._deep)]

    def mutated(self, good: Push) -> tuple[str, Push]:
        """Make one, and tell in which way."""
        ways = self.rare if self._dice.random() < 1 / 60 else self._ways
        while True:
            way, change = self._dice.choice(ways)
            changed = change(good)
            if says(changed) != says(good):
                return way, changed

    def _bit(self, good: Push) -> Push:
        body = bytearray(good.body)
        for _ in range(self._dice.choice([1, 1, 1, 2, 8])):
            body[self._dice.randrange(len(body))] ^= 1 << self._dice.randrange(8)
        return Push(bytes(body), good.headers)

    def _cut(self, good: Push) -> Push:
        first, last = sorted(self._dice.choices(range(len(good.body) + 1), k=2))
        body = self._dice.choice([good.body[:first], good.body[first:], good.body[:first] + good.body[last:]])
        return Push(body, good.headers)

    def _bytes(self, good: Push) -> Push:
        place = self._dice.randrange(len(good.body))
        return Push(good.body[:place] + self._dice.randbytes(4) + good.body[place:], good.headers)

    def _doubled(self, good: Push) -> Push:
        return Push(good.body + good.body, good.headers)

    def _header(self, good: Push) -> Push:
        if "kwaisign" not in good.headers:
            return self._signature(good)
        signature = list(good.headers["kwaisign"])
        signature[self._dice.randrange(len(signature))] = self._dice.choice(LETTERS)
        return Push(good.body, self._dice.choice([{}, {"kwaisign": "".join(signature)}, {"kwaisign": ""}]))

    def _swapped(self, good: Push) -> Push:
        fields = json.loads(good.body)
        one, other = self._dice.sample(sorted(fields), 2)
        return _written(good, {**fields, one: fields[other], other: fields[one]})

    def _moved(self, good: Push) -> Push:
        """Move letters from one field to another."""
        fields = {name: str(value) for name, value in json.loads(good.body).items()}
        one, other = self._dice.sample(sorted(fields), 2)
        count = self._dice.choice([1, 2, 4, 40, 44, 88, self._dice.randint(1, len(fields[one]))])
        value, more = fields[one], fields[other]
        moved = self._dice.choice(
            [
                {one: value[count:], other: more + value[:count]},
                {one: value[:-count], other: value[-count:] + more},
                {one: value[count:], other: value[:count] + more},
            ]
        )
        return _written(good, {**fields, **moved})

    def _odd(self, good: Push) -> Push:
        fields = json.loads(good.body)
        return _written(good, {**fields, self._dice.choice(sorted(fields)): self._dice.choice(ODD)})

    def _removed(self, good: Push) -> Push:
        fields = json.loads(good.body)
        del fields[self._dice.choice(sorted(fields))]
        return _written(good, fields)

    def _letter(self, good: Push) -> Push:
        fields = {name: str(value) for name, value in json.loads(good.body).items()}
        name = self._dice.choice(sorted(fields))
        place = self._dice.randrange(len(fields[name]))
        value = fields[name][:place] + self._dice.choice(LETTERS) + fields[name][place + self._dice.randrange(2) :]
        return _written(good, {**fields, name: value})

    def _signature(self, good: Push) -> Push:
        made_up = self._dice.randbytes(20).hex()
        if "kwaisign" in good.headers:
            return Push(good.body, {"kwaisign": made_up})
        return _written(good, {**json.loads(good.body), "MsgSignature": made_up})

    def _huge(self, good: Push) -> Push:
        fields = json.loads(good.body)
        name = self._dice.choice(sorted(fields))
        size = self._dice.choice([HUGE, HUGE // 2, 100_000])
        value = self._dice.choice(["A" * size, "9" * size, [0] * (size // 2), {"a": "b" * size}, int("9" * 4000)])
        return _written(good, {**fields, name: value})

    def _deep(self, good: Push) -> Push:
        depth = self._dice.choice([500, 5_000, 500_000])
        return Push(
            self._dice.choice([b"[" * depth, b'{"Encrypt":' * (depth // 9), good.body[:-1] + b',"a":' + b"[" * depth])
        )


def _written(good: Push, fields: Mapping[str, Any]) -> Push:
    return Push(json.dumps(fields, separators=(",", ":")).encode("utf-8", "surrogatepass"), good.headers)


def signed_again(push: Push) -> Push:
    """Sign a mutated message as the provider would, so that what lies behind the signature gets to see it."""
    if push.headers:
        return kuaishou_signed(push.body)
    try:
        fields = json.loads(push.body)
        parts = [str(fields[name]) for name in ("TimeStamp", "Nonce", "Encrypt")]
        return _written(push, {**fields, "MsgSignature": baidu_signature(*parts)})
    except (ValueError, LookupError, TypeError, RecursionError):
        return push


def says(push: Push) -> object:
    """Give what a message says, however it is written; a signature's letters count the same in either case.

    Kuaishou signs the bytes themselves, so there every byte says something; Baidu signs the values of four fields, and
    reads a number as its digits.
    """
    if push.headers:
        return push.body, push.headers.get("kwaisign", "").lower()
    try:
        fields = json.loads(push.body)
        return tuple(str(fields.get(name)) for name in ("TimeStamp", "Nonce", "Encrypt", "MsgSignature"))
    except (ValueError, AttributeError, RecursionError):
        return push.body, NOW
