"""Paper tickets become a shop's money, each at most once: redeemed by the shop, or cleared for it.

| what                                 | redemption           | clearing                          |
|--------------------------------------|----------------------|-----------------------------------|
| whom it pays                         | the node's shop      | the organisation of the pile      |
| until when                           | the ticket's last day| the programme's ``clear_until``   |
| the second one                       | the reserve, within  | the organisation: when it took the|
|                                      | policy               | paper, nobody looked at any list  |
"""

from typing import NamedTuple

from hub.points.accounts import RESERVE, payable
from hub.points.case import Case, Judgement, Redemption, applied, exception, quarantined
from hub.points.clearing import is_counter, last_day_of_clearing, may_be_paid
from hub.points.holds import Hold
from hub.points.seconds import (
    TicketRow,
    is_claimed,
    note_second,
    pool_of,
    set_ticket,
    ticket_row,
)
from hub.points.till import Till
from sync.clock import day_of, end_of
from sync.policy import Reason
from sync.receipt import Bearer
from sync.records import Record, TicketCleared, TicketRedeemed
from sync.values import OrganisationId, organisation_of

_LIVE = frozenset({"issued", "expired"})
"""States in which nobody was paid yet."""


class _Paper(NamedTuple):
    """One ticket on its way to a shop."""

    body: Redemption
    ticket: TicketRow
    shop: OrganisationId
    hold: Hold | None
    broken: str | None
    """The rule that was broken, where no hold carries the record."""
    over: str | None
    """Why it came too late, or too early, for the ticket's own points."""


def redeemed(till: Till, case: Case, record: Record, body: TicketRedeemed) -> Judgement:
    """Post a redemption: the first that the hub commits wins."""
    found = _found(till, case, body)
    if isinstance(found, Judgement):
        return found
    ticket, hold = found
    broken = None if hold is not None else till.recheck.redemption(case, record, body)
    in_time = case.at < end_of(ticket.valid_until) and day_of(case.at) >= ticket.valid_from
    over = None if in_time else Reason.TICKET_PAST.value
    shop = organisation_of(case.line.node)
    return _paid(till, case, _Paper(body, ticket, shop, hold, broken, over))


def cleared(till: Till, case: Case, record: Record, body: TicketCleared) -> Judgement:
    """Post a clearing: as a redemption, but for whom it pays and until when."""
    if not is_counter(till.books, case.line.node):
        return quarantined("not-a-counter")
    if not may_be_paid(till.books, body.organisation):
        return quarantined("not-accepted")
    found = _found(till, case, body)
    if isinstance(found, Judgement):
        return found
    ticket, hold = found
    until = last_day_of_clearing(till.books, ticket)
    broken = over = None
    if hold is None:
        valid_from = ticket.valid_from
        check = till.recheck.clearing
        broken = check(case, record, body, valid_from=valid_from, until=until)
        in_time = valid_from <= day_of(case.at) <= until
        over = None if in_time else Reason.CLEARING_OVER.value
    return _paid(till, case, _Paper(body, ticket, body.organisation, hold, broken, over))


def _found(till: Till, case: Case, body: Redemption) -> tuple[TicketRow, Hold | None] | Judgement:
    """The ticket and the hold that carries its record; or why it is kept for people."""
    ticket = ticket_row(till.books, body.number)
    if ticket is None or ticket.state in {"held", "dead"}:
        return quarantined("issue-not-posted")
    if ticket.points != body.points:
        return quarantined("other-value")
    hold = till.hold_for(case, body.hold, body.number, body.points)
    if hold is None and not body.ticket:
        return quarantined("number-without-hold")
    return ticket, hold


def _paid(till: Till, case: Case, paper: _Paper) -> Judgement:
    books, body, ticket, hold = till.books, paper.body, paper.ticket, paper.hold
    if ticket.state not in _LIVE or (hold is None and is_claimed(books, body.number)):
        return _second(till, case, paper)
    pool = pool_of(body.number, ticket) if hold is None else hold.account_name
    if ticket.state == "expired" and hold is None:
        if paper.over is not None:
            return exception(paper.over, Bearer.ORGANISATION)
        if books.balance(pool) < body.points:  # so late that it has become the town's revenue
            return exception(paper.broken or Reason.TICKET_PAST.value, Bearer.ORGANISATION)
    books.move(pool, payable(paper.shop), body.points, source=case.source, at=case.at)
    if hold is not None:
        till.holds.use(hold)
    set_ticket(books, body.number, "redeemed", by=str(case.source))
    if paper.broken is not None:
        return exception(paper.broken, Bearer.NOBODY, body.points)
    return applied(body.points)


def _second(till: Till, case: Case, paper: _Paper) -> Judgement:
    books, points = till.books, paper.body.points
    if isinstance(paper.body, TicketCleared):
        judgement = exception("second-clearing", Bearer.ORGANISATION)
    elif paper.broken is not None:
        judgement = exception("second-redemption-rule-broken", Bearer.ORGANISATION)
    elif not till.may_bear(case, points):
        judgement = exception("second-redemption-beyond-float", Bearer.UNDECIDED)
    else:
        books.bear(case.line.node, points)
        books.move(RESERVE, payable(paper.shop), points, source=case.source, at=case.at)
        judgement = exception("second-redemption", Bearer.RESERVE, points)
    standing = judgement.paid > 0
    note_second(books, paper.body.number, case.source, paper.shop, standing=standing)
    return judgement
