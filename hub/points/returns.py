"""Putting points back into a wallet with the dates they had when they left it."""

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
    date. An open deficit is recovered from what came back.
    """
    if points == 0:
        return
    lots = work_out(wallet(account), books.wallet_history(account))
    taken = [lot for one in used_by for lot in lots.used.get(one, [])]
    left = points
    for date, used in sorted(taken, key=lambda lot: (lot[0] != NEVER, -lot[0])):
        part = min(left, used)
        books.move(debit, wallet(account), part, source=source, at=at, expires=date, of=of)
        left -= part
    books.move(debit, wallet(account), left, source=source, at=at, of=of)
    books.recover(account, source=source, at=at)
