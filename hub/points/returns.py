"""Putting points back into a wallet with the dates they had when they left it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from hub.points.accounts import wallet
from hub.points.books import Books, Source, Transfer
from hub.points.lots import NEVER, lots_used
from sync.values import AccountId, Millis

Lot = tuple[int, int]
"""A date and how many points have it."""


def give_back(
    books: Books,
    debit: str,
    account: AccountId,
    points: int,
    *,
    used_by: Sequence[Source],
    source: Source,
    at: Millis,
    of: str = "",
    lots: Sequence[Lot] | None = None,
) -> None:
    """Move points into a wallet lot by lot: the latest dates that ``used_by`` took come first.

    ``lots`` says instead which dates left the wallet. What came back for the record ``of`` before
    is no more there to come back. What was not taken from a lot (it fell on a deficit, say) comes
    back without a date. An open deficit is recovered from what came back.
    """
    if points == 0:
        return
    own, history = wallet(account), books.wallet_history(account)
    if lots is None:
        used = lots_used(own, history)
        lots = [lot for one in used_by for lot in used.get(one, [])]
    left = points
    for date, there in _without(lots, history, own, of):
        part = min(left, there)
        books.move(debit, own, part, source=source, at=at, expires=date, of=of)
        left -= part
    books.move(debit, own, left, source=source, at=at, of=of)
    books.recover(account, source=source, at=at)


def _without(lots: Iterable[Lot], history: Iterable[Transfer], account: str, of: str) -> list[Lot]:
    """What of some lots has not come back for a record yet, the latest date first."""
    there: Counter[int] = Counter()
    for date, points in lots:
        there[date] += points
    for move in history:
        if of and move.of == of and move.credit == account:
            there[move.expires] -= min(move.points, there[move.expires])
    return sorted(there.items(), key=lambda lot: (lot[0] != NEVER, -lot[0]))
