"""Paper tickets taken out of use: their points go back to the wallet, with the dates they had.

    issued --paper handed in, kept-------------------------> voided     points back at once
    issued --lost, the resident's card signed--> voiding ---> voided     points back when every
                                                  |          counter knows that it is void
                                                  +-------> redeemed   somebody had the paper

A ticket is *voiding* while a counter that is offline may still take its paper within policy: it is
listed as used, and its own points lie where they lay, to pay that counter.
"""

from hub.applying import body_of
from hub.bodies import HubRecord, VoidsEnded
from hub.points.accounts import outstanding
from hub.points.books import Books, Source
from hub.points.case import Case, Judgement, applied, exception, quarantined
from hub.points.holders import to_holder
from hub.points.holds import Hold
from hub.points.seconds import has_others, is_claimed, set_ticket
from hub.points.tickets import TicketRow
from hub.points.till import Till
from hub.points.voiders import COPY_TURNED_UP
from hub.store import schema
from sync.holds import Purpose
from sync.receipt import Bearer
from sync.records import NodeNotice, TicketVoided
from sync.reprints import read_reprint

NOT_LIVE = "ticket-not-live"
"""A void of a ticket that is redeemed, voided or past: nothing is left to give back."""
OF_ANOTHER = "ticket-of-another"
"""Said to be lost by somebody whose points it never was."""
LOST_AND_REDEEMED = "lost-ticket-redeemed"
"""A redemption of a ticket that is voiding: its own points pay it."""
REDEEMED_AFTER_RETURN = "redeemed-after-return"
"""A redemption of a ticket whose points were given back as lost: the resident bears it."""
COPY_OF_VOIDED = "copy-of-voided"
"""A redemption of a ticket whose paper was handed in: the reserve bears it."""


def voided(till: Till, case: Case, body: TicketVoided) -> Judgement:
    """Post a void: with the paper the points are back at once, without it when all know."""
    till.books.tickets.forget(body.number)
    ticket = till.books.tickets.row(body.number)
    if ticket is None or ticket.state in {"held", "dead"}:
        return quarantined("issue-not-posted")
    if ticket.points != body.points:
        return quarantined("other-value")
    hold = till.hold_for(case, body.hold, Purpose.VOID, body.number, body.points)
    if body.lost:
        if hold is not None:  # whoever claims a ticket has its paper
            till.holds.misfit(hold, case.at)
        return _lost(till, case, body, ticket)
    return _handed_in(till, case, body, ticket, hold)


def _handed_in(
    till: Till, case: Case, body: TicketVoided, ticket: TicketRow, hold: Hold | None
) -> Judgement:
    """Who holds the paper may void the ticket, whoever brought it: its points go to the wallet."""
    books = till.books
    if not ticket.live or (hold is None and is_claimed(books, body.number)):
        return exception(NOT_LIVE, Bearer.NOBODY)
    pool = outstanding(ticket.programme) if hold is None else hold.account_name
    if hold is not None:
        till.holds.use(hold)
    source, at = case.source, case.at
    to_holder(books, pool, body.number, ticket.points, of=source, source=source, at=at)
    _set_void(books, body.number, "voided", by=str(case.source), lost=False)
    if has_others(books, body.number):
        return exception(COPY_TURNED_UP, Bearer.NOBODY)
    return applied()


def _lost(till: Till, case: Case, body: TicketVoided, ticket: TicketRow) -> Judgement:
    if ticket.account != body.account:
        return exception(OF_ANOTHER, Bearer.NOBODY)
    if ticket.state != "issued":
        return exception(NOT_LIVE, Bearer.NOBODY)
    _set_void(till.books, body.number, "voiding", by=str(case.source), lost=True)
    return applied()


def end_voids(books: Books, record: HubRecord) -> None:
    """Give back what waited: every counter knows by now that these tickets are void."""
    body = body_of(record, VoidsEnded)
    source = books.hub_source(record)
    for number in body.numbers:
        ticket = books.tickets.row(number)
        if ticket is None or ticket.state != "voiding" or is_claimed(books, number):
            continue  # somebody redeemed it since, or is about to void or redeem it
        pool, of = outstanding(ticket.programme), Source.read(ticket.voided_by)
        to_holder(books, pool, number, ticket.points, of=of, source=source, at=record.at)
        set_ticket(books, number, "voided")


def noticed(till: Till, case: Case, body: NodeNotice) -> Judgement:
    """A notice moves nothing; a ticket that was printed once more is counted."""
    found = read_reprint(body)
    if found is not None:
        town, number = found
        till.books.tx.insert(
            schema.reprint,
            municipality=till.books.town,
            number=number,
            record=str(case.source),
            town=town,
            at=case.at,
        )
    return applied()


def _set_void(books: Books, number: str, state: str, *, by: str, lost: bool) -> None:
    set_ticket(books, number, state)
    books.tx.run(
        "UPDATE ticket SET voided_by=:by, lost=:lost WHERE municipality=:town AND number=:number",
        by=by,
        lost=int(lost),
        town=books.town,
        number=number,
    )
