"""Who may clear the tickets that shops took on paper, for whom, and until when.

A programme's ``clear_until`` is the day until which its stamped paper is cleared, never before the
ticket's own last day. Until then, and while records from before may still be handed in, the points
of a ticket whose days ended lie apart (:mod:`hub.points.expiry`).
"""

from hub.points.reading import Reading
from hub.points.tickets import TicketRow
from sync.values import NodeId, OrganisationId, home_of

COUNTER = "counter"
"""The kind of node that clears; a shop scans its tickets, or brings them here."""


def is_counter(books: Reading, node: NodeId) -> bool:
    """Whether a node is a ticket counter, by the hub's own table."""
    kind = books.tx.scalar(
        "SELECT kind FROM node WHERE municipality=:home AND node=:node",
        home=home_of(node),
        node=node,
    )
    return bool(kind == COUNTER)


def may_be_paid(books: Reading, organisation: OrganisationId) -> bool:
    """Whether the town has accepted the organisation that brought a pile."""
    return bool(
        books.tx.rows(
            "SELECT 1 FROM acceptance WHERE municipality=? AND organisation=?",
            [books.town, organisation],
        )
    )


def last_day_of_clearing(ticket: TicketRow) -> str:
    """The last day (Asia/Tokyo) on which a stamped ticket is cleared."""
    return max(ticket.valid_until, ticket.clear_until)
