"""Who bears what a shop got for a record, and giving it back to them.

Several transfers may stand behind one payment: the record's own, a person's decision, a recovery, a
ticket's own points that came in the reserve's place. What counts is what each has given in the end,
so a sequence of any of these is undone in one way.
"""

from collections import Counter
from collections.abc import Iterable

from hub.points.accounts import deficit, kind_of, subject_of, wallet
from hub.points.books import Books, Source, Transfer
from hub.points.returns import give_back
from sync.values import AccountId, Millis


def bearers(moves: Iterable[Transfer]) -> dict[str, int]:
    """What each ledger account gave for a record in the end, in the order in which they gave first.

    A resident stands there once, as the wallet, for wallet and deficit together. The shop, which
    only received, does not stand there.
    """
    given: Counter[str] = Counter()
    for move in moves:
        given[_whose(move.debit)] += move.points
        given[_whose(move.credit)] -= move.points
    return {account: points for account, points in given.items() if points > 0}


def repay(
    books: Books,
    debit: str,
    bearer: str,
    points: int,
    *,
    of: Source,
    source: Source,
    at: Millis,
    taken_by: Source | None = None,
) -> None:
    """Give a bearer back what it gave for the record ``of``, out of ``debit``.

    A resident's open deficit comes first: what fell on it returns there only as deep as it still
    is. The rest goes to the wallet, with the dates that ``taken_by`` (else the record) took.
    """
    name = str(of)
    if kind_of(bearer) != "wallet":
        books.move(debit, bearer, points, source=source, at=at, of=name)
        return
    account = AccountId(subject_of(bearer))
    owed = min(points, -books.balance(deficit(account)))
    books.move(debit, deficit(account), owed, source=source, at=at, of=name)
    used_by = [taken_by or of]
    give_back(books, debit, account, points - owed, used_by=used_by, source=source, at=at, of=name)


def _whose(account: str) -> str:
    return wallet(AccountId(subject_of(account))) if kind_of(account) == "deficit" else account
