"""Scans and typed numbers in the order in which they came, of which one is asked at a time.

A scanner that fires twice within a second gave one scan. A typed number is first looked for; Enter
takes it once a person has compared what was found with the paper, and nothing else was said since.
"""

from collections import deque
from typing import Final, NamedTuple

from node.outcome import FoundTicket
from sync.values import is_typed

BOUNCE: Final = 1.0
"""Seconds within which the same text again is the scanner's own repetition."""


class Scan(NamedTuple):
    """One to be asked about."""

    text: str
    compared: bool = False
    """It is a number that a person has compared with the paper."""

    @property
    def to_compare(self) -> bool:
        """Whether it is a number that nobody has compared yet."""
        return is_typed(self.text) and not self.compared


class ScanQueue:
    """What waits, whether something is asked, and the ticket that Enter would take."""

    def __init__(self, first: str = "", at: float = -BOUNCE) -> None:
        """``first``: a scan that came before the screen, at its own moment."""
        self._waiting = deque([Scan(first)] if first else [])
        self._last = (first, at)
        self._asking = False
        self._found: FoundTicket | None = None

    def hear(self, text: str, at: float) -> None:
        """A line was scanned or typed, or Enter alone; ``at``: its moment in monotonic seconds."""
        if not text:
            if self._found is not None:
                self._waiting.append(Scan(self._found.number, compared=True))
            self.forget()
            return
        before, before_at = self._last
        self._last = (text, at)
        if text == before and at - before_at < BOUNCE:
            return
        self.forget()
        self._waiting.append(Scan(text))

    def next(self) -> Scan | None:
        """The next one to ask about, unless one is being asked; what was found before is over."""
        if self._asking or not self._waiting:
            return None
        self.hold()
        return self._waiting.popleft()

    @property
    def asking(self) -> bool:
        """Whether an answer is waited for."""
        return self._asking

    def hold(self) -> None:
        """Something is asked: what comes now waits."""
        self._asking = True
        self.forget()

    def answered(self, found: FoundTicket | None = None) -> None:
        """The answer has come; ``found``: what Enter takes, until something else is said."""
        self._asking, self._found = False, found

    def forget(self) -> None:
        """Enter takes nothing."""
        self._found = None
