"""How soon the counter's first screen is there, beside an empty Textual app.

A process is started in a terminal of its own, and the clock runs until the terminal has been sent a
text that is on the screen: what a person waits for. What either does to end is not counted.
"""

import os
import pty
import select
import subprocess
import sys
import time

from tests.bench.figures import Better, Figure, against, median
from tui.wording import Words

_EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("drawn")
Empty().run()
"""
_COUNTER = """
from tui.app import CounterApp
from tui.wording import Words
def shop():
    from tests.doubles.counter import shop
    return shop()
CounterApp(shop, Words("ja")).run()
"""
_LONGEST = 30
"""Seconds after which an app counts as not starting."""


def measure(times: int) -> list[Figure]:
    """From the start of a process until its first screen is drawn."""
    job = Words("ja")("Take tickets").encode()
    empty, counter = [], []
    for _ in range(times):
        empty.append(_until_drawn(_EMPTY, b"drawn"))
        counter.append(_until_drawn(_COUNTER, job))
    return [
        against(
            "first screen",
            1e3 * median(counter),
            "ms",
            limit=1e3 * median(empty),
            target=1.3,
            better=Better.LOWER,
        )
    ]


def _until_drawn(program: str, text: bytes) -> float:
    """Run a program in a terminal of its own until a text is on its screen; then it is killed."""
    ours, theirs = pty.openpty()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
    )
    os.close(theirs)
    drawn = b""
    try:
        while text not in drawn:
            left = began + _LONGEST - time.perf_counter()
            if not select.select([ours], [], [], max(0.0, left))[0]:
                raise RuntimeError(f"no screen within {_LONGEST} s: {drawn[-400:]!r}")
            drawn += os.read(ours, 65_536)
        return time.perf_counter() - began
    finally:
        process.kill()
        process.wait()
        os.close(ours)
