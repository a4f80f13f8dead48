"""Host names as callers write them and as providers return them.

One spelling for all: lower case, IDN as punycode, without the scheme that goes without saying. What a caller
writes is checked; what a provider returns is only tidied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from miniapp_tp.errors import InvalidArgument

_MAX_HOST = 253
_MAX_LABEL = 63
_MAX_PORT = 65535
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE | re.ASCII)
# A comma would make two hosts of one in Baidu's comma lists; the rest would make a host into a longer address.
_FORBIDDEN = re.compile(r"""[\s\x00-\x1f\x7f,:;/\\?#@%&='"<>\[\]]""")
# IDNA 2003, which the standard library speaks, writes these as other letters: another domain than the one meant.
_AMBIGUOUS = frozenset("ßς\u200c\u200d")


def split_scheme(host: str) -> tuple[str | None, str]:
    """Split `"wss://a.example"` into `("wss", "a.example")`; without a scheme the first part is `None`."""
    match = _SCHEME.match(host)
    return (match[1].lower(), host[match.end() :]) if match else (None, host)


def checked_hosts(hosts: Iterable[str], *, scheme: str = "https") -> tuple[str, ...]:
    """Bring host names of a caller to the common spelling, in their order, each once.

    Args:
        hosts: Host names, optionally with a port; `scheme://` before one is taken off, another stays as given.
        scheme: The scheme that goes without saying.

    Raises:
        InvalidArgument: A bare `str` instead of several, or a name that can't be one; the message says which.
    """
    if isinstance(hosts, str | bytes) or not isinstance(hosts, Iterable):
        message = f"domains are given as a list of host names, not as {hosts!r}"
        raise InvalidArgument(message)
    return tuple(dict.fromkeys(_checked(host, scheme) for host in hosts))


def received_hosts(hosts: Iterable[object], *, scheme: str = "https") -> tuple[str, ...]:
    """Bring host names of a provider to the common spelling; one that can't be read stays as it came."""
    texts = (str(host).strip() for host in hosts if host is not None)
    return tuple(dict.fromkeys(_received(text, scheme) for text in texts if text))


def with_scheme(host: str, scheme: str) -> str:
    """Write the scheme that goes without saying, unless another one is there."""
    return host if _SCHEME.match(host) else f"{scheme}://{host}"


def same_hosts(one: Iterable[str], other: Iterable[str]) -> bool:
    """Tell whether two lists name the same hosts, whatever their order and schemes."""
    return bare_hosts(one) == bare_hosts(other)


def bare_hosts(hosts: Iterable[str]) -> frozenset[str]:
    """Give the hosts without any scheme: what two lists are compared by."""
    return frozenset(split_scheme(host)[1] for host in hosts)


def _received(text: str, scheme: str) -> str:
    try:
        return _checked(text.rstrip("/"), scheme)
    except InvalidArgument:
        return text


def _checked(host: object, own_scheme: str) -> str:
    if not isinstance(host, str):
        message = f"a host name is text, not {host!r}"
        raise InvalidArgument(message)
    scheme, rest = split_scheme(host)
    name, colon, port = rest.partition(":")
    problem = _problem_of_name(name) or (_problem_of_port(port) if colon else None)
    ascii_name = name.lower() if name.isascii() else _punycode(name)
    # Once more: IDNA makes ASCII of lookalikes, such as a full-width comma.
    problem = problem or _problem_of_name(ascii_name) or _problem_of_labels(ascii_name)
    if problem:
        message = f"{host!r} is no host name: {problem}. Write it like 'api.example.com' or 'api.example.com:8443'"
        raise InvalidArgument(message)
    bare = f"{ascii_name}:{int(port)}" if colon else ascii_name
    return bare if scheme in {None, own_scheme} else f"{scheme}://{bare}"


def _problem_of_name(name: str) -> str | None:
    if found := _FORBIDDEN.search(name):
        return f"{found[0]!r} can't be part of it"
    if not _AMBIGUOUS.isdisjoint(name):
        return "it has a letter that older and newer rules write differently; give it as punycode (xn--…)"
    return None


def _problem_of_port(port: str) -> str | None:
    if port.isascii() and port.isdigit() and len(port) <= len(str(_MAX_PORT)) and 0 < int(port) <= _MAX_PORT:
        return None
    return f"{port!r} is no port"


def _problem_of_labels(name: str) -> str | None:
    if len(name) > _MAX_HOST:
        return f"it is longer than {_MAX_HOST} characters"
    if any(not 0 < len(label) <= _MAX_LABEL for label in name.split(".")):
        return f"each part between dots has 1 to {_MAX_LABEL} characters"
    return None


def _punycode(name: str) -> str:
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
