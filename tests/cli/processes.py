"""The command in a process of its own: started, talked to, ended, and never waited for without an end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Generator

PATIENCE: Final = 30.0
COMMAND: Final = (sys.executable, "-m", "miniapp_tp.cli")
_LANGUAGES: Final = {"LC_ALL", "LC_MESSAGES", "LANG", "MINIAPP_TP_LANG"}


def environment(**more: str) -> dict[str, str]:
    """Give the environment without a language, and something more."""
    return {**{name: value for name, value in os.environ.items() if name not in _LANGUAGES}, **more}


def _ended(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment(**variables), capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False
    )


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return _ended(*COMMAND, *arguments, **variables)


_HELPS: Final = """
import json
from click.testing import CliRunner
from miniapp_tp.cli.commands import command
print(json.dumps({name: CliRunner().invoke(command, [name, "--help"]).output for name in command.commands}))
"""


def helps(**variables: str) -> dict[str, str]:
    """Give the help of every command, which is written as the module is loaded: in one process for each language."""
    found: dict[str, str] = json.loads(_ended(sys.executable, "-c", _HELPS, **variables).stdout)
    return found


_WITHOUT: Final = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if (name + ".").startswith({missing!r} + "."):
            raise ModuleNotFoundError("No module named " + repr(name), name=name)

sys.meta_path.insert(0, Missing())
sys.argv[1:] = {arguments!r}
from miniapp_tp.cli import main
main()
"""


def run_without(missing: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end where a package or module isn't installed."""
    return _ended(sys.executable, "-c", _WITHOUT.format(missing=missing, arguments=list(arguments)))


@frozen
class Running:
    """A sandbox that was started.

    Attributes:
        process: Its process.
        line: The first line that it printed.
    """

    process: subprocess.Popen[str]
    line: str

    @property
    def url(self) -> str:
        """Where it says that it listens."""
        return next(word for word in self.line.split() if word.startswith("http"))

    def ask(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Ask it what it tells about itself."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/_sandbox/{path}", timeout=PATIENCE) as answer:
            return json.load(answer)

    def end(self, signal: int) -> tuple[int, str, str]:
        """Send a signal, and give the exit code and what was printed since."""
        self.process.send_signal(signal)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


@contextmanager
def sandbox(*arguments: str, **variables: str) -> Generator[Running]:
    """Start `miniapp-tp sandbox` on a free port, and see that it is gone afterwards."""
    process = subprocess.Popen(
        [*COMMAND, "sandbox", "--port", "0", *arguments],
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        try:
            assert process.stdout is not None
            # If it hangs instead, faulthandler_timeout ends the run and names this line.
            line = process.stdout.readline()
            assert line, process.communicate(timeout=PATIENCE)[1]
            yield Running(process, line)
        finally:
            process.kill()
