"""How much of each kind of call the hub has under way at a time, and when to come back else.

Calls go by lanes, so that none stands behind another kind's queue: what a person at a counter waits
for, what terminals hand in, and what they fetch meanwhile. What a lane has under way is bounded by
number, and so is memory: a batch has at most 128 kB. One terminal has a small share of its own.

Who finds no room is told when to come back: one after the other, at the pace at which the lane has
answered of late. So a town whose terminals all come back at once after an outage is spread over the
time that its records take, and nobody is turned away for nothing. Nothing here reads a clock.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from sync.errors import Busy, TooMany

LEAST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds that somebody who finds no room is told to wait."""
_FIRST_PACE = 0.02
"""Seconds between two answers, before any has been given."""
_SLOWEST = 1.0
_NEWS = 0.05
"""By how much each answer moves the pace."""
FULL = "the hub has too much to do just now; nothing is lost: come back when it says"
YOURS = "this terminal has too many calls under way; nothing is lost: wait for their answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """How much a lane takes."""

    threads: int
    """Calls that are worked on at a time."""
    most: int
    """Calls under way, with those that wait for a thread."""
    each: int
    """Calls under way of one terminal."""


class Lane(Enum):
    """What kinds of calls there are."""

    COUNTER = Width(threads=8, most=256, each=8)
    """Holds, standings, numbers: somebody waits."""
    HANDING_IN = Width(threads=32, most=384, each=2)
    """Batches: as many threads as are committed together."""
    BACKGROUND = Width(threads=4, most=384, each=4)
    """The feed, the time, what a terminal lost."""


Caller = tuple[str, str]
"""Where a call comes from, and which terminal it names: nobody else's share can be used up."""


def lane_of(method: str, path: str) -> Lane | None:
    """The lane of a call; None: it is not a terminal's."""
    match path.split("/"):
        case ["", "v1", "nodes", _, "epochs", _, "records", *_]:
            return Lane.HANDING_IN if method == "PUT" else Lane.BACKGROUND
        case ["", "v1", "nodes", _, "feed"]:
            return Lane.BACKGROUND
        case ["", "v1", "nodes", *_]:
            return Lane.COUNTER
        case ["", "v1", "time" | "keys" | "invitations" | "enrolments", *_]:
            return Lane.BACKGROUND
    return None


def terminal_of(path: str) -> str:
    """The terminal that a call names; empty where it names none."""
    match path.split("/"):
        case ["", "v1", "nodes", node, *_]:
            return node
    return ""


class Room:
    """What one lane has under way. ``now`` is in seconds of a clock that only runs forward."""

    def __init__(self, width: Width) -> None:
        self.width = width
        self.under_way = 0
        self._callers: Counter[Caller] = Counter()
        self._pace = _FIRST_PACE
        self._last_answer: float | None = None
        """When the last one was given, where others were under way then."""
        self._promised = 0.0
        """The moment that the last one who found no room was given."""

    def enter(self, caller: Caller, now: float) -> None:
        """Take room for a call. Raises TooMany where this terminal has its share, Busy if full."""
        _, node = caller
        if node and self._callers[caller] >= self.width.each:
            raise TooMany(YOURS, LEAST_WAIT)
        if self.under_way >= self.width.most:
            raise Busy(FULL, self._come_back(now))
        self.under_way += 1
        self._callers[caller] += 1

    def leave(self, caller: Caller, now: float) -> None:
        """A call was answered."""
        if self._last_answer is not None:
            took = min(now - self._last_answer, _SLOWEST)
            self._pace += _NEWS * (took - self._pace)
        self.under_way -= 1
        self._callers[caller] -= 1
        if not self._callers[caller]:
            del self._callers[caller]
        self._last_answer = now if self.under_way else None

    def _come_back(self, now: float) -> float:
        """After how many seconds there will be room for one more, behind all who were told so."""
        self._promised = min(max(self._promised, now) + self._pace, now + LONGEST_WAIT)
        return max(LEAST_WAIT, self._promised - now)
