"""Paper tickets become a shop's money, each at most once: redeemed by the shop, or cleared for it.

| what                                 | redemption           | clearing                          |
|--------------------------------------|----------------------|-----------------------------------|
| whom it pays                         | the node's shop      | the organisation of the pile      |
| until when                           | the ticket's last day| the programme's ``clear_until``   |
| the second one                       | the reserve, within  | the organisation: when it took the|
|                                      | policy               | paper, nobody looked at any list  |
"""

from typing import NamedTuple

from hub.points.accounts import RESERVE, deficit, payable
from hub.points.case import Case, Judgement, Redemption, applied, exception, quarantined
from hub.points.clearing import is_counter, last_day_of_clearing, may_be_paid
from hub.points.holds import Hold
from hub.points.seconds import (
    is_claimed,
    note_second,
    pool_of,
    set_ticket,
)
from hub.points.tickets import LIVE, TicketRow
from hub.points.till import Till
from hub.points.void import COPY_OF_VOIDED, LOST_AND_REDEEMED, REDEEMED_AFTER_RETURN
from hub.points.voiders import copy_turned_up, redeemed_meanwhile
from sync.clock import day_of, end_of
from sync.holds import Purpose
from sync.policy import Reason
from sync.receipt import Bearer
from sync.records import Record, TicketCleared, TicketRedeemed
from sync.values import AccountId, OrganisationId, organisation_of

_LIVE = frozenset({*LIVE, "expired"})
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
    until = last_day_of_clearing(ticket)
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
    ticket = till.books.tickets.row(body.number)
    if ticket is None or ticket.state in {"held", "dead"}:
        return quarantined("issue-not-posted")
    if ticket.points != body.points:
        return quarantined("other-value")
    purpose = Purpose.CLEAR if isinstance(body, TicketCleared) else Purpose.REDEEM
    hold = till.hold_for(case, body.hold, purpose, body.number, body.points)
    if hold is None and not body.ticket:
        return quarantined("number-without-hold")
    return ticket, hold


def _paid(till: Till, case: Case, paper: _Paper) -> Judgement:
    books, body, ticket, hold = till.books, paper.body, paper.ticket, paper.hold
    if ticket.state == "voided" and ticket.lost:
        return _after_return(till, case, paper)
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
    broken = paper.broken
    if ticket.state == "voiding":  # somebody had the paper: nothing goes back any more
        redeemed_meanwhile(books, ticket.voided_by)
        broken = broken or LOST_AND_REDEEMED
    if broken is not None:
        return exception(broken, Bearer.NOBODY, body.points)
    return applied(body.points)


def _after_return(till: Till, case: Case, paper: _Paper) -> Judgement:
    """The resident said that the paper was lost, and has its points back: who pays is the resident.

    A shop that kept the rules is paid, as far as the node's word is good for what the wallet lacks.
    """
    books, points, to = till.books, paper.body.points, payable(paper.shop)
    account = AccountId(paper.ticket.account)
    if paper.broken is not None or paper.over is not None:
        judgement = exception("second-redemption-rule-broken", Bearer.ORGANISATION)
    else:
        left = till.take(case, account, points, to, None)
        if left and not till.may_bear(case, left):
            judgement = exception("beyond-float", Bearer.UNDECIDED, points - left)
        else:
            if left:
                books.bear(case.line.node, left)
                books.move(deficit(account), to, left, source=case.source, at=case.at)
            judgement = exception(REDEEMED_AFTER_RETURN, Bearer.RESIDENT, points)
    standing = judgement.paid == points
    note_second(books, paper.body.number, case.source, paper.shop, standing=standing)
    return judgement


def _second(till: Till, case: Case, paper: _Paper) -> Judgement:
    books, points, voided = till.books, paper.body.points, paper.ticket.state == "voided"
    if voided:
        copy_turned_up(books, paper.ticket.voided_by)
    if isinstance(paper.body, TicketCleared):
        judgement = exception("second-clearing", Bearer.ORGANISATION)
    elif paper.broken is not None:
        judgement = exception("second-redemption-rule-broken", Bearer.ORGANISATION)
    elif not till.may_bear(case, points):
        judgement = exception("second-redemption-beyond-float", Bearer.UNDECIDED)
    else:
        books.bear(case.line.node, points)
        books.move(RESERVE, payable(paper.shop), points, source=case.source, at=case.at)
        reason = COPY_OF_VOIDED if voided else "second-redemption"
        judgement = exception(reason, Bearer.RESERVE, points)
    standing = judgement.paid > 0
    note_second(books, paper.body.number, case.source, paper.shop, standing=standing)
    return judgement
