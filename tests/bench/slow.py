"""From a customer's last PIN digit to the word on the screen, on a slow disk and a slow processor.

The real program runs in a terminal of its own, over a node's folder and software cards; the hub is
silent, as when it matters most that nobody waits. Each customer pays three times, what the policy
allows. Keys are written to the terminal, and the clock runs from the last digit until "taken" is
drawn: the card signs, the node verifies, commits, syncs, and the screen paints.

    slow disk        each fsync and fdatasync takes 10 ms longer: a library that is preloaded, built
                     here where there is a C compiler and a loader that takes it
    slow processor   the program runs 5 ms of each 20, by SIGSTOP and SIGCONT: a quarter of it.
                     Textual would draw all anew at each SIGCONT: it is blocked, and so only goes on

The limit is a tenth of a second, which a person takes for immediate (Nielsen, Usability
Engineering, 5.5); on the slow processor everything takes four times as long, so four tenths. What
the card itself takes is left out: a card of plastic takes half a second or more to sign.
"""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from msgspec.structs import replace

from node.card.cardfile import create
from node.card.tap import Tap
from node.enrol import enrol
from node.opening import DEMO_CLOCK, Ports
from node.reach import Straight
from sync.democa import DemoCa, new_key
from sync.ports import FileClock
from tests.bench.figures import Better, Figure, NotMeasured, against, median
from tests.doubles.clocks import at
from tests.doubles.hub import FakeHub
from tests.doubles.ports import CountedRandomness

IMMEDIATE = 100.0
"""Milliseconds."""
SHARE = 4
"""How much slower the slow processor is."""
OFTEN = 3
"""Spends of one card at one counter in a day; the default policy allows no more."""
_NOON = at("2026-11-20 12:00")
_NOBODY = "http://127.0.0.1:9"
"""The discard port (RFC 863): here nobody answers, at once."""
_RUN, _HALT = 0.005, 0.015
_LONGEST = 20.0
_QUIET = 0.3
_CARD = "card.seconds"
_SYNC = 0.01
_SYNCS = 20
_SETTLED = 10.0
"""Seconds after which an idle program's memory is looked at."""
_ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]")
_PIN = "4649"
_OPEN = "No shift is open."
_COUNTER = """
import os, signal, sys, time
from node.card.softcard import SoftCard
from tui.cli import main

def timed(work):
    def working(*arguments):
        began = time.perf_counter()
        try:
            return work(*arguments)
        finally:
            os.write(own, f"{time.perf_counter() - began}\\n".encode())
    return working

own = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
SoftCard.__init__ = timed(SoftCard.__init__)
SoftCard.transmit = timed(SoftCard.transmit)
SoftCard.close = timed(SoftCard.close)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})
sys.argv = ["machikado"]
main()
"""
"""The front door, with a card whose own time is told."""
_EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("drawn")
Empty().run()
"""
_SYNC_OFTEN = f"""
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("PRAGMA journal_mode=WAL")
file.execute("PRAGMA synchronous=FULL")
file.execute("CREATE TABLE fact (n)")
for n in range({_SYNCS}):
    file.execute("INSERT INTO fact VALUES (?)", (n,))
"""
_SLOW_SYNC = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static void wait_as_a_disk(void) { struct timespec t = {0, 10000000}; nanosleep(&t, 0); }
int fsync(int fd) {
  wait_as_a_disk();
  return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}
int fdatasync(int fd) {
  wait_as_a_disk();
  return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
"""


def measure(folder: Path, *, customers: int) -> Iterator[Figure | str]:
    """The median time on this machine, with a slow disk, with a slow processor; and idle memory."""
    folder.mkdir(parents=True, exist_ok=True)
    cards = _cards(folder / "cards", customers)
    yield _figure("this machine", _spends(_node(folder / "plain", cards), customers))
    try:
        library = _slow_sync(folder)
    except NotMeasured as lack:
        yield f"last PIN digit to the word, slow disk: not measured, {lack}"
    else:
        samples = _spends(_node(folder / "disk", cards), customers, preload=library)
        yield _figure("slow disk, 10 ms a sync", samples)
    samples = _spends(_node(folder / "processor", cards), customers, slow=True)
    yield _figure("a quarter of the processor", samples, times=SHARE)
    yield _memory(_node(folder / "idle", cards))


def _figure(where: str, samples: list[float], times: int = 1) -> Figure:
    return against(
        f"last PIN digit to the word, {where}",
        1e3 * median(samples),
        "ms",
        limit=IMMEDIATE * times,
        target=1.0,
        better=Better.LOWER,
    )


def _memory(folder: Path) -> Figure:
    """What the program holds in memory when nobody does anything, beside an empty app."""
    with _terminal(_COUNTER, folder) as idle, _terminal(_EMPTY) as empty:
        idle.until(_OPEN)
        empty.until("drawn")
        time.sleep(_SETTLED)
        return against(
            "node: memory when idle",
            idle.resident(),
            "MB",
            limit=empty.resident(),
            target=None,
            better=Better.LOWER,
        )


def _spends(
    folder: Path, customers: int, *, preload: Path | None = None, slow: bool = False
) -> list[float]:
    """Seconds from the last digit to the word, for each spend of each customer."""
    samples = []
    with _terminal(_COUNTER, folder, preload) as counter:
        counter.until(_OPEN)
        with _throttled(counter.process.pid) if slow else nullcontext():
            for spend in range(customers * OFTEN):
                points = spend + 2  # no word of the one before is taken for this one's
                counter.type(f"{points}\r", f"Customer, you pay {points} points")
                counter.type(str(spend % customers + 1), "PIN (the customer types 4 digits)")
                for digit in _PIN[:-1]:
                    counter.type(digit)
                    counter.rest()  # as a person types
                before = _own(folder)
                taken = counter.type(_PIN[-1:], f"{points} points taken.")
                samples.append(taken - (_own(folder) - before))
    return samples


def _own(folder: Path) -> float:
    """Seconds that the cards took themselves until now."""
    return sum(map(float, (folder / _CARD).read_text("ascii").split()))


class _Terminal:
    """A program in a terminal of its own, and what it has drawn since it was last looked at."""

    def __init__(self, process: "subprocess.Popen[bytes]", end: int) -> None:
        self.process = process
        self._end = end
        self._drawn = b""

    def type(self, keys: str, wanted: str = "") -> float:
        """Type, and give the seconds until the words stand there."""
        self._drawn = b""
        began = time.perf_counter()
        os.write(self._end, keys.encode())
        self.until(wanted)
        return time.perf_counter() - began

    def until(self, wanted: str) -> None:
        """Read what is drawn until the words stand there."""
        last = time.perf_counter() + _LONGEST
        while wanted.encode() not in _ESCAPES.sub(b"", self._drawn):
            if not self._more(max(0.0, last - time.perf_counter())):
                raise RuntimeError(f"{wanted!r} did not appear: {self._drawn[-400:]!r}")

    def rest(self) -> None:
        """Wait until nothing more is drawn."""
        while self._more(_QUIET):
            pass

    def resident(self) -> float:
        """Megabytes in memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _more(self, seconds: float) -> bool:
        if not select.select([self._end], [], [], seconds)[0]:
            return False
        self._drawn += os.read(self._end, 65_536)
        return True


@contextmanager
def _terminal(
    program: str, folder: Path | None = None, preload: Path | None = None
) -> Iterator[_Terminal]:
    """Run a program of Python in a terminal of 80 by 24; it is killed in the end."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    if folder is not None:
        clock = folder / "clock"
        environment |= {
            "MACHIKADO_DIR": str(folder),
            "MACHIKADO_LANG": "en",
            DEMO_CLOCK: str(clock),
        }
    if preload is not None:
        environment["LD_PRELOAD"] = str(preload)
    process = subprocess.Popen(
        [sys.executable, "-c", program, *([] if folder is None else [folder / _CARD])],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    try:
        yield _Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@contextmanager
def _throttled(process: int) -> Iterator[None]:
    """Let a process run only so much of the time."""
    over = threading.Event()

    def turns() -> None:
        while not over.wait(_RUN):
            os.kill(process, signal.SIGSTOP)
            time.sleep(_HALT)
            os.kill(process, signal.SIGCONT)

    throttle = threading.Thread(target=turns)
    throttle.start()
    try:
        yield
    finally:
        over.set()
        throttle.join()


def _slow_sync(folder: Path) -> Path:
    """The library that makes each sync longer; raises NotMeasured where it cannot be built."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NotMeasured("there is no C compiler")
    source, library = folder / "slow_sync.c", folder / "slow_sync.so"
    source.write_text(_SLOW_SYNC, "ascii")
    built = subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"],
        capture_output=True,
        check=False,
    )
    if built.returncode:
        raise NotMeasured("the C compiler does not build the library that waits at each sync")
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", _SYNC_OFTEN, folder / "synced"],
        env={**os.environ, "LD_PRELOAD": str(library)},
        check=True,
    )
    if time.perf_counter() - began < _SYNCS * _SYNC:
        raise NotMeasured("SQLite here does not sync by way of a library that can be preloaded")
    return library


def _cards(folder: Path, customers: int) -> list[Path]:
    """Software cards of some residents, all with the same PIN."""
    folder.mkdir()
    files = []
    for customer in range(customers):
        key = new_key()
        ca = DemoCa.create(folder / f"ca-{customer}", at=_NOON, key=key)
        files.append(folder / f"{customer}.card")
        create(files[-1], ca, bytearray(_PIN.encode()), at=_NOON, key=key)
    return files


def _node(folder: Path, cards: Sequence[Path]) -> Path:
    """A counter's folder with a tray of cards, whose hub has told it all and is silent now."""
    hub = FakeHub(_NOON)
    tray = folder / "cards"
    tray.mkdir(parents=True)
    for number, card in enumerate(cards):
        with Tap(f"soft:{shutil.copy(card, tray)}") as tap:
            hub.give(tap.key.digest, 5_000, f"{number:016x}")
            hub.certificates.add(tap.key.digest)
    clock = folder / "clock"
    clock.write_text(str(_NOON), "ascii")
    ports = Ports(
        clock=FileClock(clock),
        randomness=CountedRandomness(),
        door=lambda _: hub,
        patience=Straight(),
    )
    invitation = replace(hub.invitation, hub=_NOBODY)
    new = enrol(folder, invitation, ports, second_path=folder / "second", door=hub)
    new.counter.sync_now()
    new.counter.close()
    return folder
