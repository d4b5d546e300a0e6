"""Taking back a sale or a redemption: the mirror of what was posted for it, part by part."""

from typing import Any

from hub.points.accounts import (
    deficit,
    kind_of,
    lapsed_ticket,
    outstanding,
    receivable,
    subject_of,
    wallet,
)
from hub.points.books import Source, Transfer
from hub.points.case import Case, Judgement, applied, exception, quarantined
from hub.points.returns import give_back
from hub.points.seconds import lay_down, promote_next, ticket_row
from hub.points.superseding import supersede
from hub.points.till import Till
from sync.receipt import Bearer, Outcome
from sync.records import Reversed
from sync.values import AccountId, TicketNumber


def reversed_(till: Till, case: Case, body: Reversed) -> Judgement:
    """Post a reversal. A record is taken back once, and never for more than it paid."""
    if case.by_own_proof:
        return quarantined("no-proof-of-its-own")
    row = _record(till, case, body)
    if row is None:
        return exception("no-such-record", Bearer.NOBODY)
    if row["undone"]:
        return exception("already-reversed", Bearer.NOBODY)
    if row["kind"] not in {"spend", "ticket.redeemed"} or row["town"] != till.books.town:
        return exception("not-reversible", Bearer.NOBODY)
    _mark(till, case, body)
    if row["outcome"] == Outcome.QUARANTINED:
        source = case.line.source(body.of.seq)
        supersede(till.books, source, exception("reversed", Bearer.NOBODY))
        hold = till.holds.named_by_record(case.line, body.of.seq)
        if hold is not None:
            till.holds.misfit(hold, case.at)
        return applied()
    of = case.line.source(body.of.seq)
    moves = till.books.transfers_of(of, row["posting"])
    for move in moves:
        _mirror(till, case, of, move)
    if row["kind"] == "ticket.redeemed":
        _ticket_back(till, case, row["account"], of, moves)
    return applied()


def _record(till: Till, case: Case, body: Reversed) -> Any:
    if body.of.epoch != case.line.epoch:
        return None
    till.books.write_rows()
    return till.books.tx.one(
        "SELECT * FROM record WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND branch=:branch AND seq=:seq AND digest=:digest",
        home=case.line.home,
        node=case.line.node,
        epoch=case.line.epoch,
        branch=case.line.branch,
        seq=body.of.seq,
        digest=body.of.digest,
    )


def _mark(till: Till, case: Case, body: Reversed) -> None:
    till.books.tx.run(
        "UPDATE record SET undone=:by WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND branch=:branch AND seq=:seq",
        by=str(case.source),
        home=case.line.home,
        node=case.line.node,
        epoch=case.line.epoch,
        branch=case.line.branch,
        seq=body.of.seq,
    )
    till.recheck.undo(case, body.of.seq)


def _mirror(till: Till, case: Case, of: Source, move: Transfer) -> None:
    """Move one part back.

    What came from a hold goes to the wallet; what fell on a deficit returns there only as deep as
    it still is, the rest to the wallet; a closed window's payable becomes what the shop owes.
    """
    books, at, name = till.books, case.at, str(of)
    source, points = case.source, move.points
    debit = move.credit
    if kind_of(debit) == "payable" and move.window < books.window:
        debit = receivable(subject_of(debit))  # type: ignore[arg-type]  # an organisation stands there
    match kind_of(move.debit):
        case "wallet":
            account = AccountId(subject_of(move.debit))
            give_back(books, debit, account, points, used_by=[of], source=source, at=at, of=name)
        case "hold":
            _hold_back(till, case, of, move, debit)
        case "deficit":
            account = AccountId(subject_of(move.debit))
            open_still = min(points, -books.balance(deficit(account)))
            books.move(debit, deficit(account), open_still, source=source, at=at, of=name)
            books.move(debit, wallet(account), points - open_still, source=source, at=at, of=name)
            books.recover(account, source=source, at=at)
        case _:
            books.move(debit, move.debit, points, source=source, at=at, of=name)
            if kind_of(debit) == "deficit":  # a write-off that nobody needs any more
                books.recover(AccountId(subject_of(debit)), source=source, at=at)


def _hold_back(till: Till, case: Case, of: Source, move: Transfer, debit: str) -> None:
    hold = till.holds.by_account_name(move.debit)
    if hold.purpose == "ticket.redeem":
        ticket = ticket_row(till.books, hold.account)
        pool = outstanding(ticket.programme if ticket is not None else "")
        till.books.move(debit, pool, move.points, source=case.source, at=case.at, of=str(of))
        return
    give_back(
        till.books,
        debit,
        hold.account,
        move.points,
        used_by=[hold.opened_by],
        source=case.source,
        at=case.at,
        of=str(of),
    )


def _ticket_back(
    till: Till, case: Case, number: str, redeemed_by: Source, moves: list[Transfer]
) -> None:
    """After a redemption that no longer stands another takes its place, or the ticket lives."""
    books = till.books
    lay_down(books, number, redeemed_by)
    ticket = ticket_row(books, number)
    if ticket is None or ticket.redeemed_by != str(redeemed_by):
        return
    had_lapsed = any(kind_of(move.debit) == "lapsed" for move in moves)
    pool = lapsed_ticket(TicketNumber(number)) if had_lapsed else outstanding(ticket.programme)
    if promote_next(books, number, pool, source=case.source, at=case.at):
        return
    books.touch(f"ticket/{number}")
    books.tx.run(
        "UPDATE ticket SET state=:state, redeemed_by=''"
        " WHERE municipality=:town AND number=:number",
        state="expired" if had_lapsed else "issued",
        town=books.town,
        number=number,
    )
