"""What comes back for records: stored as it came, then acted upon, in one transaction.

Custody says how far the hub keeps our records; receipts say what became of each. Neither is
believed unless the hub signed it for this node and epoch. Custody frees no float: only a final
verdict does.
"""

from dataclasses import dataclass

from node.attempts import Attempts
from node.paper import Paper
from node.projection import count_receipts, settle
from node.store import Store
from node.timekeeping import Timekeeper
from node.writer import Writer
from sync.errors import NotAuthentic
from sync.receipt import Answer, Custody, Outcome, Receipt
from sync.signing import Signed, open_signed
from sync.values import EpochId, Millis
from sync.wire import read, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an answer brought."""

    on_chain: bool
    """The hub's head is a record of ours, or beyond our end."""
    ahead: bool
    """The hub holds more of this epoch than this database."""
    verdicts: int
    papers: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How many verdicts were new, and how many print jobs they made."""

    verdicts: int
    papers: int


class Inbox:
    """Takes in the hub's answers."""

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        attempts: Attempts,
        paper: Paper,
        time: Timekeeper,
        hub_key: bytes,
    ) -> None:
        self._store = store
        self._writer = writer
        self._attempts = attempts
        self._paper = paper
        self._time = time
        self._hub_key = hub_key

    def take(
        self, epoch: EpochId, answer: Answer, ended: tuple[int, ...], *, closed: bool
    ) -> Taken:
        """Store an answer to a PUT, then act on it.

        Raises NotAuthentic when anything in it is not the hub's word about this epoch; then nothing
        of it is stored.
        """
        custody = self.custody(epoch, answer.custody)
        receipts = [(signed, self._receipt(epoch, signed)) for signed in answer.receipts]
        verdicts = 0
        with self._store.transaction():
            self._file(epoch, "custody", 0, custody.received, answer.custody)
            self._store.execute(
                "UPDATE epoch SET received = ?, told_closed = max(told_closed, ?) WHERE epoch = ?",
                (custody.received, closed, epoch),
            )
            self._attempts.seen(epoch, answer.highest_attempt)
            self._attempts.told(epoch, ended)
            self._store.execute("UPDATE certificate SET wanted = 0 WHERE epoch = ?", (epoch,))
            for key in answer.unknown_cards:
                self._store.execute(
                    "UPDATE certificate SET wanted = 1 WHERE epoch = ? AND key = ?", (epoch, key)
                )
            for signed, receipt in receipts:
                verdicts += self._take_receipt(epoch, signed, receipt)
            papers = self._paper.tickets(self._writer.now().ms)
        self._time.told(custody.at)
        return self._judge(epoch, custody, answer.state, Counted(verdicts, papers))

    def _take_receipt(self, epoch: EpochId, signed: Signed, receipt: Receipt) -> int:
        last = max((verdict.seq for verdict in receipt.verdicts), default=0)
        self._file(epoch, "receipt", receipt.decision, last, signed)
        news = settle(self._store, receipt)
        for verdict in news:
            if verdict.outcome is not Outcome.APPLIED:
                self._incident(
                    verdict.outcome, f"{epoch} {verdict.seq}: {verdict.reason}", receipt.at
                )
        self._writer.receipts_come()
        count_receipts(self._store, epoch, receipt.decision)
        return len(news)

    def custody(self, epoch: EpochId, signed: Signed) -> Custody:
        """How far the hub says that it keeps an epoch. Raises NotAuthentic, Malformed."""
        custody = read(open_signed(signed, "custody", (self._hub_key,)), Custody)
        if (custody.node, custody.epoch) != (self._writer.node, epoch):
            raise NotAuthentic(f"the hub's answer is about {custody.node} {custody.epoch}")
        return custody

    def _receipt(self, epoch: EpochId, signed: Signed) -> Receipt:
        receipt = read(open_signed(signed, "receipt", (self._hub_key,)), Receipt)
        if (receipt.node, receipt.epoch) != (self._writer.node, epoch):
            raise NotAuthentic(f"a receipt for {receipt.node} {receipt.epoch}")
        return receipt

    def _judge(self, epoch: EpochId, custody: Custody, state: str, counted: Counted) -> Taken:
        """Whether the hub's head is ours; a present epoch that it has ended stops selling."""
        ours = self._store.row(
            "SELECT digest FROM record WHERE epoch = ? AND seq = ?", (epoch, custody.received)
        )
        ahead = ours is None and custody.received > 0
        differs = ours is not None and ours[0] != custody.head
        if epoch == self._writer.epoch:
            if ahead:
                self._writer.stop("database-behind")
            elif differs or state == "forked":
                self._writer.stop("forked")
            elif state == "closed":
                self._writer.stop("epoch-closed")
        if differs:
            self._incident("fork", f"{epoch} {custody.received}", custody.at)
        return Taken(
            on_chain=not differs, ahead=ahead, verdicts=counted.verdicts, papers=counted.papers
        )

    def _file(self, epoch: EpochId, what: str, decision: int, last: int, signed: Signed) -> None:
        """Store what the hub signed as it came; of custody only the newest is of use."""
        if what == "custody":
            self._store.execute("DELETE FROM answer WHERE epoch = ? AND what = 'custody'", (epoch,))
        data = write(signed)
        self._store.execute(
            "INSERT INTO answer (epoch, what, decision, last, bytes) SELECT ?, ?, ?, ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM answer WHERE epoch = ? AND last = ? AND bytes = ?)",
            (epoch, what, decision, last, data, epoch, last, data),
        )

    def _incident(self, what: str, detail: str, at: Millis) -> None:
        self._store.execute(
            "INSERT OR IGNORE INTO incident (what, detail, at) VALUES (?, ?, ?)",
            (what, detail, at),
        )
