"""What a component client's provider has beside the operations on apps: the life of a grant, and pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from miniapp_tp.client.events import EventMethods
from miniapp_tp.client.grants import GrantMethods
from miniapp_tp.client.pushes import PushMethods
from miniapp_tp.wire.endpoint import Absent

if TYPE_CHECKING:
    from miniapp_tp.contract import Contract, PushContract, TokenContract

_METHODS: Final = frozenset(
    name for kind in (GrantMethods, PushMethods, EventMethods) for name in vars(kind) if not name.startswith("_")
)


def supported(operation: str, contract: Contract, tokens: TokenContract, pushes: PushContract) -> bool:
    """Tell whether a provider has an operation, by the name of its method.

    Args:
        operation: The name.
        contract: What can be done with an app.
        tokens: How the provider gives out tokens.
        pushes: How it pushes.
    """
    may_lack = {
        "start_ticket_push": tokens.start_push,
        "get_authorization_url": tokens.page,
        "missed_events": pushes.missed,
    }
    if operation in may_lack:
        return not isinstance(may_lack[operation], Absent)
    return operation in _METHODS or contract.supports(operation)
