"""The demo as a program, and whether its hub is gone when it is."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
DEMO = (sys.executable, "-c", "from tui.cli import main; main()", "demo")


def environment() -> dict[str, str]:
    """A person's, without a node or hub of theirs; warnings are no errors in programs.

    Nor has it card readers: what other tests lay on this PC's must not pay here.
    """
    kept = {name: value for name, value in os.environ.items() if "MACHIKADO" not in name}
    return kept | {
        "TERM": "xterm-256color",
        "PYTHONWARNINGS": "default",
        "PCSCLITE_CSOCK_NAME": os.devnull,
    }


def run_demo(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run it without a terminal until it ends."""
    return subprocess.run(
        [*DEMO, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
        timeout=300,
        check=False,
    )


def hub_runs(folder: Path) -> bool:
    """Whether the process that the hub's lock names is still there."""
    process = int((folder / "hub" / "lock").read_text().split("process ")[1].rstrip(")"))
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
