"""The demo's hub: the program ``machikado hub`` in a process of its own, on loopback.

It is made, served, looked into and stopped the way an operator does it, by the command line.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket

import msgspec

from node.opening import DEMO_CLOCK
from sync.errors import Damaged, Unreachable

_MACHIKADO = (sys.executable, "-c", "from tui.cli import main; main()")
_PATIENCE = 30.0
"""Seconds for a command, and for the hub to end in order."""
_ADDS_UP, _DOES_NOT = 0, 5
"""Exit codes of ``hub audit``."""


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """One of the first two people: where the token lies."""

    name: str
    token_file: str


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What ``hub init --demo --json`` says."""

    origin: str
    operators: tuple[Operator, Operator]
    demo_ca: str


class HubProgram:
    """A hub in a folder, as a program."""

    def __init__(self, folder: Path, clock: Path) -> None:
        self.folder = folder
        self._log = folder.with_name("hub.log")
        self._clock = clock
        self._served: subprocess.Popen[str] | None = None

    def make(self) -> Made:
        """Make the hub, at an address of this PC that is free now."""
        origin = f"http://127.0.0.1:{_free_port()}"
        done = self._run("init", str(self.folder), "--demo", "--origin", origin, "--json")
        if done.returncode:
            raise Damaged(f"the demo's hub could not be made: {done.stderr.strip()}")
        return msgspec.json.decode(done.stdout, type=Made)

    def start(self) -> None:
        """Serve it; returns once it listens. Raises Unreachable when it does not come up."""
        with self._log.open("w", encoding="utf-8") as log:
            self._served = subprocess.Popen(  # noqa: S603  our own program
                [*_MACHIKADO, "hub", "serve", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self._environment(),
                start_new_session=True,  # Ctrl+C is the demo's affair: it ends the hub in order
            )
        assert self._served.stdout is not None  # noqa: S101  it is a pipe
        if not self._served.stdout.readline():
            raise Unreachable(f"the demo's hub did not come up; what it said is in {self._log}")

    def stop(self) -> None:
        """End it in order; also one that never came up."""
        if self._served is None:
            return
        self._served.send_signal(signal.SIGTERM)
        try:
            self._served.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            self._served.kill()
            self._served.communicate()
        self._served = None

    def audit(self) -> tuple[str, ...]:
        """Recompute everything from the records, beside the running hub; the findings."""
        done = self._run("audit", str(self.folder), "--json")
        if done.returncode not in (_ADDS_UP, _DOES_NOT):
            raise Damaged(f"the hub could not be audited: {done.stderr.strip()}")
        return tuple(done.stdout.splitlines())

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603  our own program
            [*_MACHIKADO, "hub", *words],
            capture_output=True,
            text=True,
            env=self._environment(),
            timeout=_PATIENCE,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        """The environment, without what a person set for a hub or node of theirs."""
        kept = {name: value for name, value in os.environ.items() if "MACHIKADO" not in name}
        return kept | {DEMO_CLOCK: str(self._clock)}


def _free_port() -> int:
    with socket(AF_INET, SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
