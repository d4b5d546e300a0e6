"""Paper tickets become a shop's money, each at most once."""

from hub.points.accounts import RESERVE, lapsed_ticket, outstanding, payable
from hub.points.case import Case, Judgement, applied, exception, quarantined
from hub.points.seconds import is_claimed, note_second, set_ticket, ticket_row
from hub.points.till import Till
from sync.clock import day_of, end_of
from sync.receipt import Bearer
from sync.records import Record, TicketRedeemed
from sync.values import organisation_of


def redeemed(till: Till, case: Case, record: Record, body: TicketRedeemed) -> Judgement:
    """Post a redemption: the first that the hub commits wins."""
    books = till.books
    ticket = ticket_row(books, body.number)
    if ticket is None or ticket.state in {"held", "dead"}:
        return quarantined("issue-not-posted")
    if ticket.points != body.points:
        return quarantined("other-value")
    hold = till.hold_for(case, body.hold, body.number, body.points)
    broken = None if hold is not None else till.recheck.redemption(case, record, body)
    to = payable(organisation_of(case.line.node))
    if ticket.state == "issued" and hold is None and is_claimed(books, body.number):
        return _second(till, case, body, broken)
    if ticket.state == "issued":
        pool = outstanding(ticket.programme) if hold is None else hold.account_name
        books.move(pool, to, body.points, source=case.source, at=case.at)
        if hold is not None:
            till.holds.use(hold)
        return _first(till, case, body, broken)
    if ticket.state == "expired":
        if case.at >= end_of(ticket.valid_until) or day_of(case.at) < ticket.valid_from:
            return exception("ticket-past", Bearer.ORGANISATION)
        pool = lapsed_ticket(body.number)
        if books.balance(pool) < body.points:  # so late that it has become the town's revenue
            return exception(broken or "ticket-past", Bearer.ORGANISATION)
        books.move(pool, to, body.points, source=case.source, at=case.at)
        return _first(till, case, body, broken)
    return _second(till, case, body, broken)


def _first(till: Till, case: Case, body: TicketRedeemed, broken: str | None) -> Judgement:
    set_ticket(till.books, body.number, "redeemed", by=str(case.source))
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
    standing = judgement.paid > 0
    note_second(books, body.number, case.source, organisation, standing=standing)
    return judgement
