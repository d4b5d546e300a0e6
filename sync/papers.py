"""What a counter asks the hub about a ticket whose number was typed.

A number proves nothing: it may be guessed. So only the hub says what is behind one, to counters of
organisations that the ticket's town has accepted, and not often.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from sync.holds import Purpose
from sync.records.bodies import Day, Number, Town
from sync.values import Amount, MunicipalityCode

Reason = Annotated[str, Meta(max_length=40)]
TOO_MANY = "too-many-numbers"
"""Why a hub says nothing more about typed numbers for a while."""


class TicketQuestion(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A ticket's number was typed, because its code cannot be scanned."""

    municipality: MunicipalityCode
    """Whose ticket it is; empty: any town's that has accepted the asking organisation."""
    number: Number
    purpose: Purpose
    """What is to be done with it: ``ticket.redeem`` or ``ticket.clear``."""


class TicketSeen(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the hub knows of it, to be compared with the paper."""

    municipality: Town
    number: Number
    points: Amount
    valid_from: Day
    valid_until: Day
    reason: Reason
    """Why it cannot be taken today; empty: it can."""
