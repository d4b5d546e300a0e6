"""The third weekend: tickets, the cable pulled, a photocopy, and the network back.

What the counters say while they are cut off is what policy allows them (offline tier T2); what
comes of it is what the hub finds when they hand in their records.
"""

from dataclasses import dataclass

from node.outcome import Issued, Outcome, Refused, TicketPaper
from sync.errors import Damaged
from sync.values import Points, short
from tui.demo import cast
from tui.demo.clockwork import MINUTE
from tui.demo.corner import Terminal, pin
from tui.demo.opening import grant_premium, tell_balances
from tui.demo.pile import clear, tell_stamped
from tui.demo.story import Month, done, refused

DAYS = 3
"""Of a ticket, both ends included: 15 to 17 December."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The QR codes of the festival's paper, by what will become of it."""

    copied: str
    """Hanako's: somebody will photocopy it."""
    late: str
    """Taro's: nobody uses it in time."""
    stamped: tuple[str, ...]
    """Umeko's: for a shop that has a stamp and no scanner."""


def festival(month: Month) -> None:
    """Friday to Tuesday."""
    codes = _tickets(month)
    _premium(month)
    _cut(month, codes.copied)
    _evening(month)
    _network_back(month)
    tell_stamped(month, codes.stamped)
    _fourth_day(month, codes.late)
    clear(month, codes.stamped)


def _tickets(month: Month) -> Codes:
    """The counter issues them, several in one go where somebody wants that."""
    month.scene("2017-12-15 09:30", "The festival begins: point tickets")
    (copied,) = _issue(month, cast.HANAKO, 1_000)
    (late,) = _issue(month, cast.TARO, 500)
    stamped = _issue(month, cast.UMEKO, 100, count=3)
    office = month.corner.of(cast.OFFICE)
    month.draw(office.counter.parts.paper.ticket_of(copied.number), "ticket.png")
    return Codes(copied=copied.qr, late=late.qr, stamped=tuple(each.qr for each in stamped))


def _issue(
    month: Month, who: cast.Resident, points: int, count: int = 1
) -> tuple[TicketPaper, ...]:
    corner = month.corner
    corner.clock.turn(MINUTE)
    made = corner.of(cast.OFFICE).counter.issue_tickets(
        corner.card(who),
        cast.KAWASAKI,
        Points(points),
        days=DAYS,
        count=count,
        programme=cast.GIFT.id,
        pin=pin(who),
    )
    if not isinstance(made, Issued) or not made.papers:
        raise Damaged(f"the counter issued no ticket to {who.name}: {made}")
    paper = made.papers[0]
    month.tell.say(
        "{who} gets paper, tickets: {count} of {points}, valid from {first} to {last};"
        " left on the card: {left}",
        who=who.name,
        count=len(made.papers),
        points=paper.points,
        first=paper.valid_from,
        last=paper.valid_until,
        left=month.available(who),
    )
    return made.papers


def _premium(month: Month) -> None:
    """Points that end with the festival are used first."""
    month.scene("2017-12-15 11:00", "Festival points")
    grant_premium(month.corner, 300)
    month.tell.say("Taro helps to set up and gets {points} that end on {day}", points=300,
                   day=cast.PREMIUM.use_until)  # fmt: skip
    done(month.pay(cast.TARO, month.corner.of(cast.FESTIVAL), 200))


def _cut(month: Month, copied: str) -> None:
    """Within the limits the shop sells on; past them it says why not."""
    corner, tell = month.corner, month.tell
    month.scene("2017-12-15 13:00", "The network goes down; the corner sells on")
    shop = corner.of(cast.GREENGROCER)
    booth, other = corner.of(cast.FESTIVAL), corner.of(cast.FESTIVAL, 1)
    for terminal in (shop, booth, other):
        terminal.cut()
        tell.say("cut off: {place}", place=terminal.place)
    done(month.pay(cast.HANAKO, shop, 600))
    refused(month.pay(cast.HANAKO, shop, 1_001), "over-spend-limit")
    mistyped = done(month.pay(cast.HANAKO, shop, 500))
    tell.say("It should have been {points}: the sale is taken back", points=50)
    month.answer(done(shop.counter.reverse(mistyped.seq)))
    done(month.pay(cast.HANAKO, shop, 50))
    refused(month.pay(cast.HANAKO, shop, 100), "too-many-spends")
    _line_state(month, shop)
    month.scene("2017-12-15 14:30", "A ticket, and its photocopy")
    done(_scan(month, booth, copied, cast.named("Hanako's ticket is scanned at {place}")))
    refused(
        _scan(month, booth, copied, cast.named("Her ticket once more at {place}")),
        "ticket-seen-here",
    )
    done(_scan(month, other, copied, cast.named("A photocopy of it at {place}, cut off as well")))
    tell.say("The second booth cannot know; it kept the rules, so it will be paid")


def _scan(month: Month, at: Terminal, qr: str, sentence: str) -> Outcome:
    month.corner.clock.turn(MINUTE)
    month.tell.say(sentence, place=at.place)
    outcome = at.counter.redeem(qr)
    month.answer(outcome)
    return outcome


def _line_state(month: Month, at: Terminal) -> None:
    status = at.counter.status()
    month.tell.say(
        "{place}: {waiting} records wait to be sent, {left} may still be taken offline",
        place=at.place,
        waiting=status.waiting,
        left=status.offline_left,
    )


def _evening(month: Month) -> None:
    """A day's end without the network: the Z-report says what waits."""
    month.scene("2017-12-15 20:00", "Day's end without the network")
    for terminal in month.corner.terminals:
        if terminal.counter.status().shift_open:
            report = month.close_shift(terminal)
            month.tell.say(
                "Z-report of {place}: taken {taken}; {synced} records at the centre,"
                " {waiting} waiting",
                place=terminal.place,
                taken=report.taken,
                synced=report.synced,
                waiting=report.waiting,
            )
            if terminal is month.corner.of(cast.GREENGROCER):
                month.draw(terminal.counter.parts.paper.z_of(report), "z-report.png")


def _network_back(month: Month) -> None:
    """Everything is handed in; the hub finds the second redemption, and people decide."""
    corner, tell = month.corner, month.tell
    month.scene("2017-12-16 10:00", "The network is back")
    for terminal in corner.terminals:
        if not terminal.switch.up:
            terminal.mend()
            _line_state(month, terminal)
    rows = [row for row in corner.first.exceptions() if row.state == "open"]
    if [row.reason for row in rows] != ["second-redemption"]:
        raise Damaged(f"one second redemption was due, not {[row.reason for row in rows]}")
    (row,) = rows
    tell.say(
        "On the operators' list: {kind}, {points} at {node}, borne by {bearer}",
        kind=row.reason,
        points=row.points,
        node=short(corner.of(cast.FESTIVAL, 1).counter.status().node),
        bearer=row.bearer,
    )
    tell_balances(corner, tell, (cast.HANAKO,))
    asked = corner.first.decide(row.id, "recover", "写しを使ったと本人に確認した")
    tell.say("The first operator asks Hanako, who owns up: the points come back from her card")
    corner.asked(asked.pending)
    decided = corner.first.exception(row.id)
    tell.say("The second operator approves: {state} ({decision})", state=decided.state,
             decision=decided.decision)  # fmt: skip
    tell_balances(corner, tell, (cast.HANAKO,))


def _fourth_day(month: Month, unused: str) -> None:
    """What ends on Sunday is over on Monday."""
    corner, tell = month.corner, month.tell
    month.scene("2017-12-17 18:00", "The festival's last evening")
    before = month.available(cast.TARO)
    tell_balances(corner, tell, (cast.TARO,))
    month.scene("2017-12-18 10:00", "Day 4: too late")
    ended = before - month.available(cast.TARO)
    tell.say("What was left of the festival points has ended: {points}", points=ended)
    tell_balances(corner, tell, (cast.TARO,))
    sentence = cast.named("Taro's three-day ticket is scanned at {place}")
    outcome = _scan(month, corner.of(cast.FISH_SHOP), unused, sentence)
    refused(outcome, "ticket-past")
    if isinstance(outcome, Refused) and outcome.number is not None:
        row = corner.first.ticket(outcome.number)
        tell.say("The ledger says of it: {points}, {state}", points=row.points, state=row.state)
