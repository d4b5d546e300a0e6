"""What became of a paper ticket, step by step: for people who look for one number. Names nobody."""

from collections.abc import Iterator

from hub.bodies import VoidsEnded
from hub.chronicle import read
from hub.points.accounts import lapsed_ticket
from hub.points.books import Source
from hub.points.case import line_of
from hub.points.queries import TicketView
from hub.store.database import Tx
from hub.store.schema import OF_A_TICKET
from hub.views import TicketLife, TicketStep
from sync.values import TicketNumber

_RECORDS = (
    "SELECT municipality, node, epoch, branch, seq, kind, at, outcome, reason, undone FROM record"
    f" WHERE town=? AND account=? AND {OF_A_TICKET}"
    " AND kind IN ('ticket.redeemed', 'ticket.cleared', 'ticket.voided')"
)
_VOIDS_ENDED = str(VoidsEnded.__struct_config__.tag)
_ISSUE = (
    "SELECT municipality, node, epoch, branch, seq, kind, at, outcome, reason, undone FROM record"
    " WHERE municipality=? AND node=? AND epoch=? AND branch=? AND seq=?"
)


def life_of(tx: Tx, ticket: TicketView) -> TicketLife:
    """A ticket with everything that nodes and the hub did with it, oldest first."""
    claims = list(_claims(tx, ticket))
    found = [*_records(tx, ticket), *_reprints(tx, ticket), *_returned(tx, ticket), *claims]
    return TicketLife(
        number=ticket.number,
        municipality=ticket.municipality,
        programme=ticket.programme,
        points=ticket.points,
        valid_from=ticket.valid_from,
        valid_until=ticket.valid_until,
        state="claimed" if claims else _state_of(tx, ticket),
        issued_by=ticket.issued_by,
        redeemed_by=ticket.redeemed_by,
        voided_by=ticket.voided_by,
        lost=bool(ticket.lost),
        reprints=sum(step.what == "reprinted" for step in found),
        life=sorted(found, key=lambda step: (step.at, step.record)),
    )


def _state_of(tx: Tx, ticket: TicketView) -> str:
    """How it stands: as its town's books say, and ``lapsed`` where its points are the town's."""
    if ticket.state != "expired":
        return ticket.state
    left = tx.scalar(
        "SELECT points FROM balance WHERE municipality=:town AND account=:account",
        town=ticket.municipality,
        account=lapsed_ticket(TicketNumber(ticket.number)),
    )
    return "expired" if left else "lapsed"


def _claims(tx: Tx, ticket: TicketView) -> Iterator[TicketStep]:
    """The counter that the hub said yes to, and whose record has not been handed in yet."""
    rows = tx.rows(
        "SELECT node, opened_at, purpose FROM hold WHERE town=? AND account=? AND state='open'",
        [ticket.municipality, ticket.number],
    )
    for node, at, purpose in rows:
        yield TicketStep(at=at, what="claimed", node=node, record="", reason=purpose)


def _records(tx: Tx, ticket: TicketView) -> Iterator[TicketStep]:
    rows = tx.rows(_RECORDS, [ticket.municipality, ticket.number])
    if ticket.issued_by:
        source = Source.read(ticket.issued_by)
        rows += tx.rows(_ISSUE, [*line_of(source), source.seq])
    for _, node, epoch, branch, seq, kind, at, outcome, reason, undone in rows:
        life = f"{epoch}/{branch}" if branch else epoch
        yield TicketStep(
            at=at,
            what=kind,
            node=node,
            record=f"{node}:{life}:{seq}",
            outcome=outcome,
            reason=reason,
            taken_back_by=undone,
        )


def _reprints(tx: Tx, ticket: TicketView) -> Iterator[TicketStep]:
    rows = tx.rows(
        "SELECT record, at FROM reprint WHERE number=? AND town=?",
        [ticket.number, ticket.municipality],
    )
    for record, at in rows:
        yield TicketStep(at=at, what="reprinted", node=Source.read(record).name, record=record)


def _returned(tx: Tx, ticket: TicketView) -> Iterator[TicketStep]:
    """When the points of a lost ticket went back, which is the hub's own doing."""
    if ticket.state != "voided" or not ticket.lost:
        return
    rows = tx.rows(
        "SELECT bytes FROM chronicle WHERE municipality=? AND kind=? ORDER BY seq",
        [ticket.municipality, _VOIDS_ENDED],
    )
    for (data,) in rows:
        record = read(data)
        if isinstance(record.body, VoidsEnded) and ticket.number in record.body.numbers:
            yield TicketStep(at=record.at, what="points-back", node="", record="")
