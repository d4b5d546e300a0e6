"""Giving points back for a sale or a redemption of a closed shift. Online only.

    refund    look at what is here -> the hub says yes (a hold) -> ``refunded``, commit -> slip

Nobody is told "given back" before the hub's word: it has posted the record by then, keeps what is
asked for free from any other refund of it, and posts the one that names the attempt. No card is
needed: the points go where they came from.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from node.asking import Asking
from node.outcome import Approved, Outcome
from node.parts import Parts
from node.reach import HOLD_PATIENCE
from node.refusals import no, refused
from node.store import Store
from node.writer import Committed
from sync.errors import RefusedByRule
from sync.holds import HoldRequest, Purpose
from sync.receipt import Outcome as Verdict
from sync.records import AnyBody, Ref, Refunded
from sync.refund import Earlier, NoRefund, why_not
from sync.values import Digest, EpochId, MunicipalityCode, Points, TicketNumber

EARLIER = (
    "move.kind, move.at, move.points, reversed_by, outcome, paid,"
    " coalesce((SELECT sum(refund.points) FROM refund LEFT JOIN verdict AS said"
    " ON said.epoch = refund.epoch AND said.seq = refund.seq WHERE of_epoch = move.epoch"
    " AND of_seq = move.seq AND said.outcome IS NOT 'exception'), 0)"
)
"""What :func:`earlier_of` reads of ``move``, ``verdict`` and the refunds, those under way too."""
_FIND = (
    f"SELECT municipality, move.number, digest, shift, {EARLIER} FROM move"
    " JOIN record USING (epoch, seq) LEFT JOIN verdict USING (epoch, seq)"
    " WHERE epoch = ? AND seq = ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A money record of this node that points may be given back for."""

    of: Ref
    town: MunicipalityCode
    number: str
    shift: int
    posted: bool
    """The hub has said what became of it."""
    earlier: Earlier


class Refunding:
    """Refunds at one counter. One is in hand at a time."""

    def __init__(self, parts: Parts, asking: Asking) -> None:
        self._parts = parts
        self._asking = asking
        self._turn = threading.RLock()

    def refund(self, epoch: EpochId, seq: int, points: Points | None) -> Outcome:
        """Give ``points`` (None: all that is left) back for a record of this node."""
        with self._turn:
            try:
                return self._refund(epoch, seq, points)
            except RefusedByRule as error:
                return refused(error, points=points)

    def _refund(self, epoch: EpochId, seq: int, points: Points | None) -> Outcome:
        parts = self._parts
        parts.writer.check_selling()
        past = past_of(parts.store, epoch, seq)
        if past is None:
            return no(NoRefund.NO_SUCH_RECORD, points=points)
        if epoch == parts.writer.epoch and past.shift == parts.shifts.current() != 0:
            return no("in-this-shift", points=points, seq=seq)
        wanted = Points(past.earlier.brought if points is None else points)
        why = why_not(past.earlier, wanted, parts.writer.now().ms)
        if why is not None:
            limit = past.earlier.brought if why is NoRefund.TOO_MUCH else None
            return no(why, points=wanted, municipality=past.town, seq=seq, limit=limit)
        if parts.reach.silent:
            return no("hub-silent", points=wanted, municipality=past.town)
        n = self._asked(past, wanted)
        if isinstance(n, str):
            return no(n, points=wanted, municipality=past.town)
        try:
            parts.shifts.ensure()
            done: list[Approved] = []
            parts.writer.write(
                lambda _at, _seq: self._body(past, wanted, n),
                also=lambda committed: done.append(self._finish(past, n, committed)),
            )
        except BaseException:
            parts.attempts.end(parts.writer.epoch, n)
            raise
        return done[0]

    def _asked(self, past: Past, points: Points) -> int | str:
        """Ask the hub: the attempt that it agreed to, or why not."""
        request = HoldRequest(
            municipality=past.town,
            purpose=Purpose.REFUND,
            points=points,
            account="",
            card=b"",
            ticket=b"",
            wanted=None,
            after=() if past.posted else ((past.of.epoch, past.of.seq),),
            of=past.of,
        )
        attempted = self._asking.hold(request, HOLD_PATIENCE)
        if attempted.answer is None:
            self._parts.attempts.end(self._parts.writer.epoch, attempted.n)
            return "hub-silent"
        return attempted.n if attempted.answer.granted else attempted.answer.reason

    def _body(self, past: Past, points: Points, n: int) -> AnyBody:
        if self._parts.attempts.state(self._parts.writer.epoch, n) != "granted":
            said = no("attempt-over")
            raise RefusedByRule(said.reason, said.detail)
        return Refunded(municipality=past.town, of=past.of, points=points, hold=n)

    def _finish(self, past: Past, n: int, done: Committed) -> Approved:
        record = done.record
        self._parts.attempts.use(record.epoch, n)
        assert isinstance(record.body, Refunded)  # noqa: S101  _body makes nothing else
        approved = Approved(
            kind="refunded",
            node=record.node,
            epoch=record.epoch,
            seq=record.seq,
            digest=done.digest,
            at=record.at.ms,
            municipality=past.town,
            points=Points(record.body.points),
            tier=None,
            number=TicketNumber(past.number) if past.number else None,
        )
        self._parts.paper.slip(approved)
        return approved


def past_of(store: Store, epoch: EpochId, seq: int) -> Past | None:
    """A money record of this node, of whatever life, as far as is known here."""
    row = store.row(_FIND, (epoch, seq))
    if row is None:
        return None
    town, number, digest, shift, *known = row
    return Past(
        of=Ref(epoch, seq, Digest(digest)),
        town=town,
        number=number,
        shift=shift,
        posted=known[4] is not None,
        earlier=earlier_of(known),
    )


def earlier_of(row: Sequence[Any]) -> Earlier:
    """What refunding asks of a record, as far as is known here; see :data:`EARLIER`."""
    kind, at, points, reversed_by, outcome, paid, given_back = row
    return Earlier(
        kind=kind,
        at=at,
        brought=(points if paid is None else paid) - given_back,
        reversed=reversed_by is not None,
        waits=outcome == Verdict.QUARANTINED,
    )
