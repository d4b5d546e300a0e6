"""Paper tickets come to life: points leave a wallet under the card's signature."""

from hub.points.accounts import outstanding, wallet
from hub.points.case import Case, Judgement, applied, exception, quarantined
from hub.points.seconds import promote_next
from hub.points.till import Till
from sync.holds import Purpose
from sync.receipt import Bearer
from sync.records import TicketIssued


def issued(till: Till, case: Case, body: TicketIssued) -> Judgement:
    """Post an issue.

    The numbers are the hub's own: they came with a hold, so a record that names others than its
    hold gave is kept for people. The signed tickets leave with this record's receipt, not before.
    """
    books = till.books
    given = till.holds.named(case.line, body.hold)
    if given is None or (given.tickets, given.account) != (body.tickets, body.account):
        return quarantined("numbers-not-given")
    place = [books.town, *(ticket.number for ticket in body.tickets)]
    books.tickets.forget(*place[1:])
    marks = ",".join("?" * len(body.tickets))
    found = books.tx.rows(
        f"SELECT programme, state FROM ticket WHERE municipality=? AND number IN ({marks})", place
    )
    if {programme for programme, _ in found} != {body.programme}:
        return quarantined("numbers-not-given")
    if any(state not in {"held", "dead"} for _, state in found):
        return quarantined("numbers-issued-already")
    hold = till.hold_for(case, body.hold, Purpose.ISSUE, body.account, body.points)
    short = 0 if hold is not None else body.points - books.balance(wallet(body.account))
    if short > 0 and not till.may_bear(case, short):
        return quarantined("issue-not-covered")
    to = outstanding(body.programme)
    left = till.take(case, body.account, body.points, to, hold)
    if left:
        till.overspend(case, body.account, to, body.points - left, left)
    books.tx.many(
        "UPDATE ticket SET state='issued', issued_by=? WHERE municipality=? AND number=?",
        [(str(case.source), books.town, ticket.number) for ticket in body.tickets],
    )
    for ticket in body.tickets:  # people may have had one paid before its issue came
        promote_next(books, ticket.number, source=case.source, at=case.at)
    return exception("overspend", Bearer.RESERVE) if left else applied()
