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
class Left:
    """What is left of each date in a wallet."""

    left: dict[int, int] = field(default_factory=dict)

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

    def play(self, points: int, date: int) -> list[tuple[int, int]]:
        """Play the wallet's next transfer, below zero if it took points; gives the lots it used.

        What comes in adds to the lot of its date. What goes out with a date is that lot lapsing;
        anything else uses the earliest lots. More than there is cannot go out: a wallet is never
        negative.
        """
        if points > 0 or date:
            self.left[date] = self.left.get(date, 0) + points
            return []
        taken = self.take(-points)
        for lot, part in taken:
            self.left[lot] -= part
        return taken


def lots_used(wallet: str, history: Iterable[Transfer]) -> dict[Source, list[tuple[int, int]]]:
    """The lots that each source used, by playing all of a wallet's transfers in posting order."""
    lots = Left()
    used: dict[Source, list[tuple[int, int]]] = {}
    for move in history:
        taken = lots.play(*_change(wallet, move))
        if taken:
            used.setdefault(move.source, []).extend(taken)
    return used


def what_is_left(wallet: str, history: Iterable[Transfer]) -> Left:
    """What is left in a wallet, by playing all of its transfers in posting order."""
    lots = Left()
    for move in history:
        lots.play(*_change(wallet, move))
    return lots


def _change(wallet: str, move: Transfer) -> tuple[int, int]:
    """What a transfer changed in a wallet, and the date, as they are played."""
    return move.points if move.credit == wallet else -move.points, move.expires
