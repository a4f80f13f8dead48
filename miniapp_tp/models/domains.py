"""The domains that an app may talk to, and changes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from attrs import field, fields, frozen

from miniapp_tp.errors import InvalidArgument
from miniapp_tp.models.hosts import bare_hosts, checked_hosts, same_hosts
from miniapp_tp.models.vocabulary import DomainAction

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMES: Final = {"request": "https", "socket": "wss", "upload": "https", "download": "https", "udp": "https"}
"""Kind of server domain → the scheme that goes without saying."""


class Received(tuple[str, ...]):
    """Hosts that a provider returned: tidied already, and never refused."""

    __slots__ = ()


def _request_hosts(hosts: Iterable[str] | None) -> tuple[str, ...] | None:
    return _hosts(hosts, "https")


def _socket_hosts(hosts: Iterable[str] | None) -> tuple[str, ...] | None:
    return _hosts(hosts, "wss")


def _hosts(hosts: Iterable[str] | None, scheme: str) -> tuple[str, ...] | None:
    if hosts is None or isinstance(hosts, Received):
        return hosts if hosts is None else tuple(hosts)
    return checked_hosts(hosts, scheme=scheme)


@frozen
class ServerDomains:
    """The hosts that an app's code may talk to, by kind.

    Each kind is `None` (not spoken of; in an answer: the provider has no such kind) or a tuple of host names,
    optionally with a port, lower case, IDN as punycode, each once, in the order given. `https://` (`wss://` for
    socket) is taken off; any other scheme stays as given.

    Sources: Baidu seed 000 设置小程序服务器域名; Kuaishou seed 001 设置服务器域名.

    Attributes:
        request: For HTTPS requests.
        socket: For WebSockets.
        upload: For uploads of files.
        download: For downloads of files.
        udp: For UDP; Kuaishou only.

    Raises:
        InvalidArgument: A kind is a bare `str`, or a host has a space, path, query, user or an empty label.
    """

    request: tuple[str, ...] | None = field(default=None, converter=_request_hosts)
    socket: tuple[str, ...] | None = field(default=None, converter=_socket_hosts)
    upload: tuple[str, ...] | None = field(default=None, converter=_request_hosts)
    download: tuple[str, ...] | None = field(default=None, converter=_request_hosts)
    udp: tuple[str, ...] | None = field(default=None, converter=_request_hosts)

    def given(self) -> dict[str, tuple[str, ...]]:
        """Give the kinds that are spoken of, by name."""
        kinds = {kind: getattr(self, kind) for kind in KINDS}
        return {kind: hosts for kind, hosts in kinds.items() if hosts is not None}


KINDS: Final = tuple(attribute.name for attribute in fields(ServerDomains))
"""The kinds of server domains, in the order of the fields."""


def _an_action(action: object) -> DomainAction:
    if not isinstance(action, DomainAction):
        message = f"action is a DomainAction, such as DomainAction.ADD, not {action!r}"
        raise InvalidArgument(message)
    return action


def _server_domains(domains: object) -> ServerDomains:
    if not isinstance(domains, ServerDomains):
        message = f"server domains are given as ServerDomains(request=['api.example.com']), not {domains!r}"
        raise InvalidArgument(message)
    return domains


@frozen
class ServerDomainChange:
    """A change of an app's server domains: kinds that aren't given stay as they are.

    Raises:
        InvalidArgument: Nothing is given, or an empty kind with `ADD` or `DELETE`.
    """

    action: DomainAction = field(converter=_an_action)
    domains: ServerDomains = field(converter=_server_domains)

    def __attrs_post_init__(self) -> None:
        given = self.domains.given()
        if not given:
            message = "no domains are given; name at least one kind, e.g. ServerDomains(request=['api.example.com'])"
            raise InvalidArgument(message)
        empty = [kind for kind, hosts in given.items() if not hosts]
        if empty and self.action is not DomainAction.SET:
            message = f"there is nothing to {self.action.value} in {', '.join(empty)}; leave such a kind out (None)"
            raise InvalidArgument(message)

    def holds_in(self, found: ServerDomains) -> bool:
        """Tell whether what was read back shows this change as made."""
        there = found.given()
        return all(_holds(self.action, hosts, there.get(kind, ())) for kind, hosts in self.domains.given().items())

    def deletions(self) -> int:
        """Count the hosts that this change takes away by name."""
        given = self.domains.given().values()
        return sum(map(len, given)) if self.action is DomainAction.DELETE else 0


def _webview_hosts(hosts: Iterable[str]) -> tuple[str, ...]:
    return checked_hosts(hosts)


@frozen
class WebviewDomainChange:
    """A change of the hosts whose pages an app may show.

    Raises:
        InvalidArgument: No domain is given, a bare `str`, or one that can't be a host name.
    """

    action: DomainAction = field(converter=_an_action)
    domains: tuple[str, ...] = field(converter=_webview_hosts)

    def __attrs_post_init__(self) -> None:
        if not self.domains:
            message = f"there is nothing to {self.action.value}; give at least one webview domain"
            raise InvalidArgument(message)

    def holds_in(self, found: tuple[str, ...]) -> bool:
        """Tell whether what was read back shows this change as made."""
        return _holds(self.action, self.domains, found)

    def deletions(self) -> int:
        """Count the hosts that this change takes away by name."""
        return len(self.domains) if self.action is DomainAction.DELETE else 0


def _holds(action: DomainAction, asked: tuple[str, ...], found: tuple[str, ...]) -> bool:
    match action:
        case DomainAction.SET:
            return same_hosts(asked, found)
        case DomainAction.ADD:
            return bare_hosts(asked) <= bare_hosts(found)
        case DomainAction.DELETE:
            return bare_hosts(asked).isdisjoint(bare_hosts(found))
        case _:
            assert_never(action)
