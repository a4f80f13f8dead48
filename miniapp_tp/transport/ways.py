"""Which way requests go: through which proxy, and whose certificates are trusted. Checked when a transport is made."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast
from urllib.parse import urlsplit

from attrs import field, frozen

from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

Verify: TypeAlias = bool | str | ssl.SSLContext
"""Whose certificates are trusted, as in `Options`."""

SOCKS: Final = ("socks5", "socks5h")
_PROXY_SCHEMES: Final = ("http", "https", *SOCKS)
# The standard library's own reading of NO_PROXY; its type stubs leave it out.
_bypasses = cast("Callable[[str, dict[str, str]], bool]", vars(urllib.request)["proxy_bypass_environment"])


@frozen
class Proxies:
    """The proxies to take; their addresses hold passwords, so no repr shows them.

    Attributes:
        by_scheme: The address of a proxy for `"http"`, `"https"` or `"all"`.
        bypass: What `NO_PROXY` excepts.
    """

    by_scheme: Mapping[str, str] = field(repr=False)
    bypass: Mapping[str, str]

    def address_for(self, origin: str) -> str | None:
        """Give the address of the proxy on the way to an origin, if there is to be one."""
        scheme, _, host = origin.partition("://")
        proxy = self.by_scheme.get(scheme) or self.by_scheme.get("all")
        return None if proxy is None or _bypasses(host, dict(self.bypass)) else proxy

    def refuse_socks(self, why: str) -> None:
        """Refuse SOCKS where it can't be spoken.

        Raises:
            InvalidArgument: One of the proxies is a SOCKS proxy.
        """
        if any(urlsplit(address).scheme in SOCKS for address in self.by_scheme.values()):
            raise InvalidArgument(why)


def chosen_proxies(proxy: str | None, *, trust_env: bool) -> Proxies | InvalidArgument:
    """Choose the proxies; what is wrong with one is given back, without a frame that holds its password.

    Args:
        proxy: The address of a proxy for everything; `None` for the environment's.
        trust_env: Whether the environment's are used at all.
    """
    environment = urllib.request.getproxies_environment() if trust_env and proxy is None else {}
    found = {"all": proxy} if proxy else {name: environment.get(name) for name in ("http", "https", "all")}
    checked = {name: _checked_proxy(address) for name, address in found.items() if address}
    for name, address in checked.items():
        if address is None:
            problem = "write its address like 'http://proxy.example:3128'"
            return InvalidArgument(f"the proxy for {name} can't be used: {problem}")
    addresses = {name: address for name, address in checked.items() if address}
    return Proxies(addresses, {"no": environment.get("no", "")})


def _checked_proxy(address: object) -> str | None:
    if not isinstance(address, str):
        return None
    whole = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(whole)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return None
    return whole if host and parts.scheme in _PROXY_SCHEMES else None


def checked_verify(verify: Verify) -> Verify:
    """Check what is to be trusted.

    Raises:
        InvalidArgument: Something else than `True`, `False`, a path or an `ssl.SSLContext`.
    """
    if isinstance(verify, bool | str | ssl.SSLContext):
        return verify
    message = f"verify is True, False, the path of a file or folder, or an ssl.SSLContext; not {verify!r}"
    raise InvalidArgument(message)


def own_authorities(path: str) -> ssl.SSLContext:
    """Trust the certificates of a file or folder, and no others.

    Raises:
        InvalidArgument: It holds none that can be read.
    """
    try:
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as problem:
        why = problem.strerror or problem
    raise no_certificates(path, why)


def no_certificates(path: str, why: object) -> InvalidArgument:
    """Say that a path holds no certificates."""
    return InvalidArgument(f"verify={path!r} holds no certificates that can be read: {why}")
