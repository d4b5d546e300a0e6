"""The demo on a real terminal: a sale, the cable, a paper ticket and its copy, the next day."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tui.demo.programs import DEMO, ROOT, environment, hub_runs

pytestmark = [pytest.mark.processes, pytest.mark.slow]

_PATIENCE = 120.0
"""Seconds: before the first screen a hub is started and the towns join it."""
_ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]")
CTRL_N, CTRL_O, CTRL_Q, CTRL_T = b"\x0e", b"\x0f", b"\x11", b"\x14"
ESCAPE = b"\x1b"


@dataclass(slots=True)
class Terminal:
    """A terminal of 80 x 24 with the demo on it."""

    mine: int
    program: "subprocess.Popen[bytes]"

    def until(self, wanted: str) -> None:
        """Read what is drawn until the words stand there."""
        drawn, late = b"", time.monotonic() + _PATIENCE  # the clock is painted all the time
        while time.monotonic() < late and select.select([self.mine], [], [], _PATIENCE)[0]:
            drawn += os.read(self.mine, 65_536)
            if wanted in _ESCAPES.sub(b"", drawn).decode("utf-8", errors="ignore"):
                return
        pytest.fail(f"{wanted!r} did not appear; the terminal shows {drawn[-2_000:]!r}")

    def press(self, keys: bytes, wanted: str) -> None:
        """Press keys and wait for the words."""
        os.write(self.mine, keys)
        self.until(wanted)

    def rest(self) -> str:
        """What is drawn until the program ends."""
        drawn = b""
        while select.select([self.mine], [], [], _PATIENCE)[0]:
            try:
                drawn += os.read(self.mine, 65_536)
            except OSError:  # Linux: the other end is closed
                break
        return drawn.decode("utf-8", errors="ignore")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "corner"


@pytest.fixture
def terminal(folder: Path) -> Iterator[Terminal]:
    mine, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    program = subprocess.Popen(
        [*DEMO, "--dir", str(folder), "--lang", "en"],
        stdin=its,
        stdout=its,
        stderr=its,
        env=environment(),
        cwd=ROOT,
    )
    os.close(its)
    try:
        yield Terminal(mine, program)
    finally:
        program.terminate()
        program.communicate(timeout=_PATIENCE)
        os.close(mine)


def test_a_person_tries_the_corner_out(terminal: Terminal, folder: Path) -> None:
    terminal.until("DEMO 12/4")
    terminal.until("No shift is open")

    terminal.press(b"500\r", "Choose a card")
    terminal.press(b"2", "PIN (the customer types 4 digits)")  # Taro has points of one town
    terminal.press(b"2345", "500 points taken.")

    terminal.press(CTRL_N, "Network down")
    terminal.press(CTRL_O, "Which paper ticket is held before the scanner?")
    terminal.press(b"\r", "Taken offline.")
    terminal.press(CTRL_O, "Which paper ticket is held before the scanner?")
    terminal.press(b"\r", "already taken at this PC")  # its photocopy

    terminal.press(CTRL_N, "Online")
    terminal.press(CTRL_T, "DEMO 12/5")

    os.write(terminal.mine, CTRL_Q)
    assert f"Everything that was made lies in {folder}" in terminal.rest()
    assert terminal.program.wait(_PATIENCE) == 0
    assert not hub_runs(folder)
