"""The demo's clock: a file that hub and nodes read their time from, and that the demo turns.

Times are written as people in Japan write them: ``2017-12-15 10:00`` is Asia/Tokyo.
"""

import os
from datetime import datetime
from pathlib import Path

from sync.clock import TOKYO, tokyo
from sync.ports import FileClock
from sync.values import Millis

MINUTE = Millis(60_000)


class Clockwork:
    """Turns the clock; never back."""

    def __init__(self, file: Path, start: str) -> None:
        """Set the clock of a new demo."""
        self.file = file
        self.clock = FileClock(file)
        self._write(millis(start))

    @property
    def now(self) -> Millis:
        """What hub and nodes read."""
        return self.clock.now()

    def turn(self, span: Millis) -> None:
        """Let some time pass."""
        self._write(Millis(self.now + span))

    def turn_to(self, moment: str) -> None:
        """Let the time pass until a moment; one that is over already changes nothing."""
        self._write(max(self.now, millis(moment)))

    def _write(self, now: Millis) -> None:
        """In one step: a hub that reads meanwhile sees the old time or the new one."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(now), "ascii")
        os.replace(fresh, self.file)  # noqa: PTH105  the call whose atomicity is documented


def millis(moment: str) -> Millis:
    """A moment in Asia/Tokyo as milliseconds since 1970."""
    return Millis(int(datetime.fromisoformat(moment).replace(tzinfo=TOKYO).timestamp() * 1000))


def in_tokyo(now: Millis) -> datetime:
    """The same the other way round."""
    return tokyo(now)
