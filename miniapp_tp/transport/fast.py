"""The quickest transport that is installed."""

from __future__ import annotations

import logging
import ssl
from importlib.util import find_spec
from typing import TYPE_CHECKING

from miniapp_tp.errors import InvalidArgument

if TYPE_CHECKING:
    from miniapp_tp.transport.base import Transport
    from miniapp_tp.transport.ways import Verify

_log = logging.getLogger("miniapp_tp")


def fast_transport(*, proxy: str | None = None, verify: Verify = True, trust_env: bool = True) -> Transport:
    """Make the quickest transport that is installed: over pyreqwest (extra `fast`), else aiohttp (extra `aiohttp`).

    Which one it is stands in its repr, and in the log `miniapp_tp` at the level INFO. It isn't closed with a client
    that it is given to.

    Args:
        proxy: The address of a proxy; `None` for the environment's, `NO_PROXY` honoured.
        verify: Whose TLS certificates are trusted, as in `Options`. An `ssl.SSLContext` is aiohttp's business.
        trust_env: Whether the environment's proxies are used at all.

    Raises:
        InvalidArgument: Neither is installed, or a proxy or certificates that can't be used.
    """
    made: Transport
    if find_spec("pyreqwest") is not None and not isinstance(verify, ssl.SSLContext):
        from miniapp_tp.transport.fast_pyreqwest import PyreqwestTransport  # noqa: PLC0415 - an extra

        made = PyreqwestTransport(proxy=proxy, verify=verify, trust_env=trust_env)
    elif find_spec("aiohttp") is not None:
        from miniapp_tp.transport.fast_aiohttp import AiohttpTransport  # noqa: PLC0415 - an extra

        made = AiohttpTransport(proxy=proxy, verify=verify, trust_env=trust_env)
    else:
        wanted = "aiohttp" if isinstance(verify, ssl.SSLContext) else "fast"
        proxy = None
        message = f"no fast transport is installed: pip install 'miniapp_tp[{wanted}]', or leave transport out"
        raise InvalidArgument(message)
    _log.info("requests are made over %r", made)
    return made
