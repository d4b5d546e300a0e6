"""A clock that tests turn, and randomness that repeats."""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

from sync.values import DAY, HOUR, Millis

TOKYO = ZoneInfo("Asia/Tokyo")


def at(text: str) -> Millis:
    """A moment in Tokyo: ``2026-11-02 10:00``."""
    return Millis(int(datetime.fromisoformat(text).replace(tzinfo=TOKYO).timestamp() * 1000))


class TurnedClock:
    """Stands still until a test turns it."""

    def __init__(self, start: Millis) -> None:
        self._now = start
        self._running = 0
        self._boot = "boot-1"

    def now(self) -> Millis:
        return self._now

    def running(self) -> Millis:
        return Millis(self._running)

    def boot(self) -> str:
        return self._boot

    def turn(self, *, days: float = 0, hours: float = 0, minutes: float = 0, ms: int = 0) -> None:
        """Let time pass for wall and boot clock alike."""
        step = int(days * DAY + hours * HOUR + minutes * 60_000) + ms
        self._now = Millis(self._now + step)
        self._running += step

    def set(self, moment: Millis) -> None:
        """Set the wall clock alone, as a person or a dead battery does."""
        self._now = moment

    def restart(self) -> None:
        """The machine was restarted."""
        self._running = 0
        self._boot = f"boot-{int(self._boot.removeprefix('boot-')) + 1}"


class SeededRandomness:
    """Bytes that look random and are the same for the same seed."""

    def __init__(self, seed: int | str) -> None:
        self._seed = str(seed).encode()
        self._count = 0

    def bytes(self, count: int) -> bytes:
        out = b""
        while len(out) < count:
            self._count += 1
            out += hashlib.sha256(self._seed + self._count.to_bytes(8, "big")).digest()
        return out[:count]
