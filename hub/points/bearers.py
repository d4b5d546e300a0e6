"""Who bears what a shop got for a record, and giving it back to them.

Several transfers may stand behind one payment: the record's own, a person's decision, a recovery, a
ticket's own points that came in the reserve's place. What counts is what each has given in the end,
so a sequence of any of these is undone in one way.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from hub.points.accounts import deficit, kind_of, receivable, subject_of, wallet
from hub.points.books import Books, Source, Transfer
from hub.points.returns import Lot, give_back
from sync.values import AccountId, Millis, OrganisationId

_SHOPS = frozenset({"payable", "receivable"})


def bearers(moves: Iterable[Transfer]) -> dict[str, int]:
    """What each ledger account gave for a record in the end, in the order in which they gave first.

    A resident stands there once, as the wallet, for wallet and deficit together. The shop does not
    stand there, whichever of its accounts received and gave back.
    """
    given: Counter[str] = Counter()
    for move in moves:
        given[_whose(move.debit)] += move.points
        given[_whose(move.credit)] -= move.points
    return {
        account: points
        for account, points in given.items()
        if points > 0 and kind_of(account) not in _SHOPS
    }


def brought(moves: Iterable[Transfer]) -> int:
    """What a record brought its shop in the end: what it was paid less what it gave back."""
    return sum(
        move.points * ((kind_of(move.credit) in _SHOPS) - (kind_of(move.debit) in _SHOPS))
        for move in moves
    )


def gave_back(moves: Iterable[Transfer]) -> bool:
    """Whether its shop has given back anything of a record."""
    return any(kind_of(move.debit) in _SHOPS for move in moves)


def payers(moves: Iterable[Transfer], window: int) -> Counter[str]:
    """Where a shop takes from what it gives back: what each of its accounts still has of a record.

    What it got in a window that is closed since has been paid out, or will be: it is owed back, and
    netted from the next payment.
    """
    there: Counter[str] = Counter()
    for move in moves:
        for account, sign in ((move.credit, 1), (move.debit, -1)):
            if kind_of(account) in _SHOPS:
                closed = move.window < window
                shop = OrganisationId(subject_of(account))
                there[receivable(shop) if closed else account] += sign * move.points
    return there


def draw(payers: Counter[str], points: int) -> Iterator[tuple[str, int]]:
    """Take points from the payers, the first one first."""
    for payer, there in payers.items():
        part = min(points, there)
        if part > 0:
            payers[payer] -= part
            points -= part
            yield payer, part


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
    lots: Sequence[Lot] | None = None,
) -> None:
    """Give a bearer back what it gave for the record ``of``, out of ``debit``.

    A resident's open deficit comes first: what fell on it returns there only as deep as it still
    is. The rest goes to the wallet, with the dates of ``lots``, else those that ``taken_by`` (else
    the record) took.
    """
    name = str(of)
    if kind_of(bearer) != "wallet":
        books.move(debit, bearer, points, source=source, at=at, of=name)
        return
    account = AccountId(subject_of(bearer))
    owed = min(points, -books.balance(deficit(account)))
    books.move(debit, deficit(account), owed, source=source, at=at, of=name)
    used_by = [taken_by or of]
    rest = points - owed
    give_back(
        books, debit, account, rest, used_by=used_by, lots=lots, source=source, at=at, of=name
    )


def _whose(account: str) -> str:
    return wallet(AccountId(subject_of(account))) if kind_of(account) == "deficit" else account
