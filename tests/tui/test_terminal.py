"""The app once in a real terminal: a pseudo-terminal, its escape sequences, its keys."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

_PATIENCE = 30.0
_ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]")


def _until(terminal: int, wanted: str) -> str:
    """Read what the program draws until the words stand there."""
    drawn = b""
    while select.select([terminal], [], [], _PATIENCE)[0]:
        drawn += os.read(terminal, 65_536)
        plain = _ESCAPES.sub(b"", drawn).decode("utf-8", errors="ignore")
        if wanted in plain:
            return plain
    pytest.fail(f"{wanted!r} did not appear; the terminal shows {drawn[-2_000:]!r}")


@pytest.mark.processes
def test_a_spend_from_the_first_screen_to_the_end_of_the_program() -> None:
    mine, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.tui.run", "en"],
        stdin=its,
        stdout=its,
        stderr=its,  # Textual draws there
        env={**os.environ, "TERM": "xterm-256color", "PYTHONWARNINGS": "default"},
        cwd=Path(__file__).parents[2],
    )
    os.close(its)
    try:
        _until(mine, "Online")
        os.write(mine, b"500\r")
        _until(mine, "Customer, you pay 500 points")
        os.write(mine, b"1")
        _until(mine, "PIN (the customer types 4 digits)")
        os.write(mine, b"1234")
        _until(mine, "500 points taken.")
        os.write(mine, b"\x11")  # Ctrl+Q
        while select.select([mine], [], [], _PATIENCE)[0]:
            try:
                os.read(mine, 65_536)
            except OSError:  # Linux: the other end is closed
                break
        assert program.wait(_PATIENCE) == 0
    finally:
        program.kill()
        program.communicate()
        os.close(mine)
