"""Asking first: a hold takes the points, or claims the ticket, until the node has spoken.

``n`` is the node's own count of attempts, so asking again gives the same hold. An ended attempt
stays ended; the same ``n`` with other content is refused. A hold ends by the node's word, or when
that word could only come too late.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.records.bodies import CardKeyDigest, Counter, Position, Programme, Ref, Ticket, Town
from sync.standing import LoneStanding
from sync.values import DAY, Amount, EpochId, Millis, NodeId

LONGEST_ATTEMPT = Millis(DAY)
"""A node names an attempt in a record within this time or gives it up. So a hold of which no record
spoke within this and the time that records may be handed in is freed by the hub."""


class Purpose(StrEnum):
    """What the points or the ticket are held for."""

    SPEND = "spend"
    ISSUE = "ticket.issue"
    REDEEM = "ticket.redeem"
    CLEAR = "ticket.clear"
    VOID = "ticket.void"
    REFUND = "refund"
    """Nothing is taken: what a record brought is kept free for giving it back, once."""


CLAIMS = frozenset({Purpose.REDEEM, Purpose.CLEAR, Purpose.VOID})
"""What is held is a ticket and not a resident's points."""


class Wanted(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The tickets a node would like to issue."""

    programme: Programme
    each: Amount
    count: Annotated[int, Meta(ge=1, le=20)]
    valid_from: str
    days: Annotated[int, Meta(ge=1, le=366)]


class HoldRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One attempt, before the PIN."""

    municipality: Town
    purpose: Purpose
    points: Amount
    account: Annotated[str, Meta(max_length=16)]
    """The resident's account. For a ticket: its number where that was typed, else empty."""
    card: Annotated[bytes, Meta(max_length=32)]
    """The card's key digest; empty for a ticket."""
    ticket: Annotated[bytes, Meta(max_length=1024)]
    """The signed ticket that was scanned; empty otherwise."""
    wanted: Wanted | None
    after: Annotated[tuple[tuple[EpochId, Position], ...], Meta(max_length=64)]
    """The node's last records of this person: the hub answers when they are posted."""
    of: Ref | None = None
    """For a refund: the record that it is for."""


class HoldAnswer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The hub's word on one attempt."""

    incarnation: str
    node: NodeId
    epoch: EpochId
    n: Counter
    granted: bool
    reason: Annotated[str, Meta(max_length=40)]
    highest_attempt: Counter
    tickets: tuple[Ticket, ...]
    """For ``ticket.issue``: numbers and days. The signed tickets come with the receipt."""
    standing: LoneStanding | None
    """The person's fresh standing; replaces the node's older one at once, also on a refusal."""
    rest: Counter | None = None
    """What the account has left beside these points, exactly, for the person's slip; only with a
    yes to a hold of points. A standing is capped and cannot say it."""


class StandingRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Ask for the fresh standing of a card that was shown here. No PIN."""

    epoch: EpochId
    card: CardKeyDigest
