"""Second redemptions of a ticket: which stand, and which one takes the first one's place.

A redemption *stands* when the shop was paid without the ticket's own points: by the reserve within
policy, or because people said so. However redemptions, reversals and decisions follow each other,
a ticket's own points pay one of those that stand before they lie free again.
"""

from hub.points.accounts import lapsed_ticket, outstanding
from hub.points.bearers import bearers, repay
from hub.points.books import Books, Source
from hub.points.case import applied, line_of
from hub.points.holders import to_holder
from hub.points.reading import Reading
from hub.points.superseding import supersede
from hub.points.tickets import TicketRow
from hub.points.voiders import redeemed_meanwhile
from hub.store import schema
from sync.values import Millis, OrganisationId, TicketNumber


def is_claimed(books: Reading, number: str) -> bool:
    """Whether a counter holds the ticket right now: the hub has said yes to it first."""
    return books.tickets.is_claimed(number)


def pool_of(number: str, ticket: TicketRow) -> str:
    """Where a ticket's own points lie while nobody was paid: outstanding, or lapsed."""
    if ticket.state == "expired":
        return lapsed_ticket(TicketNumber(number))
    return outstanding(ticket.programme)


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


def stand(books: Books, number: str, record: Source, organisation: OrganisationId) -> None:
    """People had a redemption paid: from now on it stands as if the reserve had paid it at once."""
    if not _set_standing(books, number, record, 1):
        note_second(books, number, record, organisation, standing=True)


def has_others(books: Books, number: str) -> bool:
    """Whether the ticket, or a copy of it, was redeemed and paid without its own points."""
    return bool(
        books.tx.rows(
            "SELECT 1 FROM second_redemption WHERE municipality=? AND number=? AND standing=1",
            [books.town, number],
        )
    )


def lay_down(books: Books, number: str, record: Source) -> None:
    """A redemption was taken back: it stands no more."""
    _set_standing(books, number, record, 0)


def promote_next(books: Books, number: str, *, source: Source, at: Millis) -> bool:
    """Let a ticket that lives pay the earliest redemption that stands; whether there was one.

    To be asked whenever a ticket comes to life or a redemption comes to stand, so that no ticket
    lives beside a redemption that was paid without it. Whoever bore that payment, the reserve or a
    resident from whom it was recovered, gets it back.
    """
    ticket = books.tickets.row(number)
    pool = None if ticket is None else _own_points(books, number, ticket)
    rows = books.tx.rows(
        "SELECT record FROM second_redemption WHERE municipality=? AND number=? AND standing=1"
        " ORDER BY posting, record LIMIT 1",
        [books.town, number],
    )
    if ticket is None or pool is None or not rows:
        return False
    record = Source.read(rows[0][0])
    borne = bearers(books.transfers_of(record, _posting_of(books, record)))
    for bearer, points in borne.items():
        repay(books, pool, bearer, points, of=record, source=source, at=at)
    rest = ticket.points - sum(borne.values())  # its shop had given it back: it is the holder's
    to_holder(books, pool, number, rest, of=record, source=source, at=at)
    lay_down(books, number, record)
    if ticket.state == "voiding":
        redeemed_meanwhile(books, ticket.voided_by)
    set_ticket(books, number, "redeemed", by=str(record))
    supersede(books, record, applied(ticket.points))
    return True


def set_ticket(books: Books, number: str, state: str, *, by: str = "") -> None:
    """Write down how a ticket stands and which redemption is the applied one; nodes hear of it."""
    books.touch(f"ticket/{number}")
    books.tickets.set_state(number, state, redeemed_by=by)


def _own_points(books: Books, number: str, ticket: TicketRow) -> str | None:
    """Where a ticket's own points lie free; None: paid out, claimed, or lapsed for good."""
    if ticket.live:
        return None if is_claimed(books, number) else outstanding(ticket.programme)
    lapsed = lapsed_ticket(TicketNumber(number))
    covered = ticket.state == "expired" and books.balance(lapsed) >= ticket.points
    return lapsed if covered else None


def _posting_of(books: Books, record: Source) -> int:
    books.write_rows()
    line = line_of(record)
    return int(
        books.tx.rows(
            "SELECT posting FROM record WHERE municipality=? AND node=? AND epoch=?"
            " AND branch=? AND seq=?",
            [line.home, line.node, line.epoch, line.branch, record.seq],
        )[0][0]
    )


def _set_standing(books: Books, number: str, record: Source, standing: int) -> bool:
    """Whether such a second redemption is known."""
    return bool(
        books.tx.rows(
            "UPDATE second_redemption SET standing=?"
            " WHERE municipality=? AND number=? AND record=? RETURNING record",
            [standing, books.town, number, str(record)],
        )
    )
