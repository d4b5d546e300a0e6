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
    source = books.hub_source(record)
    accounts = [AccountId(name) for (name,) in due]
    for account, lots in left_in(books.tx, books.town, accounts, noting=False):
        for expires, left in lots.in_order():
            if expires != NEVER and expires <= until:
                books.move(
                    wallet(account),
                    lapsed(account, expires),
                    left,
                    source=source,
                    at=record.at,
                    expires=expires,
                )
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
        "SELECT number, programme, points FROM ticket"
        " WHERE municipality=? AND state='issued' AND valid_until<=? ORDER BY number",
        [books.town, day],
    )
    source = books.hub_source(record)
    for number, programme, points in due:
        pool = lapsed_ticket(TicketNumber(number))
        if is_claimed(books, number):
            continue  # a counter is taking it right now; its record or the next night decides
        books.move(outstanding(programme), pool, points, source=source, at=record.at)
        books.tx.run(
            "UPDATE ticket SET state='expired' WHERE municipality=:town AND number=:number",
            town=books.town,
            number=number,
        )


def _revenue(books: Books, record: HubRecord, day: str) -> None:
    """What lapsed so long ago that nothing from before can still come in.

    A ticket's points wait besides until its programme clears no more stamped paper.
    """
    last = (date.fromisoformat(day) - timedelta(days=KEPT_DAYS)).isoformat()
    source = books.hub_source(record)
    rows = books.tx.rows(
        "SELECT account, points FROM balance WHERE municipality=? AND account>'lapsed:'"
        " AND account<'lapsed;' AND points>0 ORDER BY account",
        [books.town],
    )
    ended = {
        f"lapsed:ticket/{number}"
        for (number,) in books.tx.rows(
            "SELECT t.number FROM ticket t LEFT JOIN programme p USING (municipality, programme)"
            " WHERE t.municipality=? AND t.state='expired' AND t.valid_until<=?"
            " AND coalesce(p.clear_until, '')<=?",
            [books.town, last, last],
        )
    }
    for name, points in rows:  # one that is claimed right now lies in its hold and not here
        old = (
            name in ended
            if name.startswith("lapsed:ticket/")
            else int(name.rsplit("/", 1)[1]) <= end_of(last)
        )
        if old:
            books.move(name, TREASURY, points, source=source, at=record.at)
