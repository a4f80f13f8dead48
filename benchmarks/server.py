"""The other side: nginx with two fixed replies where it is installed, else a stand-in that does the same."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen

from benchmarks.work import DOMAIN_PATH, DONE, INFO, INFO_PATH

_CONFIG: Final = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 75; default_type application/json;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = {info_path} {{ return 200 '{info}'; }}
    location = {domain_path} {{ return 200 '{done}'; }}
  }}
}}
"""


@frozen
class Served:
    """A running server.

    Attributes:
        name: What it is.
        url: Its address.
        pids: Its processes.
    """

    name: str
    url: str
    pids: Sequence[int]

    def cpu(self) -> float:
        """Give the seconds of CPU that it has used; 0 where that can't be read."""
        return sum(_cpu_of(pid) for pid in self.pids)


def _cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    message = "the server didn't come up"
    raise RuntimeError(message)


def _nginx() -> str | None:
    """Find nginx; where packages put it isn't always on the path."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")


@contextmanager
def serving() -> Generator[Served]:
    """Run a server while the block lasts."""
    port, nginx = _free_port(), _nginx()
    with tempfile.TemporaryDirectory() as folder:
        if nginx is None:
            command = [sys.executable, "-m", "benchmarks.stand_in", str(port)]
        else:
            config = Path(folder, "nginx.conf")
            quoted = INFO.decode().replace("\\", "\\\\").replace("'", "\\'").replace("$", "${dollar}")
            config.write_text(
                _CONFIG.format(
                    folder=folder,
                    port=port,
                    info_path=INFO_PATH,
                    domain_path=DOMAIN_PATH,
                    info=quoted,
                    done=DONE.decode(),
                ),
                encoding="utf-8",
            )
            command = [nginx, "-p", folder, "-c", str(config)]
        process = subprocess.Popen(command)
        try:
            _wait_for(port)
            children = _children(process.pid) if nginx else ()
            yield Served("nginx" if nginx else "stand-in", f"http://127.0.0.1:{port}", (process.pid, *children))
        finally:
            process.terminate()
            process.wait()


def _children(pid: int) -> tuple[int, ...]:
    """Give nginx's workers, which come a moment after its port; nothing where that can't be read."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    found: tuple[int, ...] = ()
    while path.exists() and not found:
        time.sleep(0.01)
        found = tuple(map(int, path.read_text(encoding="ascii").split()))
    return found
