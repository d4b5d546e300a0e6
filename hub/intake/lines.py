"""Where each line of records stands: a node's chain, and the branches that forked off it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.points.case import Line
from hub.store import schema
from hub.store.database import Tx
from sync.batch import MOST_RECORDS, open_batch, read_evidence
from sync.cardproof import Evidence
from sync.chain import NOTHING, digest
from sync.records import Record, frame, read_all
from sync.values import Digest, Millis


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a line is in custody and posted."""

    line: Line
    base: int
    received: int
    head: Digest
    posted: int


class Kept(NamedTuple):
    """One record in custody."""

    line: Line
    seq: int
    data: bytes
    evidence: Evidence | None
    received_at: Millis
    posted_then: int


class Stretch(NamedTuple):
    """Consecutive records of a line that came together, as they came."""

    line: Line
    first: int
    received_at: Millis
    posted_then: int
    records: Sequence[bytes]
    digests: Sequence[Digest]
    read: Sequence[Record | None]
    """What they say; None: cannot be read."""
    pieces: Sequence[Evidence | None]
    """The evidence, one piece a record."""

    @property
    def last(self) -> int:
        """The seq of its last record."""
        return self.first + len(self.records) - 1

    @property
    def seqs(self) -> range:
        """Where its records stand."""
        return range(self.first, self.first + len(self.records))

    def behind(self, seq: int) -> "Stretch":
        """What of it comes behind a place."""
        count = seq + 1 - self.first
        if count <= 0:
            return self
        return self._replace(
            first=seq + 1,
            records=self.records[count:],
            digests=self.digests[count:],
            read=self.read[count:],
            pieces=self.pieces[count:],
        )


def cursor(tx: Tx, line: Line) -> Cursor | None:
    """Read one cursor."""
    rows = tx.rows(
        "SELECT base, received, head, posted FROM cursor"
        " WHERE municipality=? AND node=? AND epoch=? AND branch=?",
        _key(line),
    )
    if not rows:
        return None
    base, received, head, posted = rows[0]
    return Cursor(line, base, received, Digest(head), posted)


def begin(tx: Tx, line: Line, base: int, head: Digest) -> Cursor:
    """Begin a line: a new epoch's chain, or a branch behind ``base``."""
    tx.insert(
        schema.cursor,
        municipality=line.home,
        node=line.node,
        epoch=line.epoch,
        branch=line.branch,
        base=base,
        received=base,
        head=head,
        posted=base,
    )
    return Cursor(line, base, base, head, base)


def branches(tx: Tx, chain: Line) -> list[Cursor]:
    """The branches that forked off a chain."""
    rows = tx.rows(
        "SELECT branch, base, received, head, posted FROM cursor"
        " WHERE municipality=? AND node=? AND epoch=? AND branch<>'' ORDER BY branch",
        _key(chain)[:3],
    )
    return [
        Cursor(
            Line(home=chain.home, node=chain.node, epoch=chain.epoch, branch=branch),
            base,
            received,
            Digest(head),
            posted,
        )
        for branch, base, received, head, posted in rows
    ]


def stretches(tx: Tx, line: Line, after: int, upto: int) -> list[Stretch]:
    """What of a line came in together with records behind ``after``, up to ``upto``.

    Whole batches: the first may begin earlier, the last may reach further.
    """
    return [_stretch(line, batch) for batch in _batches(tx, line, after, upto)]


class _Together(NamedTuple):
    """Records that came in one batch, not read yet."""

    first: int
    received_at: Millis
    posted_then: int
    records: list[bytes]
    digests: list[Digest]
    pieces: Sequence[Evidence | None]


def _stretch(line: Line, some: _Together) -> Stretch:
    first, received_at, posted_then, records, digests, pieces = some
    return Stretch(
        line, first, received_at, posted_then, records, digests, read_all(records), pieces
    )


def _batches(tx: Tx, line: Line, after: int, upto: int) -> Iterator[_Together]:
    rows = tx.rows(
        "SELECT first, received_at, posted_then, body FROM inbox"
        " WHERE municipality=? AND node=? AND epoch=? AND branch=? AND first>? AND last>?"
        " AND first<=? ORDER BY first",
        [*_key(line), after - MOST_RECORDS, after, upto],  # a batch reaches no further
    )
    for first, received_at, posted_then, body in rows:
        batch, records, digests = open_batch(body)
        pieces = read_evidence(batch.evidence, len(records)).pieces
        yield _Together(first, received_at, posted_then, records, digests, pieces)


def kept(tx: Tx, line: Line, after: int, upto: int, *, healed: bool = True) -> list[Kept]:
    """The records of a line behind ``after``, up to ``upto``, with their evidence.

    Evidence that came later and differs takes the place of the first copy's, unless not ``healed``.
    """
    later: dict[int, bytes] = {}
    if healed:
        better = tx.rows(
            "SELECT seq, evidence FROM card_evidence"
            " WHERE municipality=? AND node=? AND epoch=? AND branch=? AND seq>? AND seq<=?",
            [*_key(line), after, upto],
        )
        later = dict(better)
    found: list[Kept] = []
    for first, received_at, posted_then, records, _, pieces in _batches(tx, line, after, upto):
        for seq, (data, piece) in enumerate(zip(records, pieces, strict=True), first):
            if after < seq <= upto:
                other = later.get(seq)
                proof = piece if other is None else read_evidence(other, 1).pieces[0]
                found.append(Kept(line, seq, data, proof, received_at, posted_then))
    return found


def gathered(records: Iterable[Kept]) -> list[Stretch]:
    """Records as stretches, in their order: those that came together and follow one another."""
    runs: list[list[Kept]] = []
    for one in records:
        before = runs[-1][-1] if runs else None
        if before is not None and one.seq == before.seq + 1 and _together(before, one):
            runs[-1].append(one)
        else:
            runs.append([one])
    return [
        _stretch(
            run[0].line,
            _Together(
                run[0].seq,
                run[0].received_at,
                run[0].posted_then,
                [one.data for one in run],
                [digest(one.data) for one in run],
                [one.evidence for one in run],
            ),
        )
        for run in runs
    ]


def _together(one: Kept, other: Kept) -> bool:
    return (one.line, one.received_at, one.posted_then) == (
        other.line,
        other.received_at,
        other.posted_then,
    )


def kept_along(tx: Tx, line: Line, after: int, upto: int) -> list[Kept]:
    """As :func:`kept`, with what a branch shares with the line that it left."""
    own = cursor(tx, line) if line.branch else None
    if own is None or after >= own.base:
        return kept(tx, line, after, upto)
    shared = kept_along(tx, _left(tx, own), after, min(own.base, upto))
    return [*shared, *kept(tx, line, own.base, upto)]


def digest_at(tx: Tx, line: Line, seq: int) -> Digest:
    """The digest of the record at a place of a line; before the first there is nothing."""
    return NOTHING if seq == 0 else digest(kept_along(tx, line, seq - 1, seq)[0].data)


def _left(tx: Tx, branch: Cursor) -> Line:
    """The line that a branch left: the one whose record the branch's first one names.

    Its chain, unless a copy of a copy left another branch.
    """
    chain = Line(home=branch.line.home, node=branch.line.node, epoch=branch.line.epoch, branch="")
    first = kept(tx, branch.line, branch.base, branch.base + 1)
    seen = frame(first[0].data) if first else None
    for other in branches(tx, chain):
        if seen is not None and other.base < branch.base <= other.received:
            before = kept(tx, other.line, branch.base - 1, branch.base)[0]
            if other.line != branch.line and digest(before.data) == seen.prev:
                return other.line
    return chain


def _key(line: Line) -> list[object]:
    return [line.home, line.node, line.epoch, line.branch]
