"""What is typed as fast as only a scanner types, whoever has the focus.

A code may hold signs that are keys to a program: a separator comes as Ctrl and a letter, or as a
function key where the scanner was set up so. Inside a code such a key means nothing. And a ticket
that was scanned where none is taken is told apart, so that the screen can say so.
"""

from enum import Enum, auto
from typing import Final

from sync.scan import looks_like_ticket

GAP: Final = 0.05
"""Seconds between two signs of one code, at most."""
_LEAST: Final = 12
"""Signs that no person types without such a gap."""
_MOST: Final = 2_000
ENDS: Final = frozenset({"enter", "ctrl+j", "tab"})


class Meant(Enum):
    """What a key is."""

    ITSELF = auto()
    NOTHING = auto()
    """Part of a code: it must not do what it does otherwise."""
    TICKET = auto()
    """The end of a scanned ticket."""


class Scans:
    """The keys of a terminal, in the order in which they came."""

    def __init__(self) -> None:
        """Nothing typed yet."""
        self._signs: list[str] = []
        self._last = -GAP

    def hear(self, key: str, sign: str | None, at: float) -> Meant:
        """Take one key: its name, the sign that it types if any, its moment in seconds."""
        if at - self._last >= GAP:
            self._signs.clear()
        self._last = at
        if key in ENDS:
            text = "".join(self._signs)
            self._signs.clear()
            return Meant.TICKET if looks_like_ticket(text) else Meant.ITSELF
        if sign is None:
            return Meant.NOTHING if len(self._signs) >= _LEAST else Meant.ITSELF
        if len(self._signs) < _MOST:
            self._signs.append(sign)
        return Meant.ITSELF
