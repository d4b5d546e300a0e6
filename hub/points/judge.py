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
| second, from a pile that was cleared    | -               | -                  | -       |
| redeemed, but said to be lost before     | -               | -                  | paid    |
| the same, its points were given back     | what is there   | deficit -> payable | paid    |
| a copy of a ticket that was handed back  | -               | reserve -> payable | paid    |
| no good proof, unreadable, unknown kind | -               | -                  | not yet |
| the town has not accepted the shop      | -               | -                  | not yet |
"""

from collections.abc import Iterator

from hub.points.accounts import payable
from hub.points.books import Books
from hub.points.case import Case, Judgement, Proof, Proved, applied, exception, quarantined
from hub.points.issue import issued
from hub.points.ordinary import Ordinary
from hub.points.redeem import cleared, redeemed
from hub.points.refund import refunded
from hub.points.till import Till
from hub.points.undo import reversed_
from hub.points.void import noticed, voided
from sync.holds import Purpose
from sync.receipt import Bearer
from sync.records import (
    NodeNotice,
    Record,
    Refunded,
    Reversed,
    Spend,
    TicketCleared,
    TicketIssued,
    TicketRedeemed,
    TicketVoided,
)
from sync.values import NodeId, organisation_of


class Judge:
    """Judges the records of one posting, in their order."""

    def __init__(self, books: Books) -> None:
        self.till = Till(books)

    def judge_all(self, some: Proved) -> Iterator[tuple[Case, Judgement]]:
        """Post records that came together, in their order.

        Ordinary spends are posted and written down as a set; the others are judged one by one and
        given with what became of them, each to be written down before the next is asked for.
        """
        ordinary = Ordinary(
            self.till, some, accepted=self._accepts(self.till.books.town, some.line.node)
        )
        for places in ordinary.others():
            for at in places:
                case = some.case(at)
                yield case, self.judge(case)

    def judge(self, case: Case) -> Judgement:
        """Post one record and say what became of it."""
        record, done = case.record, case.done
        if record is None or done is None:
            return quarantined(str(case.proof))
        if case.proof is not Proof.GOOD and case.proof is not Proof.NOT_NEEDED:
            judgement = quarantined(str(case.proof))
        elif done.town and not self._accepts(done.town, case.line.node):
            judgement = quarantined("not-accepted")
        else:
            judgement = self._by_kind(case, record)
        self.till.recheck.remember(case, done)
        return judgement

    def _accepts(self, town: str, node: NodeId) -> bool:
        """Whether a town has accepted the node's organisation; one that nobody knows has not."""
        return town == self.till.books.town and self.till.recheck.past.node(node).accepted

    def _by_kind(self, case: Case, record: Record) -> Judgement:
        match record.body:
            case Spend() as body:
                return self._spent(case, record, body)
            case TicketIssued() as body:
                return issued(self.till, case, body)
            case TicketRedeemed() as body:
                return redeemed(self.till, case, record, body)
            case TicketCleared() as body:
                return cleared(self.till, case, record, body)
            case TicketVoided() as body:
                return voided(self.till, case, body)
            case NodeNotice() as body:
                return noticed(self.till, case, body)
            case Reversed() as body:
                return reversed_(self.till, case, body)
            case Refunded() as body:
                return refunded(self.till, case, body)
            case _:
                return applied()

    def _spent(self, case: Case, record: Record, body: Spend) -> Judgement:
        till, to = self.till, payable(organisation_of(case.line.node))
        hold = till.hold_for(case, body.hold, Purpose.SPEND, body.account, body.points)
        broken = None if hold is not None else till.recheck.spend(case, record, body)
        left = till.take(case, body.account, body.points, to, hold)
        paid = body.points - left
        if broken is not None:
            return exception(broken, Bearer.ORGANISATION, paid)
        if left:
            return till.overspend(case, body.account, to, paid, left)
        return applied(paid)
