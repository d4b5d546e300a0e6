"""A resident's own live tickets, as card and PIN may see them at a counter: to say which is lost.

A ticket's number is worth something while it lives: who only shows a card is told none.
"""

from datetime import date, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.clock import Moment
from sync.records.bodies import CardKeyDigest, Day, Number, Town
from sync.values import Amount

VERB = "tickets"
"""The verb of :func:`sync.cardproof.look_message`."""
MOST = 200
"""Tickets of one answer: those that end first."""
WAIT_DAYS = 7
"""How long after a lost ticket's last day its points come back, whatever the counters have heard.
"""


class OwnTicketsRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A resident asks for the own tickets that live."""

    challenge: Annotated[bytes, Meta(min_length=32, max_length=32)]
    card: CardKeyDigest


class OwnTicket(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One of them."""

    municipality: Town
    number: Number
    points: Amount
    valid_from: Day
    valid_until: Day
    voiding: bool
    """It was said to be lost before, and its points have not come back yet."""


class OwnTickets(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """All that live in the towns whose points the counter may take."""

    as_of: Moment
    tickets: tuple[OwnTicket, ...]


def back_by(valid_until: str) -> str:
    """The day on which the points of a lost ticket with this last day are back at the latest."""
    return (date.fromisoformat(valid_until) + timedelta(days=WAIT_DAYS + 1)).isoformat()
