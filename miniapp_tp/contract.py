"""What every provider has to say for itself: one typed field per operation.

A provider that forgets an operation is a type error; one that lacks it says so with `absent("why")`.
"""

from __future__ import annotations

from attrs import evolve, fields, frozen

from miniapp_tp.models import AppInfo, ServerDomainChange, ServerDomains, WebviewDomainChange
from miniapp_tp.wire.endpoint import Absent, Operation


@frozen(kw_only=True)
class Contract:
    """The operations of a provider, by the names of the client's methods."""

    get_info: Operation[None, AppInfo]
    get_server_domain: Operation[None, ServerDomains]
    set_server_domain: Operation[ServerDomainChange, None]
    get_webview_domain: Operation[None, tuple[str, ...]]
    set_webview_domain: Operation[WebviewDomainChange, None]

    def __attrs_post_init__(self) -> None:
        for name in OPERATIONS:
            operation = getattr(self, name)
            if isinstance(operation, Absent):
                object.__setattr__(self, name, evolve(operation, name=name))

    def supports(self, operation: str) -> bool:
        """Tell whether the provider has an operation, by the name of its method."""
        return operation in OPERATIONS and not isinstance(getattr(self, operation), Absent)


OPERATIONS = tuple(attribute.name for attribute in fields(Contract))
"""The names of all operations, in the order of the contract."""
