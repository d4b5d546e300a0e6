"""The next batch on its way while the hub still answers the one before.

    the line    |== first ==|== second ==|== third ==|
    the node    ^ first     ^ second: about half of the first has left

An exchange that waits for each answer leaves a long line empty for a round trip a batch. So at most
one batch goes ahead of its turn, on a connection of its own, where answers take long enough to be
felt. It names no ended attempts, and whatever goes wrong with it is as if it had never been sent:
its answer counts only when its turn has come and the hub has taken it; otherwise the same records
are sent once more, and the hub takes what comes twice once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from node.line import Line
from sync.calls import HubCalls
from sync.errors import MachikadoError
from sync.receipt import Answer
from sync.values import EpochId

LONG = 200
"""Milliseconds that an answer takes on a line that is worth it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Records of an epoch from ``first`` on, as a batch's bytes."""

    epoch: EpochId
    first: int
    count: int
    body: bytes

    def put(self, calls: HubCalls) -> Answer:
        """Hand it in."""
        return calls.put_records(self.epoch, self.first, self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A batch that went ahead."""

    packed: Packed
    began: int
    """When, in the machine's running time (ms)."""
    answer: Callable[[], Answer]


class Ahead:
    """What of one exchange is on its way before its turn: one batch, or none."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._sent: Sent | None = None
        self._took = 0
        self._failed = False

    @property
    def worth(self) -> bool:
        """Whether the next batch should go ahead: answers take long, and none has failed so."""
        return self._took >= LONG and not self._failed

    def took(self, ms: int) -> None:
        """An answer took so long."""
        self._took = ms

    def send(self, packed: Packed, *, now: int, since: int) -> None:
        """Send a batch once half of the one before has left, which began at ``since``."""
        after = max(0, since + self._took // 2 - now)
        answer = self._line.begin(packed.put, after / 1000)
        if answer is not None:
            self._sent = Sent(packed=packed, began=now + after, answer=answer)

    def turn(self, epoch: EpochId, first: int) -> Sent | None:
        """What went ahead, if it is what has its turn now; anything else is forgotten."""
        sent, self._sent = self._sent, None
        fits = sent is not None and (sent.packed.epoch, sent.packed.first) == (epoch, first)
        return sent if fits else None

    def answer(self, sent: Sent) -> Answer | None:
        """Wait for the hub's answer; None when there is none, whatever the reason."""
        try:
            return sent.answer()
        except MachikadoError:
            self._failed = True
            return None
