"""The nightly job: what expired by the end of a day lapses, tickets whose days ended lapse.

What lapsed stays apart, by person and date, while a spend from before may still be handed in; then
it becomes the town's revenue. What falls away soon is told anew: a standing names it only when it
is near.
"""

from datetime import date, timedelta

from hub.applying import body_of
from hub.bodies import DayEnded, HubRecord
from hub.points.accounts import TREASURY, lapsed, lapsed_ticket, outstanding, wallet
from hub.points.books import Books
from hub.points.left import left_in
from hub.points.lots import NEVER, SOON
from hub.points.seconds import is_claimed
from sync.clock import end_of
from sync.values import AccountId, Millis, TicketNumber

KEPT_DAYS = 31
"""Longer than records may be handed in."""
_AT_ONCE = 512
"""Tickets that are asked about and written together."""
_TICKETS, _BEHIND = "lapsed:ticket/", "lapsed:ticket0"
"""Between these stand the accounts of lapsed tickets, behind those of wallets."""


def end_day(books: Books, record: HubRecord) -> None:
    """Apply the end of a day to a town's books."""
    body = body_of(record, DayEnded)
    until = end_of(body.day)
    _wallets(books, record, until)
    _tell_again(books, until)
    _tickets(books, record, body.day)
    _revenue(books, record, body.day)
    books.tx.run(
        "UPDATE municipality SET expired_until=:until WHERE municipality=:town",
        until=until,
        town=books.town,
    )


def _wallets(books: Books, record: HubRecord, until: int) -> None:
    due = books.tx.rows(
        "SELECT DISTINCT account FROM lot_date WHERE municipality=? AND expires<=?"
        " ORDER BY account",
        [books.town, until],
    )
    accounts = [AccountId(name) for (name,) in due]
    falls = [
        (wallet(account), lapsed(account, expires), left, expires)
        for account, lots in left_in(books.tx, books.town, accounts, noting=False)
        for expires, left in lots.in_order()
        if expires != NEVER and expires <= until
    ]
    books.prefetch(name for debit, credit, *_ in falls for name in (debit, credit))
    source = books.hub_source(record)
    for debit, credit, points, expires in falls:
        books.move(debit, credit, points, source=source, at=record.at, expires=expires)
    books.tx.run(
        "DELETE FROM lot_date WHERE municipality=:town AND expires<=:until",
        town=books.town,
        until=until,
    )


def _tell_again(books: Books, until: Millis) -> None:
    """Nodes hear once more of wallets whose points came near their end with this day."""
    rows = books.tx.rows(
        "SELECT DISTINCT account FROM lot_date WHERE municipality=? AND expires>? AND expires<=?",
        [books.town, books.expired_until + SOON, until + SOON],
    )
    for (account,) in rows:
        books.touch(account)


def _tickets(books: Books, record: HubRecord, day: str) -> None:
    due = books.tx.rows(
        "SELECT number FROM ticket WHERE municipality=? AND state='issued' AND valid_until<=?"
        " ORDER BY number",
        [books.town, day],
    )
    source = books.hub_source(record)
    for start in range(0, len(due), _AT_ONCE):
        numbers = [TicketNumber(number) for (number,) in due[start : start + _AT_ONCE]]
        books.tickets.prefetch(numbers)
        books.prefetch(map(lapsed_ticket, numbers))
        for number in numbers:
            ticket = books.tickets.row(number)
            if ticket is None or is_claimed(books, number):
                continue  # a counter is taking it right now; its record or the next night decides
            debit, credit = outstanding(ticket.programme), lapsed_ticket(number)
            books.move(debit, credit, ticket.points, source=source, at=record.at)
            books.tickets.set_state(number, "expired", redeemed_by=ticket.redeemed_by)
        books.tickets.forget(*numbers)


def _revenue(books: Books, record: HubRecord, day: str) -> None:
    """What lapsed so long ago that nothing from before can still come in.

    A ticket's points wait besides until its programme clears no more stamped paper. One that is
    claimed right now lies in its hold and not here.
    """
    last = (date.fromisoformat(day) - timedelta(days=KEPT_DAYS)).isoformat()
    wallets = [
        (name, points)
        for name, points in books.tx.rows(
            "SELECT account, points FROM balance WHERE municipality=? AND account>'lapsed:'"
            " AND account<? AND points>0 ORDER BY account",
            [books.town, _TICKETS],
        )
        if int(name.rsplit("/", 1)[1]) <= end_of(last)
    ]
    tickets = books.tx.rows(
        "SELECT b.account, b.points FROM balance b"
        " JOIN ticket t ON t.municipality=b.municipality"
        f" AND t.number=substr(b.account, {len(_TICKETS) + 1})"
        " LEFT JOIN programme p ON p.municipality=t.municipality AND p.programme=t.programme"
        " WHERE b.municipality=? AND b.account>? AND b.account<?"
        " AND b.points>0 AND t.state='expired' AND t.valid_until<=?"
        " AND coalesce(p.clear_until, '')<=? ORDER BY b.account",
        [books.town, _TICKETS, _BEHIND, last, last],
    )
    source = books.hub_source(record)
    books.prefetch(name for name, _ in [*wallets, *tickets])
    for name, points in [*wallets, *tickets]:
        books.move(name, TREASURY, points, source=source, at=record.at)
