"""Spends from before an expiry that has been posted since."""

from hub.points.accounts import lapsed
from hub.points.books import Books
from hub.points.case import Case
from sync.values import AccountId, Millis


def lapsed_since(books: Books, account: AccountId, at: Millis) -> list[str]:
    """The ledger accounts of what lapsed for a person after a moment, the first one first."""
    if at >= books.expired_until:
        return []
    rows = books.tx.rows(
        "SELECT account FROM balance WHERE municipality=? AND account>? AND account<?"
        " ORDER BY account",
        [books.town, lapsed(account, at), lapsed(account, 10**15 - 1)],
    )
    return [name for (name,) in rows]


def take_lapsed(books: Books, case: Case, account: AccountId, points: int, to: str) -> int:
    """Take from what lapsed for this person after the record happened; gives how much.

    A moment that cannot be trusted counts as now, so nothing comes back by it.
    """
    at = case.at
    left = points
    for name in lapsed_since(books, account, at):
        part = min(left, books.balance(name))
        books.move(name, to, part, source=case.source, at=at)
        left -= part
    return points - left
