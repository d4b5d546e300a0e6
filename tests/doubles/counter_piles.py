"""The counter that is made up, and clears: two shops, its own tickets, typed numbers."""

from dataclasses import dataclass, field, replace
from typing import Protocol

from node.outcome import Approved, FoundTicket, Kind, Outcome, Refused
from node.pile import ClearedTicket, Pile, ReturnedTicket
from sync.payees import Payee
from sync.records import Tier
from sync.values import (
    EpochId,
    Millis,
    MunicipalityCode,
    OrganisationId,
    Points,
    TicketNumber,
    is_typed,
)

KAWASAKI = MunicipalityCode("141305")
SHOPS = (
    Payee(OrganisationId("141305-B2108"), "青果あおき", "駅前通り"),
    Payee(OrganisationId("141305-B2109"), "鮮魚うおまさ", "中央市場"),
    Payee(OrganisationId("141305-B2110"), "書店ほんだ", "中央市場"),
)
TORN = "1015551445076"
"""The number of a ticket whose code is torn; its QR is ``QR-101``."""
LATE = "QR-LATE"
"""A ticket whose last day is over, and whose stamp may be of before."""
ELSEWHERE = "QR-ELSEWHERE"
"""A ticket of another town."""
_AT = Millis(1_763_701_500_000)
_ASIDE = frozenset({"ticket-seen-here", "ticket-used", "ticket-other-town", "ticket-unknown"})


@dataclass(slots=True)
class Clearings:
    """What was cleared at a counter."""

    pile: Pile | None = None
    done: list[ClearedTicket] = field(default_factory=list)
    kind: str = "counter"
    """Of this terminal."""


class _Counter(Protocol):
    """What :class:`tests.doubles.counter.FakeCounter` has for this."""

    tickets: dict[str, int]
    clearings: Clearings
    silent: bool
    _redeemed: dict[str, int]

    def _enter(self, question: str) -> None: ...

    def _record(
        self,
        kind: Kind,
        town: MunicipalityCode,
        points: Points,
        tier: Tier | None,
        number: TicketNumber | None,
    ) -> Approved: ...

    def pile(self) -> Pile | None: ...

    def clear(self, qr: str) -> Outcome: ...


class ClearsPiles:
    """One pile at a time, of whatever ``tickets`` has."""

    __slots__ = ()

    def find_ticket(self: _Counter, number: str) -> FoundTicket | Refused:
        """Only one number is known."""
        self._enter("find_ticket")
        return _found(self, number)

    def find_for_pile(self: _Counter, number: str) -> FoundTicket | Refused:
        """The same."""
        self._enter("find_for_pile")
        return _found(self, number)

    def payees(self: _Counter) -> tuple[Payee, ...] | Refused:
        """The street."""
        self._enter("payees")
        return SHOPS if self.clearings.kind == "counter" else _no("not-a-counter")

    def open_pile(self: _Counter, organisation: str) -> Pile | Refused:
        """Of a shop that is known."""
        self._enter("open_pile")
        name = organisation.upper()
        shop = next((one for one in SHOPS if one.organisation.endswith(name)), None)
        if shop is None:
            return _no("payee-unknown")
        if self.clearings.pile is None:
            self.clearings.done = []
            self.clearings.pile = Pile(
                epoch=EpochId("1-00000000000000aa"),
                opened=1,
                opened_at=_AT,
                municipality=KAWASAKI,
                organisation=shop.organisation,
                name=shop.name,
                point_name="かわさきポイント",
                count=0,
                points=0,
                lines=(),
                last=(),
                returned=(),
            )
        return self.clearings.pile

    def pile(self: _Counter) -> Pile | None:
        """With its sums."""
        self._enter("pile")
        pile, done = self.clearings.pile, self.clearings.done
        if pile is None:
            return None
        each = sorted({one.points for one in done}, reverse=True)
        return replace(
            pile,
            count=len(done),
            points=sum(one.points for one in done),
            lines=tuple((points, sum(one.points == points for one in done)) for points in each),
            last=tuple(reversed(done[-5:])),
        )

    def clear(self: _Counter, qr: str) -> Outcome:
        """Each ticket once."""
        self._enter("clear")
        answer = _cleared(self, qr)
        pile = self.clearings.pile
        if isinstance(answer, Refused) and pile is not None and answer.reason in _ASIDE:
            paper = ReturnedTicket(number=answer.number or qr, reason=answer.reason, at=_AT)
            if paper.number not in {each.number for each in pile.returned}:
                self.clearings.pile = replace(pile, returned=(*pile.returned, paper))
        return answer

    def undo_clearing(self: _Counter) -> Outcome:
        """The last one."""
        self._enter("undo_clearing")
        if not self.clearings.done:
            return _no("pile-empty")
        last = self.clearings.done.pop()
        self._redeemed = {qr: seq for qr, seq in self._redeemed.items() if seq != last.seq}
        return self._record("reversed", KAWASAKI, last.points, None, last.number)

    def close_pile(self: _Counter) -> Pile | Refused:
        """Its end."""
        self._enter("close_pile")
        pile = self.pile()
        if pile is None:
            return _no("no-pile")
        self.clearings.pile = None
        return replace(pile, closed=9, closed_at=_AT)


def _found(counter: _Counter, number: str) -> FoundTicket | Refused:
    if counter.silent:
        return _no("hub-silent")
    digits = "".join(sign for sign in number if sign.isdigit())
    if len(digits) != len(TORN):
        return _no("number-mistyped")
    if digits != TORN:
        return replace(_no("ticket-unknown"), number=TicketNumber(digits))
    return FoundTicket(
        number=TicketNumber(TORN),
        municipality=KAWASAKI,
        town="川崎市",
        point_name="かわさきポイント",
        points=Points(500),
        valid_from="2025-11-01",
        valid_until="2025-11-30",
    )


def _cleared(counter: _Counter, text: str) -> Outcome:
    qr = "QR-101" if is_typed(text) else text
    number = TicketNumber(f"101555144{sum(map(ord, qr)):04d}")
    if qr in counter._redeemed:
        seen = counter._redeemed[qr]
        return replace(_no("ticket-seen-here"), seq=seen, number=number)
    if qr == ELSEWHERE:
        return replace(_no("ticket-other-town"), number=number)
    if qr not in counter.tickets:
        return _no("not-a-ticket")
    points = Points(counter.tickets[qr])
    done = counter._record("ticket.cleared", KAWASAKI, points, Tier.T0, number)
    counter._redeemed[qr] = done.seq
    counter.clearings.done.append(ClearedTicket(seq=done.seq, at=_AT, number=number, points=points))
    return replace(done, ended_on="2025-11-15" if qr == LATE else None)


def _no(reason: str) -> Refused:
    return Refused(reason=reason, detail=reason)
