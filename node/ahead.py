"""The next batch on its way while the hub still answers the one before.

    the line    |= first =|== second ==|======= third =======|
    the node    ^ first   ^ second     ^ third: the first is answered

An exchange that waits for each answer leaves a long line empty for a round trip a batch. So at most
one batch goes ahead of its turn, on a connection of its own, for a hub takes two of a terminal at a
time: where an answer takes long enough to be felt, and when about half of the batch before it is
thought to have left. Of the first batch of an exchange nobody knows how long its answer takes: the
second one goes when that was long enough to be felt. It names no ended attempts, and whatever goes
wrong with it is as if it had never been sent: its answer counts only when its turn has come and the
hub has taken it; otherwise the same records are sent once more, and the hub takes what comes twice
once.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from node.line import Line
from sync.calls import HubCalls
from sync.errors import MachikadoError, Unreachable
from sync.receipt import Answer
from sync.session import QUICK
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


class Leaving:
    """Whether a batch has left ahead of its turn: decided once, by whoever is first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: bool | None = None

    def has_left(self, *, else_now: bool) -> bool:
        """Whether it has; where that is not decided, it leaves now or never."""
        with self._lock:
            if self._left is None:
                self._left = else_now
            return self._left


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A batch that goes ahead."""

    packed: Packed
    began: int
    """When, in the machine's running time (ms)."""
    answer: Callable[[], Answer]
    leaving: Leaving


class Ahead:
    """What of one exchange is on its way before its turn: one batch, or none."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._sent: Sent | None = None
        self._took: int | None = None
        """Milliseconds until the last batch was answered."""
        self._alone = 0
        """Milliseconds of these in which no batch before it was waited for."""
        self._quickest = 0
        self._answered = 0
        """When it was, in the machine's running time (ms)."""
        self._free = 0
        """When it had left the line."""
        self._paces: deque[float] = deque([0.0], maxlen=2)
        """Milliseconds a byte of the last batches; 0 while nobody knows."""
        self._failed = False

    @property
    def worth(self) -> bool:
        """Whether the next batch should go ahead: answers may take long, and none failed so."""
        return (self._took is None or self._took >= LONG) and not self._failed

    @property
    def grows(self) -> bool:
        """Whether the next batch may be longer, as it would be behind one more good answer."""
        return self._alone <= QUICK

    def took(self, packed: Packed, *, began: int, now: int) -> int:
        """A batch is answered: it left a round trip ago, of which the quickest answer tells.

        Gives the milliseconds in which no batch before it was waited for: what another one took
        says nothing of whether a batch may be longer.
        """
        ms = now - began
        self._alone, self._answered = now - max(began, self._answered), now
        self._quickest = ms if self._took is None else min(ms, self._quickest)
        free_before, self._free = self._free, now - self._quickest
        leaving = max(0, self._free - max(began, free_before))
        self._paces.append(leaving / len(packed.body))
        self._took = ms
        return self._alone

    def send(self, packed: Packed, behind: Packed, *, now: int, since: int) -> None:
        """Send a batch when about half of the one before, which began at ``since``, has left.

        Late leaves the line empty, early only shares it: of two paces the better one is believed.
        """
        half = max(since, self._free) + int(min(self._paces) * len(behind.body) / 2)
        after = max(0, max(since + LONG, half) - now)
        leaving = Leaving()

        def put(calls: HubCalls) -> Answer:
            if not leaving.has_left(else_now=True):
                raise Unreachable("its turn came before it left")
            return packed.put(calls)

        answer = self._line.begin(put, after / 1000)
        if answer is not None:
            self._sent = Sent(packed=packed, began=now + after, answer=answer, leaving=leaving)

    def turn(self, epoch: EpochId, first: int) -> Sent | None:
        """What went ahead, if it is what has its turn now; anything else is forgotten."""
        sent, self._sent = self._sent, None
        if sent is None or (sent.packed.epoch, sent.packed.first) != (epoch, first):
            return None
        return sent if sent.leaving.has_left(else_now=False) else None

    def answer(self, sent: Sent) -> Answer | None:
        """Wait for the hub's answer; None when there is none, whatever the reason."""
        try:
            return sent.answer()
        except MachikadoError:
            self._failed = True
            return None
