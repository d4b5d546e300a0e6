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

from node.asking import Asking, Attempted
from node.outcome import Approved, Outcome
from node.parts import Parts
from node.reach import HOLD_PATIENCE
from node.refusals import no, refused
from node.store import Store
from node.writer import Committed
from sync.errors import NotAuthentic, RefusedByRule
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
            except (RefusedByRule, NotAuthentic) as error:
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
        attempted = self._asking.hold(_request(past, wanted), HOLD_PATIENCE)
        answer = attempted.answer
        if answer is None or not answer.granted:
            self._asking.give_up(attempted)
            reason = "hub-silent" if answer is None else answer.reason
            return no(reason, points=wanted, municipality=past.town)
        try:
            parts.shifts.ensure()
            done: list[Approved] = []
            parts.writer.write(
                lambda _at, _seq: self._body(past, wanted, attempted),
                also=lambda committed: done.append(self._finish(past, committed)),
            )
        except BaseException:
            self._asking.give_up(attempted)
            raise
        return done[0]

    def _body(self, past: Past, points: Points, attempted: Attempted) -> AnyBody:
        self._asking.check_alive(attempted)
        return Refunded(municipality=past.town, of=past.of, points=points, hold=attempted.n)

    def _finish(self, past: Past, done: Committed) -> Approved:
        record = done.record
        assert isinstance(record.body, Refunded)  # noqa: S101  _body makes nothing else
        self._parts.attempts.use(record.epoch, record.body.hold)
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
        self._parts.paper.slip(done, approved)
        return approved


def _request(past: Past, points: Points) -> HoldRequest:
    return HoldRequest(
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
