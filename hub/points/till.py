"""Taking points for a record: from its hold, from what lapsed since, from the wallet, on credit."""

from collections import Counter
from collections.abc import Iterator, Sequence

from hub.points.accounts import deficit, outstanding, payable, wallet
from hub.points.books import Books
from hub.points.case import Case, Judgement, Line, Proved, Redemption, exception, moment_of
from hub.points.holds import Hold, HoldShelf
from hub.points.late import take_lapsed
from hub.points.past import Paper
from hub.points.recheck import Recheck
from sync.holds import Purpose
from sync.receipt import Bearer
from sync.records import Spend
from sync.values import AccountId, organisation_of

_AT_ONCE = 512
"""Tickets, or holds, in one question."""


class Till:
    """The open books of a posting, with what its records need to be judged."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.recheck = Recheck(books)
        self.holds = HoldShelf(books)

    def prefetch(self, records: Sequence[Proved]) -> set[str]:
        """Ask at once for what the tickets and holds among these records will be judged by.

        Gives the ledger accounts that they and ordinary sales will touch. What another life of
        the same node does among these records is not there yet: its tickets are asked about in
        their turn.
        """
        lives = Counter(line.node for line in {some.line for some in records})
        self.recheck.past.meet({some.line.node for some in records})
        papers = [paper for some in records for paper in _papers(some)]
        accounts = {payable(organisation_of(some.line.node)) for some in records}
        for some in records:
            spenders = _spenders(some)
            self.recheck.expect(some.line, spenders)
            accounts.update(map(wallet, spenders))
        named = sorted({one for some in records for one in _holds(some)})
        for start in range(0, len(named), _AT_ONCE):
            holds = self.holds.prefetch(named[start : start + _AT_ONCE])
            accounts |= {hold.account_name for hold in holds}
        for start in range(0, len(papers), _AT_ONCE):
            part = papers[start : start + _AT_ONCE]
            tickets = self.books.tickets.prefetch({paper.body.number for paper in part})
            self.recheck.prefetch(
                [one for one in part if not one.body.hold and lives[one.line.node] == 1]
            )
            accounts |= {outstanding(ticket.programme) for ticket in tickets}
        return accounts

    def hold_for(
        self, case: Case, n: int, purpose: Purpose, account: str, points: int
    ) -> Hold | None:
        """The open hold that a record may use; one that it names but does not fit ends here."""
        if not n:
            return None
        self.holds.spoken_of(case.line, n)
        hold = self.holds.named(case.line, n)
        if hold is None or hold.state != "open":
            return None
        if hold.fits(self.books.town, purpose, account, points):
            return hold
        self.holds.misfit(hold, case.at)
        return None

    def take(self, case: Case, account: AccountId, points: int, to: str, hold: Hold | None) -> int:
        """Take points from a resident; gives what could not be taken."""
        books, source, at = self.books, case.source, case.at
        if hold is not None:
            books.move(hold.account_name, to, points, source=source, at=at)
            self.holds.use(hold)
            return 0
        left = points - take_lapsed(books, case, account, points, to)
        own = wallet(account)
        part = min(left, books.balance(own))
        books.move(own, to, part, source=source, at=at)
        return left - part

    def overspend(self, case: Case, account: AccountId, to: str, paid: int, left: int) -> Judgement:
        """What the wallet could not give, within policy: the reserve bears it until recovered."""
        if not self.may_bear(case, left):
            return exception("beyond-float", Bearer.UNDECIDED, paid)
        self.books.bear(case.line.node, left)
        self.books.move(deficit(account), to, left, source=case.source, at=case.at)
        return exception("overspend", Bearer.RESERVE, paid + left)

    def may_bear(self, case: Case, points: int) -> bool:
        """Whether a node's own word is good for so much more in this window without a person."""
        books = self.books
        own = self.recheck.past.node(case.line.node).float_points
        return books.borne_for(case.line.node) + points <= (own or books.policy.float_points)


def _spenders(some: Proved) -> set[AccountId]:
    """Of whom the spends among records which came together take points."""
    bodies = [record.body for record in some.records if record is not None]
    return {body.account for body in bodies if type(body) is Spend}


def _holds(some: Proved) -> Iterator[tuple[Line, int]]:
    """The holds that records which came together name."""
    bodies = [record.body for record in some.records if record is not None]
    return ((some.line, n) for n in {getattr(body, "hold", 0) for body in bodies} if n)


def _papers(some: Proved) -> Iterator[Paper]:
    """The tickets that records which came together bring."""
    for record in some.records:
        if record is not None and isinstance(record.body, Redemption):
            at = moment_of(record, some.received_at)
            yield Paper(some.line, at, record.kind, record.body)
