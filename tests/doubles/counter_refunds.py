"""What a made-up counter answers when points are given back for a sale of a closed shift."""

from dataclasses import replace
from typing import Protocol

from node.outcome import Approved, HistoryRow, Kind, Outcome, Refused
from sync.records import Tier
from sync.refund import NoRefund
from sync.values import EpochId, MunicipalityCode, Points, TicketNumber


class _Counter(Protocol):
    """What :class:`tests.doubles.counter.FakeCounter` has for this."""

    rows: list[HistoryRow]
    silent: bool

    def _enter(self, question: str) -> None: ...

    def _give_back(self, row: HistoryRow) -> None: ...

    def _record(  # noqa: PLR0917  as the counter has it
        self,
        kind: Kind,
        town: MunicipalityCode,
        points: Points,
        tier: Tier | None,
        number: TicketNumber | None,
        card: str = "",
    ) -> Approved: ...


class GivesPointsBack:
    """Gives back what a row says that may be, all at once or a part."""

    __slots__ = ()

    def refund(self: _Counter, epoch: EpochId, seq: int, points: Points | None = None) -> Outcome:
        """Once for each point."""
        self._enter("refund")
        row = next((row for row in self.rows if (row.epoch, row.seq) == (epoch, seq)), None)
        if row is None:
            return _no(NoRefund.NO_SUCH_RECORD)
        if row.reversible:
            return _no("in-this-shift")
        wanted = Points(row.refundable if points is None else points)
        if not 0 < wanted <= row.refundable:
            return _no(NoRefund.TOO_MUCH if row.refundable else NoRefund.NOTHING_LEFT)
        if self.silent:
            return _no("hub-silent")
        done = self._record("refunded", row.municipality, wanted, None, row.number)
        self.rows[row.seq - 1] = replace(
            row, refundable=row.refundable - wanted, given_back=row.given_back + wanted
        )
        return done

    def _end_shift(self: _Counter, began: int) -> None:
        """What the shift sold can be taken back no more, but given back."""
        for place, row in enumerate(self.rows[began:], began):
            left = row.points if row.reversible and row.reversed_by is None else row.refundable
            self.rows[place] = replace(row, reversible=False, refundable=left)


def worth(row: HistoryRow) -> int:
    """What a row adds to the takings. Issued points wait on the tickets."""
    if row.kind in {"reversed", "refunded"}:
        return -row.points
    return row.points if row.kind in {"spend", "ticket.redeemed"} else 0


def _no(reason: str) -> Refused:
    return Refused(reason=reason, detail=reason)
