"""What becomes of a record: the table of verdicts.

Nothing that happened is refused. A record is applied; or it is an exception, posted as the table
says, with who bears what the wallet cannot cover; or it is quarantined until people decide.

| reason                                  | from the wallet | the rest           | shop    |
|-----------------------------------------|-----------------|--------------------|---------|
| applied                                 | all             | -                  | paid    |
| overspend within policy                 | what is there   | deficit -> payable | paid    |
| beyond what a node's word is good for   | what is there   | waits              | partly  |
| a rule broken, good signature           | what is there   | not posted         | partly  |
| second redemption within policy         | -               | reserve -> payable | paid    |
| second redemption, rule broken          | -               | -                  | -       |
| first redemption, rule broken           | -               | -                  | paid    |
| no good proof, unreadable, unknown kind | -               | -                  | not yet |
"""

from hub.points.accounts import payable
from hub.points.books import Books
from hub.points.case import Case, Judgement, Proof, applied, exception, quarantined
from hub.points.issue import issued
from hub.points.redeem import redeemed
from hub.points.till import Till
from hub.points.undo import reversed_
from sync.receipt import Bearer
from sync.records import Record, Reversed, Spend, TicketIssued, TicketRedeemed
from sync.values import organisation_of


class Judge:
    """Judges the records of one posting, in their order."""

    def __init__(self, books: Books) -> None:
        self.till = Till(books)

    def judge(self, case: Case) -> Judgement:
        """Post one record and say what became of it."""
        record, done = case.record, case.done
        if record is None or done is None:
            return quarantined(str(case.proof))
        judgement = (
            self._by_kind(case, record)
            if case.proof is Proof.GOOD or case.proof is Proof.NOT_NEEDED
            else quarantined(str(case.proof))
        )
        self.till.recheck.remember(case, done)
        return judgement

    def _by_kind(self, case: Case, record: Record) -> Judgement:
        match record.body:
            case Spend() as body:
                return self._spent(case, record, body)
            case TicketIssued() as body:
                return issued(self.till, case, body)
            case TicketRedeemed() as body:
                return redeemed(self.till, case, record, body)
            case Reversed() as body:
                return reversed_(self.till, case, body)
            case _:
                return applied()

    def _spent(self, case: Case, record: Record, body: Spend) -> Judgement:
        till, to = self.till, payable(organisation_of(case.line.node))
        hold = till.hold_for(case, body.hold, body.account, body.points)
        broken = None if hold is not None else till.recheck.spend(case, record, body)
        left = till.take(case, body.account, body.points, to, hold)
        paid = body.points - left
        if broken is not None:
            return exception(broken, Bearer.ORGANISATION, paid)
        if left:
            return till.overspend(case, body.account, to, paid, left)
        return applied(paid)
