"""No mutated message is accepted, none raises anything but `PushRejected`, and none takes long or much.

Every run goes through a share of them; `make soak` (marker `soak`) through all 100,000.
"""

from __future__ import annotations

import time
import tracemalloc
from collections import Counter
from typing import TYPE_CHECKING, Final

import pytest
from attrs import define, field

from miniapp_tp import PushRejected
from tests.support.mutating import Mutator, says, signed_again
from tests.support.pushing import NOW, Push, baidu_client, baidu_push, kuaishou_client, kuaishou_push, step_of

if TYPE_CHECKING:
    from miniapp_tp.client.component import ComponentClient

SHARE: Final = 5_000
ALL: Final = 100_000
SECONDS: Final = 1.0
"""Far above the longest that was seen (some 20 ms), for machines that do other things too."""
BYTES: Final = 64 * 1024 * 1024

GOOD: Final = {
    "baidu": (baidu_client(), [baidu_push(), baidu_push(b'{"event":"X"}', nonce="a1B2" * 8), baidu_push(b"{}")]),
    "kuaishou": (kuaishou_client(), [kuaishou_push(), kuaishou_push(b'{"event":"X"}')]),
}


@define
class Figures:
    """What came of the mutated messages."""

    steps: Counter[str] = field(factory=Counter[str])
    ways: Counter[str] = field(factory=Counter[str])
    accepted: list[Push] = field(factory=list[Push])
    other: list[BaseException] = field(factory=list[BaseException])
    slowest: float = 0.0

    def add(self, client: ComponentClient, way: str, push: Push) -> None:
        """Open one."""
        self.ways[way] += 1
        before = time.perf_counter()
        try:
            client.open_push(push.headers, push.body, now=NOW)
        except PushRejected as error:
            self.steps[error.step] += 1
        except Exception as error:  # noqa: BLE001 - to be shown
            self.other.append(error)
        else:
            self.accepted.append(push)
        self.slowest = max(self.slowest, time.perf_counter() - before)


def opened_all(provider: str, count: int) -> Figures:
    client, good = GOOD[provider]
    mutator, figures = Mutator(seed=5), Figures()
    for number in range(count):
        figures.add(client, *mutator.mutated(good[number % len(good)]))
    return figures


@pytest.mark.parametrize("provider", GOOD)
@pytest.mark.parametrize("count", [SHARE // 2, pytest.param(ALL // 2, marks=pytest.mark.soak)])
def test_no_mutated_message_is_accepted(provider: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    figures = opened_all(provider, count)
    with capsys.disabled():
        print(  # noqa: T201 - figures are there to be read
            f"\n{provider}: {count} mutated messages, {len(figures.accepted)} accepted, {len(figures.other)} other"
            f" errors, slowest {figures.slowest * 1000:.1f} ms; turned away at"
            f" {dict(figures.steps.most_common())}; made by {dict(figures.ways.most_common())}"
        )
    assert figures.accepted == []
    assert figures.other == []
    assert figures.slowest < SECONDS
    assert sum(figures.steps.values()) == count
    assert {"size", "signature"} <= figures.steps.keys()
    assert len(figures.ways) >= 12


@pytest.mark.parametrize("provider", GOOD)
@pytest.mark.parametrize("count", [SHARE // 5, pytest.param(ALL // 5, marks=pytest.mark.soak)])
def test_what_lies_behind_the_signature_raises_nothing_else(provider: str, count: int) -> None:
    client, good = GOOD[provider]
    mutator, figures = Mutator(seed=8), Figures()
    for number in range(count):
        way, push = mutator.mutated(good[number % len(good)])
        figures.add(client, way, signed_again(push))
    assert figures.other == []
    assert figures.slowest < SECONDS
    assert {"base64", "layout", "age" if provider == "kuaishou" else "padding"} <= figures.steps.keys()


@pytest.mark.parametrize("provider", GOOD)
def test_no_mutated_message_takes_much_memory(provider: str) -> None:
    client, good = GOOD[provider]
    mutator = Mutator(seed=6)
    mutated = [mutator.mutated(good[0])[1] for _ in range(200)]
    mutated += [mutator.rare[number % 2][1](good[0]) for number in range(20)]
    tracemalloc.start()
    try:
        for push in mutated:
            step_of(client, push)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < BYTES


@pytest.mark.parametrize("provider", GOOD)
def test_the_good_ones_are_accepted_and_the_mutator_changes_them(provider: str) -> None:
    client, good = GOOD[provider]
    assert {step_of(client, push) for push in good} == {"accepted"}
    mutator = Mutator(seed=7)
    for push in good:
        assert says(push) == says(push)
        assert all(says(mutator.mutated(push)[1]) != says(push) for _ in range(100))
