"""What a record can say: one immutable body per kind.

Encoded as MessagePack arrays whose first element is the kind. Every integer is bounded, every
text has a longest length, no field is optional by omission: two different facts never share bytes.
Patterns take ASCII digits only and end where the text ends, not before a last line feed.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.clock import Moment
from sync.values import (
    AccountId,
    Amount,
    Digest,
    EpochId,
    KeyDigest,
    MunicipalityCode,
    OrganisationId,
    TicketNumber,
)

Counter = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Position = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Hash = Annotated[Digest, Meta(min_length=32, max_length=32)]
CardKeyDigest = Annotated[KeyDigest, Meta(min_length=32, max_length=32)]
Key = Annotated[bytes, Meta(min_length=32, max_length=32)]
Town = Annotated[MunicipalityCode, Meta(pattern=r"\A[0-9]{6}\Z")]
Account = Annotated[AccountId, Meta(pattern=r"\A[0-9a-f]{16}\Z")]
Epoch = Annotated[EpochId, Meta(pattern=r"\A[1-9][0-9]{0,8}-[0-9a-f]{16}\Z")]
Number = Annotated[TicketNumber, Meta(pattern=r"\A[0-9]{13}\Z")]
Day = Annotated[str, Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
Programme = Annotated[str, Meta(pattern=r"\A[0-9]{3}\Z")]
Words = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(max_length=64)]
Organisation = Annotated[OrganisationId, Meta(pattern=r"\A[0-9]{6}-[A-Z][A-Z0-9]{0,11}\Z")]


class Tier(StrEnum):
    """On whose word the points were taken."""

    T0 = "T0"
    """The hub said yes first."""
    T2 = "T2"
    """The hub was silent; within policy a loss falls on the municipality's reserve."""


class Body(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all bodies."""


class Ref(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Another record of the same node: where it stands and what its bytes hash to."""

    epoch: Epoch
    seq: Position
    digest: Hash


class Expiring(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Points of a balance that fall away at a moment."""

    at: Moment
    points: Amount


class Basis(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Every argument of the decision that the chain does not give.

    With it the hub asks the same question again. It is the node's own word: balance, deficit and
    last contact the hub takes from its own books as of the feed that is named here.
    """

    policy: Annotated[bytes, Meta(max_length=32)]
    """SHA-256 of the policy's bytes, or empty when none had come yet."""
    incarnation: Annotated[int, Meta(ge=0, le=2**31)]
    feed: Counter
    """Number of the standing that was used (a page's, or one that came alone)."""
    as_of: Moment
    """When the hub made the lists that were used."""
    available: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    expiring: Annotated[tuple[Expiring, ...], Meta(max_length=64)]
    included: Counter
    """Last record of this epoch that the standing already counted."""
    receipted: Counter
    """Last record of this epoch whose receipt was stored."""
    silent_since: Moment
    """Since when the hub had been silent; 0 when it answered."""


class Genesis(Body, frozen=True, tag="genesis"):
    """Record 1 of an epoch: whose it is and what stood before."""

    hub_origin: Annotated[str, Meta(max_length=200)]
    hub_key: Key
    node_key: Key
    before_epoch: Annotated[str, Meta(max_length=32)]
    """The epoch before, or empty."""
    before_seq: Counter
    before_digest: Annotated[bytes, Meta(max_length=32)]


class ShiftOpened(Body, frozen=True, tag="shift.opened"):
    """A counter's day begins; carries the sealed key of the shift's evidence."""

    staff: Name
    sealing_key: Name
    """Which of the hub's sealing keys opens ``content_key``."""
    content_key: Annotated[bytes, Meta(max_length=256)]


class ShiftSum(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One line of a Z-report: a kind of record for one municipality's points."""

    municipality: Town
    kind: Name
    count: Counter
    points: Annotated[int, Meta(ge=-(2**53), le=2**53 - 1)]


class ShiftClosed(Body, frozen=True, tag="shift.closed"):
    """A counter's day ends, with its sums."""

    opened: Position
    sums: Annotated[tuple[ShiftSum, ...], Meta(max_length=256)]


class Spend(Body, frozen=True, tag="spend"):
    """A resident's points were taken for goods; the card signed exactly this record."""

    municipality: MunicipalityCode
    account: AccountId
    """These two are checked by :func:`sync.records.decode`: once for all that name them."""
    points: Amount
    tier: Tier
    card: CardKeyDigest
    hold: Counter
    """The node's attempt that this record ends; 0 when none was made."""
    basis: Basis


class Reversed(Body, frozen=True, tag="reversed"):
    """A sale or a redemption of the same shift is taken back."""

    municipality: Town
    of: Ref
    points: Amount


class Ticket(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One point ticket: number, points and its days (both ends included, Asia/Tokyo)."""

    number: Number
    points: Amount
    valid_from: Day
    valid_until: Day


class TicketIssued(Body, frozen=True, tag="ticket.issued"):
    """Points left a wallet and became 1 to 20 paper tickets, under one card signature."""

    municipality: Town
    account: Account
    card: CardKeyDigest
    hold: Position
    programme: Programme
    tickets: Annotated[tuple[Ticket, ...], Meta(min_length=1, max_length=20)]

    @property
    def points(self) -> int:
        """What all tickets are worth together."""
        return sum(ticket.points for ticket in self.tickets)


class TicketRedeemed(Body, frozen=True, tag="ticket.redeemed"):
    """A paper ticket was taken for goods."""

    municipality: Town
    number: Number
    points: Amount
    tier: Tier
    hold: Counter
    ticket: Annotated[bytes, Meta(max_length=1024)]
    """The signed ticket (CWT) that was scanned: proof that the paper, or its copy, was there.

    Empty when its number was typed: then only a hold that the hub granted carries the record.
    """
    basis: Basis


class PileOpened(Body, frozen=True, tag="pile.opened"):
    """A ticket counter begins to clear the stamped tickets that an organisation brought."""

    municipality: Town
    organisation: Organisation
    """Whose pile it is: who is paid."""


class TicketCleared(Body, frozen=True, tag="ticket.cleared"):
    """A stamped ticket of a pile was cleared: its points go to the organisation of the pile."""

    municipality: Town
    number: Number
    points: Amount
    organisation: Organisation
    pile: Position
    """The ``pile.opened`` of this epoch that it belongs to."""
    tier: Tier
    hold: Counter
    ticket: Annotated[bytes, Meta(max_length=1024)]
    """As of a redemption: the signed ticket that was scanned; empty when its number was typed."""
    basis: Basis


class PileClosed(Body, frozen=True, tag="pile.closed"):
    """A pile is done; its sums, less what was taken back."""

    opened: Position
    count: Counter
    points: Counter


class TicketVoided(Body, frozen=True, tag="ticket.voided"):
    """A paper ticket is taken out of use, and its points go back to whose they were.

    With the paper: it was scanned here and kept, and ``ticket`` proves that. Without it (lost): the
    resident's card signed exactly this record, and ``ticket`` is empty.
    """

    municipality: Town
    number: Number
    points: Amount
    account: Annotated[AccountId, Meta(pattern=r"\A(?:[0-9a-f]{16})?\Z")]
    """The resident's account where the paper is lost; else empty."""
    card: Annotated[KeyDigest, Meta(max_length=32)]
    """The digest of the key that signed where the paper is lost; else empty."""
    hold: Counter
    """The node's attempt that this record ends; 0 where the paper is lost."""
    ticket: Annotated[bytes, Meta(max_length=1024)]
    """The signed ticket (CWT) that was scanned; empty where the paper is lost."""

    @property
    def lost(self) -> bool:
        """Whether the paper was not there."""
        return not self.ticket


class Refunded(Body, frozen=True, tag="refunded"):
    """Points are given back for a sale or a redemption, later than its shift; the hub agreed."""

    municipality: Town
    of: Ref
    points: Amount
    """All that the record brought, or a part."""
    hold: Counter
    """The node's attempt that this record ends: the hub's yes."""


class NodeNotice(Body, frozen=True, tag="node.notice"):
    """Something the hub should know about this node; moves no points."""

    what: Name
    detail: Words


AnyBody = (
    Genesis
    | ShiftOpened
    | ShiftClosed
    | Spend
    | Reversed
    | TicketIssued
    | TicketRedeemed
    | PileOpened
    | TicketCleared
    | PileClosed
    | TicketVoided
    | Refunded
    | NodeNotice
)
"""The kinds of version 1."""
