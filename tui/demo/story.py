"""A month of the street corner as text: each day is played by the use cases and told as it went.

The script says who does what and when; every figure that is told comes back from a use case or from
the ledger. Where something goes another way than the story needs, it ends with Damaged; so it does
when the totals at the end do not agree.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from node.outcome import Approved, Outcome, Refused, ZReport
from node.pile import Pile
from sync.errors import Damaged
from sync.values import MunicipalityCode, Points
from tui.demo import cast
from tui.demo.clockwork import MINUTE, in_tokyo
from tui.demo.corner import Corner, Terminal, pin
from tui.demo.telling import Teller

if TYPE_CHECKING:
    from printer.documents import Document

WIDTH = 576
"""Dots across the 80 mm paper of the pictures."""


@dataclass(slots=True)
class Month:
    """The month so far: where it is played, how it is told, and what is to be compared at its end.

    ``piles`` are those that the office has cleared for shops, ``files`` what was made for people
    to look at.
    """

    corner: Corner
    tell: Teller
    seed: int
    reports: list[tuple[Terminal, ZReport]] = field(default_factory=list)
    piles: list[Pile] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def scene(self, moment: str, title: str) -> None:
        """Go to a moment and begin to tell."""
        self.corner.morning(moment)
        self.tell.scene(in_tokyo(self.corner.clock.now), title)

    def pay(
        self, who: cast.Resident, at: Terminal, points: int, town: MunicipalityCode = cast.KAWASAKI
    ) -> Outcome:
        """A resident pays with card and PIN; a minute passes."""
        self.corner.clock.turn(MINUTE)
        card = self.corner.card(who)
        outcome = at.counter.spend(card, town, Points(points), pin(who))
        self.tell.say("{who} pays {points} at {place}", who=who.name, points=points, place=at.place)
        self.answer(outcome)
        return outcome

    def answer(self, outcome: Outcome) -> None:
        """What the counter answered."""
        if isinstance(outcome, Refused):
            self.tell.refusal(outcome.reason)
        elif outcome.balance_after is None:
            self.tell.say("  taken: {points}", points=outcome.points)
        else:
            self.tell.say(
                "  taken: {points}, left: {left}",
                points=outcome.points,
                left=outcome.balance_after,
            )

    def available(self, who: cast.Resident, town: MunicipalityCode = cast.KAWASAKI) -> int:
        """What the ledger says a resident has."""
        rows = self.corner.first.balances(who.mykey_id)
        return sum(row.available for row in rows if row.municipality == town)

    def points_of(self, who: cast.Resident, at: Terminal) -> None:
        """The list that a counter shows for a card: number, points of which town, held."""
        look = at.counter.look_up(self.corner.card(who))
        head = ("No", cast.named("points"), cast.named("held"))
        rows = [(str(n), town.point_name, town.available) for n, town in enumerate(look.towns, 1)]
        self.tell.table([head, *rows])

    def close_shift(self, at: Terminal) -> ZReport:
        """End a counter's day; its Z-report is kept for the comparison."""
        report = at.counter.close_shift()
        if isinstance(report, Refused):
            raise Damaged(f"{at.place} could not close its shift: {report.detail}")
        self.reports.append((at, report))
        return report

    def draw(self, sheet: "Document | None", name: str) -> None:
        """Draw a sheet of paper into a picture. Raises Damaged where there is none."""
        from printer.raster import render_png

        if sheet is None:
            raise Damaged(f"there is no sheet for {name}")
        file = self.corner.made("papers", name)
        file.write_bytes(render_png(sheet, WIDTH))
        self.files.append(file)


def done(outcome: Outcome) -> Approved:
    """The story needs it done."""
    if isinstance(outcome, Refused):
        raise Damaged(f"the story stops here: refused as {outcome.reason} ({outcome.detail})")
    return outcome


def refused(outcome: object, reason: str) -> None:
    """The story needs it refused, for this reason."""
    found = outcome.reason if isinstance(outcome, Refused) else "approved"
    if found != reason:
        raise Damaged(f"the story stops here: {found}, though {reason} was due")


def play(corner: Corner, tell: Teller, seed: int) -> None:
    """Play December 2017, settle it in January, and hold the figures against each other."""
    from tui.demo.festival import festival
    from tui.demo.monthend import month_end
    from tui.demo.opening import open_corner

    tell.say("This is a demo: no real points, no real cards. Everything lies in {folder}",
             folder=str(corner.folder))  # fmt: skip
    open_corner(corner, tell)
    month = Month(corner=corner, tell=tell, seed=seed)
    _first_sales(month)
    _everyday(month, range(5, 15))
    festival(month)
    _everyday(month, range(19, 29))
    month_end(month)


def _first_sales(month: Month) -> None:
    """The list of towns, a spend, one point too many; a second town at the same counter."""
    corner, tell = month.corner, month.tell
    shop = corner.of(cast.GREENGROCER)
    month.scene("2017-12-04 10:00", "The first customers")
    tell.say("Umeko puts her card on the reader of {place}", place=shop.place)
    month.points_of(cast.UMEKO, shop)
    refused(month.pay(cast.UMEKO, shop, 2_801, cast.MAEBASHI), "too-few-points")
    first = done(month.pay(cast.UMEKO, shop, 1_000, cast.MAEBASHI))
    tell.say("Her other points are as they were:")
    month.points_of(cast.UMEKO, shop)
    month.draw(shop.counter.parts.paper.slip_of(first.epoch, first.seq), "slip.png")
    done(month.pay(cast.HANAKO, corner.of(cast.FISH_SHOP), 500))
    tell.say("At the greengrocer Hanako uses her points of Toshima")
    done(month.pay(cast.HANAKO, shop, 800, cast.TOSHIMA))
    for each in (cast.GREENGROCER, cast.FISH_SHOP):
        month.close_shift(corner.of(each))


def _everyday(month: Month, days: range) -> None:
    """Small sums on ordinary days: who, where and how much comes from the seed."""
    shops = (cast.GREENGROCER, cast.FISH_SHOP)
    for day in days:
        date = f"2017-12-{day:02}"
        who = (cast.TARO, cast.UMEKO)[_drawn(month.seed, date, "who") % 2]
        shop = shops[_drawn(month.seed, date, "where") % 2]
        month.scene(f"{date} 15:00", "An ordinary day")
        done(month.pay(who, month.corner.of(shop), 10 * (1 + _drawn(month.seed, date, "sum") % 9)))
        month.close_shift(month.corner.of(shop))


def _drawn(seed: int, *of: str) -> int:
    """A number that the same seed draws again."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{'/'.join(of)}".encode()).digest()[:4], "big")
