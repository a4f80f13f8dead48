"""What the imitated providers have to push, and what became of it."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final, cast

from attrs import define, field, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.sandbox.letters import Letter

Addresses = str | Iterable[str] | Mapping[str, "str | Iterable[str]"]
"""Where pushes go: what `/baidu` and `/kuaishou` are appended to, several to be taken in turn; or the whole addresses
by provider."""

TICKET_PAUSE: Final = 600.0
"""Seconds between two tickets (wire/baidu.md § 1.1; wire/kuaishou.md § 4.4)."""


_OK: Final = 200


class Manner(Enum):
    """How a message is sent."""

    TRUE = "true"
    FORGED = "forged"
    """With a signature that somebody made up."""
    STALE = "stale"
    """Signed rightly, three days ago."""


class Fate(Enum):
    """What became of a message."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    GIVEN_UP = "given up"
    """It was never acknowledged, however often it was repeated."""


@frozen
class Sending:
    """How a message is sent.

    Attributes:
        manner: As the provider does, or as somebody would whose messages are to be turned away.
        again: How often it is sent once more after it was acknowledged.
        delay: Seconds until it is sent. It tells of the time before them, so it arrives out of order.
    """

    manner: Manner = Manner.TRUE
    again: int = 0
    delay: float = 0.0


USUAL: Final = Sending()


@define
class Pushed:
    """A message to be pushed.

    Attributes:
        provider: Which provider's.
        name: The event's name.
        app: The app it is about, if so.
        id: What stays the same when it is repeated: Kuaishou's `msgId`.
        at: When it was given to be sent, in seconds of the sandbox's clock.
        sending: How it is sent.
        fate: What became of it.
        acknowledged: How often it was acknowledged.
        answers: The HTTP status of each try; 0 for no answer.
    """

    provider: str
    name: str
    app: str | None
    id: str
    at: float
    sending: Sending
    letter: Callable[[], Letter] = field(repr=False)
    acknowledges: Callable[[bytes], bool] = field(repr=False)
    fate: Fate = Fate.WAITING
    acknowledged: int = 0
    answers: list[int] = field(factory=list[int])

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "provider": self.provider,
            "name": self.name,
            "app": self.app,
            "id": self.id,
            "manner": self.sending.manner.value,
            "fate": self.fate.value,
            "answers": self.answers,
        }


@define
class PushRules:
    """What the documents leave open, or a test wants otherwise; change it at any time.

    Attributes:
        repeats: How often a message is repeated that isn't acknowledged. Kuaishou's three (wire/kuaishou.md § 2.2);
            Baidu's "several" isn't published.
        pause: Seconds between two tries of a message.
        patience: Seconds to wait for an answer.
        tickets: Seconds between two tickets; `None` for none but those on demand.
    """

    repeats: int = 3
    pause: float = 1.0
    patience: float = 5.0
    tickets: float | None = None


@define
class Outbox:
    """The messages of both providers; safe to use from several threads.

    Attributes:
        rules: How they are sent.
        pushed: All of them, in the order they were given.
        wake: Called when there is something to send.
    """

    rules: PushRules = field(factory=PushRules)
    pushed: list[Pushed] = field(factory=list[Pushed], repr=False)
    wake: Callable[[], object] = field(default=lambda: None, repr=False)
    _addresses: dict[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    _turns: Counter[str] = field(factory=Counter[str], repr=False)
    _waiting: list[tuple[float, int, Pushed]] = field(factory=list[tuple[float, int, Pushed]], repr=False)
    _serial: itertools.count[int] = field(factory=itertools.count, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, repr=False)

    def send_to(self, addresses: Addresses, providers: Iterable[str]) -> None:
        """Say where messages go from now on."""
        if isinstance(addresses, Mapping):
            given = cast("Mapping[str, str | Iterable[str]]", addresses)
            found = {name: _several(some) for name, some in given.items()}
        else:
            bases = [base.rstrip("/") for base in _several(addresses)]
            found = {name: tuple(f"{base}/{name}" for base in bases) for name in providers}
        if wrong := [one for some in found.values() for one in some if not one.startswith(("http://", "https://"))]:
            message = f"pushes go to addresses like 'http://127.0.0.1:8000/push', unlike {wrong[0]!r}"
            raise InvalidArgument(message)
        self._addresses = found

    def goes_somewhere(self, provider: str) -> bool:
        """Tell whether a provider's messages have an address."""
        return bool(self._addresses.get(provider))

    def address(self, provider: str) -> str:
        """Give the address whose turn it is."""
        found = self._addresses[provider]
        self._turns[provider] += 1
        return found[self._turns[provider] % len(found)]

    def check(self, provider: str) -> None:
        """Refuse a message that can't be sent.

        Raises:
            InvalidArgument: There is nowhere to send it to.
        """
        if not self.goes_somewhere(provider):
            message = f"there is no address for {provider}'s pushes: give push_to"
            raise InvalidArgument(message)

    def post(self, pushed: Pushed) -> Pushed:
        """Have a message sent.

        Raises:
            InvalidArgument: There is nowhere to send it to.
        """
        self.check(pushed.provider)
        with self._lock:
            self.pushed.append(pushed)
        self.put(pushed, pushed.sending.delay)
        return pushed

    def put(self, pushed: Pushed, delay: float) -> None:
        """Have a message sent (again) after some seconds."""
        with self._lock:
            heapq.heappush(self._waiting, (time.monotonic() + delay, next(self._serial), pushed))
        self.wake()

    def take(self) -> Pushed | None:
        """Take the next message that is due, if one is."""
        with self._lock:
            if self._waiting and self._waiting[0][0] <= time.monotonic():
                return heapq.heappop(self._waiting)[2]
        return None

    def due_in(self) -> float | None:
        """Tell in how many seconds the next message is due; `None` if there is none."""
        with self._lock:
            return max(self._waiting[0][0] - time.monotonic(), 0.0) if self._waiting else None

    def answered(self, pushed: Pushed, status: int, body: bytes) -> None:
        """Learn how a try ended; a status of 0 is no answer."""
        pushed.answers.append(status)
        if status == _OK and pushed.acknowledges(body):
            pushed.fate = Fate.ACKNOWLEDGED
            pushed.acknowledged += 1
            if pushed.acknowledged <= pushed.sending.again:
                self.put(pushed, 0.0)
        elif pushed.fate is not Fate.ACKNOWLEDGED:
            self._repeat(pushed)

    def _repeat(self, pushed: Pushed) -> None:
        if pushed.sending.manner is Manner.TRUE and len(pushed.answers) <= self.rules.repeats:
            self.put(pushed, self.rules.pause)
        else:
            pushed.fate = Fate.GIVEN_UP

    def counts(self) -> dict[str, dict[str, int]]:
        """Count, by provider, the messages by their fate, and the tries."""
        with self._lock:
            found: dict[str, Counter[str]] = {}
            for one in self.pushed:
                found.setdefault(one.provider, Counter()).update({one.fate.value: 1, "tries": len(one.answers)})
        return {name: dict(counted) for name, counted in found.items()}


def _several(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
