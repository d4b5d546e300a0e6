"""A shop without a scanner: it stamps the paper and keeps it, and the office clears the pile.

The days of the tickets are over by then; the shop's stamp says that it took them in time, so they
are paid until the programme's last day of clearing. One sheet lies there twice.
"""

from collections.abc import Sequence

from node.outcome import Approved, Outcome, Refused
from sync.errors import Damaged
from sync.values import short
from tui.demo import cast
from tui.demo.clockwork import MINUTE
from tui.demo.story import Month, refused
from tui.wording.piles import clearing_advice


def tell_stamped(month: Month, stamped: Sequence[str]) -> None:
    """What happens at the shop: nothing but a stamp, and no program knows of it."""
    month.scene("2017-12-16 15:00", "A shop with a stamp and no scanner")
    month.tell.say(
        "{who} pays at {place} with tickets: {count}. They are stamped and kept in a drawer",
        who=cast.UMEKO.name,
        place=month.corner.of(cast.FISH_SHOP).place,
        count=len(stamped),
    )


def clear(month: Month, stamped: Sequence[str]) -> None:
    """The shop brings its drawer to the ticket counter; the last sheet in it is a photocopy."""
    month.scene("2017-12-19 10:00", "The office clears a pile of stamped tickets")
    office, shop, tell = month.corner.of(cast.OFFICE), month.corner.of(cast.FISH_SHOP), month.tell
    begun = office.counter.open_pile(short(shop.organisation.id))
    if isinstance(begun, Refused):
        raise Damaged(f"no pile could be opened: {begun.detail}")
    tell.say(
        "{place} brings its paper, and a photocopy has slipped into the pile", place=shop.place
    )
    answers = []
    for qr in (*stamped, stamped[0]):
        month.corner.clock.turn(MINUTE)
        answers.append(office.counter.clear(qr))
        _answer(month, answers[-1])
    *cleared, double = answers
    if not all(isinstance(each, Approved) for each in cleared):
        raise Damaged(f"each stamped ticket was due to be cleared, not {cleared}")
    refused(double, "ticket-seen-here")
    _receipt(month)


def _answer(month: Month, outcome: Outcome) -> None:
    """What the screen of clearing says: a sheet that is refused goes back to the shop."""
    if isinstance(outcome, Refused):
        month.tell.refusal(outcome.reason, clearing_advice(outcome.reason))
    else:
        month.answer(outcome)


def _receipt(month: Month) -> None:
    """End the pile; the shop goes home with its receipt and the sheet that was not cleared."""
    office = month.corner.of(cast.OFFICE)
    pile = office.counter.close_pile()
    if isinstance(pile, Refused):
        raise Damaged(f"the pile could not be closed: {pile.detail}")
    month.piles.append(pile)
    month.tell.say(
        "Receipt for {name}: {points} points, sheets cleared: {count}, sheets given back: {back}",
        name=month.corner.of(cast.FISH_SHOP).place,
        points=pile.points,
        count=pile.count,
        back=len(pile.returned),
    )
    month.draw(office.counter.parts.paper.clearing_receipt_of(pile), "clearing-receipt.png")
    month.close_shift(office)
