"""Addresses that tokens may be sent to: https, except to this machine itself."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from miniapp_tp.errors import InvalidArgument


def checked_address(address: str) -> str:
    """Check an address, and give it without the slashes at its end.

    Raises:
        InvalidArgument: It isn't https (except to loopback), names no host, or has a user, query or fragment.
    """
    problem = _problem(address)
    if problem:
        message = f"this is no address that tokens may be sent to: {problem}. Write it like 'https://openapi.baidu.com'"
        raise InvalidArgument(message)
    return address.rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself, by its name or number alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _problem(address: object) -> str | None:
    if not isinstance(address, str):
        return "it is no text"
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "it can't be read"
    if not host or any(letter.isspace() for letter in address):
        return "it names no host"
    if "@" in parts.netloc or "?" in address or "#" in address:
        return "it must have no user, query or fragment"
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return None
    return "it must start with https:// (http:// only to this machine itself)"
