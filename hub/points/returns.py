"""Putting points back into a wallet with the dates they had when they left it."""

from collections import Counter
from collections.abc import Sequence

from hub.points.accounts import wallet
from hub.points.books import Books, Source
from hub.points.lots import NEVER, work_out
from sync.values import AccountId, Millis


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
) -> None:
    """Move points into a wallet lot by lot: the latest dates that ``used_by`` took come first.

    What those sources did not take from a lot (it fell on a deficit, say) comes back without a
    date. What came back for ``of`` before, in parts, does not come twice with the same date. An
    open deficit is recovered from what came back.
    """
    if points == 0:
        return
    own, history = wallet(account), books.wallet_history(account)
    lots = work_out(own, history)
    taken: Counter[int] = Counter()
    for one in used_by:
        for date, used in lots.used.get(one, []):
            taken[date] += used
    for move in history:
        if of and move.of == of and move.credit == own:
            taken[move.expires] -= move.points
    left = points
    for date in sorted(taken, key=lambda date: (date != NEVER, -date)):
        part = min(left, max(0, taken[date]))
        books.move(debit, own, part, source=source, at=at, expires=date, of=of)
        left -= part
    books.move(debit, own, left, source=source, at=at, of=of)
    books.recover(account, source=source, at=at)
