"""Giving points back for a sale or a redemption, later than its shift.

A refund is judged as if the sale had been smaller from the beginning: who gave last gets back
first. So what the reserve bore beyond a wallet returns to the reserve before the wallet gets
anything. A ticket's points go to the wallet that the ticket came from. All of them keep the dates
they had: what has expired meanwhile lapses with the next end of a day. The shop pays out of what it
got in the open window, else it owes it and its next payment is less by it.
"""

from hub.points.accounts import kind_of, subject_of, wallet
from hub.points.bearers import bearers, brought, draw, payers, repay
from hub.points.books import Books, Source, Transfer
from hub.points.case import Case, Judgement, Line, applied, exception, quarantined
from hub.points.holders import to_holder
from hub.points.seconds import lay_down
from hub.points.till import Till
from hub.store.database import Row
from sync.holds import CLAIMS, Purpose
from sync.receipt import Bearer, Outcome
from sync.records import Ref, Refunded
from sync.refund import Earlier, why_not
from sync.values import Millis, NodeId, home_of


def refunded(till: Till, case: Case, body: Refunded) -> Judgement:
    """Post a refund: reversals and refunds of a record together never exceed what it paid."""
    if case.by_own_proof:
        return quarantined("no-proof-of-its-own")
    books = till.books
    found = _named(books, case.line.node, body.of)
    subject = "" if found is None else str(_source_of(found))
    hold = till.hold_for(case, body.hold, Purpose.REFUND, subject, body.points)
    if hold is not None:
        till.holds.use(hold)
    now = case.at if hold is None or found is None else Millis(found["at"])  # it was asked in time
    why = why_not(None if found is None else _earlier(books, found), body.points, now)
    if why is not None or found is None:
        return exception(str(why), Bearer.NOBODY)
    _give_back(till, case, found, body.points)
    return applied()


def asked(books: Books, node: NodeId, of: Ref | None, points: int) -> tuple[str, str]:
    """What a node's question for a refund is about, as a hold names it; and why not."""
    found = None if of is None else _named(books, node, of)
    why = why_not(None if found is None else _earlier(books, found), points, books.at)
    return "" if found is None else str(_source_of(found)), "" if why is None else str(why)


def _named(books: Books, node: NodeId, of: Ref) -> Row | None:
    """The posted record of a node that a reference names, on whatever line, about this town."""
    books.write_rows()
    return books.tx.one(
        "SELECT * FROM record WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND seq=:seq AND digest=:digest AND town=:town",
        home=home_of(node),
        node=node,
        epoch=of.epoch,
        seq=of.seq,
        digest=of.digest,
        town=books.town,
    )


def _earlier(books: Books, found: Row) -> Earlier:
    """What of a record counts, less what open attempts are about to give back."""
    books.write_holds()
    (claimed,) = books.tx.rows(
        "SELECT coalesce(sum(points), 0) FROM hold WHERE municipality=? AND node=? AND town=?"
        " AND state='open' AND purpose=? AND account=?",
        [
            found["municipality"],
            found["node"],
            books.town,
            Purpose.REFUND,
            str(_source_of(found)),
        ],
    )[0]
    return Earlier(
        kind=found["kind"],
        at=Millis(found["at"]),
        brought=brought(_moves(books, found)) - claimed,
        reversed=bool(found["undone"]),
        waits=found["outcome"] == Outcome.QUARANTINED,
    )


def _give_back(till: Till, case: Case, found: Row, points: int) -> None:
    books, of = till.books, _source_of(found)
    moves = _moves(books, found)
    there = payers(moves, books.window)
    left = points
    for bearer, gave in reversed(bearers(moves).items()):
        part = min(left, gave)
        for payer, some in draw(there, part):
            _to(till, case, bearer, some, payer=payer, of=of, number=found["account"])
        left -= part
    if found["kind"] == "ticket.redeemed" and not brought(_moves(books, found)):
        lay_down(books, found["account"], of)


def _to(
    till: Till, case: Case, bearer: str, points: int, *, payer: str, of: Source, number: str
) -> None:
    """Give a bearer back; for a ticket's own points that is the ticket's holder."""
    books, source, at = till.books, case.source, case.at
    taken_by = None
    if kind_of(bearer) == "hold":
        hold = till.holds.by_account_name(bearer)
        if hold.purpose not in CLAIMS:
            bearer, taken_by = wallet(hold.account), hold.opened_by
    own = kind_of(bearer) in {"hold", "outstanding"} or (
        kind_of(bearer) == "lapsed" and subject_of(bearer) == f"ticket/{number}"
    )
    if own:
        to_holder(books, payer, number, points, of=of, source=source, at=at)
    else:
        repay(books, payer, bearer, points, of=of, source=source, at=at, taken_by=taken_by)


def _moves(books: Books, found: Row) -> list[Transfer]:
    return books.transfers_of(_source_of(found), found["posting"])


def _source_of(found: Row) -> Source:
    line = Line(
        home=found["municipality"],
        node=found["node"],
        epoch=found["epoch"],
        branch=found["branch"],
    )
    return line.source(found["seq"])
