"""The counter that is made up, and voids: tickets of its own, the paper there or lost."""

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from node.outcome import Approved, Kind, Refused
from node.voided import LiveTicket, SeenTicket, Voided
from sync.records import Tier
from sync.values import KeyDigest, MunicipalityCode, Points, TicketNumber

if TYPE_CHECKING:
    from tests.doubles.counter import FakeCard

KAWASAKI = MunicipalityCode("141305")
UNTIL, BACK_BY = "2025-11-24", "2025-12-02"


class _Counter(Protocol):
    """What :class:`tests.doubles.counter.FakeCounter` has for this."""

    cards: "dict[str, FakeCard]"
    tickets: dict[str, int]
    voiding: dict[str, int]
    silent: bool

    def _enter(self, question: str) -> None: ...

    def _check(
        self, card: str, pin: bytearray, shown: KeyDigest | None = None
    ) -> Refused | None: ...

    def _record(
        self,
        kind: Kind,
        town: MunicipalityCode,
        points: Points,
        tier: Tier | None,
        number: TicketNumber | None,
    ) -> Approved: ...


class VoidsTickets:
    """Every live ticket is everybody's."""

    __slots__ = ()

    def seen_ticket(self: _Counter, qr: str) -> SeenTicket | Refused:
        """Whatever ``tickets`` has."""
        self._enter("seen_ticket")
        if qr not in self.tickets:
            return _no("scan-needed" if qr.isdigit() else "not-a-ticket")
        return _live(qr, self.tickets[qr], voiding=False)

    def void_ticket(self: _Counter, qr: str) -> Voided | Refused:
        """Its points go to the first card."""
        self._enter("void_ticket")
        if self.silent:
            return _no("hub-silent")
        if qr not in self.tickets:
            return _no("ticket-used")
        points = Points(self.tickets.pop(qr))
        next(iter(self.cards.values())).points[KAWASAKI] += points
        record = self._record("ticket.voided", KAWASAKI, points, Tier.T0, _number(qr))
        return Voided(record=record, back="now", back_by="")

    def own_tickets(
        self: _Counter, card: str, pin: bytearray, *, shown: KeyDigest | None = None
    ) -> tuple[LiveTicket, ...] | Refused:
        """All that live are everybody's."""
        self._enter("own_tickets")
        if self.silent:
            return _no("hub-silent")
        wrong = self._check(card, pin, shown)
        if wrong is not None:
            return wrong
        live = [_live(qr, points, voiding=False) for qr, points in self.tickets.items()]
        lost = [_live(qr, points, voiding=True) for qr, points in self.voiding.items()]
        return (*live, *lost)

    def void_lost(
        self: _Counter,
        card: str,
        pin: bytearray,
        ticket: LiveTicket,
        *,
        shown: KeyDigest | None = None,
    ) -> Voided | Refused:
        """Its points are on their way."""
        self._enter("void_lost")
        if self.silent:
            return _no("hub-silent")
        wrong = self._check(card, pin, shown)
        if wrong is not None:
            return wrong
        qr = next((qr for qr in self.tickets if _number(qr) == ticket.number), "")
        if not qr:
            return replace(_no("ticket-not-live"), number=ticket.number)
        self.voiding[qr] = self.tickets.pop(qr)
        record = self._record("ticket.voided", KAWASAKI, ticket.points, None, ticket.number)
        return Voided(record=record, back="later", back_by=ticket.back_by)


def _live(qr: str, points: int, *, voiding: bool) -> LiveTicket:
    return LiveTicket(
        number=_number(qr),
        municipality=KAWASAKI,
        town="川崎市",
        point_name="かわさきポイント",
        points=Points(points),
        valid_from="2025-11-22",
        valid_until=UNTIL,
        voiding=voiding,
        back_by=BACK_BY,
    )


def _number(qr: str) -> TicketNumber:
    return TicketNumber(qr.removeprefix("QR-").rjust(13, "0"))


def _no(reason: str) -> Refused:
    return Refused(reason=reason, detail=reason)
