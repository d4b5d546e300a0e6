"""Answering a node that asks first: T0, before the PIN."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from hub.core import Core
from hub.identities import Identities
from hub.points import refund
from hub.points.accounts import held, wallet
from hub.points.askers import Asker, asker
from hub.points.books import Books, Source, posting
from hub.points.clearing import is_counter, last_day_of_clearing
from hub.points.holds import Hold, read_hold
from hub.points.left import left_in
from hub.points.lots import NEVER
from hub.points.numbers import ticket_number
from hub.points.reading import Look, Reading
from hub.points.seconds import is_claimed, pool_of
from hub.points.tickets import LIVE, TicketRow
from hub.points.zones import is_within, zones_of
from hub.store import schema
from hub.store.database import Tx
from sync.clock import day_of
from sync.errors import Malformed, NotAuthentic
from sync.holds import CLAIMS, HoldRequest, Purpose, Wanted
from sync.policy import Reason, closed
from sync.records import Ticket
from sync.ticket import SignedTicket, check_number, name_of, read_ticket, sign_ticket
from sync.values import (
    AccountId,
    EpochId,
    KeyDigest,
    Millis,
    NodeId,
    Points,
    home_of,
    organisation_of,
)
from sync.wire import laid_out, write

MOST_OPEN = 20
"""Open holds of one node."""
RECORDS_FIRST = "records-first"
"""Not a no: nothing is written down of such an attempt."""


class Attempt(NamedTuple):
    """Who asks: a node's own count of attempts in one epoch."""

    node: NodeId
    epoch: EpochId
    n: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The hub's word on an attempt."""

    granted: bool
    reason: str
    tickets: tuple[Ticket, ...] = ()
    rest: int | None = None
    """With a yes to a hold of points: what the account has left beside them."""

    def highest(self, attempt: Attempt, who: Asker) -> int:
        """The highest attempt of this life that the hub knows of by now."""
        before = who.attempts(attempt.epoch)
        return before if self.reason == RECORDS_FIRST else max(before, attempt.n)


def ask(core: Core, identities: Identities, attempt: Attempt, request: HoldRequest) -> Asked:
    """As :func:`answer`, durably."""

    def answered(tx: Tx) -> Asked:
        return answer(core, identities, tx, attempt, request, who=asker(tx, attempt.node))

    return core.database.settle({home_of(attempt.node), request.municipality}, answered)


def answer(
    core: Core,
    identities: Identities,
    tx: Tx,
    attempt: Attempt,
    request: HoldRequest,
    *,
    who: Asker,
) -> Asked:
    """Open a hold, or say why not; the same attempt gets the same answer.

    A refusal for lack of points is an answer of its own and stays. "Records first" is not kept:
    the node hands in what it has of this person and asks again.
    """
    now = core.clock.now()
    if attempt.n <= who.attempts(attempt.epoch):
        before = tx.one(
            "SELECT * FROM hold WHERE municipality=:home AND node=:node AND epoch=:epoch AND n=:n",
            home=home_of(attempt.node),
            **attempt._asdict(),
        )
        if before is not None:
            again = _again(read_hold(before), bytes(before["request"]), request)
            return _with_rest(again, Look(tx, request.municipality, now), request)
    if any(who.posted(other) < seq for other, seq in request.after):
        return Asked(granted=False, reason=RECORDS_FIRST)
    cause = ("hold", *attempt, write(request))
    with posting(core, tx, request.municipality, now, cause) as books:
        return _with_rest(open_hold(books, identities, who, attempt, request), books, request)


def _with_rest(asked: Asked, books: Reading, request: HoldRequest) -> Asked:
    """Say what is left, for the slip of whoever was granted points."""
    if not (asked.granted and request.account) or request.purpose in CLAIMS:
        return asked
    return replace(asked, rest=books.balance(wallet(AccountId(request.account))))


def open_hold(
    books: Books, identities: Identities, who: Asker, attempt: Attempt, request: HoldRequest
) -> Asked:
    """Judge an attempt within a posting and write down how it ended."""
    node, epoch, n = attempt
    room = _room(books, node)
    if not room.accepted:
        subject, reason = request.account, "not-accepted"
    else:
        subject, reason = _subject(books, identities, who, attempt, request)
    tickets: tuple[Ticket, ...] = ()
    if not reason and room.is_full(who.float_points or books.policy.float_points, request):
        reason = "too-many-holds"
    hold = Hold(
        home=home_of(node),
        node=node,
        epoch=epoch,
        n=n,
        town=request.municipality,
        purpose=request.purpose,
        account=AccountId(subject),
        points=request.points,
        state="open",
        reason=reason,
        tickets=(),
        posting=books.number,
    )
    if not reason and request.wanted is not None:
        tickets, reason = _numbers(books, hold, request.wanted)
    if not reason:
        _take(books, hold)
    books.tx.insert(
        schema.hold,
        municipality=hold.home,
        node=node,
        epoch=epoch,
        n=n,
        town=hold.town,
        purpose=hold.purpose,
        account=hold.account,
        points=hold.points,
        request=write(request),
        state="refused" if reason else "open",
        reason=reason,
        tickets=msgspec.msgpack.encode(tickets),
        opened_at=books.at,
        posting=books.number,
    )
    return Asked(granted=not reason, reason=reason, tickets=tickets)


def _again(hold: Hold, asked: bytes, request: HoldRequest) -> Asked:
    if hold.state == "ended":
        return Asked(granted=False, reason="attempt-ended")
    first = msgspec.msgpack.decode(asked, type=laid_out(HoldRequest))
    if msgspec.structs.replace(first, after=()) != msgspec.structs.replace(request, after=()):
        return Asked(granted=False, reason="attempt-number-taken")
    if hold.state == "refused":
        return Asked(granted=False, reason=hold.reason)
    if hold.state == "freed":
        return Asked(granted=False, reason="attempt-ended")
    return Asked(granted=True, reason="", tickets=hold.tickets)


def _subject(
    books: Books, identities: Identities, who: Asker, attempt: Attempt, request: HoldRequest
) -> tuple[str, str]:
    """Whose points, or which ticket; and why not."""
    if request.purpose in CLAIMS:
        return _ticket(books, who, attempt, request)
    if request.purpose == Purpose.REFUND:
        return refund.asked(books, who.node, request.of, request.points)
    card = KeyDigest(request.card)
    holder = identities.holders([card])[card]
    account = holder.accounts.get(books.town) or identities.account_of(card, books.town)
    if account != request.account or not request.account:
        return request.account, "no-standing"
    why = closed(holder.state)
    if why is not None:
        return request.account, why
    books.prefetch([wallet(account), held(*attempt)])
    if books.balance(wallet(account)) < request.points:
        return request.account, "too-few-points"
    return request.account, ""


def _ticket(books: Books, who: Asker, attempt: Attempt, request: HoldRequest) -> tuple[str, str]:
    try:
        number = _number(books, request)
    except (Malformed, NotAuthentic):
        return "", "ticket-forged"
    if request.purpose == Purpose.CLEAR and not is_counter(books, who.node):
        return number, "not-a-counter"
    books.tickets.prefetch([number])
    ticket = books.tickets.row(number)
    if ticket is None or ticket.points != request.points:
        return number, "ticket-unknown"
    if request.purpose == Purpose.REDEEM and not is_within(who.zone, ticket.zones):
        return number, Reason.TICKET_OTHER_ZONE
    books.prefetch([pool_of(number, ticket), held(*attempt)])
    return number, why_not(books, number, ticket, request.purpose)


def _number(books: Books, request: HoldRequest) -> str:
    """The scanned ticket's number, or the one that was typed; raises Malformed, NotAuthentic.

    Who voids a ticket at a counter hands its paper in: a number is not enough.
    """
    if not request.ticket and request.purpose != Purpose.VOID:
        return check_number(request.account)
    key = books.core.keys.tickets(books.town).public
    return read_ticket(request.ticket, {books.town: (key,)}).number


def why_not(books: Reading, number: str, ticket: TicketRow, purpose: Purpose) -> str:
    """Why a ticket cannot be redeemed, cleared, or voided with its paper, today; empty: it can.

    Paper that was said to be lost, and is found, is not redeemed any more; but a shop that stamped
    it has taken it before, and is paid while the ticket's own points are still there.
    """
    if ticket.state in {"held", "dead"}:
        return "ticket-unknown"
    voids, clears = purpose == Purpose.VOID, purpose == Purpose.CLEAR
    if ticket.state == "voided" or (ticket.state == "voiding" and not (voids or clears)):
        return Reason.TICKET_VOIDED
    over = Reason.CLEARING_OVER if clears else Reason.TICKET_PAST
    until = last_day_of_clearing(ticket) if clears else ticket.valid_until
    live = {*LIVE, "expired"} if clears else LIVE
    today = day_of(books.at)
    if today < ticket.valid_from and not voids:
        return Reason.TICKET_NOT_YET
    past = today > until or (ticket.state == "expired" and not clears)
    if past and not (voids and ticket.state == "voiding"):
        return over
    if ticket.state not in live or is_claimed(books, number):
        return Reason.TICKET_USED
    if books.balance(pool_of(number, ticket)) < ticket.points:
        return over  # so late that it has become the town's revenue
    return ""


class _Room(NamedTuple):
    """What a node may still ask of a town."""

    accepted: bool
    """The town has accepted its organisation."""
    holds: int
    """Its open holds, of whichever town."""
    total: int
    """Their points, but for piles."""

    def is_full(self, most: int, request: HoldRequest) -> bool:
        """Open holds of a node are bounded in number and, together, by its float: ``most``.

        A pile is bounded in number only: its paper was taken before, and nobody hands out goods
        for it.
        """
        if self.holds >= MOST_OPEN:
            return True
        over = self.total + request.points > max(most, request.points)
        return bool(self.holds) and over and request.purpose != Purpose.CLEAR


def _room(books: Books, node: NodeId) -> _Room:
    ((accepted, count, total),) = books.tx.rows(
        "SELECT (SELECT 1 FROM acceptance WHERE municipality=? AND organisation=?), count(*),"
        " coalesce(sum(points) FILTER (WHERE purpose<>?), 0) FROM hold"
        " WHERE municipality=? AND node=? AND state='open'",
        [books.town, organisation_of(node), Purpose.CLEAR, home_of(node), node],
    )
    return _Room(bool(accepted), count, total)


def _numbers(books: Books, hold: Hold, wanted: Wanted) -> tuple[tuple[Ticket, ...], str]:
    """Give the tickets their numbers and days."""
    if wanted.each * wanted.count != hold.points:
        return (), "sum-does-not-fit"
    programme = books.tx.one(
        "SELECT issue_until, use_until FROM programme"
        " WHERE municipality=:town AND programme=:programme",
        town=books.town,
        programme=wanted.programme,
    )
    if programme is None:
        return (), "unknown-programme"
    today = day_of(books.at)
    if today > programme["issue_until"]:
        return (), "issue-ended"
    try:
        last = date.fromisoformat(wanted.valid_from) + timedelta(days=wanted.days - 1)
    except (ValueError, OverflowError):
        return (), "no-such-day"
    until = min(last.isoformat(), programme["use_until"], *_lot_days(books, hold))
    if until < max(today, wanted.valid_from):
        return (), "no-day-left"
    made = books.tx.scalar(
        "UPDATE municipality SET tickets_made=tickets_made+:count WHERE municipality=:town"
        " RETURNING tickets_made",
        count=wanted.count,
        town=books.town,
    )
    key = books.core.keys.numbers(books.town)
    tickets = tuple(
        Ticket(
            number=ticket_number(key, wanted.programme, counter),
            points=wanted.each,
            valid_from=wanted.valid_from,
            valid_until=until,
        )
        for counter in range(made - wanted.count, made)
    )
    _keep(books, hold, wanted.programme, tickets)
    return tickets, ""


def _lot_days(books: Books, hold: Hold) -> list[str]:
    """The last full day of each dated lot that the tickets would use."""
    books.write_moves()
    ((_, left),) = left_in(books.tx, books.town, [hold.account], noting=False)
    return [
        day_of(Millis(expires - 1)) for expires, _ in left.take(hold.points) if expires != NEVER
    ]


def _keep(books: Books, hold: Hold, programme: str, tickets: tuple[Ticket, ...]) -> None:
    key = books.core.keys.tickets(books.town)
    zones = zones_of(books, programme)
    rows: list[dict[str, object]] = []
    for ticket in tickets:
        signed = sign_ticket(
            SignedTicket(
                issuer=books.core.origin,
                number=ticket.number,
                municipality=books.town,
                points=Points(ticket.points),
                valid_from=ticket.valid_from,
                valid_until=ticket.valid_until,
                zones=zones,
                online_only=ticket.points > books.policy.most_per_ticket,
            ),
            key,
        )
        rows.append(
            {
                "municipality": books.town,
                "number": ticket.number,
                "programme": programme,
                "points": ticket.points,
                "valid_from": ticket.valid_from,
                "valid_until": ticket.valid_until,
                "state": "held",
                "account": hold.account,
                "held_by": str(hold.opened_by),
                "issued_by": "",
                "redeemed_by": "",
                "name": name_of(signed),
                "signed": signed,
            }
        )
    books.tx.insert_named(schema.ticket, rows)


def _take(books: Books, hold: Hold) -> None:
    if hold.purpose == Purpose.REFUND:
        return  # what the shop got stays with it until the record comes
    source = Source(f"hold/{hold.node}", hold.epoch, hold.n)
    pool = wallet(hold.account)
    if hold.purpose in CLAIMS:
        ticket = books.tickets.row(hold.account)
        assert ticket is not None  # noqa: S101  it was looked at when the attempt was judged
        pool = pool_of(hold.account, ticket)
    books.move(pool, hold.account_name, hold.points, source=source, at=books.at)
