"""Paper tickets come to life: points leave a wallet under the card's signature."""

from hub.points.accounts import outstanding
from hub.points.case import Case, Judgement, applied, quarantined
from hub.points.till import Till
from sync.records import TicketIssued


def issued(till: Till, case: Case, body: TicketIssued) -> Judgement:
    """Post an issue.

    The numbers are the hub's own: they came with a hold, so a record that names others than its
    hold gave is kept for people. The signed tickets leave with this record's receipt, not before.
    """
    books = till.books
    given = till.holds.named(case.line, body.hold)
    if given is None or given.tickets != body.tickets or given.account != body.account:
        return quarantined("numbers-not-given")
    hold = till.hold_for(case, body.hold, body.account, body.points)
    to = outstanding(body.programme)
    left = till.take(case, body.account, body.points, to, hold)
    judgement = applied(0)
    if left:
        judgement = till.overspend(case, body.account, to, body.points - left, left)
        if judgement.paid < body.points:
            return quarantined("issue-not-covered")
    books.tx.run(
        "UPDATE ticket SET state='issued', issued_by=:by"
        " WHERE municipality=:town AND held_by=:held AND state IN ('held', 'dead')",
        by=str(case.source),
        town=books.town,
        held=str(given.opened_by),
    )
    return judgement
