"""What the hub knows of a node when it asks again whether a record kept the rules.

Which records the node had written, how much of them was its own word, and what it had been told:
all from the hub's own books, nothing from what a record says of itself.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from hub.points.case import OF_TICKETS, Done, Line, done_of
from hub.points.past import T2, Earlier, Page, Past
from sync.records import Basis, Record
from sync.values import EpochId, Millis

_NOWHERE = 2**62
"""Behind the end of any line."""


class NodeKnowledge:
    """What the hub knows of a node: its recent records, and what it was told.

    Asked once a record, so what is asked for stands ready: records by what they are about, the
    float as a running sum. Paper asks for little, the records of its own number and a sum; spends
    ask for what an account spent, which no index finds: with the first one it is asked at once
    about all who spend in this posting.
    """

    def __init__(self, past: Past, line: Line, at: Millis, spenders: Collection[str]) -> None:
        """``at``: when the first record is from that asks; ``spenders``: who it will be about."""
        self._past = past
        self._line = line
        self._at = at
        self._earlier: Sequence[Earlier] | None = None
        self._spenders = spenders
        self._read: set[str] = set()
        """Those whose spends of the last days are here, and not only what this posting judged."""
        self._behind = _NOWHERE
        """Behind this place all of this life's spends are here."""
        self._records: list[Done] = []
        self._sold: list[Sequence[Record]] = []
        """What was judged as a set since, not counted yet: mostly nobody asks."""
        self._about: defaultdict[str, list[Done]] = defaultdict(list)
        self._floats: dict[tuple[str, int], int] = {}
        self._own_word: list[Done] = []
        """What of them this life took by itself."""
        self._last = 0
        """The seq of the last of these."""

    @property
    def float_points(self) -> int:
        """The node's own float; 0: the policy's."""
        return self._past.node(self._line.node).float_points

    def add(self, done: Done) -> None:
        """Count one more record."""
        self._records.append(done)
        self._about[done.account].append(done)
        if done.epoch == self._line.epoch and done.tier == T2:
            self._own_word.append(done)
            self._last = max(self._last, done.seq)
            for key in self._floats:
                if _counts(done, *key):
                    self._floats[key] += done.points

    def sold(self, records: Sequence[Record]) -> None:
        """Count spends that were judged as a set."""
        self._sold.append(records)

    def undo(self, epoch: EpochId, seq: int) -> None:
        """Count a reversal that this posting has judged."""
        self._count_sold()
        for done in self._records:
            if (done.epoch, done.seq) == (epoch, seq):
                done.undone = True

    def about(self, account: str) -> Sequence[Done]:
        """What was spent of an account by its node's own word."""
        self._read_spends({account}, self._behind)
        self._count_sold()
        return self._about.get(account, ())

    def about_ticket(self, number: str) -> Collection[Done]:
        """The records about a ticket's number."""
        return self._past.papers(self._line, number, self._at)

    def float_used(self, kind: str, receipted: int, before: int) -> int:
        """Points of this life's own word without a stored receipt, in records ``before`` one.

        Later records may be judged already: each town posts its own.
        """
        if kind in OF_TICKETS:
            return self._past.word(self._line, kind, receipted, before, self._at)
        self._read_spends((), receipted)
        self._count_sold()
        if self._last >= before:
            own = [done for done in self._own_word if done.seq < before]
            return sum(done.points for done in own if _counts(done, kind, receipted))
        key = (kind, receipted)
        if key not in self._floats:
            some = [done for done in self._own_word if _counts(done, *key)]
            self._floats[key] = sum(done.points for done in some)
        return self._floats[key]

    def float_of_lives_before(self, kind: str, at: Millis) -> int:
        """Points of earlier lives' own word that cannot have been receipted ``at`` a moment.

        Which of their receipts a node has stored no basis says; but none can be stored before the
        hub has posted what it is for, and a node's time is never before an answer that it stored.
        """
        if self._earlier is None:
            self._earlier = self._past.earlier(self._line, self._at)
        return sum(
            done.points for done in self._earlier if done.kind == kind and done.posted_at > at
        )

    def page(self, basis: Basis) -> Page | None:
        """The lists that a basis names with the standing that it names.

        None if that was never handed out, or if these lists were not.
        """
        return self._past.page(self._line, basis.feed, basis.as_of)

    def _read_spends(self, accounts: Collection[str], receipted: int) -> None:
        if self._read.issuperset(accounts) and receipted >= self._behind:
            return
        self._read.update(self._spenders, accounts)
        self._behind = min(self._behind, receipted)
        here = {(done.epoch, done.seq) for done in self._records}
        for done in self._past.spends(self._line, self._read, self._behind, self._at):
            if (done.epoch, done.seq) not in here:
                self.add(done)

    def _count_sold(self) -> None:
        while self._sold:
            for record in self._sold.pop(0):
                self.add(done_of(record))


def _counts(done: Done, kind: str, receipted: int) -> bool:
    return done.kind == kind and done.seq > receipted
