"""Giving a ticket's points back to the resident whose wallet they left, with the dates they had.

The tickets of one issue share what it took from the wallet, the earliest dates first; each has its
own slice of it, in the order of their numbers. So what comes back for one ticket does not depend on
what came back for another.
"""

from collections.abc import Iterable

import msgspec

from hub.points.accounts import wallet
from hub.points.bearers import repay
from hub.points.books import Books, Source
from hub.points.lots import lots_used
from hub.points.returns import Lot
from sync.records import Ticket
from sync.values import AccountId, Millis, NodeId, TicketNumber, home_of
from sync.wire import laid_out


def to_holder(
    books: Books, debit: str, number: str, points: int, *, of: Source, source: Source, at: Millis
) -> None:
    """Move points of a ticket, out of ``debit``, to its holder for the record ``of``."""
    if points == 0:
        return
    account, lots = lots_of(books, number)
    repay(books, debit, wallet(account), points, of=of, source=source, at=at, lots=lots)


def lots_of(books: Books, number: str) -> tuple[AccountId, list[Lot]]:
    """Whose points a ticket is, and the dates of those that it took."""
    held_by, issued_by, account, each = books.tx.rows(
        "SELECT held_by, issued_by, account, points FROM ticket WHERE municipality=? AND number=?",
        [books.town, number],
    )[0]
    hold = Source.read(held_by)
    siblings, carried = _given_with(books, hold)
    holder = AccountId(account)
    used = lots_used(wallet(holder), books.wallet_history(holder))
    taken = used.get(hold if carried else Source.read(issued_by), [])
    return holder, _slice(taken, siblings.index(TicketNumber(number)) * each, each)


def _given_with(books: Books, hold: Source) -> tuple[list[TicketNumber], bool]:
    """The tickets that a hold (``hold/node``) gave, in order; whether it carried their issue.

    Else it had been given up, and the issue took from the wallet what was there by then.
    """
    books.write_holds()
    node = NodeId(hold.name.removeprefix("hold/"))
    data, state = books.tx.rows(
        "SELECT tickets, state FROM hold WHERE municipality=? AND node=? AND epoch=? AND n=?",
        [home_of(node), node, hold.epoch, hold.seq],
    )[0]
    given = msgspec.msgpack.decode(bytes(data), type=laid_out(tuple[Ticket, ...]))
    return sorted(ticket.number for ticket in given), state == "used"


def _slice(lots: Iterable[Lot], start: int, points: int) -> list[Lot]:
    """The lots of ``points`` points behind the first ``start``."""
    found: list[Lot] = []
    end, at = start + points, 0
    for date, there in lots:
        part = min(at + there, end) - max(at, start)
        if part > 0:
            found.append((date, part))
        at += there
    return found
