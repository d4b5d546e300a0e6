"""Taking back a sale or a redemption of the open shift, once; before or after its receipt.

A reversal is a record of its own and needs no card. What it gives back the hub computes from what
it posted; here the record stops being subtracted, and the ticket may be taken again.
"""

from node.outcome import Approved, Kind, Outcome
from node.parts import Parts
from node.refusals import refused
from node.writer import Committed
from sync.clock import At
from sync.errors import RefusedByRule
from sync.records import AnyBody, NodeNotice, Ref, Reversed
from sync.values import MunicipalityCode, Points, TicketNumber

REVERSIBLE: tuple[Kind, ...] = ("spend", "ticket.redeemed", "ticket.cleared")
_FIND = (
    "SELECT move.kind, municipality, points, shift, reversed_by, number, digest"
    " FROM move JOIN record USING (epoch, seq) WHERE epoch = ? AND seq = ?"
)


class Reversing:
    """Reversals at one counter."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def reverse(self, seq: int, reason: str) -> Outcome:
        """Take record ``seq`` of the present epoch back; ``reason`` goes to the hub as a notice."""
        done: list[Approved] = []
        try:
            with self._parts.writer.lock:
                self._parts.writer.write(
                    lambda _at, _seq: self._reversed(seq),
                    also=lambda committed: done.append(self._finish(committed)),
                )
                if reason:
                    self._parts.writer.write(lambda at, _seq: self._notice(seq, reason, at))
        except RefusedByRule as error:
            return refused(error)
        return done[0]

    def _reversed(self, seq: int) -> AnyBody:
        """The body, if this may be reversed now. Raises RefusedByRule."""
        epoch = self._parts.writer.epoch
        row = self._parts.store.row(_FIND, (epoch, seq))
        if row is None:
            raise RefusedByRule("no-such-record", f"record {seq} is no sale or redemption here")
        kind, town, points, shift, reversed_by, _, digest = row
        if kind not in REVERSIBLE:
            raise RefusedByRule("not-reversible", f"record {seq} cannot be taken back here")
        if reversed_by is not None:
            raise RefusedByRule(
                "reversed-already", f"record {seq} was taken back by record {reversed_by}"
            )
        if not shift or shift != self._parts.shifts.current():
            raise RefusedByRule(
                "not-in-this-shift",
                f"record {seq} belongs to a shift that is closed: give its points back (refund)",
            )
        return Reversed(municipality=town, of=Ref(epoch, seq, digest), points=points)

    def _notice(self, seq: int, reason: str, at: At) -> AnyBody:
        del at
        return NodeNotice(what="reversed", detail=f"{seq}: {reason}"[:200])

    def _finish(self, done: Committed) -> Approved:
        record = done.record
        assert isinstance(record.body, Reversed)  # noqa: S101  _reversed makes nothing else
        row = self._parts.store.row(_FIND, (record.epoch, record.body.of.seq))
        kind, number = ("", "") if row is None else (row[0], row[5])
        approved = Approved(
            kind="reversed",
            node=record.node,
            epoch=record.epoch,
            seq=record.seq,
            digest=done.digest,
            at=record.at.ms,
            municipality=MunicipalityCode(record.body.municipality),
            points=Points(record.body.points),
            tier=None,
            number=TicketNumber(number) if number else None,
        )
        if kind != "ticket.cleared":  # a pile has one receipt, when it is closed
            self._parts.paper.slip(done, approved)
        return approved
