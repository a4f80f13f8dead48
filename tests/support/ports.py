"""Ports for servers that run in processes of their own."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Give a port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
