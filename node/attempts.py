"""The node's count of attempts to get a hold, each durable before its request leaves.

    open ──> granted ──> used      a record names it
      │         └──────> over ──> told    it ended without one, and the hub has heard so
      ├──> refused
      └──> used | over

An attempt that was never answered may still have been granted: the record made from it names it
all the same, and without a record it is told to the hub as ended. After a restart every attempt
without a record is over, and so is one that was left lying for a day.
"""

from node.store import Store
from sync.holds import LONGEST_ATTEMPT, HoldAnswer, HoldRequest
from sync.values import EpochId
from sync.wire import write

MOST_REST = 3_600_000
"""Milliseconds: an idle moment comes more often than this."""
MOST_TOLD = 4096
"""Ended attempts that one batch names (:class:`sync.batch.Batch`)."""


class Attempts:
    """The attempts of every epoch of this node."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[tuple[EpochId, int], int] = {}
        """Attempts without a record, and how long the machine had run when they were first met."""

    def begin(self, epoch: EpochId, request: HoldRequest) -> int:
        """Count a new attempt, durably, above every number the hub has seen."""
        with self._store.transaction():
            highest = self._store.number(
                "SELECT max(highest_attempt, coalesce((SELECT max(n) FROM attempt"
                " WHERE epoch = epoch.epoch), 0)) FROM epoch WHERE epoch = ?",
                (epoch,),
            )
            self._store.execute(
                "INSERT INTO attempt (epoch, n, purpose, state, request)"
                " VALUES (?, ?, ?, 'open', ?)",
                (epoch, highest + 1, request.purpose, write(request)),
            )
        return highest + 1

    def answered(self, epoch: EpochId, n: int, answer: HoldAnswer) -> None:
        """Note the hub's word; for one that is over or used only whose standing took the points."""
        state = "granted" if answer.granted else "refused"
        order = (0, 0) if answer.standing is None else answer.standing.as_of.order
        with self._store.transaction():
            self._store.execute(
                "UPDATE attempt SET state = ? WHERE epoch = ? AND n = ? AND state = 'open'",
                (state, epoch, n),
            )
            if answer.granted:
                self._store.execute(
                    "UPDATE attempt SET incarnation = ?, number = ? WHERE epoch = ? AND n = ?",
                    (*order, epoch, n),
                )
            self.seen(epoch, answer.highest_attempt)

    def seen(self, epoch: EpochId, highest: int) -> None:
        """The hub has seen numbers up to ``highest``: give up those that are not known here."""
        with self._store.transaction():
            mine = self._store.number("SELECT max(n) FROM attempt WHERE epoch = ?", (epoch,))
            for n in range(max(mine, highest - MOST_TOLD) + 1, highest + 1):
                self._store.execute(
                    "INSERT INTO attempt (epoch, n, purpose, state, request)"
                    " VALUES (?, ?, 'unknown', 'over', x'')",
                    (epoch, n),
                )
            self._store.execute(
                "UPDATE epoch SET highest_attempt = max(highest_attempt, ?) WHERE epoch = ?",
                (highest, epoch),
            )

    def state(self, epoch: EpochId, n: int) -> str:
        """Where an attempt stands; empty when there is none."""
        row = self._store.row("SELECT state FROM attempt WHERE epoch = ? AND n = ?", (epoch, n))
        return "" if row is None else str(row[0])

    def use(self, epoch: EpochId, n: int) -> None:
        """A record names it; inside the transaction that writes the record."""
        if n:
            self._store.execute(
                "UPDATE attempt SET state = 'used' WHERE epoch = ? AND n = ?", (epoch, n)
            )

    def end(self, epoch: EpochId, n: int) -> None:
        """It ended without a record."""
        if n:
            self._store.execute(
                "UPDATE attempt SET state = 'over' WHERE epoch = ? AND n = ?"
                " AND state IN ('open', 'granted')",
                (epoch, n),
            )

    def end_all(self) -> None:
        """After a start nothing is in flight: what has no record is over."""
        self._store.execute("UPDATE attempt SET state = 'over' WHERE state IN ('open', 'granted')")

    def rest(self, ran: int) -> None:
        """Give up what was left lying for too long; ``ran`` is how long the machine has run, ms."""
        rows = self._store.rows(
            "SELECT epoch, n FROM attempt WHERE state IN ('open', 'granted')",
        )
        lying = {(EpochId(epoch), n) for epoch, n in rows}
        self._seen = {key: self._seen.get(key, ran) for key in lying}
        for (epoch, n), since in self._seen.items():
            if ran - since >= LONGEST_ATTEMPT - MOST_REST:
                self.end(epoch, n)

    def over(self, epoch: EpochId) -> tuple[int, ...]:
        """What the hub has still to hear: attempts that ended without a record."""
        rows = self._store.rows(
            "SELECT n FROM attempt WHERE epoch = ? AND state = 'over' ORDER BY n LIMIT ?",
            (epoch, MOST_TOLD),
        )
        return tuple(n for (n,) in rows)

    def told(self, epoch: EpochId, ended: tuple[int, ...]) -> None:
        """The hub has heard that these ended."""
        with self._store.transaction():
            for n in ended:
                self._store.execute(
                    "UPDATE attempt SET state = 'told' WHERE epoch = ? AND n = ?", (epoch, n)
                )
