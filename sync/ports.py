"""The doors to the outside world that the rooms share, and the real ones."""

import os
import time
from pathlib import Path
from typing import Protocol

from sync.errors import Malformed
from sync.values import Millis


class Clock(Protocol):
    """What time it is."""

    def now(self) -> Millis:
        """Wall clock, milliseconds since 1970."""
        ...

    def running(self) -> Millis:
        """Milliseconds since this machine was started; never goes back, counts sleep."""
        ...

    def boot(self) -> str:
        """A name for this run of the machine; another one after each restart."""
        ...


class Randomness(Protocol):
    """Unpredictable bytes."""

    def bytes(self, count: int) -> bytes:
        """Give ``count`` fresh bytes."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> Millis:
        """Wall clock, milliseconds since 1970."""
        return Millis(time.time_ns() // 1_000_000)

    def running(self) -> Millis:
        """Milliseconds since boot, sleep included."""
        source = getattr(time, "CLOCK_BOOTTIME", None)
        ns = time.monotonic_ns() if source is None else time.clock_gettime_ns(source)
        return Millis(ns // 1_000_000)

    def boot(self) -> str:
        """The kernel's boot id, or a name for this process where there is none."""
        try:
            return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        except OSError:
            return f"process-{os.getpid()}"


class FileClock:
    """A clock that a demo turns by writing milliseconds into a file.

    Only what was made with ``--demo`` accepts it, so that a month can pass in minutes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> Millis:
        """The milliseconds in the file. Raises Malformed."""
        try:
            text = self._path.read_text("ascii", "replace").strip()
        except OSError as error:
            raise Malformed(f"demo clock {self._path}: {error.strerror}") from None
        if not text.isascii() or not text.isdigit():
            raise Malformed(f"demo clock {self._path}: it must hold milliseconds since 1970")
        return Millis(int(text))

    def running(self) -> Millis:
        """The demo's machines never stop: the same as :meth:`now`."""
        return self.now()

    def boot(self) -> str:
        """One run of the machine for the whole demo."""
        return "demo"


class SystemRandomness:
    """The operating system's random source."""

    def bytes(self, count: int) -> bytes:
        """Give ``count`` fresh bytes."""
        return os.urandom(count)  # noqa: TID251  this is the port
