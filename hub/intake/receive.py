"""Custody: take a batch as it is, durably, and say so.

1. The batch's size is capped before and after decompression; its head carries the signature of the
   epoch's key, so anybody may carry it.
2. Its records continue the node's chain, or a branch of it, or are already here. What begins
   beyond the cursor is answered with the cursor, and nothing is stored.
3. Same place, same bytes: the same answer. Same place, other bytes: a fork. Both are kept as proof,
   the epoch is closed, and the branch is judged by its own proof.
4. The attempts that ended without a record free their holds at once.

What this does not check: card signatures, tickets, amounts. Nothing that happened is refused here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.core import Core
from hub.intake import incidents
from hub.intake.lines import (
    Cursor,
    Kept,
    Stretch,
    begin,
    branches,
    digest_at,
    kept_along,
)
from hub.points.asked import asked
from hub.points.case import Line, Proof
from hub.points.ending import end_attempts
from hub.store import schema
from hub.store.database import Tx
from sync.batch import Batch, EvidenceBook, join, open_batch, pack, read_evidence
from sync.cardproof import Evidence, SealedCertificate
from sync.chain import NOTHING, ChainBroken, check_links, links
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.receipt import Outcome
from sync.records import Frame, Record, frame, read_all
from sync.signing import Head, verify_head
from sync.values import Digest, EpochId, Millis, MunicipalityCode, NodeId, home_of
from sync.wire import write

HEALED_BY_EVIDENCE = frozenset(
    (Outcome.QUARANTINED, reason) for reason in (Proof.NO_EVIDENCE, Proof.BAD_SIGNATURE)
)
"""Verdicts that a copy with good evidence decides."""
_SEEN = 10_000
"""How exactly it is kept when a node was last seen, in ms: a mere question needs no commit."""


@dataclass(frozen=True, slots=True)
class Received:
    """What custody came to: the line that the node should follow, and the batch as read."""

    cursor: Cursor
    batch: Batch
    book: EvidenceBook
    new: Stretch | None
    """The records that were not here before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Consecutive records of one epoch with their evidence, and the signed head of the last."""

    first: int
    records: list[bytes]
    digests: list[Digest]
    read: list[Record | None]
    pieces: tuple[Evidence | None, ...]
    certificates: tuple[SealedCertificate, ...]
    head: Head
    body: bytes
    """All of this as it goes over the line."""

    def behind(self, count: int) -> "Run":
        """The run without its first ``count`` records."""
        if not count:
            return self
        records, pieces = self.records[count:], self.pieces[count:]
        return Run(
            first=self.first + count,
            records=records,
            digests=self.digests[count:],
            read=self.read[count:],
            pieces=pieces,
            certificates=self.certificates,
            head=self.head,
            body=_packed(records, EvidenceBook(pieces, self.certificates), self.head),
        )

    def follow(self, line: Line, head: Digest) -> None:
        """Check that it continues a line behind its head; raises ChainBroken."""
        seen = map(_outside, self.read, self.records)
        check_links(line.node, line.epoch, links(self.first, head, seen, self.digests))


def _packed(records: list[bytes], book: EvidenceBook, head: Head) -> bytes:
    return pack(
        Batch(
            facts=join(records),
            evidence=write(book),
            head=head,
            ended=(),
            closed=False,
            receipted=0,
            decisions=0,
        )
    )


def _outside(record: Record | None, data: bytes) -> Record | Frame | None:
    return frame(data) if record is None else record


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A batch as it came, read as far as it can be without a database."""

    batch: Batch
    book: EvidenceBook
    records: list[bytes]
    digests: list[Digest]
    read: list[Record | None]
    body: bytes


def opened(body: bytes) -> Opened:
    """Read a batch; raises Malformed."""
    batch, records, digests = open_batch(body)
    return Opened(
        batch=batch,
        book=read_evidence(batch.evidence, len(records)),
        records=records,
        digests=digests,
        read=read_all(records),
        body=body,
    )


class Taken(NamedTuple):
    """A batch as a node handed it in, read."""

    node: NodeId
    epoch: EpochId
    first: int
    opened: Opened

    @property
    def chain(self) -> Line:
        """The chain that it names."""
        return Line(home=home_of(self.node), node=self.node, epoch=self.epoch, branch="")


def receive(core: Core, node: NodeId, epoch: EpochId, first: int, body: bytes) -> Received:
    """Take a batch into custody; durable when this returns."""
    one = Taken(node, epoch, first, opened(body))
    return core.database.settle({home_of(node)}, lambda _: keep(core, [one])[0])


def keep(core: Core, some: Sequence[Taken]) -> list[Received]:
    """Take batches that were read into custody; durable with the transaction that they are in.

    What they share is asked and written at once. Where one is refused, none is kept.
    """
    with core.database.write({one.chain.home for one in some}) as tx:
        shelf = _Shelf(tx)
        stands = _stands(tx, {one.chain for one in some})
        taken: list[Received] = []
        for one in some:
            stand = stands.pop(one.chain, None)
            if stand is None:  # unknown, or it goes on from a batch that came just before
                shelf.write()
                stand = _stands(tx, {one.chain}).get(one.chain)
            if stand is None:
                raise RefusedByRule("unknown-epoch", f"{one.node} has no epoch {one.epoch}")
            taken.append(_kept(core, tx, shelf, one, stand))
        shelf.write()
    return taken


def _kept(core: Core, tx: Tx, shelf: "_Shelf", one: Taken, stand: "_Stand") -> Received:
    handed, batch, chain = one.opened, one.opened.batch, one.chain
    main = begin(tx, chain, 0, NOTHING) if stand.main is None else stand.main
    taken = Received(main, batch, handed.book, None)
    if handed.records:
        last = one.first + len(handed.records) - 1
        run = Run(
            first=one.first,
            records=handed.records,
            digests=handed.digests,
            read=handed.read,
            pieces=handed.book.pieces,
            certificates=handed.book.certificates,
            head=_checked_head(batch, stand.public, chain, last, handed.digests[-1]),
            body=handed.body,
        )
        line, new = _Custody(core, tx, main, shelf).take(run)
        taken = Received(line, batch, handed.book, new)
    if batch.ended or batch.closed:
        shelf.write()
        end_attempts(core, tx, chain, batch.ended, closed=batch.closed)
    now = core.clock.now()
    if abs(now - stand.last_seen) >= _SEEN:
        shelf.seen[chain.home, chain.node] = now
    return taken


class _Stand(NamedTuple):
    """How an epoch stands before a batch is taken."""

    public: bytes
    last_seen: Millis
    main: Cursor | None
    """How far its chain is here; None: it begins."""


def _stands(tx: Tx, chains: Collection[Line]) -> dict[Line, _Stand]:
    """How these epochs stand, those that there are; all in one question."""
    told, values = asked("home, node, epoch", [chain[:3] for chain in sorted(chains)])
    found = {}
    for home, node, epoch, public, last_seen, base, received, head, posted in tx.rows(
        f"{told} SELECT e.municipality, e.node, e.epoch, e.public, n.last_seen, c.base,"
        " c.received, c.head, c.posted FROM asked CROSS JOIN epoch e"
        " JOIN node n ON n.municipality=e.municipality AND n.node=e.node"
        " LEFT JOIN cursor c ON c.municipality=e.municipality AND c.node=e.node"
        " AND c.epoch=e.epoch AND c.branch=''"
        " WHERE e.municipality=asked.home AND e.node=asked.node AND e.epoch=asked.epoch",
        values,
    ):
        chain = Line(home=home, node=node, epoch=epoch, branch="")
        main = None if base is None else Cursor(chain, base, received, Digest(head), posted)
        found[chain] = _Stand(bytes(public), last_seen, main)
    return found


class _Shelf:
    """What batches that came at the same moment add, to be written at once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._inbox: list[tuple[object, ...]] = []
        self._cursors: dict[Line, Cursor] = {}
        """Lines that have come further."""
        self.seen: dict[tuple[MunicipalityCode, NodeId], Millis] = {}
        """When nodes were last seen."""

    def add(self, to: Cursor, run: Run, now: Millis) -> Cursor:
        """Keep a run that continues a line; gives how far that has come."""
        place = (*to.line, run.first, run.head.seq, now, to.posted)
        self._inbox.append((*place, run.body, write(run.head)))
        further = Cursor(to.line, to.base, run.head.seq, run.head.digest, to.posted)
        self._cursors[to.line] = further
        return further

    def write(self) -> None:
        """Write all of it."""
        self._tx.insert_many(schema.inbox, self._inbox)
        self._tx.put_many(
            schema.cursor,
            [
                (*line, now.base, now.received, now.head, now.posted)
                for line, now in self._cursors.items()
            ],
        )
        self._tx.many(
            "UPDATE node SET last_seen=? WHERE municipality=? AND node=?",
            [(at, *name) for name, at in self.seen.items()],
        )
        self._inbox.clear()
        self._cursors.clear()
        self.seen.clear()


def _checked_head(batch: Batch, public: bytes, chain: Line, last: int, name: Digest) -> Head:
    head = batch.head
    if head is None:
        raise Malformed("batch: records without a signed head")
    if (head.node, head.epoch) != (chain.node, chain.epoch):
        raise NotAuthentic("batch: the head is of another node or epoch")
    if (head.seq, head.digest) != (last, name):
        raise NotAuthentic("batch: the signed head is not that of the last record")
    verify_head(head, public)
    return head


class _Custody:
    """Finds the line that a run belongs to, and keeps what is new."""

    def __init__(self, core: Core, tx: Tx, main: Cursor, shelf: _Shelf) -> None:
        self._core = core
        self._tx = tx
        self._main = main
        self._shelf = shelf

    def take(self, run: Run) -> tuple[Cursor, Stretch | None]:
        """Keep a run; gives the line it is on now, and the records that were new."""
        main = self._main
        if run.first == main.received + 1 and self._follows(main, run):
            return self._append(main, run)
        most, nearest = 0, main
        for line in [main, *branches(self._tx, main.line)]:
            count = self._already(line, run)
            rest = run.behind(count)
            if not rest.records:
                return line, None
            if rest.first == line.received + 1 and self._follows(line, rest):
                return self._append(line, rest)
            if count > most:
                most, nearest = count, line
        rest = run.behind(most)
        if rest.first > nearest.received:
            return main, None
        return self._branch_off(nearest, rest)

    def _already(self, line: Cursor, run: Run) -> int:
        """How many of the run's first records this line has, byte for byte."""
        here = kept_along(self._tx, line.line, run.first - 1, run.first + len(run.records) - 1)
        for place, one in enumerate(here):
            if one.data != run.records[place]:
                return place
            self._better(one, run.pieces[place])
        return len(here)

    def _follows(self, line: Cursor, run: Run) -> bool:
        try:
            run.follow(line.line, line.head)
        except ChainBroken:
            return False
        return True

    def _branch_off(self, left: Cursor, run: Run) -> tuple[Cursor, Stretch]:
        """Other bytes at a place that is taken: keep both, close the epoch, tell people."""
        main, tx = self._main, self._tx
        base = digest_at(tx, left.line, run.first - 1)
        run.follow(main.line, base)
        line = Line(
            home=main.line.home,
            node=main.line.node,
            epoch=main.line.epoch,
            branch=run.digests[0].hex()[:16],
        )
        tx.run(
            "UPDATE epoch SET closed_at=CASE WHEN state='open' THEN :now ELSE closed_at END,"
            " closed_seq=CASE WHEN state='open' THEN :seq ELSE closed_seq END, state='forked'"
            " WHERE municipality=:home AND node=:node AND epoch=:epoch",
            now=self._core.clock.now(),
            seq=main.received,
            home=line.home,
            node=line.node,
            epoch=line.epoch,
        )
        incidents.enter(
            self._core,
            tx,
            kind="fork",
            source=line.source(run.first),
            town=line.home,
            reason="two-records-at-one-place",
            other=str(left.line.source(run.first)),
        )
        fresh = begin(tx, line, run.first - 1, base)
        return self._append(fresh, run)

    def _append(self, line: Cursor, run: Run) -> tuple[Cursor, Stretch]:
        now = self._core.clock.now()
        stretch = Stretch(
            line.line, run.first, now, line.posted, run.records, run.digests, run.read, run.pieces
        )
        return self._shelf.add(line, run, now), stretch

    def _better(self, first: Kept, now: Evidence | None) -> None:
        """Keep evidence that differs from what came first, where a good one would still matter.

        Anybody may carry these bytes: a copy that was spoilt on the way must not take the place of
        evidence that has carried its record.
        """
        if now is None or now == first.evidence:
            return
        place = {
            "municipality": first.line.home,
            "node": first.line.node,
            "epoch": first.line.epoch,
            "branch": first.line.branch,
            "seq": first.seq,
        }
        judged = self._tx.one(
            "SELECT outcome, reason FROM record WHERE municipality=:municipality AND node=:node"
            " AND epoch=:epoch AND branch=:branch AND seq=:seq",
            **place,
        )
        if judged is None or (judged["outcome"], judged["reason"]) in HEALED_BY_EVIDENCE:
            book = write(EvidenceBook((now,), ()))
            self._tx.put(schema.card_evidence, place, evidence=book)
