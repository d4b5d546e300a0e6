"""Paper tickets become a shop's money, each at most once."""

from typing import NamedTuple

from hub.core import day_of, end_of
from hub.points.accounts import RESERVE, lapsed_ticket, outstanding, payable
from hub.points.books import Source
from hub.points.case import Case, Judgement, applied, exception, quarantined
from hub.points.till import Till
from hub.store import schema
from sync.receipt import Bearer
from sync.records import Record, TicketRedeemed
from sync.values import organisation_of


class TicketRow(NamedTuple):
    """A ticket as its town knows it."""

    programme: str
    points: int
    valid_from: str
    valid_until: str
    state: str
    account: str
    redeemed_by: str


def ticket_row(till: Till, number: str) -> TicketRow | None:
    """Read one ticket."""
    rows = till.books.tx.rows(
        "SELECT programme, points, valid_from, valid_until, state, account, redeemed_by"
        " FROM ticket WHERE municipality=? AND number=?",
        [till.books.town, number],
    )
    return TicketRow(*rows[0]) if rows else None


def redeemed(till: Till, case: Case, record: Record, body: TicketRedeemed) -> Judgement:
    """Post a redemption: the first that the hub commits wins."""
    ticket = ticket_row(till, body.number)
    if ticket is None or ticket.state in {"held", "dead"}:
        return quarantined("issue-not-posted")
    if ticket.points != body.points:
        return quarantined("other-value")
    hold = till.hold_for(case, body.hold, body.number, body.points)
    broken = None if hold is not None else till.recheck.redemption(case, record, body)
    to = payable(organisation_of(case.line.node))
    if ticket.state == "issued":
        pool = outstanding(ticket.programme) if hold is None else hold.account_name
        till.books.move(pool, to, body.points, source=case.source, at=case.at)
        if hold is not None:
            till.holds.use(hold)
        return _first(till, case, body, broken)
    if ticket.state == "expired":
        if case.at >= end_of(ticket.valid_until) or day_of(case.at) < ticket.valid_from:
            return exception("ticket-past", Bearer.ORGANISATION)
        pool = lapsed_ticket(body.number)
        till.books.move(pool, to, body.points, source=case.source, at=case.at)
        return _first(till, case, body, broken)
    return _second(till, case, body, broken)


def _first(till: Till, case: Case, body: TicketRedeemed, broken: str | None) -> Judgement:
    till.books.touch(f"ticket/{body.number}")
    till.books.tx.run(
        "UPDATE ticket SET state='redeemed', redeemed_by=:by"
        " WHERE municipality=:town AND number=:number",
        by=str(case.source),
        town=till.books.town,
        number=body.number,
    )
    if broken is not None:
        return exception(broken, Bearer.NOBODY, body.points)
    return applied(body.points)


def _second(till: Till, case: Case, body: TicketRedeemed, broken: str | None) -> Judgement:
    books = till.books
    organisation = organisation_of(case.line.node)
    if broken is not None:
        judgement = exception("second-redemption-rule-broken", Bearer.ORGANISATION)
    elif not till.may_bear(case, body.points):
        judgement = exception("second-redemption-beyond-float", Bearer.UNDECIDED)
    else:
        books.bear(case.line.node, body.points)
        books.move(RESERVE, payable(organisation), body.points, source=case.source, at=case.at)
        judgement = exception("second-redemption", Bearer.RESERVE, body.points)
    books.tx.insert(
        schema.second_redemption,
        municipality=books.town,
        number=body.number,
        record=str(case.source),
        organisation=organisation,
        posting=books.number,
        standing=1 if judgement.paid else 0,
    )
    return judgement


def promote_next(till: Till, number: str, pool: str, *, source: Source, case: Case) -> bool:
    """After the applied redemption is taken back, the earliest one that stands becomes it.

    The reserve gets back what it had paid for that one. Says whether there was one.
    """
    books = till.books
    rows = books.tx.rows(
        "SELECT record FROM second_redemption WHERE municipality=? AND number=? AND standing=1"
        " ORDER BY posting, record LIMIT 1",
        [books.town, number],
    )
    if not rows:
        return False
    (record,) = rows[0]
    ticket = ticket_row(till, number)
    points = 0 if ticket is None else ticket.points
    books.move(pool, RESERVE, points, source=source, at=case.at, of=record)
    books.tx.run(
        "UPDATE second_redemption SET standing=0"
        " WHERE municipality=:town AND number=:number AND record=:record",
        town=books.town,
        number=number,
        record=record,
    )
    books.tx.run(
        "UPDATE ticket SET redeemed_by=:record WHERE municipality=:town AND number=:number",
        record=record,
        town=books.town,
        number=number,
    )
    till.promoted.append(Source.read(record))
    return True
