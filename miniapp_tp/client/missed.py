"""Catching up on pushed events that the provider couldn't deliver."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from miniapp_tp.errors import InvalidArgument, NotSupported, PushRejected
from miniapp_tp.wire.endpoint import Absent
from miniapp_tp.wire.pushes import Rejection, Span

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from miniapp_tp.client.grants import GrantDesk
    from miniapp_tp.client.pushes import PushDesk
    from miniapp_tp.contract import MissedContract
    from miniapp_tp.errors import PushStep
    from miniapp_tp.models import Event


async def missed_events(desk: GrantDesk, pushes: PushDesk, since: float, now: float) -> AsyncIterator[Event]:
    """Give the events that the provider couldn't deliver, in its own order, page by page.

    Args:
        desk: Asks with the component's token.
        pushes: Opens what comes.
        since: The moment from which on they are asked for, in epoch seconds.
        now: The present one.

    Raises:
        NotSupported: The provider keeps none.
        InvalidArgument: There are no keys, or `since` lies further back than it knows them.
        PushRejected: Some couldn't be opened; raised after all others were given.
    """
    contract, keys = pushes.contract.missed, pushes.keys
    if isinstance(contract, Absent):
        raise NotSupported(contract.why)
    if keys is None:
        raise InvalidArgument("missed events are opened with push_token and push_key: give the client both")
    unopened: list[PushStep] = []
    async for message in _messages(desk, contract, since, now):
        opened = contract.open(keys, message)
        if isinstance(opened, Rejection):
            unopened.append(opened.step)
        else:
            yield opened
    if unopened:
        message = f"{len(unopened)} of the missed events couldn't be opened, the first for its {unopened[0]}"
        raise PushRejected(message, step=unopened[0])


async def _messages(desk: GrantDesk, contract: MissedContract, since: float, now: float) -> AsyncIterator[str]:
    if now - since > contract.reach:
        days = contract.reach // 86_400
        raise InvalidArgument(f"the provider knows missed events for {days} days: ask for those since a later moment")
    for span in _spans(math.floor(since), math.ceil(now), contract.span):
        known = 0
        while True:
            page = await desk.session.call(contract.endpoint, "", Span(span.start, span.end, known))
            for message in page.messages:
                yield message
            known += len(page.messages)
            if not page.messages or (page.total is not None and known >= page.total):
                break


def _spans(start: int, end: int, longest: int) -> Iterator[Span]:
    for first in range(start, end, longest):
        yield Span(first, min(first + longest, end))
