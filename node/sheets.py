"""What each sheet says: documents made of what was committed, the same whenever they are made.

A slip is made of its record and the note that was written beside it, a Z-report of the shift's
sums, a point ticket of the signed ticket that came with the receipt.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec

from node.outcome import ZReport
from node.pile import Pile
from node.pile_words import why_back
from printer import documents
from sync.clock import day_of
from sync.records import (
    Record,
    Refunded,
    Reversed,
    Spend,
    TicketRedeemed,
    TicketVoided,
    Tier,
)
from sync.ticket import SignedTicket, to_qr
from sync.values import Digest, Millis, NodeId, short

TAKINGS: dict[str, documents.TakingsKind] = {
    "spend": "spend",
    "ticket.redeemed": "redemption",
    "reversed": "reversal",
    "refunded": "refund",
}
"""Records that change what the drawer holds, and what paper calls them."""
KINDS: dict[str, documents.SlipKind] = {**TAKINGS, "ticket.voided": "void"}
"""Records that have a slip, and what it is called."""
WithSlip = Spend | TicketRedeemed | Reversed | TicketVoided | Refunded
"""Their bodies."""


class SlipNote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a slip says beyond its record."""

    balance: int | None
    """What is left; None where nobody here knows it."""
    as_of: Millis | None
    """When the hub said what ``balance`` is made from."""
    at_cap: bool = False
    """It is this or more: a standing says no more than its cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What stands on every sheet of one counter."""

    language: documents.Language
    organisation: str
    place: str


def slip(
    head: Letterhead, names: tuple[str, str], record: Record, digest: Digest, note: SlipNote
) -> documents.Slip:
    """The slip of a record; ``names`` are its town's and its points'."""
    body = record.body
    assert isinstance(body, WithSlip)  # noqa: S101  no other has one
    town, point_name = names
    balance = None
    if note.balance is not None and note.as_of is not None:
        balance = documents.Balance(
            points=note.balance, as_of=aware(note.as_of), at_least=note.at_cap
        )
    return documents.Slip(
        language=head.language,
        kind=KINDS[record.kind],
        organisation=head.organisation,
        place=head.place,
        town=town,
        point_name=point_name,
        points=body.points,
        balance=balance,
        settled=_settled(body),
        number=body.number if isinstance(body, TicketRedeemed | TicketVoided) else "",
        undoes=body.of.seq if isinstance(body, Reversed | Refunded) else 0,
        at=aware(record.at.ms),
        node=short(record.node),
        seq=record.seq,
        digest=digest.hex()[:8],
    )


def _settled(body: WithSlip) -> documents.Settled | None:
    """On whose word; a reversal stands on this counter's alone until the hub has it.

    The points of a lost ticket have still to come back.
    """
    if isinstance(body, TicketVoided):
        return None if body.lost else "online"
    if isinstance(body, Reversed):
        return None
    if isinstance(body, Refunded):
        return "online"
    return "offline" if body.tier is Tier.T2 else "online"


def z_report(head: Letterhead, report: ZReport, next_payment: date | None) -> documents.ZReport:
    """A shift's sums."""
    return documents.ZReport(
        language=head.language,
        organisation=head.organisation,
        place=head.place,
        node=short(report.node),
        shift=report.opened_seq,
        opened=aware(report.opened_at),
        closed=aware(report.closed_at),
        takings=tuple(
            documents.Takings(
                town=line.town,
                point_name=line.point_name,
                kind=TAKINGS[line.kind],
                count=line.count,
                points=line.points,
            )
            for line in report.lines
            if line.kind in TAKINGS
        ),
        synced=report.synced,
        waiting=report.waiting,
        limit_used=report.offline_used,
        limit_left=report.offline_left,
        next_payment=next_payment,
        waiting_digests=tuple(claim.hex()[:8] for claim in report.claims),
    )


def clearing_receipt(
    head: Letterhead,
    names: tuple[str, str],
    pile: Pile,
    node: NodeId,
    next_payment: date | None,
) -> documents.ClearingReceipt:
    """What a shop takes home for its pile."""
    town, point_name = names
    return documents.ClearingReceipt(
        language=head.language,
        organisation=pile.name,
        office=head.organisation,
        place=head.place,
        town=town,
        point_name=point_name,
        opened=aware(pile.opened_at),
        closed=aware(max(pile.opened_at, pile.closed_at or pile.opened_at)),
        lines=tuple(documents.Cleared(points=points, count=count) for points, count in pile.lines),
        returned=tuple(
            documents.Returned(number=each.number, reason=why_back(each.reason, head.language))
            for each in pile.returned
        ),
        node=short(node),
        seq=pile.closed or pile.opened,
        digest=(pile.digest or b"").hex()[:8],
        next_payment=next_payment,
    )


def ticket(
    head: Letterhead,
    names: tuple[str, str],
    *,
    said: SignedTicket,
    signed: bytes,
    digest: Digest,
    at: Millis,
) -> documents.Ticket:
    """A point ticket; ``digest`` and ``at`` are of the record that issued it."""
    town, point_name = names
    return documents.Ticket(
        language=head.language,
        town=town,
        point_name=point_name,
        points=said.points,
        valid_from=date.fromisoformat(said.valid_from),
        valid_until=date.fromisoformat(said.valid_until),
        issued_on=date.fromisoformat(day_of(at)),
        number=said.number,
        qr=to_qr(signed),
        places=said.zones,
        online_only=said.online_only,
        office=head.organisation,
        office_place=head.place,
        digest=digest.hex()[:8],
    )


def specimen(
    head: Letterhead,
    names: tuple[str, str],
    *,
    points: int,
    days: tuple[date, date],
    online_only: bool,
) -> documents.Ticket:
    """A ticket as it would be: without number and code, and marked as good for nothing."""
    town, point_name = names
    first, last = days
    return documents.Ticket(
        language=head.language,
        specimen=True,
        town=town,
        point_name=point_name,
        points=points,
        valid_from=first,
        valid_until=last,
        issued_on=first,
        number="0" * 13,
        qr="A",
        online_only=online_only,
        office=head.organisation,
        office_place=head.place,
        digest="0" * 8,
    )


def aware(at: Millis) -> datetime:
    """A moment as paper wants it."""
    return datetime.fromtimestamp(at / 1000, UTC)
