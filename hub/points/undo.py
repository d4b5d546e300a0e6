"""Taking back a sale or a redemption: each bearer gets back what it gave for it in the end."""

from collections.abc import Iterable, Sequence
from typing import Any

from hub.points.accounts import kind_of, lapsed_ticket, outstanding, wallet
from hub.points.bearers import bearers, draw, gave_back, payers, repay
from hub.points.books import Source, Transfer
from hub.points.case import OF_TICKETS, Case, Judgement, applied, exception, quarantined
from hub.points.holds import Hold
from hub.points.seconds import lay_down, promote_next, set_ticket
from hub.points.superseding import supersede
from hub.points.till import Till
from hub.points.voiders import void_goes_on
from sync.holds import CLAIMS
from sync.receipt import Bearer, Outcome
from sync.records import Reversed
from sync.values import TicketNumber


def reversed_(till: Till, case: Case, body: Reversed) -> Judgement:
    """Post a reversal. A record is taken back once, in its own shift, for what it paid."""
    if case.by_own_proof:
        return quarantined("no-proof-of-its-own")
    row = _record(till, case, body)
    if row is None:
        return exception("no-such-record", Bearer.NOBODY)
    if row["undone"]:
        return exception("already-reversed", Bearer.NOBODY)
    if row["kind"] not in {"spend", *OF_TICKETS} or row["town"] != till.books.town:
        return exception("not-reversible", Bearer.NOBODY)
    if _another_shift(till, case, body):
        return exception("another-shift", Bearer.NOBODY)
    of = case.line.source(body.of.seq)
    moves = till.books.transfers_of(of, row["posting"])
    if gave_back(moves):
        return exception("refunded-already", Bearer.NOBODY)
    _mark(till, case, body)
    if row["outcome"] == Outcome.QUARANTINED:
        supersede(till.books, of, exception("reversed", Bearer.NOBODY))
        hold = till.holds.named_by_record(case.line, body.of.seq)
        if hold is not None:
            till.holds.misfit(hold, case.at)
        return applied()
    _mirror(till, case, of, moves)
    if row["kind"] in OF_TICKETS:
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


def _another_shift(till: Till, case: Case, body: Reversed) -> bool:
    """Whether a shift ended or began between a record and its reversal."""
    return bool(
        till.books.tx.rows(
            "SELECT 1 FROM record WHERE municipality=? AND node=? AND epoch=? AND branch=?"
            " AND seq>? AND seq<? AND kind IN ('shift.opened', 'shift.closed') LIMIT 1",
            [*case.line, body.of.seq, case.seq],
        )
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


def _mirror(till: Till, case: Case, of: Source, moves: Sequence[Transfer]) -> None:
    """Move back to each bearer what it gave."""
    books = till.books
    there = payers(moves, books.window)
    for bearer, points in bearers(moves).items():
        home, taken_by = _home_of(till, bearer)
        for payer, part in draw(there, points):
            repay(
                books, payer, home, part, of=of, source=case.source, at=case.at, taken_by=taken_by
            )


def _home_of(till: Till, bearer: str) -> tuple[str, Source | None]:
    """Where a bearer gets it back, and what took it from there: a hold is no place to return to."""
    if kind_of(bearer) != "hold":
        return bearer, None
    hold = till.holds.by_account_name(bearer)
    if hold.purpose not in CLAIMS:
        return wallet(hold.account), hold.opened_by
    return _claimed_from(till, hold), None


def _claimed_from(till: Till, hold: Hold) -> str:
    """Where a claim had the ticket's points from: they lay there live, or lapsed already."""
    books, lapsed = till.books, lapsed_ticket(TicketNumber(hold.account))
    opened = books.transfers_of(hold.opened_by, hold.posting)
    if any(move.debit == lapsed for move in opened):
        return lapsed
    ticket = books.tickets.row(hold.account)
    return outstanding(ticket.programme if ticket is not None else "")


def _ticket_back(
    till: Till, case: Case, number: str, redeemed_by: Source, moves: Iterable[Transfer]
) -> None:
    """A redemption that was taken back stands no more; the ticket lives, or pays another one."""
    books = till.books
    lay_down(books, number, redeemed_by)
    ticket = books.tickets.row(number)
    if ticket is None or ticket.redeemed_by != str(redeemed_by):
        return
    homes = [_home_of(till, bearer)[0] for bearer in bearers(moves)]
    had_lapsed = any(kind_of(home) == "lapsed" for home in homes)
    if had_lapsed:
        set_ticket(books, number, "expired")
    elif ticket.voided_by:
        set_ticket(books, number, "voiding")
        void_goes_on(books, ticket.voided_by)
    else:
        set_ticket(books, number, "issued")
    promote_next(books, number, source=case.source, at=case.at)
