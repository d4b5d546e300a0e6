"""Which dated points a wallet's transfers used, worked out when somebody needs to know.

A wallet is one balance. A lot is the points of one date; a spend uses the earliest date first. The
hot path never asks: only the nightly expiry, a return and a ticket's last day do.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hub.points.books import Source, Transfer
from sync.values import DAY, Millis

NEVER = 0
"""The date of points that do not expire."""
SOON = Millis(3 * DAY)
"""A standing names what expires within this time: no page older than it is used."""


@dataclass(slots=True)
class Lots:
    """What is left of each date, and what each source used."""

    left: dict[int, int] = field(default_factory=dict)
    used: dict[Source, list[tuple[int, int]]] = field(default_factory=dict)

    def in_order(self) -> list[tuple[int, int]]:
        """(date, points left), earliest first, points without a date last."""
        some = [(date, points) for date, points in self.left.items() if points]
        return sorted(some, key=lambda lot: (lot[0] == NEVER, lot[0]))

    def take(self, points: int) -> list[tuple[int, int]]:
        """What the next ``points`` would use: (date, points), earliest first."""
        taken = []
        for date, left in self.in_order():
            part = min(points, left)
            if part:
                taken.append((date, part))
                points -= part
        return taken


def work_out(wallet: str, history: Iterable[Transfer]) -> Lots:
    """Play a wallet's transfers in posting order.

    A credit adds to the lot of its date. A debit with a date is that lot lapsing; any other debit
    uses the earliest lots. Debits beyond what is there cannot happen: a wallet is never negative.
    """
    lots = Lots()
    for move in history:
        if move.credit == wallet:
            lots.left[move.expires] = lots.left.get(move.expires, 0) + move.points
        elif move.expires:
            lots.left[move.expires] = lots.left.get(move.expires, 0) - move.points
        else:
            taken = lots.take(move.points)
            for date, points in taken:
                lots.left[date] -= points
            lots.used.setdefault(move.source, []).extend(taken)
    return lots
