"""What the hub knows of a node when it asks again whether a record kept the rules.

Which records the node had written, how much of them was its own word, and what it had been told:
all from the hub's own books, nothing from what a record says of itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from hub.points.case import Done, Line, done_of
from hub.store.database import Tx
from sync.records import Basis, Record, Tier
from sync.values import EpochId, Millis

T2 = str(Tier.T2)
"""The tier of what a node decided by its own word."""


class Earlier(NamedTuple):
    """What a life of the node before this one took on its own word."""

    kind: str
    points: int
    posted_at: Millis


class NodeKnowledge:
    """What the hub knows of a node: its recent records, and what it was told.

    Asked once a record, so what is asked for stands ready: records by what they are about, the
    float as a running sum.
    """

    def __init__(
        self,
        tx: Tx,
        line: Line,
        float_points: int,
        records: Iterable[Done],
        earlier: Sequence[Earlier],
    ) -> None:
        self._tx = tx
        self._line = line
        self.float_points = float_points
        self._earlier = earlier
        self._records: list[Done] = []
        self._sold: list[Sequence[Record]] = []
        """What was judged as a set since, not counted yet: mostly nobody asks."""
        self._about: defaultdict[str, list[Done]] = defaultdict(list)
        self._floats: dict[tuple[str, str, int], int] = {}
        self._latest: defaultdict[str, int] = defaultdict(int)
        self._pages: dict[int, Millis | None] = {}
        self._included: dict[tuple[int, int], dict[EpochId, int] | None] = {}
        for done in records:
            self.add(done)

    def add(self, done: Done) -> None:
        """Count one more record."""
        self._records.append(done)
        self._about[done.account].append(done)
        self._latest[done.epoch] = max(self._latest[done.epoch], done.seq)
        if done.tier == T2:
            for key in self._floats:
                if _counts(done, *key):
                    self._floats[key] += done.points

    def sold(self, records: Sequence[Record]) -> None:
        """Count spends that were judged as a set."""
        self._sold.append(records)

    def records(self) -> Sequence[Done]:
        """All that counts."""
        while self._sold:
            for record in self._sold.pop(0):
                self.add(done_of(record))
        return self._records

    def about(self, account: str) -> Sequence[Done]:
        """The records about an account, or a ticket's number."""
        self.records()
        return self._about.get(account, ())

    def float_used(self, kind: str, epoch: str, receipted: int, before: int) -> int:
        """Points of this life's own word without a stored receipt, in records ``before`` one.

        Later records may be judged already: each town posts its own.
        """
        key = (kind, epoch, receipted)
        self.records()
        if self._latest[epoch] >= before:
            return sum(
                done.points for done in self._records if done.seq < before and _counts(done, *key)
            )
        if key not in self._floats:
            self._floats[key] = sum(done.points for done in self._records if _counts(done, *key))
        return self._floats[key]

    def float_of_lives_before(self, kind: str, at: Millis) -> int:
        """Points of earlier lives' own word that cannot have been receipted ``at`` a moment.

        Which of their receipts a node has stored no basis says; but none can be stored before the
        hub has posted what it is for, and a node's time is never before an answer that it stored.
        """
        if not self._earlier:
            return 0
        return sum(
            done.points for done in self._earlier if done.kind == kind and done.posted_at > at
        )

    def includes(self, basis: Basis) -> dict[EpochId, int] | None:
        """What the standing that a basis names counted.

        None if it was never handed out, or if the lists that the basis names were not.
        """
        key = (basis.feed, basis.as_of)
        if key not in self._included:
            self._included[key] = self._read_included(*key)
        return self._included[key]

    def good_until(self, basis: Basis) -> Millis | None:
        """Until when revocation lists were in force, as the page said that a basis names."""
        return self._pages.get(basis.as_of)

    def _read_included(self, feed: int, as_of: int) -> dict[EpochId, int] | None:
        home, node = self._line.home, self._line.node
        found = self._tx.rows(
            "SELECT page.good_until, standing.includes FROM"
            " (SELECT good_until FROM told_node WHERE municipality=? AND node=? AND at=? AND page=1"
            " ORDER BY number DESC LIMIT 1) AS page CROSS JOIN"
            " (SELECT includes FROM told_node WHERE municipality=? AND node=? AND number=?"
            " ORDER BY at<>?, at LIMIT 1) AS standing",
            [home, node, as_of, home, node, feed, as_of],
        )
        for good_until, includes in found:
            self._pages[as_of] = good_until
            return _read_includes(includes)
        return None


def _counts(done: Done, kind: str, epoch: str, receipted: int) -> bool:
    return done.kind == kind and done.tier == T2 and done.epoch == epoch and done.seq > receipted


def _read_includes(data: bytes) -> dict[EpochId, int]:
    return dict(msgspec.msgpack.decode(data, type=list[tuple[EpochId, int]]))
