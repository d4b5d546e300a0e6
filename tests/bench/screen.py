"""How soon the counter's first screen is there, beside an empty Textual app."""

import os
import pty
import subprocess
import sys
import time

from tests.bench.figures import Better, Figure, against, median

_EMPTY = """
from textual.app import App
class Empty(App):
    def on_ready(self):
        self.exit()
Empty().run()
"""
_COUNTER = """
from tests.doubles.counter import shop
from tui.app import CounterApp
from tui.wording import Words
class First(CounterApp):
    def on_ready(self):
        self.exit()
First(shop, Words("ja")).run()
"""


def measure(times: int) -> list[Figure]:
    """From the start of a process in a terminal until the first screen is drawn."""
    empty, counter = [], []
    for _ in range(times):
        empty.append(_until_drawn(_EMPTY))
        counter.append(_until_drawn(_COUNTER))
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


def _until_drawn(program: str) -> float:
    """Run a program that leaves once its first screen is drawn, in a terminal of its own."""
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
    try:
        while _more(ours):
            pass
        if process.wait():
            raise RuntimeError("the app did not end well")
        return time.perf_counter() - began
    finally:
        os.close(ours)


def _more(terminal: int) -> bool:
    """Take what was drawn; False when the program has let go of the terminal."""
    try:
        return bool(os.read(terminal, 65_536))
    except OSError:
        return False
