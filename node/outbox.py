"""The queue to the hub: drives one exchange (:mod:`sync.session`) over the typed calls.

What the hub signs is stored before anybody acts on it. Receipts are taken in the order in which
they came; a receipt's tickets become print jobs in the transaction that stores it. The sending of
records and the reading of the feed never hold the writer's lock: the counter goes on selling.
"""

import threading
from dataclasses import dataclass, replace

from node.ahead import Ahead, Packed, Sent
from node.attempts import Attempts
from node.inbox import Inbox
from node.knowledge import Knowledge
from node.line import Line
from node.outcome import SyncResult
from node.paper import Paper
from node.renewal import Renewal
from node.store import Store
from node.timekeeping import Timekeeper
from node.writer import Writer, head_of
from sync import batch as batches
from sync.batch import MOST_WIRE, Batch, Coding, EvidenceBook, join, pack
from sync.cardproof import Evidence, SealedCertificate
from sync.errors import Garbled, Malformed, NotAuthentic, RefusedByRule, Unreachable
from sync.receipt import Answer
from sync.session import (
    FIRST_SIZE,
    AskEpoch,
    End,
    EpochFacts,
    Event,
    FindCommon,
    GetPage,
    Parcel,
    Put,
    Session,
    Stick,
)
from sync.values import EpochId
from sync.wire import read, write


@dataclass(slots=True)
class _Tally:
    """What an exchange did so far."""

    sent: int = 0
    receipts: int = 0
    trimmed: int = 0
    """For how many of the receipts the second path was trimmed."""
    pages: int = 0
    papers: int = 0


class Outbox:
    """Hands in what this node holds, and takes in what the hub says."""

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        attempts: Attempts,
        knowledge: Knowledge,
        paper: Paper,
        line: Line,
        renewal: Renewal,
        time: Timekeeper,
        inbox: Inbox,
    ) -> None:
        self._store = store
        self._writer = writer
        self._attempts = attempts
        self._knowledge = knowledge
        self._paper = paper
        self._line = line
        self._renewal = renewal
        self._time = time
        self._inbox = inbox
        self._turn = threading.RLock()
        self._size = FIRST_SIZE
        self._ahead = Ahead(line)

    def sync(self) -> SyncResult:
        """One whole exchange: hand in, renew if needed, fetch the feed."""
        return self._exchange(fetch=True)

    def push(self) -> SyncResult:
        """Hand in only: for a counter that wants its receipt now."""
        return self._exchange(fetch=False)

    def _exchange(self, *, fetch: bool) -> SyncResult:
        with self._turn:
            session = Session(self._size, fetch=fetch)
            self._ahead = Ahead(self._line)
            tally = _Tally()
            ended: Unreachable | NotAuthentic | Garbled | RefusedByRule | None = None
            try:
                if fetch:
                    self._line.tell_time()
                while not isinstance(step := self._next(session), End):
                    if not isinstance(step, Put):
                        self._trim(tally)
                    self._do(session, step, tally)
            except Unreachable as error:
                session.on(Event.SILENCE)
                self._line.unanswered(error)
                ended = error
            except Malformed as error:
                ended = Garbled(str(error))
            except (NotAuthentic, RefusedByRule) as error:
                ended = error
            else:
                tally.papers += self._paper.tickets(self._writer.now().ms)
            self._size = session.size
            self._trim(tally)
            return SyncResult(
                sent=tally.sent,
                receipts=tally.receipts,
                pages=tally.pages,
                papers=tally.papers,
                error=ended,
            )

    def _trim(self, tally: _Tally) -> None:
        """Trim the second path once for all receipts of a hand-in, before anything else follows.

        To trim is to write what is left of it anew, and the counter waits with its next sale.
        """
        if tally.receipts > tally.trimmed:
            tally.trimmed = tally.receipts
            self._renewal.trim()

    def _next(self, session: Session) -> Put | FindCommon | AskEpoch | GetPage | End:
        return session.next(self.epochs(), must_renew=bool(self._writer.life.stopped))

    def _do(
        self, session: Session, step: Put | FindCommon | AskEpoch | GetPage, tally: _Tally
    ) -> None:
        if isinstance(step, Put):
            self._put(session, step, tally)
        elif isinstance(step, FindCommon):
            self._renewal.find_branch(step.epoch)
            session.on(Event.FOUND)
        elif isinstance(step, AskEpoch):
            granted = self._renewal.renew()
            session.on(Event.GRANTED if granted else Event.REFUSED)
        else:
            self._page(session, tally)

    def epochs(self) -> list[EpochFacts]:
        """What is here of each epoch, oldest first."""
        rows = self._store.rows(
            "SELECT epoch, received, receipted, told_closed, branch_at,"
            " coalesce((SELECT max(seq) FROM record WHERE epoch = epoch.epoch), 0),"
            " EXISTS (SELECT 1 FROM verdict WHERE epoch = epoch.epoch AND outcome = 'quarantined'),"
            " EXISTS (SELECT 1 FROM attempt WHERE epoch = epoch.epoch AND state = 'over')"
            " FROM epoch ORDER BY number"
        )
        selling = not self._writer.life.stopped
        return [
            EpochFacts(
                epoch=row[0],
                received=row[1],
                receipted=row[2],
                told_closed=bool(row[3]),
                branch_at=row[4] if row[2] < row[5] or row[6] else None,
                last=row[5],
                quarantined=bool(row[6]),
                present=row[0] == self._writer.epoch,
                # A node that waits for an epoch lists none: its second path may know better.
                ended=bool(row[7]) and row[0] == self._writer.epoch and selling,
            )
            for row in rows
        ]

    def _put(self, session: Session, put: Put, tally: _Tally) -> None:
        sent = self._ahead.turn(put.epoch, put.first)
        ended: tuple[int, ...] = ()
        if sent is None:
            ended = self._ended(put)
            packed, began = self._pack_to_go(put, ended), self._time.ran()
        else:
            packed, began = sent.packed, sent.began
        self._look_ahead(session, packed, began, closed=put.closed)
        answer = None if sent is None else self._answer_ahead(sent)
        if answer is None:
            answer = self._line.patiently(packed.put)
        tally.sent += packed.count
        taken = self._inbox.take(put.epoch, answer, ended, closed=put.closed)
        tally.receipts += taken.verdicts
        tally.papers += taken.papers
        if taken.ahead and put.epoch != self._writer.epoch:
            self._renewal.take_back(put.epoch)
        alone = self._ahead.took(packed, began=began, now=self._time.ran())
        if taken.on_chain or self._branch(put.epoch) is not None:
            session.on(Event.MOVED, took=alone)
        else:
            session.on(Event.OFF_CHAIN, epoch=put.epoch)

    def _look_ahead(self, session: Session, now: Packed, began: int, *, closed: bool) -> None:
        """Send the next batch of the present epoch before its turn, where that is worth it."""
        first = now.first + now.count
        if not self._ahead.worth or closed or first > self._writer.tip.seq:
            return
        if now.count and self._branch(now.epoch) is None:
            most = session.longer if self._ahead.grows else session.size
            put = Put(epoch=now.epoch, first=first, most=most, closed=False)
            packed = self._pack_to_go(put, ())
            self._ahead.send(packed, now, now=self._time.ran(), since=began)

    def _answer_ahead(self, sent: Sent) -> Answer | None:
        """The answer to what went ahead; None unless the hub took it."""
        answer, packed = self._ahead.answer(sent), sent.packed
        if answer is None:
            return None
        if self._inbox.custody(packed.epoch, answer.custody).received < packed.first:
            return None  # it was there before the one before it
        self._line.reach.heard(self._writer.now().ms)
        return answer

    def _ended(self, put: Put) -> tuple[int, ...]:
        """Attempts that ended without a record, to be told with a batch."""
        if put.epoch == self._writer.epoch and not self._writer.life.stopped:
            return self._attempts.over(put.epoch)
        return ()

    def _pack_to_go(self, put: Put, ended: tuple[int, ...]) -> Packed:
        """A batch for the line. A short one behind a long one would overtake it: they share."""
        coding = self._line.calls.coding
        packed = self._pack(put, coding, ended)
        left = self._writer.tip.seq - packed.first - packed.count + 1
        if not self._ahead.worth or put.closed or not 0 < 2 * left < packed.count:
            return packed
        return self._pack(replace(put, most=(packed.count + left) * 3 // 5), coding, ended)

    def _pack(self, put: Put, coding: Coding, ended: tuple[int, ...]) -> Packed:
        """A batch that is no longer on the wire than it may be."""
        most = put.most
        while True:
            batch, count = self._batch(put, most, ended)
            body = pack(batch, coding)
            if len(body) <= MOST_WIRE or count <= 1:
                return Packed(epoch=put.epoch, first=put.first, count=count, body=body)
            most = min(count - 1, count * MOST_WIRE // len(body))

    def _batch(self, put: Put, most: int, ended: tuple[int, ...]) -> tuple[Batch, int]:
        rows = self._store.rows(
            "SELECT seq, bytes, evidence FROM record"
            " WHERE epoch = ? AND seq >= ? AND seq < ?"
            " AND head <> x''"  # what the hub gave back has no head here, and is there already
            " ORDER BY seq",
            (put.epoch, put.first, put.first + min(most, batches.MOST_RECORDS)),
        )
        state = self._store.row(
            "SELECT receipted, decisions FROM epoch WHERE epoch = ?", (put.epoch,)
        )
        receipted, decisions = state if state is not None else (0, 0)
        head = head_of(self._store, self._writer.node, put.epoch, rows[-1][0]) if rows else None
        book = EvidenceBook(
            tuple(None if e is None else read(e, Evidence) for _, _, e in rows),
            self._wanted_certificates(put.epoch),
        )
        batch = Batch(
            facts=join([data for _, data, _ in rows]),
            evidence=write(book),
            head=head,
            ended=ended,
            closed=put.closed,
            receipted=receipted,
            decisions=decisions,
        )
        return batch, len(rows)

    def _wanted_certificates(self, epoch: EpochId) -> tuple[SealedCertificate, ...]:
        rows = self._store.rows(
            "SELECT bytes FROM certificate WHERE epoch = ? AND wanted LIMIT 64", (epoch,)
        )
        return tuple(read(data, SealedCertificate) for (data,) in rows)

    def _branch(self, epoch: EpochId) -> int | None:
        row = self._store.row("SELECT branch_at FROM epoch WHERE epoch = ?", (epoch,))
        return None if row is None else row[0]

    def _page(self, session: Session, tally: _Tally) -> None:
        state = self._knowledge.state
        page = self._line.patiently(lambda calls: calls.feed(state.incarnation, state.number))
        self._knowledge.apply(page)
        tally.pages += 1
        session.on(Event.COMPLETE if page.complete else Event.PAGE)

    def stick(self) -> tuple[Stick, int]:
        """Everything without a receipt, as parcels for a stick; and how many records."""
        parcels: list[Parcel] = []
        total = 0
        for facts in self.epochs():
            first = facts.branch_at or facts.receipted + 1
            while first <= facts.last:
                put = Put(epoch=facts.epoch, first=first, most=512, closed=not facts.present)
                # In rows, whichever hub reads the stick.
                packed = self._pack(put, Coding.ROWS, self._ended(put))
                parcels.append(Parcel(facts.epoch, first, packed.body))
                first += packed.count
                total += packed.count
        return Stick(self._writer.node, tuple(parcels)), total
