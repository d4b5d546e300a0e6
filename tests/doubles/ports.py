"""Clock and randomness for tests: turned by hand, and the same in every run."""

import hashlib

from sync.values import Millis


class HandClock:
    """A machine's clocks that a test turns."""

    def __init__(self, now: Millis) -> None:
        self._wall: int = now
        self._running = 1_000_000
        self._boots = 1

    def now(self) -> Millis:
        return Millis(self._wall)

    def running(self) -> Millis:
        return Millis(self._running)

    def boot(self) -> str:
        return f"boot-{self._boots}"

    def advance(self, *, minutes: int = 0, hours: int = 0, ms: int = 0) -> None:
        passed = ms + 60_000 * minutes + 3_600_000 * hours
        self._wall += passed
        self._running += passed

    def set_wall(self, now: int) -> None:
        """Somebody sets the machine's wall clock; nothing else notices."""
        self._wall = now

    def restart(self) -> None:
        """The machine is switched off and on."""
        self._boots += 1
        self._running = 1_000


class CountedRandomness:
    """Bytes that nobody could guess but a test can repeat."""

    def __init__(self, seed: str = "seed") -> None:
        self._seed = seed
        self._count = 0

    def bytes(self, count: int) -> bytes:
        self._count += 1
        text = f"{self._seed}/{self._count}".encode()
        return hashlib.shake_256(text).digest(count)
