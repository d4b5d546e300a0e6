"""Second redemptions of a ticket: which stand, and which one takes the first one's place."""

from typing import NamedTuple

from hub.points.accounts import RESERVE
from hub.points.books import Books, Source
from hub.points.case import applied
from hub.points.superseding import supersede
from hub.store import schema
from sync.holds import Purpose
from sync.values import Millis, OrganisationId


class TicketRow(NamedTuple):
    """A ticket as its town knows it."""

    programme: str
    points: int
    valid_from: str
    valid_until: str
    state: str
    account: str
    redeemed_by: str


def ticket_row(books: Books, number: str) -> TicketRow | None:
    """Read one ticket."""
    rows = books.tx.rows(
        "SELECT programme, points, valid_from, valid_until, state, account, redeemed_by"
        " FROM ticket WHERE municipality=? AND number=?",
        [books.town, number],
    )
    return TicketRow(*rows[0]) if rows else None


def is_claimed(books: Books, number: str) -> bool:
    """Whether a counter holds the ticket right now: the hub has said yes to it first."""
    return bool(
        books.tx.rows(
            "SELECT 1 FROM hold WHERE town=? AND account=? AND purpose=? AND state='open'",
            [books.town, number, Purpose.REDEEM],
        )
    )


def note_second(
    books: Books, number: str, record: Source, organisation: OrganisationId, *, standing: bool
) -> None:
    """Remember a redemption that was not the first; ``standing``: the reserve paid it."""
    books.tx.insert(
        schema.second_redemption,
        municipality=books.town,
        number=number,
        record=str(record),
        organisation=organisation,
        posting=books.number,
        standing=int(standing),
    )


def lay_down(books: Books, number: str, record: Source) -> None:
    """A redemption was taken back: it stands no more."""
    books.tx.run(
        "UPDATE second_redemption SET standing=0 WHERE municipality=:town AND number=:number"
        " AND record=:record",
        town=books.town,
        number=number,
        record=str(record),
    )


def promote_next(books: Books, number: str, pool: str, *, source: Source, at: Millis) -> bool:
    """Make the earliest second redemption that stands the applied one; whether there was one.

    The ticket's own points are in ``pool`` again; the reserve gets back what it had paid.
    """
    rows = books.tx.rows(
        "SELECT record FROM second_redemption WHERE municipality=? AND number=? AND standing=1"
        " ORDER BY posting, record LIMIT 1",
        [books.town, number],
    )
    ticket = ticket_row(books, number)
    if not rows or ticket is None:
        return False
    record = Source.read(rows[0][0])
    books.move(pool, RESERVE, ticket.points, source=source, at=at, of=str(record))
    lay_down(books, number, record)
    books.tx.run(
        "UPDATE ticket SET state='redeemed', redeemed_by=:record"
        " WHERE municipality=:town AND number=:number",
        record=str(record),
        town=books.town,
        number=number,
    )
    books.touch(f"ticket/{number}")
    supersede(books, record, applied(ticket.points))
    return True
