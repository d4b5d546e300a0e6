"""Taking points for a record: from its hold, from what lapsed since, from the wallet, on credit."""

from hub.points.accounts import deficit, wallet
from hub.points.books import Books
from hub.points.case import Case, Judgement, exception
from hub.points.holds import Hold, HoldShelf
from hub.points.late import take_lapsed
from hub.points.recheck import Recheck
from sync.holds import Purpose
from sync.policy import read_policy
from sync.receipt import Bearer
from sync.values import AccountId


class Till:
    """The open books of a posting, with what its records need to be judged."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.recheck = Recheck(books)
        self.holds = HoldShelf(books)

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
        limit = books.tx.scalar(
            "SELECT float_points FROM node WHERE municipality=:home AND node=:node",
            home=case.line.home,
            node=case.line.node,
        )
        if not limit:
            data = books.tx.scalar(
                "SELECT policy FROM municipality WHERE municipality=:town", town=books.town
            )
            limit = read_policy(bytes(data)).float_points
        return books.borne_for(case.line.node) + points <= int(limit)
